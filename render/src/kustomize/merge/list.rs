//! Lists that are merged.
//!
//! Upstream works on shared nodes of YAML: elements live in an arena here, and lists are places in it.

use std::collections::HashMap;

use serde_json::Value;

use super::{Merger, Outcome, take_list_directive, text};
use crate::kustomize::merge::Directive;
use crate::kustomize::schema::Field;

/// Elements that a list may have when its elements are not told apart by one key that each has.
const MAX_IRREGULAR: usize = 2_000;

/// The elements of both lists, and which are whose.
struct Elements {
    nodes: Vec<Value>,
    object: Vec<usize>,
    /// Places in `object`'s order of the patch; `None` when there is no patch.
    patch: Option<Vec<usize>>,
}

impl<'a> Merger<'a> {
    pub(super) fn list(
        &mut self,
        object: Option<&mut Value>,
        patch: Option<&mut Value>,
        keys: &[String],
        of: Option<&'a Field>,
    ) -> Result<Outcome, String> {
        let Some(Value::Array(elements)) = object else {
            return match patch {
                Some(Value::Array(added)) => {
                    self.added_list(added, keys, of)?;
                    Ok(Outcome::Patch)
                }
                _ => Ok(Outcome::Nothing),
            };
        };
        match patch {
            None => {
                self.merge_lists(elements, None, keys, of)?;
                Ok(Outcome::Object)
            }
            Some(Value::Array(changes)) => match take_list_directive(changes)? {
                Directive::Delete => Ok(Outcome::Nothing),
                Directive::Replace => {
                    self.added_list(changes, keys, of)?;
                    Ok(Outcome::Patch)
                }
                Directive::Merge => {
                    self.merge_lists(elements, Some(std::mem::take(changes)), keys, of)?;
                    Ok(Outcome::Object)
                }
            },
            Some(_) => Ok(Outcome::Nothing),
        }
    }

    fn merge_lists(
        &mut self,
        elements: &mut Vec<Value>,
        changes: Option<Vec<Value>>,
        keys: &[String],
        of: Option<&'a Field>,
    ) -> Result<(), String> {
        if let [key] = keys
            && let Some(places) = unique(elements, key)
            && let Some(changed) = unique(changes.as_deref().unwrap_or_default(), key)
        {
            return self.merge_regular(elements, changes, &places, &changed, of);
        }
        let object: Vec<usize> = (0..elements.len()).collect();
        let patch = changes
            .as_ref()
            .map(|changes| (object.len()..object.len() + changes.len()).collect());
        let mut nodes = std::mem::take(elements);
        nodes.extend(changes.unwrap_or_default());
        let lists = Elements {
            nodes,
            object,
            patch,
        };
        *elements = self.merge_elements(lists, keys, of, false)?;
        Ok(())
    }

    /// Merges lists in which every element has the one key, and no two the same.
    fn merge_regular(
        &mut self,
        elements: &mut Vec<Value>,
        changes: Option<Vec<Value>>,
        places: &HashMap<String, usize>,
        changed: &HashMap<String, usize>,
        of: Option<&'a Field>,
    ) -> Result<(), String> {
        let mut merged = Vec::with_capacity(elements.len());
        let mut order: Vec<(&String, &usize)> = changed.iter().collect();
        order.sort_by_key(|(_, place)| **place);
        for ((key, _), mut change) in order.into_iter().zip(changes.unwrap_or_default()) {
            let element = places.get(key).and_then(|place| elements.get_mut(*place));
            self.path.push(format!("[{key}]"));
            match element {
                Some(element) => {
                    // An element that is replaced is put back by upstream when it adds those of the object.
                    let outcome = self.walk(Some(element), Some(&mut change), of)?;
                    if outcome != Outcome::Nothing {
                        keep(&mut merged, element.take());
                    }
                }
                None => {
                    if self.walk(None, Some(&mut change), of)? == Outcome::Patch {
                        keep(&mut merged, change);
                    }
                }
            }
            self.path.pop();
        }
        let mut rest: Vec<(&String, &usize)> = places
            .iter()
            .filter(|(key, _)| !changed.contains_key(*key))
            .collect();
        rest.sort_by_key(|(_, place)| **place);
        for (key, place) in rest {
            let Some(element) = elements.get_mut(*place) else {
                continue;
            };
            self.path.push(format!("[{key}]"));
            self.walk(Some(element), None, of)?;
            self.path.pop();
            keep(&mut merged, element.take());
        }
        *elements = merged;
        Ok(())
    }

