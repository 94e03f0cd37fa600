//! What one rendering may cost, as the configuration says it.

use serde::{Deserialize, Serialize};
use tiphys_render::Limits;

/// The part of the file about the cost of renderings, and the flags for it. What is not given has its default; zero allows nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize, clap::Args)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsFile {
    /// Steps of the templates of one chart
    #[arg(
        id = "render-steps",
        long = "render-steps",
        env = "TIPHYS_RENDER_STEPS",
        value_name = "COUNT"
    )]
    pub steps: Option<u64>,
    /// Bytes that the templates of one chart may print
    #[arg(
        id = "render-output-bytes",
        long = "render-output-bytes",
        env = "TIPHYS_RENDER_OUTPUT_BYTES",
        value_name = "BYTES"
    )]
    pub output_bytes: Option<u64>,
    /// Objects of one source
    #[arg(
        id = "render-objects",
        long = "render-objects",
        env = "TIPHYS_RENDER_OBJECTS",
        value_name = "COUNT"
    )]
    pub objects: Option<usize>,
    /// Bytes of one file of a source
    #[arg(
        id = "render-file-bytes",
        long = "render-file-bytes",
        env = "TIPHYS_RENDER_FILE_BYTES",
        value_name = "BYTES"
    )]
    pub file_bytes: Option<u64>,
    /// Bytes of all files that one rendering reads
    #[arg(
        id = "render-total-bytes",
        long = "render-total-bytes",
        env = "TIPHYS_RENDER_TOTAL_BYTES",
        value_name = "BYTES"
    )]
    pub total_bytes: Option<u64>,
    /// Files and folders that one rendering looks at
    #[arg(
        id = "render-entries",
        long = "render-entries",
        env = "TIPHYS_RENDER_ENTRIES",
        value_name = "COUNT"
    )]
    pub entries: Option<usize>,
    /// Values of one YAML document, those behind aliases included
    #[arg(
        id = "render-values",
        long = "render-values",
        env = "TIPHYS_RENDER_VALUES",
        value_name = "COUNT"
    )]
    pub values: Option<usize>,
    /// Levels of one YAML document, and of bases in bases
    #[arg(
        id = "render-depth",
        long = "render-depth",
        env = "TIPHYS_RENDER_DEPTH",
        value_name = "LEVELS"
    )]
    pub depth: Option<usize>,
    /// Bytes of one packed chart
    #[arg(
        id = "render-archive-packed-bytes",
        long = "render-archive-packed-bytes",
        env = "TIPHYS_RENDER_ARCHIVE_PACKED_BYTES",
        value_name = "BYTES"
    )]
    pub archive_packed_bytes: Option<u64>,
    /// Bytes of one packed chart once it is unpacked
    #[arg(
        id = "render-archive-bytes",
        long = "render-archive-bytes",
        env = "TIPHYS_RENDER_ARCHIVE_BYTES",
        value_name = "BYTES"
    )]
    pub archive_bytes: Option<u64>,
    /// Entries of one packed chart
    #[arg(
        id = "render-archive-entries",
        long = "render-archive-entries",
        env = "TIPHYS_RENDER_ARCHIVE_ENTRIES",
        value_name = "COUNT"
    )]
    pub archive_entries: Option<usize>,
    /// Unpacked bytes for one packed byte of a chart
    #[arg(
        id = "render-archive-ratio",
        long = "render-archive-ratio",
        env = "TIPHYS_RENDER_ARCHIVE_RATIO",
        value_name = "RATIO"
    )]
    pub archive_ratio: Option<u64>,
}

impl LimitsFile {
    /// The limits: from these flags, else from the file, else the defaults.
    #[must_use]
    pub fn limits(&self, file: &Self) -> Limits {
        let mut limits = Limits::default();
        for given in [file, self] {
            set(&mut limits.steps, given.steps);
            set(&mut limits.output_bytes, given.output_bytes);
            set(&mut limits.objects, given.objects);
            set(&mut limits.file_bytes, given.file_bytes);
            set(&mut limits.total_bytes, given.total_bytes);
            set(&mut limits.entries, given.entries);
            set(&mut limits.values, given.values);
            set(&mut limits.depth, given.depth);
            set(&mut limits.archive.packed_bytes, given.archive_packed_bytes);
            set(&mut limits.archive.total_bytes, given.archive_bytes);
            set(&mut limits.archive.entries, given.archive_entries);
            set(&mut limits.archive.ratio, given.archive_ratio);
        }
        limits
    }
}

fn set<T>(limit: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *limit = given;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_before_the_file_and_the_file_before_the_defaults() {
        let file: LimitsFile =
            toml::from_str("steps = 10\ndepth = 20\narchive_ratio = 30\n").expect("a file");
        let flags = LimitsFile {
            steps: Some(11),
            ..LimitsFile::default()
        };
        let limits = flags.limits(&file);
        assert_eq!((limits.steps, limits.depth), (11, 20));
        assert_eq!(limits.archive.ratio, 30);
        assert_eq!(limits.objects, Limits::default().objects);
    }

    #[test]
    fn an_unknown_limit_is_named() {
        let error = toml::from_str::<LimitsFile>("stepps = 1\n").expect_err("no such limit");
        assert!(error.to_string().contains("stepps"), "{error}");
    }
}
