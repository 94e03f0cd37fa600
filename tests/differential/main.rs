//! What Tiphys renders, against what the upstream tools render: Go's `text/template`, Helm, Kustomize.

#![recursion_limit = "256"]

mod command;
mod functions;
mod helm;
mod kustomize;
mod messages;
mod patches;
mod template;
mod texts;

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use tiphys_testbed::peers::Peers;

/// The upstream programs, built once.
pub fn peers() -> &'static Peers {
    static PEERS: OnceLock<Peers> = OnceLock::new();
    PEERS.get_or_init(
        || match Peers::resolve(&mut |line: &str| eprintln!("{line}")) {
            Ok(peers) => peers,
            Err(error) => panic!("the upstream programs cannot be built: {error:#}"),
        },
    )
}

fn output_of(program: &Path, arguments: &[&str]) -> String {
    match Command::new(program).args(arguments).output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) => panic!("{} does not start: {error}", program.display()),
    }
}

#[test]
fn the_upstream_programs_have_the_versions_that_go_mod_names() {
    let helm = output_of(&peers().helm, &["version", "--template={{.Version}}"]);
    assert_eq!(helm.trim(), "v4.2.4");
    let kustomize = output_of(&peers().kustomize, &["version"]);
    assert!(
        kustomize.starts_with("v5.8.1") || kustomize.starts_with("(devel)"),
        "{kustomize}"
    );
}
