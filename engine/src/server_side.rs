//! `ServerSideDiff=true`: the object that a dry run of the apply answered, compared with what is live.
//!
//! The API server knows defaults, conversions and webhooks, so everything that then differs counts. What mutating webhooks put in
//! is not the source's, though: unless it is asked for, only what our field manager owns in the answer is taken from it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::diff::index::Index;
use crate::diff::shape::{Elements, Shape};
use crate::diff::{MAX_DIFFERENCES, Options, Outcome, Walker, normalise::shown};
use crate::managed_fields::{entries, parse_keys, unite};
use crate::object;
use crate::schema::MapKey;

/// Deepest level that is joined; what is deeper is taken from the answer.
const MAX_DEPTH: usize = 100;

/// The outcome, and both sides as they were compared.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerSide {
    /// What differs.
    pub outcome: Outcome,
    /// The live object without what is ignored.
    pub normalized_live: Value,
    /// The object as it will be.
    pub predicted_live: Value,
}

/// Compares the answer of the dry run with the live object.
#[must_use]
pub fn compare(
    predicted: &Value,
    live: &Value,
    include_mutation_webhook: bool,
    options: &Options<'_>,
) -> ServerSide {
    let gvk = object::gvk(predicted);
    let mut warnings = Vec::new();
    let mut wanted = if include_mutation_webhook {
        Cow::Borrowed(predicted)
    } else {
        Cow::Owned(without_webhooks(predicted, live, options))
    };
    let mut present = Cow::Borrowed(live);
    if let Some(rules) = options.ignore {
        rules.remove_from(&mut wanted, &mut present, options, &mut warnings);
    }
    let mut walker = Walker::new(live, options, MAX_DIFFERENCES).exact();
    walker.object(&wanted, &present, &gvk);
    let (differences, truncated) = walker.finish();
    ServerSide {
        outcome: Outcome {
            differences,
            truncated,
            warnings,
        },
        normalized_live: stable(present.into_owned()),
        predicted_live: stable(wanted.into_owned()),
    }
}

/// An object without what every write changes.
fn stable(object: Value) -> Value {
    let mut object = shown(object);
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("resourceVersion");
        metadata.remove("generation");
    }
    object
}

/// The live object with what the dry run changed of our fields: what others, such as webhooks, changed is as it was.
#[must_use]
pub fn without_webhooks(predicted: &Value, live: &Value, options: &Options<'_>) -> Value {
    let shape = options.shape(&object::gvk(predicted));
    let owned = ours(predicted, options);
    let before = ours(live, options);
    let state = State {
        live: Some(live),
        predicted: Some(predicted),
        owned: Own::Part(&owned),
        before: Own::Part(&before),
    };
    joined(state, &shape, 0).unwrap_or_default()
}

/// All that our manager, and those it took over from, own in an object.
fn ours(object: &Value, options: &Options<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    for entry in entries(object) {
        if options.is_ours(entry.manager) && entry.subresource.is_empty() {
            unite(&mut fields, entry.fields);
        }
    }
    fields
}

/// What is owned of a place.
#[derive(Clone, Copy)]
enum Own<'v> {
    Nothing,
    Part(&'v Map<String, Value>),
    Everything,
}

impl<'v> Own<'v> {
    fn node(child: Option<&'v Value>) -> Self {
        match child {
            None => Own::Nothing,
            Some(Value::Object(map)) if !map.is_empty() => Own::Part(map),
            Some(_) => Own::Everything,
        }
    }

    fn field(self, name: &str) -> Self {
        match self {
            Own::Part(map) => Self::node(map.get(&format!("f:{name}"))),
            other => other,
        }
    }

    fn element(self, element: &Value, keys: &[MapKey]) -> Self {
        let Own::Part(map) = self else {
            return self;
        };
        Self::node(map.iter().find_map(|(name, child)| {
            let stated = Value::Object(parse_keys(name)?);
            crate::diff::index::same_element(&stated, element, keys).then_some(child)
        }))
    }

    fn member(self, member: &Value) -> bool {
        match self {
            Own::Nothing => false,
            Own::Part(map) => map.contains_key(&format!("v:{member}")),
            Own::Everything => true,
        }
    }

    fn is_nothing(self) -> bool {
        matches!(self, Own::Nothing)
    }
}

/// A place in both objects, and what we own of it after the dry run and before.
#[derive(Clone, Copy)]
struct State<'v> {
    live: Option<&'v Value>,
    predicted: Option<&'v Value>,
    owned: Own<'v>,
    before: Own<'v>,
}

