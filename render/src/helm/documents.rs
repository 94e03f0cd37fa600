//! From the text that templates print to documents in the order in which Helm installs them.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use memchr::{memchr_iter, memmem};
use serde_json::Value as Json;

use crate::yaml::locate::{Place, Step, nearest};
use crate::yaml::{self, Duplicates, Numbers, Outline, Reading, YamlError};
use crate::{Limits, RenderError};

/// The annotation that makes a hook.
const HOOK: &str = "helm.sh/hook";

/// What is looked at of every document.
const LOOKED_AT: Outline = Outline::Fields(&[
    ("apiVersion", Outline::Shape),
    ("kind", Outline::Whole),
    (
        "metadata",
        Outline::Fields(&[("name", Outline::Shape), ("annotations", Outline::Whole)]),
    ),
]);

/// Kinds in the order in which Helm installs them; others come after these, by name.
const INSTALL_ORDER: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// One document that a chart prints.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Name of the template as Helm shows it: `chart/templates/a.yaml`.
    pub source: Arc<str>,
    /// Path of the template in the tree.
    pub file: Arc<str>,
    /// Line in the printed text of the file, from 1.
    pub line: usize,
    /// The text, without the separator before it.
    pub text: String,
    /// What the text says; null when it is only comments.
    pub value: Json,
    /// Whether it is a hook of Helm.
    pub is_hook: bool,
    /// Whether it is a hook that only `helm test` runs.
    pub is_test: bool,
}

/// Documents as the one text that `helm template` prints.
#[must_use]
pub fn printed(documents: &[Document]) -> String {
    let mut text = String::new();
    for document in documents {
        // A text takes everything.
        let _written = write(&document.source, &document.text, &mut text);
    }
    text
}

/// The text that `helm template` prints, in the pieces that templates have printed.
pub struct Printed {
    definitions: Vec<Document>,
    outputs: Vec<Output>,
    /// Where they are: in which output, and there.
    documents: Vec<(usize, Range<usize>)>,
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for document in &self.definitions {
            write(&document.source, &document.text, f)?;
        }
        for (output, at) in &self.documents {
            let output = &self.outputs[*output];
            write(&output.source, &output.text[at.clone()], f)?;
        }
        Ok(())
    }
}

fn write(source: &str, text: &str, out: &mut impl fmt::Write) -> fmt::Result {
    out.write_str("---\n# Source: ")?;
    out.write_str(source)?;
    out.write_str("\n")?;
    out.write_str(text.trim_end_matches('\n'))?;
    out.write_str("\n")
}

/// What a template has printed.
pub struct Output {
    /// Name of the template as Helm shows it.
    pub source: Arc<str>,
    /// Its path in the tree.
    pub file: Arc<str>,
    /// The text.
    pub text: String,
}

/// A document of an output: where it is, and what was read of it, when it was read.
pub struct Seen<K> {
    line: usize,
    at: Range<usize>,
    read: Option<Result<Option<(Head, K)>, RenderError>>,
}

/// A document that was read.
struct Found<K> {
    /// Place of the output that it is of.
    output: usize,
    line: usize,
    at: Range<usize>,
    head: Head,
    kept: K,
}

/// What is kept of what a document says.
pub trait Kept: Send {
    /// What has to be read of it.
    const OUTLINE: Outline;

    /// What is kept of what was read.
    fn new(value: Json) -> Self;
}

/// All of it.
impl Kept for Json {
    const OUTLINE: Outline = Outline::Whole;

    fn new(value: Json) -> Self {
        value
    }
}

/// Nothing of it.
impl Kept for () {
    const OUTLINE: Outline = LOOKED_AT;

    fn new(_: Json) {}
}

/// Outputs with their documents.
pub type Outputs<K> = Vec<(Output, Vec<Seen<K>>)>;

/// Reads the documents of outputs, on any thread. Whoever has too many may have far too many: those are left until their turn comes.
pub struct Reader<'l> {
    limits: &'l Limits,
    count: AtomicUsize,
}

