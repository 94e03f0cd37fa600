//! Patches, replacements, variables and field specs: overlays written for the purpose, and generated strategic merges, built by
//! `kustomize build` and by Tiphys: the same objects in the same order, and failures where Kustomize fails.
//!
//! An overlay of `tests/overlays/patches` is one text: a line `-- path --` begins each file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tiphys_render::kustomize::{self, Options};
use tiphys_render::tree::TreePath;
use tiphys_render::yaml::{self, Reading};
use tiphys_render::{Limits, MemoryTree, NoSupply};

use crate::peers;

/// The files of an overlay by their paths.
pub type Files = BTreeMap<String, String>;

fn files(text: &str) -> Files {
    let mut files = Files::new();
    let mut path = String::new();
    for line in text.lines() {
        if let Some(next) = line
            .strip_prefix("-- ")
            .and_then(|line| line.strip_suffix(" --"))
        {
            next.clone_into(&mut path);
            files.insert(path.clone(), String::new());
        } else if let Some(file) = files.get_mut(&path) {
            file.push_str(line);
            file.push('\n');
        }
    }
    files
}

/// What a build gives: objects, or a message.
pub type Built = Result<Vec<Value>, String>;

pub fn by_kustomize(files: &Files) -> Result<Built> {
    let folder = tempfile::tempdir()?;
    for (path, content) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().context("a file in a folder")?)?;
        fs::write(path, content)?;
    }
    let output = Command::new(&peers().kustomize)
        .args(["build", "."])
        .current_dir(folder.path())
        .output()?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let documents = yaml::read(&output.stdout, &Limits::default(), Reading::default())?;
    Ok(Ok(documents.into_iter().map(|it| it.value).collect()))
}

pub fn by_tiphys(files: &Files) -> Result<Built> {
    let mut tree = MemoryTree::new();
    for (path, content) in files {
        tree = tree.file(&TreePath::new(path)?, content.as_str());
    }
    Ok(kustomize::render(
        &tree,
        &TreePath::root(),
        &Options::default(),
        &NoSupply,
        &Limits::default(),
    )
    .map(|manifests| manifests.into_iter().map(|it| it.object).collect())
    .map_err(|error| error.to_string()))
}

fn difference(files: &Files) -> Result<Option<String>> {
    let (theirs, ours) = (by_kustomize(files)?, by_tiphys(files)?);
    Ok(match (theirs, ours) {
        (Err(_), Err(_)) => None,
        (Ok(theirs), Ok(ours)) => (theirs != ours).then(|| {
            let place = (0..theirs.len().max(ours.len()))
                .find(|place| theirs.get(*place) != ours.get(*place))
                .unwrap_or_default();
            let shown = |list: &[Value]| list.get(place).map(ToString::to_string);
            format!(
                "object {place}:\n  kustomize {:?}\n  tiphys    {:?}",
                shown(&theirs),
                shown(&ours)
            )
        }),
        (Err(theirs), Ok(_)) => Some(format!("only kustomize fails: {theirs}")),
        (Ok(_), Err(ours)) => Some(format!("only Tiphys fails: {ours}")),
    })
}

#[test]
fn overlays_are_built_as_kustomize_builds_them() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("overlays/patches");
    let mut found = String::new();
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        count += 1;
        if let Some(difference) = difference(&files(&fs::read_to_string(&path)?))? {
            writeln!(found, "{}: {difference}", path.display())?;
        }
    }
    assert!(count >= 150, "only {count} overlays were found");
    assert!(found.is_empty(), "{found}");
    Ok(())
}

#[test]
fn generated_merges_are_those_of_kustomize() -> Result<()> {
    const BATCHES: usize = 4;
    const CASES: usize = 50;
    let mut dice = Dice::new(0x7469_7068_7973);
    let mut found = String::new();
    for _ in 0..BATCHES {
        let cases: Vec<Case> = (0..CASES).map(|number| dice.case(number)).collect();
        compare(&cases, &mut found)?;
    }
    assert!(found.is_empty(), "{found}");
    Ok(())
}

