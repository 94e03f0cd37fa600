//! Configuration: flags, then environment variables, then one TOML file, then defaults.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use tiphys_engine::admission;
use tiphys_engine::diff::IgnoreStatus;
use tiphys_engine::tracking::{Method, Tracking};
use tiphys_model::{DexConfig, GoogleAnalyticsConfig, Help, OidcConfig};
use tiphys_reconciler::Uncounted;
use tiphys_secrets::Secret;

use crate::limits::LimitsFile;
use crate::webhook::Secrets;

/// Which embedded store keeps the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// SQLite in write-ahead mode.
    Sqlite,
    /// sled.
    Sled,
}

/// The TOML file. An unknown key is an error that names it. It has no `Debug`: it may hold secrets.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// Address to listen on.
    pub listen: Option<String>,
    /// Folder for everything that is kept.
    pub data_dir: Option<PathBuf>,
    /// Which embedded store.
    pub store: Option<Backend>,
    /// Kubeconfig of the cluster that is called in-cluster.
    pub kubeconfig: Option<PathBuf>,
    /// Context within the kubeconfig.
    pub context: Option<String>,
    /// HTTPS.
    pub tls: TlsFile,
    /// How repositories are read.
    pub git: GitFile,
    /// What one rendering may cost.
    pub render: LimitsFile,
    /// What is logged.
    pub log: LogFile,
    /// Password of `admin` at the first start.
    pub admin_password: Option<String>,
    /// Key that seals credentials, 32 bytes in base64.
    pub seal_key: Option<String>,
    /// What `/settings` tells clients.
    pub settings: SettingsFile,
    /// What the senders of events know.
    pub webhook: WebhookFile,
    /// Tells control planes apart that work on one cluster.
    #[serde(rename = "installationID")]
    pub installation_id: String,
    /// Namespace in which a manifest of an `Application` or `AppProject` for the server's own cluster means one of this control plane;
    /// `off` for none.
    pub app_of_apps: Option<String>,
    /// How objects of applications are known.
    pub application: ApplicationFile,
    /// How the controller works.
    pub controller: ControllerFile,
    /// How objects are compared.
    pub resource: ResourceFile,
    /// Health, actions and ignored differences of kinds; see [`crate::customizations`].
    pub customizations: toml::Table,
}

/// The part of the file about applications; the keys are those of Argo CD's `argocd-cm`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct ApplicationFile {
    /// `annotation`, `label` or `annotation+label`.
    pub resource_tracking_method: String,
    /// Key of the label.
    pub instance_label_key: String,
}

/// The part of the file about objects; the keys are those of Argo CD's `argocd-cm`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceFile {
    /// `resource.compareoptions`.
    pub compareoptions: CompareFile,
}

/// What of objects does not count.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct CompareFile {
    /// Whose status: `all`, `crd` or `none`.
    pub ignore_resource_status_field: String,
    /// Whether the rules of aggregated ClusterRoles, which the cluster writes.
    pub ignore_aggregated_roles: Option<bool>,
}

/// The part of the file about the controller; the keys are those of Argo CD's `argocd-cmd-params-cm`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ControllerFile {
    /// `controller.diff.server.side`.
    pub diff: DiffFile,
}

/// How the controller compares.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiffFile {
    /// With the help of API servers.
    pub server: ServerDiffFile,
}

/// How the controller compares with the help of API servers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerDiffFile {
    /// Whether it asks them for every application that does not say otherwise.
    pub side: bool,
}

/// The part of the file about logs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogFile {
    /// How log lines look.
    pub format: Option<crate::logging::Format>,
    /// What is logged.
    pub level: Option<String>,
}

/// The part of the file about HTTPS.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsFile {
    /// Certificate chain, PEM.
    pub cert: Option<PathBuf>,
    /// Its private key, PEM in PKCS#8.
    pub key: Option<PathBuf>,
    /// Whether a certificate is made when none is given.
    pub self_signed: Option<bool>,
}