impl<'l> Reader<'l> {
    /// A reader that has read nothing.
    pub fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            count: AtomicUsize::new(0),
        }
    }

    /// The documents of an output.
    pub fn look<K: Kept>(&self, output: &Output) -> Vec<Seen<K>> {
        let parts = split(&output.text).into_iter();
        parts
            .map(|(line, at)| {
                let is_due = self.count.fetch_add(1, Relaxed) <= self.limits.objects;
                let read = is_due.then(|| self.read(output, line, at.clone()));
                Seen { line, at, read }
            })
            .collect()
    }

    fn read<K: Kept>(
        &self,
        output: &Output,
        line: usize,
        at: Range<usize>,
    ) -> Result<Option<(Head, K)>, RenderError> {
        let text = &output.text[at];
        let found = read(&output.file, line, text, self.limits, K::OUTLINE)?;
        Ok(found.map(|(head, value)| (head, K::new(value))))
    }

    /// Sorts documents as Helm sorts them: first what is no hook, then the hooks; `outputs` come in the order of their templates.
    ///
    /// # Errors
    /// When a text is no YAML, its head is not what Helm expects, or there are too many documents.
    fn sort<K: Kept>(&self, outputs: &mut Outputs<K>) -> Result<Vec<Found<K>>, RenderError> {
        outputs.sort_by(|(one, _), (other, _)| one.source.cmp(&other.source));
        let mut found = Vec::new();
        for (index, (output, documents)) in outputs.iter_mut().enumerate() {
            for Seen { line, at, read } in documents.drain(..) {
                let read = read.unwrap_or_else(|| self.read(output, line, at.clone()));
                let Some((head, kept)) = read? else {
                    continue;
                };
                if found.len() >= self.limits.objects {
                    return Err(RenderError::TooMuch {
                        at: output.file.to_string(),
                        limit: self.limits.objects as u64,
                        what: "objects",
                    });
                }
                found.push(Found {
                    output: index,
                    line,
                    at,
                    head,
                    kept,
                });
            }
        }
        found.sort_by(|one, other| one.head.order(&other.head));
        Ok(found)
    }

    /// The documents of all templates, sorted as Helm sorts them: first what is no hook, then the hooks. `outputs` are in any order.
    ///
    /// # Errors
    /// When a text is no YAML, its head is not what Helm expects, or there are too many documents.
    pub fn sorted(&self, mut outputs: Outputs<Json>) -> Result<Vec<Document>, RenderError> {
        let found = self.sort(&mut outputs)?.into_iter();
        let document = |found: Found<Json>| {
            let (output, _) = &outputs[found.output];
            Document {
                source: Arc::clone(&output.source),
                file: Arc::clone(&output.file),
                line: found.line,
                text: output.text[found.at].to_owned(),
                value: found.kept,
                is_hook: found.head.is_hook,
                is_test: found.head.is_test,
            }
        };
        Ok(found.map(document).collect())
    }

    /// The same documents as Helm prints them, behind some definitions. What they say was looked at, and is not kept.
    ///
    /// # Errors
    /// As [`Reader::sorted`].
    pub fn print(
        &self,
        definitions: Vec<Document>,
        mut outputs: Outputs<()>,
        skip_tests: bool,
    ) -> Result<Printed, RenderError> {
        let mut found = self.sort(&mut outputs)?;
        found.retain(|found| !(skip_tests && found.head.is_test));
        Ok(Printed {
            definitions,
            outputs: outputs.into_iter().map(|(output, _)| output).collect(),
            documents: found.into_iter().map(|it| (it.output, it.at)).collect(),
        })
    }
}

