//! What we own in the cluster and the target no longer states.

use serde_json::{Map, Value};

use super::Reason;
use super::index::{Index, Members};
use super::path::{Path, Segment};
use super::shape::{Elements, Shape};
use super::walk::{MAX_DEPTH, METADATA, Walker, is_empty};
use crate::managed_fields::{self, LAST_APPLIED, is_leaf};
use crate::object::{self, Gvk};
use crate::schema::MapKey;

/// Most sets of keys that one list is searched by. A list has one; a record that says otherwise is not read further.
const MAX_KEY_SETS: usize = 4;

/// A place of the record: what the target states there, if anything, and what is live.
#[derive(Clone, Copy)]
struct Pair<'v> {
    wanted: Option<&'v Value>,
    live: &'v Value,
}

impl Walker<'_> {
    /// Finds what we own and the target no longer states. Before our first apply, that is what client-side apply recorded.
    pub(super) fn left_behind(
        &mut self,
        target: &Value,
        live: &Value,
        gvk: &Gvk,
        shape: &Shape<'_>,
    ) {
        let mut applied = false;
        let pair = Pair {
            wanted: Some(target),
            live,
        };
        let origin = self.origin;
        for entry in managed_fields::entries(origin) {
            if entry.operation != "Apply" || !entry.subresource.is_empty() {
                continue;
            }
            if self.options.is_ours(entry.manager) {
                self.owned_object(entry.fields, pair, gvk, shape);
                applied |= entry.manager == self.options.manager;
            }
        }
        if !applied
            && let Some(text) = object::annotation(origin, LAST_APPLIED)
            && let Ok(Value::Object(last)) = serde_json::from_str::<Value>(text)
        {
            for (name, value) in &last {
                if name != "metadata" && self.options.counts(name, gvk, target) {
                    let path = Path::root(name);
                    self.applied_field(name, value, pair, shape, &path, 0);
                }
            }
            for part in METADATA {
                let metadata = Path::root("metadata");
                let path = metadata.then(Segment::Field(part));
                if let Some(value) = last.get("metadata").and_then(|metadata| metadata.get(part))
                    && let Some(live) = live.get("metadata")
                {
                    let wanted = target.get("metadata");
                    let shape = shape.field("metadata");
                    self.applied_field(part, value, Pair { wanted, live }, &shape, &path, 0);
                }
            }
        }
    }

    fn owned_object(
        &mut self,
        fields: &Map<String, Value>,
        pair: Pair<'_>,
        gvk: &Gvk,
        shape: &Shape<'_>,
    ) {
        let target = pair.wanted.unwrap_or(&Value::Null);
        for (name, inner) in fields {
            let Some(field) = name.strip_prefix("f:") else {
                continue;
            };
            if field == "metadata" {
                let (Some(inner), Some(live)) = (inner.as_object(), pair.live.get(field)) else {
                    continue;
                };
                let shape = shape.field(field);
                let path = Path::root(field);
                let wanted = target.get(field);
                for part in METADATA {
                    if let Some(part_fields) = inner.get(&format!("f:{part}")) {
                        let here = path.then(Segment::Field(part));
                        self.owned_field(
                            part,
                            part_fields,
                            Pair { wanted, live },
                            &shape,
                            &here,
                            1,
                        );
                    }
                }
            } else if self.options.counts(field, gvk, target) {
                self.owned_field(field, inner, pair, shape, &Path::root(field), 0);
            }
        }
    }

    /// `shape` and `pair` are of the map that holds the field, `path` of the field.
    fn owned_field(
        &mut self,
        field: &str,
        inner: &Value,
        pair: Pair<'_>,
        shape: &Shape<'_>,
        path: &Path<'_>,
        depth: u32,
    ) {
        let wanted = pair
            .wanted
            .and_then(|wanted| wanted.get(field))
            .filter(|wanted| !wanted.is_null());
        let inner = inner.as_object().filter(|inner| !inner.is_empty());
        // The common case first: a field that is stated, and all of it is ours.
        if inner.is_none() && wanted.is_some() {
            return;
        }
        let Some(live) = pair.live.get(field).filter(|live| !live.is_null()) else {
            return;
        };
        match inner {
            Some(inner) if !is_leaf(inner) => {
                let next = Pair { wanted, live };
                self.owned(inner, next, &shape.field(field), path, depth + 1);
            }
            // Only the map itself is ours, and what is in it belongs to others.
            Some(_) => {}
            None => self.left(field, live, shape, path),
        }
    }

    /// A field is left, unless nothing would change without it.
    fn left(&mut self, field: &str, live: &Value, shape: &Shape<'_>, path: &Path<'_>) {
        let counts = shape.holds_entries()
            || (!is_empty(live) && shape.field(field).default() != Some(live));
        if counts && field != LAST_APPLIED {
            self.push(path, Reason::Left, None, Some(live));
        }
    }

    fn owned(
        &mut self,
        fields: &Map<String, Value>,
        pair: Pair<'_>,
        shape: &Shape<'_>,
        path: &Path<'_>,
        depth: u32,
    ) {
        if depth > MAX_DEPTH || self.full() {
            return;
        }
        let mut lists = Lists::default();
        let mut members = None;
        for (name, inner) in fields {
            if let Some(field) = name.strip_prefix("f:") {
                let here = path.then(Segment::Field(field));
                self.owned_field(field, inner, pair, shape, &here, depth);
            } else if let Some(text) = name.strip_prefix("k:") {
                let Ok(keys @ Value::Object(_)) = serde_json::from_str::<Value>(text) else {
                    continue;
                };
                self.owned_element(&keys, inner, pair, shape, path, (&mut lists, depth));
            } else if let Some(text) = name.strip_prefix("v:") {
                let Ok(value) = serde_json::from_str::<Value>(text) else {
                    continue;
                };
                let (wanted, live) = members.get_or_insert_with(|| {
                    (
                        Members::new(items(pair.wanted)),
                        Members::new(items(Some(pair.live))),
                    )
                });
                if live.contains(&value) && !wanted.contains(&value) {
                    self.push(
                        &path.then(Segment::Member(&value)),
                        Reason::Left,
                        None,
                        Some(&value),
                    );
                }
            }
        }
    }

    fn owned_element<'v>(
        &mut self,
        keys: &Value,
        inner: &Value,
        pair: Pair<'v>,
        shape: &Shape<'_>,
        path: &Path<'_>,
        (lists, depth): (&mut Lists<'v>, u32),
    ) {
        let (Some(stated), Some(list)) = (keys.as_object(), lists.of(keys, pair, shape)) else {
            return;
        };
        let Some(live) = list.live.find(keys, &list.keys) else {
            return;
        };
        let wanted = list.wanted.find(keys, &list.keys);
        let here = path.then(Segment::Keys(stated));
        let Some(inner) = inner.as_object() else {
            return;
        };
        if wanted.is_none() && (is_leaf(inner) || inner.contains_key(".")) {
            self.push(&here, Reason::Left, None, Some(live));
        } else {
            self.owned(
                inner,
                Pair { wanted, live },
                &shape.element(),
                &here,
                depth + 1,
            );
        }
    }

    /// What client-side apply recorded, in place of the record of a field manager. `shape` and `pair` are of the map that
    /// holds the field.
    fn applied_field(
        &mut self,
        field: &str,
        last: &Value,
        pair: Pair<'_>,
        shape: &Shape<'_>,
        path: &Path<'_>,
        depth: u32,
    ) {
        let Some(live) = pair.live.get(field).filter(|live| !live.is_null()) else {
            return;
        };
        if depth > MAX_DEPTH || last.is_null() || self.full() {
            return;
        }
        let wanted = pair
            .wanted
            .and_then(|wanted| wanted.get(field))
            .filter(|wanted| !wanted.is_null());
        match wanted {
            None => self.left(field, live, shape, path),
            Some(wanted) => {
                let next = Pair {
                    wanted: Some(wanted),
                    live,
                };
                self.applied(last, next, &shape.field(field), path, depth + 1);
            }
        }
    }

    fn applied(
        &mut self,
        last: &Value,
        pair: Pair<'_>,
        shape: &Shape<'_>,
        path: &Path<'_>,
        depth: u32,
    ) {
        match (last, pair.wanted, pair.live) {
            (Value::Object(last), Some(Value::Object(_)), Value::Object(_)) => {
                for (name, value) in last {
                    let here = path.then(Segment::Field(name));
                    self.applied_field(name, value, pair, shape, &here, depth);
                }
            }
            (Value::Array(last), Some(Value::Array(wanted)), Value::Array(live)) => {
                match shape.elements(last, live) {
                    Elements::ByKeys(keys) => {
                        let wanted = Index::new(wanted, keys);
                        let live = Index::new(live, keys);
                        for item in last {
                            let Some(present) = live.find(item, keys) else {
                                continue;
                            };
                            let here = path.then(Segment::Element(keys, item));
                            let stated = wanted.find(item, keys);
                            if stated.is_none() {
                                self.push(&here, Reason::Left, None, Some(present));
                            } else if depth < MAX_DEPTH {
                                let next = Pair {
                                    wanted: stated,
                                    live: present,
                                };
                                self.applied(item, next, &shape.element(), &here, depth + 1);
                            }
                        }
                    }
                    Elements::Set => {
                        let (wanted, live) = (Members::new(wanted), Members::new(live));
                        for item in last {
                            if live.contains(item) && !wanted.contains(item) {
                                let here = path.then(Segment::Member(item));
                                self.push(&here, Reason::Left, None, Some(item));
                            }
                        }
                    }
                    Elements::Unordered | Elements::InOrder => {}
                }
            }
            _ => {}
        }
    }
}

/// The elements of what may be a list.
fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The two states of a list, found by the keys that a record names.
struct List<'v> {
    keys: Vec<MapKey>,
    wanted: Index<'v>,
    live: Index<'v>,
}

#[derive(Default)]
struct Lists<'v> {
    known: Vec<List<'v>>,
}

impl<'v> Lists<'v> {
    fn of(&mut self, keys: &Value, pair: Pair<'v>, shape: &Shape<'_>) -> Option<&List<'v>> {
        let names = keys.as_object()?;
        let same = |list: &List<'_>| {
            list.keys.len() == names.len()
                && list.keys.iter().all(|key| names.contains_key(&*key.name))
        };
        if let Some(place) = self.known.iter().position(same) {
            return self.known.get(place);
        }
        if self.known.len() >= MAX_KEY_SETS {
            return None;
        }
        let keys = shape.keys_named(names.keys());
        self.known.push(List {
            wanted: Index::new(items(pair.wanted), &keys),
            live: Index::new(items(Some(pair.live)), &keys),
            keys,
        });
        self.known.last()
    }
}
