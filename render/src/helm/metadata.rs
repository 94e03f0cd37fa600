//! `Chart.yaml` and `requirements.yaml`: what Helm reads from them and what it refuses.

use serde_json::{Map, Value};

use crate::yaml::scalar_number_text;

/// A maintainer of a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maintainer {
    /// Name of a person or organisation.
    pub name: String,
    /// Address of electronic mail.
    pub email: String,
    /// A web page.
    pub url: String,
}

/// An entry of `dependencies`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    /// Name of the chart; after processing, its alias.
    pub name: String,
    /// Version or range; exact in a lock file.
    pub version: String,
    /// URL of the repository, `oci://…`, `file://…`, an alias of a repository, or empty.
    pub repository: String,
    /// Comma-separated paths in the values; the first that is a boolean decides.
    pub condition: String,
    /// Names under `tags` in the values.
    pub tags: Vec<String>,
    /// Whether it is rendered; processing sets it.
    pub enabled: bool,
    /// What the parent takes from its values: texts, or mappings with `child` and `parent`.
    pub import_values: Vec<Value>,
    /// Another name, so that a chart can be there more than once.
    pub alias: String,
}

/// The content of `Chart.yaml`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// Name of the chart.
    pub name: String,
    /// URL of the project's page.
    pub home: String,
    /// URLs of the sources.
    pub sources: Vec<String>,
    /// Version of the chart.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Who cares for it.
    pub maintainers: Vec<Maintainer>,
    /// URL of an image.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// A condition that nothing reads; kept because templates can print it.
    pub condition: String,
    /// Tags that nothing reads; kept because templates can print them.
    pub tags: String,
    /// Version of what is inside.
    pub app_version: String,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// Free entries; `None` when there are none, which Go prints differently.
    pub annotations: Option<Map<String, Value>>,
    /// Range of Kubernetes versions that it wants.
    pub kube_version: String,
    /// Charts that it needs; `None` when there is no list, which turns processing off.
    pub dependencies: Option<Vec<Dependency>>,
    /// `application`, `library` or empty.
    pub kind: String,
}

/// Why a file is no description of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field that is wrong, as `dependencies[1].alias`; empty for the whole file.
    pub field: String,
    /// What is wrong, without the file's name.
    pub message: String,
}

impl Fault {
    /// Of a field.
    pub fn of(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }

    /// The same, of an element of a list.
    fn within(mut self, list: &str, element: usize) -> Self {
        let dot = if self.field.is_empty() { "" } else { "." };
        self.field = format!("{list}[{element}]{dot}{}", self.field);
        self
    }
}

/// The elements of a list, each read; a fault says in which.
fn each<T>(
    list: &str,
    items: &[Value],
    read: impl Fn(&Value) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    items
        .iter()
        .enumerate()
        .map(|(element, item)| read(item).map_err(|fault| fault.within(list, element)))
        .collect()
}

impl Metadata {
    /// Takes over what a document says; `requirements.yaml` of old charts is read over `Chart.yaml`.
    ///
    /// # Errors
    /// When a field is of another kind than Helm expects.
    pub fn read(&mut self, document: &Value) -> Result<(), Fault> {
        let Some(fields) = Fields::of(document, "Chart.yaml")? else {
            return Ok(());
        };
        for (name, target) in [
            ("name", &mut self.name),
            ("home", &mut self.home),
            ("version", &mut self.version),
            ("description", &mut self.description),
            ("icon", &mut self.icon),
            ("apiVersion", &mut self.api_version),
            ("condition", &mut self.condition),
            ("tags", &mut self.tags),
            ("appVersion", &mut self.app_version),
            ("kubeVersion", &mut self.kube_version),
            ("type", &mut self.kind),
        ] {
            fields.text(name, target)?;
        }
        fields.texts("sources", &mut self.sources)?;
        fields.texts("keywords", &mut self.keywords)?;
        fields.boolean("deprecated", &mut self.deprecated)?;
        if let Some(entries) = fields.mapping("annotations")? {
            let mut texts = self.annotations.take().unwrap_or_default();
            for (key, value) in entries {
                let mut text = String::new();
                as_text(&format!("annotations.{key}"), value, &mut text)?;
                texts.insert(key.clone(), Value::String(text));
            }
            self.annotations = Some(texts);
        }
        if let Some(items) = fields.list("maintainers")? {
            self.maintainers = each("maintainers", items, maintainer)?;
        }
        if let Some(dependencies) = dependencies(&fields)? {
            self.dependencies = Some(dependencies);
        }
        Ok(())
    }