/// Where the documents of a text are, with the lines where they begin. Helm cuts at every line that begins with `---`, whatever follows.
pub fn split(text: &str) -> Vec<(usize, Range<usize>)> {
    let mut found = Vec::new();
    let mut before = 0;
    let mut counted = 0;
    let mut push = |from: usize, to: usize| {
        let trimmed = text[from..to].trim_start();
        if trimmed.is_empty() {
            return;
        }
        let begin = to - trimmed.len();
        before += memchr_iter(b'\n', &text.as_bytes()[counted..begin]).count();
        counted = begin;
        found.push((before + 1, begin..to));
    };
    // White space at the very beginning does not keep a separator from being one.
    let lead = text.len() - text.trim_start().len();
    let first = text[lead..].starts_with("---").then_some(lead);
    let others = memmem::find_iter(&text.as_bytes()[lead..], "\n---").map(|at| lead + at + 1);
    let mut start = 0;
    for separator in first.into_iter().chain(others) {
        push(start, separator);
        let rest = &text[separator + 3..];
        start = text.len() - rest.trim_start_matches([' ', '\t']).len();
    }
    push(start, text.len());
    found
}

/// What decides on the place of a document.
#[derive(Debug, PartialEq)]
struct Head {
    /// Place of the kind among those that have one.
    place: usize,
    /// The kind, where it has no place of its own.
    kind: String,
    is_hook: bool,
    is_test: bool,
}

impl Head {
    fn order(&self, other: &Self) -> Ordering {
        let key = |head: &Self| (head.is_hook, head.place);
        let before = key(self).cmp(&key(other));
        before.then_with(|| self.kind.cmp(&other.kind))
    }
}

/// At least an outline of what a document says, as Helm reads it; null when it is only comments.
///
/// # Errors
/// When the text is no YAML.
pub fn value(text: &str, limits: &Limits, outline: Outline) -> Result<Json, YamlError> {
    let reading = Reading {
        duplicates: Duplicates::LastWins,
        numbers: Numbers::Json,
        outline,
        // Helm prints one behind every document.
        break_follows: true,
        ..Reading::default()
    };
    let document = yaml::first(text.as_bytes(), limits, reading)?;
    Ok(document.map_or(Json::Null, |document| document.value))
}

/// Reads at least an outline of a document that begins at a line of what a template of the file has printed; nothing when it is a hook that Helm drops.
fn read(
    file: &str,
    line: usize,
    text: &str,
    limits: &Limits,
    outline: Outline,
) -> Result<Option<(Head, Json)>, RenderError> {
    let fault = |at: usize, column: usize, message: String| RenderError::Printed {
        file: file.to_string(),
        line: line + at - 1,
        column,
        excerpt: text
            .lines()
            .nth(at.saturating_sub(1))
            .unwrap_or_default()
            .trim()
            .chars()
            .take(120)
            .collect(),
        advice: String::new(),
        message,
    };
    let value = value(text, limits, outline)
        .map_err(|error| fault(error.line, error.column, error.message))?;
    let hook = head(&value).map_err(|wrong| {
        let steps: Vec<Step<'_>> = wrong.path.iter().map(|key| Step::Key(key)).collect();
        let place = nearest(text.as_bytes(), &steps);
        let place = place.unwrap_or(Place { line: 1, column: 1 });
        fault(place.line, place.column, wrong.message)
    })?;
    let mut is_test = false;
    if let Some(events) = &hook {
        for event in events.split(',') {
            match event.trim().to_lowercase().as_str() {
                "pre-install" | "post-install" | "pre-delete" | "post-delete" | "pre-upgrade"
                | "post-upgrade" | "pre-rollback" | "post-rollback" => {}
                "test" | "test-success" => is_test = true,
                // Helm drops what it does not know.
                _ => return Ok(None),
            }
        }
    }
    let kind = value.get("kind").and_then(Json::as_str).unwrap_or_default();
    let place = INSTALL_ORDER.iter().position(|other| *other == kind);
    let head = Head {
        place: place.unwrap_or(INSTALL_ORDER.len()),
        kind: place.map_or_else(|| kind.to_owned(), |_| String::new()),
        is_hook: hook.is_some(),
        is_test,
    };
    Ok(Some((head, value)))
}

/// A field of a document that is not of the kind that Helm reads.
struct WrongKind {
    /// The keys that lead there.
    path: Vec<String>,
    message: String,
}

