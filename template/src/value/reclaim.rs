//! Freeing of values that templates have built: deep ones without recursion, and circles of maps when a rendering ends.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use super::{Map, Value, map};

thread_local! {
    /// The maps that got a container while a guard lives; none are listed without one.
    static CHANGED: RefCell<Option<Vec<Weak<map::Data>>>> = const { RefCell::new(None) };
}

/// Frees circles of maps at the end of a rendering.
///
/// A template can put a map into itself (`set $m "self" $m`). Go's collector frees such a circle; here a guard does: every map
/// that got a list, a map or an object by [`Map::insert`] while the outermost guard of the thread lives, and that is still
/// alive when the guard is dropped, is emptied. So hold one around a whole rendering, including the making of its values, and
/// keep only its output.
#[derive(Debug)]
pub struct CycleGuard {
    outermost: bool,
}

impl CycleGuard {
    /// Starts to list the maps that are changed on this thread.
    #[must_use]
    pub fn new() -> Self {
        let outermost = CHANGED.with_borrow_mut(|changed| {
            let outermost = changed.is_none();
            changed.get_or_insert_default();
            outermost
        });
        Self { outermost }
    }
}

impl Default for CycleGuard {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for CycleGuard {
    fn drop(&mut self) {
        if !self.outermost {
            return;
        }
        let changed = CHANGED.with_borrow_mut(Option::take).unwrap_or_default();
        for map in changed.iter().filter_map(Weak::upgrade) {
            map.listed.set(false);
            let entries = std::mem::take(&mut *map.entries.borrow_mut());
            dismantle(entries.into_values());
        }
    }
}

/// Notes that a map got a container.
pub(super) fn changed(map: &Map) {
    if map.0.listed.get() {
        return;
    }
    CHANGED.with_borrow_mut(|changed| {
        if let Some(changed) = changed {
            map.0.listed.set(true);
            changed.push(Rc::downgrade(&map.0));
        }
    });
}

/// Drops values without recursion, however deep they are nested.
pub(super) fn dismantle(values: impl IntoIterator<Item = Value>) {
    let is_container = |value: &Value| matches!(value, Value::List(_) | Value::Map(_));
    let mut waiting: Vec<Value> = values.into_iter().filter(is_container).collect();
    while let Some(value) = waiting.pop() {
        match value {
            Value::List(mut list) => {
                if let Some(items) = list.take_if_unshared() {
                    waiting.extend(items.into_iter().filter(is_container));
                }
            }
            Value::Map(mut map) => {
                if let Some(entries) = map.take_if_unshared() {
                    waiting.extend(entries.into_values().filter(is_container));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_in_itself_is_freed() {
        let guard = CycleGuard::new();
        let map = Map::new(crate::Type::MAP, Default::default());
        map.insert("self", Value::Map(map.clone()));
        let watch = Rc::downgrade(&map.0);
        drop(map);
        assert!(watch.upgrade().is_some(), "it holds itself");
        drop(guard);
        assert!(watch.upgrade().is_none());
    }

    #[test]
    fn deep_values_are_freed_without_recursion() {
        let mut value = Value::list(vec![]);
        for index in 0..300_000 {
            value = if index % 2 == 0 {
                Value::list(vec![value])
            } else {
                Value::map([("in", value)])
            };
        }
        drop(value);
    }
}
