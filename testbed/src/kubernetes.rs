//! A blocking look into a Kubernetes API server, beside Tiphys and independent of the libraries it uses.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use crate::{
    rest::{Answer, Client},
    wait_for,
};

/// How an API server is reached: what one kubeconfig context says, in plain PEM.
#[derive(Clone)]
pub struct Access {
    /// The URL of the API server.
    pub server: String,
    /// The authority that signed the server's certificate, PEM; empty means that the certificate is not checked.
    pub authority: String,
    /// A bearer token.
    pub token: Option<String>,
    /// A client certificate and its key, PEM.
    pub client: Option<(String, String)>,
}

impl Access {
    /// Reads the current context of a kubeconfig file. Credential plugins are not supported here.
    ///
    /// # Errors
    /// When the file is missing, is no kubeconfig, or uses a plugin.
    pub fn from_kubeconfig(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read the kubeconfig {}", path.display()))?;
        let config: Value = serde_norway::from_str(&text)
            .with_context(|| format!("{} is no YAML", path.display()))?;
        let named = |list: &str, name: &Value, inner: &str| -> Result<Value> {
            config[list]
                .as_array()
                .and_then(|items| items.iter().find(|item| &item["name"] == name))
                .map(|item| item[inner].clone())
                .with_context(|| format!("{} has no entry {name} in {list}", path.display()))
        };
        let context = named("contexts", &config["current-context"], "context")?;
        let cluster = named("clusters", &context["cluster"], "cluster")?;
        let user = named("users", &context["user"], "user")?;
        if user.get("exec").is_some() || user.get("auth-provider").is_some() {
            bail!(
                "{} uses a credential plugin, which the tests cannot run: give one with a token or a certificate",
                path.display()
            );
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let pem = |entry: &Value, key: &str| pem_of(entry, key, folder);
        let client = match (pem(&user, "client-certificate")?, pem(&user, "client-key")?) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            _ => None,
        };
        let token = match user["tokenFile"].as_str() {
            Some(file) => Some(fs::read_to_string(folder.join(file))?.trim().to_owned()),
            None => user["token"].as_str().map(str::to_owned),
        };
        Ok(Self {
            server: cluster["server"]
                .as_str()
                .context("the cluster has no server")?
                .trim_end_matches('/')
                .to_owned(),
            authority: pem(&cluster, "certificate-authority")?.unwrap_or_default(),
            token,
            client,
        })
    }

    /// A kubeconfig file's text with this access as its only context, named `name`. JSON, which is YAML as well.
    #[must_use]
    pub fn kubeconfig(&self, name: &str) -> String {
        let encode = |pem: &str| BASE64_STANDARD.encode(pem);
        let mut user = json!({});
        if let Some(token) = &self.token {
            user["token"] = json!(token);
        }
        if let Some((certificate, key)) = &self.client {
            user["client-certificate-data"] = json!(encode(certificate));
            user["client-key-data"] = json!(encode(key));
        }
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": name,
            "clusters": [{"name": name, "cluster": {"server": self.server, "certificate-authority-data": encode(&self.authority)}}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        });
        format!("{config:#}\n")
    }
}

fn pem_of(entry: &Value, key: &str, folder: &Path) -> Result<Option<String>> {
    if let Some(data) = entry[format!("{key}-data")].as_str() {
        let bytes = BASE64_STANDARD
            .decode(data)
            .with_context(|| format!("{key}-data is no base64"))?;
        return Ok(Some(String::from_utf8(bytes)?));
    }
    match entry[key].as_str() {
        Some(file) => Ok(Some(fs::read_to_string(folder.join(file))?)),
        None => Ok(None),
    }
}

/// A client of one API server.
#[derive(Clone)]
pub struct Kubernetes {
    access: Access,
    kubeconfig: PathBuf,
    client: Client,
}

impl Kubernetes {
    /// The cluster of the current context of `kubeconfig`.
    ///
    /// # Errors
    /// As [`Access::from_kubeconfig`], or when the certificates are no PEM.
    pub fn from_kubeconfig(kubeconfig: &Path) -> Result<Self> {
        let access = Access::from_kubeconfig(kubeconfig)?;
        let client = client(&access)?;
        Ok(Self {
            access,
            kubeconfig: kubeconfig.to_owned(),
            client,
        })
    }

    /// How this cluster is reached.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The kubeconfig file it came from.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Plain requests to the API server.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The object at an API path such as `/api/v1/namespaces/x/configmaps/y`; nothing when there is none.
    ///
    /// # Errors
    /// When the API server answers neither 200 nor 404.
    pub fn get(&self, path: &str) -> Result<Option<Value>> {
        let answer = self.client.get(path)?;
        if answer.status == 404 {
            return Ok(None);
        }
        answer.ok().map(Some)
    }

