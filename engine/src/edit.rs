//! A change of one place in an object: to set it or to take it out.

use serde_json::{Map, Value};

use crate::diff::path::{Path, Segment, key_value};

/// A step, with its own copy of what it names.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    /// An element of a list: keys, and the default of each.
    Element(Vec<(String, Option<Value>, Option<Value>)>),
    Index(usize),
    Member(Value),
}

/// A change of one place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Edit {
    steps: Vec<Step>,
    /// The new value; none takes the place out.
    value: Option<Value>,
}

impl Edit {
    pub(crate) fn new(path: &Path<'_>, value: Option<&Value>) -> Self {
        let step = |segment| match segment {
            Segment::Field(name) => Step::Field(name.to_owned()),
            Segment::Index(index) => Step::Index(index),
            Segment::Member(value) => Step::Member(value.clone()),
            Segment::Element(keys, element) => Step::Element(
                keys.iter()
                    .map(|key| {
                        let value = key_value(element, key).cloned();
                        (key.name.to_string(), value, key.default.clone())
                    })
                    .collect(),
            ),
            Segment::Keys(keys) => Step::Element(
                keys.iter()
                    .map(|(name, value)| {
                        let default = (name == "protocol").then(|| Value::from("TCP"));
                        (name.clone(), Some(value.clone()), default)
                    })
                    .collect(),
            ),
        };
        Self {
            steps: path.segments().into_iter().map(step).collect(),
            value: value.cloned(),
        }
    }

    /// Carries it out. A place that cannot be reached is left as it is.
    pub(crate) fn apply(self, object: &mut Value) {
        apply(&self.steps, self.value, object);
    }
}

/// Where the element is that the step names.
fn place(items: &[Value], step: &Step) -> Option<usize> {
    match step {
        Step::Index(index) => (*index < items.len()).then_some(*index),
        Step::Member(member) => items.iter().position(|item| item == member),
        Step::Element(keys) => items.iter().position(|item| {
            keys.iter().all(|(name, value, default)| {
                let stated = item.get(name).filter(|value| !value.is_null());
                crate::diff::same_key(stated.or(default.as_ref()), value.as_ref())
            })
        }),
        Step::Field(_) => None,
    }
}

fn apply(steps: &[Step], value: Option<Value>, object: &mut Value) {
    let Some((step, rest)) = steps.split_first() else {
        return;
    };
    if let Step::Field(name) = step {
        if object.is_null() && value.is_some() {
            *object = Value::Object(Map::new());
        }
        let Some(map) = object.as_object_mut() else {
            return;
        };
        match (rest.is_empty(), value) {
            (true, Some(value)) => {
                map.insert(name.clone(), value);
            }
            (true, None) => {
                map.remove(name);
            }
            (false, Some(value)) => {
                apply(
                    rest,
                    Some(value),
                    map.entry(name.clone()).or_insert(Value::Null),
                );
            }
            (false, None) => {
                if let Some(next) = map.get_mut(name) {
                    apply(rest, None, next);
                }
            }
        }
        return;
    }
    if object.is_null() && value.is_some() {
        *object = Value::Array(Vec::new());
    }
    let Some(items) = object.as_array_mut() else {
        return;
    };
    match (place(items, step), rest.is_empty(), value) {
        (Some(place), true, Some(value)) => items[place] = value,
        (Some(place), true, None) => {
            items.remove(place);
        }
        (Some(place), false, value) => apply(rest, value, &mut items[place]),
        (None, true, Some(value)) => items.push(value),
        (None, ..) => {}
    }
}
