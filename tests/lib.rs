//! Helpers shared by the end-to-end tests: one control plane for all that run at a time, and a world for each test.

pub mod helm_case;
pub mod overlay_case;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tiphys_testbed::control_plane::ControlPlane;
use tiphys_testbed::forward::Forwarder;
use tiphys_testbed::git::{HttpServer, Repository};
use tiphys_testbed::kubernetes::{Access, Kubernetes};
use tiphys_testbed::proxy::{Choice, Proxy};
use tiphys_testbed::rest::Client;
use tiphys_testbed::tiphys::{Options, Tiphys};
use tiphys_testbed::wait_for;
use tiphys_testbed::web::Request;

/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The control plane; it ends with the last test that uses it.
fn control_plane() -> Result<Arc<ControlPlane>> {
    static SHARED: Mutex<Weak<ControlPlane>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.upgrade() {
        return Ok(running);
    }
    let started = Arc::new(ControlPlane::start("e2e", &mut |line: &str| {
        eprintln!("{line}")
    })?);
    *shared = Arc::downgrade(&started);
    Ok(started)
}

/// The `tiphys` binary of this build.
///
/// # Errors
/// When it cannot be built.
pub fn binary() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "-p", "tiphys-server", "--bin", "tiphys"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .status();
        match status {
            Ok(status) if status.success() => Ok(()),
            other => Err(format!("tiphys cannot be built: {other:?}")),
        }
    });
    if let Err(reason) = built {
        bail!("{reason}");
    }
    // This program is <target>/<profile>/deps/e2e-….
    let test = std::env::current_exe()?;
    let folder = test
        .parent()
        .and_then(Path::parent)
        .context("a test lies in a target directory")?;
    Ok(folder.join("tiphys"))
}

/// A running Tiphys with a Git server, on the control plane. Everything ends with it.
pub struct World {
    /// The server.
    pub tiphys: Tiphys,
    /// The administrator.
    pub client: Client,
    /// The cluster.
    pub kubernetes: Kubernetes,
    /// The Git server.
    pub git: HttpServer,
    /// Its only repository.
    pub repository: Repository,
    /// Namespace of this test.
    pub namespace: String,
    _plane: Option<Arc<ControlPlane>>,
    folder: TempDir,
    also: Option<TempDir>,
}

impl World {
    /// Starts everything; `name` becomes the namespace.
    ///
    /// # Errors
    /// When something does not start.
    pub fn start(name: &str, store: &str) -> Result<Self> {
        Self::start_with(name, |options| store.clone_into(&mut options.store))
    }

    /// The same, with other options of the server.
    ///
    /// # Errors
    /// When something does not start.
    pub fn start_with(name: &str, change: impl FnOnce(&mut Options)) -> Result<Self> {
        let plane = control_plane()?;
        let mut world = Self::start_on(plane.kubeconfig(), name, change)?;
        world._plane = Some(plane);
        Ok(world)
    }

    /// The same, on a control plane that is the caller's.
    ///
    /// # Errors
    /// When something does not start.
    pub fn start_on(
        kubeconfig: &Path,
        name: &str,
        change: impl FnOnce(&mut Options),
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let root = folder.path().join("git");
        let repository = Repository::init(&root, "repo")?;
        let git = HttpServer::start(&root)?;
        let mut options = Options::new(&binary()?, &folder.path().join("data"));
        options.kubeconfig = Some(kubeconfig.to_owned());
        change(&mut options);
        let tiphys = Tiphys::start(options)?;
        Ok(Self {
            client: tiphys.admin()?,
            tiphys,
            kubernetes: Kubernetes::from_kubeconfig(kubeconfig)?,
            git,
            repository,
            namespace: name.to_owned(),
            _plane: None,
            folder,
            also: None,
        })
    }

    /// A world in which the health of ConfigMaps is what [`HEALTH_OF_MAPS`] says.
    ///
    /// # Errors
    /// When something does not start.
    pub fn start_with_health(name: &str, store: &str) -> Result<Self> {
        Self::start_configured(name, store, HEALTH_OF_MAPS)
    }

    /// A world whose server has a configuration file with this text.
    ///
    /// # Errors
    /// When something does not start.
    pub fn start_configured(name: &str, store: &str, text: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("tiphys.toml");
        std::fs::write(&file, text)?;
        let mut world = Self::start_with(name, |options| {
            store.clone_into(&mut options.store);
            options
                .arguments
                .extend(["--config".to_owned(), file.display().to_string()]);
        })?;
        world.also = Some(folder);
        Ok(world)
    }

