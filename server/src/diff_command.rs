//! `tiphys diff`: why an application is out of sync, field by field, as its server tells.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Serialize;
use serde_json::Value;
use tiphys_client::{Client, Error};
use tiphys_model::{FieldDifference, ResourceDiff};

/// How long the server may take: it may have to fetch and render first.
const PATIENCE: Duration = Duration::from_secs(120);

/// How the differences are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// For programs: a list of objects
    Json,
}

/// Options of `tiphys diff`.
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 nothing differs, 1 something differs, 2 it cannot be told.\n\n\
                  Examples:\n  \
                  TIPHYS_TOKEN=… tiphys diff guestbook --server https://tiphys.example.com\n  \
                  tiphys diff guestbook --refresh -o json | jq '.[].differences'\n\n\
                  How to read the text:\n  \
                  ===== apps/Deployment shop/web ======\n  \
                  spec.replicas has another value (owned by kubectl-scale)\n  \
                  < 5            what is live\n  \
                  > 3            what the source wants"
)]
pub struct Diff {
    /// Name of the application
    application: String,
    /// Where the server is
    #[arg(
        long,
        env = "TIPHYS_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    server: String,
    /// Token of a session, as POST /api/v1/session answers it
    #[arg(
        long,
        env = "TIPHYS_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    token: String,
    /// Certificates that are trusted besides the system's, PEM
    #[arg(long, env = "TIPHYS_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Do not check the server's certificate
    #[arg(long)]
    insecure: bool,
    /// Compare anew first
    #[arg(long)]
    refresh: bool,
    /// Render and compare anew first
    #[arg(long)]
    hard_refresh: bool,
    /// Whether differences make the exit code 1
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    exit_code: bool,
    /// How the differences are printed
    #[arg(long, short, value_enum, default_value = "text")]
    output: Output,
}

/// An object that differs.
#[derive(Serialize)]
struct Object {
    group: String,
    kind: String,
    namespace: String,
    name: String,
    /// `Changed`, `Missing` or `Extra`.
    state: &'static str,
    differences: Vec<FieldDifference>,
}

/// Prints what differs. The exit code says whether something does.
///
/// # Errors
/// Why it cannot be told.
pub fn run(options: &Diff) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    let objects: Vec<Object> = runtime
        .block_on(ask(options))?
        .into_iter()
        .filter(|item| item.modified)
        .map(object)
        .collect();
    let text = match options.output {
        Output::Json => format!("{}\n", serde_json::to_string_pretty(&objects)?),
        Output::Text => objects.iter().map(shown).collect(),
    };
    std::io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .context("cannot print the differences")?;
    Ok(ExitCode::from(u8::from(
        options.exit_code && !objects.is_empty(),
    )))
}

async fn ask(options: &Diff) -> Result<Vec<ResourceDiff>> {
    let server = options.server.trim_end_matches('/');
    let client = Client::new_with_client(server, connection(options)?);
    let name = options.application.as_str();
    let refresh = match (options.hard_refresh, options.refresh) {
        (true, _) => Some("hard"),
        (false, true) => Some("normal"),
        (false, false) => None,
    };
    if refresh.is_some() {
        let refreshed = client
            .get_application(name, None, None, refresh, None)
            .await;
        refreshed.map_err(|error| refused(server, error))?;
    }
    let answer = client
        .list_managed_resources(name, None, None, None, None, None, None, None)
        .await;
    let answer = answer.map_err(|error| refused(server, error))?;
    Ok(answer.into_inner().items)
}

