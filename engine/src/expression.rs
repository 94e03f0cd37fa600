//! The small language of the data files: questions about one object, and texts made from it.
//!
//! ```text
//! expression = and { "or" and }            and      = not { "and" not }        not  = "not" not | test
//! test       = value [ ("==" | "!=" | "<" | "<=" | ">" | ">=") value | "in" "[" value { "," value } "]" ]
//! value      = term { ("+" | "-") term }   term     = atom { "??" atom }
//! atom       = text | number | true | false | null | True | False | Unknown | observed | function | path | "(" expression ")"
//! function   = ("exists" | "count" | "number" | "starts" | "ends" | "contains" | "sum" | "join" | "with") "(" expression { "," expression } ")"
//! path       = [ "$" "." ] step { "." name | "[" (index | text | "last" | expression) "]" }
//! ```
//!
//! - A path begins at the object; within `[…]` it begins at the element, and `$.` goes back to the object.
//! - `it` is the element itself.
//! - `list[question]` is the first element for which the question is true.
//! - `cond.Ready` is the condition of that type in `status.conditions` (of an element: in its `conditions`); by itself it is
//!   the condition's status. `True`, `False` and `Unknown` are the texts that such a status can be.
//! - `a ?? b` is `b` when `a` is missing. What is missing equals only what is missing, and is neither less nor more than anything.
//! - `with(a, b, c)` is the three texts together when `b` is not empty, and nothing when it is.
//! - `join(list, text, separator)` and `sum(list, number)` ask their second argument of each element.
//! - `observed` tells whether the controller has seen the newest `metadata.generation`.
//!
//! The language is total: it has no loops and no definitions, every list is walked at most once per `[…]` around it, and the
//! depth of an expression is bounded. An object is borrowed, never copied.

mod parse;

use std::borrow::Cow;

use serde_json::Value;

/// What is wrong with an expression of a data file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{message} at character {position} of `{text}`")]
pub struct ExpressionError {
    /// What was expected, or which limit was passed.
    pub message: String,
    /// The whole text.
    pub text: String,
    /// Where, in bytes from its beginning.
    pub position: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Exists,
    Count,
    Number,
    Starts,
    Ends,
    Contains,
    Sum,
    Join,
    With,
}

#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
    Last,
    Find(Box<Node>),
    /// The condition of this type; `true` when the scope is an element rather than a whole object.
    Condition(String, bool),
}

#[derive(Clone, Debug)]
struct Path {
    from_object: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Node {
    Literal(Value),
    Path(Path),
    Observed,
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Compare(Relation, Box<Node>, Box<Node>),
    In(Box<Node>, Vec<Node>),
    Otherwise(Box<Node>, Box<Node>),
    Add(Box<Node>, Box<Node>),
    Subtract(Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
}

/// A parsed expression.
#[derive(Clone, Debug)]
pub struct Expression(Node);

/// A text with expressions in braces: `{status.readyReplicas ?? 0} ready`. `{{` is a brace.
#[derive(Clone, Debug)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Value(Node),
}

/// What an expression is: borrowed from the object where it can be.
#[derive(Clone, Debug)]
enum Operand<'a> {
    Missing,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    /// A list or an object.
    Whole(&'a Value),
}

#[derive(Clone, Copy)]
struct Scope<'a> {
    object: &'a Value,
    element: &'a Value,
}

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// When the text does not follow the grammar at the top of this file, or is longer or deeper than it may be.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        parse::expression(text).map(Self)
    }

    /// Whether the expression is true of the object: present, and neither `false`, zero nor empty.
    #[must_use]
    pub fn holds(&self, object: &Value) -> bool {
        self.0.evaluate(Scope::of(object)).is_true()
    }

    /// The value of the expression, copied; null when it is missing.
    #[must_use]
    pub fn value(&self, object: &Value) -> Value {
        match self.0.evaluate(Scope::of(object)) {
            Operand::Missing => Value::Null,
            Operand::Bool(value) => Value::Bool(value),
            Operand::Number(value) => number_value(value),
            Operand::Text(value) => Value::String(value.into_owned()),
            Operand::Whole(value) => value.clone(),
        }
    }
}

