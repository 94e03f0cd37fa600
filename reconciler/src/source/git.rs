//! What is done with gix, blocking.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use gix::bstr::BStr;
use gix::progress::Discard;
use gix::protocol::handshake::Ref;

use tiphys_model::RevisionMetadata;

use super::http::Settings;
use super::revision::Refs;
use super::{Repo, SourceError};

/// The private key for `ssh`, and what `ssh` says, removed when dropped.
struct SshFiles {
    folder: PathBuf,
}

impl SshFiles {
    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// The last that `ssh` said; the transport itself only sees that it ended.
    fn said(&self) -> Option<String> {
        let log = std::fs::read_to_string(self.log()).ok()?;
        let lines: Vec<&str> = log
            .lines()
            .map(str::trim)
            .filter(|line| {
                !line.is_empty()
                    && !line.starts_with('@')
                    && !line.starts_with("Warning: Permanently added")
            })
            .collect();
        (!lines.is_empty()).then(|| lines[lines.len().saturating_sub(3)..].join("; "))
    }
}

/// The error, with what `ssh` said about it.
fn explained(repo: &Repo, ssh: Option<&SshFiles>, error: SourceError) -> SourceError {
    let Some(said) = ssh.and_then(SshFiles::said) else {
        return error;
    };
    match error {
        SourceError::Failed { .. }
        | SourceError::NotFound { .. }
        | SourceError::Authentication { .. } => fault(repo, &std::io::Error::other(said)),
        other => other,
    }
}

impl Drop for SshFiles {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}

/// Turns gix's chain of errors into ours.
fn fault(repo: &Repo, error: &dyn std::error::Error) -> SourceError {
    let message = repo.without_secrets(&crate::with_causes(error));
    let lower = message.to_lowercase();
    let url = repo.shown();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&[
        "401",
        "403",
        "authentication",
        "permission denied",
        "credential",
        "host key verification",
        "unauthorized",
    ]) {
        SourceError::Authentication { url, message }
    } else if has(&[
        "404",
        "not found",
        "does not exist",
        "no such file",
        "not appear to be a git repository",
    ]) {
        SourceError::NotFound { url, message }
    } else {
        SourceError::Failed { url, message }
    }
}

fn boxed(repo: &Repo) -> impl Fn(Box<dyn std::error::Error + Send + Sync>) -> SourceError + '_ {
    move |error| fault(repo, error.as_ref())
}

/// Opens the bare repository of a source, or makes it. The host's configuration takes no part.
pub fn open(folder: &Path, repo: &Repo) -> Result<gix::ThreadSafeRepository, SourceError> {
    let options = gix::open::Options::isolated();
    if folder.join("HEAD").exists() {
        if let Ok(repository) = gix::ThreadSafeRepository::open_opts(folder, options.clone()) {
            return Ok(repository);
        }
        // Objects can be fetched again; a folder that was damaged is not worth keeping.
        std::fs::remove_dir_all(folder).map_err(|error| fault(repo, &error))?;
    }
    std::fs::create_dir_all(folder).map_err(|error| fault(repo, &error))?;
    gix::ThreadSafeRepository::init_opts(
        folder,
        gix::create::Kind::Bare,
        gix::create::Options::default(),
        options,
    )
    .map_err(|error| boxed(repo)(error.into()))
}

