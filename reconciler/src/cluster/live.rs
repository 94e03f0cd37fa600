//! The live objects that are known, fed by watches and by the answers to our own writes.
//!
//! ```text
//!  event ──► Head (what the index needs) ──► tracked, a descendant of something tracked, or asked for?
//!                                               yes: kept whole, as the JSON that arrived
//!                                               owned by something: kept as identity and owners, without content
//!                                               else: eight bytes that say that the name is taken
//! ```
//!
//! Objects are kept as text: a parsed value takes several times its memory, and most are looked at rarely.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tiphys_engine::tracking::{self, Method, Tracking};
use tiphys_model::ResourceKey;

/// How long the identity of a deleted object is remembered, so that a late answer to a write does not bring it back.
const TOMBSTONE: Duration = Duration::from_secs(120);

/// Group and kind of objects.
pub type GroupKind = (String, String);

/// The identity that the cluster gave an object, as a number.
type Uid = u128;

/// What the index needs of an object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    namespace: Cow<'a, str>,
    #[serde(borrow, default)]
    uid: Cow<'a, str>,
    #[serde(borrow, default)]
    resource_version: Cow<'a, str>,
    #[serde(borrow, default)]
    annotations: Option<HashMap<Cow<'a, str>, &'a RawValue>>,
    #[serde(borrow, default)]
    labels: Option<HashMap<Cow<'a, str>, &'a RawValue>>,
    #[serde(borrow, default)]
    owner_references: Option<Vec<Owner<'a>>>,
}

#[derive(Deserialize)]
struct Owner<'a> {
    #[serde(borrow, default)]
    uid: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

/// An object as it arrived: its kind, and its JSON, in which lists leave `apiVersion` and `kind` out.
pub struct Arrived<'a> {
    /// Group and version, `apps/v1`.
    pub api_version: &'a Arc<str>,
    /// Group.
    pub group: &'a str,
    /// Kind.
    pub kind: &'a str,
    /// The object.
    pub json: &'a str,
}

struct Entry {
    api_version: Arc<str>,
    uid: Uid,
    version: u64,
    application: Option<Arc<str>>,
    owners: Box<[Uid]>,
    /// The object, when it is kept whole.
    json: Option<Arc<str>>,
}

/// What happened to an object, as far as applications are concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concerned {
    /// Applications of which the object is, or was, or that wait for an object of this name.
    pub applications: Vec<String>,
    /// Applications of which it is a descendant.
    pub descendants: Vec<String>,
}

impl Concerned {
    fn add(&mut self, application: &str) {
        if !self.applications.iter().any(|known| known == application) {
            self.applications.push(application.to_owned());
        }
    }
}

/// A whole object, and the key of it.
pub struct Whole {
    /// Its key.
    pub key: Arc<ResourceKey>,
    /// The object.
    pub object: Arc<Value>,
}

/// The index.
pub struct Live {
    tracking: Arc<Tracking>,
    objects: HashMap<Arc<ResourceKey>, Entry>,
    by_application: HashMap<Arc<str>, HashSet<Arc<ResourceKey>>>,
    by_uid: HashMap<Uid, Arc<ResourceKey>>,
    children: HashMap<Uid, HashSet<Arc<ResourceKey>>>,
    /// Names that are taken by objects that concern nobody, as hashes, by kind.
    taken: HashMap<GroupKind, HashSet<u64>>,
    /// Objects that somebody wants and that are missing or belong to nobody.
    wanted: HashMap<ResourceKey, HashSet<Arc<str>>>,
    /// The same, by application.
    wants: HashMap<Arc<str>, Vec<ResourceKey>>,
    buried: HashMap<Uid, Instant>,
    hasher: RandomState,
}

/// A UUID as a number; any other text by a hash of it.
fn uid(text: &str, hasher: &RandomState) -> Uid {
    uuid::Uuid::parse_str(text)
        .map_or_else(|_| u128::from(hasher.hash_one(text)), |uuid| uuid.as_u128())
}