impl Template {
    /// Parses a text with expressions in braces.
    ///
    /// # Errors
    /// When an expression is wrong or a brace is not closed.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        parse::template(text).map(Self)
    }

    /// The text for an object. What is missing is empty.
    #[must_use]
    pub fn render(&self, object: &Value) -> String {
        self.render_in(Scope::of(object))
    }

    fn render_in(&self, scope: Scope<'_>) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Value(node) => text.push_str(&node.evaluate(scope).text()),
            }
        }
        text
    }
}

fn number_value(value: f64) -> Value {
    whole(value).map_or_else(|| Value::from(value), Value::from)
}

/// The integer that a number is, when it is one that both types hold exactly.
fn whole(value: f64) -> Option<i64> {
    let exact = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an integer below 2^53 fits exactly"
    )]
    exact.then_some(value as i64)
}

impl<'a> Scope<'a> {
    fn of(object: &'a Value) -> Self {
        Self {
            object,
            element: object,
        }
    }

    fn at(self, element: &'a Value) -> Self {
        Self { element, ..self }
    }
}

impl<'a> Operand<'a> {
    fn of(value: Option<&'a Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::Missing,
            Some(Value::Bool(value)) => Self::Bool(*value),
            Some(Value::Number(value)) => value.as_f64().map_or(Self::Missing, Self::Number),
            Some(Value::String(value)) => Self::Text(Cow::Borrowed(value)),
            Some(value) => Self::Whole(value),
        }
    }

    fn is_true(&self) -> bool {
        match self {
            Self::Missing => false,
            Self::Bool(value) => *value,
            Self::Number(value) => *value != 0.0,
            Self::Text(value) => !value.is_empty(),
            Self::Whole(Value::Array(list)) => !list.is_empty(),
            Self::Whole(Value::Object(map)) => !map.is_empty(),
            Self::Whole(_) => true,
        }
    }

    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Missing, Self::Missing) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Whole(a), Self::Whole(b)) => a == b,
            _ => false,
        }
    }

    fn order(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Text(text) => text
                .trim()
                .parse()
                .ok()
                .filter(|value: &f64| value.is_finite()),
            _ => None,
        }
    }

    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Missing => Cow::Borrowed(""),
            Self::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Self::Number(value) => Cow::Owned(
                whole(*value).map_or_else(|| value.to_string(), |integer| integer.to_string()),
            ),
            Self::Text(value) => Cow::Borrowed(value),
            Self::Whole(value) => Cow::Owned(value.to_string()),
        }
    }

    fn list(&self) -> &'a [Value] {
        match self {
            Self::Whole(Value::Array(list)) => list,
            _ => &[],
        }
    }
}

impl Path {
    fn find<'a>(&self, scope: Scope<'a>) -> Option<&'a Value> {
        let start = if self.from_object {
            scope.object
        } else {
            scope.element
        };
        walk(&self.steps, start, scope)
    }

    /// All that a path with a question at its end finds: the elements of the list for which it is true. Without a question,
    /// the elements of the list.
    fn find_all<'a>(&self, scope: Scope<'a>) -> Vec<&'a Value> {
        let (question, steps) = match self.steps.split_last() {
            Some((Step::Find(question), before)) => (Some(question), before),
            _ => (None, &self.steps[..]),
        };
        let start = if self.from_object {
            scope.object
        } else {
            scope.element
        };
        match walk(steps, start, scope) {
            Some(Value::Array(list)) => list
                .iter()
                .filter(|element| {
                    question.is_none_or(|node| node.evaluate(scope.at(element)).is_true())
                })
                .collect(),
            Some(Value::Object(map)) if question.is_none() => map.values().collect(),
            _ => Vec::new(),
        }
    }
}

fn walk<'a>(steps: &[Step], start: &'a Value, scope: Scope<'a>) -> Option<&'a Value> {
    let mut value = start;
    for step in steps {
        value = match step {
            Step::Key(key) => value.get(key)?,
            Step::Index(index) => value.get(index)?,
            Step::Last => value.as_array()?.last()?,
            Step::Find(question) => value
                .as_array()?
                .iter()
                .find(|element| question.evaluate(scope.at(element)).is_true())?,
            Step::Condition(name, of_element) => {
                let holder = if *of_element {
                    value
                } else {
                    value.get("status")?
                };
                holder
                    .get("conditions")?
                    .as_array()?
                    .iter()
                    .find(|condition| condition.get("type").is_some_and(|kind| kind == name))?
            }
        };
    }
    Some(value)
}

