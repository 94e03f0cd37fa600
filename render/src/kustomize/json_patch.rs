//! JSON patches (RFC 6902) as Kustomize applies them.
//!
//! The library below it departs from the RFC, and overlays depend on that: negative indexes count from the end, `replace` of a
//! field that is not there adds it, `copy` from one writes null, and what stands before the first slash of a path is not looked at.

use serde_json::{Map, Value};

use super::field_spec::{bounded, shallow};

/// How many levels all steps of a patch together may move things further in.
const FURTHER_IN: usize = 1024;

/// One step of a patch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    op: String,
    path: Option<String>,
    from: Option<String>,
    value: Value,
}

/// Reads the steps of a patch.
///
/// # Errors
/// When the patch is no list of mappings.
pub fn decode(patch: &Value) -> Result<Vec<Operation>, String> {
    let steps = match patch {
        Value::Null => return Ok(Vec::new()),
        Value::Array(steps) => steps,
        _ => return Err("a JSON patch has to be a list of operations".to_owned()),
    };
    steps
        .iter()
        .map(|step| match step {
            Value::Null => Ok(Operation::default()),
            Value::Object(fields) => {
                let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
                Ok(Operation {
                    op: text("op").unwrap_or_else(|| "unknown".to_owned()),
                    path: text("path"),
                    from: text("from"),
                    value: fields.get("value").cloned().unwrap_or_default(),
                })
            }
            _ => Err("an operation of a JSON patch has to be a mapping".to_owned()),
        })
        .collect()
}

/// Applies a patch; `max_bytes` bounds what `copy` may add.
///
/// # Errors
/// When a step does not apply, a test fails, or the object is none any more. The message names the path; the object may be half
/// changed.
pub fn apply(object: &mut Value, operations: &[Operation], max_bytes: usize) -> Result<(), String> {
    let (mut copied, mut further_in) = (0_usize, 0_usize);
    for operation in operations {
        further_in += operation.further_in();
        if further_in > FURTHER_IN {
            return Err(format!(
                "the steps of a JSON patch move more than {FURTHER_IN} levels further in"
            ));
        }
        match operation.op.as_str() {
            "add" => operation.add(object)?,
            "remove" => operation.remove(object)?,
            "replace" => operation.replace(object)?,
            "move" => operation.move_value(object)?,
            "copy" => {
                copied += operation.copy(object)?;
                if copied > max_bytes {
                    return Err(format!(
                        "copy operations of a JSON patch add more than {max_bytes} bytes"
                    ));
                }
            }
            "test" => operation.test(object)?,
            other => return Err(format!("Unexpected kind: {other}")),
        }
    }
    if object.is_object() {
        shallow(object)
    } else {
        Err("a JSON patch left something that is no mapping".to_owned())
    }
}

impl Operation {
    fn path(&self) -> Result<&str, String> {
        self.path
            .as_deref()
            .ok_or_else(|| format!("{} operation failed to decode path: missing value", self.op))
    }

    fn from(&self) -> Result<&str, String> {
        self.from
            .as_deref()
            .ok_or_else(|| format!("{} operation failed to decode from: missing value", self.op))
    }

    fn missing(&self, path: &str) -> String {
        format!(
            "{} operation does not apply: doc is missing path: \"{path}\": missing value",
            self.op
        )
    }

    fn fault(&self, path: &str, message: &str) -> String {
        format!("error in {} for path: '{path}': {message}", self.op)
    }

    fn add(&self, object: &mut Value) -> Result<(), String> {
        let path = self.path()?;
        self.add_at(object, path, self.value.clone())
    }

    fn add_at(&self, object: &mut Value, path: &str, value: Value) -> Result<(), String> {
        let (mut container, key) = container_mut(object, path).ok_or_else(|| self.missing(path))?;
        container
            .add(key, value)
            .map_err(|message| self.fault(path, &message))
    }

    fn remove(&self, object: &mut Value) -> Result<(), String> {
        self.take(object, self.path()?).map(|_| ())
    }

    fn take(&self, object: &mut Value, path: &str) -> Result<Value, String> {
        let (mut container, key) = container_mut(object, path).ok_or_else(|| self.missing(path))?;
        container
            .remove(&key)
            .map_err(|message| self.fault(path, &message))
    }

    fn replace(&self, object: &mut Value) -> Result<(), String> {
        let path = self.path()?;
        if path.is_empty() {
            if !self.value.is_object() && !self.value.is_array() {
                return Err("replace operation value must be object or array".to_owned());
            }
            *object = self.value.clone();
            return Ok(());
        }
        let (container, key) = container_mut(object, path).ok_or_else(|| self.missing(path))?;
        match container {
            Container::Mapping(fields) => {
                fields.insert(key, self.value.clone());
            }
            Container::List(elements) => {
                let place = existing(elements, &key).map_err(|message| {
                    format!(
                        "replace operation does not apply: doc is missing key: {path}: {message}"
                    )
                })?;
                elements[place] = self.value.clone();
            }
        }
        Ok(())
    }

