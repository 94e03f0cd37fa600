//! The entry points of the fuzz targets with generated inputs, on stable: pieces in any order, and real inputs with faults.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use tiphys_inputs as inputs;

/// Inputs that mean something: overlays and charts of the differential tests.
static OVERLAYS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/overlays/patches");
    let mut found: Vec<_> = fs::read_dir(folder)
        .expect("the overlays are there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    found.sort();
    found
        .iter()
        .map(|path| fs::read(path).expect("an overlay"))
        .collect()
});

static CHARTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/charts");
    let mut cases: Vec<_> = fs::read_dir(folder)
        .expect("the charts are there")
        .map(|entry| entry.expect("an entry").path().join("chart"))
        .collect();
    cases.sort();
    cases.iter().map(|chart| as_text(chart)).collect()
});

fn as_text(root: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<_> = fs::read_dir(&folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path.strip_prefix(root).expect("below").display();
            text.extend_from_slice(format!("-- {below} --\n").as_bytes());
            text.extend(fs::read(&path).expect("a file"));
            text.push(b'\n');
        }
    }
    text
}

/// A change of a text: at a place, so many bytes are replaced.
#[derive(Clone, Debug)]
struct Fault {
    at: prop::sample::Index,
    gone: usize,
    new: String,
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let words = prop::sample::select(vec![
        "",
        "\n",
        " ",
        ":",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "{{",
        "}}",
        "\"",
        "'",
        "&a ",
        "*a",
        "<<: ",
        "null",
        "~",
        "$patch: delete",
        "../",
        "/",
        "resources:\n- .\n",
        "patches:\n- path: a\n",
        "é",
        "\0",
        "|\n",
        "!!binary ",
        "---\n",
        "0x10",
        "-1",
        "99999999999999999999",
        "{{ range . }}",
        "{{ end }}",
        "-- a.yaml --\n",
        "{{ include \"a\" . }}",
        "{{ tpl . . }}",
        "[=]",
        "*",
        "$(A)",
        "kind: List\n",
    ]);
    let fault =
        (any::<prop::sample::Index>(), 0_usize..12, words).prop_map(|(at, gone, new)| Fault {
            at,
            gone,
            new: new.to_owned(),
        });
    prop::collection::vec(fault, 1..6)
}

fn spoiled(mut text: Vec<u8>, faults: &[Fault]) -> Vec<u8> {
    for fault in faults {
        let at = fault.at.index(text.len() + 1);
        let end = (at + fault.gone).min(text.len());
        text.splice(at..end, fault.new.bytes());
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        inputs::template(&bytes);
        inputs::yaml(&bytes);
        inputs::kustomization(&bytes);
        inputs::chart(&bytes);
        inputs::folder(&bytes);
        inputs::archive(&bytes);
    }

    #[test]
    fn any_fields_of_a_kustomization(
        text in "((resources|patches|images|labels|replacements|components|vars|generators|configMapGenerator|namePrefix|openapi|crds|helmCharts|replicas|namespace|transformers|configurations):( a\n|\n- |\n  | \\[|\\{)|[a-z]{1,8}(: |\n|/)|[\\]\\},:\n -]|-- [a-d]/kustomization.yaml --\n|\\.\\./){0,30}",
    ) {
        inputs::kustomization(text.as_bytes());
    }

    #[test]
    fn overlays_with_faults(which in any::<prop::sample::Index>(), faults in faults()) {
        let overlay = OVERLAYS[which.index(OVERLAYS.len())].clone();
        inputs::kustomization(&spoiled(overlay, &faults));
    }

    #[test]
    fn charts_with_faults(which in any::<prop::sample::Index>(), faults in faults()) {
        let chart = CHARTS[which.index(CHARTS.len())].clone();
        inputs::chart(&spoiled(chart, &faults));
    }

    #[test]
    fn templates_of_any_pieces(
        text in "(\\{\\{-? ?|-?\\}\\}|[a-z]{1,9} |\\$x|:=|\\||\"[a-z%{}]{0,5}\"|[0-9]{1,4}|\\(|\\)|\\.[a-z]?|range |if |end|list |dict |repeat |until |nindent |toYaml |tpl |printf |regexReplaceAll ){0,40}",
    ) {
        inputs::template(text.as_bytes());
    }

    #[test]
    fn yaml_of_any_pieces(text in "[\\[\\]{}:,\\-?&*!|>'\"%#a-c0-9_.+eE~ \n\t<x]{0,200}") {
        inputs::yaml(text.as_bytes());
        inputs::folder(text.as_bytes());
    }
}