    /// Walks a list that was added whole: it is merged with itself.
    pub(super) fn added_list(
        &mut self,
        elements: &mut Vec<Value>,
        keys: &[String],
        of: Option<&'a Field>,
    ) -> Result<(), String> {
        if let [key] = keys
            && unique(elements, key).is_some()
        {
            let mut kept = Vec::with_capacity(elements.len());
            for mut element in std::mem::take(elements) {
                self.path.push("[]".to_owned());
                if self.walk_added(&mut element, of)? != Outcome::Nothing {
                    keep(&mut kept, element);
                }
                self.path.pop();
            }
            *elements = kept;
            return Ok(());
        }
        let object: Vec<usize> = (0..elements.len()).collect();
        let lists = Elements {
            nodes: std::mem::take(elements),
            patch: Some(object.clone()),
            object,
        };
        *elements = self.merge_elements(lists, keys, of, true)?;
        Ok(())
    }

    /// Merges lists as upstream does, step by step. `same` says that both are one list.
    fn merge_elements(
        &mut self,
        mut lists: Elements,
        keys: &[String],
        of: Option<&'a Field>,
        same: bool,
    ) -> Result<Vec<Value>, String> {
        if lists.nodes.len() > MAX_IRREGULAR {
            return Err(format!(
                "more than {MAX_IRREGULAR} elements in a list whose elements do not all have a key of their own"
            ));
        }
        let primitive = [String::new()];
        let (keys, mut tuples) = if keys.is_empty() {
            (&primitive[..], lists.primitive_values())
        } else {
            (keys, lists.values(keys))
        };
        if keys.len() > 1 {
            unify(&mut tuples);
        }
        let mut added: Vec<usize> = Vec::new();
        let valid = valid_keys(&tuples, keys);
        let valid_keys_of_all: Vec<&String> = valid.iter().map(|place| &keys[*place]).collect();
        for tuple in &tuples {
            let values: Vec<&str> = valid.iter().map(|place| tuple[*place].as_str()).collect();
            let (object, patch) = lists.find(&valid_keys_of_all, &values);
            let outcome = self.walk_pair(&mut lists, object, patch, of, same)?;
            let result = match outcome {
                Outcome::Object => object,
                Outcome::Patch => patch,
                Outcome::Nothing => None,
            }
            .filter(|place| !is_empty(&lists.nodes[*place]));
            match result {
                None => {
                    let mut list = std::mem::take(&mut lists.object);
                    place_element(&mut list, &lists.nodes, None, &valid_keys_of_all, &values)?;
                    if same {
                        lists.patch = Some(list.clone());
                    }
                    lists.object = list;
                }
                Some(place) => {
                    lists.complete(place, &valid_keys_of_all, &values);
                    place_element(
                        &mut added,
                        &lists.nodes,
                        Some(place),
                        &valid_keys_of_all,
                        &values,
                    )?;
                }
            }
        }
        let order = if tuples.is_empty() {
            lists.object.clone()
        } else {
            let object = lists.object.clone();
            append(added, &object, &lists.nodes, &valid_keys_of_all)?
        };
        // An element can stand in a list twice; the last place takes it.
        let mut uses = vec![0_usize; lists.nodes.len()];
        for place in &order {
            uses[*place] += 1;
        }
        Ok(order
            .into_iter()
            .map(|place| {
                uses[place] -= 1;
                if uses[place] == 0 {
                    lists.nodes[place].take()
                } else {
                    lists.nodes[place].clone()
                }
            })
            .collect())
    }

