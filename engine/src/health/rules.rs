//! Rules of a data file: the first whose question is true gives the verdict.
//!
//! ```yaml
//! rules:
//!   - if: spec.paused
//!     is: Suspended
//!     say: paused at {status.readyReplicas ?? 0} replicas
//!   - is: Healthy
//! ```
//!
//! Questions and texts are in the language of `expression.rs`. `is: None` is no opinion. The last rule has no question, so
//! that every object has a verdict. `use: name` stands for the rules of `health/shared/name.yaml`.

use serde::Deserialize;
use serde_json::Value;
use tiphys_model::HealthStatusCode as Code;

use super::Health;
use crate::expression::{Expression, ExpressionError, Template};

/// A rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleText {
    #[serde(rename = "if")]
    question: Option<String>,
    is: Verdict,
    #[serde(default)]
    say: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Verdict {
    Healthy,
    Progressing,
    Degraded,
    Suspended,
    Missing,
    Unknown,
    None,
}

/// What is wrong with rules.
#[derive(Debug, thiserror::Error)]
pub(super) enum RulesError {
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    #[error("the last rule, and only the last, has no question")]
    Last,
}

#[derive(Debug)]
struct Rule {
    question: Option<Expression>,
    status: Option<Code>,
    message: Template,
}

/// Parsed rules.
#[derive(Debug)]
pub(super) struct Rules(Vec<Rule>);

impl Rules {
    pub(super) fn parse(texts: &[RuleText]) -> Result<Self, RulesError> {
        let open: Vec<usize> = texts
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.question.is_none())
            .map(|(index, _)| index)
            .collect();
        if texts.is_empty() || open != [texts.len() - 1] {
            return Err(RulesError::Last);
        }
        let rules = texts
            .iter()
            .map(|text| {
                Ok(Rule {
                    question: text
                        .question
                        .as_deref()
                        .map(Expression::parse)
                        .transpose()?,
                    status: text.is.code(),
                    message: Template::parse(&text.say)?,
                })
            })
            .collect::<Result<_, ExpressionError>>()?;
        Ok(Self(rules))
    }

    pub(super) fn assess(&self, live: &Value) -> Option<Health> {
        let rule = self.0.iter().find(|rule| {
            rule.question
                .as_ref()
                .is_none_or(|question| question.holds(live))
        })?;
        Some(Health::new(rule.status?, rule.message.render(live)))
    }
}

impl Verdict {
    fn code(self) -> Option<Code> {
        Some(match self {
            Self::Healthy => Code::Healthy,
            Self::Progressing => Code::Progressing,
            Self::Degraded => Code::Degraded,
            Self::Suspended => Code::Suspended,
            Self::Missing => Code::Missing,
            Self::Unknown => Code::Unknown,
            Self::None => return None,
        })
    }
}
