//! Starting the five programs with their certificates and ports, and waiting until pods can become Ready.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{ControlPlane, Programs, Progress, Running, STATE, State, clusters, sweep};
use crate::{
    certificates::{self, Authority, Identity},
    kubernetes::{Access, Kubernetes},
    ports,
    process::Process,
    wait_for,
};

const PATIENCE: Duration = Duration::from_secs(120);
/// Ports are chosen before they are bound, so that somebody else may take one in between; a program may also give up on another
/// that a busy machine starts too slowly.
const ATTEMPTS: u32 = 3;

/// A program ended before the control plane was ready.
#[derive(Debug)]
struct Ended(String);

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Ended {}

pub(super) fn start(
    name: &str,
    owner: Option<u32>,
    progress: Progress<'_>,
) -> Result<ControlPlane> {
    sweep()?;
    let programs = Programs::resolve(progress)?;
    let mut attempt = 1;
    loop {
        match try_start(name, owner, &programs, progress) {
            Err(error) if attempt < ATTEMPTS && error.is::<Ended>() => {
                progress(&format!("{error:#}\ntrying again, with other ports"));
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

fn try_start(
    name: &str,
    owner: Option<u32>,
    programs: &Programs,
    progress: Progress<'_>,
) -> Result<ControlPlane> {
    let began = Instant::now();
    let layout = Layout::new(&clusters()?.join(name))?;
    let state = State {
        name: name.to_owned(),
        server: format!("https://127.0.0.1:{}", layout.api_port),
        kubeconfig: layout.folder.join("kubeconfig"),
        version: String::new(),
        owner,
        processes: Vec::new(),
    };
    let access = layout.write(&state)?;
    let mut plane = ControlPlane {
        folder: layout.folder.clone(),
        state,
        processes: Vec::new(),
        stays: false,
    };
    plane.spawn("etcd", layout.etcd(programs)?)?;
    let kubernetes = Kubernetes::from_kubeconfig(&plane.state.kubeconfig)?;
    // The API server ends when etcd does not answer in time.
    let etcd = SocketAddr::from((Ipv4Addr::LOCALHOST, layout.etcd_client));
    plane.wait(
        "etcd",
        |_| {
            Ok(TcpStream::connect(etcd)
                .map(drop)
                .map_err(|e| e.to_string()))
        },
        &kubernetes,
    )?;
    plane.spawn("kube-apiserver", layout.api_server(programs)?)?;
    plane.wait("the API server", |k| Ok(api_ready(k)), &kubernetes)?;
    progress(&format!(
        "API server ready at {} after {:.1} s",
        access.server,
        began.elapsed().as_secs_f32()
    ));
    plane.spawn(
        "kube-controller-manager",
        layout.controller_manager(programs)?,
    )?;
    plane.spawn("kube-scheduler", layout.scheduler(programs)?)?;
    plane.spawn("kwok", layout.kwok(programs)?)?;
    kubernetes.create("/api/v1/nodes", &node())?;
    plane.wait(
        "the node",
        |k| Ok(node_ready(k.get("/api/v1/nodes/kwok")?)),
        &kubernetes,
    )?;
    plane.wait(
        "the default service account",
        |k| {
            Ok(k.get("/api/v1/namespaces/default/serviceaccounts/default")?
                .map(drop)
                .ok_or("not there yet".to_owned()))
        },
        &kubernetes,
    )?;
    let version = kubernetes.client().get("/version")?.ok()?;
    plane.state.version = version["gitVersion"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    plane.save()?;
    plane.stays = owner.is_none();
    progress(&format!(
        "control plane {name} ({}) ready after {:.1} s",
        plane.state.version,
        began.elapsed().as_secs_f32()
    ));
    Ok(plane)
}

fn api_ready(kubernetes: &Kubernetes) -> Result<(), String> {
    match kubernetes.client().get("/readyz") {
        Ok(answer) if answer.status == 200 => Ok(()),
        Ok(answer) => Err(format!("{} {}", answer.status, answer.text)),
        Err(error) => Err(format!("{error:#}")),
    }
}

fn node_ready(node: Option<Value>) -> Result<(), String> {
    let node = node.ok_or("not there yet")?;
    let ready = node["status"]["conditions"]
        .as_array()
        .is_some_and(|conditions| {
            conditions
                .iter()
                .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
        });
    let tainted = node["spec"]["taints"]
        .as_array()
        .is_some_and(|taints| !taints.is_empty());
    if ready && !tainted {
        Ok(())
    } else {
        Err(node.to_string())
    }
}

fn node() -> Value {
    json!({
        "metadata": {
            "name": "kwok",
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"kubernetes.io/hostname": "kwok", "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"},
        },
        "status": {
            "allocatable": {"cpu": "1000", "memory": "4096Gi", "pods": "10000"},
            "capacity": {"cpu": "1000", "memory": "4096Gi", "pods": "10000"},
        },
    })
}

impl ControlPlane {
    fn spawn(&mut self, name: &str, command: Command) -> Result<()> {
        let log = self.folder.join(format!("{name}.log"));
        let process = Process::spawn(name, command, &log)?;
        self.state.processes.push(Running {
            name: name.to_owned(),
            id: process.id(),
        });
        self.processes.push(process);
        // Written after every start, so that a killed owner leaves nothing that cannot be swept away.
        self.save()
    }

    /// Kills one of the programs by its name, as a crash would.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn kill(&mut self, name: &str) -> Result<()> {
        self.program(name)?.kill();
        Ok(())
    }

    /// Starts a killed program again, and waits until the API server is ready.
    ///
    /// # Errors
    /// When there is none of that name, or it does not start.
    pub fn start_again(&mut self, name: &str) -> Result<()> {
        let program = self.program(name)?;
        program.start_again()?;
        let id = program.id();
        for running in &mut self.state.processes {
            if running.name == name {
                running.id = id;
            }
        }
        self.save()?;
        let kubernetes = Kubernetes::from_kubeconfig(&self.state.kubeconfig)?;
        wait_for("the API server", PATIENCE, || Ok(api_ready(&kubernetes)))
    }

    fn program(&mut self, name: &str) -> Result<&mut Process> {
        self.processes
            .iter_mut()
            .find(|process| process.name() == name)
            .with_context(|| format!("no {name} belongs to this control plane"))
    }

    fn save(&self) -> Result<()> {
        fs::write(
            self.folder.join(STATE),
            serde_json::to_vec_pretty(&self.state)?,
        )?;
        Ok(())
    }

    fn wait(
        &mut self,
        what: &str,
        mut probe: impl FnMut(&Kubernetes) -> Result<Result<(), String>>,
        kubernetes: &Kubernetes,
    ) -> Result<()> {
        let processes = &mut self.processes;
        wait_for(what, PATIENCE, || {
            for process in &mut *processes {
                if let Some(status) = process.exited()? {
                    let (name, log) = (process.name(), process.tail());
                    bail!(Ended(format!(
                        "{name} ended with {status}; the end of its log:\n{log}"
                    )));
                }
            }
            probe(kubernetes)
        })
    }
}

/// The folder of one control plane, and the ports it will use.
struct Layout {
    folder: PathBuf,
    api_port: u16,
    etcd_client: u16,
    etcd_peer: u16,
    kwok_port: u16,
}

impl Layout {
    fn new(folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            api_port: ports::free()?,
            etcd_client: ports::free()?,
            etcd_peer: ports::free()?,
            kwok_port: ports::free()?,
        })
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Writes certificates, keys and the administrator's kubeconfig.
    fn write(&self, state: &State) -> Result<Access> {
        let authority = Authority::new("tiphys-testbed")?;
        let names = [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
        ];
        let Identity { certificate, key } = authority.server(&names)?;
        let admin = authority.client("admin", "system:masters")?;
        let access = Access {
            server: state.server.clone(),
            authority: authority.certificate().to_owned(),
            token: None,
            client: Some((admin.certificate, admin.key)),
        };
        let (private, public) = certificates::key_pair()?;
        for (name, content) in [
            ("ca.crt", authority.certificate()),
            ("server.crt", &certificate),
            ("server.key", &key),
            ("service-account.key", &private),
            ("service-account.pub", &public),
            ("kubeconfig", &access.kubeconfig(&state.name)),
            ("kwok.yaml", include_str!("kwok.yaml")),
        ] {
            let path = self.folder.join(name);
            fs::write(&path, content)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(access)
    }

    fn etcd(&self, programs: &Programs) -> Result<Command> {
        let client = format!("http://127.0.0.1:{}", self.etcd_client);
        let peer = format!("http://127.0.0.1:{}", self.etcd_peer);
        let mut command = Command::new(programs.path("etcd")?);
        command
            .arg(format!("--data-dir={}", self.file("etcd")))
            .arg(format!("--listen-client-urls={client}"))
            .arg(format!("--advertise-client-urls={client}"))
            .arg(format!("--listen-peer-urls={peer}"))
            .arg(format!("--initial-advertise-peer-urls={peer}"))
            .arg(format!("--initial-cluster=default={peer}"))
            // Nothing here has to survive the machine.
            .args(["--unsafe-no-fsync", "--log-level=warn"]);
        Ok(command)
    }

    fn api_server(&self, programs: &Programs) -> Result<Command> {
        let mut command = Command::new(programs.path("kube-apiserver")?);
        command
            .arg(format!(
                "--etcd-servers=http://127.0.0.1:{}",
                self.etcd_client
            ))
            .arg(format!("--secure-port={}", self.api_port))
            .arg(format!("--tls-cert-file={}", self.file("server.crt")))
            .arg(format!(
                "--tls-private-key-file={}",
                self.file("server.key")
            ))
            .arg(format!("--client-ca-file={}", self.file("ca.crt")))
            .arg(format!(
                "--service-account-key-file={}",
                self.file("service-account.pub")
            ))
            .arg(format!(
                "--service-account-signing-key-file={}",
                self.file("service-account.key")
            ))
            .args([
                "--bind-address=127.0.0.1",
                "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
                "--service-cluster-ip-range=10.0.0.0/24",
                "--authorization-mode=RBAC",
                "--allow-privileged=true",
                // There is no address but loopback to publish as the endpoint of the `kubernetes` service.
                "--endpoint-reconciler-type=none",
                "--profiling=false",
            ]);
        Ok(command)
    }

    fn controller_manager(&self, programs: &Programs) -> Result<Command> {
        let mut command = Command::new(programs.path("kube-controller-manager")?);
        command
            .arg(format!("--kubeconfig={}", self.file("kubeconfig")))
            .arg(format!(
                "--service-account-private-key-file={}",
                self.file("service-account.key")
            ))
            .arg(format!("--root-ca-file={}", self.file("ca.crt")))
            .args([
                "--leader-elect=false",
                "--secure-port=0",
                "--profiling=false",
            ])
            .args([
                "--kube-api-qps=1000",
                "--kube-api-burst=2000",
                "--concurrent-namespace-syncs=20",
            ]);
        Ok(command)
    }

    fn scheduler(&self, programs: &Programs) -> Result<Command> {
        let mut command = Command::new(programs.path("kube-scheduler")?);
        command
            .arg(format!("--kubeconfig={}", self.file("kubeconfig")))
            .args([
                "--leader-elect=false",
                "--secure-port=0",
                "--profiling=false",
            ])
            .args(["--kube-api-qps=1000", "--kube-api-burst=2000"]);
        Ok(command)
    }

    fn kwok(&self, programs: &Programs) -> Result<Command> {
        let mut command = Command::new(programs.path("kwok")?);
        command
            .arg(format!("--kubeconfig={}", self.file("kubeconfig")))
            .arg(format!("--server-address=127.0.0.1:{}", self.kwok_port))
            // Given explicitly, or kwok reads a person's ~/.kwok/kwok.yaml.
            .arg(format!("--config={}", self.file("kwok.yaml")))
            .args([
                "--manage-all-nodes=true",
                "--node-lease-duration-seconds=40",
                "--cidr=10.244.0.0/16",
            ]);
        Ok(command)
    }
}
