//! A Go slice.

use std::cell::{Cell, Ref, RefCell};
use std::fmt;
use std::rc::Rc;

use super::{Value, reclaim, watch};
use crate::types::Type;

/// A slice: shared and changeable. Functions that give a new list never change an old one; `sortAlpha` of a `[]string` sorts
/// in place, as in Go.
#[derive(Clone)]
pub struct List(Rc<Data>);

struct Data {
    go_type: Type,
    nil: bool,
    watched: Cell<bool>,
    items: RefCell<Vec<Value>>,
}

impl List {
    /// A list of a slice type, such as [`Type::LIST`] or [`Type::STRINGS`]. The items must be of its element type.
    #[must_use]
    pub fn new(go_type: Type, items: Vec<Value>) -> Self {
        Self(Rc::new(Data {
            go_type,
            nil: false,
            watched: Cell::new(false),
            items: RefCell::new(items),
        }))
    }

    /// The nil slice of a type. It is empty; JSON shows it as `null`.
    #[must_use]
    pub fn nil(go_type: Type) -> Self {
        Self(Rc::new(Data {
            go_type,
            nil: true,
            watched: Cell::new(false),
            items: RefCell::default(),
        }))
    }

    /// Its type.
    #[must_use]
    pub fn go_type(&self) -> Type {
        self.0.go_type
    }

    /// The type of its items.
    #[must_use]
    pub fn element_type(&self) -> Type {
        match self.0.go_type.underlying() {
            Type::Slice(element) => *element,
            _ => Type::Interface,
        }
    }

    /// Whether it is the nil slice.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// The number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.items.borrow().len()
    }

    /// Whether there are no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.items.borrow().is_empty()
    }

    /// The item at an index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Value> {
        self.0.items.borrow().get(index).cloned()
    }

    /// The items, to look at. They must not be held while templates or other functions run.
    #[must_use]
    pub fn items(&self) -> Ref<'_, Vec<Value>> {
        self.0.items.borrow()
    }

    /// A copy of the items (the containers among them stay shared).
    #[must_use]
    pub fn to_vec(&self) -> Vec<Value> {
        self.0.items.borrow().clone()
    }

    /// Replaces all items, seen by everyone who shares the list: for the functions that sort in place.
    pub fn replace(&self, items: Vec<Value>) {
        watch::changed(&self.0.watched);
        let old = std::mem::replace(&mut *self.0.items.borrow_mut(), items);
        drop(old);
    }

    /// Whether changes are noted.
    pub(super) fn watched(&self) -> &Cell<bool> {
        &self.0.watched
    }

    /// Whether both are the same list (not only equal ones).
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Takes the items out when nobody else shares the list; for freeing without recursion.
    pub(super) fn take_if_unshared(&mut self) -> Option<Vec<Value>> {
        Rc::get_mut(&mut self.0).map(|data| std::mem::take(data.items.get_mut()))
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        reclaim::dismantle(std::mem::take(self.items.get_mut()));
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({} items)", self.0.go_type, self.len())
    }
}