/// The parts of an object that tell to whom it belongs.
fn outline(tracking: &Tracking, arrived: &Arrived<'_>, metadata: &Metadata<'_>) -> Value {
    let texts = |map: &Option<HashMap<Cow<'_, str>, &RawValue>>| -> serde_json::Map<String, Value> {
        map.iter()
            .flatten()
            .filter(|(name, _)| tracking.reads(name))
            .filter_map(|(name, value)| {
                Some((
                    name.clone().into_owned(),
                    serde_json::from_str(value.get()).ok()?,
                ))
            })
            .collect()
    };
    serde_json::json!({
        "apiVersion": arrived.api_version.as_ref(),
        "kind": arrived.kind,
        "metadata": {
            "name": metadata.name,
            "namespace": metadata.namespace,
            "annotations": texts(&metadata.annotations),
            "labels": texts(&metadata.labels),
        },
    })
}

/// The object behind what is kept of it.
fn parse(key: &ResourceKey, entry: &Entry, json: &str) -> Option<Arc<Value>> {
    let mut value: Value = serde_json::from_str(json).ok()?;
    let map = value.as_object_mut()?;
    map.insert(
        "apiVersion".to_owned(),
        Value::String(entry.api_version.to_string()),
    );
    map.insert("kind".to_owned(), Value::String(key.kind.clone()));
    Some(Arc::new(value))
}

impl Live {
    /// An empty index.
    pub fn new(tracking: Arc<Tracking>) -> Self {
        Self {
            tracking,
            objects: HashMap::new(),
            by_application: HashMap::new(),
            by_uid: HashMap::new(),
            children: HashMap::new(),
            taken: HashMap::new(),
            wanted: HashMap::new(),
            wants: HashMap::new(),
            buried: HashMap::new(),
            hasher: RandomState::new(),
        }
    }

    /// An object, when it is kept whole.
    pub fn get(&self, key: &ResourceKey) -> Option<Arc<Value>> {
        let (key, entry) = self.objects.get_key_value(key)?;
        parse(key, entry, entry.json.as_deref()?)
    }

    /// The version of an object that is kept whole.
    pub fn version_of(&self, key: &ResourceKey) -> Option<u64> {
        let entry = self.objects.get(key)?;
        entry.json.as_ref().map(|_| entry.version)
    }

    /// The application of which an object is a part.
    pub fn owner(&self, key: &ResourceKey) -> Option<Arc<str>> {
        self.objects.get(key)?.application.clone()
    }

    /// Objects that are known by more than their name.
    pub fn len(&self) -> usize {
        self.objects.len() + self.taken.values().map(HashSet::len).sum::<usize>()
    }

    /// The objects of an application, whole.
    pub fn tracked(&self, application: &str) -> Vec<Whole> {
        let keys = self.by_application.get(application).into_iter().flatten();
        keys.filter_map(|key| {
            let entry = self.objects.get(key)?;
            Some(Whole {
                key: Arc::clone(key),
                object: parse(key, entry, entry.json.as_deref()?)?,
            })
        })
        .collect()
    }