fn observed(object: &Value) -> bool {
    match object["metadata"]["generation"].as_i64() {
        Some(generation) => {
            object["status"]["observedGeneration"].as_i64().unwrap_or(0) >= generation
        }
        None => true,
    }
}

impl Node {
    fn evaluate<'a>(&'a self, scope: Scope<'a>) -> Operand<'a> {
        match self {
            Self::Literal(value) => Operand::of(Some(value)),
            Self::Path(path) => Operand::of(path.find(scope)),
            Self::Observed => Operand::Bool(observed(scope.object)),
            Self::Not(node) => Operand::Bool(!node.evaluate(scope).is_true()),
            Self::And(nodes) => {
                Operand::Bool(nodes.iter().all(|node| node.evaluate(scope).is_true()))
            }
            Self::Or(nodes) => {
                Operand::Bool(nodes.iter().any(|node| node.evaluate(scope).is_true()))
            }
            Self::Compare(relation, a, b) => {
                Operand::Bool(relation.holds(&a.evaluate(scope), &b.evaluate(scope)))
            }
            Self::In(node, values) => {
                let found = node.evaluate(scope);
                Operand::Bool(
                    values
                        .iter()
                        .any(|value| value.evaluate(scope).equals(&found)),
                )
            }
            Self::Otherwise(node, other) => match node.evaluate(scope) {
                Operand::Missing => other.evaluate(scope),
                found => found,
            },
            Self::Add(a, b) => add(&a.evaluate(scope), &b.evaluate(scope)),
            Self::Subtract(a, b) => {
                match (a.evaluate(scope).number(), b.evaluate(scope).number()) {
                    (Some(a), Some(b)) => Operand::Number(a - b),
                    _ => Operand::Missing,
                }
            }
            Self::Call(function, arguments) => function.call(arguments, scope),
        }
    }

    fn find_all<'a>(&'a self, scope: Scope<'a>) -> Vec<&'a Value> {
        match self {
            Self::Path(path) => path.find_all(scope),
            node => node.evaluate(scope).list().iter().collect(),
        }
    }
}

fn add(a: &Operand<'_>, b: &Operand<'_>) -> Operand<'static> {
    match (a, b) {
        (Operand::Number(a), Operand::Number(b)) => Operand::Number(a + b),
        (Operand::Text(_), _) | (_, Operand::Text(_)) => {
            Operand::Text(Cow::Owned(format!("{}{}", a.text(), b.text())))
        }
        _ => Operand::Missing,
    }
}

impl Relation {
    fn holds(self, a: &Operand<'_>, b: &Operand<'_>) -> bool {
        match self {
            Self::Equal => a.equals(b),
            Self::Unequal => !a.equals(b),
            Self::Less => a.order(b).is_some_and(std::cmp::Ordering::is_lt),
            Self::LessOrEqual => a.order(b).is_some_and(std::cmp::Ordering::is_le),
            Self::More => a.order(b).is_some_and(std::cmp::Ordering::is_gt),
            Self::MoreOrEqual => a.order(b).is_some_and(std::cmp::Ordering::is_ge),
        }
    }
}

