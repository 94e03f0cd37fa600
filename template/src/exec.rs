//! Execution: templates walked with data.

mod builtins;
mod call;
mod compare;
mod escape;
mod evaluate;
mod operand;

pub(crate) use operand::Operand;

use std::rc::Rc;

use crate::deep::deeper;
use crate::error::{ExecError, FunctionError};
use crate::format;
use crate::machine::Machine;
use crate::node::{
    Branch, BranchKind, Command, Invocation, List, Node, Pipe, Place, Position, Source, Tree,
    VariableId, Word,
};
use crate::strconv::quote;
use crate::templates::Scope;
use crate::types::Kind;
use crate::value::{Underlying, Value};

/// Executes a template with data at the top.
pub(crate) fn execute(
    machine: &mut Machine,
    scope: &Rc<Scope>,
    tree: &Tree,
    data: &Value,
    out: &mut Vec<u8>,
) -> Result<(), ExecError> {
    let limit = machine.limits.nested_depth;
    if machine.executions > limit {
        return Err(ExecError::limit(format!(
            "template: {}: executions are nested more than {limit} deep (limit nested_depth)",
            tree.name
        )));
    }
    let dot = Operand::concrete(data.clone());
    machine.executions += 1;
    let result = invoke(machine, scope, tree, dot, out);
    machine.executions -= 1;
    result.map_err(|error| *error)
}

/// Executes a template inside of whatever runs.
fn invoke(
    machine: &mut Machine,
    scope: &Rc<Scope>,
    tree: &Tree,
    dot: Operand,
    out: &mut Vec<u8>,
) -> Outcome<()> {
    let base = machine.variables.len();
    machine.variables.push((0, dot.clone()));
    machine.depth += 1;
    let result = deeper(|| {
        let mut state = State {
            machine,
            scope,
            tree,
            at: At::Start,
            base,
            out,
        };
        state.list(&dot, tree.root)
    });
    machine.depth -= 1;
    machine.variables.truncate(base);
    result.map(|_| ())
}

type Outcome<T> = Result<T, Box<ExecError>>;

/// How a list of nodes ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Normal,
    Break,
    Continue,
}