/// The part of the file about events of Git servers, and the flags for it. It has no `Debug`: it holds secrets.
#[derive(Clone, Default, Serialize, Deserialize, clap::Args)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookFile {
    /// Secret with which GitHub signs its events
    #[arg(
        long = "webhook-github-secret",
        env = "TIPHYS_WEBHOOK_GITHUB_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub github_secret: Option<String>,
    /// Secret token that GitLab sends with its events
    #[arg(
        long = "webhook-gitlab-secret",
        env = "TIPHYS_WEBHOOK_GITLAB_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub gitlab_secret: Option<String>,
    /// Secret with which Gitea, Forgejo and Gogs sign their events
    #[arg(
        long = "webhook-gitea-secret",
        env = "TIPHYS_WEBHOOK_GITEA_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub gitea_secret: Option<String>,
    /// Secret with which Bitbucket Cloud and Data Center sign their events
    #[arg(
        long = "webhook-bitbucket-secret",
        env = "TIPHYS_WEBHOOK_BITBUCKET_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub bitbucket_secret: Option<String>,
    /// Name with which Azure DevOps sends its events
    #[arg(
        long = "webhook-azure-username",
        env = "TIPHYS_WEBHOOK_AZURE_USERNAME",
        value_name = "NAME"
    )]
    pub azure_username: Option<String>,
    /// Password with which Azure DevOps sends its events
    #[arg(
        long = "webhook-azure-password",
        env = "TIPHYS_WEBHOOK_AZURE_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    pub azure_password: Option<String>,
    /// Secret with which everybody else signs events, or sends as a bearer token
    #[arg(
        long = "webhook-generic-secret",
        env = "TIPHYS_WEBHOOK_GENERIC_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub generic_secret: Option<String>,
}

impl WebhookFile {
    /// The secrets, from these flags and else from the file.
    ///
    /// # Errors
    /// When one is empty, which is more often a variable that was not set than a wish, or a name comes without its password.
    pub fn secrets(&self, file: &Self) -> anyhow::Result<Secrets> {
        let pick = |key: &str, flag: &Option<String>, file: &Option<String>| match flag
            .as_ref()
            .or(file.as_ref())
        {
            Some(secret) if secret.is_empty() => {
                bail!("webhook.{key} is empty; leave it out when the sender has no secret")
            }
            secret => Ok(secret.cloned().map(Secret::from)),
        };
        let azure = (
            pick("azure_username", &self.azure_username, &file.azure_username)?,
            pick("azure_password", &self.azure_password, &file.azure_password)?,
        );
        Ok(Secrets {
            github: pick("github_secret", &self.github_secret, &file.github_secret)?,
            gitlab: pick("gitlab_secret", &self.gitlab_secret, &file.gitlab_secret)?,
            gitea: pick("gitea_secret", &self.gitea_secret, &file.gitea_secret)?,
            bitbucket: pick(
                "bitbucket_secret",
                &self.bitbucket_secret,
                &file.bitbucket_secret,
            )?,
            azure: match azure {
                (Some(name), Some(password)) => Some((name, password)),
                (None, None) => None,
                _ => bail!("webhook.azure_username and webhook.azure_password belong together"),
            },
            generic: pick("generic_secret", &self.generic_secret, &file.generic_secret)?,
        })
    }
}

/// The part of the file about Git.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GitFile {
    /// Seconds between two looks at a repository.
    pub poll_interval: Option<u64>,
    /// Whether `file://` repositories are read.
    pub allow_file: Option<bool>,
    /// Seconds that a repository has to answer.
    pub list_timeout: Option<u64>,
    /// Seconds that objects may take.
    pub fetch_timeout: Option<u64>,
    /// File with the keys of SSH servers that are trusted.
    pub ssh_known_hosts: Option<PathBuf>,
}

/// The part of the file that `/settings` serves.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsFile {
    /// Address under which people reach the server.
    pub url: String,
    /// Whether status badges are served.
    pub status_badge_enabled: bool,
    /// Usage statistics.
    pub google_analytics: GoogleAnalyticsConfig,
    /// Where people find help.
    pub help: Help,
    /// Sign-in through Dex.
    pub dex: Option<DexConfig>,
    /// Sign-in through OpenID Connect.
    pub oidc: Option<OidcConfig>,
    /// Banner of the web client; only for who is logged in.
    pub ui_banner_content: String,
    /// Link of the banner; only for who is logged in.
    pub ui_banner_url: String,
    /// Style sheet of the web client.
    pub ui_css_url: String,
    /// Text of the sign-in button.
    pub ui_login_button_text: String,
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML or has an unknown key; the message says where.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
        match toml::from_str(&text) {
            Ok(file) => Ok(file),
            Err(error) => bail!("configuration file {}: {error}", path.display()),
        }
    }
}

