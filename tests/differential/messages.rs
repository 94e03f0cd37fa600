//! What `tiphys render` says of charts and overlays that cannot be rendered: file, line and column, the includes and bases that led
//! there, and the value that is wrong.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// What a fixture of `tests/` gives: the folder, flags, and what the message says, in this order.
const CASES: &[(&str, &[&str], &[&str])] = &[
    (
        "charts/faulty-api-v3/chart",
        &[],
        &["chart/Chart.yaml:1:1: ", "\"v3\""],
    ),
    (
        "charts/faulty-api-v9/chart",
        &[],
        &["chart/Chart.yaml:1:1: ", "\"v9\""],
    ),
    (
        "charts/faulty-bad-alias/chart",
        &[],
        &["chart/Chart.yaml:4:40: ", "\"a\"", "alias \"a b\""],
    ),
    (
        "charts/faulty-bad-archive/chart",
        &[],
        &["chart/charts/sub.tgz: ", "no gzipped chart archive"],
    ),
    (
        "charts/faulty-bad-subchart/chart",
        &[],
        &["chart/charts/sub/Chart.yaml: ", "version is required"],
    ),
    (
        "charts/faulty-bad-type/chart",
        &[],
        &[
            "chart/Chart.yaml:4:1: ",
            "application or library",
            "\"thing\"",
        ],
    ),
    (
        "charts/faulty-bad-version/chart",
        &[],
        &["chart/Chart.yaml:3:1: ", "version \"one\" is invalid"],
    ),
    (
        "charts/faulty-ignore/chart",
        &[],
        &["chart/.helmignore:1: ", "(**)"],
    ),
    (
        "charts/faulty-kube/chart",
        &["--kube-version", "1.30.2"],
        &["chart/Chart.yaml: ", ">=9.0.0", "v1.30.2"],
    ),
    (
        "charts/faulty-library/chart",
        &[],
        &["chart/Chart.yaml: ", "library charts"],
    ),
    (
        "charts/faulty-list/chart",
        &[],
        &["chart/Chart.yaml: ", "a mapping, not a list"],
    ),
    (
        "charts/faulty-missing-dependency/chart",
        &[],
        &[
            "helm dependency build",
            "chart a 1 of https://example.com",
            "wanted by ",
            "chart/Chart.yaml:",
        ],
    ),
    (
        "charts/faulty-no-name/chart",
        &[],
        &["chart/Chart.yaml: ", "name is required"],
    ),
    (
        "charts/faulty-no-version/chart",
        &[],
        &["chart/Chart.yaml: ", "version is required"],
    ),
    (
        "charts/faulty-null-dependency/chart",
        &[],
        &["chart/Chart.yaml:4:16: ", "null"],
    ),
    (
        "charts/faulty-parse/chart",
        &[],
        &[
            "chart/templates/a.yaml:2: ",
            "\"b\" not defined",
            "the action that begins on line 1 is not closed",
        ],
    ),
    (
        "charts/faulty-same-alias/chart",
        &[],
        &["chart/Chart.yaml:4:41: ", "alias \"a\""],
    ),
    (
        "charts/faulty-schema-type/chart",
        &[],
        &["chart/values.schema.json: ", "\"objec\""],
    ),
    (
        "charts/faulty-schema/chart",
        &[],
        &["chart/values.schema.json: ", "line 1 column 15"],
    ),
    (
        "charts/faulty-subchart-without/chart",
        &[],
        &["chart/charts/sub: ", "Chart.yaml file is missing"],
    ),
    (
        "charts/faulty-unclosed/chart",
        &[],
        &[
            "chart/templates/a.yaml:2: ",
            "unexpected EOF",
            "on line 1 has no {{ end }}",
        ],
    ),
    (
        "charts/faulty-unknown-function/chart",
        &[],
        &[
            "chart/templates/a.yaml:1: ",
            "\"nobody\"",
            "no function of Helm has this name",
        ],
    ),
    (
        "charts/faulty-values/chart",
        &[],
        &["chart/values.yaml:1:1: ", "a mapping"],
    ),
    (
        "charts/faulty-yaml/chart",
        &[],
        &["chart/Chart.yaml:1:5: ", "mapping values"],
    ),
    (
        "charts/errors/chart",
        &["--set", "case=required"],
        &["templates/e.yaml:2:3: a name is needed"],
    ),
    (
        "charts/errors/chart",
        &["--set", "case=fail"],
        &["templates/e.yaml:5:3: this chart always fails"],
    ),
    (
        "charts/errors/chart",
        &["--set", "case=nil"],
        &[
            "templates/e.yaml:8:10: ",
            "<.Values.a.b.c.d>",
            "is not set: set it, or",
        ],
    ),
    (
        "charts/errors/chart",
        &["--set", "case=in-include"],
        &[
            "templates/_e.tpl:3:10: ",
            "<.text.broken>",
            "called from ",
            "templates/_e.tpl:1:23",
            "called from ",
            "templates/e.yaml:20:3",
        ],
    ),
    (
        "charts/errors/chart",
        &["--set", "case=in-tpl"],
        &[
            "templates/e.yaml:23:3: ",
            "line 1 of the text given to tpl",
            "<.Values.text.x>",
        ],
    ),
    (
        "charts/errors/chart",
        &["--set", "case=bad-yaml"],
        &[
            "templates/e.yaml: ",
            "line 2, column 5",
            "a: b: c",
            "of the template prints it",
        ],
    ),
    (
        "charts/errors/chart",
        &["--set", "case=annotations"],
        &[
            "templates/e.yaml: ",
            "line 3, column 26",
            "metadata.annotations.a",
            "[b]",
        ],
    ),
    (
        "charts/errors/chart",
        &["--set", "case=compare"],
        &[
            "templates/e.yaml:52:3: ",
            "int and string",
            "<lt 1 \"a\">",
            "make both the same kind",
        ],
    ),
    (
        "charts/schema/chart",
        &["--set", "replicas=many"],
        &["chart/values.schema.json):", "at '/replicas': ", "\"many\""],
    ),
    (
        "overlays/bad-yaml",
        &[],
        &[
            "bad-yaml/a.yaml:3:1: MalformedYAMLError",
            "required by ",
            "bad-yaml/kustomization.yaml:1:13 resources[0]",
        ],
    ),
    (
        "overlays/component-as-resource",
        &[],
        &[
            "components/logging/kustomization.yaml:2:1: kind: ",
            "'Component'",
            "required by ",
        ],
    ),
    (
        "overlays/cycle",
        &[],
        &[
            "cycle/inner/kustomization.yaml:1:13: resources[0]",
            "cycle detected",
            "required by ",
            "cycle/kustomization.yaml:1:13",
        ],
    ),
    (
        "overlays/generated-twice",
        &[],
        &[
            "kustomization.yaml:3:3: configMapGenerator[1]",
            "ConfigMap.v1.[noGrp]/a",
        ],
    ),
    (
        "overlays/literal-without-value",
        &[],
        &[
            "kustomization.yaml:2:",
            "configMapGenerator[0]: literals[0]",
            "source b",
        ],
    ),
    (
        "overlays/no-name",
        &[],
        &["no-name/a.yaml:1: ", "metadata.name", "required by "],
    ),
    (
        "overlays/not-there",
        &[],
        &["kustomization.yaml:1:13: resources[0]: ", "nothing.yaml"],
    ),
    (
        "overlays/origins",
        &[],
        &[
            "origins/base/kustomization.yaml:2:",
            "commonAnnotations.x",
            "found bool",
            "required by ",
            "origins/kustomization.yaml:",
        ],
    ),
    (
        "overlays/same-twice",
        &[],
        &[
            "kustomization.yaml:1:",
            "resources[1]",
            "Deployment.v1.apps/x-web",
        ],
    ),
    (
        "overlays/sort-wrong",
        &[],
        &["kustomization.yaml:1:", "sortOptions.order"],
    ),
    (
        "overlays/unknown-field",
        &[],
        &["kustomization.yaml:2:1: ", "\"namePrefixes\""],
    ),
    (
        "overlays/wrong-type",
        &[],
        &["kustomization.yaml:2:", "commonLabels.a", "found number"],
    ),
];

