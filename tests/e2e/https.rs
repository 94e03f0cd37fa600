//! HTTPS with a given certificate, which is renewed on the disk while the server runs.

use std::process::Command;

use anyhow::{Result, ensure};
use tiphys_testbed::certificates::{Authority, Identity};
use tiphys_testbed::kubernetes::Access;
use tiphys_testbed::ports;
use tiphys_testbed::process::Process;
use tiphys_testbed::tiphys::Options;
use tiphys_testbed::wait_for;
use tiphys_tests::{PATIENCE, binary};

/// A server that ends with its test.
struct Server(Process);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill();
    }
}

#[test]
fn a_renewed_certificate_is_served_without_a_restart() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (cert, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    let write = |identity: &Identity| -> Result<()> {
        std::fs::write(&key, &identity.key)?;
        Ok(std::fs::write(&cert, &identity.certificate)?)
    };
    let (first, second) = (Authority::new("first")?, Authority::new("second")?);
    write(&first.server(&["localhost"])?)?;
    let mut options = Options::new(&binary()?, &folder.path().join("data"));
    for path in [&cert, &key] {
        let flag = if path == &cert {
            "--tls-cert"
        } else {
            "--tls-key"
        };
        options.arguments.push(flag.to_owned());
        options.arguments.push(path.display().to_string());
    }
    let port = ports::free()?;
    let log = folder.path().join("log");
    let server = Server(Process::spawn("tiphys", options.command(port), &log)?);
    let answers = |authority: &Authority| -> Result<bool> {
        let access = Access {
            server: format!("https://127.0.0.1:{port}"),
            authority: authority.certificate().to_owned(),
            token: None,
            client: None,
        };
        let answer = access.client()?.get("/healthz");
        Ok(answer.is_ok_and(|answer| answer.status == 200))
    };
    let until = |what: &str, authority: &Authority| {
        wait_for(what, PATIENCE, || {
            Ok(if answers(authority)? {
                Ok(())
            } else {
                Err(server.0.tail())
            })
        })
    };
    let hangup = || -> Result<()> {
        let sent = Command::new("kill")
            .args(["-HUP", &server.0.id().to_string()])
            .status()?;
        ensure!(sent.success(), "SIGHUP could not be sent");
        Ok(())
    };
    until("the first certificate", &first)?;
    ensure!(!answers(&second)?, "another authority is trusted");

    // A certificate that does not fit its key changes nothing.
    std::fs::write(&cert, first.server(&["localhost"])?.certificate)?;
    hangup()?;
    wait_for("the refusal", PATIENCE, || {
        Ok(if server.0.tail().contains("not usable") {
            Ok(())
        } else {
            Err(server.0.tail())
        })
    })?;
    ensure!(answers(&first)?, "the server stopped serving");

    write(&second.server(&["localhost"])?)?;
    hangup()?;
    until("the second certificate", &second)?;
    ensure!(!answers(&first)?, "the old certificate is still served");
    Ok(())
}