    /// The same repository and cluster, and a new server with an empty data directory.
    ///
    /// # Errors
    /// When it does not start.
    pub fn in_another_server(mut self) -> Result<Self> {
        self.tiphys.kill();
        let mut options = Options::new(&binary()?, &self.folder.path().join("another"));
        options
            .kubeconfig
            .clone_from(&self.tiphys.options().kubeconfig);
        self.tiphys = Tiphys::start(options)?;
        self.client = self.tiphys.admin()?;
        Ok(self)
    }

    /// A world whose way to its cluster can be cut, and in which the health of ConfigMaps is what [`HEALTH_OF_MAPS`] says.
    ///
    /// # Errors
    /// When something does not start.
    pub fn start_behind(name: &str) -> Result<(Self, Forwarder)> {
        Self::start_reached(name, |access| {
            let target = access
                .server
                .strip_prefix("https://")
                .context("the API server speaks HTTPS")?;
            let forwarder = Forwarder::start(target)?;
            access.server = format!("https://{}", forwarder.address());
            Ok(forwarder)
        })
    }

    /// The same, with whose requests to the cluster is done what `choose` says.
    ///
    /// # Errors
    /// When something does not start.
    pub fn start_through<C: Into<Choice>>(
        name: &str,
        choose: impl Fn(&Request) -> C + Send + Sync + 'static,
    ) -> Result<(Self, Proxy)> {
        Self::start_reached(name, |access| {
            let proxy = Proxy::start(access, choose)?;
            access.server = proxy.url();
            Ok(proxy)
        })
    }

    /// A world whose server reaches the cluster in a way of its own.
    fn start_reached<T>(
        name: &str,
        way: impl FnOnce(&mut Access) -> Result<T>,
    ) -> Result<(Self, T)> {
        let plane = control_plane()?;
        let mut access = Access::from_kubeconfig(plane.kubeconfig())?;
        let way = way(&mut access)?;
        let folder = tempfile::tempdir()?;
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, access.kubeconfig("forwarded"))?;
        let file = folder.path().join("tiphys.toml");
        std::fs::write(&file, HEALTH_OF_MAPS)?;
        let mut world = Self::start_with(name, |options| {
            options.kubeconfig = Some(kubeconfig);
            options
                .arguments
                .extend(["--config".to_owned(), file.display().to_string()]);
        })?;
        world.also = Some(folder);
        Ok((world, way))
    }

    /// URL of the repository.
    #[must_use]
    pub fn url(&self) -> String {
        self.git.url(&self.repository.path())
    }

    /// An application named as the namespace, with the folder `app` of the repository; `policy` is its `syncPolicy`.
    #[must_use]
    pub fn application(&self, policy: &Value) -> Value {
        json!({
            "metadata": {"name": self.namespace},
            "spec": {
                "project": "default",
                "source": {"repoURL": self.url(), "path": "app", "targetRevision": "main"},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": self.namespace},
                "syncPolicy": policy,
            },
        })
    }

    /// Creates the application, with `CreateNamespace`.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn create(&self, automated: &Value) -> Result<Value> {
        let mut policy = json!({"syncOptions": ["CreateNamespace=true"]});
        if !automated.is_null() {
            policy["automated"] = automated.clone();
        }
        self.client
            .post("/api/v1/applications", &self.application(&policy))?
            .ok()
    }

    /// Path of the application in the API, with `rest` behind it.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/applications/{}{rest}", self.namespace)
    }

    /// The application now.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn get(&self) -> Result<Value> {
        self.client.get(&self.path(""))?.ok()
    }

    /// Starts a sync.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn sync(&self, request: &Value) -> Result<Value> {
        self.client.post(&self.path("/sync"), request)?.ok()
    }

    /// Waits until `condition` holds for the application.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn until(&self, what: &str, condition: impl Fn(&Value) -> bool) -> Result<Value> {
        self.until_at(&self.path(""), what, condition)
    }

    /// Waits until `condition` holds for what is at a path of the API.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn until_at(
        &self,
        path: &str,
        what: &str,
        condition: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        wait_for(what, PATIENCE, || {
            let application = self.client.get(path)?.ok()?;
            Ok(if condition(&application) {
                Ok(application)
            } else {
                Err(application.to_string())
            })
        })
    }

    /// Waits until the application is synced and healthy at a commit, and no operation is left.
    ///
    /// # Errors
    /// When it is not in time.
    pub fn until_synced(&self, commit: &str) -> Result<Value> {
        self.until("Synced and Healthy", |application| {
            let status = &application["status"];
            application["operation"].is_null()
                && status["sync"]["status"] == "Synced"
                && status["health"]["status"] == "Healthy"
                && status["sync"]["revision"] == commit
        })
    }

    /// Waits until the operation has ended.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn until_ended(&self) -> Result<Value> {
        self.until("the end of the operation", |application| {
            application["operation"].is_null()
                && application["status"]["operationState"]["finishedAt"].is_string()
        })
    }

    /// Terminates the operation, and waits until it has ended by that.
    ///
    /// # Errors
    /// When it does not in time, or ends in another way.
    pub fn terminate(&self) -> Result<()> {
        self.client.delete(&self.path("/operation"))?.ok()?;
        let ended = self.until_ended()?;
        let (phase, message) = (phase(&ended), message(&ended));
        ensure!(
            phase == "Failed" && message == "Operation terminated",
            "{phase}: {message}"
        );
        Ok(())
    }

    /// Waits until the application is no more.
    ///
    /// # Errors
    /// When it is still there in the end.
    pub fn until_gone(&self) -> Result<()> {
        self.until_gone_at(&self.path(""))
    }

    /// Waits until there is nothing at a path of the API.
    ///
    /// # Errors
    /// When something is still there in the end.
    pub fn until_gone_at(&self, path: &str) -> Result<()> {
        wait_for(&format!("the end of {path}"), PATIENCE, || {
            let answer = self.client.get(path)?;
            Ok(if answer.status == 404 {
                Ok(())
            } else {
                Err(answer.text)
            })
        })
    }

    /// Kills the server as a crash would, and starts it again on the same data.
    ///
    /// # Errors
    /// When it does not start.
    pub fn crash(&mut self) -> Result<()> {
        self.tiphys.kill();
        self.tiphys.start_again()?;
        self.client = self.tiphys.admin()?;
        Ok(())
    }

    /// What the server says of an object of an application, once it has seen this version of it.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn seen(&self, application: &str, live: &Value) -> Result<Value> {
        let metadata = &live["metadata"];
        let name = metadata["name"].as_str().context("a name")?;
        let path =
            format!("/api/v1/applications/{application}/managed-resources?resourceName={name}");
        wait_for("the version to be seen", PATIENCE, || {
            let item = self.client.get(&path)?.ok()?["items"][0].clone();
            let same = item["resourceVersion"] == metadata["resourceVersion"];
            Ok(if same {
                Ok(item)
            } else {
                Err(item.to_string())
            })
        })
    }

    /// Path of a ConfigMap of this test in the cluster.
    #[must_use]
    pub fn map(&self, name: &str) -> String {
        format!("/api/v1/namespaces/{}/configmaps/{name}", self.namespace)
    }
}

