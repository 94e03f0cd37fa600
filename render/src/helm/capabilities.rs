//! What a chart is told about the cluster: `.Capabilities`.

use std::any::Any;

use tiphys_template::{
    Arguments, Call, FunctionError, List, Named, Object, Signature, Text, Type, Underlying, Value,
};

/// The version of Helm whose behaviour this is.
pub const HELM_VERSION: &str = "v4.2.4";
/// The Kubernetes version that `helm template` assumes when none is given.
const DEFAULT_KUBE_VERSION: (&str, &str) = ("1", "36");
/// The version of the Go toolchain that Helm names.
const GO_VERSION: &str = "go1.26.8";

/// The API versions that `helm template` assumes: those that its Kubernetes client knows, in its order.
const DEFAULT_API_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha2",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

static BUILD_INFO: Named = named("version.BuildInfo");
static KUBE_VERSION: Named = named("common.KubeVersion");
static CAPABILITIES: Named = named("common.Capabilities");
static CAPABILITIES_TYPE: Type = Type::Named(&CAPABILITIES);
static VERSION_SET: Named = Named {
    name: "common.VersionSet",
    underlying: Type::STRINGS,
};

const fn named(name: &'static str) -> Named {
    Named {
        name,
        underlying: Type::Struct(name),
    }
}

/// A Kubernetes version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// As it was given, with a `v` in front.
    pub version: String,
    /// Numbers only, with a `v` in front: what a chart's range is compared with.
    pub normalized: String,
    /// The first number.
    pub major: String,
    /// The second number.
    pub minor: String,
}

impl Default for KubeVersion {
    fn default() -> Self {
        let (major, minor) = DEFAULT_KUBE_VERSION;
        let version = format!("v{major}.{minor}.0");
        Self {
            normalized: version.clone(),
            version,
            major: major.to_owned(),
            minor: minor.to_owned(),
        }
    }
}

impl KubeVersion {
    /// Reads a version of at least two numbers; what follows them is kept and not compared.
    ///
    /// # Errors
    /// In the words of Kubernetes' version parser.
    pub fn parse(text: &str) -> Result<Self, String> {
        let trimmed = text.trim_start();
        let rest = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let mut numbers: Vec<&str> = Vec::new();
        let mut left = rest;
        loop {
            let digits = left.len() - left.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if digits == 0 {
                break;
            }
            numbers.push(&left[..digits]);
            left = &left[digits..];
            match left.strip_prefix('.') {
                Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => left = after,
                _ => break,
            }
        }
        if numbers.is_empty() {
            return Err(format!("could not parse {text:?} as version"));
        }
        if numbers.len() < 2 {
            return Err(format!("illegal version string {text:?}"));
        }
        if numbers[0].starts_with('0') && numbers[0] != "0" {
            return Err(format!(
                "illegal zero-prefixed version component {:?} in {text:?}",
                numbers[0]
            ));
        }
        let parsed: Vec<u64> = numbers
            .iter()
            .map(|number| {
                number.parse().map_err(|_| {
                    format!("illegal non-numeric version component {number:?} in {text:?}")
                })
            })
            .collect::<Result<_, _>>()?;
        let normalized: Vec<String> = parsed.iter().map(u64::to_string).collect();
        Ok(Self {
            version: if text.starts_with('v') {
                text.to_owned()
            } else {
                format!("v{text}")
            },
            major: normalized[0].clone(),
            minor: normalized[1].clone(),
            normalized: format!("v{}", normalized.join(".")),
        })
    }
}

/// The value of `.Capabilities`: the default API versions come first, those that are given after them.
#[must_use]
pub fn value(kube_version: &KubeVersion, api_versions: &[String]) -> Value {
    let versions = DEFAULT_API_VERSIONS
        .iter()
        .copied()
        .chain(api_versions.iter().map(String::as_str));
    Value::object(Capabilities {
        kube_version: Value::object(KubeVersionObject(kube_version.clone())),
        api_versions: Value::object(VersionSet(List::new(
            Type::STRINGS,
            versions.map(Value::from).collect(),
        ))),
        helm_version: Value::object(BuildInfo),
    })
}

