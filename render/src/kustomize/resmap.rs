//! The objects of a build, in order.

use std::collections::HashMap;

use super::id::{Gvk, ResId};
use super::resource::{Behavior, Resource};

/// What identifies an object: kind, name and effective namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    gvk: Gvk,
    name: String,
    namespace: String,
}

impl Key {
    fn of(id: &ResId) -> Self {
        Self {
            gvk: id.gvk.clone(),
            name: id.name.clone(),
            namespace: id.effective_namespace().to_owned(),
        }
    }
}

/// The objects of a build, in order of their appearance. No two have the same id when they are appended; transformers may
/// change that, as upstream's can.
#[derive(Clone, Debug, Default)]
pub struct ResMap {
    /// The objects, in order.
    pub resources: Vec<Resource>,
}

impl ResMap {
    /// Adds an object.
    ///
    /// # Errors
    /// When one with its id is there.
    pub fn append(&mut self, resource: Resource) -> Result<(), String> {
        let id = resource.id();
        if self.resources.iter().any(|other| is(other, &id)) {
            return Err(registered(&id));
        }
        self.resources.push(resource);
        Ok(())
    }

    /// Adds objects, each as [`ResMap::append`] does.
    ///
    /// # Errors
    /// When one with the id of one of them is there.
    pub fn append_all(&mut self, resources: Vec<Resource>) -> Result<(), String> {
        if resources.len() <= 2 {
            return resources
                .into_iter()
                .try_for_each(|resource| self.append(resource));
        }
        let mut known: HashMap<Key, ()> = self
            .resources
            .iter()
            .map(|resource| (Key::of(&resource.id()), ()))
            .collect();
        for resource in resources {
            let id = resource.id();
            if known.insert(Key::of(&id), ()).is_some() {
                return Err(registered(&id));
            }
            self.resources.push(resource);
        }
        Ok(())
    }

    /// Checks that no two objects have the same id.
    ///
    /// # Errors
    /// When two have.
    pub fn check_unique(&self) -> Result<(), String> {
        let mut known = HashMap::with_capacity(self.resources.len());
        for resource in &self.resources {
            let id = resource.id();
            if known.insert(Key::of(&id), ()).is_some() {
                return Err(registered(&id));
            }
        }
        Ok(())
    }

    /// Adds generated objects: each is new, or replaces or is merged into one that is there, as its behaviour says.
    ///
    /// # Errors
    /// When the behaviour does not fit what is there.
    pub fn absorb(&mut self, resources: Vec<Resource>) -> Result<(), String> {
        for resource in resources {
            self.absorb_one(resource)?;
        }
        Ok(())
    }

    fn absorb_one(&mut self, mut resource: Resource) -> Result<(), String> {
        let id = resource.id();
        let found = self.by_any_id(&id);
        match (found.as_slice(), resource.behavior) {
            ([], Behavior::Merge | Behavior::Replace) => {
                Err(format!("id {id} does not exist; cannot merge or replace"))
            }
            ([], _) => self.append(resource),
            ([at], behavior @ (Behavior::Merge | Behavior::Replace)) => {
                let old = &self.resources[*at];
                resource.lay_over_metadata(old);
                if behavior == Behavior::Merge {
                    resource.lay_over_data(old, "data");
                    resource.lay_over_data(old, "binaryData");
                    if old.origin.is_some() {
                        resource.origin.clone_from(&old.origin);
                    }
                }
                self.resources[*at] = resource;
                Ok(())
            }
            ([_], behavior) => Err(format!(
                "id {id} exists; can not use behavior: '{}', behavior must be merge or replace",
                match behavior {
                    Behavior::Create => "create",
                    _ => "unspecified",
                }
            )),
            (many, _) => Err(format!(
                "found multiple objects ({}) that could accept merge of {id}",
                many.len()
            )),
        }
    }

    /// Places of the objects that have, or once had, an id.
    #[must_use]
    pub fn by_any_id(&self, id: &ResId) -> Vec<usize> {
        self.places(|resource| {
            !resource.is_empty()
                && (is(resource, id) || resource.earlier_ids().any(|earlier| earlier.matches(id)))
        })
    }

    /// Places of the objects that have an id now.
    #[must_use]
    pub fn by_id(&self, id: &ResId) -> Vec<usize> {
        self.places(|resource| is(resource, id))
    }

    /// Places of the objects for which the test holds.
    #[must_use]
    pub fn places(&self, mut test: impl FnMut(&Resource) -> bool) -> Vec<usize> {
        self.resources
            .iter()
            .enumerate()
            .filter(|(_, resource)| test(resource))
            .map(|(place, _)| place)
            .collect()
    }

    /// Leaves out what patches have deleted.
    pub fn drop_empty(&mut self) {
        self.resources.retain(|resource| !resource.is_empty());
    }
}

/// Whether the object has the id now; cheap tests first.
fn is(resource: &Resource, id: &ResId) -> bool {
    resource.name() == id.name && resource.kind() == id.gvk.kind && resource.id().matches(id)
}

fn registered(id: &ResId) -> String {
    format!("may not add resource with an already registered id: {id}")
}
