//! `tiphys serve`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use dropshot::{ConfigDropshot, HandlerTaskMode, HttpServer, ServerBuilder};
use tiphys_reconciler::cluster::{Access, Clusters, OwnObjects};
use tiphys_reconciler::source::{Options, Sources};
use tiphys_reconciler::{Parts, Reconciler};
use tiphys_server::app::App;
use tiphys_server::auth::{Accounts, FirstPassword};
use tiphys_server::config::{self, File, TlsFile};
use tiphys_server::customizations;
use tiphys_server::logging;
use tiphys_server::tls;
use tiphys_server::world::World;
use tiphys_storage::Database;

use crate::cli::{Serve, data_dir, open_store, sealer};

/// Largest request body.
const BODY_BYTES: usize = 16 << 20;
/// How long open requests may take when the server stops.
const GRACE: Duration = Duration::from_secs(5);
/// How often a certificate on the disk is looked at.
const RENEWAL: Duration = Duration::from_secs(30);

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// When it cannot start.
pub fn run(options: Serve) -> anyhow::Result<()> {
    let file = options
        .config
        .as_deref()
        .map(File::read)
        .transpose()?
        .unwrap_or_default();
    let level = options.log_level.as_ref().or(file.log.level.as_ref());
    logging::start(
        options.log_format.or(file.log.format).unwrap_or_default(),
        level.map_or("info", String::as_str),
    )?;
    // Memory goes back also while nothing is asked; a command that ends at once starts no thread for it.
    if let Err(error) = tikv_jemalloc_ctl::background_thread::write(true) {
        tracing::warn!(%error, "memory that is not used goes back to the system only while there is work");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    runtime.block_on(serve(options, file))
}

async fn serve(options: Serve, file: File) -> anyhow::Result<()> {
    let listen = options
        .listen
        .clone()
        .or_else(|| file.listen.clone())
        .unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let address: SocketAddr = listen.parse().with_context(|| {
        format!("--listen {listen}: not an address and port such as 127.0.0.1:8080")
    })?;
    let directory = data_dir(&options.data, &file);
    let file_tls = file.tls.clone();
    let secure = options.tls_cert.is_some()
        || file_tls.cert.is_some()
        || options
            .tls_self_signed
            .or(file_tls.self_signed)
            .unwrap_or(false);
    let database = Database::new(open_store(&options.data, &file)?)?;
    let seal_key = options.seal_key.as_ref().or(file.seal_key.as_ref());
    let key = || sealer(seal_key.map(String::as_str), &directory);
    let (accounts, first) = Accounts::start(
        &database,
        &key()?,
        options
            .admin_password
            .clone()
            .or_else(|| file.admin_password.clone()),
        secure,
        chrono::Utc::now().timestamp(),
    )
    .await?;
    let webhook_secrets = options.webhook.secrets(&file.webhook)?;
    let mut customs = customizations::read(&file.customizations)?;
    customs.uncounted = file.resource.compareoptions.uncounted()?;
    let sources = Sources::new(reading(&options, &file, &directory)?);
    let dependencies = Arc::default();
    let own = config::app_of_apps(options.app_of_apps.as_deref(), &file)?
        .map(|namespace| OwnObjects::new(&database, &namespace, Arc::clone(&dependencies)));
    let clusters = Clusters::new(file.tracking()?, own);
    let local = Access::Local {
        kubeconfig: options
            .kubeconfig
            .clone()
            .or_else(|| file.kubeconfig.clone()),
        context: options.context.clone().or_else(|| file.context.clone()),
    };
    let reconciler = Reconciler::new(Parts {
        database: database.clone(),
        sealer: key()?,
        rendered: directory.join("rendered"),
        sources: sources.clone(),
        clusters: clusters.clone(),
        local,
        customs,
        server_side_diff: file.controller.diff.server.side,
        limits: options.limits.limits(&file.render),
        dependencies,
    });
    let world = World {
        sources,
        clusters,
        reconciler: reconciler.clone(),
    };
    let view = reconciler.clone();
    let app = App::start(
        &database,
        accounts,
        key()?,
        Arc::new(world),
        view,
        file.settings,
        webhook_secrets,
    )
    .await?;
    let api = tiphys_api::describe::<App>()
        .map_err(|error| anyhow::anyhow!("the routes conflict: {error}"))?;
    let config = ConfigDropshot {
        bind_address: address,
        default_request_body_max_bytes: BODY_BYTES,
        default_handler_task_mode: HandlerTaskMode::Detached,
        ..ConfigDropshot::default()
    };
    let certificate = tls(&options, &file_tls, &directory, address)?;
    let tls = certificate.as_ref().map(tls::Files::read).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let server = ServerBuilder::new(api, Arc::new(app), tiphys_server::logging::for_dropshot())
        .config(config)
        .tls(tls)
        .start()
        .map_err(|error| {
            anyhow::anyhow!("cannot listen on {address}: {error}; choose another with --listen")
        })?;
    if let FirstPassword::Made(password) = first {
        // Shown once, to whoever starts the server; it is kept only as a hash.
        eprintln!(
            "The password of `admin` is: {password}\nIt is not shown again. Change it with PUT /api/v1/account/password."
        );
    }
    tracing::info!("listening on {scheme}://{}", server.local_addr());
    let reconciling = tokio::spawn(reconciler.run());
    tokio::select! {
        stop = stopped() => stop?,
        never = renewed(&server, certificate) => never?,
    }
    tracing::info!("stopping");
    reconciling.abort();
    if tokio::time::timeout(GRACE, server.close()).await.is_err() {
        tracing::warn!("requests were still open after {} s", GRACE.as_secs());
    }
    database.close().await;
    Ok(())
}

/// How repositories are read.
fn reading(options: &Serve, file: &File, directory: &Path) -> anyhow::Result<Options> {
    let seconds = |flag: Option<u64>, key: Option<u64>, default: u64| {
        Duration::from_secs(flag.or(key).unwrap_or(default).max(1))
    };
    let git = &file.git;
    let known_hosts = options
        .git_ssh_known_hosts
        .as_ref()
        .or(git.ssh_known_hosts.as_ref());
    let known_hosts = known_hosts
        .map(|path| {
            // The name becomes part of a command of ssh.
            if path.to_string_lossy().contains(['\'', '"', '\n']) {
                anyhow::bail!(
                    "--git-ssh-known-hosts {}: a name with quotes cannot be used",
                    path.display()
                );
            }
            path.canonicalize()
                .with_context(|| format!("--git-ssh-known-hosts {}", path.display()))
        })
        .transpose()?;
    Ok(Options {
        folder: directory.join("git"),
        charts: directory.join("charts"),
        poll: seconds(options.git_poll_interval, git.poll_interval, 5),
        allow_file: options.git_allow_file.or(git.allow_file).unwrap_or(false),
        list_timeout: seconds(options.git_list_timeout, git.list_timeout, 15),
        fetch_timeout: seconds(options.git_fetch_timeout, git.fetch_timeout, 90),
        known_hosts,
        archive: options.limits.limits(&file.render).archive,
    })
}

/// HTTPS as the options ask for it; none for plain HTTP.
fn tls(
    options: &Serve,
    file: &TlsFile,
    directory: &Path,
    address: SocketAddr,
) -> anyhow::Result<Option<tls::Files>> {
    let cert = options.tls_cert.as_ref().or(file.cert.as_ref());
    let key = options.tls_key.as_ref().or(file.key.as_ref());
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some(tls::given(cert, key))),
        (None, None)
            if options
                .tls_self_signed
                .or(file.self_signed)
                .unwrap_or(false) =>
        {
            let names = ["localhost".to_owned(), address.ip().to_string()];
            tls::self_signed(directory, &names).map(Some)
        }
        (None, None) => Ok(None),
        _ => anyhow::bail!(
            "a certificate and its key belong together: give both --tls-cert and --tls-key"
        ),
    }
}

/// Serves a certificate that was renewed on the disk, at SIGHUP and within a minute. It never ends.
async fn renewed<C: dropshot::ServerContext>(
    server: &HttpServer<C>,
    certificate: Option<tls::Files>,
) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup()).context("SIGHUP cannot be handled")?;
    let mut known = certificate.as_ref().and_then(tls::Files::stamp);
    loop {
        let asked = tokio::time::timeout(RENEWAL, hangup.recv()).await.is_ok();
        let Some(certificate) = &certificate else {
            continue;
        };
        let now = certificate.stamp();
        if now == known && !asked {
            continue;
        }
        known = now;
        match certificate.refresh(server).await {
            Ok(()) => tracing::info!("the certificate was read again"),
            Err(error) => {
                tracing::error!(%error, "the certificate on the disk is not usable; the one before it is still served")
            }
        }
    }
}

async fn stopped() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be handled")?;
    tokio::select! {
        _ = terminate.recv() => {}
        result = tokio::signal::ctrl_c() => result.context("SIGINT cannot be handled")?,
    }
    Ok(())
}