/// Compares cases in one build; when that fails or differs, in halves.
fn compare(cases: &[Case], found: &mut String) -> Result<()> {
    let files = overlay(cases);
    match (by_kustomize(&files)?, by_tiphys(&files)?) {
        (Ok(theirs), Ok(ours)) if theirs == ours => {}
        (Err(_), Err(_)) if cases.len() == 1 => {}
        // Kustomize looks for names to change in what a patch left even where no name changed, and fails if that is misshapen.
        (Err(theirs), Ok(_))
            if cases.len() == 1 && theirs.contains("updating name reference in") => {}
        (theirs, ours) if cases.len() == 1 => {
            let [object, patch] = [&cases[0].object, &cases[0].patch];
            writeln!(
                found,
                "object {object}\npatch {patch}\n  kustomize {theirs:?}\n  tiphys    {ours:?}"
            )?;
        }
        _ => {
            let (first, second) = cases.split_at(cases.len() / 2);
            compare(first, found)?;
            compare(second, found)?;
        }
    }
    Ok(())
}

/// JSON is YAML, and the texts in it need no quotes of ours.
fn overlay(cases: &[Case]) -> Files {
    let mut files = Files::new();
    let mut objects = String::new();
    let mut patches = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        objects.push_str(&format!("---\n{}\n", case.object));
        files.insert(format!("patch{number}.yaml"), case.patch.to_string());
        patches.push(json!({"path": format!("patch{number}.yaml")}));
    }
    files.insert("objects.yaml".to_owned(), objects);
    let kustomization = json!({"resources": ["objects.yaml"], "patches": patches});
    files.insert("kustomization.yaml".to_owned(), kustomization.to_string());
    files
}

struct Case {
    object: Value,
    patch: Value,
}

