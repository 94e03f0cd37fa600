//! The Git servers answer a plain git client as real ones do.

use std::process::Command;

use tiphys_testbed::git::{HttpServer, Mode, Repository};

fn ls_remote(url: &str) -> Result<String, String> {
    let output = Command::new("git")
        .args(["-c", "http.sslVerify=false", "ls-remote", url])
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ASKPASS", "true")
        .output()
        .expect("git runs");
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn a_repository_is_served_vanishes_and_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let repository = Repository::init(folder.path(), "demo").expect("a repository");
    let commit = repository
        .write("a.yaml", "a: 1\n")
        .and_then(|r| r.commit("one"))
        .expect("a commit");
    let server = HttpServer::start(folder.path()).expect("a server");
    let url = server.url(&repository.path());

    assert!(ls_remote(&url).expect("a listing").contains(&commit));
    assert!(server.ref_listings() > 0);

    server.set_mode(Mode::Gone);
    assert!(ls_remote(&url).is_err());

    server.set_mode(Mode::Serving);
    let moved = repository
        .write("a.yaml", "a: 2\n")
        .and_then(|r| r.amend("another"))
        .expect("a commit");
    let listing = ls_remote(&url).expect("a listing");
    assert!(listing.contains(&moved) && !listing.contains(&commit));
}

#[test]
fn a_password_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let repository = Repository::init(folder.path(), "private").expect("a repository");
    repository.commit("one").expect("a commit");
    let server = HttpServer::start(folder.path()).expect("a server");
    server.require("jason", "fleece");
    let url = server.url(&repository.path());

    assert!(ls_remote(&url).is_err());
    let with_password = url.replace("http://", "http://jason:fleece@");
    assert!(
        ls_remote(&with_password)
            .expect("a listing")
            .contains("refs/heads/main")
    );
}