/// The configuration of a server for which a ConfigMap is as healthy as its value says: `Healthy`, `Progressing`, `Degraded`, and
/// healthy with any other value. Tests move an object from one state to another by patching it.
pub const HEALTH_OF_MAPS: &str = r#"
[customizations]
"health.ConfigMap" = """
hs = { status = "Healthy", message = "" }
if obj.data ~= nil and (obj.data.value == "Progressing" or obj.data.value == "Degraded") then
  hs.status = obj.data.value
  hs.message = "as its value says"
end
return hs
"""
"#;

/// The phase of the operation that is under way, or of the last one.
#[must_use]
pub fn phase(application: &Value) -> &Value {
    &application["status"]["operationState"]["phase"]
}

/// The row of an object in the result of the last operation; null when it has none.
#[must_use]
pub fn row_of<'a>(application: &'a Value, name: &str) -> &'a Value {
    application["status"]["operationState"]["syncResult"]["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["name"] == name)
        .unwrap_or(&Value::Null)
}

/// The message of the operation that is under way, or of the last one.
#[must_use]
pub fn message(application: &Value) -> &str {
    application["status"]["operationState"]["message"]
        .as_str()
        .unwrap_or_default()
}

/// A ConfigMap with annotations, each `name: "value"` below `argocd.argoproj.io/`.
#[must_use]
pub fn annotated(name: &str, value: &str, annotations: &[(&str, &str)]) -> String {
    let annotations: serde_json::Map<String, Value> = annotations
        .iter()
        .map(|(name, value)| (format!("argocd.argoproj.io/{name}"), json!(value)))
        .collect();
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "annotations": annotations},
        "data": {"value": value}});
    format!("---\n{map}\n")
}

/// A ConfigMap as a manifest.
#[must_use]
pub fn config_map(name: &str, value: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: {value:?}}}\n"
    )
}

/// The status in the row of an object, null when it has none.
#[must_use]
pub fn status_of<'a>(application: &'a Value, name: &str) -> &'a Value {
    application["status"]["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["name"] == name)
        .map_or(&Value::Null, |row| &row["status"])
}

/// The messages of an application's conditions of one type.
#[must_use]
pub fn conditions(application: &Value, kind: &str) -> Vec<String> {
    application["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|condition| condition["type"] == kind)
        .map(|condition| condition["message"].as_str().unwrap_or_default().to_owned())
        .collect()
}
