//! The checks that come with Tiphys: one data file a kind under `health/kinds`.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use super::rules::{RuleText, Rules};
use super::{Health, code};
use crate::kinds::{Entry, Table};

const ENTRIES: &[Entry] = include!(concat!(env!("OUT_DIR"), "/health_kinds.rs"));
static PARSED: [OnceLock<Assessor>; ENTRIES.len()] = [const { OnceLock::new() }; ENTRIES.len()];
pub(super) static TABLE: Table<Assessor> = Table::new(ENTRIES, &PARSED, parse);

/// How objects of a kind are judged.
#[derive(Debug)]
pub(super) enum Assessor {
    /// By rules.
    Rules(Rules),
    /// By code, where rules do not suffice.
    Code(code::Assess),
    /// The data file is wrong, which the tests do not let pass.
    Wrong(String),
}

/// A data file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// First match wins.
    #[serde(default)]
    rules: Vec<RuleText>,
    /// The name of a function in `code.rs`, instead of rules.
    code: Option<String>,
}

/// The check for a kind, if there is one.
pub(super) fn find(group: &str, kind: &str) -> Option<&'static Assessor> {
    TABLE.get(group, kind)
}

fn parse(text: &str) -> Assessor {
    let file: File = match serde_json::from_str(text) {
        Ok(file) => file,
        Err(error) => return Assessor::Wrong(error.to_string()),
    };
    match file.code {
        Some(name) => code::find(&name).map_or_else(
            || Assessor::Wrong(format!("there is no code called {name}")),
            Assessor::Code,
        ),
        None => Rules::parse(&file.rules)
            .map_or_else(|error| Assessor::Wrong(error.to_string()), Assessor::Rules),
    }
}

impl Assessor {
    pub(super) fn assess(&self, live: &Value) -> Option<Health> {
        match self {
            Self::Rules(rules) => rules.assess(live),
            Self::Code(assess) => Some(assess(live)),
            Self::Wrong(message) => Some(Health::new(
                tiphys_model::HealthStatusCode::Unknown,
                message.as_str(),
            )),
        }
    }
}