struct Capabilities {
    kube_version: Value,
    api_versions: Value,
    helm_version: Value,
}

impl Object for Capabilities {
    fn go_type(&self) -> Type {
        Type::Pointer(&CAPABILITIES_TYPE)
    }

    fn underlying(&self) -> Underlying {
        Underlying::Struct(vec![
            ("KubeVersion", self.kube_version.clone()),
            ("APIVersions", self.api_versions.clone()),
            ("HelmVersion", self.helm_version.clone()),
        ])
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "KubeVersion" => Some(self.kube_version.clone()),
            "APIVersions" => Some(self.api_versions.clone()),
            "HelmVersion" => Some(self.helm_version.clone()),
            _ => None,
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct KubeVersionObject(KubeVersion);

impl Object for KubeVersionObject {
    fn go_type(&self) -> Type {
        Type::Named(&KUBE_VERSION)
    }

    fn underlying(&self) -> Underlying {
        Underlying::Struct(vec![
            ("Version", Value::from(self.0.version.as_str())),
            ("normalizedVersion", Value::from(self.0.normalized.as_str())),
            ("Major", Value::from(self.0.major.as_str())),
            ("Minor", Value::from(self.0.minor.as_str())),
        ])
    }

    fn method(&self, name: &str) -> Option<&'static Signature> {
        static TEXT: Signature = Signature::new(&[], Type::String);
        matches!(name, "GitVersion" | "String").then_some(&TEXT)
    }

    fn call(
        &self,
        _call: &mut Call<'_>,
        name: &str,
        _arguments: Arguments<'_>,
    ) -> Result<Value, FunctionError> {
        Ok(Value::from(match name {
            "String" => self.0.normalized.as_str(),
            _ => self.0.version.as_str(),
        }))
    }

    fn string_of_pointer(&self) -> Option<Text> {
        Some(Text::from(&self.0.normalized))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct VersionSet(List);

impl Object for VersionSet {
    fn go_type(&self) -> Type {
        Type::Named(&VERSION_SET)
    }

    fn underlying(&self) -> Underlying {
        Underlying::Value(Value::List(self.0.clone()))
    }

    fn method(&self, name: &str) -> Option<&'static Signature> {
        static HAS: Signature = Signature::new(&[Type::String], Type::Bool);
        (name == "Has").then_some(&HAS)
    }

    fn call(
        &self,
        call: &mut Call<'_>,
        _name: &str,
        arguments: Arguments<'_>,
    ) -> Result<Value, FunctionError> {
        let wanted = arguments.text(0)?;
        call.spend(self.0.len() as u64)?;
        Ok(Value::Bool(
            self.0
                .items()
                .iter()
                .any(|version| version.as_text() == Some(wanted)),
        ))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct BuildInfo;

impl Object for BuildInfo {
    fn go_type(&self) -> Type {
        Type::Named(&BUILD_INFO)
    }

    fn underlying(&self) -> Underlying {
        let (major, minor) = DEFAULT_KUBE_VERSION;
        Underlying::Struct(vec![
            ("Version", Value::from(HELM_VERSION)),
            ("GitCommit", Value::from("")),
            ("GitTreeState", Value::from("")),
            ("GoVersion", Value::from(GO_VERSION)),
            (
                "KubeClientVersion",
                Value::from(format!("v{major}.{minor}")),
            ),
        ])
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_kubernetes_reads_them() {
        let read = |text: &str| {
            KubeVersion::parse(text)
                .map(|found| [found.version, found.normalized, found.major, found.minor])
        };
        let cases = [
            ("1.30", ["v1.30", "v1.30", "1", "30"]),
            (
                "v1.33.4-gke.1245000",
                ["v1.33.4-gke.1245000", "v1.33.4", "1", "33"],
            ),
            ("1.29.0+k3s1", ["v1.29.0+k3s1", "v1.29.0", "1", "29"]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Ok(expected.map(str::to_owned)), "{text}");
        }
        for bad in ["", "x", "1", "v1", "01.2"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