impl File {
    /// How objects of applications are tracked.
    ///
    /// # Errors
    /// When the method is unknown, or the label's key is none that Kubernetes takes.
    pub fn tracking(&self) -> anyhow::Result<Tracking> {
        let ApplicationFile {
            resource_tracking_method: method,
            instance_label_key: label,
        } = &self.application;
        let mut tracking = Tracking {
            method: Method::parse(method).with_context(|| {
                format!(
                    "application.resourceTrackingMethod: {method:?} is none of annotation, label and annotation+label"
                )
            })?,
            installation: self.installation_id.clone(),
            ..Tracking::default()
        };
        if !label.is_empty() {
            if !is_label_key(label) {
                bail!(
                    "application.instanceLabelKey: {label:?} is no key of a label; one is a name such as app.kubernetes.io/instance"
                );
            }
            tracking.label.clone_from(label);
        }
        Ok(tracking)
    }
}

/// The namespace of [`File::app_of_apps`], from a flag and else from the file; none when it is switched off.
///
/// # Errors
/// When it is no name of a namespace.
pub fn app_of_apps(flag: Option<&str>, file: &File) -> anyhow::Result<Option<String>> {
    let given = flag.or(file.app_of_apps.as_deref());
    let namespace = given.unwrap_or(tiphys_reconciler::NAMESPACE);
    if namespace == "off" {
        return Ok(None);
    }
    if namespace.contains('.') || admission::name("Namespace", namespace).is_err() {
        bail!(
            "app_of_apps: {namespace:?} is no name of a namespace; give the one that manifests of applications name, or off"
        );
    }
    Ok(Some(namespace.to_owned()))
}

impl CompareFile {
    /// What of objects does not count.
    ///
    /// # Errors
    /// When a value is unknown.
    pub fn uncounted(&self) -> anyhow::Result<Uncounted> {
        let status = &self.ignore_resource_status_field;
        Ok(Uncounted {
            status: IgnoreStatus::parse(status).with_context(|| {
                format!(
                    "resource.compareoptions.ignoreResourceStatusField: {status:?} is none of all, crd and none"
                )
            })?,
            aggregated_roles: self.ignore_aggregated_roles.unwrap_or(true),
        })
    }
}

