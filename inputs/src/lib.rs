//! Any bytes as an input of `template` and `render`: the entry points that the fuzz targets of `fuzz/` and the property tests of
//! this crate share. Each has to end within its limits, with a result or an error.
//!
//! Several files are one text: a line `-- path --` begins each.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use tiphys_render::archive::{self, ArchiveLimits};
use tiphys_render::helm::functions::{self, Environment, Seeded};
use tiphys_render::tree::TreePath;
use tiphys_render::yaml::{self, Dialect, Duplicates, Numbers, Reading};
use tiphys_render::{Limits, MemoryTree, NoSupply, Workers, directory, go_time, helm, kustomize};
use tiphys_template::{CycleGuard, Session, Templates, Value, define_nested};

/// What an input may cost: little, so that many can be tried.
#[must_use]
pub fn limits() -> Limits {
    Limits {
        file_bytes: 1 << 18,
        total_bytes: 1 << 20,
        entries: 500,
        objects: 500,
        values: 20_000,
        depth: 64,
        steps: 100_000,
        output_bytes: 1 << 20,
        // Two, so that what is done side by side is tried, too.
        workers: Workers::new(NonZeroUsize::MIN.saturating_add(1)),
        archive: archive_limits(),
    }
}

fn archive_limits() -> ArchiveLimits {
    ArchiveLimits {
        packed_bytes: 1 << 18,
        total_bytes: 1 << 21,
        file_bytes: 1 << 20,
        entries: 500,
        ..ArchiveLimits::default()
    }
}

/// A template with all functions of charts, parsed and executed.
///
/// # Panics
/// When more comes out than the limit allows.
pub fn template(text: &[u8]) {
    let _guard = CycleGuard::new();
    let mut all = functions::functions();
    define_nested(&mut all);
    let mut templates = Templates::new("gotpl", Arc::new(all));
    if templates.parse("t", text).is_err() {
        return;
    }
    let limits = tiphys_template::Limits {
        steps: 100_000,
        bytes: 1 << 22,
        value_bytes: 1 << 20,
        template_depth: 2_000,
        include_depth: 100,
        nested_depth: 200,
        value_depth: 200,
    };
    let data = Value::map([
        ("a", Value::map([("b", Value::Float64(1.5))])),
        (
            "l",
            Value::list(vec![Value::Int(1), Value::Nil, "x".into()]),
        ),
        ("t", "{{ .a }}{{ tpl .t . }}".into()),
    ]);
    let now = go_time::Moment::from_unix(1_700_000_000, 0, go_time::Zone::utc());
    let environment = Rc::new(Environment::new(now, Seeded::new([7; 32])));
    if let Ok(printed) = Session::new(Arc::new(templates), limits, environment).execute("t", &data)
    {
        assert!(printed.len() <= limits.value_bytes, "within the limit");
    }
}

/// YAML in every way that it is read, and written again.
///
/// # Panics
/// When what was written is read as something else.
pub fn yaml(text: &[u8]) {
    let limits = limits();
    for dialect in [Dialect::GoYaml2, Dialect::Kyaml] {
        for numbers in [Numbers::Json, Numbers::Written, Numbers::Floats] {
            let reading = Reading {
                dialect,
                duplicates: Duplicates::LastWins,
                numbers,
                ..Reading::default()
            };
            let _ = yaml::read(text, &limits, reading);
        }
    }
    let _ = yaml::first(text, &limits, Reading::default());
    // JSON is YAML, and what was read once is read again.
    for document in yaml::documents(text, &limits).unwrap_or_default() {
        let again = yaml::documents(document.value.to_string().as_bytes(), &limits);
        if let Ok(again) = again {
            assert_eq!(again.len(), 1);
            assert_eq!(again[0].value, document.value);
        }
    }
}

/// The files of a text; what is before the first line that begins one is the file `first`.
#[must_use]
pub fn files(text: &[u8], first: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![(first.to_owned(), Vec::new())];
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let path = line
            .trim_ascii_end()
            .strip_prefix(b"-- ")
            .and_then(|line| line.strip_suffix(b" --"))
            .and_then(|path| std::str::from_utf8(path).ok());
        match (path, files.last_mut()) {
            (Some(path), _) => files.push((path.to_owned(), Vec::new())),
            (None, Some((_, content))) => content.extend_from_slice(line),
            (None, None) => {}
        }
    }
    files
}

/// The files of a text as a tree; paths that no tree can have are left out.
fn tree(text: &[u8], first: &str) -> MemoryTree {
    files(text, first)
        .into_iter()
        .fold(
            MemoryTree::new(),
            |tree, (path, content)| match TreePath::new(&path) {
                Ok(path) if !path.is_root() => tree.file(&path, content),
                _ => tree,
            },
        )
}

/// An overlay.
///
/// # Panics
/// When more objects come out than the limit allows.
pub fn kustomization(text: &[u8]) {
    let limits = limits();
    let rendered = kustomize::render(
        &tree(text, "kustomization.yaml"),
        &TreePath::root(),
        &kustomize::Options::default(),
        &NoSupply,
        &limits,
    );
    if let Ok(manifests) = rendered {
        assert!(manifests.len() <= limits.objects, "within the limit");
    }
}

/// A chart; the first file is a template.
///
/// # Panics
/// When more objects come out than the limit allows.
pub fn chart(text: &[u8]) {
    let limits = limits();
    let name = TreePath::new("Chart.yaml").expect("a path");
    let mut tree = tree(text, "templates/t.yaml");
    if !text.windows(16).any(|window| window == b"-- Chart.yaml --") {
        tree = tree.file(&name, "apiVersion: v2\nname: c\nversion: 1.0.0\n");
    }
    let path = TreePath::root();
    let options = helm::Options::default();
    let facts = helm::Facts::default();
    let Ok(chart) = helm::Chart::load(&tree, &path, &NoSupply, &limits) else {
        return;
    };
    let Ok(values) = helm::read_values(&tree, &path, &options, &NoSupply, &limits) else {
        return;
    };
    if let Ok(rendered) = chart.render(&options, &facts, &values)
        && let Ok(manifests) = helm::manifests(rendered.documents, &limits)
    {
        assert!(manifests.len() <= limits.objects, "within the limit");
    }
}

/// A folder of YAML and JSON.
pub fn folder(text: &[u8]) {
    let _ = directory::render(
        &tree(text, "a.yaml"),
        &TreePath::root(),
        &directory::Options::default(),
        &limits(),
    );
}

/// A packed chart: the bytes as they are, and as what is packed.
///
/// # Panics
/// When more comes out than the limits allow.
pub fn archive(bytes: &[u8]) {
    let limits = archive_limits();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = gzip
        .write_all(bytes)
        .and_then(|()| gzip.finish())
        .unwrap_or_default();
    for packed in [bytes, &packed] {
        if let Ok(files) = archive::files(packed, &limits) {
            let bytes: usize = files.iter().map(|file| file.data.len()).sum();
            assert!(bytes as u64 <= limits.total_bytes, "within the limit");
            for file in files {
                let outside =
                    file.name.starts_with('/') || file.name.split('/').any(|part| part == "..");
                assert!(!outside, "{:?} leads out of the chart", file.name);
            }
        }
        let _ = archive::tree(packed, &limits);
    }
}
