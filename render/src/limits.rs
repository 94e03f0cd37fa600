//! What one source may cost.

use crate::archive::ArchiveLimits;
use crate::parallel::Workers;

/// Limits on one rendering, so that no repository can exhaust the process.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files that are read.
    pub total_bytes: u64,
    /// Files and folders that are looked at.
    pub entries: usize,
    /// Objects that come out.
    pub objects: usize,
    /// Values of one YAML document after aliases are expanded.
    pub values: usize,
    /// Nesting of one YAML document, of archives in archives and of bases in bases.
    pub depth: usize,
    /// Steps of the templates of one chart: nodes evaluated, iterations, work of functions.
    pub steps: u64,
    /// Bytes that the templates of one chart may make; four times as many with what is thrown away.
    pub output_bytes: u64,
    /// What one packed chart may cost.
    pub archive: ArchiveLimits,
    /// Threads that one chart may take when it is large. What is rendered does not depend on it.
    pub workers: Workers,
}

impl Default for Limits {
    /// 10 MiB a file, 100 MiB in all, 20,000 entries, 20,000 objects, 1,000,000 values and 128 levels a document;
    /// 100,000,000 steps, 100 MiB of output and one thread a chart.
    fn default() -> Self {
        Self {
            file_bytes: 10 << 20,
            total_bytes: 100 << 20,
            entries: 20_000,
            objects: 20_000,
            values: 1_000_000,
            depth: 128,
            steps: 100_000_000,
            output_bytes: 100 << 20,
            archive: ArchiveLimits::default(),
            workers: Workers::ONE,
        }
    }
}
