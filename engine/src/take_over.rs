//! Taking over what earlier managers own: Argo CD and client-side apply, once, before our first apply.
//!
//! Their records become part of ours, so that what the source no longer states goes away, and nothing is fought over. The same is
//! done by client-go's `csaupgrade` for kubectl.

use serde_json::{Map, Value, json};

use crate::managed_fields::{LAST_APPLIED, unite};
use crate::object;

/// The JSON patch (RFC 6902) that makes the records of `legacy` managers ours; none when there is nothing to take over, or when the
/// object has no resource version to guard the patch with.
///
/// The patch replaces `metadata.managedFields` and holds for the resource version that was seen: when somebody wrote in between,
/// the API server answers with a conflict, and the live object is to be read again. Applied to the object and asked again, there
/// is nothing left to do. Records of another API version than the one that is kept are dropped, as the fields of two versions
/// cannot be joined; their values stay. With `remove_last_applied`, the annotation of client-side apply goes too, so that
/// nobody compares with it later.
#[must_use]
pub fn patch(
    live: &Value,
    manager: &str,
    legacy: &[&str],
    remove_last_applied: bool,
) -> Option<Value> {
    let metadata = live.get("metadata")?;
    let version = metadata.get("resourceVersion")?.as_str()?;
    let annotated = remove_last_applied && object::annotation(live, LAST_APPLIED).is_some();
    let mut operations = Vec::new();
    if let Some(entries) = metadata.get("managedFields").and_then(Value::as_array)
        && let Some(joined) = joined(entries, manager, legacy)
    {
        operations
            .push(json!({"op": "replace", "path": "/metadata/managedFields", "value": joined}));
    }
    if annotated {
        let path = format!("/metadata/annotations/{}", LAST_APPLIED.replace('/', "~1"));
        operations.push(json!({"op": "remove", "path": path}));
    }
    if operations.is_empty() {
        return None;
    }
    operations
        .push(json!({"op": "replace", "path": "/metadata/resourceVersion", "value": version}));
    Some(Value::Array(operations))
}

fn text<'v>(entry: &'v Value, name: &str) -> &'v str {
    entry.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The entries after the take-over; none when there is nothing to take over.
fn joined(entries: &[Value], manager: &str, legacy: &[&str]) -> Option<Vec<Value>> {
    let of_object = |entry: &Value| text(entry, "subresource").is_empty();
    let is_legacy = |entry: &Value| {
        let name = text(entry, "manager");
        of_object(entry) && name != manager && legacy.contains(&name)
    };
    if !entries.iter().any(is_legacy) {
        return None;
    }
    let applies = |entry: &Value| text(entry, "operation") == "Apply";
    // Ours if there is one, else one that applied, else the first, which wrote last.
    let kept = entries
        .iter()
        .position(|entry| of_object(entry) && text(entry, "manager") == manager && applies(entry))
        .or_else(|| {
            entries
                .iter()
                .position(|entry| is_legacy(entry) && applies(entry))
        })
        .or_else(|| entries.iter().position(is_legacy))?;
    let base = entries.get(kept)?;
    let fields_of = |entry: &Value| -> Map<String, Value> {
        entry
            .get("fieldsV1")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let mut fields = fields_of(base);
    for entry in entries.iter().filter(|entry| is_legacy(entry)) {
        if text(entry, "apiVersion") == text(base, "apiVersion") {
            unite(&mut fields, &fields_of(entry));
        }
    }
    forget(&mut fields);
    let mut ours = base.clone();
    if let Some(ours) = ours.as_object_mut() {
        ours.insert("manager".to_owned(), Value::from(manager));
        ours.insert("operation".to_owned(), Value::from("Apply"));
        ours.insert("fieldsType".to_owned(), Value::from("FieldsV1"));
        ours.insert("fieldsV1".to_owned(), Value::Object(fields));
    }
    Some(
        entries
            .iter()
            .enumerate()
            .filter(|(place, entry)| *place == kept || !is_legacy(entry))
            .map(|(place, entry)| {
                if place == kept {
                    ours.clone()
                } else {
                    entry.clone()
                }
            })
            .collect(),
    )
}

/// What is not the source's: the status, and the annotation in which client-side apply keeps its own record.
fn forget(fields: &mut Map<String, Value>) {
    fields.remove("f:status");
    if let Some(annotations) = fields
        .get_mut("f:metadata")
        .and_then(|metadata| metadata.get_mut("f:annotations"))
        .and_then(Value::as_object_mut)
        && annotations.remove(&format!("f:{LAST_APPLIED}")).is_some()
        && annotations.is_empty()
    {
        // An empty map would stand for all annotations.
        annotations.insert(".".to_owned(), json!({}));
    }
}
