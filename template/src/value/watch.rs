//! Whether templates change values that they share with others.

use std::cell::Cell;

use super::{Object, Underlying, Value};

thread_local! {
    static CHANGED: Cell<bool> = const { Cell::new(false) };
}

/// Watches every list and map of a value from now on: [`take_change`] tells whether one of them was changed. Containers that are
/// put into a watched one later are not watched: to put them there is a change.
pub fn watch(value: &Value) {
    let mut waiting = vec![value.clone()];
    while let Some(value) = waiting.pop() {
        match value {
            Value::List(list) if !list.watched().replace(true) => {
                waiting.extend(list.items().iter().filter(|item| may_hold(item)).cloned());
            }
            Value::Map(map) if !map.watched().replace(true) => {
                let entries = map.entries();
                waiting.extend(entries.values().filter(|item| may_hold(item)).cloned());
            }
            Value::Object(object) => waiting.extend(parts(&*object)),
            _ => {}
        }
    }
}

/// Whether a container that is watched was changed on this thread since this was asked for the last time.
#[must_use]
pub fn take_change() -> bool {
    CHANGED.take()
}

/// Notes a change of what may be watched.
pub(super) fn changed(watched: &Cell<bool>) {
    if watched.get() {
        CHANGED.set(true);
    }
}

fn may_hold(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_) | Value::Object(_))
}

fn parts(object: &dyn Object) -> Vec<Value> {
    match object.underlying() {
        Underlying::Value(value) => vec![value],
        Underlying::Struct(fields) => fields.into_iter().map(|(_, value)| value).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{List, Map};

    #[test]
    fn a_change_at_any_depth_is_told_once() {
        let inner = Map::new(crate::Type::MAP, [("a".into(), Value::Int(1))].into());
        let list = List::new(crate::Type::LIST, vec![Value::Map(inner.clone())]);
        let outer = Map::new(
            crate::Type::MAP,
            [("l".into(), Value::List(list.clone()))].into(),
        );
        // A circle is walked once.
        outer.insert("self", Value::Map(outer.clone()));
        let other = Map::new(crate::Type::MAP, outer.entries().clone());
        watch(&Value::Map(outer.clone()));
        assert!(!take_change());
        other.insert("b", Value::Nil);
        assert!(!take_change(), "a copy is another map");
        let is_told_once = || (take_change(), take_change()) == (true, false);
        assert!(inner.insert("b", Value::Nil) && is_told_once());
        assert!(inner.remove("b").is_some() && is_told_once());
        list.replace(Vec::new());
        assert!(is_told_once());
        assert!(outer.remove("self").is_some() && is_told_once());
    }
}