/// The node that errors name.
#[derive(Clone, Copy)]
enum At<'t> {
    Start,
    Pipe(&'t Pipe),
    Command(&'t Command),
    Word(&'t Word),
    Action(Position, &'t Pipe),
    Invocation(&'t Invocation),
}

impl At<'_> {
    fn position(self, source: &Source) -> Position {
        match self {
            Self::Start => 0,
            Self::Pipe(pipe) => pipe.position,
            Self::Command(command) => command.position,
            Self::Word(word) => source.position(word),
            Self::Action(position, _) => position,
            Self::Invocation(invocation) => invocation.position,
        }
    }

    fn text(self, source: &Source) -> String {
        let mut text = String::new();
        match self {
            Self::Start => {}
            Self::Pipe(pipe) => source.write_pipe(pipe, &mut text),
            Self::Command(command) => source.write_command(command, &mut text),
            Self::Word(word) => source.write_word(word, &mut text),
            Self::Action(_, pipe) => {
                text.push_str("{{");
                source.write_pipe(pipe, &mut text);
                text.push_str("}}");
            }
            Self::Invocation(invocation) => source.write_invocation(invocation, &mut text),
        }
        text
    }
}

/// A template under way.
struct State<'s> {
    machine: &'s mut Machine,
    scope: &'s Rc<Scope>,
    tree: &'s Tree,
    at: At<'s>,
    /// Where the variables of this template begin.
    base: usize,
    out: &'s mut Vec<u8>,
}

impl<'s> State<'s> {
    /// What the template was parsed from, and into.
    fn source(&self) -> &'s Source {
        &self.tree.source
    }

    /// The text of an error at the current node.
    fn located(&self, text: &str) -> String {
        format!(
            "template: {}: executing {} at <{}>: {text}",
            self.source().location(self.at.position(self.source())),
            quote(self.tree.name.as_bytes()),
            self.at.text(self.source()),
        )
    }

    fn error<T>(&self, text: impl AsRef<str>) -> Outcome<T> {
        Err(Box::new(ExecError::new(self.located(text.as_ref()))))
    }

    /// The error about a limit.
    fn over_limit(&self, text: String) -> Box<ExecError> {
        Box::new(ExecError::limit(self.located(&text)))
    }

    /// The error that a function gave.
    fn function_error(&self, name: &str, error: FunctionError) -> Box<ExecError> {
        let text = self.located(&format!("error calling {name}: {error}"));
        Box::new(ExecError::called(text, error))
    }

    fn spend(&mut self, steps: u64) -> Outcome<()> {
        match self.machine.spend(steps) {
            Ok(()) => Ok(()),
            Err(text) => Err(self.over_limit(text)),
        }
    }

    fn write(&mut self, text: &[u8]) -> Outcome<()> {
        let total = self.out.len() + text.len();
        let fits = self.machine.check_size(total);
        if let Err(text) = fits.and_then(|()| self.machine.take_bytes(text.len())) {
            return Err(self.over_limit(text));
        }
        self.out.extend_from_slice(text);
        Ok(())
    }

    fn list(&mut self, dot: &Operand, list: List) -> Outcome<Flow> {
        for node in self.source().syntax.all(list) {
            match self.node(dot, *node)? {
                Flow::Normal => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Normal)
    }

    fn node(&mut self, dot: &Operand, node: Node) -> Outcome<Flow> {
        self.spend(1)?;
        let syntax = &self.source().syntax;
        match node {
            Node::Text(text) => self.write(self.source().stretch(text))?,
            Node::Action(position, pipe) => {
                let value = self.pipeline(dot, pipe)?;
                let pipe = syntax.at(pipe);
                if pipe.declarations.is_empty() {
                    self.at = At::Action(position, pipe);
                    self.print(&value)?;
                }
            }
            Node::Branch(branch) => {
                let branch = syntax.at(branch);
                return deeper(|| self.branch(dot, branch));
            }
            Node::Template(invocation) => self.template(dot, syntax.at(invocation))?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Normal)
    }

    fn branch(&mut self, dot: &Operand, branch: &'s Branch) -> Outcome<Flow> {
        let mark = self.machine.variables.len();
        let flow = match branch.kind {
            BranchKind::Range => self.range(dot, branch)?,
            kind => {
                let value = self.pipeline(dot, branch.pipe)?;
                if value.value.is_true() {
                    let dot = if kind == BranchKind::With {
                        &value
                    } else {
                        dot
                    };
                    self.list(dot, branch.list)?
                } else if let Some(otherwise) = branch.otherwise {
                    self.list(dot, otherwise)?
                } else {
                    Flow::Normal
                }
            }
        };
        self.machine.variables.truncate(mark);
        Ok(flow)
    }

    /// A range. As in Go, a break in its else list ends this range and not the one around it; a continue belongs to that.
    fn range(&mut self, dot: &Operand, branch: &'s Branch) -> Outcome<Flow> {
        let operand = self.pipeline(dot, branch.pipe)?;
        let value = match &operand.value {
            Value::Object(object) => match object.underlying() {
                Underlying::Value(value) => value,
                Underlying::Struct(_) => operand.value.clone(),
            },
            other => other.clone(),
        };
        let ran = match &value {
            Value::List(list) => {
                let length = list.len();
                let boxed = list.element_type().kind() == Kind::Interface;
                self.iterate(branch, length, |index| {
                    let element = list.get(index).unwrap_or_default();
                    (
                        Operand::concrete(Value::Int(index as i64)),
                        Operand::of_element(element, boxed),
                    )
                })?
            }
            Value::Bytes(bytes) => self.iterate(branch, bytes.len(), |index| {
                let byte = bytes.get(index).copied().unwrap_or_default();
                (
                    Operand::concrete(Value::Int(index as i64)),
                    Operand::concrete(Value::Uint8(byte)),
                )
            })?,
            Value::Map(map) => {
                let boxed = map.is_boxed();
                let mut entries = map.to_vec().into_iter();
                self.iterate(branch, entries.len(), |_| {
                    let (key, value) = entries.next().unwrap_or_default();
                    (
                        Operand::concrete(Value::String(key)),
                        Operand::of_element(value, boxed),
                    )
                })?
            }
            Value::Nil => false,
            number => self.range_over_number(branch, number)?,
        };
        if ran {
            return Ok(Flow::Normal);
        }
        if let Some(otherwise) = branch.otherwise
            && self.list(dot, otherwise)? == Flow::Continue
        {
            return Ok(Flow::Continue);
        }
        Ok(Flow::Normal)
    }

    fn range_over_number(&mut self, branch: &'s Branch, number: &Value) -> Outcome<bool> {
        let Some(count) = integer_count(number) else {
            let text = format::describe(number, 'v', &self.machine.limits);
            return self.error(format!("range can't iterate over {text}"));
        };
        if self.source().syntax.at(branch.pipe).declarations.len() > 1 {
            let text = format::describe(number, 'v', &self.machine.limits);
            return self.error(format!(
                "can't use {text} to iterate over more than one variable"
            ));
        }
        self.iterate(branch, count, |index| {
            (
                Operand::invalid(),
                Operand::concrete(integer_like(number, index)),
            )
        })
    }

    /// Runs the body for each index; false when there was none.
    fn iterate(
        &mut self,
        branch: &'s Branch,
        count: usize,
        mut element: impl FnMut(usize) -> (Operand, Operand),
    ) -> Outcome<bool> {
        let mark = self.machine.variables.len();
        for index in 0..count {
            self.spend(1)?;
            let (key, value) = element(index);
            self.set_range_variables(branch.pipe, key, &value)?;
            let flow = self.list(&value, branch.list)?;
            self.machine.variables.truncate(mark);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(count > 0)
    }

    fn set_range_variables(
        &mut self,
        pipe: Place<Pipe>,
        key: Operand,
        value: &Operand,
    ) -> Outcome<()> {
        let pipe = self.source().syntax.at(pipe);
        let declarations = self.source().syntax.all(pipe.declarations);
        if pipe.assigns {
            match *declarations {
                [first, second] => {
                    self.assign(first, key)?;
                    self.assign(second, value.clone())?;
                }
                [only] => self.assign(only, value.clone())?,
                _ => {}
            }
            return Ok(());
        }
        let length = self.machine.variables.len();
        if !declarations.is_empty() {
            self.machine.variables[length - 1].1 = value.clone();
        }
        if declarations.len() > 1 {
            self.machine.variables[length - 2].1 = key;
        }
        Ok(())
    }

    fn template(&mut self, dot: &Operand, invocation: &'s Invocation) -> Outcome<()> {
        self.at = At::Invocation(invocation);
        let Some(tree) = self.scope.lookup(&invocation.name) else {
            return self.error(format!(
                "template {} not defined",
                quote(invocation.name.as_bytes())
            ));
        };
        let limit = self.machine.limits.template_depth;
        if self.machine.depth > limit {
            return Err(self.over_limit(format!("exceeded maximum template depth ({limit})")));
        }
        let dot = match invocation.pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Operand::invalid(),
        };
        invoke(self.machine, self.scope, tree, dot, self.out)
    }

    fn print(&mut self, operand: &Operand) -> Outcome<()> {
        let start = self.out.len();
        let result = match &operand.value {
            Value::String(text) => return self.write(text),
            _ if operand.is_invalid() => return self.write(b"<no value>"),
            Value::Object(object) => match object.string_of_pointer() {
                Some(text) => return self.write(&text),
                None => format::append_indirect(self.out, &operand.value, &self.machine.limits),
            },
            value => format::append(self.out, value, &self.machine.limits),
        };
        let made = self.out.len() - start;
        let result = result
            .map_err(|error| error.0)
            .and_then(|()| self.machine.check_size(self.out.len()))
            .and_then(|()| self.machine.take_bytes(made));
        result.map_err(|text| self.over_limit(text))
    }

    /// Sets the last declared variable of a name.
    fn assign(&mut self, id: VariableId, value: Operand) -> Outcome<()> {
        let own = &mut self.machine.variables[self.base..];
        match own.iter_mut().rev().find(|(known, _)| *known == id) {
            Some(variable) => {
                variable.1 = value;
                Ok(())
            }
            None => self.undefined(id),
        }
    }
}

/// How often a range over an integer runs; `None` when the value is no integer.
fn integer_count(value: &Value) -> Option<usize> {
    match value {
        Value::Uint(value) | Value::Uint64(value) => {
            Some(usize::try_from(*value).unwrap_or(usize::MAX))
        }
        other => other
            .as_integer()
            .map(|count| usize::try_from(count).unwrap_or(0)),
    }
}

/// An index as a value of the same type as a number.
fn integer_like(number: &Value, index: usize) -> Value {
    match number {
        Value::Int32(_) => Value::Int32(index as i32),
        Value::Int64(_) => Value::Int64(index as i64),
        Value::Uint(_) => Value::Uint(index as u64),
        Value::Uint8(_) => Value::Uint8(index as u8),
        Value::Uint32(_) => Value::Uint32(index as u32),
        Value::Uint64(_) => Value::Uint64(index as u64),
        _ => Value::Int(index as i64),
    }
}
