//! The `tiphys` binary. It alone chooses a store, and puts the parts together.

mod cli;
mod folder_tree;
mod render_command;
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