/// Numbers that look random and are the same in every run (SplitMix64).
pub struct Dice(u64);

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    /// Some of the names, in any order.
    fn names(&mut self) -> Vec<&'static str> {
        let mut names = NAMES.to_vec();
        let count = self.below(4);
        for place in 0..count {
            let other = place + self.below(names.len() - place);
            names.swap(place, other);
        }
        names.truncate(count);
        names
    }

    fn list(&mut self, mut element: impl FnMut(&mut Self, &str) -> Value) -> Value {
        self.names()
            .into_iter()
            .map(|name| element(self, name))
            .collect()
    }

    fn case(&mut self, number: usize) -> Case {
        let kind = self.below(8);
        let (mut object, mut patch) = (self.object(kind), self.object(kind));
        let chance = self.of(&[0, 4, 10]);
        self.spoil(&mut patch, chance, true);
        if self.percent(30) {
            self.spoil(&mut object, 3, true);
        }
        for value in [&mut object, &mut patch] {
            if !value["metadata"].is_object() {
                value["metadata"] = json!({});
            }
            value["metadata"]["name"] = format!("n{number}").into();
        }
        Case { object, patch }
    }

    fn object(&mut self, kind: usize) -> Value {
        let metadata = self.metadata();
        match kind {
            0..=2 => {
                json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
                "replicas": self.below(3),
                "strategy": self.of(&[json!({"type": "Recreate"}), json!({"rollingUpdate": {"maxSurge": 1}}), json!({})]),
                "template": {"metadata": self.metadata(), "spec": self.pod()}}})
            }
            3 => json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {
                "selector": {self.of(&NAMES): "v"}, "ports": self.ports("port")}}),
            4 => {
                json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": {
                "jobTemplate": {"spec": {"template": {"spec": self.pod()}}}}})
            }
            5 => {
                json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, "spec": self.pod()})
            }
            6 => {
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": self.texts()})
            }
            _ => {
                json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": {
                "rules": self.list(|_, name| json!({"host": name}))}})
            }
        }
    }

    fn texts(&mut self) -> Value {
        let names = self.names();
        names
            .into_iter()
            .map(|name| (name.to_owned(), self.of(&["1", "x", "true"]).into()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    fn metadata(&mut self) -> Value {
        let mut metadata = json!({});
        if self.percent(50) {
            metadata["labels"] = self.texts();
        }
        if self.percent(30) {
            metadata["finalizers"] = self.list(|_, name| name.into());
        }
        if self.percent(20) {
            metadata["ownerReferences"] = self.list(|dice, name| {
                json!({"uid": name, "kind": "K", "apiVersion": "v1", "name": dice.of(&NAMES)})
            });
        }
        metadata
    }

    fn pod(&mut self) -> Value {
        let mut pod = json!({"containers": self.list(Self::container)});
        if self.percent(30) {
            pod["initContainers"] = self.list(Self::container);
        }
        if self.percent(40) {
            pod["volumes"] = self.list(|dice, name| {
                let mut volume =
                    dice.of(&[json!({"emptyDir": {}}), json!({"configMap": {"name": "c"}})]);
                volume["name"] = name.into();
                volume
            });
        }
        if self.percent(20) {
            pod["topologySpreadConstraints"] = self.list(|dice, _| {
                json!({"topologyKey": dice.of(&["zone", "host"]), "maxSkew": dice.below(3),
                    "whenUnsatisfiable": dice.of(&["DoNotSchedule", "ScheduleAnyway"])})
            });
        }
        if self.percent(20) {
            pod["tolerations"] = self.list(|_, name| json!({"key": name, "operator": "Exists"}));
        }
        pod
    }

    fn container(&mut self, name: &str) -> Value {
        let mut container = json!({"name": name, "image": self.of(&["i:1", "i:2"])});
        if self.percent(50) {
            container["env"] =
                self.list(|dice, name| json!({"name": name, "value": dice.of(&["1", "x", ""])}));
        }
        if self.percent(40) {
            container["ports"] = self.ports("containerPort");
        }
        if self.percent(30) {
            container["args"] = self.list(|_, name| name.into());
        }
        if self.percent(20) {
            container["resources"] = self.of(&[json!({}), json!({"limits": {"cpu": 1}})]);
        }
        container
    }

    fn ports(&mut self, key: &str) -> Value {
        let mut ports = self.list(|dice, name| json!({key: dice.of(&[80, 443]), "name": name}));
        for port in ports.as_array_mut().into_iter().flatten() {
            if self.percent(60) {
                port["protocol"] = self.of(&["TCP", "UDP"]).into();
            }
            if self.percent(4) {
                port[key].take();
            }
        }
        ports
    }

    /// Puts null, directives and values of other shapes in.
    fn spoil(&mut self, value: &mut Value, chance: usize, top: bool) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields.iter_mut() {
                    if (top && name != "spec" && name != "data") || name == "name" {
                        continue;
                    }
                    if self.percent(chance) {
                        *value = self.of(&[
                            Value::Null,
                            json!({}),
                            json!([]),
                            json!("text"),
                            json!([{"name": "a"}, {"name": "a"}]),
                            json!([{"name": "a", "$patch": "delete"}]),
                            json!([{"$patch": "replace"}, {"name": "z"}]),
                            json!({"$patch": "unknown"}),
                        ]);
                    } else {
                        self.spoil(value, chance, false);
                    }
                }
                if !top && self.percent(chance) {
                    let directive = self.of(&["delete", "replace", "merge"]);
                    fields.insert("$patch".to_owned(), directive.into());
                }
            }
            Value::Array(elements) => {
                for element in &mut *elements {
                    self.spoil(element, chance, false);
                }
                if self.percent(chance) {
                    elements.push(json!({"$patch": self.of(&["delete", "replace", "merge"])}));
                }
            }
            _ => {}
        }
    }
}
