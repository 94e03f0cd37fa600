//! Name references: where an object names another one whose name has changed, the new name is written.

use std::collections::HashMap;

use serde_json::Value;

use super::field_path::text;
use super::field_spec::{Create, FieldSpec};
use super::id::{CustomScope, Gvk, NOT_NAMESPACED, ResId};
use super::resmap::ResMap;
use super::resource::Resource;
use super::transformer_config::TransformerConfig;

/// What has to be known of an object that others may name.
struct Candidate {
    id: ResId,
    original_namespace: String,
    earlier: Vec<ResId>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

/// The objects that have had other ids, findable by each name that they had.
struct Candidates {
    list: Vec<Candidate>,
    by_name: HashMap<String, Vec<usize>>,
    /// For each original namespace, the namespaces (effective, and as written) that its objects are in now.
    originals: HashMap<String, Vec<(String, String)>>,
}

impl Candidates {
    fn of(map: &ResMap) -> Self {
        let mut list = Vec::new();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        let mut originals: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for resource in &map.resources {
            let (original, id) = (resource.original_id(), resource.id());
            let now = (id.effective_namespace().to_owned(), id.namespace.clone());
            let moved = originals
                .entry(original.effective_namespace().to_owned())
                .or_default();
            if !moved.contains(&now) {
                moved.push(now);
            }
            if resource.earlier.is_empty() {
                continue;
            }
            let place = list.len();
            for earlier in &resource.earlier {
                let places = by_name.entry(earlier.name.clone()).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
            list.push(Candidate {
                original_namespace: original.effective_namespace().to_owned(),
                id,
                earlier: resource.earlier_ids().collect(),
                prefixes: resource.prefixes.clone(),
                suffixes: resource.suffixes.clone(),
            });
        }
        Self {
            list,
            by_name,
            originals,
        }
    }
}

/// Fields that may name an object of one kind.
struct Reference<'a> {
    target: &'a Gvk,
    spec: &'a FieldSpec,
}

/// Writes new names wherever objects name others by an earlier one.
///
/// # Errors
/// When a name fits several objects with different new names, or a field has an unexpected form.
pub(super) fn fix(map: &mut ResMap, config: &TransformerConfig) -> Result<(), String> {
    let candidates = Candidates::of(map);
    if candidates.list.is_empty() {
        return Ok(());
    }
    // Fields by the kind that has them, so that an object is held against its own only.
    let mut by_kind: HashMap<&str, Vec<(usize, Reference<'_>)>> = HashMap::new();
    let mut order = 0;
    for back in &config.name_reference {
        for spec in &back.referrers {
            let reference = Reference {
                target: &back.gvk,
                spec,
            };
            by_kind
                .entry(spec.gvk.kind.as_str())
                .or_default()
                .push((order, reference));
            order += 1;
        }
    }
    for resource in &mut map.resources {
        let original = resource.original_id();
        let mut references: Vec<&(usize, Reference<'_>)> = [original.gvk.kind.as_str(), ""]
            .into_iter()
            .filter_map(|kind| by_kind.get(kind))
            .flatten()
            .filter(|(_, reference)| original.gvk.is_selected(&reference.spec.gvk))
            .collect();
        if references.is_empty() {
            continue;
        }
        references.sort_by_key(|(order, _)| *order);
        let referrer = Referrer::of(resource)?;
        for (_, reference) in references {
            let fixer = Fixer {
                candidates: &candidates,
                referrer: &referrer,
                reference,
            };
            reference
                .spec
                .apply_to_selected(&mut resource.object, Create::Never, &mut |field| {
                    fixer.field(field)
                })
                .map_err(|error| {
                    format!(
                        "updating name reference in '{}' field of '{}': {error}",
                        reference.spec.path, referrer.id
                    )
                })?;
        }
    }
    Ok(())
}

/// What has to be known of an object that names others.
struct Referrer {
    id: ResId,
    is_cluster_scoped: bool,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    role: Option<Gvk>,
    /// Namespaces of service accounts that a role binding names.
    account_namespaces: Vec<String>,
}

impl Referrer {
    fn of(resource: &Resource) -> Result<Self, String> {
        let id = resource.id();
        Ok(Self {
            is_cluster_scoped: id.gvk.is_cluster_scoped(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
            role: role(&resource.object),
            account_namespaces: account_namespaces(resource)?,
            id,
        })
    }

    /// Whether names in this object may mean the other one at all: both in one namespace, one of them in none, or a role binding's
    /// service account.
    fn reaches(&self, other: &Candidate) -> bool {
        self.is_cluster_scoped
            || other.id.gvk.is_cluster_scoped()
            || other.id.effective_namespace() == self.id.effective_namespace()
            || self.account_namespaces.contains(&other.id.namespace)
    }

    /// The second, narrower test of namespaces, once name and kind fit.
    fn is_near(&self, other: &Candidate) -> bool {
        self.is_cluster_scoped
            || other.id.gvk.is_cluster_scoped()
            || other.id.gvk.kind == "ServiceAccount"
            || other.id.effective_namespace() == self.id.effective_namespace()
    }

    fn same_affixes(&self, other: &Candidate, or_none: bool) -> bool {
        let same = |own: &[String], theirs: &[String]| {
            (or_none && (own.is_empty() || theirs.is_empty())) || same_end(own, theirs)
        };
        same(&other.prefixes, &self.prefixes) && same(&other.suffixes, &self.suffixes)
    }
}

/// Whether the shorter list is the end of the longer one.
fn same_end(a: &[String], b: &[String]) -> bool {
    let (short, long) = if a.len() > b.len() { (b, a) } else { (a, b) };
    if short.is_empty() {
        return long.is_empty();
    }
    long.ends_with(short)
}

fn role(object: &Value) -> Option<Gvk> {
    let text = |field: &str| object.get("roleRef")?.get(field)?.as_str();
    Some(Gvk {
        group: text("apiGroup")?.to_owned(),
        version: String::new(),
        kind: text("kind")?.to_owned(),
        scope: CustomScope::default(),
    })
}

fn account_namespaces(resource: &Resource) -> Result<Vec<String>, String> {
    let mut namespaces = Vec::new();
    if resource.kind() != "RoleBinding" {
        return Ok(namespaces);
    }
    let Some(Value::Array(subjects)) = resource.object.get("subjects") else {
        return Ok(namespaces);
    };
    for subject in subjects {
        let Some(namespace) = subject.get("namespace") else {
            continue;
        };
        if subject.get("kind").and_then(Value::as_str) != Some("ServiceAccount") {
            continue;
        }
        match namespace {
            Value::String(namespace) => namespaces.push(namespace.clone()),
            _ => {
                return Err(format!(
                    "Invalid Input: namespace is blank for resource {:?}",
                    resource.id().to_string()
                ));
            }
        }
    }
    Ok(namespaces)
}

struct Fixer<'a> {
    candidates: &'a Candidates,
    referrer: &'a Referrer,
    reference: &'a Reference<'a>,
}

impl Fixer<'_> {
    fn field(&self, field: &mut Value) -> Result<(), String> {
        match field {
            Value::Null => Ok(()),
            Value::Array(items) => items.iter_mut().try_for_each(|item| match item {
                Value::Array(_) => {
                    Err("expected to be either a string or a map of string".to_owned())
                }
                item => self.field(item),
            }),
            Value::Object(_) => self.mapping(field),
            _ => self.scalar(field),
        }
    }

    fn scalar(&self, field: &mut Value) -> Result<(), String> {
        let name = text(field);
        let Some(found) = self.select(&name, None)? else {
            return Ok(());
        };
        if found.id.name != name {
            *field = found.id.name.clone().into();
        }
        Ok(())
    }

    /// A mapping with `name` and perhaps `namespace`: both are written.
    fn mapping(&self, field: &mut Value) -> Result<(), String> {
        let Value::Object(fields) = field else {
            return Ok(());
        };
        let name = match fields.get("name") {
            Some(Value::Null | Value::Array(_) | Value::Object(_)) => return Ok(()),
            Some(name) => text(name),
            None => return Err("path config error; no 'name' field in node".to_owned()),
        };
        let namespace = fields
            .get("namespace")
            .map(|namespace| namespace.as_str().unwrap_or_default().to_owned());
        let Some(found) = self.select(&name, Some(namespace.as_deref()))? else {
            return Ok(());
        };
        if found.id.name == name && found.id.namespace.is_empty() {
            return Ok(());
        }
        fields.insert("name".into(), found.id.name.clone().into());
        if !found.id.namespace.is_empty() {
            fields.insert("namespace".into(), found.id.namespace.clone().into());
        }
        Ok(())
    }

    /// The object that is meant. `namespace` is `None` for a plain name, `Some(None)` for a mapping without namespace.
    fn select(
        &self,
        name: &str,
        namespace: Option<Option<&str>>,
    ) -> Result<Option<&Candidate>, String> {
        let Some(places) = self.candidates.by_name.get(name) else {
            return Ok(None);
        };
        let mut found: Vec<&Candidate> = places
            .iter()
            .map(|place| &self.candidates.list[*place])
            .filter(|candidate| self.referrer.reaches(candidate))
            .collect();
        if let Some(Some(namespace)) = namespace {
            found = self.in_namespace(found, namespace);
        }
        let is_role = self.reference.spec.path.ends_with("roleRef/name");
        found.retain(|candidate| {
            let had = |gvk: &Gvk| candidate.earlier.iter().any(|id| id.gvk.is_selected(gvk));
            had(self.reference.target)
                && (!is_role || self.referrer.role.as_ref().is_none_or(had))
                && self.referrer.is_near(candidate)
        });
        if found.len() > 1 {
            found.retain(|candidate| self.referrer.same_affixes(candidate, true));
        }
        if found.len() > 1 {
            found.retain(|candidate| self.referrer.same_affixes(candidate, false));
        }
        let Some(first) = found.first().copied() else {
            return Ok(None);
        };
        let alike = found.iter().all(|other| {
            other.id.name == first.id.name
                && (namespace.is_none() || other.id.namespace == first.id.namespace)
        });
        if alike {
            return Ok(Some(first));
        }
        let ids: Vec<_> = found.iter().map(|found| found.id.to_string()).collect();
        Err(format!(
            "found multiple possible referrals: {}",
            ids.join(", ")
        ))
    }

    /// Those whose original namespace is the given one; if there is no object at all with it, those that are in it now.
    fn in_namespace<'b>(&self, found: Vec<&'b Candidate>, namespace: &str) -> Vec<&'b Candidate> {
        let has_original = namespace != NOT_NAMESPACED
            && self
                .candidates
                .originals
                .get(namespace)
                .is_some_and(|moved| {
                    moved.iter().any(|(effective, written)| {
                        self.referrer.is_cluster_scoped
                            || effective == self.referrer.id.effective_namespace()
                            || effective == NOT_NAMESPACED
                            || self.referrer.account_namespaces.contains(written)
                    })
                });
        found
            .into_iter()
            .filter(|candidate| {
                if has_original {
                    candidate.original_namespace == namespace
                } else {
                    candidate.id.effective_namespace() == namespace
                        && !candidate.id.gvk.is_cluster_scoped()
                }
            })
            .collect()
    }
}
