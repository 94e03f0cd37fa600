//! Checks in CEL, as in Flux's `healthCheckExprs`: `inProgress`, `failed` and `current`, asked in this order; the first that is
//! true gives the verdict, and an object for which none is true is progressing.
//!
//! The interpreter has no meter of its own. Before an expression runs on an object, `bound` computes from the expression and
//! from the object's real size how many steps it can take at most; one that could take more than [`STEPS`] is refused. The
//! bound holds because CEL has no recursion and its comprehensions only append to what they gather.

mod bound;

use std::collections::HashMap;
use std::sync::Arc;

use cel::{Context, Program};
use serde_json::Value;
use tiphys_model::HealthStatusCode as Code;

use super::Health;

/// Most steps that an expression may take on an object; a step is about a comparison of two small values.
const STEPS: u64 = 20_000_000;
/// Longest expression, in bytes.
const LONGEST: usize = 4096;
/// Deepest nesting of brackets.
const DEEPEST: usize = 32;
/// Most operators of one expression: a chain of them is as deep as it is long.
const OPERATORS: usize = 256;

/// What is wrong with a check in CEL.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum CelError {
    /// The expression is longer than it may be.
    #[error("the CEL expression `{field}` is longer than {LONGEST} bytes")]
    TooLong {
        /// `current`, `inProgress` or `failed`.
        field: &'static str,
    },
    /// The expression is nested deeper than it may be.
    #[error(
        "the CEL expression `{field}` is nested deeper than {DEEPEST} or has more than {OPERATORS} operators"
    )]
    TooDeep {
        /// `current`, `inProgress` or `failed`.
        field: &'static str,
    },
    /// The text is no CEL, or calls what there is not.
    #[error("the CEL expression `{field}` is wrong: {message}")]
    Wrong {
        /// `current`, `inProgress` or `failed`.
        field: &'static str,
        /// What the parser says.
        message: String,
    },
}

/// A check made of CEL expressions, over the top-level fields of the object (`metadata`, `spec`, `status`, `data`, …).
#[derive(Debug)]
pub struct CelCheck {
    in_progress: Option<Compiled>,
    failed: Option<Compiled>,
    current: Compiled,
}

#[derive(Debug)]
struct Compiled {
    field: &'static str,
    program: Program,
}

impl CelCheck {
    /// Compiles a check.
    ///
    /// # Errors
    /// When an expression is no CEL, calls a function that there is not, or passes a limit of length or depth.
    pub fn compile(
        current: &str,
        in_progress: Option<&str>,
        failed: Option<&str>,
    ) -> Result<Self, CelError> {
        let optional = |field, text: Option<&str>| {
            text.filter(|text| !text.trim().is_empty())
                .map(|text| Compiled::new(field, text))
                .transpose()
        };
        Ok(Self {
            in_progress: optional("inProgress", in_progress)?,
            failed: optional("failed", failed)?,
            current: Compiled::new("current", current)?,
        })
    }

    /// The verdict on a live object. An expression that cannot be evaluated makes it `Unknown`; an object that has no status
    /// yet is progressing.
    #[must_use]
    pub fn assess(&self, live: &Value) -> Health {
        let questions = [
            (self.in_progress.as_ref(), Code::Progressing),
            (self.failed.as_ref(), Code::Degraded),
            (Some(&self.current), Code::Healthy),
        ];
        for (compiled, status) in questions {
            let Some(compiled) = compiled else { continue };
            match compiled.ask(live) {
                Ok(true) => return Health::new(status, compiled.message(status)),
                Ok(false) => {}
                Err(_) if live.get("status").is_none() => {
                    return Health::new(Code::Progressing, "the object has no status yet");
                }
                Err(message) => return Health::new(Code::Unknown, message),
            }
        }
        Health::new(Code::Progressing, "no CEL expression of the check is true")
    }
}

