//! The walk through a target and what is live of it.

use serde_json::{Map, Value};

use super::index::{Index, Members, all_differ};
use super::path::{Path, Segment};
use super::shape::{Elements, Shape, Text};
use super::{Difference, Options, Reason, scalar};
use crate::edit::Edit;
use crate::managed_fields::{self, LAST_APPLIED};
use crate::object::{self, Gvk};

/// Deepest level that is walked; what is deeper is compared as it is.
pub(crate) const MAX_DEPTH: u32 = 100;
/// Longest list without order whose elements are searched for one another; a longer one is compared in its order.
const MAX_UNORDERED: usize = 256;
/// Parts of the metadata that people state; the rest names the object or is the server's.
pub(crate) const METADATA: [&str; 4] = ["labels", "annotations", "finalizers", "ownerReferences"];
/// Fields that the cluster fills into references, each of which has one owner for all of it.
const FILLED: [&str; 6] = [
    "apiGroup",
    "apiVersion",
    "divisor",
    "kind",
    "resourceVersion",
    "uid",
];
/// The annotation by which cert-manager is told to fill bundles; its variants have suffixes.
const INJECT_CA: &str = "cert-manager.io/inject-";

/// Compares, and gathers what differs.
pub(crate) struct Walker<'o> {
    /// The live object with its records of field managers.
    pub(super) origin: &'o Value,
    pub(super) options: &'o Options<'o>,
    limit: usize,
    found: Vec<Difference>,
    truncated: bool,
    /// What would make the live object equal, if it is asked for.
    edits: Option<Vec<Edit>>,
    /// Whether everything live counts, whoever owns it.
    exact: bool,
}

/// Where a value is.
#[derive(Clone, Copy)]
pub(crate) struct At {
    depth: u32,
    /// Whether something around it has one owner for all of it.
    atomic: bool,
}

impl At {
    fn below(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }
}

/// Whether a value says nothing: what the API server drops when it stores an object.
pub(crate) fn is_empty(value: &Value) -> bool {
    empty_at(value, 0)
}

fn empty_at(value: &Value, depth: u32) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => {
            depth < MAX_DEPTH && map.values().all(|value| empty_at(value, depth + 1))
        }
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Whether a value is the zero of its type, which the API server may drop.
pub(crate) fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        other => is_empty(other),
    }
}

impl<'o> Walker<'o> {
    /// `origin` is the live object with its records; at most `limit` differences are gathered.
    pub(crate) fn new(origin: &'o Value, options: &'o Options<'o>, limit: usize) -> Self {
        Self {
            origin,
            options,
            limit,
            found: Vec::new(),
            truncated: false,
            edits: None,
            exact: false,
        }
    }

    /// Lets everything live count, whoever owns it.
    pub(crate) fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    fn with_edits(mut self) -> Self {
        self.edits = Some(Vec::new());
        self
    }

    /// What differs, and whether there is more.
    pub(crate) fn finish(self) -> (Vec<Difference>, bool) {
        (self.found, self.truncated)
    }

    pub(super) fn full(&self) -> bool {
        self.truncated
    }

    pub(super) fn push(
        &mut self,
        path: &Path<'_>,
        reason: Reason,
        desired: Option<&Value>,
        live: Option<&Value>,
    ) {
        if self.found.len() >= self.limit {
            self.truncated = true;
            return;
        }
        let place = path.to_string();
        if reason == Reason::Left && self.found.iter().any(|known| known.path == place) {
            return;
        }
        if let Some(edits) = &mut self.edits {
            edits.push(Edit::new(path, desired));
        }
        let managers = live.map_or_else(Vec::new, |_| managed_fields::owners(self.origin, path));
        self.found.push(Difference {
            path: place,
            reason,
            desired: desired.cloned(),
            live: live.cloned(),
            managers,
        });
        // One that is asked for is enough to know.
        self.truncated = self.limit == 1;
    }

    /// Compares two objects.
    pub(crate) fn object(&mut self, target: &Value, live: &Value, gvk: &Gvk) {
        let (Some(wanted), Some(present)) = (target.as_object(), live.as_object()) else {
            return;
        };
        let shape = self.options.shape(gvk);
        let at = At {
            depth: 1,
            atomic: false,
        };
        for (name, value) in wanted {
            if name == "metadata" {
                self.metadata(value, present.get(name), &shape.field(name));
            } else if self.options.counts(name, gvk, target) {
                self.value(
                    value,
                    present.get(name),
                    &shape.field(name),
                    &Path::root(name),
                    at,
                );
            }
        }
        if self.exact {
            for (name, value) in present {
                let stated = wanted.get(name).is_some_and(|value| !value.is_null());
                if name != "metadata"
                    && !stated
                    && self.options.counts(name, gvk, target)
                    && !is_empty(value)
                {
                    self.push(&Path::root(name), Reason::Left, None, Some(value));
                }
            }
        } else {
            self.left_behind(target, live, gvk, &shape);
        }
    }