    fn walk_pair(
        &mut self,
        lists: &mut Elements,
        object: Option<usize>,
        patch: Option<usize>,
        of: Option<&'a Field>,
        same: bool,
    ) -> Result<Outcome, String> {
        let mut take = |place: Option<usize>| place.map(|place| lists.nodes[place].take());
        self.path.push("[]".to_owned());
        let outcome = match (object, patch) {
            (Some(place), Some(other)) if same && place == other => {
                let mut value = lists.nodes[place].take();
                let outcome = self.walk_added(&mut value, of);
                lists.nodes[place] = value;
                outcome
            }
            _ => {
                let (mut own, mut change) = (take(object), take(patch));
                let outcome = self.walk(own.as_mut(), change.as_mut(), of);
                for (place, value) in [(object, own), (patch, change)] {
                    if let (Some(place), Some(value)) = (place, value) {
                        lists.nodes[place] = value;
                    }
                }
                outcome
            }
        }?;
        self.path.pop();
        Ok(outcome)
    }
}

impl Elements {
    /// Both lists, the patch's first.
    fn both(&self) -> impl Iterator<Item = &Value> {
        self.patch
            .iter()
            .flatten()
            .chain(&self.object)
            .map(|place| &self.nodes[*place])
    }

    /// The values of the keys of all elements, each once.
    fn values(&self, keys: &[String]) -> Vec<Vec<String>> {
        let mut values: Vec<Vec<String>> = Vec::new();
        for element in self.both() {
            let tuple: Vec<String> = keys
                .iter()
                .map(|key| match element.get(key) {
                    None | Some(Value::Null) => String::new(),
                    Some(value) => text(value),
                })
                .collect();
            if !values.contains(&tuple) {
                values.push(tuple);
            }
        }
        values
    }

    fn primitive_values(&self) -> Vec<Vec<String>> {
        let mut values: Vec<Vec<String>> = Vec::new();
        for element in self.both() {
            let tuple = vec![text(element)];
            if !values.contains(&tuple) {
                values.push(tuple);
            }
        }
        values
    }

    /// The first element of each list that has these values.
    fn find(&self, keys: &[&String], values: &[&str]) -> (Option<usize>, Option<usize>) {
        let set: Vec<(&String, &str)> = keys
            .iter()
            .copied()
            .zip(values.iter().copied())
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let wanted = if set.is_empty() {
            keys.iter().copied().zip(values.iter().copied()).collect()
        } else {
            set
        };
        let find = |list: &[usize]| {
            list.iter().copied().find(|place| {
                let element = &self.nodes[*place];
                match wanted.as_slice() {
                    [(key, value), ..] if key.is_empty() => text(element) == *value,
                    _ => wanted.iter().all(|(key, value)| {
                        element
                            .get(key.as_str())
                            .is_some_and(|own| text(own) == *value)
                    }),
                }
            })
        };
        (find(&self.object), self.patch.as_deref().and_then(find))
    }

    /// Sets keys that an element lacks.
    fn complete(&mut self, place: usize, keys: &[&String], values: &[&str]) {
        let Value::Object(fields) = &mut self.nodes[place] else {
            return;
        };
        for (key, value) in keys.iter().zip(values) {
            if !value.is_empty() && !fields.contains_key(key.as_str()) {
                let value = value
                    .parse::<i64>()
                    .map_or_else(|_| Value::from(*value), Value::from);
                fields.insert((*key).clone(), value);
            }
        }
    }
}

fn keep(list: &mut Vec<Value>, element: Value) {
    if !is_empty(&element) {
        list.push(element);
    }
}