impl Compiled {
    fn new(field: &'static str, text: &str) -> Result<Self, CelError> {
        if text.len() > LONGEST {
            return Err(CelError::TooLong { field });
        }
        if is_too_deep(text) {
            return Err(CelError::TooDeep { field });
        }
        let wrong = |message: String| CelError::Wrong { field, message };
        let program = Program::compile(text)
            .map_err(|error| wrong(error.to_string().chars().take(500).collect()))?;
        bound::check(&program.expression().expr).map_err(wrong)?;
        Ok(Self { field, program })
    }

    fn message(&self, status: Code) -> String {
        match status {
            Code::Healthy => String::new(),
            _ => format!("the CEL expression `{}` is true", self.field),
        }
    }

    fn ask(&self, live: &Value) -> Result<bool, String> {
        let field = self.field;
        let steps = bound::steps(&self.program.expression().expr, live);
        if steps > STEPS {
            return Err(format!(
                "the CEL expression `{field}` is refused: on this object it may take more than {STEPS} steps"
            ));
        }
        let mut context = Context::default();
        for name in self.program.references().variables() {
            if let Some(value) = live.get(name) {
                context.add_variable_from_value(name.to_owned(), to_cel(value));
            }
        }
        match self.program.execute(&context) {
            Ok(cel::Value::Bool(answer)) => Ok(answer),
            Ok(_) => Err(format!(
                "the CEL expression `{field}` is neither true nor false"
            )),
            Err(error) => {
                let text: String = error.to_string().chars().take(300).collect();
                Err(format!("the CEL expression `{field}` failed: {text}"))
            }
        }
    }
}

/// Whether brackets nest too deep, or operators make too long a chain, for a parser that recurses. Brackets and operators in
/// texts count as well: a limit need not be exact.
fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut deepest, mut operators) = (0_usize, 0, 0);
    for character in text.chars() {
        match character {
            '(' | '[' | '{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '!' | '-' | '+' | '*' | '/' | '%' | '<' | '>' | '=' | '&' | '|' | '?' | '.' => {
                operators += 1;
            }
            _ => {}
        }
    }
    deepest > DEEPEST || operators > OPERATORS
}