    /// Keys of an application's objects.
    pub fn tracked_keys(&self, application: &str) -> Vec<Arc<ResourceKey>> {
        self.by_application
            .get(application)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// The objects of an application and everything below them, parents first. What is known without its content has `None`.
    pub fn family(&self, application: &str) -> Vec<(Arc<ResourceKey>, Option<Arc<Value>>)> {
        let mut found = Vec::new();
        let mut met: HashSet<Arc<ResourceKey>> = HashSet::new();
        let mut next: Vec<Arc<ResourceKey>> = self.tracked_keys(application);
        next.sort();
        while !next.is_empty() {
            let mut below = Vec::new();
            for key in next {
                if !met.insert(Arc::clone(&key)) {
                    continue;
                }
                let Some(entry) = self.objects.get(&key) else {
                    continue;
                };
                let mut children: Vec<_> = self
                    .children
                    .get(&entry.uid)
                    .into_iter()
                    .flatten()
                    .cloned()
                    .collect();
                children.sort();
                below.extend(children);
                let whole = entry
                    .json
                    .as_deref()
                    .and_then(|json| parse(&key, entry, json));
                found.push((key, whole));
            }
            next = below;
        }
        found
    }

    /// Which of these objects have to be asked for: their name is taken by an object that was not kept.
    pub fn unread(&self, keys: &[&ResourceKey]) -> Vec<ResourceKey> {
        keys.iter()
            .filter(|key| match self.objects.get(**key) {
                Some(entry) => entry.json.is_none(),
                None => self
                    .taken
                    .get(&(key.group.clone(), key.kind.clone()))
                    .is_some_and(|taken| taken.contains(&self.hasher.hash_one(**key))),
            })
            .map(|key| ResourceKey::clone(key))
            .collect()
    }

    /// Notes that an application waits for an object that is not its own yet.
    pub fn want(&mut self, application: &str, key: &ResourceKey) {
        if self
            .objects
            .get(key)
            .is_some_and(|entry| entry.application.as_deref() == Some(application))
        {
            return;
        }
        let application: Arc<str> = Arc::from(application);
        if self
            .wanted
            .entry(key.clone())
            .or_default()
            .insert(Arc::clone(&application))
        {
            self.wants.entry(application).or_default().push(key.clone());
        }
    }

    /// Forgets what an application waited for.
    pub fn unwant(&mut self, application: &str) {
        for key in self.wants.remove(application).into_iter().flatten() {
            if let Some(waiting) = self.wanted.get_mut(&key) {
                waiting.remove(application);
                if waiting.is_empty() {
                    self.wanted.remove(&key);
                }
            }
        }
    }

    /// Whether one of these objects, named by their identities, is of an application or below one.
    pub fn belongs(&self, owners: &[Arc<str>]) -> bool {
        let owners: Vec<Uid> = owners
            .iter()
            .map(|owner| uid(owner, &self.hasher))
            .collect();
        !self.ancestry(&owners).is_empty()
    }

    /// The nearest tracked ancestors' applications.
    fn ancestry(&self, owners: &[Uid]) -> Vec<Arc<str>> {
        let mut found: Vec<Arc<str>> = Vec::new();
        let mut next: Vec<Uid> = owners.to_vec();
        // Owner references can form circles.
        for _ in 0..16 {
            let mut above = Vec::new();
            for uid in next {
                let Some(entry) = self.by_uid.get(&uid).and_then(|key| self.objects.get(key))
                else {
                    continue;
                };
                match &entry.application {
                    Some(application) if !found.contains(application) => {
                        found.push(Arc::clone(application))
                    }
                    Some(_) => {}
                    None => above.extend_from_slice(&entry.owners),
                }
            }
            if above.is_empty() {
                break;
            }
            next = above;
        }
        found
    }

    /// Whether an object has the labels of a template, which say nothing of it itself. Only where labels count, it matters.
    fn is_made_from_template(&self, arrived: &Arrived<'_>) -> bool {
        if self.tracking.method != Method::Label || arrived.kind != "PersistentVolumeClaim" {
            return false;
        }
        let Ok(mut whole) = serde_json::from_str::<Value>(arrived.json) else {
            return false;
        };
        whole["apiVersion"] = Value::from(arrived.api_version.as_ref());
        whole["kind"] = Value::from(arrived.kind);
        tracking::is_made_from_template(&whole, super::MANAGER)
    }

    /// Takes an object, unless a newer one is known or it was deleted. Answers whom it concerns, nobody when nothing changed.
    pub fn put(&mut self, arrived: &Arrived<'_>) -> Option<(ResourceKey, Concerned)> {
        let head: Head<'_> = serde_json::from_str(arrived.json).ok()?;
        let metadata = &head.metadata;
        let key = ResourceKey {
            group: arrived.group.to_owned(),
            kind: arrived.kind.to_owned(),
            namespace: metadata.namespace.clone().into_owned(),
            name: metadata.name.clone().into_owned(),
        };
        let identity = uid(&metadata.uid, &self.hasher);
        let version: u64 = metadata.resource_version.parse().unwrap_or(0);
        let mut concerned = Concerned::default();
        if self.buried.contains_key(&identity) {
            return Some((key, concerned));
        }
        let owned_by_none = metadata.owner_references.as_ref().is_none_or(Vec::is_empty);
        // Versions grow in a whole cluster, so an older one is older news, also of another object of the same name.
        if let Some(known) = self.objects.get(&key)
            && (known.version > version
                || (known.uid == identity && known.version == version && known.json.is_some()))
        {
            return Some((key, concerned));
        }
        let application: Option<Arc<str>> = self
            .tracking
            .part_of(
                &outline(&self.tracking, arrived, metadata),
                !owned_by_none || self.is_made_from_template(arrived),
            )
            .map(Arc::from);
        let owners: Box<[Uid]> = metadata
            .owner_references
            .iter()
            .flatten()
            .map(|owner| uid(&owner.uid, &self.hasher))
            .collect();
        self.unlink(&key, &mut concerned);
        if let Some(application) = &application {
            concerned.add(application);
        }
        let waiting = self.wanted.get(&key);
        for application in waiting.into_iter().flatten() {
            concerned.add(application);
        }
        let above = if application.is_none() {
            self.ancestry(&owners)
        } else {
            Vec::new()
        };
        concerned
            .descendants
            .extend(above.iter().map(|application| application.to_string()));
        let whole = application.is_some() || waiting.is_some() || !above.is_empty();
        let kind = (key.group.clone(), key.kind.clone());
        let hash = self.hasher.hash_one(&key);
        if !whole && owned_by_none {
            self.objects.remove(&key);
            self.taken.entry(kind).or_default().insert(hash);
            return Some((key, concerned));
        }
        if let Some(taken) = self.taken.get_mut(&kind) {
            taken.remove(&hash);
        }
        let shared = Arc::new(key.clone());
        if let Some(application) = &application {
            self.by_application
                .entry(Arc::clone(application))
                .or_default()
                .insert(Arc::clone(&shared));
            if let Some(waiting) = self.wanted.get_mut(&key) {
                waiting.remove(application);
                if waiting.is_empty() {
                    self.wanted.remove(&key);
                }
            }
        }
        self.by_uid.insert(identity, Arc::clone(&shared));
        for owner in &owners {
            self.children
                .entry(*owner)
                .or_default()
                .insert(Arc::clone(&shared));
        }
        self.objects.insert(
            shared,
            Entry {
                api_version: Arc::clone(arrived.api_version),
                uid: identity,
                version,
                application,
                owners,
                json: whole.then(|| Arc::from(arrived.json)),
            },
        );
        Some((key, concerned))
    }

    /// Forgets an object that was deleted, unless another one has its name by now, and remembers its identity for a while.
    /// Answers whom it concerned.
    pub fn bury(&mut self, key: &ResourceKey, identity: &str) -> Concerned {
        let identity = uid(identity, &self.hasher);
        let now = Instant::now();
        self.buried.insert(identity, now);
        if self.buried.len() > 1024 {
            self.buried
                .retain(|_, at| now.duration_since(*at) < TOMBSTONE);
        }
        if self
            .objects
            .get(key)
            .is_some_and(|entry| entry.uid != identity)
        {
            return Concerned::default();
        }
        self.remove(key)
    }

    /// Forgets an object that a list no longer has. Answers whom it concerned.
    pub fn remove(&mut self, key: &ResourceKey) -> Concerned {
        let mut concerned = Concerned::default();
        if let Some(entry) = self.objects.get(key) {
            concerned.descendants = self
                .ancestry(&entry.owners)
                .iter()
                .map(ToString::to_string)
                .collect();
        }
        self.unlink(key, &mut concerned);
        self.objects.remove(key);
        if let Some(taken) = self.taken.get_mut(&(key.group.clone(), key.kind.clone())) {
            let hash = self.hasher.hash_one(key);
            taken.remove(&hash);
        }
        for application in self.wanted.get(key).into_iter().flatten() {
            concerned.add(application);
        }
        concerned
    }

    /// What a list begins with: everything of this kind that is known, and may be gone.
    pub fn of_kind(&self, kind: &GroupKind) -> HashSet<ResourceKey> {
        self.objects
            .keys()
            .filter(|key| key.group == kind.0 && key.kind == kind.1)
            .map(|key| ResourceKey::clone(key))
            .collect()
    }

    /// Forgets which names of a kind are taken, because a list says it anew.
    pub fn forget_taken(&mut self, kind: &GroupKind) {
        self.taken.remove(kind);
    }

    fn unlink(&mut self, key: &ResourceKey, concerned: &mut Concerned) {
        let Some(entry) = self.objects.get(key) else {
            return;
        };
        if let Some(application) = entry.application.clone() {
            concerned.add(&application);
            if let Some(keys) = self.by_application.get_mut(&application) {
                keys.remove(key);
                if keys.is_empty() {
                    self.by_application.remove(&application);
                }
            }
        }
        self.by_uid.remove(&entry.uid);
        for owner in &entry.owners {
            if let Some(children) = self.children.get_mut(owner) {
                children.remove(key);
                if children.is_empty() {
                    self.children.remove(owner);
                }
            }
        }
    }
}

/// The key and the identity of an object that arrived, nothing when it is none.
pub fn identity_of(arrived: &Arrived<'_>) -> Option<(ResourceKey, String)> {
    let head: Head<'_> = serde_json::from_str(arrived.json).ok()?;
    let key = ResourceKey {
        group: arrived.group.to_owned(),
        kind: arrived.kind.to_owned(),
        namespace: head.metadata.namespace.into_owned(),
        name: head.metadata.name.into_owned(),
    };
    Some((key, head.metadata.uid.into_owned()))
}

/// The version of a live object, to tell whether a write changed it.
pub fn version(object: &Value) -> &str {
    object["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default()
}

/// The group of an `apiVersion`.
pub fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tiphys_engine::object;

    use super::*;

    struct Bench {
        live: Live,
        core: Arc<str>,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                live: Live::new(Arc::default()),
                core: Arc::from("v1"),
            }
        }