    /// Checks what Helm checks, and cleans the texts as Helm does.
    ///
    /// # Errors
    /// The first rule that is broken, in Helm's words.
    pub fn validate(&mut self, is_version: impl Fn(&str) -> bool) -> Result<(), Fault> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ] {
            sanitize(text);
        }
        self.sources.iter_mut().for_each(sanitize);
        self.keywords.iter_mut().for_each(sanitize);
        let fault =
            |field: &str, message: String| Err(Fault::of(field, format!("validation: {message}")));
        if self.api_version.is_empty() {
            return fault("", "chart.metadata.apiVersion is required".into());
        }
        if self.name.is_empty() {
            return fault("name", "chart.metadata.name is required".into());
        }
        if self.name == "." || self.name == ".." {
            return fault(
                "name",
                format!("chart.metadata.name {:?} is not allowed", self.name),
            );
        }
        if self.name.contains('/') {
            return fault(
                "name",
                format!("chart.metadata.name {:?} is invalid", self.name),
            );
        }
        if self.version.is_empty() {
            return fault("version", "chart.metadata.version is required".into());
        }
        if !is_version(&self.version) {
            return fault(
                "version",
                format!("chart.metadata.version {:?} is invalid", self.version),
            );
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return fault(
                "type",
                format!(
                    "chart.metadata.type must be application or library, not {:?}",
                    self.kind
                ),
            );
        }
        for person in &mut self.maintainers {
            sanitize(&mut person.name);
            sanitize(&mut person.email);
            sanitize(&mut person.url);
        }
        let mut seen = std::collections::HashSet::new();
        for (element, dependency) in self.dependencies.iter_mut().flatten().enumerate() {
            dependency
                .validate()
                .map_err(|fault| fault.within("dependencies", element))?;
            let key = dependency.key();
            if !seen.insert(key.to_owned()) {
                return fault(
                    &format!("dependencies[{element}]"),
                    format!("more than one dependency with name or alias {key:?}"),
                );
            }
        }
        Ok(())
    }

    /// Whether only its definitions are used.
    #[must_use]
    pub fn is_library(&self) -> bool {
        self.kind.eq_ignore_ascii_case("library")
    }
}

impl Dependency {
    /// The name under which it is found: its alias, if it has one.
    #[must_use]
    pub fn key(&self) -> &str {
        if self.alias.is_empty() {
            &self.name
        } else {
            &self.alias
        }
    }

    fn validate(&mut self) -> Result<(), Fault> {
        for text in [
            &mut self.name,
            &mut self.version,
            &mut self.repository,
            &mut self.condition,
        ] {
            sanitize(text);
        }
        self.tags.iter_mut().for_each(sanitize);
        let allowed =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
        if !self.alias.chars().all(allowed) {
            return Err(Fault::of(
                "alias",
                format!(
                    "validation: dependency {:?} has disallowed characters in the alias {:?}",
                    self.name, self.alias
                ),
            ));
        }
        Ok(())
    }

    fn read(document: &Value) -> Result<Self, Fault> {
        let mut found = Self::default();
        let Some(fields) = Fields::of(document, "dependencies")? else {
            return Err(Fault::of(
                "",
                "validation: dependencies must not contain empty or null nodes",
            ));
        };
        fields.text("name", &mut found.name)?;
        fields.text("version", &mut found.version)?;
        fields.text("repository", &mut found.repository)?;
        fields.text("condition", &mut found.condition)?;
        fields.texts("tags", &mut found.tags)?;
        fields.boolean("enabled", &mut found.enabled)?;
        fields.text("alias", &mut found.alias)?;
        if let Some(items) = fields.list("import-values")? {
            found.import_values = items.clone();
        }
        Ok(found)
    }
}