/// Whether an element counts as none.
fn is_empty(element: &Value) -> bool {
    match element {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// The elements by the text of their key; `None` when one is no mapping, lacks the key, or two have the same.
fn unique(elements: &[Value], key: &str) -> Option<HashMap<String, usize>> {
    let mut places = HashMap::with_capacity(elements.len());
    for (place, element) in elements.iter().enumerate() {
        let key = text(element.as_object()?.get(key)?);
        if key.is_empty() || key == "null" || places.insert(key, place).is_some() {
            return None;
        }
    }
    Some(places)
}

/// Places of the keys that any element has a value for; all of them when none has.
fn valid_keys(tuples: &[Vec<String>], keys: &[String]) -> Vec<usize> {
    let used: Vec<usize> = (0..keys.len())
        .filter(|place| tuples.iter().any(|tuple| !tuple[*place].is_empty()))
        .collect();
    if used.is_empty() {
        (0..keys.len()).collect()
    } else {
        used
    }
}

/// Makes tuples equal that only differ where one of them is empty, and that have something in common.
fn unify(tuples: &mut [Vec<String>]) {
    for first in 0..tuples.len() {
        // Upstream goes on comparing with what the tuple was before.
        let own = tuples[first].clone();
        for second in 0..tuples.len() {
            if let Some(unified) = matched(&own, &tuples[second]) {
                tuples[first].clone_from(&unified);
                tuples[second] = unified;
            }
        }
    }
}

fn matched(a: &[String], b: &[String]) -> Option<Vec<String>> {
    let mut common = false;
    let mut unified = Vec::with_capacity(a.len());
    for (a, b) in a.iter().zip(b) {
        common |= a == b;
        if a != b && !a.is_empty() && !b.is_empty() {
            return None;
        }
        unified.push(if a.is_empty() { b.clone() } else { a.clone() });
    }
    common.then_some(unified)
}

/// Appends the elements of one list to another; those with equal keys are replaced.
fn append(
    mut to: Vec<usize>,
    from: &[usize],
    nodes: &[Value],
    keys: &[&String],
) -> Result<Vec<usize>, String> {
    for place in from {
        let element = &nodes[*place];
        if keys.first().is_some_and(|key| key.is_empty()) {
            place_element(&mut to, nodes, Some(*place), keys, &[&text(element)])?;
            continue;
        }
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            match element {
                Value::Null => to.push(*place),
                Value::Object(fields) => match fields.get(key.as_str()) {
                    None => to.push(*place),
                    Some(value) => values.push(text(value)),
                },
                _ => return Err(wrong_element("MappingNode")),
            }
        }
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        if keys.len() > 1 {
            place_element(&mut to, nodes, None, keys, &values)?;
        }
        place_element(&mut to, nodes, Some(*place), keys, &values)?;
    }
    Ok(to)
}

/// Replaces the elements that have the given values by another one, or removes them; one that replaces none is appended.
fn place_element(
    list: &mut Vec<usize>,
    nodes: &[Value],
    element: Option<usize>,
    keys: &[&String],
    values: &[&str],
) -> Result<(), String> {
    let for_mappings = keys.first().is_some_and(|key| !key.is_empty())
        && values.first().is_some_and(|value| !value.is_empty());
    let mut placed = false;
    let mut kept = Vec::with_capacity(list.len() + 1);
    for place in list.iter().copied() {
        let node = &nodes[place];
        if is_empty(node) {
            continue;
        }
        if !node.is_object() && for_mappings {
            kept.push(place);
            continue;
        }
        if !has_values(node, keys, values)? {
            if !values.is_empty() {
                kept.push(place);
            }
            continue;
        }
        placed = true;
        kept.extend(element);
    }
    if let Some(element) = element
        && !placed
        && !nodes[element].is_null()
    {
        kept.push(element);
    }
    *list = kept;
    Ok(())
}

/// Whether an element has the values; an empty one asks only that the key is there, and keys without a value go with those before.
fn has_values(node: &Value, keys: &[&String], values: &[&str]) -> Result<bool, String> {
    let mut found = false;
    for (place, key) in keys.iter().enumerate() {
        if let Some(value) = values.get(place) {
            found = if key.is_empty() {
                if node.is_object() || node.is_array() {
                    return Err(wrong_element("ScalarNode"));
                }
                text(node) == *value
            } else {
                let fields = node
                    .as_object()
                    .ok_or_else(|| wrong_element("MappingNode"))?;
                fields
                    .get(key.as_str())
                    .is_some_and(|own| value.is_empty() || text(own) == *value)
            };
        }
        if !found {
            return Ok(false);
        }
    }
    Ok(found)
}

fn wrong_element(expected: &str) -> String {
    format!("wrong node kind: expected {expected} as an element")
}
