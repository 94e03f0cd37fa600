//! Documents become objects: checked for what every object of Kubernetes has, lists taken apart.

use serde_json::Value;

use crate::{Limits, Manifest, RenderError};

/// Collects the objects of a source.
pub struct Collector<'a> {
    limits: &'a Limits,
    /// Whether labels, annotations and the namespace have to be texts already.
    strict: bool,
    /// What was collected, in order.
    pub manifests: Vec<Manifest>,
}

impl<'a> Collector<'a> {
    /// For what tools print: texts are not insisted on, because the tools do not either.
    #[must_use]
    pub fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            strict: false,
            manifests: Vec::new(),
        }
    }

    /// For what a user wrote: labels, annotations and the namespace have to be texts.
    #[must_use]
    pub fn strict(limits: &'a Limits) -> Self {
        Self {
            strict: true,
            ..Self::new(limits)
        }
    }

    /// Adds a document of a file.
    ///
    /// # Errors
    /// When it is no object, or there are too many.
    pub fn add(&mut self, document: Value, file: &str, line: usize) -> Result<(), RenderError> {
        self.object(document, file, line, false)
    }

    fn object(
        &mut self,
        object: Value,
        file: &str,
        line: usize,
        in_list: bool,
    ) -> Result<(), RenderError> {
        let fault = |message: String| RenderError::Object {
            file: file.to_owned(),
            line,
            message,
        };
        let Value::Object(mut fields) = object else {
            return Err(fault(
                "a manifest has to be a mapping with apiVersion, kind and metadata.name".to_owned(),
            ));
        };
        let text = |name: &str| {
            fields
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (version, kind) = (text("apiVersion"), text("kind"));
        if version.is_empty() || kind.is_empty() {
            let missing = if version.is_empty() {
                "apiVersion"
            } else {
                "kind"
            };
            return Err(fault(format!(
                "{missing} is missing: every manifest needs apiVersion and kind; exclude the file if it is none"
            )));
        }
        // A kind that ends in List and has items is a list, whatever its group: the rule of apimachinery.
        if kind.ends_with("List")
            && let Some(Value::Array(items)) = fields.get_mut("items")
        {
            if in_list {
                return Err(fault(format!(
                    "a {kind} inside a List: write its items directly into the outer one"
                )));
            }
            for item in std::mem::take(items) {
                self.object(item, file, line, true)?;
            }
            return Ok(());
        }
        let metadata = fields.get("metadata");
        let named = |field: &str| {
            metadata
                .and_then(|metadata| metadata.get(field))
                .and_then(Value::as_str)
                .is_some_and(|name| !name.is_empty())
        };
        if !named("name") && !named("generateName") {
            return Err(fault(format!("{kind} without a name: set metadata.name")));
        }
        if self.strict {
            texts(&kind, metadata).map_err(fault)?;
        }
        if self.manifests.len() >= self.limits.objects {
            return Err(RenderError::TooMuch {
                at: file.to_owned(),
                limit: self.limits.objects as u64,
                what: "objects",
            });
        }
        self.manifests.push(Manifest {
            object: Value::Object(fields),
            file: file.to_owned(),
            line,
        });
        Ok(())
    }
}

/// Checks that what has to be a text is one.
fn texts(kind: &str, metadata: Option<&Value>) -> Result<(), String> {
    if let Some(namespace) = metadata.and_then(|metadata| metadata.get("namespace"))
        && !namespace.is_string()
        && !namespace.is_null()
    {
        return Err(format!("{kind}: metadata.namespace has to be a text"));
    }
    for field in ["labels", "annotations"] {
        let Some(Value::Object(entries)) = metadata.and_then(|metadata| metadata.get(field)) else {
            continue;
        };
        if let Some((key, _)) = entries
            .iter()
            .find(|(_, value)| !value.is_string() && !value.is_null())
        {
            return Err(format!(
                "{kind}: metadata.{field}.{key} has to be a text; quote it"
            ));
        }
    }
    Ok(())
}
