//! Packed charts, and the servers that give them away: a Helm repository with its index, and a registry that wants a token.
//!
//! Whoever has no name and password gets nothing of either. What is published while they run is found by the next who asks.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::Result;
use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use crate::web::{Answer, Request, Web};

/// Media type of a chart's configuration in a registry.
pub const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
/// Media type of a packed chart in a registry.
pub const CONTENT: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// The token that the registry gives.
const TOKEN: &str = "t0ken";

/// Files as a gzipped archive.
///
/// # Errors
/// When a name is not usable in an archive.
pub fn packed(files: &[(&str, &[u8])]) -> Result<Vec<u8>> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *content)?;
    }
    Ok(tar.into_inner()?.finish()?)
}

/// SHA-256 in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The `Authorization` header of a name and a password.
#[must_use]
pub fn basic(user: &str, password: &str) -> String {
    let pair = base64::prelude::BASE64_STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {pair}")
}

/// One entry of the list of a chart in an index.
#[must_use]
pub fn index_entry(name: &str, version: &str, digest: &str, url: &str) -> String {
    format!(
        "  - name: {name}\n    version: {version}\n    digest: \"{digest}\"\n    urls: [\"{url}\"]\n"
    )
}

/// What a registry answers whoever has no token yet: nothing if the token is there, the token for name and password (a token for
/// `repository`, if one is given), or else the challenge.
#[must_use]
pub fn challenge(
    request: &Request,
    own_url: &str,
    authorization: &str,
    repository: Option<&str>,
) -> Option<Answer> {
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    if path == "/token" {
        let scope = repository
            .map(|name| format!("scope=repository%3A{}%3Apull", name.replace('/', "%2F")))
            .unwrap_or_default();
        let is_known = request.authorization == authorization && query.contains(&scope);
        return Some(if is_known {
            Answer::ok(format!(r#"{{"access_token":"{TOKEN}","expires_in":300}}"#))
        } else {
            Answer::new(401, "")
        });
    }
    (request.authorization != format!("Bearer {TOKEN}")).then(|| {
        let challenge = format!("Bearer realm=\"{own_url}/token\",service=\"registry\"");
        Answer::new(401, "").with("WWW-Authenticate", &challenge)
    })
}

/// A chart as it is published.
#[derive(Clone)]
struct Published {
    name: String,
    version: String,
    /// Media type of the configuration; of a chart unless something else is published.
    config: String,
    archive: Vec<u8>,
}

/// What both kinds of servers give away.
type Shelf = Arc<Mutex<Vec<Published>>>;

fn publish(shelf: &Shelf, name: &str, version: &str, files: &[(&str, &str)]) -> Result<()> {
    let description = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    let paths: Vec<String> = files
        .iter()
        .map(|(path, _)| format!("{name}/{path}"))
        .collect();
    let own = format!("{name}/Chart.yaml");
    let mut all: Vec<(&str, &[u8])> = vec![(&own, description.as_bytes())];
    for (path, (_, text)) in paths.iter().zip(files) {
        all.push((path, text.as_bytes()));
    }
    let archive = packed(&all)?;
    let mut shelf = locked(shelf);
    shelf.retain(|chart| (chart.name.as_str(), chart.version.as_str()) != (name, version));
    shelf.push(Published {
        name: name.to_owned(),
        version: version.to_owned(),
        config: CONFIG.to_owned(),
        archive,
    });
    Ok(())
}

fn locked(shelf: &Shelf) -> std::sync::MutexGuard<'_, Vec<Published>> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A Helm repository: `index.yaml` and archives, for one name and password.
pub struct HelmRepository {
    web: Web,
    shelf: Shelf,
}

impl HelmRepository {
    /// Starts it, empty.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(user: &str, password: &str) -> Result<Self> {
        let shelf = Shelf::default();
        let shown = Arc::clone(&shelf);
        let authorization = basic(user, password);
        let web = Web::start(move |request| {
            if request.authorization != authorization {
                return Answer::new(401, "");
            }
            repository_answer(&locked(&shown), &request.target)
        })?;
        Ok(Self { web, shelf })
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.web.url()
    }

    /// How many requests came.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.web.requests()
    }

    /// Publishes a version of a chart, in place of what was there as that: these files and a `Chart.yaml`.
    ///
    /// # Errors
    /// When it cannot be packed.
    pub fn publish(&self, name: &str, version: &str, files: &[(&str, &str)]) -> Result<()> {
        publish(&self.shelf, name, version, files)
    }
}

