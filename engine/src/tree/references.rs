//! What a workload refers to by name: ConfigMaps, Secrets and claims, without which its pods do not start.

use std::collections::BTreeMap;

use serde_json::Value;
use tiphys_model::ResourceKey;

use crate::object;

/// Objects that the pods of a workload, or a pod, refer to in their own namespace, each once; and whether the pods start without it.
#[must_use]
pub fn references(live: &Value) -> BTreeMap<ResourceKey, bool> {
    let mut found = Found {
        namespace: object::namespace(live),
        keys: BTreeMap::new(),
    };
    if let Some(spec) = pods(live) {
        found.volumes(&spec["volumes"]);
        for list in ["initContainers", "containers"] {
            for container in elements(&spec[list]) {
                found.container(container);
            }
        }
        for secret in elements(&spec["imagePullSecrets"]) {
            // The kubelet pulls without one that is missing.
            found.note("Secret", &secret["name"], true);
        }
    }
    found.keys
}

/// What an object says of pods.
fn pods(live: &Value) -> Option<&Value> {
    let gvk = object::gvk(live);
    let spec = &live["spec"];
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => Some(spec),
        ("", "ReplicationController")
        | ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
        | ("batch", "Job")
        | ("argoproj.io", "Rollout") => Some(&spec["template"]["spec"]),
        ("batch", "CronJob") => Some(&spec["jobTemplate"]["spec"]["template"]["spec"]),
        _ => None,
    }
}

fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

struct Found<'a> {
    namespace: &'a str,
    keys: BTreeMap<ResourceKey, bool>,
}

impl Found<'_> {
    fn note(&mut self, kind: &str, name: &Value, optional: bool) {
        let Some(name) = name.as_str().filter(|name| !name.is_empty()) else {
            return;
        };
        let key = ResourceKey {
            group: String::new(),
            kind: kind.to_owned(),
            namespace: self.namespace.to_owned(),
            name: name.to_owned(),
        };
        // What one place needs, the pod needs.
        *self.keys.entry(key).or_insert(true) &= optional;
    }

    /// One that says itself whether it is optional.
    fn by(&mut self, kind: &str, reference: &Value, name: &str) {
        self.note(kind, &reference[name], reference["optional"] == true);
    }

    fn volumes(&mut self, volumes: &Value) {
        for volume in elements(volumes) {
            self.by("ConfigMap", &volume["configMap"], "name");
            self.by("Secret", &volume["secret"], "secretName");
            let claim = &volume["persistentVolumeClaim"]["claimName"];
            self.note("PersistentVolumeClaim", claim, false);
            for source in elements(&volume["projected"]["sources"]) {
                self.by("ConfigMap", &source["configMap"], "name");
                self.by("Secret", &source["secret"], "name");
            }
        }
    }

    fn container(&mut self, container: &Value) {
        for variable in elements(&container["env"]) {
            let from = &variable["valueFrom"];
            self.by("ConfigMap", &from["configMapKeyRef"], "name");
            self.by("Secret", &from["secretKeyRef"], "name");
        }
        for from in elements(&container["envFrom"]) {
            self.by("ConfigMap", &from["configMapRef"], "name");
            self.by("Secret", &from["secretRef"], "name");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(live: &Value) -> Vec<(String, bool)> {
        let all = references(live).into_iter();
        all.map(|(key, optional)| (format!("{} {}", key.kind, key.name), optional))
            .collect()
    }

    #[test]
    fn every_place_is_read_and_what_is_needed_once_is_needed() {
        let spec = json!({
            "volumes": [{"configMap": {"name": "files"}}, {"secret": {"secretName": "tls", "optional": true}},
                {"persistentVolumeClaim": {"claimName": "data"}},
                {"projected": {"sources": [{"configMap": {"name": "ca"}}, {"secret": {"name": "token"}}, {"downwardAPI": {}}]}}],
            "initContainers": [{"envFrom": [{"secretRef": {"name": "env"}}, {"configMapRef": {"name": "files", "optional": true}}]}],
            "containers": [{"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "a"}}},
                {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "values", "key": "b", "optional": true}}}, {"name": "C", "value": "c"}]}],
            "imagePullSecrets": [{"name": "pull"}, {}],
        });
        let expected = [
            ("ConfigMap ca", false),
            ("ConfigMap files", false),
            ("ConfigMap values", true),
            ("PersistentVolumeClaim data", false),
            ("Secret env", false),
            ("Secret keys", false),
            ("Secret pull", true),
            ("Secret tls", true),
            ("Secret token", false),
        ]
        .map(|(name, optional)| (name.to_owned(), optional));
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "n"}, "spec": spec.clone()});
        assert_eq!(named(&pod), expected);
        assert!(references(&pod).keys().all(|key| key.namespace == "n"));
        let set = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"template": {"spec": spec.clone()}}});
        assert_eq!(named(&set), expected);
        let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}});
        assert_eq!(named(&cron), expected);
    }

    #[test]
    fn what_has_no_pods_refers_to_nothing() {
        for live in [
            json!(null),
            json!({"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": 7, "containers": [1, null]}}),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "spec": {"volumes": [{"configMap": {"name": "a"}}]}}),
        ] {
            assert!(references(&live).is_empty(), "{live}");
        }
    }
}
