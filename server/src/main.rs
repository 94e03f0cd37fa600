//! The `tiphys` binary. It alone chooses a store, and puts the parts together.

mod cli;
mod serve;

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tiphys: {error:#}");
            cli::exit_code(&error)
        }
    }
}