        fn put(&mut self, object: &Value) -> (ResourceKey, Concerned) {
            let json = object.to_string();
            let kind = object::gvk(object).kind;
            let arrived = Arrived {
                api_version: &self.core.clone(),
                group: "",
                kind: &kind,
                json: &json,
            };
            self.live.put(&arrived).unwrap()
        }
    }

    fn map(uid: &str, version: &str, application: Option<&str>) -> Value {
        let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "n", "uid": uid, "resourceVersion": version}});
        if let Some(application) = application {
            let key = object::key(&object);
            Tracking::default().track(&mut object, application, &key);
        }
        object
    }

    fn child(kind: &str, name: &str, uid: &str, owner: &str) -> Value {
        json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "n", "uid": uid,
            "resourceVersion": "5", "ownerReferences": [{"uid": owner}]}})
    }

    #[test]
    fn never_steps_back() {
        let mut bench = Bench::new();
        let (key, concerned) = bench.put(&map("1", "10", Some("front")));
        assert_eq!(concerned.applications, ["front"]);
        let (_, concerned) = bench.put(&map("1", "9", None));
        assert!(concerned == Concerned::default());
        assert_eq!(version(&bench.live.get(&key).unwrap()), "10");
        assert_eq!(bench.live.tracked("front").len(), 1);
    }

    #[test]
    fn an_object_that_changes_hands_concerns_both() {
        let mut bench = Bench::new();
        bench.put(&map("1", "10", Some("front")));
        let (key, concerned) = bench.put(&map("1", "11", Some("back")));
        assert_eq!(concerned.applications, ["front", "back"]);
        assert!(bench.live.tracked("front").is_empty());
        assert_eq!(bench.live.tracked("back").len(), 1);
        assert!(
            bench.live.bury(&key, "another") == Concerned::default(),
            "another object of the name was deleted before"
        );
        assert_eq!(bench.live.bury(&key, "1").applications, ["back"]);
        assert!(bench.live.tracked("back").is_empty());
        assert!(bench.live.by_application.is_empty());
        assert_eq!(bench.live.len(), 0);
    }

    #[test]
    fn what_was_deleted_does_not_come_back() {
        let mut bench = Bench::new();
        let (key, _) = bench.put(&map("1", "10", Some("front")));
        bench.live.bury(&key, "1");
        let (_, concerned) = bench.put(&map("1", "11", Some("front")));
        assert!(concerned == Concerned::default());
        assert!(bench.live.get(&key).is_none());
        let (_, concerned) = bench.put(&map("2", "12", Some("front")));
        assert_eq!(
            concerned.applications,
            ["front"],
            "a new object of the name is another one"
        );
    }

    #[test]
    fn an_object_of_nobody_is_known_by_name_only() {
        let mut bench = Bench::new();
        let (key, concerned) = bench.put(&map("1", "10", None));
        assert!(concerned == Concerned::default());
        assert!(bench.live.get(&key).is_none());
        assert_eq!(bench.live.objects.len(), 0);
        assert_eq!(bench.live.unread(&[&key]), std::slice::from_ref(&key));
        bench.live.remove(&key);
        assert!(bench.live.unread(&[&key]).is_empty());
    }

    #[test]
    fn what_somebody_waits_for_is_kept_whole() {
        let mut bench = Bench::new();
        let key = object::key(&map("1", "10", None));
        bench.live.want("front", &key);
        let (_, concerned) = bench.put(&map("1", "10", None));
        assert_eq!(concerned.applications, ["front"]);
        assert!(bench.live.get(&key).is_some());
        bench.put(&map("1", "11", Some("front")));
        assert!(bench.live.wanted.is_empty(), "it is there");
        bench.live.want("back", &key);
        bench.live.unwant("back");
        assert!(bench.live.wanted.is_empty() && !bench.live.wants.contains_key("back"));
    }

    #[test]
    fn descendants_are_kept_and_concern_their_application() {
        let mut bench = Bench::new();
        let (early, _) = bench.put(&child("Pod", "early", "30", "20"));
        assert!(
            bench.live.get(&early).is_none(),
            "its owner is not known yet"
        );
        bench.put(&map("10", "1", Some("front")));
        let (set, concerned) = bench.put(&child("ReplicaSet", "set", "20", "10"));
        assert_eq!(concerned.descendants, ["front"]);
        assert!(bench.live.get(&set).is_some());
        let (pod, concerned) = bench.put(&child("Pod", "pod", "31", "20"));
        assert_eq!(concerned.descendants, ["front"]);
        let family: Vec<(String, bool)> = bench
            .live
            .family("front")
            .iter()
            .map(|(key, object)| (key.name.clone(), object.is_some()))
            .collect();
        assert_eq!(
            family,
            [
                ("a".into(), true),
                ("set".into(), true),
                ("early".into(), false),
                ("pod".into(), true)
            ]
        );
        assert_eq!(
            bench.live.unread(&[&early, &pod]),
            std::slice::from_ref(&early)
        );
        assert_eq!(bench.live.remove(&pod).descendants, ["front"]);
    }

    #[test]
    fn circles_of_owners_end() {
        let mut bench = Bench::new();
        bench.put(&child("Pod", "a", "1", "2"));
        let (_, concerned) = bench.put(&child("Pod", "b", "2", "1"));
        assert!(concerned == Concerned::default());
    }

    #[test]
    fn a_list_finds_what_is_gone() {
        let mut bench = Bench::new();
        let (key, _) = bench.put(&map("1", "10", Some("front")));
        let kind = (String::new(), "ConfigMap".to_owned());
        assert_eq!(bench.live.of_kind(&kind), HashSet::from([key]));
        assert!(
            bench
                .live
                .of_kind(&("apps".to_owned(), "ConfigMap".to_owned()))
                .is_empty()
        );
    }
}