fn repository_answer(shelf: &[Published], target: &str) -> Answer {
    if target == "/index.yaml" {
        let mut names: Vec<&str> = shelf.iter().map(|chart| chart.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let mut index = "apiVersion: v1\nentries:\n".to_owned();
        for name in names {
            let _ = writeln!(index, "  {name}:");
            for chart in shelf.iter().filter(|chart| chart.name == name) {
                let url = format!("{name}-{}.tgz", chart.version);
                index += &index_entry(name, &chart.version, &sha256(&chart.archive), &url);
            }
        }
        return Answer::ok(index);
    }
    shelf
        .iter()
        .find(|chart| target == format!("/{}-{}.tgz", chart.name, chart.version))
        .map_or_else(
            || Answer::new(404, ""),
            |chart| Answer::ok(chart.archive.clone()),
        )
}

/// A registry with charts below `charts/`, for whoever gets a token with one name and password.
pub struct ChartRegistry {
    web: Web,
    shelf: Shelf,
}

impl ChartRegistry {
    /// Starts it, empty.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(user: &str, password: &str) -> Result<Self> {
        let shelf = Shelf::default();
        let shown = Arc::clone(&shelf);
        let authorization = basic(user, password);
        let own: Arc<OnceLock<String>> = Arc::default();
        let url = Arc::clone(&own);
        let web = Web::start(move |request| {
            let own = url.get().map_or("", String::as_str);
            challenge(&request, own, &authorization, None)
                .unwrap_or_else(|| registry_answer(&locked(&shown), &request.target))
        })?;
        own.get_or_init(|| web.url());
        Ok(Self { web, shelf })
    }

    /// Its URL: `oci://…/charts`, without TLS.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/charts", self.web.url().replace("http://", "oci://"))
    }

    /// Pushes a version of a chart: these files and a `Chart.yaml`.
    ///
    /// # Errors
    /// When it cannot be packed.
    pub fn publish(&self, name: &str, version: &str, files: &[(&str, &str)]) -> Result<()> {
        publish(&self.shelf, name, version, files)
    }

    /// Pushes something that is no chart: an artefact with a configuration of this media type.
    pub fn publish_other(&self, name: &str, version: &str, config: &str) {
        locked(&self.shelf).push(Published {
            name: name.to_owned(),
            version: version.to_owned(),
            config: config.to_owned(),
            archive: Vec::new(),
        });
    }
}

fn registry_answer(shelf: &[Published], target: &str) -> Answer {
    let path = target.split('?').next().unwrap_or_default();
    let missing = || Answer::new(404, "");
    if path == "/v2/" {
        return Answer::ok("{}");
    }
    let Some((name, kind, last)) = path.strip_prefix("/v2/charts/").and_then(|rest| {
        let (rest, last) = rest.rsplit_once('/')?;
        let (name, kind) = rest.rsplit_once('/')?;
        Some((name, kind, last))
    }) else {
        return missing();
    };
    let mut charts = shelf.iter().filter(|chart| chart.name == name);
    match kind {
        "tags" => {
            let tags: Vec<String> = charts
                .map(|chart| chart.version.replace('+', "_"))
                .collect();
            Answer::ok(serde_json::json!({"name": name, "tags": tags}).to_string())
        }
        "manifests" => charts
            .map(|chart| (chart, manifest(chart)))
            .find(|(chart, text)| {
                chart.version.replace('+', "_") == last
                    || format!("sha256:{}", sha256(text.as_bytes())) == last
            })
            .map_or_else(missing, |(_, text)| Answer::ok(text)),
        "blobs" => charts
            .find(|chart| format!("sha256:{}", sha256(&chart.archive)) == last)
            .map_or_else(missing, |chart| Answer::ok(chart.archive.clone())),
        _ => missing(),
    }
}

fn manifest(chart: &Published) -> String {
    let digest = format!("sha256:{}", sha256(&chart.archive));
    let content = if chart.config == CONFIG {
        CONTENT
    } else {
        "application/vnd.oci.image.layer.v1.tar+gzip"
    };
    serde_json::json!({
        "schemaVersion": 2,
        "config": {"mediaType": chart.config, "digest": format!("sha256:{}", sha256(b"{}")), "size": 2},
        "layers": [{"mediaType": content, "digest": digest, "size": chart.archive.len()}],
    })
    .to_string()
}
