//! What `cargo xtask bench` measures: ratios in one run, medians, as a Markdown table on standard output.
//!
//! Without a cluster, only what needs none and is quick: the size of the binary, and rendering.

mod http;
mod kubernetes;
mod measure;
mod planner;
mod render;
mod scale;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, ValueEnum};

/// Measures a release binary of tiphys; `cargo xtask bench` builds it, brings a cluster, and calls this.
#[derive(Parser)]
struct Arguments {
    /// The binary
    binary: PathBuf,
    /// Measure with this cluster, and what needs none but takes long
    #[arg(long, value_name = "FILE", requires = "folder")]
    kubeconfig: Option<PathBuf>,
    /// Where data directories and repositories are made: a disk, not memory
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Measure with 10,000 applications, too
    #[arg(long)]
    full: bool,
    /// Measure these parts only
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// Be the server that sends so many bytes, until standard input ends
    #[arg(long, value_name = "BYTES", hide = true)]
    prebuilt: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// Size, start, memory, lists, writes
    Server,
    /// The pure planner
    Plan,
    /// Syncs beside a bare client, and a push
    Sync,
    /// Many applications
    Scale,
    /// Charts and overlays beside the upstream tools
    Render,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(size) = arguments.prebuilt {
        return kubernetes::serve_prebuilt(size);
    }
    let binary = &arguments.binary;
    let is_wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let mut rows = Vec::new();
    if is_wanted(Part::Server) {
        rows.push(measure::binary_size(binary)?);
    }
    // What a cluster is asked for keeps it busy for a while: what needs none comes first, and what asks for much last.
    if is_wanted(Part::Render) {
        let folder = tempfile::tempdir()?;
        rows.extend(render::rows(binary, folder.path())?);
    }
    if let (Some(kubeconfig), Some(folder)) = (&arguments.kubeconfig, &arguments.folder) {
        let cluster = kubernetes::Cluster::connect(kubeconfig)?;
        if is_wanted(Part::Server) {
            rows.extend(measure::without_cluster(binary, folder)?);
        }
        if is_wanted(Part::Sync) {
            rows.extend(kubernetes::with_cluster(&cluster, binary, folder)?);
        }
        if is_wanted(Part::Plan) {
            rows.push(planner::row(cluster.client(), cluster.runtime())?);
        }
        if is_wanted(Part::Scale) {
            rows.extend(scale::many(&cluster, binary, folder, arguments.full)?);
        }
    }
    println!("| what | measured | beside it | ratio | aim |\n|---|---|---|---|---|");
    for row in rows {
        println!(
            "| {} | {} | {} | {} | {} |",
            row.what, row.measured, row.beside, row.ratio, row.aim
        );
    }
    Ok(())
}