    /// Creates an object by POST to its collection.
    ///
    /// # Errors
    /// When the API server refuses.
    pub fn create(&self, path: &str, object: &Value) -> Result<Value> {
        self.client.post(path, object)?.ok()
    }

    /// Creates an object that goes with the answer, also when a test fails: what is not in the namespace of a test would be in the
    /// way of the others.
    ///
    /// # Errors
    /// When the API server refuses.
    pub fn lend(&self, path: &str, object: &Value) -> Result<Lent> {
        let made = self.create(path, object)?;
        let name = made["metadata"]["name"].as_str().context("a name")?;
        Ok(Lent {
            kubernetes: self.clone(),
            path: format!("{path}/{name}"),
        })
    }

    /// Merges `patch` into the object (JSON merge patch), as a person with kubectl would.
    ///
    /// # Errors
    /// When the API server refuses.
    pub fn merge(&self, path: &str, patch: &Value) -> Result<Value> {
        let body = patch.to_string();
        self.client
            .send(
                "PATCH",
                path,
                &[("content-type", "application/merge-patch+json")],
                Some(body.as_bytes()),
            )?
            .ok()
    }

    /// Deletes the object, if it is there.
    ///
    /// # Errors
    /// When the API server answers neither 200 nor 404.
    pub fn delete(&self, path: &str) -> Result<()> {
        let Answer { status, text, .. } = self.client.delete(path)?;
        match status {
            200 | 202 | 404 => Ok(()),
            _ => bail!("DELETE {path}: {status} {text}"),
        }
    }

    /// Waits until the object exists and `condition` holds for it.
    ///
    /// # Errors
    /// When it does not within `deadline`.
    pub fn wait(
        &self,
        path: &str,
        deadline: Duration,
        condition: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        wait_for(&format!("{path} in the cluster"), deadline, || {
            Ok(match self.get(path)? {
                Some(object) if condition(&object) => Ok(object),
                Some(object) => Err(object.to_string()),
                None => Err("it does not exist".to_owned()),
            })
        })
    }

    /// Waits until the object is gone.
    ///
    /// # Errors
    /// When it is not within `deadline`.
    pub fn wait_gone(&self, path: &str, deadline: Duration) -> Result<()> {
        wait_for(
            &format!("{path} to be gone from the cluster"),
            deadline,
            || {
                Ok(match self.get(path)? {
                    Some(object) => Err(object.to_string()),
                    None => Ok(()),
                })
            },
        )
    }

    /// A bearer token of a new service account that may do everything, for registering this cluster in Tiphys.
    ///
    /// # Errors
    /// When the API server refuses.
    pub fn admin_token(&self, name: &str) -> Result<String> {
        self.create(
            "/api/v1/namespaces/default/serviceaccounts",
            &json!({"metadata": {"name": name}}),
        )?;
        self.create(
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            &json!({
                "metadata": {"name": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
            }),
        )?;
        let token = self.create(
            &format!("/api/v1/namespaces/default/serviceaccounts/{name}/token"),
            &json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}}),
        )?;
        token["status"]["token"]
            .as_str()
            .map(str::to_owned)
            .context("the API server issued no token")
    }
}

/// An object of a test. Dropping it deletes the object.
pub struct Lent {
    kubernetes: Kubernetes,
    path: String,
}

impl Lent {
    /// Its path in the API.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // A control plane that is gone has taken it along.
        let _gone = self.kubernetes.delete(&self.path);
    }
}

impl Access {
    /// A client that reaches the server in this way.
    ///
    /// # Errors
    /// When a certificate or a key is none.
    pub fn client(&self) -> Result<Client> {
        client(self)
    }
}

fn client(access: &Access) -> Result<Client> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = TlsConfig::builder().unversioned_rustls_crypto_provider(provider);
    if access.authority.is_empty() {
        tls = tls.disable_verification(true);
    } else {
        tls = tls.root_certs(RootCerts::new_with_certs(&[Certificate::from_pem(
            access.authority.as_bytes(),
        )?]));
    }
    if let Some((certificate, key)) = &access.client {
        let chain = [Certificate::from_pem(certificate.as_bytes())?];
        tls = tls.client_cert(Some(ClientCert::new_with_certs(
            &chain,
            PrivateKey::from_pem(key.as_bytes())?,
        )));
    }
    let client = Client::with_tls(&access.server, Some(tls.build()));
    Ok(match &access.token {
        Some(token) => client.with_token(token),
        None => client,
    })
}