/// Whether a text may be the key of a label (Kubernetes documentation, "Labels and Selectors").
fn is_label_key(text: &str) -> bool {
    let (prefix, name) = text.split_once('/').unwrap_or(("example.com", text));
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let whole = |part: &str, most: usize| {
        let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = part.as_bytes();
        bytes.len() <= most
            && bytes.iter().all(|byte| inner(*byte))
            && ends(bytes.first())
            && ends(bytes.last())
    };
    whole(name, 63) && whole(prefix, 253)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<File> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("tiphys.toml");
        std::fs::write(&path, text)?;
        File::read(&path)
    }

    #[test]
    fn a_file_is_read() {
        let file = read("listen = \"127.0.0.1:9\"\n[settings]\nurl = \"https://cd.example.com\"\n[settings.help]\nchatUrl = \"https://chat\"\n").expect("a file");
        assert_eq!(file.listen.as_deref(), Some("127.0.0.1:9"));
        assert_eq!(file.settings.help.chat_url, "https://chat");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place() {
        let message = read("lisen = \"x\"\n")
            .err()
            .expect("an unknown key")
            .to_string();
        assert!(
            message.contains("lisen") && message.contains("line 1"),
            "{message}"
        );
        let message = read("[webhook]\ngithub = \"x\"\n")
            .err()
            .expect("an unknown key")
            .to_string();
        assert!(message.contains("github_secret"), "{message}");
        let message = read("store = \"etcd\"\n")
            .err()
            .expect("an unknown store")
            .to_string();
        assert!(message.contains("etcd"), "{message}");
    }

    #[test]
    fn app_of_apps_is_for_one_namespace_or_off() {
        let of = |flag: Option<&str>, text: &str| app_of_apps(flag, &read(text).expect("a file"));
        let on = |namespace: &str| Some(namespace.to_owned());
        assert_eq!(of(None, "").expect("the default"), on("argocd"));
        let file = "app_of_apps = \"gitops\"\n";
        assert_eq!(of(None, file).expect("the file"), on("gitops"));
        assert_eq!(of(Some("off"), file).expect("the flag"), None);
        for bad in ["", "Upper", "a.b", "a/b"] {
            let error = of(Some(bad), "").expect_err("no namespace").to_string();
            assert!(error.contains("app_of_apps"), "{error}");
        }
    }

    #[test]
    fn how_objects_are_tracked_is_read_under_the_names_of_argo_cd() {
        let text = "installationID = \"blue\"\n[application]\nresourceTrackingMethod = \"annotation+label\"\ninstanceLabelKey = \"example.com/app\"\n";
        let tracking = read(text).expect("a file").tracking().expect("a method");
        assert_eq!(tracking.method, Method::AnnotationAndLabel);
        assert_eq!(
            (tracking.label.as_str(), tracking.installation.as_str()),
            ("example.com/app", "blue")
        );
        let default = File::default().tracking().expect("the default");
        assert_eq!(default, Tracking::default());
        for (key, value) in [
            ("resourceTrackingMethod", "labels"),
            ("instanceLabelKey", "no key"),
            ("instanceLabelKey", "/name"),
            ("instanceLabelKey", "-x"),
        ] {
            let file = read(&format!("[application]\n{key} = {value:?}\n")).expect("a file");
            let message = file.tracking().expect_err("a refusal").to_string();
            assert!(
                message.contains(key) && message.contains(value),
                "{message}"
            );
        }
    }

    #[test]
    fn what_does_not_count_is_read_under_the_names_of_argo_cd() {
        let uncounted = |text: &str| {
            read(text)
                .expect("a file")
                .resource
                .compareoptions
                .uncounted()
        };
        let default = uncounted("").expect("the default");
        assert_eq!(
            (default.status, default.aggregated_roles),
            (IgnoreStatus::All, true)
        );
        let stated = uncounted("[resource.compareoptions]\nignoreResourceStatusField = \"crd\"\nignoreAggregatedRoles = false\n").expect("values");
        assert_eq!(
            (stated.status, stated.aggregated_roles),
            (IgnoreStatus::Crd, false)
        );
        let refused =
            uncounted("[resource.compareoptions]\nignoreResourceStatusField = \"some\"\n");
        let message = refused.expect_err("a refusal").to_string();
        assert!(
            message.contains("ignoreResourceStatusField") && message.contains("some"),
            "{message}"
        );
    }

    #[test]
    fn secrets_come_from_flags_before_the_file() {
        let file = read(
            "[webhook]\ngithub_secret = \"file\"\ngeneric_secret = \"file\"\nazure_username = \"u\"\nazure_password = \"p\"\n",
        )
        .expect("a file")
        .webhook;
        let flags = WebhookFile {
            github_secret: Some("flag".to_owned()),
            ..WebhookFile::default()
        };
        let secrets = flags.secrets(&file).expect("secrets");
        let exposed = |secret: &Option<Secret>| secret.as_ref().map(|s| s.expose().to_owned());
        assert_eq!(exposed(&secrets.github).as_deref(), Some("flag"));
        assert_eq!(exposed(&secrets.generic).as_deref(), Some("file"));
        assert!(secrets.azure.is_some() && secrets.gitlab.is_none());
    }

    #[test]
    fn an_empty_or_half_secret_is_refused() {
        let refused = |flags: WebhookFile| {
            let result = flags.secrets(&WebhookFile::default());
            result.err().expect("a refusal").to_string()
        };
        let empty = refused(WebhookFile {
            gitea_secret: Some(String::new()),
            ..WebhookFile::default()
        });
        assert!(empty.contains("webhook.gitea_secret"), "{empty}");
        let half = refused(WebhookFile {
            azure_username: Some("u".to_owned()),
            ..WebhookFile::default()
        });
        assert!(half.contains("webhook.azure_password"), "{half}");
    }
}
