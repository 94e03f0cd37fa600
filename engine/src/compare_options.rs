//! The annotation `argocd.argoproj.io/compare-options`: how one object is compared.

use std::fmt;

use serde_json::Value;

use crate::object;

/// The annotation.
pub const COMPARE_OPTIONS: &str = "argocd.argoproj.io/compare-options";

/// Warnings of one annotation beyond this number are not listed.
const WARNINGS: usize = 10;

/// Options of an object, or of an application for all of its objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompareOptions {
    /// An object that is live and not in the source does not make the application OutOfSync.
    pub ignore_extraneous: bool,
    /// What mutating webhooks change in the dry run counts.
    pub include_mutation_webhook: bool,
    /// Whether the API server is asked; none when nothing is said.
    pub server_side_diff: Option<bool>,
    /// Options that nobody knows, as they are written: a warning.
    pub unknown: Vec<String>,
}

impl CompareOptions {
    /// Reads the annotation of an object.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        object::annotation(object, COMPARE_OPTIONS).map_or_else(Self::default, Self::parse)
    }

    /// Reads the text of the annotation: options between commas.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut options = Self::default();
        for option in text
            .split(',')
            .map(str::trim)
            .filter(|option| !option.is_empty())
        {
            match option {
                "IgnoreExtraneous" | "IgnoreExtraneous=true" => options.ignore_extraneous = true,
                "IgnoreExtraneous=false" => options.ignore_extraneous = false,
                "IncludeMutationWebhook" | "IncludeMutationWebhook=true" => {
                    options.include_mutation_webhook = true;
                }
                "IncludeMutationWebhook=false" => options.include_mutation_webhook = false,
                "ServerSideDiff" | "ServerSideDiff=true" => options.server_side_diff = Some(true),
                "ServerSideDiff=false" => options.server_side_diff = Some(false),
                unknown => options.unknown.push(unknown.to_owned()),
            }
        }
        options
    }

    /// Warns of unknown options; `place` says where they stand.
    #[must_use]
    pub fn warnings(&self, place: &impl fmt::Display) -> Vec<String> {
        self.unknown
            .iter()
            .take(WARNINGS)
            .map(|option| {
                let shown: String = option.chars().take(80).collect();
                format!("{place}: annotation {COMPARE_OPTIONS} has the unknown value \"{shown}\"")
            })
            .collect()
    }

    /// Whether the API server is asked: the object's own word, else the application's, else the system's.
    #[must_use]
    pub fn asks_server(&self, application: &Self, system: bool) -> bool {
        self.server_side_diff
            .or(application.server_side_diff)
            .unwrap_or(system)
    }

    /// Whether what mutating webhooks change counts: when the object or its application says so.
    #[must_use]
    pub fn counts_webhooks(&self, application: &Self) -> bool {
        self.include_mutation_webhook || application.include_mutation_webhook
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_unknown_ones_are_told() {
        let options = CompareOptions::parse(
            "IgnoreExtraneous, IncludeMutationWebhook=true,ServerSideDiff=false,,Guess=1",
        );
        assert!(options.ignore_extraneous && options.include_mutation_webhook);
        assert_eq!(options.server_side_diff, Some(false));
        assert_eq!(options.unknown, ["Guess=1"]);
        assert_eq!(
            options.warnings(&"/ConfigMap/shop/a"),
            [
                "/ConfigMap/shop/a: annotation argocd.argoproj.io/compare-options has the unknown value \"Guess=1\""
            ]
        );
        let many = CompareOptions::parse(&"x,".repeat(1000));
        assert_eq!(many.warnings(&"a").len(), WARNINGS);
        let nothing = CompareOptions::of(&serde_json::json!({}));
        assert_eq!(nothing, CompareOptions::default());
        let asks = CompareOptions::parse("ServerSideDiff=true");
        for (object, application, system, expected) in [
            (&nothing, &nothing, false, false),
            (&nothing, &nothing, true, true),
            (&nothing, &asks, false, true),
            (&options, &asks, true, false),
        ] {
            assert_eq!(object.asks_server(application, system), expected);
        }
        assert!(nothing.counts_webhooks(&options) && !nothing.counts_webhooks(&asks));
    }
}