    fn metadata(&mut self, wanted: &Value, live: Option<&Value>, shape: &Shape<'_>) {
        let nothing = Value::Object(Map::new());
        let metadata = Path::root("metadata");
        let at = At {
            depth: 2,
            atomic: false,
        };
        for part in METADATA {
            let here = metadata.then(Segment::Field(part));
            let stated = wanted.get(part).unwrap_or(&Value::Null);
            let present = live.and_then(|live| live.get(part));
            match (part, stated, present) {
                ("labels" | "annotations", stated, present) => {
                    let present = present
                        .filter(|value| value.is_object())
                        .unwrap_or(&nothing);
                    let stated = if stated.is_null() { &nothing } else { stated };
                    if let (Some(stated), Some(present)) = (stated.as_object(), present.as_object())
                    {
                        self.entries(stated, present, &shape.field(part), &here, at);
                    }
                }
                ("finalizers", Value::Array(stated), present) => {
                    let present = present.and_then(Value::as_array);
                    self.set(stated, present.map_or(&[], Vec::as_slice), &here);
                }
                (_, Value::Null, _) => {}
                _ => self.value(stated, present, &shape.field(part), &here, at),
            }
        }
    }

    /// Labels or annotations: an empty text is a value too.
    fn entries(
        &mut self,
        wanted: &Map<String, Value>,
        live: &Map<String, Value>,
        shape: &Shape<'_>,
        path: &Path<'_>,
        at: At,
    ) {
        for (name, value) in wanted {
            if name == LAST_APPLIED || value.is_null() {
                continue;
            }
            let here = path.then(Segment::Field(name));
            match live.get(name) {
                None => self.push(&here, Reason::Missing, Some(value), None),
                present => self.value(value, present, &shape.field(name), &here, at.below()),
            }
        }
        if self.exact {
            for (name, value) in live {
                if name != LAST_APPLIED && !wanted.contains_key(name) {
                    let here = path.then(Segment::Field(name));
                    self.push(&here, Reason::Left, None, Some(value));
                }
            }
        }
    }

    /// Compares two values of one place.
    fn value(
        &mut self,
        wanted: &Value,
        live: Option<&Value>,
        shape: &Shape<'_>,
        path: &Path<'_>,
        at: At,
    ) {
        if wanted.is_null() || self.full() {
            return;
        }
        let Some(live) = live.filter(|live| !live.is_null()) else {
            if !self.says_nothing(wanted, shape, path) && !self.filled_by_others(wanted, shape) {
                self.push(path, Reason::Missing, Some(wanted), None);
            }
            return;
        };
        if at.depth >= MAX_DEPTH {
            if !object::equal(wanted, live) {
                self.push(path, Reason::Changed, Some(wanted), Some(live));
            }
            return;
        }
        match (wanted, live) {
            (Value::Object(wanted), Value::Object(live)) => self.map(wanted, live, shape, path, at),
            (Value::Array(wanted_items), Value::Array(live_items)) => {
                self.list(wanted_items, live_items, shape, path, at, (wanted, live));
            }
            (wanted, live) if scalar::same(wanted, live, shape.text()) => {}
            _ if shape.text() == Text::CaBundle && self.bundle_of_others(wanted, path) => {}
            _ => self.push(path, Reason::Changed, Some(wanted), Some(live)),
        }
    }

    /// Whether a stated value that is not live is what its absence means.
    ///
    /// `false`, 0 and an empty text mean something where the API tells them from an absent field, as in
    /// `automountServiceAccountToken`, and are dropped by the API server where it does not. The record of our applies tells: what
    /// we own and is not live was dropped. Where we never applied, nothing is known, and such a value does not count.
    fn says_nothing(&self, wanted: &Value, shape: &Shape<'_>, path: &Path<'_>) -> bool {
        if is_empty(wanted) {
            return true;
        }
        if self.exact {
            return false;
        }
        if shape.default() == Some(wanted) {
            return true;
        }
        is_zero(wanted)
            && (self.options.ignore_dropped
                || managed_fields::applied(self.origin, self.options.manager, path).unwrap_or(true))
    }

    fn filled_by_others(&self, wanted: &Value, shape: &Shape<'_>) -> bool {
        shape.text() == Text::CaBundle && scalar::is_placeholder(wanted)
    }

    /// Whether a bundle of certificates is filled in by others: the source only holds its place, or tells an injector to fill it
    /// and the injector did.
    fn bundle_of_others(&self, wanted: &Value, path: &Path<'_>) -> bool {
        if scalar::is_placeholder(wanted) {
            return true;
        }
        let injected = self.origin["metadata"]["annotations"]
            .as_object()
            .is_some_and(|annotations| annotations.keys().any(|name| name.starts_with(INJECT_CA)));
        let owners = managed_fields::owners(self.origin, path);
        injected
            && !owners.is_empty()
            && !owners.iter().any(|owner| self.options.is_ours(&owner.name))
    }

