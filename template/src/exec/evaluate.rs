//! Pipelines, commands, fields and constants.

use std::sync::Arc;

use super::{At, Operand, Outcome, State};
use crate::node::{Command, Number, Pipe, Variable, Word};
use crate::strconv::quote;
use crate::templates::MissingKey;
use crate::types::Kind;
use crate::value::{Underlying, Value};

impl<'s> State<'s> {
    /// The value of a pipeline; declared variables stay until the end of what is around it.
    pub(super) fn pipeline(&mut self, dot: &Operand, pipe: &'s Pipe) -> Outcome<Operand> {
        self.at = At::Pipe(pipe);
        let mut value = None;
        for command in &pipe.commands {
            let result = self.command(dot, command, value.take())?;
            value = Some(result.unboxed());
        }
        let value = value.unwrap_or_else(Operand::invalid);
        for variable in &*pipe.declarations {
            if pipe.assigns {
                self.assign(variable.id, &variable.name, value.clone())?;
            } else {
                self.machine.variables.push((variable.id, value.clone()));
            }
        }
        Ok(value)
    }

    /// The value of a command, which gets the one before it in the pipeline as its last argument.
    fn command(
        &mut self,
        dot: &Operand,
        command: &'s Command,
        last: Option<Operand>,
    ) -> Outcome<Operand> {
        self.spend(1)?;
        let Some(first) = command.words.first() else {
            return Ok(Operand::invalid());
        };
        let arguments = &command.words[1..];
        match first {
            Word::Field(..) | Word::Chain(..) => self.chain(dot, first, arguments, last),
            Word::Variable(_, variable, fields) if !fields.is_empty() => {
                self.at = At::Word(first);
                let value = self.variable(variable)?;
                self.fields(dot, value, first, fields, arguments, last)
            }
            Word::Identifier(_, name, place) => {
                self.at = At::Word(first);
                self.call(dot, *place, At::Command(command), name, arguments, last)
            }
            Word::Pipe(pipe) => {
                self.not_a_function(command, &last)?;
                self.inner_pipeline(dot, pipe)
            }
            _ => {
                self.at = At::Word(first);
                self.not_a_function(command, &last)?;
                match first {
                    Word::Bool(_, value) => Ok(Operand::concrete(Value::Bool(*value))),
                    Word::Dot(_) => Ok(dot.clone()),
                    Word::Number(_, number) => self.ideal(first, number),
                    Word::String(_, _, text) => Ok(Operand::concrete(Value::String(text.clone()))),
                    Word::Variable(_, variable, _) => self.variable(variable),
                    _ => self.error("nil is not a command"),
                }
            }
        }
    }

    /// A pipeline in parentheses, on a stack that grows.
    pub(super) fn inner_pipeline(&mut self, dot: &Operand, pipe: &'s Pipe) -> Outcome<Operand> {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.pipeline(dot, pipe))
    }

    fn not_a_function(&self, command: &Command, last: &Option<Operand>) -> Outcome<()> {
        if command.words.len() <= 1 && last.is_none() {
            return Ok(());
        }
        let mut text = String::new();
        if let Some(first) = command.words.first() {
            first.write(&mut text);
        }
        self.error(format!("can't give argument to non-function {text}"))
    }

    /// The value of a variable.
    pub(super) fn variable(&self, variable: &Variable) -> Outcome<Operand> {
        let own = &self.machine.variables[self.base..];
        match own.iter().rev().find(|(id, _)| *id == variable.id) {
            Some((_, value)) => Ok(value.clone()),
            None => self.error(format!("undefined variable: {}", variable.name)),
        }
    }

    /// The value of a number where no type is wanted: what its syntax says.
    pub(super) fn ideal(&mut self, word: &'s Word, number: &Number) -> Outcome<Operand> {
        self.at = At::Word(word);
        if let Some((real, imaginary)) = number.complex {
            return Ok(Operand::concrete(Value::Complex128(real, imaginary)));
        }
        let text = &number.text;
        let character = text.starts_with('\'');
        let hexadecimal = (text.starts_with("0x") || text.starts_with("0X"))
            && text.len() > 2
            && !text.contains(['p', 'P']);
        match (number.float, number.int) {
            (Some(float), _)
                if !hexadecimal && !character && text.contains(['.', 'e', 'E', 'p', 'P']) =>
            {
                Ok(Operand::concrete(Value::Float64(float)))
            }
            (_, Some(int)) => Ok(Operand::concrete(Value::Int(int))),
            _ if number.uint.is_some() => self.error(format!("{text} overflows int")),
            _ => Ok(Operand::invalid()),
        }
    }

