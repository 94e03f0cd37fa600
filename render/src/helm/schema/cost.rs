//! How much work the check of values against a schema is, counted before it is done: references that fork at every level make
//! it exponential, and no validator ends then.

use std::collections::HashMap;

use serde_json::Value as Json;

/// Visits of a schema with a value; the largest schemas of public charts need some ten thousand.
const VISITS: usize = 2_000_000;
/// References and subschemas on the way to one visit.
const DEPTH: usize = 300;

/// Keywords whose schemas see the same value.
const IN_PLACE: [&str; 7] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];
/// Keywords with schemas by name, which see the same value.
const IN_PLACE_BY_NAME: [&str; 2] = ["dependentSchemas", "dependencies"];
/// Keywords whose schemas see every element or property.
const BELOW: [&str; 9] = [
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "items",
    "prefixItems",
    "additionalItems",
    "unevaluatedItems",
    "contains",
    "patternProperties",
];
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// Checks that the work is bounded.
///
/// # Errors
/// When it is more than a check of values may be.
pub fn bounded(schema: &Json, values: &Json) -> Result<(), String> {
    let mut counter = Counter {
        root: schema,
        named: HashMap::new(),
        visits: 0,
    };
    counter.name(schema, 0);
    if counter.visit(schema, schema, values, 0) {
        Ok(())
    } else {
        Err(format!(
            "the schema is too complex: its references lead to more than {VISITS} checks or through more than {DEPTH} levels"
        ))
    }
}

struct Counter<'a> {
    root: &'a Json,
    /// Schemas by `$id`, `id`, `$anchor` and `$dynamicAnchor`.
    named: HashMap<&'a str, &'a Json>,
    visits: usize,
}

impl<'a> Counter<'a> {
    fn name(&mut self, schema: &'a Json, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match schema {
            Json::Object(fields) => {
                for (key, value) in fields {
                    if let ("$id" | "id" | "$anchor" | "$dynamicAnchor", Json::String(name)) =
                        (key.as_str(), value)
                    {
                        self.named
                            .entry(name.trim_start_matches('#'))
                            .or_insert(schema);
                    }
                    self.name(value, depth + 1);
                }
            }
            Json::Array(items) => {
                for item in items {
                    self.name(item, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// Counts; `false` once it is too much. `base` is the schema that pointers start from.
    fn visit(&mut self, base: &'a Json, schema: &'a Json, value: &Json, depth: usize) -> bool {
        self.visits += 1;
        if self.visits > VISITS || depth > DEPTH {
            return false;
        }
        let Json::Object(fields) = schema else {
            return true;
        };
        let has_id = fields.get("$id").and_then(Json::as_str);
        let base = if has_id.is_some_and(|id| !id.starts_with('#')) {
            schema
        } else {
            base
        };
        REFERENCES
            .iter()
            .filter_map(|keyword| fields.get(*keyword)?.as_str())
            .all(|reference| match self.target(base, reference) {
                Some((base, target)) => self.visit(base, target, value, depth + 1),
                None => true,
            })
            && IN_PLACE
                .iter()
                .filter_map(|keyword| fields.get(*keyword))
                .all(|below| self.each(base, below, value, depth))
            && IN_PLACE_BY_NAME
                .iter()
                .filter_map(|keyword| fields.get(*keyword)?.as_object())
                .flat_map(|below| below.values())
                .all(|below| self.visit(base, below, value, depth + 1))
            && self.below(base, fields, value, depth)
    }

    fn each(&mut self, base: &'a Json, schemas: &'a Json, value: &Json, depth: usize) -> bool {
        match schemas {
            Json::Array(list) => list
                .iter()
                .all(|schema| self.visit(base, schema, value, depth + 1)),
            schema => self.visit(base, schema, value, depth + 1),
        }
    }

    fn below(
        &mut self,
        base: &'a Json,
        fields: &'a serde_json::Map<String, Json>,
        value: &Json,
        depth: usize,
    ) -> bool {
        let children: Vec<&Json> = match value {
            Json::Object(entries) => entries.values().collect(),
            Json::Array(items) => items.iter().collect(),
            _ => return true,
        };
        if let (Some(Json::Object(properties)), Json::Object(entries)) =
            (fields.get("properties"), value)
        {
            for (name, schema) in properties {
                if let Some(child) = entries.get(name)
                    && !self.visit(base, schema, child, depth + 1)
                {
                    return false;
                }
            }
        }
        BELOW
            .iter()
            .filter_map(|keyword| Some((*keyword, fields.get(*keyword)?)))
            .all(|(keyword, schemas)| {
                children.iter().all(|child| match schemas {
                    Json::Object(by_pattern) if keyword == "patternProperties" => by_pattern
                        .values()
                        .all(|schema| self.visit(base, schema, child, depth + 1)),
                    schemas => self.each(base, schemas, child, depth),
                })
            })
    }

    /// What a reference leads to, and the schema that pointers start from there.
    fn target(&self, base: &'a Json, reference: &str) -> Option<(&'a Json, &'a Json)> {
        let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let base = match document {
            "" => base,
            document => self.named.get(document).copied().unwrap_or(self.root),
        };
        if fragment.is_empty() {
            return Some((base, base));
        }
        if let Some(named) = self.named.get(fragment) {
            return Some((base, named));
        }
        let pointer = fragment.replace("%25", "%").replace("%7E", "~");
        [base, self.root]
            .iter()
            .find_map(|base| Some((*base, base.pointer(&pointer)?)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_that_recurse_into_values_are_bounded_by_the_values() {
        let tree = json!({
            "$ref": "#/$defs/node",
            "$defs": {"node": {"properties": {"children": {"items": {"$ref": "#/$defs/node"}}}}},
        });
        let values = json!({"children": [{"children": [{}, {}]}, {}]});
        assert_eq!(bounded(&tree, &values), Ok(()));
    }

    #[test]
    fn forks_and_circles_are_refused() {
        let fork = |name: &str| json!([{"$ref": name}, {"$ref": name}]);
        let circle = json!({"allOf": fork("#")});
        assert!(bounded(&circle, &json!({})).is_err());
        let by_value = json!({"$anchor": "a", "properties": {"x": {"allOf": fork("#a")}}});
        let deep = (0..60).fold(json!({}), |below, _| json!({"x": below}));
        assert!(bounded(&by_value, &deep).is_err());
        assert_eq!(bounded(&by_value, &json!({"x": {"x": {}}})), Ok(()));
    }
}
