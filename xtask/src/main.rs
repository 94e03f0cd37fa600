//! `cargo xtask`: everything that a person does with this repository.

mod spec;

use clap::Parser;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Everything that a person does with this repository"
)]
enum Command {
    /// Generate types, API and client from spec/openapi.yaml
    Spec(spec::Args),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Spec(args) => spec::run(&args),
    }
}
