//! Pipelines, commands, fields and constants.

use super::{At, Operand, Outcome, State};
use crate::deep::deeper;
use crate::node::{Command, Number, Pipe, Place, Stretch, VariableId, Word};
use crate::strconv::quote;
use crate::templates::MissingKey;
use crate::value::{Map, Underlying, Value};

impl<'s> State<'s> {
    /// The value of a pipeline; declared variables stay until the end of what is around it.
    pub(super) fn pipeline(&mut self, dot: &Operand, pipe: Place<Pipe>) -> Outcome<Operand> {
        let syntax = &self.source().syntax;
        let pipe = syntax.at(pipe);
        self.at = At::Pipe(pipe);
        let mut value = None;
        for command in syntax.all(pipe.commands) {
            let result = self.command(dot, command, value.take())?;
            value = Some(result.unboxed());
        }
        let value = value.unwrap_or_else(Operand::invalid);
        for &id in syntax.all(pipe.declarations) {
            if pipe.assigns {
                self.assign(id, value.clone())?;
            } else {
                self.machine.variables.push((id, value.clone()));
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
        let syntax = &self.source().syntax;
        let Some((first, arguments)) = syntax.all(command.words).split_first() else {
            return Ok(Operand::invalid());
        };
        match *first {
            Word::Field(..) | Word::Chain(..) => self.chain(dot, first, arguments, last),
            Word::Variable(_, id, fields) if fields.0 != fields.1 => {
                self.at = At::Word(first);
                let value = self.variable(id)?;
                self.fields(dot, value, first, fields, arguments, last)
            }
            Word::Identifier(name, place) => {
                self.at = At::Word(first);
                self.call(dot, place, At::Command(command), name, arguments, last)
            }
            Word::Pipe(pipe) => {
                self.not_a_function(first, arguments, &last)?;
                self.inner_pipeline(dot, pipe)
            }
            _ => {
                self.at = At::Word(first);
                self.not_a_function(first, arguments, &last)?;
                match *first {
                    Word::Bool(_, value) => Ok(Operand::concrete(Value::Bool(value))),
                    Word::Dot(_) => Ok(dot.clone()),
                    Word::Number(_, number) => self.ideal(first, syntax.at(number)),
                    Word::String(_, constant) => Ok(Operand::concrete(Value::String(
                        syntax.at(constant).text.clone(),
                    ))),
                    Word::Variable(_, id, _) => self.variable(id),
                    _ => self.error("nil is not a command"),
                }
            }
        }
    }

    /// A pipeline in parentheses, on a stack that grows.
    pub(super) fn inner_pipeline(&mut self, dot: &Operand, pipe: Place<Pipe>) -> Outcome<Operand> {
        deeper(|| self.pipeline(dot, pipe))
    }

    fn not_a_function(
        &self,
        first: &Word,
        arguments: &[Word],
        last: &Option<Operand>,
    ) -> Outcome<()> {
        if arguments.is_empty() && last.is_none() {
            return Ok(());
        }
        let text = self.shown(first);
        self.error(format!("can't give argument to non-function {text}"))
    }

    /// A word as error texts show it.
    pub(super) fn shown(&self, word: &Word) -> String {
        let mut text = String::new();
        self.source().write_word(word, &mut text);
        text
    }

    /// The value of a variable.
    pub(super) fn variable(&self, id: VariableId) -> Outcome<Operand> {
        let own = &self.machine.variables[self.base..];
        match own.iter().rev().find(|(known, _)| *known == id) {
            Some((_, value)) => Ok(value.clone()),
            None => self.undefined(id),
        }
    }

    pub(super) fn undefined<T>(&self, id: VariableId) -> Outcome<T> {
        self.error(format!(
            "undefined variable: {}",
            self.source().variable(id)
        ))
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
        match *word {
            Word::Field(_, fields) => self.fields(dot, dot.clone(), word, fields, arguments, last),
            Word::Chain(_, inner, fields) => {
                let inner = self.source().syntax.at(inner);
                if let Word::Nil(_) = inner {
                    let text = self.shown(word);
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
        fields: Stretch,
        arguments: &'s [Word],
        last: Option<Operand>,
    ) -> Outcome<Operand> {
        let Some(mut names) = self.source().stretch(fields).get(1..) else {
            return Ok(receiver);
        };
        while let Some(end) = names.iter().position(|byte| *byte == b'.') {
            receiver = self.field(dot, &names[..end], word, &[], None, receiver)?;
            names = &names[end + 1..];
        }
        self.field(dot, names, word, arguments, last, receiver)
    }

    /// A method, a field of a struct, or the element of a map.
    fn field(
        &mut self,
        dot: &Operand,
        name: &'s [u8],
        word: &'s Word,
        arguments: &'s [Word],
        last: Option<Operand>,
        receiver: Operand,
    ) -> Outcome<Operand> {
        if receiver.is_invalid() {
            if self.scope.set.missing_key() == MissingKey::Error {
                return self.error(format!("nil data; no entry for key {}", quote(name)));
            }
            return Ok(Operand::invalid());
        }
        if receiver.is_boxed_nil() {
            let name = String::from_utf8_lossy(name);
            return self.error(format!("nil pointer evaluating interface {{}}.{name}"));
        }
        let has_arguments = !arguments.is_empty() || last.is_some();
        match &receiver.value {
            Value::Map(map) => {
                if has_arguments {
                    return self.not_a_method(name);
                }
                self.map_element(name, map)
            }
            Value::Object(object) => {
                // Names are of letters and digits, so this is one.
                let text = std::str::from_utf8(name).unwrap_or_default();
                if let Some(signature) = object.method(text) {
                    let object = std::rc::Rc::clone(object);
                    return self.call_method(dot, &*object, signature, word, text, arguments, last);
                }
                match object.underlying() {
                    Underlying::Value(Value::Map(map)) => {
                        if has_arguments {
                            return self.not_a_method(name);
                        }
                        self.map_element(name, &map)
                    }
                    Underlying::Value(_) => self.no_field(name, &receiver),
                    Underlying::Struct(_) => self.struct_field(text, &receiver, has_arguments),
                }
            }
            _ => self.no_field(name, &receiver),
        }
    }

    fn no_field(&self, name: &[u8], receiver: &Operand) -> Outcome<Operand> {
        self.error(format!(
            "can't evaluate field {} in type {}",
            String::from_utf8_lossy(name),
            receiver.go_type()
        ))
    }

    fn not_a_method(&self, name: &[u8]) -> Outcome<Operand> {
        let name = String::from_utf8_lossy(name);
        self.error(format!("{name} is not a method but has arguments"))
    }

    fn map_element(&self, name: &[u8], map: &Map) -> Outcome<Operand> {
        let boxed = map.is_boxed();
        match (map.get(name), self.scope.set.missing_key()) {
            (Some(value), _) => Ok(Operand::of_element(value, boxed)),
            (None, MissingKey::Invalid) => Ok(Operand::invalid()),
            (None, MissingKey::Zero) => {
                let zero = Value::zero(map.element_type());
                Ok(Operand::of_element(zero, boxed))
            }
            (None, MissingKey::Error) => {
                self.error(format!("map has no entry for key {}", quote(name)))
            }
        }
    }

    fn struct_field(
        &self,
        name: &str,
        receiver: &Operand,
        has_arguments: bool,
    ) -> Outcome<Operand> {
        let Value::Object(object) = &receiver.value else {
            return self.no_field(name.as_bytes(), receiver);
        };
        let Some(value) = object.field(name) else {
            return self.no_field(name.as_bytes(), receiver);
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
