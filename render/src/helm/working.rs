//! A chart while it is rendered: which subcharts take part, under which names, with which values.
//!
//! Conditions, tags, aliases and `import-values` are worked off here, on a light copy of the loaded chart.

use std::sync::Arc;

use serde_json::Value as Json;
use tiphys_template::{Map, Value};

use super::chart::ChartData;
use super::metadata::Dependency;
use super::range;
use super::values::{self, coalesce, coalesce_tables, deep_copy, empty};

/// One chart of a rendering.
#[derive(Clone)]
pub struct Node {
    /// What was loaded.
    pub data: Arc<ChartData>,
    /// Its name here: an alias, or the chart's own.
    pub name: String,
    /// The dependencies that are on; `None` when there is nothing to be worked off.
    pub dependencies: Option<Vec<Dependency>>,
    /// The subcharts that take part.
    pub children: Vec<Node>,
    /// Whether nothing is above it.
    pub is_root: bool,
    /// Its values after imports; until then those of the chart.
    values: Option<Map>,
}

impl Node {
    /// The chart with all its subcharts, before anything is worked off.
    #[must_use]
    pub fn new(data: &Arc<ChartData>, is_root: bool) -> Self {
        Self {
            data: Arc::clone(data),
            name: data.metadata.name.clone(),
            dependencies: data.metadata.dependencies.clone(),
            children: data
                .children
                .iter()
                .map(|child| Self::new(child, false))
                .collect(),
            is_root,
            values: None,
        }
    }

    /// A copy of its values that shares nothing.
    #[must_use]
    pub fn values_copy(&self) -> Map {
        match &self.values {
            Some(values) => deep_copy(values),
            None => self.data.values.thaw_map(),
        }
    }

    /// Works off conditions, tags, aliases and imports, for the values that a user gives.
    ///
    /// # Errors
    /// When values that are given do not fit the subcharts.
    pub fn process_dependencies(&mut self, given: &Map) -> Result<(), String> {
        self.enable(given, "")?;
        self.import_values()
    }

    fn enable(&mut self, given: &Map, path: &str) -> Result<(), String> {
        let Some(mut dependencies) = self.dependencies.take() else {
            return Ok(());
        };
        let present = std::mem::take(&mut self.children);
        let wants = |dependency: &Dependency, child: &Node| {
            child.name == dependency.name
                && range::compatible(&dependency.version, &child.data.metadata.version)
        };
        let mut children: Vec<Node> = present
            .iter()
            .filter(|child| !dependencies.iter().any(|wanted| wants(wanted, child)))
            .cloned()
            .collect();
        for dependency in &mut dependencies {
            if let Some(child) = present.iter().find(|child| wants(dependency, child)) {
                let mut child = child.clone();
                child.name = dependency.key().to_owned();
                children.push(child);
            }
            dependency.name = dependency.key().to_owned();
            dependency.enabled = true;
        }
        self.children = children;
        let values = deep_copy(given);
        coalesce(self, &values, false)?;
        tags(&mut dependencies, &values);
        conditions(&mut dependencies, &values, path);
        let off = |name: &str| {
            dependencies
                .iter()
                .any(|dependency| !dependency.enabled && dependency.name == name)
        };
        self.children.retain(|child| !off(&child.name));
        for child in &mut self.children {
            let below = format!("{path}{}.", child.name);
            child.enable(&values, &below)?;
        }
        let off: Vec<String> = dependencies
            .iter()
            .filter(|dependency| !dependency.enabled)
            .map(|dependency| dependency.name.clone())
            .collect();
        dependencies.retain(|dependency| !off.contains(&dependency.name));
        self.dependencies = (!dependencies.is_empty()).then_some(dependencies);
        Ok(())
    }

    /// Takes what `import-values` names from the subcharts, deepest charts first.
    fn import_values(&mut self) -> Result<(), String> {
        for child in &mut self.children {
            child.import_values()?;
        }
        let Some(mut dependencies) = self.dependencies.take() else {
            return Ok(());
        };
        let values = empty();
        coalesce(self, &values, true)?;
        let imported = empty();
        for dependency in &mut dependencies {
            let mut normalised = Vec::new();
            for import in &dependency.import_values {
                let (child, parent) = match import {
                    Json::String(name) => (format!("exports.{name}"), ".".to_owned()),
                    Json::Object(entries) => {
                        let text = |key: &str| match entries.get(key) {
                            Some(Json::String(text)) => text.clone(),
                            Some(Json::Null) | None => "<nil>".to_owned(),
                            Some(other) => other.to_string(),
                        };
                        (text("child"), text("parent"))
                    }
                    _ => continue,
                };
                normalised.push(serde_json::json!({"child": child, "parent": parent}));
                // Where the subchart has no such table, Helm warns and goes on.
                let Some(found) = values::table(&values, &format!("{}.{child}", dependency.name))
                else {
                    continue;
                };
                coalesce_tables(&imported, &nested(&parent, found), true);
            }
            dependency.import_values = normalised;
        }
        self.dependencies = Some(dependencies);
        // What was imported has less weight than the chart's own values.
        let values = deep_copy(&values);
        coalesce_tables(&values, &imported, true);
        self.values = Some(values);
        Ok(())
    }
}

/// `a.b` around a table.
fn nested(path: &str, table: Map) -> Map {
    if path == "." {
        return table;
    }
    path.split('.').rev().fold(table, |inner, name| {
        let outer = empty();
        outer.insert(name, Value::Map(inner));
        outer
    })
}

fn tags(dependencies: &mut [Dependency], values: &Map) {
    let Some(table) = values::table(values, "tags") else {
        return;
    };
    for dependency in dependencies {
        let given = |wanted: bool| {
            dependency
                .tags
                .iter()
                .any(|tag| matches!(table.get(tag), Some(Value::Bool(value)) if value == wanted))
        };
        dependency.enabled = given(true) || !given(false);
    }
}

fn conditions(dependencies: &mut [Dependency], values: &Map, path: &str) {
    for dependency in dependencies {
        for condition in dependency.condition.trim().split(',') {
            if condition.is_empty() {
                continue;
            }
            if let Some(Value::Bool(value)) =
                values::path_value(values, &format!("{path}{condition}"))
            {
                dependency.enabled = value;
                break;
            }
        }
    }
}