fn connection(options: &Diff) -> Result<reqwest::Client> {
    let mut token = HeaderValue::from_str(&format!("Bearer {}", options.token))
        .context("--token: that is no token")?;
    token.set_sensitive(true);
    let mut builder = reqwest::Client::builder()
        .timeout(PATIENCE)
        .default_headers(HeaderMap::from_iter([(AUTHORIZATION, token)]))
        .tls_danger_accept_invalid_certs(options.insecure);
    if let Some(file) = &options.ca_file {
        let pem = std::fs::read(file)
            .with_context(|| format!("--ca-file {}: cannot be read", file.display()))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem)
            .with_context(|| format!("--ca-file {}: no certificates in PEM", file.display()))?;
        if certificates.is_empty() {
            bail!("--ca-file {}: no certificates in PEM", file.display());
        }
        for certificate in certificates {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().context("no connection can be made")
}

/// What a server refused, or why there was no answer, with what to do next.
fn refused(server: &str, error: Error<tiphys_model::Error>) -> anyhow::Error {
    match error {
        Error::ErrorResponse(answer) => {
            let advice = match answer.status().as_u16() {
                401 => "; get a token with POST /api/v1/session and set TIPHYS_TOKEN",
                404 => "; GET /api/v1/applications lists the applications",
                _ => "",
            };
            anyhow::anyhow!("{server} answered: {}{advice}", answer.message)
        }
        Error::CommunicationError(error) => anyhow::Error::new(error)
            .context(format!("{server} cannot be reached; is --server right?")),
        error => anyhow::anyhow!("{server}: {error}"),
    }
}

fn object(item: ResourceDiff) -> Object {
    let is_there = |state: &str| !matches!(state, "" | "null");
    Object {
        state: match (is_there(&item.target_state), is_there(&item.live_state)) {
            (true, false) => "Missing",
            (false, true) => "Extra",
            _ => "Changed",
        },
        group: item.group,
        kind: item.kind,
        namespace: item.namespace,
        name: item.name,
        differences: item.differences,
    }
}

fn shown(object: &Object) -> String {
    let place = if object.namespace.is_empty() {
        object.name.clone()
    } else {
        format!("{}/{}", object.namespace, object.name)
    };
    let mut text = plain(&format!(
        "===== {}/{} {place} ======",
        object.group, object.kind
    ));
    text.push('\n');
    match object.state {
        "Missing" => text.push_str("is in the source, and not live\n"),
        "Extra" => text.push_str("is live, and not in the source\n"),
        _ => {}
    }
    for difference in &object.differences {
        let owners = if difference.managers.is_empty() {
            String::new()
        } else {
            format!(" (owned by {})", difference.managers.join(", "))
        };
        let line = format!("{} {}{owners}", difference.path, difference.reason);
        let _ = writeln!(text, "{}", plain(&line));
        side(&mut text, '<', difference.live.as_ref());
        side(&mut text, '>', difference.desired.as_ref());
    }
    text.push('\n');
    text
}

/// A value, with a sign before each of its lines.
fn side(text: &mut String, sign: char, value: Option<&Value>) {
    let Some(value) = value else { return };
    for line in format!("{value:#}").lines() {
        let _ = writeln!(text, "{sign} {}", plain(line));
    }
}

/// A line whose control characters do nothing.
fn plain(line: &str) -> String {
    line.chars()
        .map(|character| {
            if character.is_control() {
                '?'
            } else {
                character
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(target: &str, live: &str, differences: Value) -> ResourceDiff {
        serde_json::from_value(json!({"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "web",
            "targetState": target, "liveState": live, "modified": true, "differences": differences}))
        .expect("an item")
    }

    #[test]
    fn a_field_is_shown_with_its_owner_and_both_values() {
        let differences = json!([
            {"path": "spec.replicas", "reason": "has another value", "desired": 3, "live": 5, "managers": ["kubectl-scale"]},
            {"path": "spec.a\u{1b}[2J", "reason": "is not live", "desired": {"x": "\u{1b}[2J"}},
        ]);
        let shown = shown(&object(item("{}", "{}", differences)));
        assert_eq!(
            shown,
            "===== apps/Deployment shop/web ======\n\
             spec.replicas has another value (owned by kubectl-scale)\n< 5\n> 3\n\
             spec.a?[2J is not live\n> {\n>   \"x\": \"\\u001b[2J\"\n> }\n\n"
        );
    }

    #[test]
    fn what_is_on_one_side_only_is_said() {
        for (target, live, state) in [
            ("{}", "null", "Missing"),
            ("null", "{}", "Extra"),
            ("{}", "{}", "Changed"),
        ] {
            assert_eq!(object(item(target, live, json!([]))).state, state);
        }
    }
}