    fn map(
        &mut self,
        wanted: &Map<String, Value>,
        live: &Map<String, Value>,
        shape: &Shape<'_>,
        path: &Path<'_>,
        at: At,
    ) {
        let atomic = at.atomic || shape.is_atomic();
        let below = At {
            depth: at.depth + 1,
            atomic,
        };
        let entries = shape.holds_entries();
        for (name, value) in wanted {
            let here = path.then(Segment::Field(name));
            let present = live.get(name);
            // In a map of the user's, an empty text is an entry, which the server keeps.
            if entries && present.is_none() && !value.is_null() && !self.full() {
                self.push(&here, Reason::Missing, Some(value), None);
            } else {
                self.value(value, present, &shape.field(name), &here, below);
            }
        }
        if !self.exact && !atomic {
            return;
        }
        for (name, present) in live {
            if wanted.get(name).is_some_and(|value| !value.is_null()) || self.full() {
                continue;
            }
            let here = path.then(Segment::Field(name));
            if self.exact {
                if entries || !is_empty(present) {
                    self.push(&here, Reason::Left, None, Some(present));
                }
            } else if entries
                || (!is_zero(present)
                    && !FILLED.contains(&name.as_str())
                    && shape.field(name).default() != Some(present))
            {
                let owners = managed_fields::owners(self.origin, &here);
                let ours = owners.iter().any(|owner| self.options.is_ours(&owner.name));
                if !ours && !owners.is_empty() {
                    self.push(&here, Reason::Added, None, Some(present));
                } else if ours && (entries || shape.is_atomic()) {
                    self.push(&here, Reason::Left, None, Some(present));
                }
            }
        }
    }

    fn list(
        &mut self,
        wanted: &[Value],
        live: &[Value],
        shape: &Shape<'_>,
        path: &Path<'_>,
        at: At,
        whole: (&Value, &Value),
    ) {
        match shape.elements(wanted, live) {
            Elements::ByKeys(keys) if all_differ(wanted, keys) => {
                let element = shape.element();
                let index = Index::new(live, keys);
                for item in wanted {
                    let here = path.then(Segment::Element(keys, item));
                    match index.find(item, keys) {
                        Some(present) => {
                            self.value(item, Some(present), &element, &here, at.below())
                        }
                        None => self.push(&here, Reason::Missing, Some(item), None),
                    }
                    if self.full() {
                        return;
                    }
                }
                if self.exact {
                    let index = Index::new(wanted, keys);
                    for item in live.iter().filter(|item| index.find(item, keys).is_none()) {
                        let here = path.then(Segment::Element(keys, item));
                        self.push(&here, Reason::Left, None, Some(item));
                    }
                }
            }
            Elements::Set => self.set(wanted, live, path),
            Elements::Unordered if wanted.len() <= MAX_UNORDERED && live.len() <= MAX_UNORDERED => {
                if !self.same_in_any_order(wanted, live, shape, path, at) {
                    self.push(path, Reason::Changed, Some(whole.0), Some(whole.1));
                }
            }
            _ if wanted.len() != live.len() => {
                self.push(path, Reason::Changed, Some(whole.0), Some(whole.1));
            }
            _ => {
                let below = At {
                    depth: at.depth + 1,
                    atomic: at.atomic || shape.is_atomic_list(),
                };
                let element = shape.element();
                for (index, (wanted, live)) in wanted.iter().zip(live).enumerate() {
                    let here = path.then(Segment::Index(index));
                    self.value(wanted, Some(live), &element, &here, below);
                }
            }
        }
    }

    fn set(&mut self, wanted: &[Value], live: &[Value], path: &Path<'_>) {
        let members = Members::new(live);
        for item in wanted.iter().filter(|item| !members.contains(item)) {
            self.push(
                &path.then(Segment::Member(item)),
                Reason::Missing,
                Some(item),
                None,
            );
        }
        if self.exact {
            let members = Members::new(wanted);
            for item in live.iter().filter(|item| !members.contains(item)) {
                self.push(
                    &path.then(Segment::Member(item)),
                    Reason::Left,
                    None,
                    Some(item),
                );
            }
        }
    }

    /// Whether each element of one list has one of the other to itself.
    fn same_in_any_order(
        &self,
        wanted: &[Value],
        live: &[Value],
        shape: &Shape<'_>,
        path: &Path<'_>,
        at: At,
    ) -> bool {
        let element = shape.element();
        let mut free: Vec<&Value> = live.iter().collect();
        wanted.len() == live.len()
            && wanted.iter().all(|item| {
                let same = |candidate: &&Value| {
                    let mut probe = Walker::new(self.origin, self.options, 1);
                    probe.exact = self.exact;
                    probe.value(item, Some(candidate), &element, path, at.below());
                    probe.found.is_empty()
                };
                match free.iter().position(same) {
                    Some(place) => {
                        free.swap_remove(place);
                        true
                    }
                    None => false,
                }
            })
    }
}

/// Writes into `live` what differs from the target.
pub(crate) fn overlay(
    target: &Value,
    live: &mut Value,
    gvk: &Gvk,
    origin: &Value,
    options: &Options<'_>,
) {
    let mut walker = Walker::new(origin, options, MAX_EDITS).with_edits();
    walker.object(target, live, gvk);
    for edit in walker.edits.unwrap_or_default() {
        edit.apply(live);
    }
}

/// Most differences that are written into a predicted object.
const MAX_EDITS: usize = 20_000;