fn configure(
    repository: &mut gix::Repository,
    repo: &Repo,
    known_hosts: Option<&Path>,
) -> Result<Option<SshFiles>, SourceError> {
    let folder = repository.path().to_owned();
    let mut ssh = None;
    let mut config = repository.config_snapshot_mut();
    let mut set = |key: &str, value: &str| {
        config
            .set_raw_value(key, value)
            .map(|_| ())
            .map_err(|error| boxed(repo)(error.into()))
    };
    if let Some(header) = repo.authorization() {
        set("http.extraHeader", &header)?;
    }
    if repo.is_ssh() {
        let files = SshFiles {
            folder: folder.join(format!("ssh-{:016x}", rand::random::<u64>())),
        };
        let io = |error: std::io::Error| fault(repo, &error);
        std::fs::create_dir_all(&files.folder).map_err(io)?;
        let mut command = format!(
            "ssh -F /dev/null -o BatchMode=yes -o ConnectTimeout=10 -E '{}'",
            files.log().display()
        );
        if repo.insecure_ignore_host_key {
            command += " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null";
        } else {
            command += " -o StrictHostKeyChecking=yes";
            if let Some(file) = known_hosts {
                command += &format!(
                    " -o UserKnownHostsFile='{}' -o UpdateHostKeys=no",
                    file.display()
                );
            }
        }
        if !repo.credentials.ssh_private_key.is_empty() {
            let key = files.folder.join("key");
            write_secret(&key, &repo.credentials.ssh_private_key).map_err(io)?;
            command += &format!(" -o IdentitiesOnly=yes -i '{}'", key.display());
        }
        set("core.sshCommand", &command)?;
        ssh = Some(files);
    }
    config.commit().map_err(|error| boxed(repo)(error.into()))?;
    Ok(ssh)
}

fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    // OpenSSH refuses a key without a last newline.
    if text.ends_with('\n') {
        Ok(())
    } else {
        file.write_all(b"\n")
    }
}

/// What a connection to a repository's server is made with.
#[derive(Clone, Copy)]
pub struct Link<'a> {
    /// The repository, with the credentials of this moment.
    pub repo: &'a Repo,
    /// File with the keys of SSH servers that are trusted.
    pub known_hosts: Option<&'a Path>,
}

/// Options of the HTTP transport: what Git's own configuration cannot say goes through the client's builder.
fn transport(
    local: &gix::Repository,
    repo: &Repo,
) -> Result<Option<Box<dyn std::any::Any>>, SourceError> {
    use gix::protocol::transport::client::blocking_io::http;
    if repo.is_ssh() || repo.is_file() {
        return Ok(None);
    }
    let settings = Settings::new(repo)?;
    let options = local
        .transport_options(repo.url.as_str(), None)
        .map_err(|error| boxed(repo)(error.into()))?;
    let Some(Ok(mut options)) = options.map(|options| options.downcast::<http::Options>()) else {
        return Ok(None);
    };
    let backend = http::reqwest::Options {
        configure_client: Some(Box::new(move |builder| Ok(settings.blocking(builder)))),
        configure_request: None,
    };
    options.backend = Some(std::sync::Arc::new(std::sync::Mutex::new(backend)));
    Ok(Some(options))
}

/// Asks for the references: one `ls-remote`.
pub fn list(repository: &gix::ThreadSafeRepository, link: Link<'_>) -> Result<Refs, SourceError> {
    let repo = link.repo;
    let mut local = repository.to_thread_local();
    let ssh = configure(&mut local, repo, link.known_hosts)?;
    references(&local, repo).map_err(|error| explained(repo, ssh.as_ref(), error))
}

fn references(local: &gix::Repository, repo: &Repo) -> Result<Refs, SourceError> {
    let error = boxed(repo);
    let remote = local
        .remote_at(repo.url.as_str())
        .map_err(|e| error(e.into()))?
        .with_refspecs(
            Some("+refs/heads/*:refs/remotes/origin/*"),
            gix::remote::Direction::Fetch,
        )
        .map_err(|e| error(e.into()))?;
    let mut connection = remote
        .connect(gix::remote::Direction::Fetch)
        .map_err(|e| error(e.into()))?
        .with_credentials(|_| Ok(None));
    if let Some(options) = transport(local, repo)? {
        connection = connection.with_transport_options(options);
    }
    let options = gix::remote::ref_map::Options {
        prefix_from_spec_as_filter_on_remote: false,
        ..Default::default()
    };
    let (map, _handshake) = connection
        .ref_map(Discard, options)
        .map_err(|e| error(e.into()))?;
    let mut refs = Refs::default();
    for found in map.remote_refs {
        let (name, commit) = match found {
            Ref::Peeled {
                full_ref_name,
                object,
                ..
            }
            | Ref::Direct {
                full_ref_name,
                object,
            }
            | Ref::Symbolic {
                full_ref_name,
                object,
                ..
            } => (full_ref_name, object),
            Ref::Unborn { .. } => continue,
        };
        refs.0.insert(name.to_string(), commit.to_string());
    }
    Ok(refs)
}

