//! Evaluation of expressions, step by step, with fuel.

use std::borrow::Cow;
use std::rc::Rc;

use jaq_core::ops::{Cmp, Math};
use serde_json::{Map, Number, Value};

use super::value::{contains, order, size, truth, type_bit, type_name};
use super::{Filter, Function, JqError, Step};
use crate::ignore::{ConcretePath, Key};

/// A path, as a chain from its end.
#[derive(Debug)]
struct Link {
    key: Key,
    before: Trail,
}

type Trail = Option<Rc<Link>>;

/// A value, and where it is.
#[derive(Clone, Debug)]
struct Item<'v> {
    value: Cow<'v, Value>,
    /// None where no path is asked for.
    path: Option<Trail>,
}

/// The paths that a filter names in a value, each once.
pub(super) fn paths(
    filter: &Filter,
    value: &Value,
    fuel: u64,
) -> Result<Vec<ConcretePath>, JqError> {
    let mut machine = Machine {
        fuel,
        variables: Vec::new(),
    };
    let start = Item {
        value: Cow::Borrowed(value),
        path: Some(None),
    };
    let mut paths: Vec<ConcretePath> = Vec::new();
    for item in machine.run(filter, &start)? {
        let mut keys = Vec::new();
        let mut next = item.path.flatten();
        while let Some(link) = next {
            machine.spend(1)?;
            keys.push(link.key.clone());
            next = link.before.clone();
        }
        keys.reverse();
        paths.push(keys);
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

fn types<T>(message: String) -> Result<T, JqError> {
    Err(JqError::Types(message))
}

type Items<'v> = Result<Vec<Item<'v>>, JqError>;

struct Machine {
    fuel: u64,
    variables: Vec<Value>,
}

impl Machine {
    fn spend(&mut self, amount: u64) -> Result<(), JqError> {
        self.fuel = self.fuel.checked_sub(amount).ok_or(JqError::OutOfFuel)?;
        Ok(())
    }

    /// A copy of a value, paid for.
    fn copy(&mut self, value: &Value) -> Result<Value, JqError> {
        self.spend(size(value, self.fuel))?;
        Ok(value.clone())
    }

    /// A value that was made: it is nowhere, so a path expression may not end in it.
    fn made<'v>(&mut self, input: &Item<'_>, value: Value) -> Items<'v> {
        if input.path.is_some() {
            return types(
                "the expression ends in a value that is no part of the object".to_owned(),
            );
        }
        Ok(vec![Item {
            value: Cow::Owned(value),
            path: None,
        }])
    }

    /// The values of a filter, without their paths.
    fn values<'v>(
        &mut self,
        filter: &Filter,
        input: &Item<'v>,
    ) -> Result<Vec<Cow<'v, Value>>, JqError> {
        let bare = self.bare(input)?;
        Ok(self
            .run(filter, &bare)?
            .into_iter()
            .map(|item| item.value)
            .collect())
    }

    /// The same value without its path. One that is part of the object costs nothing.
    fn bare<'v>(&mut self, input: &Item<'v>) -> Result<Item<'v>, JqError> {
        let value = match &input.value {
            Cow::Borrowed(value) => Cow::Borrowed(*value),
            Cow::Owned(value) => Cow::Owned(self.copy(value)?),
        };
        Ok(Item { value, path: None })
    }

    fn same<'v>(&mut self, input: &Item<'v>) -> Result<Item<'v>, JqError> {
        let mut same = self.bare(input)?;
        same.path.clone_from(&input.path);
        Ok(same)
    }

    fn run<'v>(&mut self, filter: &Filter, input: &Item<'v>) -> Items<'v> {
        self.spend(1)?;
        match filter {
            Filter::Identity => Ok(vec![self.same(input)?]),
            Filter::Recurse => self.recurse(input),
            Filter::Literal(value) => {
                let value = self.copy(value)?;
                self.made(input, value)
            }
            Filter::Variable(place) => {
                let value = self.variables.get(*place).cloned().unwrap_or_default();
                self.spend(size(&value, self.fuel))?;
                self.made(input, value)
            }
            Filter::Steps(head, steps) => self.steps(head, steps, input),
            Filter::Pipe(first, second) => {
                let mut found = Vec::new();
                for item in self.run(first, input)? {
                    found.extend(self.run(second, &item)?);
                }
                Ok(found)
            }
            Filter::Bind(source, body) => self.bind(source, body, input),
            Filter::Comma(a, b) => {
                let mut found = self.run(a, input)?;
                found.extend(self.run(b, input)?);
                Ok(found)
            }
            Filter::Alternative(a, b) => self.alternative(a, b, input),
            Filter::Or(a, b) => self.logic(a, b, true, input),
            Filter::And(a, b) => self.logic(a, b, false, input),
            Filter::Compare(operator, a, b) => {
                let operator = *operator;
                self.pairs(a, b, input, |machine, a, b| {
                    machine.compare(operator, a, b).map(Value::Bool)
                })
            }
            Filter::Math(operator, a, b) => {
                let operator = *operator;
                self.pairs(a, b, input, |machine, a, b| machine.math(operator, a, b))
            }
            Filter::Negate(inner) => {
                let zero = Filter::Literal(Value::from(0));
                self.pairs(&zero, inner, input, |machine, a, b| {
                    machine.math(Math::Sub, a, b)
                })
            }
            Filter::Array(inner) => {
                let mut list = Vec::new();
                if let Some(inner) = inner {
                    for value in self.values(inner, input)? {
                        list.push(match value {
                            Cow::Borrowed(value) => self.copy(value)?,
                            Cow::Owned(value) => value,
                        });
                    }
                }
                self.made(input, Value::Array(list))
            }
            Filter::If(cases, otherwise) => self.cases(cases, otherwise.as_deref(), input),
            Filter::Try(inner, catch) => match self.run(inner, input) {
                Err(JqError::Types(message)) => match catch {
                    Some(catch) => {
                        let message = Item {
                            value: Cow::Owned(Value::String(message)),
                            path: None,
                        };
                        let caught = self.run(catch, &message)?;
                        if input.path.is_some() && !caught.is_empty() {
                            return types("a path expression may not end in catch".to_owned());
                        }
                        Ok(caught)
                    }
                    None => Ok(Vec::new()),
                },
                outcome => outcome,
            },
            Filter::Test(regex, cost) => match &*input.value {
                Value::String(text) => {
                    self.spend((1 + text.len() as u64 / 4).saturating_mul(*cost))?;
                    self.made(input, Value::Bool(regex.is_match(text)))
                }
                other => types(format!(
                    "{} cannot be matched, as it is not a string",
                    type_name(other)
                )),
            },
            Filter::Call(function, arguments) => self.call(*function, arguments, input),
        }
    }

    fn recurse<'v>(&mut self, input: &Item<'v>) -> Items<'v> {
        let mut found = Vec::new();
        let mut stack = vec![self.same(input)?];
        while let Some(item) = stack.pop() {
            self.spend(1)?;
            let mut below = self.each(&item, true)?;
            below.reverse();
            stack.extend(below);
            found.push(item);
        }
        Ok(found)
    }

    fn bind<'v>(&mut self, source: &Filter, body: &Filter, input: &Item<'v>) -> Items<'v> {
        let mut found = Vec::new();
        for value in self.values(source, input)? {
            let value = match value {
                Cow::Borrowed(value) => self.copy(value)?,
                Cow::Owned(value) => value,
            };
            self.variables.push(value);
            let outcome = self.run(body, input);
            self.variables.pop();
            found.extend(outcome?);
        }
        Ok(found)
    }

    fn alternative<'v>(&mut self, a: &Filter, b: &Filter, input: &Item<'v>) -> Items<'v> {
        let first = match self.run(a, input) {
            Ok(items) => items,
            Err(JqError::Types(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let first: Vec<Item<'v>> = first
            .into_iter()
            .filter(|item| truth(&item.value))
            .collect();
        if first.is_empty() {
            self.run(b, input)
        } else {
            Ok(first)
        }
    }

    /// `or` and `and`: the second is looked at only where the first does not decide.
    fn logic<'v>(&mut self, a: &Filter, b: &Filter, decides: bool, input: &Item<'v>) -> Items<'v> {
        let mut found = Vec::new();
        for left in self.values(a, input)? {
            if truth(&left) == decides {
                found.extend(self.made(input, Value::Bool(decides))?);
            } else {
                for right in self.values(b, input)? {
                    found.extend(self.made(input, Value::Bool(truth(&right)))?);
                }
            }
        }
        Ok(found)
    }

    fn pairs<'v>(
        &mut self,
        a: &Filter,
        b: &Filter,
        input: &Item<'v>,
        mut operation: impl FnMut(&mut Self, &Value, &Value) -> Result<Value, JqError>,
    ) -> Items<'v> {
        let right = self.values(b, input)?;
        let left = self.values(a, input)?;
        let mut found = Vec::new();
        for right in &right {
            for left in &left {
                self.spend(1)?;
                let value = operation(self, left, right)?;
                found.extend(self.made(input, value)?);
            }
        }
        Ok(found)
    }

    fn compare(&mut self, operator: Cmp, a: &Value, b: &Value) -> Result<bool, JqError> {
        self.spend(size(a, self.fuel).min(size(b, self.fuel)))?;
        let order = order(a, b);
        Ok(match operator {
            Cmp::Lt => order.is_lt(),
            Cmp::Le => order.is_le(),
            Cmp::Gt => order.is_gt(),
            Cmp::Ge => order.is_ge(),
            Cmp::Eq => order.is_eq(),
            Cmp::Ne => order.is_ne(),
        })
    }

    fn math(&mut self, operator: Math, a: &Value, b: &Value) -> Result<Value, JqError> {
        self.spend(size(a, self.fuel).saturating_add(size(b, self.fuel)))?;
        let refuse = || {
            types(format!(
                "{} and {} cannot be combined so",
                type_name(a),
                type_name(b)
            ))
        };
        match (operator, a, b) {
            (Math::Add, Value::Null, other) | (Math::Add, other, Value::Null) => Ok(other.clone()),
            (Math::Add, Value::String(a), Value::String(b)) => Ok(Value::String(format!("{a}{b}"))),
            (Math::Add, Value::Array(a), Value::Array(b)) => {
                Ok(Value::Array(a.iter().chain(b).cloned().collect()))
            }
            (_, Value::Number(a), Value::Number(b)) => {
                let (a, b) = (
                    a.as_f64().unwrap_or_default(),
                    b.as_f64().unwrap_or_default(),
                );
                let result = match operator {
                    Math::Add => a + b,
                    Math::Sub => a - b,
                    Math::Mul => a * b,
                    Math::Div if b == 0.0 => return types("division by zero".to_owned()),
                    Math::Div => a / b,
                    Math::Rem if b.trunc() == 0.0 => return types("division by zero".to_owned()),
                    Math::Rem => a.trunc() % b.trunc(),
                };
                Ok(whole(result))
            }
            _ => refuse(),
        }
    }

    fn cases<'v>(
        &mut self,
        cases: &[(Filter, Filter)],
        otherwise: Option<&Filter>,
        input: &Item<'v>,
    ) -> Items<'v> {
        let Some(((condition, then), rest)) = cases.split_first() else {
            return match otherwise {
                Some(otherwise) => self.run(otherwise, input),
                None => Ok(vec![self.same(input)?]),
            };
        };
        let mut found = Vec::new();
        for value in self.values(condition, input)? {
            found.extend(if truth(&value) {
                self.run(then, input)?
            } else {
                self.cases(rest, otherwise, input)?
            });
        }
        Ok(found)
    }

    fn steps<'v>(&mut self, head: &Filter, steps: &[(Step, bool)], input: &Item<'v>) -> Items<'v> {
        let mut items = self.run(head, input)?;
        for (step, optional) in steps {
            let mut next = Vec::new();
            match step {
                Step::Each => {
                    for item in &items {
                        next.extend(self.each(item, *optional)?);
                    }
                }
                Step::At(filter) => {
                    let keys = self.values(filter, input)?;
                    for item in &items {
                        for key in &keys {
                            next.extend(self.at(item, key, *optional)?);
                        }
                    }
                }
            }
            items = next;
        }
        Ok(items)
    }

    /// A step down: the value there, and its path.
    fn below<'v>(&mut self, item: &Item<'v>, key: Key) -> Result<Item<'v>, JqError> {
        self.spend(1)?;
        let value = match (&item.value, &key) {
            (Cow::Borrowed(Value::Object(map)), Key::Field(name)) => {
                map.get(name).map_or(Cow::Owned(Value::Null), Cow::Borrowed)
            }
            (Cow::Borrowed(Value::Array(list)), Key::Index(place)) => list
                .get(*place)
                .map_or(Cow::Owned(Value::Null), Cow::Borrowed),
            (Cow::Owned(owned), key) => {
                let value = match key {
                    Key::Field(name) => owned.get(name),
                    Key::Index(place) => owned.get(place),
                };
                match value {
                    Some(value) => Cow::Owned(self.copy(value)?),
                    None => Cow::Owned(Value::Null),
                }
            }
            _ => Cow::Owned(Value::Null),
        };
        let path = item.path.as_ref().map(|before| {
            Some(Rc::new(Link {
                key,
                before: before.clone(),
            }))
        });
        Ok(Item { value, path })
    }

    fn each<'v>(&mut self, item: &Item<'v>, optional: bool) -> Items<'v> {
        let keys: Vec<Key> = match &*item.value {
            Value::Array(list) => (0..list.len()).map(Key::Index).collect(),
            Value::Object(map) => map.keys().cloned().map(Key::Field).collect(),
            _ if optional => return Ok(Vec::new()),
            other => return types(format!("cannot iterate over {}", type_name(other))),
        };
        self.spend(keys.len() as u64)?;
        keys.into_iter().map(|key| self.below(item, key)).collect()
    }

    fn at<'v>(&mut self, item: &Item<'v>, key: &Value, optional: bool) -> Items<'v> {
        let key = match (&*item.value, key) {
            (Value::Object(_) | Value::Null, Value::String(name)) => Key::Field(name.clone()),
            (Value::Array(list), Value::Number(number)) => {
                let place = number.as_f64().unwrap_or_default().floor();
                let place = if place < 0.0 {
                    place + list.len() as f64
                } else {
                    place
                };
                if place < 0.0 {
                    // Before the first element there is nothing, and nothing to take out.
                    return match item.path {
                        Some(_) => Ok(Vec::new()),
                        None => self.made(item, Value::Null),
                    };
                }
                Key::Index(place as usize)
            }
            (Value::Null, Value::Number(number)) => Key::Index(
                number
                    .as_u64()
                    .and_then(|place| usize::try_from(place).ok())
                    .unwrap_or(0),
            ),
            (Value::Null, Value::Null) => return Ok(vec![self.same(item)?]),
            _ if optional => return Ok(Vec::new()),
            (value, key) => {
                return types(format!(
                    "cannot index {} with {}",
                    type_name(value),
                    type_name(key)
                ));
            }
        };
        Ok(vec![self.below(item, key)?])
    }

    fn call<'v>(
        &mut self,
        function: Function,
        arguments: &[Filter],
        input: &Item<'v>,
    ) -> Items<'v> {
        match (function, arguments) {
            (Function::Empty, _) => Ok(Vec::new()),
            (Function::Select, [condition]) => {
                let mut found = Vec::new();
                for value in self.values(condition, input)? {
                    if truth(&value) {
                        found.push(self.same(input)?);
                    }
                }
                Ok(found)
            }
            (Function::Types(bits), _) => {
                if type_bit(&input.value) & bits == 0 {
                    Ok(Vec::new())
                } else {
                    Ok(vec![self.same(input)?])
                }
            }
            (Function::First | Function::Last, [filter]) => {
                let mut items = self.run(filter, input)?;
                if function == Function::First {
                    items.truncate(1);
                } else if items.len() > 1 {
                    items.drain(..items.len() - 1);
                }
                Ok(items)
            }
            (Function::First, _) => self.at(input, &Value::from(0), false),
            (Function::Last, _) => self.at(input, &Value::from(-1), false),
            (Function::GetPath, [filter]) => self.get_path(filter, input),
            (Function::Map, [filter]) => {
                let mut list = Vec::new();
                let bare = self.bare(input)?;
                for item in self.each(&bare, false)? {
                    for value in self.values(filter, &item)? {
                        list.push(match value {
                            Cow::Borrowed(value) => self.copy(value)?,
                            Cow::Owned(value) => value,
                        });
                    }
                }
                self.made(input, Value::Array(list))
            }
            (Function::Any | Function::All, arguments) => {
                let verdict = self.quantified(function == Function::Any, arguments, input)?;
                self.made(input, Value::Bool(verdict))
            }
            (Function::In, [filter]) => {
                let mut found = false;
                for value in self.values(filter, input)? {
                    found |= self.compare(Cmp::Eq, &input.value, &value)?;
                }
                self.made(input, Value::Bool(found))
            }
            (function, []) => {
                let value = self.of_value(function, &input.value)?;
                self.made(input, value)
            }
            (function, [filter, ..]) => {
                let mut found = Vec::new();
                for argument in self.values(filter, input)? {
                    let value = self.of_two(function, &input.value, &argument)?;
                    found.extend(self.made(input, value)?);
                }
                Ok(found)
            }
        }
    }

    fn get_path<'v>(&mut self, filter: &Filter, input: &Item<'v>) -> Items<'v> {
        let mut found = Vec::new();
        for path in self.values(filter, input)? {
            let Value::Array(keys) = &*path else {
                return types("a path is a list".to_owned());
            };
            let mut items = vec![self.same(input)?];
            for key in keys {
                let mut next = Vec::new();
                for item in &items {
                    next.extend(self.at(item, key, false)?);
                }
                items = next;
            }
            found.extend(items);
        }
        Ok(found)
    }

    fn quantified(
        &mut self,
        any: bool,
        arguments: &[Filter],
        input: &Item<'_>,
    ) -> Result<bool, JqError> {
        let bare = self.bare(input)?;
        let (items, condition) = match arguments {
            [generator, condition] => (self.run(generator, &bare)?, Some(condition)),
            [condition] => (self.each(&bare, false)?, Some(condition)),
            _ => (self.each(&bare, false)?, None),
        };
        for item in &items {
            match condition {
                Some(condition) => {
                    for value in self.values(condition, item)? {
                        if truth(&value) == any {
                            return Ok(any);
                        }
                    }
                }
                None if truth(&item.value) == any => return Ok(any),
                None => {}
            }
        }
        Ok(!any)
    }

    fn of_value(&mut self, function: Function, value: &Value) -> Result<Value, JqError> {
        self.spend(size(value, self.fuel))?;
        Ok(match (function, value) {
            (Function::Not, value) => Value::Bool(!truth(value)),
            (Function::Type, value) => Value::from(type_name(value)),
            (Function::Length, Value::Null) => Value::from(0),
            (Function::Length, Value::String(text)) => Value::from(text.chars().count()),
            (Function::Length, Value::Array(list)) => Value::from(list.len()),
            (Function::Length, Value::Object(map)) => Value::from(map.len()),
            (Function::Length, Value::Number(number)) => {
                whole(number.as_f64().unwrap_or_default().abs())
            }
            (Function::Keys, Value::Object(map)) => {
                let mut keys: Vec<&String> = map.keys().collect();
                keys.sort();
                keys.into_iter()
                    .map(|key| Value::from(key.as_str()))
                    .collect()
            }
            (Function::Keys, Value::Array(list)) => (0..list.len()).map(Value::from).collect(),
            (Function::Lower, Value::String(text)) => Value::from(text.to_ascii_lowercase()),
            (Function::Upper, Value::String(text)) => Value::from(text.to_ascii_uppercase()),
            (Function::ToText, Value::String(text)) => Value::from(text.as_str()),
            (Function::ToText, other) => Value::from(other.to_string()),
            (Function::ToNumber, Value::Number(number)) => Value::Number(number.clone()),
            (Function::ToNumber, Value::String(text)) => match serde_json::from_str(text) {
                Ok(number @ Value::Number(_)) => number,
                _ => return types("the text is no number".to_owned()),
            },
            (Function::ToEntries, Value::Object(map)) => map
                .iter()
                .map(|(key, value)| {
                    let mut entry = Map::new();
                    entry.insert("key".to_owned(), Value::from(key.as_str()));
                    entry.insert("value".to_owned(), value.clone());
                    Value::Object(entry)
                })
                .collect(),
            (_, other) => return types(format!("{} has no such property", type_name(other))),
        })
    }

    fn of_two(
        &mut self,
        function: Function,
        value: &Value,
        argument: &Value,
    ) -> Result<Value, JqError> {
        self.spend(size(value, self.fuel).saturating_add(size(argument, self.fuel)))?;
        Ok(match (function, value, argument) {
            (Function::Has, Value::Object(map), Value::String(name)) => {
                Value::Bool(map.contains_key(name))
            }
            (Function::Has, Value::Array(list), Value::Number(number)) => Value::Bool(
                number
                    .as_u64()
                    .is_some_and(|place| place < list.len() as u64),
            ),
            (Function::Contains, a, b) | (Function::Inside, b, a) => {
                if type_name(a) != type_name(b) {
                    return types(format!(
                        "{} and {} cannot have their containment checked",
                        type_name(a),
                        type_name(b)
                    ));
                }
                let mut fuel = self.fuel;
                let verdict = contains(a, b, &mut fuel).ok_or(JqError::OutOfFuel)?;
                self.fuel = fuel;
                Value::Bool(verdict)
            }
            (Function::StartsWith, Value::String(text), Value::String(part)) => {
                Value::Bool(text.starts_with(part.as_str()))
            }
            (Function::EndsWith, Value::String(text), Value::String(part)) => {
                Value::Bool(text.ends_with(part.as_str()))
            }
            (Function::TrimStart, Value::String(text), Value::String(part)) => {
                Value::from(text.strip_prefix(part.as_str()).unwrap_or(text))
            }
            (Function::TrimEnd, Value::String(text), Value::String(part)) => {
                Value::from(text.strip_suffix(part.as_str()).unwrap_or(text))
            }
            (Function::TrimStart | Function::TrimEnd, other, _) => other.clone(),
            (Function::Split, Value::String(text), Value::String(by)) => split(text, by),
            (Function::Join, Value::Array(list), Value::String(by)) => {
                self.spend((by.len() as u64 / 4).saturating_mul(list.len() as u64))?;
                join(list, by)?
            }
            (_, value, argument) => {
                return types(format!(
                    "{} and {} do not go together here",
                    type_name(value),
                    type_name(argument)
                ));
            }
        })
    }
}

fn split(text: &str, by: &str) -> Value {
    if text.is_empty() {
        return Value::Array(Vec::new());
    }
    if by.is_empty() {
        return text
            .chars()
            .map(|character| Value::from(character.to_string()))
            .collect();
    }
    text.split(by).map(Value::from).collect()
}

fn join(list: &[Value], by: &str) -> Result<Value, JqError> {
    let mut texts = Vec::with_capacity(list.len());
    for item in list {
        texts.push(match item {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => item.to_string(),
            other => return types(format!("cannot join {}", type_name(other))),
        });
    }
    Ok(Value::String(texts.join(by)))
}

/// A number without a fraction is written as a whole one.
fn whole(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        Value::from(number as i64)
    } else {
        Number::from_f64(number).map_or(Value::Null, Value::Number)
    }
}
