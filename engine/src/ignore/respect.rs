//! The target with what is ignored taken from the live object.

use std::borrow::Cow;

use serde_json::Value;

use super::{ConcretePath, IgnoreRules, Key, step_into};
use crate::diff::Options;
use crate::diff::path::{Path, Segment};
use crate::diff::shape::{Elements, Shape};
use crate::edit::Edit;
use crate::managed_fields;
use crate::object;

/// See [`IgnoreRules::respected`].
///
/// A field that the target states has the live value, and is left out when nothing is live. A field that the target does not
/// state is taken from the live object when it is ours there: without it, applying would take it away. Other managers' fields stay
/// theirs.
pub(super) fn respected<'v>(
    rules: &IgnoreRules,
    target: &'v Value,
    live: &Value,
    options: &Options<'_>,
) -> Cow<'v, Value> {
    let parts = rules.parts(live);
    if parts.is_empty() || !live.is_object() {
        return Cow::Borrowed(target);
    }
    let shape = options.shape(&object::gvk(target));
    let mut edits: Vec<Edit> = Vec::new();
    for part in parts {
        for path in part.paths(target, live, options, &mut Vec::new()) {
            at(&path, target, live, shape, &mut |place, _, there| {
                edits.push(Edit::new(place, there));
            });
        }
        for path in part.paths(live, live, options, &mut Vec::new()) {
            at(&path, live, target, shape, &mut |place, here, there| {
                let ours = || {
                    managed_fields::owners(live, place)
                        .iter()
                        .any(|owner| options.is_ours(&owner.name))
                };
                if there.is_none() && ours() {
                    edits.push(Edit::new(place, Some(here)));
                }
            });
        }
    }
    if edits.is_empty() {
        return Cow::Borrowed(target);
    }
    let mut target = target.clone();
    // Backwards, so that taking an element out of a list moves none that is still to be changed.
    for edit in edits.into_iter().rev() {
        edit.apply(&mut target);
    }
    Cow::Owned(target)
}

/// Calls with the place that a path of `here` leads to, with the value, and with the value of the same place in `there`: elements of
/// lists are found by their keys.
fn at(
    path: &ConcretePath,
    here: &Value,
    there: &Value,
    shape: Shape<'_>,
    found: &mut dyn FnMut(&Path<'_>, &Value, Option<&Value>),
) {
    if let Some((Key::Field(first), rest)) = path.split_first()
        && let Some(value) = here.get(first)
    {
        let place = Path::root(first);
        step(
            rest,
            value,
            there.get(first),
            shape.field(first),
            &place,
            found,
        );
    }
}

fn step(
    rest: &[Key],
    here: &Value,
    there: Option<&Value>,
    shape: Shape<'_>,
    place: &Path<'_>,
    found: &mut dyn FnMut(&Path<'_>, &Value, Option<&Value>),
) {
    let Some((key, rest)) = rest.split_first() else {
        found(place, here, there);
        return;
    };
    let Some(value) = step_into(here, key) else {
        return;
    };
    match (key, here) {
        (Key::Index(index), Value::Array(list)) => {
            let other = there
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice);
            let shape_of_element = shape.element();
            match shape.elements(list, other) {
                Elements::ByKeys(keys) => {
                    let same = other
                        .iter()
                        .find(|item| crate::diff::index::same_element(item, value, keys));
                    let next = place.then(Segment::Element(keys, value));
                    step(rest, value, same, shape_of_element, &next, found);
                }
                Elements::Set => {
                    let same = other.iter().find(|item| *item == value);
                    let next = place.then(Segment::Member(value));
                    step(rest, value, same, shape_of_element, &next, found);
                }
                Elements::Unordered | Elements::InOrder => {
                    let next = place.then(Segment::Index(*index));
                    step(
                        rest,
                        value,
                        other.get(*index),
                        shape_of_element,
                        &next,
                        found,
                    );
                }
            }
        }
        (Key::Field(name), _) => {
            let next = place.then(Segment::Field(name));
            let there = there.and_then(|there| there.get(name));
            step(rest, value, there, shape.field(name), &next, found);
        }
        (Key::Index(_), _) => {}
    }
}
