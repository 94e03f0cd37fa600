//! How many steps a CEL expression can take on an object at most.
//!
//! Every part of the expression has a size (about sixteen bytes are one) and a cost. What names a part of the object has that
//! part's real size; everything else has the most that it can have. A comprehension costs its body as often as its list has
//! elements, and gathers at most as much as that many bodies make.

use std::collections::HashMap;

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};
use serde_json::Value;

/// Functions that an expression may call, beside operators: those whose result is small or no larger than their arguments.
const FUNCTIONS: [&str; 33] = [
    "bool",
    "bytes",
    "contains",
    "double",
    "duration",
    "dyn",
    "endsWith",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "hasValue",
    "int",
    "matches",
    "max",
    "min",
    "of",
    "ofNonZeroValue",
    "optional.none",
    "optional.of",
    "or",
    "orValue",
    "size",
    "startsWith",
    "string",
    "timestamp",
    "type",
];
/// More functions of the same sort, and what macros are made of.
const INTERNAL: [&str; 18] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
    operators::IN,
];
const MORE: [&str; 8] = [
    operators::OPT_INDEX,
    operators::OPT_SELECT,
    operators::NOT_STRICTLY_FALSE,
    "uint",
    "value",
    "optional.ofNonZeroValue",
    "none",
    "has",
];

/// What a small value costs and takes.
const SMALL: u64 = 1;
/// What compiling a regular expression may cost, for each byte of it: the crate limits a program's size.
const REGEX: u64 = 20_000;

/// A part of an expression.
#[derive(Clone, Copy)]
struct Part<'a> {
    /// Most that its value takes, its elements together.
    size: u64,
    /// Most elements that it has, when it is a list or a map.
    count: u64,
    /// Most steps to compute it.
    cost: u64,
    /// The part of the object that it names, when it names one.
    names: Option<&'a Value>,
}

type Variables<'a> = HashMap<&'a str, Part<'a>>;

/// Refuses what has no bound: structures, and functions that are not listed.
pub(super) fn check(expr: &Expr) -> Result<(), String> {
    match expr {
        Expr::Call(call) => {
            let name = call.func_name.as_str();
            if ![&FUNCTIONS[..], &INTERNAL[..], &MORE[..]]
                .iter()
                .any(|list| list.contains(&name))
            {
                return Err(format!("there is no function {name}"));
            }
            call.target
                .iter()
                .map(|target| &target.expr)
                .chain(call.args.iter().map(|arg| &arg.expr))
                .try_for_each(check)
        }
        Expr::Comprehension(comprehension) => [
            &comprehension.iter_range,
            &comprehension.accu_init,
            &comprehension.loop_cond,
            &comprehension.loop_step,
            &comprehension.result,
        ]
        .into_iter()
        .try_for_each(|part| check(&part.expr)),
        Expr::List(list) => list
            .elements
            .iter()
            .try_for_each(|element| check(&element.expr)),
        Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => {
                check(&entry.key.expr).and_then(|()| check(&entry.value.expr))
            }
            EntryExpr::StructField(_) => Err("there are no structures".to_owned()),
        }),
        Expr::Select(select) => check(&select.operand.expr),
        Expr::Struct(_) => Err("there are no structures".to_owned()),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Ok(()),
    }
}

/// Most steps that the expression takes on the object, with copying into the interpreter what it reads.
pub(super) fn steps(expr: &Expr, object: &Value) -> u64 {
    part(expr, object, &HashMap::new()).cost
}

impl<'a> Part<'a> {
    fn small() -> Self {
        Self {
            size: SMALL,
            count: SMALL,
            cost: SMALL,
            names: None,
        }
    }

    fn of(value: Option<&'a Value>) -> Self {
        Self {
            size: value.map_or(SMALL, size),
            count: value.map_or(0, |value| match value {
                Value::Array(list) => list.len() as u64,
                Value::Object(map) => map.len() as u64,
                _ => 0,
            }),
            cost: SMALL,
            names: value,
        }
    }

    fn with_cost(self, cost: u64) -> Self {
        Self {
            cost: self.cost.saturating_add(cost),
            ..self
        }
    }
}

fn size(value: &Value) -> u64 {
    match value {
        Value::String(text) => SMALL + text.len() as u64 / 16,
        Value::Array(list) => list
            .iter()
            .fold(SMALL, |sum, value| sum.saturating_add(size(value))),
        Value::Object(map) => map.iter().fold(SMALL, |sum, (key, value)| {
            sum.saturating_add(SMALL + key.len() as u64 / 16)
                .saturating_add(size(value))
        }),
        _ => SMALL,
    }
}

fn part<'a>(expr: &'a Expr, object: &'a Value, variables: &Variables<'a>) -> Part<'a> {
    match expr {
        Expr::Ident(name) => variables
            .get(name.as_str())
            .map(|variable| Part {
                cost: SMALL,
                ..*variable
            })
            .unwrap_or_else(|| Part::of(object.get(name))),
        Expr::Literal(literal) => match literal {
            LiteralValue::String(text) => Part {
                size: SMALL + text.inner().len() as u64 / 16,
                ..Part::small()
            },
            _ => Part {
                size: 16,
                ..Part::small()
            },
        },
        Expr::Select(select) => {
            let operand = part(&select.operand.expr, object, variables);
            let selected = match operand.names {
                Some(value) => Part::of(value.get(&select.field)),
                None => Part { cost: 0, ..operand },
            };
            let cost = operand.cost.saturating_add(SMALL);
            if select.test {
                Part {
                    cost,
                    ..Part::small()
                }
            } else {
                selected.with_cost(cost)
            }
        }
        Expr::List(list) => sum(
            list.elements.iter().map(|element| &element.expr),
            object,
            variables,
            list.elements.len(),
        ),
        Expr::Map(map) => {
            let parts = map.entries.iter().flat_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => vec![&entry.key.expr, &entry.value.expr],
                EntryExpr::StructField(field) => vec![&field.value.expr],
            });
            sum(parts, object, variables, map.entries.len())
        }
        Expr::Comprehension(comprehension) => fold(comprehension, object, variables),
        Expr::Call(call) => {
            let parts: Vec<Part<'_>> = call
                .target
                .iter()
                .map(|target| &target.expr)
                .chain(call.args.iter().map(|arg| &arg.expr))
                .map(|expr| part(expr, object, variables))
                .collect();
            called(&call.func_name, &parts)
        }
        Expr::Struct(_) | Expr::Unspecified => Part::small(),
    }
}