    /// How many levels deeper a value stands after the step than before.
    fn further_in(&self) -> usize {
        let levels = |path: &Option<String>| path.as_ref().map_or(0, |it| it.matches('/').count());
        if matches!(self.op.as_str(), "move" | "copy") {
            levels(&self.path).saturating_sub(levels(&self.from))
        } else {
            0
        }
    }

    fn move_value(&self, object: &mut Value) -> Result<(), String> {
        let value = self.take(object, self.from()?)?;
        self.add_at(object, self.path()?, value)
    }

    /// Copies a value and says how large it is.
    fn copy(&self, object: &mut Value) -> Result<usize, String> {
        let from = self.from()?;
        let value = self.read(object, from)?.cloned().unwrap_or_default();
        let size = size(&value);
        self.add_at(object, self.path()?, value)?;
        Ok(size)
    }

    fn test(&self, object: &Value) -> Result<(), String> {
        let path = self.path()?;
        let found = if path.is_empty() {
            Some(object)
        } else {
            self.read(object, path)?
        };
        if *found.unwrap_or(&Value::Null) == self.value {
            Ok(())
        } else {
            Err(format!("testing value {path} failed: test failed"))
        }
    }

    /// The value at a path; `None` for a field that a mapping does not have.
    fn read<'a>(&self, object: &'a Value, path: &str) -> Result<Option<&'a Value>, String> {
        let missing = || self.missing(path);
        let (parts, key) = split(path).ok_or_else(missing)?;
        let mut at = object;
        for part in parts {
            at = match at {
                Value::Object(fields) => fields.get(&part),
                Value::Array(elements) => existing(elements, &part)
                    .ok()
                    .and_then(|place| elements.get(place)),
                _ => None,
            }
            .ok_or_else(missing)?;
        }
        match at {
            Value::Object(fields) => Ok(fields.get(&key)),
            Value::Array(elements) => existing(elements, &key)
                .map(|place| elements.get(place))
                .map_err(|message| self.fault(path, &message)),
            _ => Err(missing()),
        }
    }
}

/// What a path leads into.
enum Container<'a> {
    Mapping(&'a mut Map<String, Value>),
    List(&'a mut Vec<Value>),
}

impl Container<'_> {
    fn add(&mut self, key: String, value: Value) -> Result<(), String> {
        match self {
            Self::Mapping(fields) => {
                fields.insert(key, value);
            }
            Self::List(elements) if key == "-" => elements.push(value),
            Self::List(elements) => {
                let place = index(&key, elements.len() + 1)
                    .map_err(|_| format!("value was not a proper array index: '{key}'"))?;
                match place {
                    Some(place) => elements.insert(place, value),
                    None => return Err(out_of_bounds(&key)),
                }
            }
        }
        Ok(())
    }

    fn remove(&mut self, key: &str) -> Result<Value, String> {
        match self {
            Self::Mapping(fields) => fields
                .remove(key)
                .ok_or_else(|| format!("Unable to remove nonexistent key: {key}: missing value")),
            Self::List(elements) => Ok(elements.remove(existing(elements, key)?)),
        }
    }
}

fn container_mut<'a>(object: &'a mut Value, path: &str) -> Option<(Container<'a>, String)> {
    let (parts, key) = split(path)?;
    let mut at = object;
    for part in parts {
        at = match at {
            Value::Object(fields) => fields.get_mut(&part)?,
            Value::Array(elements) => {
                let place = existing(elements, &part).ok()?;
                elements.get_mut(place)?
            }
            _ => return None,
        };
    }
    match at {
        Value::Object(fields) => Some((Container::Mapping(fields), key)),
        Value::Array(elements) => Some((Container::List(elements), key)),
        _ => None,
    }
}

/// The parts of a path that lead to a container, and the key in it.
fn split(path: &str) -> Option<(Vec<String>, String)> {
    let mut parts: Vec<String> = path
        .split('/')
        .skip(1)
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect();
    let key = parts.pop()?;
    // Step after step, an object would become deeper than anything can walk through.
    bounded(&parts).ok()?;
    Some((parts, key))
}

/// The place of an element; `None` beyond the end. Negative ones count from behind.
fn index(key: &str, length: usize) -> Result<Option<usize>, String> {
    let index: i64 = key
        .parse()
        .map_err(|_| format!("invalid array index: '{key}'"))?;
    let magnitude = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    Ok(if index < 0 {
        length.checked_sub(magnitude)
    } else {
        Some(magnitude).filter(|place| *place < length)
    })
}

fn existing(elements: &[Value], key: &str) -> Result<usize, String> {
    index(key, elements.len())?.ok_or_else(|| out_of_bounds(key))
}

