//! How a cluster is reached.

use std::path::PathBuf;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use serde_json::json;
use tiphys_model::ClusterOutput;
use tiphys_model::stored::ClusterCredentials;

use super::ClusterError;

/// How a cluster is reached. It has no `Debug`: it holds secrets.
#[derive(Clone, PartialEq)]
pub enum Access {
    /// The server's own cluster: the kubeconfig that is given, else the pod's service account, else the ordinary kubeconfig rules.
    Local {
        /// Kubeconfig file.
        kubeconfig: Option<PathBuf>,
        /// Context in it.
        context: Option<String>,
    },
    /// A registered cluster.
    Registered {
        /// What may be shown.
        cluster: Box<ClusterOutput>,
        /// Secrets.
        credentials: ClusterCredentials,
    },
}

impl Access {
    pub(super) async fn config(&self, server: &str) -> Result<kube::Config, ClusterError> {
        let wrong = |message: String| ClusterError::Misconfigured {
            server: server.to_owned(),
            message,
        };
        match self {
            Self::Local {
                kubeconfig,
                context,
            } => {
                let options = KubeConfigOptions {
                    context: context.clone(),
                    ..KubeConfigOptions::default()
                };
                if let Some(path) = kubeconfig {
                    let file =
                        Kubeconfig::read_from(path).map_err(|error| wrong(describe(&error)))?;
                    return kube::Config::from_custom_kubeconfig(file, &options)
                        .await
                        .map_err(|error| wrong(describe(&error)));
                }
                if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
                    && let Ok(config) = kube::Config::incluster()
                {
                    return Ok(config);
                }
                kube::Config::from_kubeconfig(&options)
                    .await
                    .map_err(|error| ClusterError::NotConfigured(describe(&error)))
            }
            Self::Registered {
                cluster,
                credentials,
            } => {
                let config = cluster.config.clone().unwrap_or_default();
                let tls = config.tls_client_config.unwrap_or_default();
                let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
                let file: Kubeconfig = serde_json::from_value(json!({
                    "clusters": [{"name": "c", "cluster": {
                        "server": cluster.server,
                        "insecure-skip-tls-verify": tls.insecure,
                        "certificate-authority-data": some(&tls.ca_data),
                        "tls-server-name": some(&tls.server_name),
                        "proxy-url": some(&config.proxy_url),
                    }}],
                    "users": [{"name": "u", "user": {
                        "token": some(&credentials.bearer_token),
                        "username": some(&config.username),
                        "password": some(&credentials.password),
                        "client-certificate-data": some(&credentials.cert_data),
                        "client-key-data": some(&credentials.key_data),
                    }}],
                    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                    "current-context": "x",
                }))
                .map_err(|_| wrong("a field has the wrong form".to_owned()))?;
                kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
                    .await
                    .map_err(|error| wrong(describe(&error)))
            }
        }
    }
}

/// What is wrong with a kubeconfig. A parser may repeat the lines around its error, and those may hold a token.
fn describe(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(_) => {
            "the kubeconfig is no valid YAML of kind Config; check it with another client"
                .to_owned()
        }
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_kubeconfig_is_not_repeated() {
        let text = "apiVersion: v1\nusers:\n- name: u\n  user: {token: hunter2\n  : [\n";
        let Err(error) = Kubeconfig::from_yaml(text) else {
            panic!("a broken kubeconfig was accepted");
        };
        let shown = describe(&error);
        assert!(!shown.contains("hunter2"), "{shown} of {error}");
        assert!(shown.contains("kubeconfig"), "{shown}");
    }
}