impl<'v> State<'v> {
    fn field(&self, name: &str) -> Self {
        let get = |value: Option<&'v Value>| value.and_then(|value| value.get(name));
        Self {
            live: get(self.live),
            predicted: get(self.predicted),
            owned: self.owned.field(name),
            before: self.before.field(name),
        }
    }
}

fn joined(state: State<'_>, shape: &Shape<'_>, depth: usize) -> Option<Value> {
    match (state.live, state.predicted) {
        (None, None) => None,
        // It went away because we no longer state it, or a webhook took it out.
        (Some(live), None) => state.before.is_nothing().then(|| live.clone()),
        (_, Some(predicted)) if matches!(state.owned, Own::Everything) || depth > MAX_DEPTH => {
            Some(predicted.clone())
        }
        (None, Some(Value::Object(_))) | (Some(Value::Object(_)), Some(Value::Object(_))) => {
            map(state, shape, depth)
        }
        (Some(Value::Array(live)), Some(Value::Array(predicted))) => {
            Some(Value::Array(list(live, predicted, state, shape, depth)))
        }
        (None, Some(Value::Array(predicted))) if !state.owned.is_nothing() => {
            Some(Value::Array(list(&[], predicted, state, shape, depth)))
        }
        (live, Some(predicted)) => {
            if state.owned.is_nothing() {
                live.cloned()
            } else {
                Some(predicted.clone())
            }
        }
    }
}

fn map(state: State<'_>, shape: &Shape<'_>, depth: usize) -> Option<Value> {
    if state.live.is_none() && state.owned.is_nothing() {
        return None;
    }
    let names = |value: Option<&Value>| -> Vec<String> {
        value
            .and_then(Value::as_object)
            .map(|map| map.keys().cloned().collect())
            .unwrap_or_default()
    };
    let mut result = Map::new();
    for name in names(state.live) {
        if let Some(value) = joined(state.field(&name), &shape.field(&name), depth + 1) {
            result.insert(name, value);
        }
    }
    for name in names(state.predicted) {
        if state.live.and_then(|live| live.get(&name)).is_none()
            && let Some(value) = joined(state.field(&name), &shape.field(&name), depth + 1)
        {
            result.insert(name, value);
        }
    }
    Some(Value::Object(result))
}

fn list(
    live: &[Value],
    predicted: &[Value],
    state: State<'_>,
    shape: &Shape<'_>,
    depth: usize,
) -> Vec<Value> {
    // What is not yet live says nothing about its keys: the answer's own list tells.
    let known = if live.is_empty() { predicted } else { live };
    match shape.elements(known, predicted) {
        Elements::ByKeys(keys) => by_keys(live, predicted, keys, state, shape, depth),
        Elements::Set => {
            let stays = |item: &&Value| predicted.contains(item) || !state.before.member(item);
            let comes = |item: &&Value| !live.contains(item) && state.owned.member(item);
            let stayed = live.iter().filter(stays);
            stayed
                .chain(predicted.iter().filter(comes))
                .cloned()
                .collect()
        }
        Elements::Unordered | Elements::InOrder => {
            let taken = if state.owned.is_nothing() {
                live
            } else {
                predicted
            };
            taken.to_vec()
        }
    }
}

fn by_keys(
    live: &[Value],
    predicted: &[Value],
    keys: &[MapKey],
    state: State<'_>,
    shape: &Shape<'_>,
    depth: usize,
) -> Vec<Value> {
    let element = shape.element();
    let answers = Index::new(predicted, keys);
    let before = Index::new(live, keys);
    let part = |item: &Value, live, predicted| State {
        live,
        predicted,
        owned: state.owned.element(item, keys),
        before: state.before.element(item, keys),
    };
    let mut result = Vec::new();
    for item in live {
        let next = part(item, Some(item), answers.find(item, keys));
        result.extend(joined(next, &element, depth + 1));
    }
    for item in predicted
        .iter()
        .filter(|item| before.find(item, keys).is_none())
    {
        if let Some(mut value) = joined(part(item, None, Some(item)), &element, depth + 1) {
            // An element keeps its keys, whoever owns them.
            if let Some(map) = value.as_object_mut() {
                for key in keys {
                    if let Some(value) = item.get(&*key.name) {
                        map.insert(key.name.to_string(), value.clone());
                    }
                }
            }
            result.push(value);
        }
    }
    result
}