pub(super) fn dependencies(fields: &Fields<'_>) -> Result<Option<Vec<Dependency>>, Fault> {
    fields
        .list("dependencies")?
        .map(|items| each("dependencies", items, Dependency::read))
        .transpose()
}

fn maintainer(document: &Value) -> Result<Maintainer, Fault> {
    let mut found = Maintainer::default();
    let Some(fields) = Fields::of(document, "maintainers")? else {
        return Err(Fault::of(
            "",
            "validation: maintainers must not contain empty or null nodes",
        ));
    };
    fields.text("name", &mut found.name)?;
    fields.text("email", &mut found.email)?;
    fields.text("url", &mut found.url)?;
    Ok(found)
}

/// A mapping whose keys are found as Go's JSON finds fields: exactly, or else without regard to case.
pub(super) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub fn of(document: &'a Value, what: &str) -> Result<Option<Self>, Fault> {
        match document {
            Value::Null => Ok(None),
            Value::Object(entries) => Ok(Some(Self(entries))),
            other => Err(Fault::of(
                "",
                format!("{what} has to be a mapping, not {}", kind(other)),
            )),
        }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0
            .get(name)
            .or_else(|| {
                self.0
                    .iter()
                    .filter(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value)
                    .next_back()
            })
            .filter(|value| !value.is_null())
    }

    pub fn text(&self, name: &str, target: &mut String) -> Result<(), Fault> {
        match self.get(name) {
            Some(value) => as_text(name, value, target),
            None => Ok(()),
        }
    }

    fn boolean(&self, name: &str, target: &mut bool) -> Result<(), Fault> {
        match self.get(name) {
            Some(Value::Bool(value)) => *target = *value,
            Some(other) => {
                return Err(Fault::of(
                    name,
                    format!("{name} has to be true or false, not {}", shown(other)),
                ));
            }
            None => {}
        }
        Ok(())
    }

    fn list(&self, name: &str) -> Result<Option<&'a Vec<Value>>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(Fault::of(
                name,
                format!("{name} has to be a list, not {}", shown(other)),
            )),
        }
    }

    fn mapping(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(entries)) => Ok(Some(entries)),
            Some(other) => Err(Fault::of(
                name,
                format!("{name} has to be a mapping, not {}", shown(other)),
            )),
        }
    }

    fn texts(&self, name: &str, target: &mut Vec<String>) -> Result<(), Fault> {
        let Some(items) = self.list(name)? else {
            return Ok(());
        };
        *target = items
            .iter()
            .map(|item| {
                let mut text = String::new();
                as_text(name, item, &mut text).map(|()| text)
            })
            .collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// Where Go wants a text, numbers and booleans become one.
fn as_text(name: &str, value: &Value, target: &mut String) -> Result<(), Fault> {
    match value {
        Value::String(text) => target.clone_from(text),
        Value::Number(number) => *target = scalar_number_text(number),
        Value::Bool(value) => *target = value.to_string(),
        Value::Null => {}
        other => {
            return Err(Fault::of(
                name,
                format!("{name} has to be a text, not {}", kind(other)),
            ));
        }
    }
    Ok(())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// The kind of a value, and the value if it is short.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => String::new(),
    };
    if text.is_empty() || text.len() > LONGEST {
        kind(value).to_owned()
    } else {
        format!("{} ({text})", kind(value))
    }
}

/// White space becomes a space, and what cannot be printed goes.
fn sanitize(text: &mut String) {
    if text
        .chars()
        .any(|character| character != ' ' && (character.is_whitespace() || character.is_control()))
    {
        *text = text
            .chars()
            .filter_map(|character| match character {
                white if white.is_whitespace() => Some(' '),
                control if control.is_control() => None,
                other => Some(other),
            })
            .collect();
    }
}
