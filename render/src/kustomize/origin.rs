//! `buildMetadata`: where objects come from and what changed them, as annotations.

use super::remote;
use super::resmap::ResMap;
use super::resource::{ConfiguredBy, Origin, Resource};

/// Annotation of an object's origin.
pub const ORIGIN: &str = "config.kubernetes.io/origin";
/// Annotation of an object's changes.
pub const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

impl Origin {
    /// The origin of something that this one names: a path below it, or a remote repository.
    #[must_use]
    pub fn append(&self, path: &str) -> Self {
        let mut appended = self.clone();
        let path = match remote::parse(path) {
            Some(url) => {
                appended.repo = url.clone;
                appended.reference = url.reference;
                appended.path = String::new();
                if url.path.is_empty() {
                    // What upstream calls the root of a repository that it has not cloned yet.
                    "notCloned".to_owned()
                } else {
                    url.path
                }
            }
            None => path.to_owned(),
        };
        appended.path = join(&appended.path, &path);
        appended
    }

    /// The origin of what a field of a kustomization makes or changes.
    #[must_use]
    pub fn builtin(&self, file: &str, kind: &str) -> Self {
        Self {
            path: String::new(),
            repo: self.repo.clone(),
            reference: self.reference.clone(),
            configured_in: join(&self.path, file),
            configured_by: Some(ConfiguredBy {
                api_version: "builtin".to_owned(),
                kind: kind.to_owned(),
                ..ConfiguredBy::default()
            }),
        }
    }

    /// The origin of what a plugin, written as an object, makes or changes.
    #[must_use]
    pub fn plugin(plugin: &Resource) -> Option<Self> {
        let origin = plugin.origin.as_ref()?;
        Some(Self {
            path: String::new(),
            repo: origin.repo.clone(),
            reference: origin.reference.clone(),
            configured_in: origin.path.clone(),
            configured_by: Some(ConfiguredBy {
                api_version: plugin.api_version().to_owned(),
                kind: plugin.kind().to_owned(),
                name: plugin.name().to_owned(),
                namespace: plugin.namespace().to_owned(),
            }),
        })
    }

    fn fields(&self) -> Vec<(usize, &'static str, &str)> {
        let mut fields = vec![
            (0, "path", self.path.as_str()),
            (0, "repo", &self.repo),
            (0, "ref", &self.reference),
            (0, "configuredIn", &self.configured_in),
        ];
        if let Some(by) = &self.configured_by {
            fields.push((0, "configuredBy", ""));
            fields.extend([
                (1, "apiVersion", by.api_version.as_str()),
                (1, "kind", &by.kind),
                (1, "name", &by.name),
                (1, "namespace", &by.namespace),
            ]);
        }
        fields.retain(|(_, name, value)| !value.is_empty() || *name == "configuredBy");
        fields
    }

    /// YAML, each line with an indentation; the first one with its own.
    fn text(&self, first: &str, others: &str) -> String {
        let mut text = String::new();
        for (place, (depth, name, value)) in self.fields().into_iter().enumerate() {
            text.push_str(if place == 0 { first } else { others });
            text.push_str(&"  ".repeat(depth));
            text.push_str(name);
            text.push(':');
            if !value.is_empty() {
                text.push(' ');
                text.push_str(&scalar(value));
            }
            text.push('\n');
        }
        text
    }
}

/// Quotes what YAML would not read as the same text.
fn scalar(text: &str) -> String {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"./_-@+~=%".contains(&byte) || byte == b':')
        && !text.ends_with(':')
        && text
            .as_bytes()
            .first()
            .is_some_and(|first| first.is_ascii_alphabetic() || b"./_".contains(first))
        && text.parse::<f64>().is_err()
        && ![
            "true", "false", "null", "yes", "no", "on", "off", "y", "n", "~",
        ]
        .contains(&text.to_ascii_lowercase().as_str());
    if plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

/// Joins two paths and takes `.` and `..` out.
fn join(a: &str, b: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in a.split('/').chain(b.split('/')) {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    if names.is_empty() && !(a.is_empty() && b.is_empty()) {
        return ".".to_owned();
    }
    names.join("/")
}

/// Notes what made or changed all objects.
pub(super) fn transformed(map: &mut ResMap, by: &Origin) {
    for resource in &mut map.resources {
        if resource.origin.is_none() {
            resource.origin = Some(by.clone());
        } else {
            resource.transformations.push(by.clone());
        }
    }
}

/// The annotation's text of an origin.
pub(super) fn origin_text(origin: &Origin) -> String {
    origin.text("", "")
}

/// The annotation's text of changes.
pub(super) fn transformations_text(transformations: &[Origin]) -> String {
    transformations
        .iter()
        .map(|origin| origin.text("- ", "  "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_follow_paths_and_repositories() {
        let top = Origin::default();
        assert_eq!(
            origin_text(&top.append("base").append("../a.yaml")),
            "path: a.yaml\n"
        );
        assert_eq!(
            origin_text(&top.append("github.com/o/r//x?ref=v1").append("a.yaml")),
            "path: x/a.yaml\nrepo: https://github.com/o/r\nref: v1\n"
        );
        assert_eq!(
            transformations_text(&[top
                .append("b")
                .builtin("kustomization.yaml", "LabelTransformer")]),
            "- configuredIn: b/kustomization.yaml\n  configuredBy:\n    apiVersion: builtin\n    kind: LabelTransformer\n"
        );
    }
}