fn out_of_bounds(key: &str) -> String {
    format!("Unable to access invalid index: {key}: invalid index referenced")
}

/// About how many bytes a value takes.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 8,
        Value::Array(elements) => elements.iter().map(size).sum::<usize>() + 8,
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| key.len() + size(value))
            .sum::<usize>()
            .saturating_add(8),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Expected values are what `kustomize build` 5.8.1 makes of the same patch.
    fn check(patch: &Value, expected: Result<Value, &str>) {
        let mut object = json!({"a": {"b": [1, 2, 3], "c/d": "x"}, "n": null});
        let result = decode(patch).and_then(|steps| apply(&mut object, &steps, 1000));
        match expected {
            Ok(expected) => assert_eq!((result, object), (Ok(()), expected), "{patch}"),
            Err(message) => {
                let error = result.expect_err(&patch.to_string());
                assert!(error.contains(message), "{patch}: {error}");
            }
        }
    }

    #[test]
    fn steps_apply() {
        check(
            &json!([{"op": "add", "path": "/a/b/-", "value": 4}, {"op": "add", "path": "/a/b/0", "value": 0},
                {"op": "add", "path": "/a/b/-2", "value": 9}]),
            Ok(json!({"a": {"b": [0, 1, 2, 3, 9, 4], "c/d": "x"}, "n": null})),
        );
        check(
            &json!([{"op": "remove", "path": "/a/b/-1"}, {"op": "replace", "path": "/a/c~1d", "value": "y"},
                {"op": "replace", "path": "/new", "value": 1}]),
            Ok(json!({"a": {"b": [1, 2], "c/d": "y"}, "n": null, "new": 1})),
        );
        check(
            &json!([{"op": "move", "from": "/a/b/0", "path": "/m"}, {"op": "copy", "from": "/none", "path": "/k"},
                {"op": "test", "path": "/a/b", "value": [2, 3]}, {"op": "test", "path": "/none", "value": null},
                {"op": "add", "path": "x/z"}]),
            Ok(json!({"a": {"b": [2, 3], "c/d": "x"}, "n": null, "m": 1, "k": null, "z": null})),
        );
    }

    #[test]
    fn steps_that_do_not_apply_are_errors() {
        for (patch, message) in [
            (
                json!([{"op": "add", "path": "/none/x", "value": 1}]),
                "doc is missing path",
            ),
            (
                json!([{"op": "add", "path": "/n/x", "value": 1}]),
                "doc is missing path",
            ),
            (
                json!([{"op": "add", "path": "", "value": {}}]),
                "doc is missing path",
            ),
            (
                json!([{"op": "add", "path": "/a/b/5", "value": 1}]),
                "invalid index",
            ),
            (
                json!([{"op": "add", "path": "/a/b/x", "value": 1}]),
                "proper array index",
            ),
            (
                json!([{"op": "remove", "path": "/none"}]),
                "nonexistent key: none",
            ),
            (
                json!([{"op": "replace", "path": "/a/b/3", "value": 1}]),
                "doc is missing key",
            ),
            (
                json!([{"op": "replace", "path": "", "value": 1}]),
                "object or array",
            ),
            (
                json!([{"op": "replace", "path": "", "value": []}]),
                "no mapping",
            ),
            (
                json!([{"op": "test", "path": "/a/b/0", "value": 2}]),
                "test failed",
            ),
            (json!([{"op": "move", "path": "/x"}]), "decode from"),
            (json!([{"op": "remove"}]), "decode path"),
            (json!([{"path": "/a"}]), "Unexpected kind: unknown"),
            (json!({"op": "remove"}), "list of operations"),
            (json!([1]), "has to be a mapping"),
        ] {
            check(&patch, Err(message));
        }
    }

    #[test]
    fn depth_is_bounded() {
        let far = "/a".repeat(200);
        check(
            &json!([{"op": "add", "path": far, "value": 1}]),
            Err("missing path"),
        );
        let chain = (0..100).fold(json!(1), |inner, _| json!({"a": inner}));
        let into = "/a".repeat(100);
        let step = json!([
            {"op": "add", "path": "/m", "value": chain}, {"op": "move", "from": "/n", "path": format!("/m{into}")},
            {"op": "move", "from": "/m", "path": "/n"},
        ]);
        let steps = |times: usize| -> Vec<Value> {
            (0..times)
                .flat_map(|_| step.as_array().cloned().unwrap())
                .collect()
        };
        check(&steps(3).into(), Err("deeper than 256 levels"));
        check(&steps(30).into(), Err("more than 1024 levels"));
    }

    #[test]
    fn copies_are_bounded() {
        let steps: Vec<Value> = (0..64)
            .map(|step| json!({"op": "copy", "from": "/a", "path": format!("/a/{step}")}))
            .collect();
        check(&Value::Array(steps), Err("more than 1000 bytes"));
    }
}