/// Checks what Helm reads of every document, and gives the events of a hook.
fn head(value: &Json) -> Result<Option<String>, WrongKind> {
    let wrong = |path: &[&str], found: &Json| {
        let found = match found {
            Json::Array(_) => "a list",
            Json::Object(_) => "a mapping",
            Json::String(_) => "a text",
            _ => "a scalar",
        };
        let name = if path.is_empty() {
            "a manifest".to_owned()
        } else {
            path.join(".")
        };
        Err(WrongKind {
            message: format!("{name} cannot be {found}"),
            path: path.iter().map(|&key| key.to_owned()).collect(),
        })
    };
    let text = |path: &[&str], value: Option<&Json>| match value {
        Some(found @ (Json::Array(_) | Json::Object(_))) => wrong(path, found),
        _ => Ok(()),
    };
    let fields = match value {
        Json::Null => return Ok(None),
        Json::Object(fields) => fields,
        other => return wrong(&[], other).map(|()| None),
    };
    text(&["apiVersion"], fields.get("apiVersion"))?;
    text(&["kind"], fields.get("kind"))?;
    let metadata = match fields.get("metadata") {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Object(metadata)) => metadata,
        Some(other) => return wrong(&["metadata"], other).map(|()| None),
    };
    text(&["metadata", "name"], metadata.get("name"))?;
    let annotations = match metadata.get("annotations") {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Object(annotations)) => annotations,
        Some(other) => return wrong(&["metadata", "annotations"], other).map(|()| None),
    };
    for (key, value) in annotations {
        text(&["metadata", "annotations", key], Some(value))?;
    }
    Ok(annotations.get(HOOK).map(|events| match events {
        Json::String(events) => events.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_cut_at_separators() {
        let cases: [(&str, &[(usize, &str)]); 8] = [
            ("", &[]),
            ("\n  \n---\n---\n", &[]),
            ("a: 1\n---\nb: 2\n", &[(1, "a: 1\n"), (3, "b: 2\n")]),
            ("\n---\n\n  a: 1", &[(4, "a: 1")]),
            ("--- # comment\na: 1\n", &[(1, "# comment\na: 1\n")]),
            ("---apiVersion: v1\n", &[(1, "apiVersion: v1\n")]),
            ("a: |\n  ---\nb: 1\n", &[(1, "a: |\n  ---\nb: 1\n")]),
            ("  ---\na: 1", &[(2, "a: 1")]),
        ];
        for (text, expected) in cases {
            let found: Vec<_> = split(text)
                .into_iter()
                .map(|(line, at)| (line, &text[at]))
                .collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    fn sorted(outputs: &[(&str, &str)], limits: &Limits) -> Result<Vec<Document>, RenderError> {
        let reader = Reader::new(limits);
        let outputs = outputs.iter().map(|(name, text)| Output {
            source: Arc::from(*name),
            file: Arc::from(*name),
            text: (*text).to_owned(),
        });
        let look = |output: Output| {
            let documents = reader.look(&output);
            (output, documents)
        };
        reader.sorted(outputs.map(look).collect())
    }

    fn order(outputs: &[(&str, &str)]) -> Vec<String> {
        sorted(outputs, &Limits::default())
            .unwrap_or_else(|error| panic!("{error}"))
            .iter()
            .map(|document| {
                let kind = document.value["kind"].as_str().unwrap_or_default();
                format!("{} {kind}", document.source)
            })
            .collect()
    }

    #[test]
    fn kinds_come_in_install_order_and_hooks_last() {
        let hook = "kind: Job\nmetadata: {annotations: {helm.sh/hook: pre-install}}";
        let unknown = "kind: Job\nmetadata: {annotations: {helm.sh/hook: never}}";
        assert_eq!(
            order(&[
                ("z", "kind: Namespace"),
                ("a", hook),
                ("b", "kind: Zebra\n---\nkind: Ape\n---\nkind: Service"),
                ("c", "kind: ConfigMap"),
                ("d", unknown),
            ]),
            [
                "z Namespace",
                "c ConfigMap",
                "b Service",
                "b Ape",
                "b Zebra",
                "a Job"
            ]
        );
    }

    #[test]
    fn what_is_no_manifest_is_an_error() {
        for text in [
            "[a]",
            "just text",
            "metadata: []",
            "metadata: {annotations: {a: {}}}",
            "a: b: c",
        ] {
            assert!(
                sorted(&[("a", text)], &Limits::default()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn documents_beyond_the_limit_are_not_read_and_dropped_hooks_do_not_count() {
        let limits = Limits {
            objects: 2,
            ..Limits::default()
        };
        let dropped = "kind: Job\nmetadata: {annotations: {helm.sh/hook: never}}";
        let outputs = [
            ("a", dropped),
            ("b", dropped),
            ("c", "kind: C"),
            ("d", "kind: D"),
        ];
        let found = sorted(&outputs, &limits).unwrap_or_default();
        assert_eq!(found.len(), 2);
        // What is no YAML comes too late to be seen.
        let outputs = [
            ("a", "kind: A\n---\nkind: B\n---\nkind: C\n---\n["),
            ("b", "["),
        ];
        let error = sorted(&outputs, &limits).err();
        assert!(
            matches!(error, Some(RenderError::TooMuch { limit: 2, .. })),
            "{error:?}"
        );
    }

    /// Documents that are nearly manifests.
    fn manifests() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "apiVersion: v1",
            "apiVersion: [v1]",
            "kind: Job",
            "kind: 5",
            "kind:",
            "metadata:",
            "metadata: x",
            "metadata: 1",
            "  name: a",
            "  name: {}",
            "  labels: {a: b, c: [.inf]}",
            "  annotations:",
            "  annotations: {helm.sh/hook: 'test,  post-install', b: 1}",
            "  annotations: []",
            "    helm.sh/hook: pre-install",
            "    helm.sh/hook: never",
            "    helm.sh/hook: null",
            "    helm.sh/hook: &a 5",
            "    c: d",
            "    c: [d]",
            "    b: {c: d}",
            "spec:",
            "  a: 1",
            "  - b: >",
            "  c: *a",
            "- d",
            "text",
            "e: f: g",
            "h: |",
            "  i",
            "# j",
            "<<: {kind: Pod}",
        ]);
        crate::generated::text(piece, 0..10)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_document_has_the_same_head_whether_it_is_kept_or_not(text in manifests(), values in 1_usize..30) {
            let narrow = Limits { values, ..Limits::default() };
            for limits in [Limits::default(), narrow] {
                let of = |outline| {
                    let found = read("a", 3, &text, &limits, outline);
                    let head = found.map(|found| found.map(|(head, _)| head));
                    head.map_err(|error| format!("{error:?}"))
                };
                assert_eq!(of(LOOKED_AT), of(Outline::Whole), "{text:?}");
            }
        }

        #[test]
        fn separators_are_found_line_by_line(text in "[-a\u{a0} \n\t]{0,6}(---|[- \n\ta]{0,6}|\n---){0,5}") {
            let lead = text.len() - text.trim_start().len();
            let mut starts = vec![0];
            let mut ends = Vec::new();
            let mut at = 0;
            for line in text.split_inclusive('\n') {
                let begin = if (at..at + line.len()).contains(&lead) { lead } else { at };
                at += line.len();
                if let Some(rest) = text[begin..at].strip_prefix("---") {
                    ends.push(begin);
                    starts.push(at - rest.trim_start_matches([' ', '\t']).len());
                }
            }
            ends.push(text.len());
            let expected: Vec<_> = starts
                .into_iter()
                .zip(ends)
                .map(|(from, to)| (from, text[from..to].trim_start(), to))
                .filter(|(_, part, _)| !part.is_empty())
                .map(|(_, part, to)| {
                    let begin = to - part.len();
                    (text[..begin].matches('\n').count() + 1, begin..to)
                })
                .collect();
            assert_eq!(split(&text), expected, "{text:?}");
        }
    }
}
