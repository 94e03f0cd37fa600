//! The `tiphys` binary. It alone chooses a store, and puts the parts together.

mod cli;
mod diff_command;
mod folder_tree;
mod processors;
mod render_command;
mod serve;

use clap::Parser as _;

/// A good part of a comparison is small allocations, and what thousands of them leave behind would stay resident with the system's
/// own allocator.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    match cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tiphys: {error:#}");
            cli::exit_code(&error)
        }
    }
}