impl Function {
    fn call<'a>(self, arguments: &'a [Node], scope: Scope<'a>) -> Operand<'a> {
        let operand = |index: usize| {
            arguments
                .get(index)
                .map_or(Operand::Missing, |node| node.evaluate(scope))
        };
        let all = || {
            arguments
                .first()
                .map(|node| node.find_all(scope))
                .unwrap_or_default()
        };
        match self {
            Self::Exists => Operand::Bool(!matches!(operand(0), Operand::Missing)),
            #[expect(clippy::cast_precision_loss, reason = "no list is that long")]
            Self::Count => Operand::Number(all().len() as f64),
            Self::Number => operand(0)
                .number()
                .map_or(Operand::Missing, Operand::Number),
            Self::Starts => Operand::Bool(operand(0).text().starts_with(&*operand(1).text())),
            Self::Ends => Operand::Bool(operand(0).text().ends_with(&*operand(1).text())),
            Self::Contains => Operand::Bool(match operand(0) {
                Operand::Whole(Value::Array(list)) => list
                    .iter()
                    .any(|element| Operand::of(Some(element)).equals(&operand(1))),
                text => text.text().contains(&*operand(1).text()),
            }),
            Self::With => match operand(1) {
                value if value.is_true() => Operand::Text(Cow::Owned(format!(
                    "{}{}{}",
                    operand(0).text(),
                    value.text(),
                    operand(2).text()
                ))),
                _ => Operand::Text(Cow::Borrowed("")),
            },
            Self::Sum => Operand::Number(
                all()
                    .into_iter()
                    .filter_map(|element| arguments.get(1)?.evaluate(scope.at(element)).number())
                    .sum(),
            ),
            Self::Join => {
                let separator = operand(2);
                let texts: Vec<_> = all()
                    .into_iter()
                    .filter_map(|element| {
                        let text = arguments.get(1)?.evaluate(scope.at(element));
                        Some(text.text().into_owned()).filter(|text| !text.is_empty())
                    })
                    .collect();
                Operand::Text(Cow::Owned(texts.join(&separator.text())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object() -> Value {
        json!({
            "kind": "Thing",
            "metadata": {"name": "web", "generation": 2, "annotations": {"a/b": "c"}},
            "spec": {"replicas": 3, "nodes": [{"count": 1}, {"count": 2}], "names": ["a", "b"]},
            "status": {
                "observedGeneration": 1,
                "ready": 2,
                "empty": [],
                "conditions": [
                    {"type": "Ready", "status": "False", "reason": "Broken", "message": "no disk"},
                    {"type": "Synced", "status": "True"},
                ],
                "parents": [
                    {"name": "one", "conditions": [{"type": "Accepted", "status": "True"}]},
                    {"name": "two", "conditions": [{"type": "Accepted", "status": "False"}]},
                ],
            },
        })
    }

    #[test]
    fn questions() {
        for (text, expected) in [
            ("cond.Ready == False", true),
            (
                "cond.Ready == False and cond.Ready.reason in [\"Broken\", 'Other']",
                true,
            ),
            ("cond.Missing == True", false),
            ("exists(cond.Missing)", false),
            ("cond.Missing != True", true),
            ("observed", false),
            ("not observed or false", true),
            ("status.ready < spec.replicas", true),
            ("status.ready + 1 == spec.replicas", true),
            ("spec.replicas - status.ready > 1", false),
            ("status.none ?? 3 >= spec.replicas", true),
            ("status.none < 1", false),
            ("status.empty", false),
            ("exists(status.empty)", true),
            ("metadata.annotations[\"a/b\"] == 'c'", true),
            ("status.parents[cond.Accepted == False].name == 'two'", true),
            ("status.parents[name == $.metadata.name]", false),
            ("count(status.parents[cond.Accepted == True]) == 1", true),
            (
                "count(status.parents) == 2 and status.parents[last].name == 'two'",
                true,
            ),
            ("status.parents[0].name == 'one'", true),
            ("sum(spec.nodes, count) == 3", true),
            (
                "starts(metadata.name, 'w') and ends(metadata.name, 'b')",
                true,
            ),
            ("contains(cond.Ready.message, 'disk')", true),
            ("number('12') == 12", true),
            (
                "spec.names[it != 'a'] == 'b' and count(spec.names[it == 'a']) == 1",
                true,
            ),
            ("(false or true) and not (true and false)", true),
        ] {
            let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(expression.holds(&object()), expected, "{text}");
        }
    }

    #[test]
    fn texts() {
        for (text, expected) in [
            ("{status.ready} of {spec.replicas ?? 1}", "2 of 3"),
            ("{{literal}", "{literal}"),
            ("{cond.Ready.message ?? 'none'}", "no disk"),
            ("{status.none}.", "."),
            (
                "{join(status.conditions[status == False], 'Not ' + type, ', ')}",
                "Not Ready",
            ),
            ("{join(status.parents, name, ' and ')}", "one and two"),
            (
                "{with('<', cond.Ready.reason, '>')}{with('<', status.none, '>')}",
                "<Broken>",
            ),
        ] {
            let template = Template::parse(text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(template.render(&object()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_expression() {
        let deep = "not ".repeat(200) + "true";
        let nested = "(".repeat(200);
        let long = "a".repeat(5_000);
        for text in [
            "",
            "a ==",
            "a b",
            "(a",
            "a[",
            "a.",
            "unknown(a)",
            "a in b",
            "'open",
            "a ? b",
            "1..2",
            "@",
            &deep,
            &nested,
            &long,
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
        assert!(Template::parse("{a").is_err());
    }
}
