//! `cargo xtask`: everything that a person does with this repository.

mod bench;
mod binary;
mod cluster;
mod conformance;
mod demo;
mod schema;
mod spec;
mod test;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Everything that a person does with this repository"
)]
enum Command {
    /// Generate types, API and client from spec/openapi.yaml
    Spec(spec::Args),
    /// Generate the table that strategic merge patches need from Kubernetes' OpenAPI document
    Schema(schema::Args),
    /// Show the main job on a real cluster: create, sync, commit, roll back
    Demo(demo::Args),
    /// Measure the release binary, side by side with what it is compared with
    Bench(bench::Args),
    /// Render folders of charts and overlays with Tiphys, Helm and Kustomize, and compare
    Conformance(conformance::Args),
    /// Run every check and test
    Test(test::Args),
    /// Run a throw-away but real Kubernetes control plane
    #[command(subcommand)]
    Cluster(cluster::Command),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Spec(args) => spec::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Conformance(args) => conformance::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Cluster(command) => cluster::run(&command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
