//! Charts of `tests/charts`, rendered by `helm template` and by Tiphys: the same objects in the same order, and failures where
//! Helm fails.
//!
//! A case is a folder with `chart/`, `cases.txt` (one line of flags for each rendering), values files, and `archives/`, whose
//! folders are packed into the chart's `charts/` first.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use tiphys_tests::helm_case::{self, Flags};

use crate::peers;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts");
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the charts are there")
        .map(|entry| entry.expect("a readable entry").path())
        .collect();
    found.sort();
    found
}

/// The chart of a case, packed subcharts added, in a folder of its own.
fn chart(case: &Path, folder: &Path) -> Result<PathBuf> {
    let chart = folder.join("chart");
    copy(&case.join("chart"), &chart)?;
    let archives = case.join("archives");
    if archives.is_dir() {
        let charts = chart.join("charts");
        std::fs::create_dir_all(&charts)?;
        for entry in std::fs::read_dir(archives)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let file = std::fs::File::create(charts.join(format!("{name}-1.0.0.tgz")))?;
            let mut builder = tar::Builder::new(GzEncoder::new(file, Compression::default()));
            builder.append_dir_all(&name, entry.path())?;
            builder.into_inner()?.finish()?;
        }
    }
    Ok(chart)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn differences(case: &Path) -> Result<(usize, Vec<String>)> {
    let folder = tempfile::tempdir()?;
    let chart = chart(case, folder.path())?;
    let lines = std::fs::read_to_string(case.join("cases.txt"))
        .with_context(|| case.display().to_string())?;
    let mut found = Vec::new();
    let mut count = 0;
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let flags = Flags::parse(line, case)?;
        let helm = helm_case::by_helm(&peers().helm, &chart, &flags)?;
        let tiphys = helm_case::by_tiphys(&chart, &flags)?;
        count += 1;
        if let (Err(helm), Err(tiphys)) = (&helm, &tiphys)
            && [
                "execution error at (",
                "parse error at (",
                "\n  executing \"",
            ]
            .iter()
            .any(|part| tiphys.contains(part))
            && !helm_case::says(helm, tiphys)
        {
            found.push(format!(
                "{} {line}: {helm:?} by Helm, {tiphys:?} by Tiphys",
                case.display()
            ));
        }
        if let Some(difference) = helm_case::difference(&helm, &tiphys) {
            found.push(format!("{} {line}: {difference}", case.display()));
        }
    }
    Ok((count, found))
}

#[test]
fn charts_are_rendered_as_helm_renders_them() {
    let mut found = Vec::new();
    let mut count = 0;
    for case in cases() {
        let (renderings, differences) =
            differences(&case).unwrap_or_else(|error| panic!("{}: {error:#}", case.display()));
        count += renderings;
        found.extend(differences);
    }
    assert!(count > 100, "only {count} renderings were compared");
    assert!(
        found.is_empty(),
        "{} differences:\n{}",
        found.len(),
        found.join("\n")
    );
}
