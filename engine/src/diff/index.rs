//! Finding elements of a list by their keys: one by one in a short list, through a table in a long one, so that no list costs
//! the square of its length.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::path::{key_value, plain};
use crate::schema::MapKey;

/// Up to here, looking at every element is cheaper than a table.
const SHORT: usize = 12;

/// Whether two elements have the same keys.
pub(crate) fn same_element(a: &Value, b: &Value, keys: &[MapKey]) -> bool {
    keys.iter()
        .all(|key| same_key(key_value(a, key), key_value(b, key)))
}

/// Keys are the same as text: a port may be written as a number and as text.
pub(crate) fn same_key(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || plain(a) == plain(b),
        (None, None) => true,
        _ => false,
    }
}

fn identity(element: &Value, keys: &[MapKey]) -> String {
    let mut text = String::new();
    for key in keys {
        if let Some(value) = key_value(element, key) {
            text.push_str(&plain(value));
        }
        text.push('\0');
    }
    text
}

/// Whether no two elements have the same keys.
pub(crate) fn all_differ(list: &[Value], keys: &[MapKey]) -> bool {
    if list.len() > SHORT {
        let mut seen = HashSet::with_capacity(list.len());
        return list
            .iter()
            .all(|element| seen.insert(identity(element, keys)));
    }
    list.iter().enumerate().all(|(index, element)| {
        !list[..index]
            .iter()
            .any(|other| same_element(element, other, keys))
    })
}

/// Where the elements of a list are, by their keys.
pub(crate) struct Places {
    table: Option<HashMap<String, usize>>,
}

impl Places {
    pub(crate) fn new(list: &[Value], keys: &[MapKey]) -> Self {
        let table = (list.len() > SHORT).then(|| {
            let mut table = HashMap::with_capacity(list.len());
            for (place, element) in list.iter().enumerate() {
                table.entry(identity(element, keys)).or_insert(place);
            }
            table
        });
        Self { table }
    }

    /// Where the first element is that has the keys of this one. The list is the one that the places were made of.
    pub(crate) fn find(&self, list: &[Value], element: &Value, keys: &[MapKey]) -> Option<usize> {
        match &self.table {
            Some(table) => table.get(&identity(element, keys)).copied(),
            None => list
                .iter()
                .position(|candidate| same_element(candidate, element, keys)),
        }
    }
}

/// A list whose elements are found by keys.
pub(crate) struct Index<'v> {
    list: &'v [Value],
    places: Places,
}

impl<'v> Index<'v> {
    pub(crate) fn new(list: &'v [Value], keys: &[MapKey]) -> Self {
        let places = Places::new(list, keys);
        Self { list, places }
    }

    /// The first element with the keys of this one.
    pub(crate) fn find(&self, element: &Value, keys: &[MapKey]) -> Option<&'v Value> {
        let place = self.places.find(self.list, element, keys)?;
        self.list.get(place)
    }
}

/// A list of plain values, for membership.
pub(crate) struct Members<'v> {
    list: &'v [Value],
    table: Option<HashSet<String>>,
}

impl<'v> Members<'v> {
    pub(crate) fn new(list: &'v [Value]) -> Self {
        let table = (list.len() > SHORT).then(|| list.iter().map(Value::to_string).collect());
        Self { list, table }
    }

    pub(crate) fn contains(&self, value: &Value) -> bool {
        match &self.table {
            Some(table) => table.contains(&value.to_string()),
            None => self.list.contains(value),
        }
    }
}
