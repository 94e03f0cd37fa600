//! Types of fields of custom resources (`knownTypeFields`): a field that holds a pod, a quantity or a duration is compared as one.

use std::collections::HashMap;

use crate::diff::shape::{Known, KnownType};
use crate::object::Gvk;

/// Why a type cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the type {type_name:?} of the field {field:?} of {group}/{kind} is not known: it is core/Quantity, meta/v1/Duration or core/v1/<Kind>"
)]
pub struct UnknownType {
    /// The type.
    pub type_name: String,
    /// The field.
    pub field: String,
    /// API group.
    pub group: String,
    /// Kind.
    pub kind: String,
}

/// Types of fields, by group and kind.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownTypes {
    kinds: HashMap<(String, String), Known>,
}

impl Default for KnownTypes {
    /// The one that is always known: the pods of a Rollout.
    fn default() -> Self {
        let mut known = Self {
            kinds: HashMap::new(),
        };
        let pod = KnownType::Named("io.k8s.api.core.v1.PodSpec".into());
        known.put("argoproj.io", "Rollout", "spec.template.spec", pod);
        known
    }
}

impl KnownTypes {
    /// Adds a field by its path (names joined by dots; lists on the way are walked through) and its type as Argo CD names it, for
    /// example `core/v1/PodSpec`.
    ///
    /// # Errors
    /// The type is none of `core/Quantity`, `meta/v1/Duration` and `core/v1/<Kind>`.
    pub fn add(
        &mut self,
        group: &str,
        kind: &str,
        field: &str,
        type_name: &str,
    ) -> Result<(), UnknownType> {
        let known = match type_name {
            "core/Quantity" => KnownType::Quantity,
            "meta/v1/Duration" => KnownType::Duration,
            _ => match type_name.strip_prefix("core/v1/") {
                Some(name)
                    if name.starts_with(|first: char| first.is_ascii_uppercase())
                        && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
                {
                    KnownType::Named(format!("io.k8s.api.core.v1.{name}").into())
                }
                _ => {
                    return Err(UnknownType {
                        type_name: type_name.to_owned(),
                        field: field.to_owned(),
                        group: group.to_owned(),
                        kind: kind.to_owned(),
                    });
                }
            },
        };
        self.put(group, kind, field, known);
        Ok(())
    }

    fn put(&mut self, group: &str, kind: &str, field: &str, known: KnownType) {
        let mut here = self
            .kinds
            .entry((group.to_owned(), kind.to_owned()))
            .or_default();
        // Deeper than any schema is nested, nothing would be found.
        for name in field.split('.').take(crate::schema::MAX_DEPTH) {
            here = here.children.entry(name.into()).or_default();
        }
        here.here = Some(known);
    }

    /// Whether types of fields of a kind are known. They are those of the core group's first version.
    #[must_use]
    pub fn has(&self, gvk: &Gvk) -> bool {
        self.of(gvk).is_some()
    }

    pub(crate) fn of(&self, gvk: &Gvk) -> Option<&Known> {
        self.kinds.get(&(gvk.group.clone(), gvk.kind.clone()))
    }
}