fn message(folder: &str, flags: &[&str]) -> Result<String> {
    let output = Command::new(tiphys_tests::binary()?)
        .arg("render")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .arg("--root")
        .arg(env!("CARGO_MANIFEST_DIR"))
        .args(flags)
        .output()?;
    let error = String::from_utf8(output.stderr)?;
    ensure!(
        output.status.code() == Some(1),
        "{folder} {flags:?}: {:?}: {error}",
        output.status
    );
    ensure!(output.stdout.is_empty(), "{folder} {flags:?} prints a part");
    Ok(error)
}

#[test]
fn a_message_names_the_place_what_led_there_and_the_value() -> Result<()> {
    let mut wrong = Vec::new();
    for (folder, flags, parts) in CASES {
        let message = message(folder, flags)?;
        let mut rest = message.as_str();
        for part in *parts {
            match rest.split_once(part) {
                Some((_, behind)) => rest = behind,
                None => {
                    wrong.push(format!(
                        "{folder} {flags:?}: no {part:?} (in this order) in {message}"
                    ));
                    break;
                }
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn no_faulty_chart_is_left_out() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts");
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_str().context("UTF-8")?;
        let path = format!("charts/{name}/chart");
        let is_here = CASES.iter().any(|(folder, ..)| *folder == path);
        // Three that Helm renders, whatever is strange about them.
        let is_rendered = matches!(name, "faulty-dotted" | "faulty-no-api" | "faulty-numbers");
        ensure!(
            !name.starts_with("faulty-") || is_here != is_rendered,
            "{name}"
        );
    }
    Ok(())
}