fn sum<'a>(
    parts: impl Iterator<Item = &'a Expr>,
    object: &'a Value,
    variables: &Variables<'a>,
    count: usize,
) -> Part<'a> {
    let start = Part {
        count: count as u64,
        ..Part::small()
    };
    parts
        .map(|expr| part(expr, object, variables))
        .fold(start, |sum, part| Part {
            size: sum.size.saturating_add(part.size),
            cost: sum.cost.saturating_add(part.cost).saturating_add(part.size),
            ..sum
        })
}

fn called<'a>(name: &str, parts: &[Part<'a>]) -> Part<'a> {
    let total = |of: fn(&Part<'a>) -> u64| parts.iter().map(of).fold(SMALL, u64::saturating_add);
    let (sizes, costs) = (total(|part| part.size), total(|part| part.cost));
    let largest = |of: fn(&Part<'a>) -> u64| parts.iter().map(of).max().unwrap_or(SMALL).max(SMALL);
    let cost = costs.saturating_add(sizes);
    match name {
        operators::ADD => Part {
            size: sizes,
            count: total(|part| part.count),
            cost,
            names: None,
        },
        "matches" => {
            let pattern = parts.last().map_or(0, |part| part.size);
            // Linear in the text for each state of the program.
            let search = sizes.saturating_mul(pattern.saturating_mul(256));
            Part {
                cost: cost
                    .saturating_add(search)
                    .saturating_add(REGEX.saturating_mul(pattern)),
                ..Part::small()
            }
        }
        // These give one of their arguments, or a part of one, or a copy in another form.
        operators::CONDITIONAL
        | operators::INDEX
        | operators::OPT_INDEX
        | operators::OPT_SELECT
        | "dyn"
        | "string"
        | "bytes"
        | "max"
        | "min"
        | "of"
        | "optional.of"
        | "ofNonZeroValue"
        | "optional.ofNonZeroValue"
        | "or"
        | "orValue"
        | "value" => Part {
            size: largest(|part| part.size).saturating_mul(if name == "string" { 4 } else { 1 }),
            count: largest(|part| part.count.max(part.size)),
            cost,
            names: None,
        },
        operators::IN | operators::EQUALS | operators::NOT_EQUALS => Part {
            cost: costs.saturating_add(sizes.saturating_mul(2)),
            ..Part::small()
        },
        "contains" => Part {
            cost: costs.saturating_add(sizes.saturating_mul(16)),
            ..Part::small()
        },
        _ => Part {
            cost,
            ..Part::small()
        },
    }
}

fn fold<'a>(
    comprehension: &'a ComprehensionExpr,
    object: &'a Value,
    variables: &Variables<'a>,
) -> Part<'a> {
    let range = part(&comprehension.iter_range.expr, object, variables);
    let init = part(&comprehension.accu_init.expr, object, variables);
    // The elements of a list in the object are known; of any other, one may be as large as all of it.
    let element = match range.names {
        Some(Value::Array(list)) => list.iter().map(size).max().unwrap_or(SMALL),
        _ => range.size,
    };
    let count = if range.names.is_some() {
        range.count
    } else {
        range.count.min(range.size)
    };
    let mut inner = variables.clone();
    let variable = Part {
        size: element,
        count: element,
        cost: SMALL,
        names: None,
    };
    inner.insert(&comprehension.iter_var, variable);
    if let Some(second) = &comprehension.iter_var2 {
        inner.insert(second, variable);
    }
    // What one round adds: the step, with nothing gathered yet.
    inner.insert(
        &comprehension.accu_var,
        Part {
            size: 0,
            count: 0,
            cost: SMALL,
            names: None,
        },
    );
    let added = part(&comprehension.loop_step.expr, object, &inner);
    // `all`, `exists` and `exists_one` begin with a literal and stay a truth or a number.
    let is_scalar = matches!(comprehension.accu_init.expr, Expr::Literal(_));
    let gathered = if is_scalar {
        Part::small()
    } else {
        Part {
            size: init.size.saturating_add(count.saturating_mul(added.size)),
            count: init
                .count
                .saturating_add(count.saturating_mul(added.count.max(SMALL))),
            cost: SMALL,
            names: None,
        }
    };
    inner.insert(&comprehension.accu_var, gathered);
    let condition = part(&comprehension.loop_cond.expr, object, &inner);
    let round = added
        .cost
        .saturating_add(condition.cost)
        .saturating_add(element);
    let result = part(&comprehension.result.expr, object, &inner);
    let copying = gathered.size.saturating_add(range.size);
    Part {
        cost: range
            .cost
            .saturating_add(init.cost)
            .saturating_add(count.saturating_mul(round))
            .saturating_add(copying)
            .saturating_add(result.cost),
        ..result
    }
}
