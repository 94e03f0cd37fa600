//! Hiding the values of Secrets, and of annotations that are secret, before anything of an object is shown.
//!
//! Values become runs of `+`: equal values of one entry equal runs, different values runs of different lengths, across all the
//! states of an object that are shown together. So a difference can be seen, and its values cannot.

use serde_json::{Map, Value};

use crate::diff::scalar::decode;
use crate::diff::{Difference, normalise::move_string_data};
use crate::managed_fields::LAST_APPLIED;
use crate::object::Gvk;

/// The shortest run.
const RUN: usize = 8;
/// How much longer the run of the next value is.
const STEP: usize = 4;

/// The values of one entry that have been seen, and the run of each is told by its place.
#[derive(Default)]
struct Seen(Vec<Vec<u8>>);

impl Seen {
    fn run(&mut self, value: &Value) -> Value {
        let bytes = match value {
            Value::String(text) => decode(text).unwrap_or_else(|| text.clone().into_bytes()),
            other => other.to_string().into_bytes(),
        };
        let place = self.0.iter().position(|known| *known == bytes);
        let place = place.unwrap_or_else(|| {
            self.0.push(bytes);
            self.0.len() - 1
        });
        Value::String("+".repeat(RUN + STEP * place))
    }
}

fn is_secret(kind: &Gvk) -> bool {
    kind.group.is_empty() && kind.kind == "Secret"
}

/// Masks the states of one object that are shown together: target, live, predicted, normalised. What is no object, for example the
/// null of a state that there is not, stays.
///
/// `kind` is the kind under which the server knows the object: what a manifest calls itself does not decide. `annotations` are
/// annotations whose values are secret, of objects of any kind.
pub fn mask_secrets(kind: &Gvk, states: &mut [&mut Value], annotations: &[&str]) {
    let secret = is_secret(kind);
    let mut last: Vec<Option<Value>> = states
        .iter_mut()
        .map(|state| take_last_applied(state, annotations, secret))
        .collect();
    let mut all: Vec<&mut Value> = states
        .iter_mut()
        .map(|state| &mut **state)
        .chain(last.iter_mut().flatten())
        .collect();
    if secret {
        for state in &mut all {
            move_string_data(state);
        }
        for field in ["data", "stringData"] {
            mask_entries(&mut all, &[field], None);
        }
    }
    if !annotations.is_empty() {
        mask_entries(&mut all, &["metadata", "annotations"], Some(annotations));
    }
    for (state, last) in states.iter_mut().zip(last) {
        if let (Some(last), Some(here)) = (last, annotations_of(state)) {
            here.insert(LAST_APPLIED.to_owned(), Value::String(last.to_string()));
        }
    }
}

fn annotations_of(state: &mut Value) -> Option<&mut Map<String, Value>> {
    state
        .get_mut("metadata")?
        .get_mut("annotations")?
        .as_object_mut()
}

/// What client-side apply recorded, to be masked with the object itself. What cannot be read is masked as a whole.
fn take_last_applied(state: &mut Value, hidden: &[&str], secret: bool) -> Option<Value> {
    let text = annotations_of(state)?.get_mut(LAST_APPLIED)?;
    if hidden.contains(&LAST_APPLIED) {
        return None;
    }
    let parsed = text
        .as_str()
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .filter(Value::is_object);
    match parsed {
        Some(mut last) => {
            // A record within the record would be a way around the mask.
            if let Some(inner) = annotations_of(&mut last)
                && secret
            {
                inner.remove(LAST_APPLIED);
            }
            Some(last)
        }
        None => {
            if secret || !hidden.is_empty() {
                *text = Value::String("+".repeat(RUN));
            }
            None
        }
    }
}

/// Masks the entries of a map that every state may have at a place, or those of these names.
fn mask_entries(states: &mut [&mut Value], place: &[&str], only: Option<&[&str]>) {
    let mut names: Vec<String> = Vec::new();
    for state in states.iter_mut() {
        let Some(map) = at(state, place) else {
            continue;
        };
        match map {
            Value::Object(map) => names.extend(map.keys().cloned()),
            Value::Null => {}
            // No map: not what the API takes, and still a secret.
            other => {
                if only.is_none() {
                    *other = Value::String("+".repeat(RUN));
                }
            }
        }
    }
    names.sort();
    names.dedup();
    for name in names
        .iter()
        .filter(|name| only.is_none_or(|only| only.contains(&name.as_str())))
    {
        let mut seen = Seen::default();
        for state in states.iter_mut() {
            if let Some(value) = at(state, place)
                .and_then(Value::as_object_mut)
                .and_then(|map| map.get_mut(name))
            {
                *value = seen.run(value);
            }
        }
    }
}

fn at<'v>(state: &'v mut Value, place: &[&str]) -> Option<&'v mut Value> {
    place
        .iter()
        .try_fold(state, |value, name| value.get_mut(name))
}

/// Masks the values in the differences of one object, as [`mask_secrets`] does.
pub fn mask_differences(kind: &Gvk, differences: &mut [Difference], annotations: &[&str]) {
    for difference in differences {
        let data = ["data", "stringData"].iter().any(|field| {
            difference
                .path
                .strip_prefix(field)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
        let annotation = difference
            .path
            .strip_prefix("metadata.annotations")
            .map(|rest| rest.trim_start_matches(['.', '[']).trim_end_matches(']'));
        let hidden = annotation.is_some_and(|name| annotations.contains(&name) || name.is_empty());
        if (data && is_secret(kind)) || (hidden && !annotations.is_empty()) {
            let mut seen = Seen::default();
            for value in [&mut difference.desired, &mut difference.live]
                .into_iter()
                .flatten()
            {
                match value {
                    Value::Object(map) => {
                        for value in map.values_mut() {
                            *value = seen.run(value);
                        }
                    }
                    other => *other = seen.run(other),
                }
            }
        }
    }
}
