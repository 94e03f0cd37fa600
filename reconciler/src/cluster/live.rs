//! The live objects that are known, fed by watches and by the answers to our own writes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use tiphys_engine::{object, tracking};
use tiphys_model::ResourceKey;

#[derive(Default)]
pub struct Live {
    objects: HashMap<ResourceKey, Arc<Value>>,
    by_application: HashMap<String, HashSet<ResourceKey>>,
}

fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

impl Live {
    pub fn get(&self, key: &ResourceKey) -> Option<Arc<Value>> {
        self.objects.get(key).cloned()
    }

    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn tracked(&self, application: &str) -> Vec<Arc<Value>> {
        let keys = self.by_application.get(application).into_iter().flatten();
        keys.filter_map(|key| self.objects.get(key).cloned())
            .collect()
    }

    /// Keys of one kind.
    pub fn of_kind(&self, group: &str, kind: &str) -> HashSet<ResourceKey> {
        self.objects
            .keys()
            .filter(|key| key.group == group && key.kind == kind)
            .cloned()
            .collect()
    }

    /// Takes an object, unless a newer one is known. Answers the applications that it concerns, none when nothing changed.
    pub fn put(&mut self, object: Value) -> (ResourceKey, Vec<String>) {
        let key = object::key(&object);
        if let Some(known) = self.objects.get(&key)
            && known["metadata"]["uid"] == object["metadata"]["uid"]
            && version(known) >= version(&object)
        {
            return (key, Vec::new());
        }
        let mut concerned = self.drop_index(&key);
        if let Some(application) = tracking::application_of(&object) {
            self.by_application
                .entry(application.to_owned())
                .or_default()
                .insert(key.clone());
            if !concerned.iter().any(|known| known == application) {
                concerned.push(application.to_owned());
            }
        }
        self.objects.insert(key.clone(), Arc::new(object));
        (key, concerned)
    }

    /// Forgets an object. Answers the applications that it concerned.
    pub fn remove(&mut self, key: &ResourceKey) -> Vec<String> {
        let concerned = self.drop_index(key);
        self.objects.remove(key);
        concerned
    }

    fn drop_index(&mut self, key: &ResourceKey) -> Vec<String> {
        let Some(application) = self
            .objects
            .get(key)
            .and_then(|known| tracking::application_of(known))
            .map(str::to_owned)
        else {
            return Vec::new();
        };
        if let Some(keys) = self.by_application.get_mut(&application) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_application.remove(&application);
            }
        }
        vec![application]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(uid: &str, version: &str, application: Option<&str>) -> Value {
        let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "n", "uid": uid, "resourceVersion": version}});
        if let Some(application) = application {
            let key = object::key(&object);
            tracking::track(&mut object, application, &key);
        }
        object
    }

    #[test]
    fn never_steps_back() {
        let mut live = Live::default();
        let (key, concerned) = live.put(map("1", "10", Some("front")));
        assert_eq!(concerned, ["front"]);
        let (_, concerned) = live.put(map("1", "9", None));
        assert_eq!(concerned, Vec::<String>::new());
        let held = live.get(&key).unwrap();
        assert_eq!(held["metadata"]["resourceVersion"], "10");
        assert_eq!(live.tracked("front").len(), 1);
    }

    #[test]
    fn versions_are_numbers_and_no_text() {
        let mut live = Live::default();
        let (key, _) = live.put(map("1", "9", None));
        live.put(map("1", "10", None));
        assert_eq!(live.get(&key).unwrap()["metadata"]["resourceVersion"], "10");
    }

    #[test]
    fn an_object_that_changes_hands_concerns_both() {
        let mut live = Live::default();
        live.put(map("1", "10", Some("front")));
        let (key, concerned) = live.put(map("1", "11", Some("back")));
        assert_eq!(concerned, ["front", "back"]);
        assert!(live.tracked("front").is_empty());
        assert_eq!(live.tracked("back").len(), 1);
        assert_eq!(live.remove(&key), ["back"]);
        assert!(live.tracked("back").is_empty());
        assert!(live.by_application.is_empty());
        assert_eq!(live.len(), 0);
    }

    #[test]
    fn an_untracked_object_concerns_nobody_but_is_known() {
        let mut live = Live::default();
        let (key, concerned) = live.put(map("1", "10", None));
        assert!(concerned.is_empty());
        assert_eq!(live.of_kind("", "ConfigMap"), HashSet::from([key.clone()]));
        assert!(live.of_kind("apps", "ConfigMap").is_empty());
        assert!(live.remove(&key).is_empty());
    }
}
