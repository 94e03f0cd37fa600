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