fn to_cel(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(value) => cel::Value::Bool(*value),
        Value::Number(number) => number.as_i64().map_or_else(
            || cel::Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            cel::Value::Int,
        ),
        Value::String(text) => cel::Value::String(Arc::new(text.clone())),
        Value::Array(list) => cel::Value::List(Arc::new(list.iter().map(to_cel).collect())),
        Value::Object(map) => {
            let map: HashMap<String, cel::Value> = map
                .iter()
                .map(|(key, value)| (key.clone(), to_cel(value)))
                .collect();
            cel::Value::from(map)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object() -> Value {
        json!({
            "apiVersion": "example.com/v1", "kind": "Thing",
            "metadata": {"name": "web", "generation": 2},
            "status": {"replicas": 3, "observedGeneration": 2, "ratio": 0.5, "conditions": [
                {"type": "Ready", "status": "True"}, {"type": "Failed", "status": "False"}]},
        })
    }

    fn check(current: &str, status: Code, message: &str) {
        let check =
            CelCheck::compile(current, None, None).unwrap_or_else(|error| panic!("{error}"));
        let health = check.assess(&object());
        assert_eq!(health.status, status, "{current}: {}", health.message);
        assert!(
            health.message.contains(message),
            "{current}: {}",
            health.message
        );
    }

    #[test]
    fn expressions() {
        for current in [
            "status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')",
            "status.conditions.exists(e, e.type == 'Ready' && e.status == 'True')",
            "status.observedGeneration == metadata.generation && status.replicas + 1 == 4",
            "has(status.replicas) && !has(status.nothing) && size(status.conditions) == 2",
            "metadata.name.startsWith('w') && metadata.name.matches('^[a-z]+$')",
            "status.ratio < 1.0 ? true : false",
            "status.conditions.map(e, e.type).exists_one(t, t == 'Ready')",
            "'Ready' in status.conditions.map(e, e.type)",
        ] {
            check(current, Code::Healthy, "");
        }
        check(
            "status.replicas == 5",
            Code::Progressing,
            "no CEL expression",
        );
        check("status.replicas", Code::Unknown, "neither true nor false");
        check("status.nothing.deeper == 1", Code::Unknown, "failed");
        check("unknown == 1", Code::Unknown, "failed");
        check("1 / (status.replicas - 3) == 1", Code::Unknown, "failed");
        check(
            "9223372036854775807 + status.replicas > 0",
            Code::Unknown,
            "failed",
        );
    }

    #[test]
    fn the_order_of_questions() {
        let check = |in_progress, failed| {
            CelCheck::compile("true", in_progress, failed)
                .map(|check| check.assess(&object()).status)
        };
        assert_eq!(check(None, None), Ok(Code::Healthy));
        assert_eq!(check(None, Some("true")), Ok(Code::Degraded));
        assert_eq!(check(Some("true"), Some("true")), Ok(Code::Progressing));
        assert_eq!(check(Some("false"), Some("")), Ok(Code::Healthy));
        let new = CelCheck::compile("status.replicas == 1", None, None)
            .map(|check| check.assess(&json!({})));
        assert_eq!(new.map(|health| health.status), Ok(Code::Progressing));
    }

    #[test]
    fn long_lists() {
        let list: Vec<Value> = (0..20_000).map(|number| json!({"n": number})).collect();
        let live = json!({"status": {"list": list}});
        for (current, status) in [
            ("status.list.all(e, e.n >= 0)", Code::Healthy),
            ("status.list.exists(e, e.n == 19999)", Code::Healthy),
            (
                "status.list.all(a, status.list.exists(b, a.n == b.n))",
                Code::Unknown,
            ),
        ] {
            let check =
                CelCheck::compile(current, None, None).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(check.assess(&live).status, status, "{current}");
        }
    }

    #[test]
    fn explosions() {
        // Doubles a list in every step of a chain that is as long as it may be.
        let chain = format!("[[1]]{}.size() > 0", ".map(a, a + a)".repeat(30));
        check(&chain, Code::Unknown, "refused");
        let text = format!("['xxxxxxxx']{}.size() > 0", ".map(a, a + a)".repeat(30));
        check(&text, Code::Unknown, "refused");
        let list = format!("[{}]", vec!["1"; 100].join(","));
        let nested = format!(
            "{list}.all(a, {list}.all(b, {list}.all(c, {list}.all(d, {list}.all(e, a > 0)))))"
        );
        check(&nested, Code::Unknown, "refused");
        let regex = "status.conditions.all(e, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.matches('(a*)*(a*)*(a*)*b'))";
        check(regex, Code::Progressing, "");
        check(
            "'a'.matches('(((a{1000}){1000}){1000})')",
            Code::Unknown,
            "failed",
        );
        check("'a'.matches('(')", Code::Unknown, "failed");
        for wrong in [
            "(".repeat(100),
            "!".repeat(2000) + "true",
            "true".to_owned() + &" && true".repeat(400),
            "a.b".to_owned() + &".c".repeat(1500),
        ] {
            let error = CelCheck::compile(&wrong, None, None).map(|_| ());
            assert_eq!(
                error,
                Err(CelError::TooDeep { field: "current" }),
                "{wrong}"
            );
        }
        assert!(CelCheck::compile(&"a".repeat(5000), None, None).is_err());
        for wrong in [
            "",
            "1 +",
            "status.all(",
            "Foo{a: 1}.a",
            "status.shell('ls')",
            "rm(1)",
        ] {
            let error = CelCheck::compile(wrong, None, None).map(|_| ());
            assert!(
                matches!(error, Err(CelError::Wrong { .. })),
                "{wrong}: {error:?}"
            );
        }
    }
}
