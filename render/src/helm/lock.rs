//! `Chart.lock` and `requirements.lock`: which versions were chosen, and for which dependencies.

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use tiphys_template::{FunctionError, Value};

use super::functions::json::to_json;
use super::functions::shape::from_serde;
use super::metadata::{Dependency, Fault, Fields, dependencies};

/// What a lock file pins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    /// `sha256:` and a hash over the dependencies of `Chart.yaml` and of the lock.
    pub digest: String,
    /// The dependencies with exact versions.
    pub dependencies: Vec<Dependency>,
}

impl Lock {
    /// Reads `Chart.lock` or `requirements.lock`.
    ///
    /// # Errors
    /// When a field is of another kind than Helm expects.
    pub fn read(document: &Json) -> Result<Self, Fault> {
        let mut lock = Self::default();
        if let Some(fields) = Fields::of(document, "the lock file")? {
            fields.text("digest", &mut lock.digest)?;
            lock.dependencies = dependencies(&fields)?.unwrap_or_default();
        }
        Ok(lock)
    }

    /// The dependencies with URLs where they name a repository as `@name` or `alias:name`. What such a name stands for is only
    /// known to the Helm that made the lock file, which wrote it there at the same place.
    #[must_use]
    pub fn resolved(&self, dependencies: &[Dependency]) -> Vec<Dependency> {
        let mut resolved = dependencies.to_vec();
        for (wanted, locked) in resolved.iter_mut().zip(&self.dependencies) {
            if is_alias(&wanted.repository) && wanted.name == locked.name {
                wanted.repository.clone_from(&locked.repository);
            }
        }
        resolved
    }

    /// Whether it was made for these dependencies.
    ///
    /// The digest is that of Helm: SHA-256 of the dependencies, their aliases resolved, and what they were resolved to, as JSON.
    /// Helm 2 knew only the former, as they are written, and its digests stay valid for charts of its time.
    ///
    /// # Errors
    /// When the digest cannot be computed.
    pub fn is_of(
        &self,
        dependencies: &[Dependency],
        is_old_chart: bool,
    ) -> Result<bool, FunctionError> {
        let wanted = list(&self.resolved(dependencies))?;
        let locked = list(&self.dependencies)?;
        if self.digest == digest(&format!("[{wanted},{locked}]")) {
            return Ok(true);
        }
        let written = list(dependencies)?;
        Ok(is_old_chart && self.digest == digest(&format!("{{\"dependencies\":{written}}}")))
    }

    /// The exact version for a dependency, if the lock has it.
    #[must_use]
    pub fn version(&self, dependency: &Dependency) -> Option<&str> {
        self.dependencies
            .iter()
            .find(|locked| {
                locked.name == dependency.name && locked.repository == dependency.repository
            })
            .or_else(|| {
                self.dependencies
                    .iter()
                    .find(|locked| locked.name == dependency.name)
            })
            .map(|locked| locked.version.as_str())
    }
}

/// Whether a dependency names its repository instead of writing its URL.
fn is_alias(repository: &str) -> bool {
    repository.starts_with('@') || repository.starts_with("alias:")
}

fn digest(text: &str) -> String {
    use std::fmt::Write as _;
    let mut digest = "sha256:".to_owned();
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

/// Dependencies as Go writes them in JSON; without any there is no list.
fn list(dependencies: &[Dependency]) -> Result<String, FunctionError> {
    if dependencies.is_empty() {
        return Ok("null".to_owned());
    }
    let items: Vec<String> = dependencies.iter().map(written).collect::<Result<_, _>>()?;
    Ok(format!("[{}]", items.join(",")))
}

/// One dependency: its fields in Go's order, those that are empty left out.
fn written(of: &Dependency) -> Result<String, FunctionError> {
    let text = |text: &str| to_json(&Value::string(text));
    let mut fields = vec![("name", text(&of.name)?)];
    if !of.version.is_empty() {
        fields.push(("version", text(&of.version)?));
    }
    fields.push(("repository", text(&of.repository)?));
    if !of.condition.is_empty() {
        fields.push(("condition", text(&of.condition)?));
    }
    if !of.tags.is_empty() {
        let tags = of
            .tags
            .iter()
            .map(|tag| Value::string(tag.as_str()))
            .collect();
        fields.push(("tags", to_json(&Value::list(tags))?));
    }
    if of.enabled {
        fields.push(("enabled", "true".to_owned()));
    }
    if !of.import_values.is_empty() {
        let items = of.import_values.iter().map(from_serde).collect();
        fields.push(("import-values", to_json(&Value::list(items))?));
    }
    if !of.alias.is_empty() {
        fields.push(("alias", text(&of.alias)?));
    }
    let fields: Vec<String> = fields
        .into_iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    Ok(format!("{{{}}}", fields.join(",")))
}
