//! What `cargo xtask conformance` runs: walks folders, renders every chart and overlay with both tools and prints a table.
//!
//! A chart is rendered with its defaults, with each values file in its `ci/` folder, and with each file of `--values`, for each
//! Kubernetes version, and once more with each text of `--flags`. Overlays are
//! the folders with a kustomization that lie in no chart. Values that Helm itself does not give twice (passwords, keys, times)
//! are not compared.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use tiphys_render::tree::TreePath;
use tiphys_testbed::peers::Peers;
use tiphys_tests::helm_case::{self, Flags, Outcome};
use tiphys_tests::overlay_case;

/// Characters of a difference that the table shows.
const SHOWN: usize = 600;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Same,
    SameButRandom,
    BothFail,
    /// Both fail, and do not say the same: the causes may differ.
    BothFailOtherwise,
    Differs,
    OnlyUpstreamFails,
    OnlyTiphysFails,
}

impl Verdict {
    fn of(upstream: &Outcome, tiphys: &Outcome) -> (Self, String) {
        match (upstream, tiphys) {
            (Err(upstream), Err(tiphys)) => {
                let verdict = if helm_case::says(upstream, tiphys) {
                    Self::BothFail
                } else {
                    Self::BothFailOtherwise
                };
                (verdict, format!("{} | {}", end(upstream), end(tiphys)))
            }
            (Err(upstream), Ok(_)) => (Self::OnlyUpstreamFails, upstream.clone()),
            (Ok(_), Err(tiphys)) => (Self::OnlyTiphysFails, tiphys.clone()),
            (Ok(_), Ok(_)) => match helm_case::difference(upstream, tiphys) {
                None => (Self::Same, String::new()),
                Some(difference) => (Self::Differs, difference),
            },
        }
    }

    fn is_good(self) -> bool {
        matches!(
            self,
            Self::Same | Self::SameButRandom | Self::BothFail | Self::BothFailOtherwise
        )
    }

    fn text(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::SameButRandom => "same but random values",
            Self::BothFail => "both fail",
            Self::BothFailOtherwise => "both fail, with other words",
            Self::Differs => "differs",
            Self::OnlyUpstreamFails => "only upstream fails",
            Self::OnlyTiphysFails => "only tiphys fails",
        }
    }
}

#[derive(Default)]
struct Arguments {
    folders: Vec<PathBuf>,
    kube_versions: Vec<String>,
    values: Vec<String>,
    flags: Vec<String>,
    all: bool,
}

impl Arguments {
    fn read() -> Result<Self> {
        let mut found = Self::default();
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--all" => found.all = true,
                "--kube-version" => found
                    .kube_versions
                    .push(words.next().context("--kube-version needs a value")?),
                "--flags" => found
                    .flags
                    .push(words.next().context("--flags needs a value")?),
                "--values" => {
                    let file = words.next().context("--values needs a file")?;
                    if file.contains(char::is_whitespace) || !Path::new(&file).is_file() {
                        bail!("{file} is no file, or has white space in its name");
                    }
                    found.values.push(file);
                }
                flag if flag.starts_with("--") => bail!("{flag} is no flag"),
                folder => found.folders.push(folder.into()),
            }
        }
        Ok(found)
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing differs.
fn run() -> Result<bool> {
    let arguments = Arguments::read()?;
    let peers = Peers::resolve(&mut |line: &str| eprintln!("{line}"))?;
    let mut counts: BTreeMap<(&str, Verdict), usize> = BTreeMap::new();
    for folder in &arguments.folders {
        let tree = helm_case::folder_tree(folder)?;
        for chart in helm_case::charts_below(folder)? {
            let below = chart.strip_prefix(folder)?.to_str().context("not UTF-8")?;
            let path = TreePath::new(below)?;
            for line in value_sets(&chart, &arguments)? {
                let flags = Flags::parse(&line, &chart)?;
                let upstream = helm_case::by_helm(&peers.helm, &chart, &flags)?;
                let tiphys = guarded(|| Ok(helm_case::in_tree(&tree, &path, &flags)))?;
                let (mut verdict, mut text) = Verdict::of(&upstream, &tiphys);
                if verdict == Verdict::Differs {
                    let again = helm_case::by_helm(&peers.helm, &chart, &flags)?;
                    let masked = helm_case::masked(&upstream, &again);
                    match helm_case::difference(&masked, &helm_case::masked_like(&tiphys, &masked))
                    {
                        None => verdict = Verdict::SameButRandom,
                        Some(difference) => text = difference,
                    }
                }
                *counts.entry(("charts", verdict)).or_default() += 1;
                if arguments.all || !verdict.is_good() {
                    row(folder, &chart, &line, verdict, &text);
                }
            }
        }
        for overlay in overlay_case::overlays_below(folder)? {
            let below = overlay.strip_prefix(folder)?;
            let upstream = overlay_case::by_kustomize(&peers, &overlay)?;
            let tiphys = guarded(|| overlay_case::by_tiphys(&tree, below))?;
            let (verdict, text) = Verdict::of(&upstream, &tiphys);
            *counts.entry(("overlays", verdict)).or_default() += 1;
            if arguments.all || !verdict.is_good() {
                row(folder, &overlay, "(overlay)", verdict, &text);
            }
        }
    }
    println!();
    for ((kind, verdict), count) in &counts {
        println!("{count:>6}  {kind:<9} {}", verdict.text());
    }
    Ok(counts.keys().all(|(_, verdict)| verdict.is_good()))
}

/// A panic is a difference like any other here, and the rest is compared all the same.
fn guarded(render: impl FnOnce() -> Result<Outcome>) -> Result<Outcome> {
    catch_unwind(AssertUnwindSafe(render)).unwrap_or_else(|_| Ok(Err("panic".to_owned())))
}

fn value_sets(chart: &Path, arguments: &Arguments) -> Result<Vec<String>> {
    let mut values = vec![String::new()];
    let folder = chart.join("ci");
    if folder.is_dir() {
        let mut files: Vec<String> = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with("values.yaml") && !name.contains(char::is_whitespace) {
                files.push(format!("-f ci/{name}"));
            }
        }
        files.sort();
        values.extend(files);
    }
    values.extend(arguments.values.iter().map(|file| format!("-f {file}")));
    let versions: Vec<String> = if arguments.kube_versions.is_empty() {
        vec![String::new()]
    } else {
        arguments
            .kube_versions
            .iter()
            .map(|version| format!("--kube-version {version} "))
            .collect()
    };
    let mut lines = Vec::new();
    for version in &versions {
        for values in &values {
            lines.push(format!("--include-crds {version}{values}"));
            let more = arguments.flags.iter();
            lines.extend(more.map(|flags| format!("{flags} {version}{values}")));
        }
    }
    Ok(lines)
}

/// The end of a message, where the cause is.
fn end(message: &str) -> String {
    let characters: Vec<char> = message.trim().chars().collect();
    let from = characters.len().saturating_sub(SHOWN / 2 - 2);
    characters[from..].iter().collect()
}

fn row(folder: &Path, chart: &Path, line: &str, verdict: Verdict, text: &str) {
    let name = chart.strip_prefix(folder).unwrap_or(chart);
    let text: String = text.replace('\n', " ").chars().take(SHOWN).collect();
    println!("{:<27} {} {line}: {text}", verdict.text(), name.display());
}
