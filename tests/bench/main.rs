//! What `cargo xtask bench` measures: ratios in one run, medians, as a Markdown table on standard output.
//!
//! Without a cluster, only what needs none and is quick: the size of the binary, and rendering.

mod http;
mod kubernetes;
mod measure;
mod render;
mod scale;

use std::path::PathBuf;

use anyhow::{Context as _, Result};

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let binary = arguments
        .next()
        .context("usage: bench BINARY [KUBECONFIG FOLDER [full]]")?;
    let mut rows = Vec::new();
    rows.push(measure::binary_size(&binary)?);
    if let Some(kubeconfig) = arguments.next() {
        let folder = arguments
            .next()
            .context("usage: bench BINARY [KUBECONFIG FOLDER [full]]")?;
        let full = arguments
            .next()
            .is_some_and(|word| word.as_os_str() == "full");
        let cluster = kubernetes::Cluster::connect(&kubeconfig)?;
        rows.extend(measure::without_cluster(&binary, &folder)?);
        rows.extend(kubernetes::with_cluster(&cluster, &binary, &folder)?);
        rows.extend(scale::many(&cluster, &binary, &folder, full)?);
    }
    let folder = tempfile::tempdir()?;
    rows.extend(render::rows(&binary, folder.path())?);
    println!("| what | measured | beside it | ratio | aim |\n|---|---|---|---|---|");
    for row in rows {
        println!(
            "| {} | {} | {} | {} | {} |",
            row.what, row.measured, row.beside, row.ratio, row.aim
        );
    }
    Ok(())
}