/// How many commits are kept, by their references.
pub fn kept(repository: &gix::ThreadSafeRepository) -> usize {
    let local = repository.to_thread_local();
    let Ok(references) = local.references() else {
        return 0;
    };
    references
        .prefixed("refs/tiphys/")
        .map_or(0, Iterator::count)
}

/// The tree of a commit that is already here. The tree itself is not read: the root of a large repository takes milliseconds.
pub fn tree_of(repository: &gix::ThreadSafeRepository, commit: &str) -> Option<gix::ObjectId> {
    let local = repository.to_thread_local();
    let id = gix::ObjectId::from_hex(commit.as_bytes()).ok()?;
    let commit = local.try_find_object(id).ok()??.peel_to_commit().ok()?;
    let tree = commit.tree_id().ok()?.detach();
    local.has_object(tree).then_some(tree)
}

/// Author, time and message of a commit that is here.
pub fn metadata(repository: &gix::ThreadSafeRepository, commit: &str) -> Option<RevisionMetadata> {
    let local = repository.to_thread_local();
    let id = gix::ObjectId::from_hex(commit.as_bytes()).ok()?;
    let commit = local.try_find_object(id).ok()??.peel_to_commit().ok()?;
    let author = commit.author().ok()?;
    let time = author.time().ok()?;
    Some(RevisionMetadata {
        author: format!("{} <{}>", author.name, author.email),
        date: chrono::DateTime::from_timestamp(time.seconds, 0),
        message: commit.message_raw().ok()?.to_string().trim_end().to_owned(),
        ..RevisionMetadata::default()
    })
}

/// Fetches one commit without its history, or everything when `commit` is none.
pub fn fetch(
    repository: &gix::ThreadSafeRepository,
    link: Link<'_>,
    commit: Option<&str>,
    interrupt: &AtomicBool,
) -> Result<(), SourceError> {
    let repo = link.repo;
    let mut local = repository.to_thread_local();
    let ssh = configure(&mut local, repo, link.known_hosts)?;
    receive(&local, repo, commit, interrupt).map_err(|error| explained(repo, ssh.as_ref(), error))
}

fn receive(
    local: &gix::Repository,
    repo: &Repo,
    commit: Option<&str>,
    interrupt: &AtomicBool,
) -> Result<(), SourceError> {
    let error = boxed(repo);
    let spec = match commit {
        // The reference keeps the commit, and finds it after a restart.
        Some(commit) => format!("+{commit}:refs/tiphys/{commit}"),
        None => "+refs/heads/*:refs/remotes/origin/*".to_owned(),
    };
    let remote = local
        .remote_at(repo.url.as_str())
        .map_err(|e| error(e.into()))?
        .with_refspecs(
            Some(<&BStr>::from(spec.as_str())),
            gix::remote::Direction::Fetch,
        )
        .map_err(|e| error(e.into()))?
        .with_fetch_tags(gix::remote::fetch::Tags::None);
    let mut connection = remote
        .connect(gix::remote::Direction::Fetch)
        .map_err(|e| error(e.into()))?
        .with_credentials(|_| Ok(None));
    if let Some(options) = transport(local, repo)? {
        connection = connection.with_transport_options(options);
    }
    let shallow = match commit {
        Some(_) => gix::remote::fetch::Shallow::DepthAtRemote(std::num::NonZeroU32::MIN),
        None => gix::remote::fetch::Shallow::undo(),
    };
    connection
        .prepare_fetch(Discard, gix::remote::ref_map::Options::default())
        .map_err(|e| error(e.into()))?
        .with_shallow(shallow)
        .receive(Discard, interrupt)
        .map_err(|e| error(e.into()))?;
    Ok(())
}

/// The commit that begins with these hexadecimal digits, among those that are here.
pub fn complete(repository: &gix::ThreadSafeRepository, prefix: &str) -> Option<String> {
    let local = repository.to_thread_local();
    let id = local.rev_parse_single(prefix).ok()?;
    let commit = id.object().ok()?.peel_to_commit().ok()?;
    Some(commit.id.to_string())
}
