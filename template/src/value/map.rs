//! A Go map with string keys.

use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::{Text, Value, reclaim, watch};
use crate::types::{Kind, Type};

/// A map with string keys: shared and changeable, always in the order of its keys (Go's templates sort them to range over
/// them and to print them).
#[derive(Clone)]
pub struct Map(pub(super) Rc<Data>);

pub(super) struct Data {
    go_type: Type,
    nil: bool,
    /// Whether its values are seen through `interface {}`.
    boxed: bool,
    /// Whether the map is already listed to be emptied (see [`reclaim`]).
    pub(super) listed: Cell<bool>,
    watched: Cell<bool>,
    pub(super) entries: RefCell<BTreeMap<Text, Value>>,
}

fn element_type(go_type: Type) -> Type {
    match go_type.underlying() {
        Type::Map(element) => *element,
        _ => Type::Interface,
    }
}

fn is_boxed(go_type: Type) -> bool {
    element_type(go_type).kind() == Kind::Interface
}

impl Map {
    /// A map of a map type, such as [`Type::MAP`]. The values must be of its element type.
    #[must_use]
    pub fn new(go_type: Type, entries: BTreeMap<Text, Value>) -> Self {
        Self(Rc::new(Data {
            go_type,
            nil: false,
            boxed: is_boxed(go_type),
            listed: Cell::new(false),
            watched: Cell::new(false),
            entries: RefCell::new(entries),
        }))
    }

    /// The nil map of a type. It is empty, and nothing can be put into it; JSON shows it as `null`.
    #[must_use]
    pub fn nil(go_type: Type) -> Self {
        Self(Rc::new(Data {
            go_type,
            nil: true,
            boxed: is_boxed(go_type),
            listed: Cell::new(false),
            watched: Cell::new(false),
            entries: RefCell::default(),
        }))
    }

    /// Its type.
    #[must_use]
    pub fn go_type(&self) -> Type {
        self.0.go_type
    }

    /// The type of its values.
    #[must_use]
    pub fn element_type(&self) -> Type {
        element_type(self.0.go_type)
    }

    /// Whether its values are seen through `interface {}`.
    pub(crate) fn is_boxed(&self) -> bool {
        self.0.boxed
    }

    /// Whether it is the nil map.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.entries.borrow().len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.entries.borrow().is_empty()
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.0.entries.borrow().get(key.as_ref()).cloned()
    }

    /// Whether the key is there.
    #[must_use]
    pub fn contains_key(&self, key: impl AsRef<[u8]>) -> bool {
        self.0.entries.borrow().contains_key(key.as_ref())
    }

    /// Sets a key, seen by everyone who shares the map. False when it is the nil map, which Go refuses with
    /// `assignment to entry in nil map`.
    pub fn insert(&self, key: impl Into<Text>, value: Value) -> bool {
        if self.0.nil {
            return false;
        }
        if matches!(value, Value::List(_) | Value::Map(_) | Value::Object(_)) {
            reclaim::changed(self);
        }
        watch::changed(&self.0.watched);
        let old = self.0.entries.borrow_mut().insert(key.into(), value);
        drop(old);
        true
    }

    /// Removes a key, seen by everyone who shares the map.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        watch::changed(&self.0.watched);
        self.0.entries.borrow_mut().remove(key.as_ref())
    }

    /// Whether changes are noted.
    pub(super) fn watched(&self) -> &Cell<bool> {
        &self.0.watched
    }

    /// The entries in order, to look at. They must not be held while templates or other functions run.
    #[must_use]
    pub fn entries(&self) -> Ref<'_, BTreeMap<Text, Value>> {
        self.0.entries.borrow()
    }

    /// The keys in order.
    #[must_use]
    pub fn keys(&self) -> Vec<Text> {
        self.0.entries.borrow().keys().cloned().collect()
    }

    /// A copy of the entries in order (the containers among them stay shared).
    #[must_use]
    pub fn to_vec(&self) -> Vec<(Text, Value)> {
        let entries = self.0.entries.borrow();
        entries
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// Whether both are the same map (not only equal ones).
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Takes the entries out when nobody else shares the map; for freeing without recursion.
    pub(super) fn take_if_unshared(&mut self) -> Option<BTreeMap<Text, Value>> {
        Rc::get_mut(&mut self.0).map(|data| std::mem::take(data.entries.get_mut()))
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let entries = std::mem::take(self.entries.get_mut());
        if !entries.is_empty() {
            reclaim::dismantle(entries.into_values());
        }
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({} entries)", self.0.go_type, self.len())
    }
}