    /// `.a.b` or `(pipeline).a.b`, with arguments for the last one.
    pub(super) fn chain(
        &mut self,
        dot: &Operand,
        word: &'s Word,
        arguments: &'s [Word],
        last: Option<Operand>,
    ) -> Outcome<Operand> {
        self.at = At::Word(word);
        match word {
            Word::Field(_, fields) => self.fields(dot, dot.clone(), word, fields, arguments, last),
            Word::Chain(_, inner, fields) => {
                if let Word::Nil(_) = **inner {
                    let mut text = String::new();
                    word.write(&mut text);
                    return self.error(format!("indirection through explicit nil in {text}"));
                }
                let receiver = self.argument(dot, None, inner)?;
                self.fields(dot, receiver, word, fields, arguments, last)
            }
            _ => Ok(Operand::invalid()),
        }
    }

    pub(super) fn fields(
        &mut self,
        dot: &Operand,
        mut receiver: Operand,
        word: &'s Word,
        fields: &'s [Arc<str>],
        arguments: &'s [Word],
        last: Option<Operand>,
    ) -> Outcome<Operand> {
        let Some((final_field, before)) = fields.split_last() else {
            return Ok(receiver);
        };
        for field in before {
            receiver = self.field(dot, field, word, &[], None, receiver)?;
        }
        self.field(dot, final_field, word, arguments, last, receiver)
    }

    /// A method, a field of a struct, or the element of a map.
    fn field(
        &mut self,
        dot: &Operand,
        name: &'s str,
        word: &'s Word,
        arguments: &'s [Word],
        last: Option<Operand>,
        receiver: Operand,
    ) -> Outcome<Operand> {
        if receiver.is_invalid() {
            if self.scope.set.missing_key() == MissingKey::Error {
                return self.error(format!(
                    "nil data; no entry for key {}",
                    quote(name.as_bytes())
                ));
            }
            return Ok(Operand::invalid());
        }
        if receiver.is_boxed_nil() {
            return self.error(format!("nil pointer evaluating interface {{}}.{name}"));
        }
        let has_arguments = !arguments.is_empty() || last.is_some();
        match &receiver.value {
            Value::Map(map) => {
                if has_arguments {
                    return self.error(format!("{name} is not a method but has arguments"));
                }
                let found = map.get(name);
                self.map_element(name, map.element_type(), found)
            }
            Value::Object(object) => {
                if let Some(signature) = object.method(name) {
                    let object = std::rc::Rc::clone(object);
                    return self.call_method(dot, &*object, signature, word, name, arguments, last);
                }
                match object.underlying() {
                    Underlying::Value(Value::Map(map)) => {
                        if has_arguments {
                            return self.error(format!("{name} is not a method but has arguments"));
                        }
                        let found = map.get(name);
                        self.map_element(name, map.element_type(), found)
                    }
                    Underlying::Value(_) => self.no_field(name, &receiver),
                    Underlying::Struct(_) => self.struct_field(name, &receiver, has_arguments),
                }
            }
            _ => self.no_field(name, &receiver),
        }
    }

    fn no_field(&self, name: &str, receiver: &Operand) -> Outcome<Operand> {
        self.error(format!(
            "can't evaluate field {name} in type {}",
            receiver.go_type()
        ))
    }

    fn map_element(
        &self,
        name: &str,
        element_type: crate::Type,
        found: Option<Value>,
    ) -> Outcome<Operand> {
        let boxed = element_type.kind() == Kind::Interface;
        match (found, self.scope.set.missing_key()) {
            (Some(value), _) => Ok(Operand::of_element(value, boxed)),
            (None, MissingKey::Invalid) => Ok(Operand::invalid()),
            (None, MissingKey::Zero) => Ok(Operand::of_element(Value::zero(element_type), boxed)),
            (None, MissingKey::Error) => self.error(format!(
                "map has no entry for key {}",
                quote(name.as_bytes())
            )),
        }
    }

    fn struct_field(
        &self,
        name: &str,
        receiver: &Operand,
        has_arguments: bool,
    ) -> Outcome<Operand> {
        let Value::Object(object) = &receiver.value else {
            return self.no_field(name, receiver);
        };
        let Some(value) = object.field(name) else {
            return self.no_field(name, receiver);
        };
        if name.starts_with(|first: char| !first.is_uppercase()) {
            return self.error(format!(
                "{name} is an unexported field of struct type {}",
                receiver.go_type()
            ));
        }
        if has_arguments {
            return self.error(format!(
                "{name} has arguments but cannot be invoked as function"
            ));
        }
        // A nil in a field is one of type interface {}.
        Ok(match value {
            Value::Nil => Operand::boxed(Value::Nil),
            value => Operand::concrete(value),
        })
    }
}
