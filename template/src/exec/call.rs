//! Calls of functions and methods: arguments checked and converted as Go's reflection does it.

use super::builtins;
use super::{At, Operand, Outcome, State};
use crate::call::{Arguments, Call};
use crate::function::Signature;
use crate::node::{Builtin, Constant, FunctionPlace, Stretch, Word};
use crate::strconv::quote;
use crate::types::{Kind, Type};
use crate::value::{Object, Underlying, Value};

impl<'s> State<'s> {
    /// Calls a function by its place. `node` is what errors of the function name.
    pub(super) fn call(
        &mut self,
        dot: &Operand,
        place: FunctionPlace,
        node: At<'s>,
        name: Stretch,
        words: &'s [Word],
        last: Option<Operand>,
    ) -> Outcome<Operand> {
        match place {
            FunctionPlace::Builtin(builtin) => {
                let name = std::str::from_utf8(self.source().stretch(name)).unwrap_or_default();
                self.call_builtin(dot, builtin, node, name, words, last)
            }
            FunctionPlace::Declared(index) => {
                // The set lives as long as the execution; the borrow must not go through `self`.
                let scope = self.scope;
                let Some(function) = scope.set.functions().at(index) else {
                    let name = quote(self.source().stretch(name));
                    return self.error(format!("{name} is not a defined function"));
                };
                let name = &*function.name;
                let values =
                    self.arguments(dot, &function.signature, name, words, last, converted)?;
                let mut call = Call {
                    machine: self.machine,
                    scope,
                    name,
                };
                let result = (function.body)(&mut call, Arguments::new(&values));
                self.result(node, name, function.signature.result, result)
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the receiver and its method besides what every call has"
    )]
    pub(super) fn call_method(
        &mut self,
        dot: &Operand,
        object: &dyn Object,
        signature: &'static Signature,
        word: &'s Word,
        name: &'s str,
        words: &'s [Word],
        last: Option<Operand>,
    ) -> Outcome<Operand> {
        let values = self.arguments(dot, signature, name, words, last, converted)?;
        let mut call = Call {
            machine: self.machine,
            scope: self.scope,
            name,
        };
        let result = object.call(&mut call, name, Arguments::new(&values));
        self.result(At::Word(word), name, signature.result, result)
    }

    fn result(
        &mut self,
        node: At<'s>,
        name: &str,
        result_type: Type,
        result: Result<Value, crate::FunctionError>,
    ) -> Outcome<Operand> {
        match result {
            Ok(value) => {
                if let Value::String(text) | Value::Bytes(text) = &value
                    && let Err(text) = self.machine.take_bytes(text.len())
                {
                    self.at = node;
                    return Err(self.over_limit(text));
                }
                Ok(Operand::of_element(
                    value,
                    result_type.kind() == Kind::Interface,
                ))
            }
            Err(error) => {
                self.at = node;
                Err(self.function_error(name, error))
            }
        }
    }

    fn call_builtin(
        &mut self,
        dot: &Operand,
        builtin: Builtin,
        node: At<'s>,
        name: &'s str,
        words: &'s [Word],
        last: Option<Operand>,
    ) -> Outcome<Operand> {
        let signature = builtins::signature(builtin);
        self.check_count(&signature, name, words.len(), last.is_some())?;
        if let Builtin::And | Builtin::Or = builtin {
            return self.short_circuit(dot, builtin == Builtin::Or, words, last);
        }
        let callee = match (builtin, words.first(), &last) {
            (Builtin::Call, Some(word), _) => self.shown(word),
            (Builtin::Call, None, Some(last)) => match &last.value {
                Value::String(text) => text.to_string(),
                Value::Nil => "<invalid Value>".to_owned(),
                other => format!("<{} Value>", other.go_type()),
            },
            _ => String::new(),
        };
        let arguments = self.arguments(dot, &signature, name, words, last, |operand, _| operand)?;
        match builtins::run(builtin, &callee, arguments, &self.machine.limits) {
            Ok(operand) => {
                if let Value::String(text) = &operand.value
                    && let Err(text) = self.machine.take_bytes(text.len())
                {
                    self.at = node;
                    return Err(self.over_limit(text));
                }
                Ok(operand)
            }
            Err(error) => {
                self.at = node;
                Err(self.function_error(name, error))
            }
        }
    }

    /// `and` and `or` evaluate no more than they need.
    fn short_circuit(
        &mut self,
        dot: &Operand,
        wanted: bool,
        words: &'s [Word],
        last: Option<Operand>,
    ) -> Outcome<Operand> {
        let mut value = Operand::invalid();
        for word in words {
            value = self.argument(dot, Some(Type::Reflect), word)?;
            if value.value.is_true() == wanted {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    fn check_count(
        &self,
        signature: &Signature,
        name: &str,
        words: usize,
        piped: bool,
    ) -> Outcome<()> {
        let fixed = signature.parameters.len();
        let count = words + usize::from(piped);
        if signature.variadic.is_some() {
            if count < fixed {
                return self.error(format!(
                    "wrong number of args for {name}: want at least {fixed} got {words}"
                ));
            }
        } else if count != fixed {
            return self.error(format!(
                "wrong number of args for {name}: want {fixed} got {count}"
            ));
        }
        Ok(())
    }

    /// The arguments of a call, each of the type of its parameter, in the form that the function takes.
    fn arguments<T>(
        &mut self,
        dot: &Operand,
        signature: &Signature,
        name: &str,
        words: &'s [Word],
        last: Option<Operand>,
        form: impl Fn(Operand, Option<Type>) -> T,
    ) -> Outcome<Vec<T>> {
        self.check_count(signature, name, words.len(), last.is_some())?;
        let mut arguments = Vec::with_capacity(words.len() + 1);
        for (index, word) in words.iter().enumerate() {
            let wanted = parameter(signature, index);
            arguments.push(form(self.argument(dot, wanted, word)?, wanted));
        }
        if let Some(last) = last {
            let wanted = parameter(signature, words.len());
            arguments.push(form(self.checked(last, wanted)?, wanted));
        }
        Ok(arguments)
    }

    /// An argument, for a parameter of a type or, for none, as it is.
    pub(super) fn argument(
        &mut self,
        dot: &Operand,
        wanted: Option<Type>,
        word: &'s Word,
    ) -> Outcome<Operand> {
        self.at = At::Word(word);
        let value = match *word {
            Word::Dot(_) => dot.clone(),
            Word::Nil(_) => {
                return match wanted {
                    Some(Type::Reflect) | None => Ok(Operand::invalid()),
                    Some(wanted) if wanted.can_be_nil() => Ok(nil_of(wanted)),
                    Some(wanted) => self.error(format!("cannot assign nil to {wanted}")),
                };
            }
            Word::Field(..) | Word::Chain(..) => self.chain(dot, word, &[], None)?,
            Word::Variable(_, id, fields) => {
                let value = self.variable(id)?;
                self.fields(dot, value, word, fields, &[], None)?
            }
            Word::Pipe(pipe) => {
                self.at = At::Pipe(self.source().syntax.at(pipe));
                self.inner_pipeline(dot, pipe)?
            }
            Word::Identifier(name, place) => {
                self.call(dot, place, At::Word(word), name, &[], None)?
            }
            Word::Bool(..) | Word::Number(..) | Word::String(..) => {
                return self.literal(wanted.unwrap_or(Type::Interface), word);
            }
        };
        self.checked(value, wanted)
    }

    /// A constant as a value of the type that is wanted.
    fn literal(&mut self, wanted: Type, word: &'s Word) -> Outcome<Operand> {
        let syntax = &self.source().syntax;
        let text = |constant| Value::String(syntax.at::<Constant>(constant).text.clone());
        let (value, expected) = match (wanted.kind(), *word) {
            (Kind::Interface, _) | (Kind::Struct, _)
                if matches!(wanted, Type::Reflect | Type::Interface) =>
            {
                return match *word {
                    Word::Bool(_, value) => Ok(Operand::concrete(Value::Bool(value))),
                    Word::String(_, constant) => Ok(Operand::concrete(text(constant))),
                    Word::Number(_, number) => self.ideal(word, syntax.at(number)),
                    _ => Ok(Operand::invalid()),
                };
            }
            (Kind::Bool, Word::Bool(_, value)) => (Some(Value::Bool(value)), ""),
            (Kind::Bool, _) => (None, "bool"),
            (Kind::String, Word::String(_, constant)) => (Some(text(constant)), ""),
            (Kind::String, _) => (None, "string"),
            (Kind::Int, Word::Number(_, number)) => {
                let int = syntax.at(number).int;
                (int.map(|int| signed(wanted, int)), "integer")
            }
            (Kind::Int, _) => (None, "integer"),
            (Kind::Uint, Word::Number(_, number)) => {
                let uint = syntax.at(number).uint;
                (uint.map(|uint| unsigned(wanted, uint)), "unsigned integer")
            }
            (Kind::Uint, _) => (None, "unsigned integer"),
            (Kind::Float, Word::Number(_, number)) => {
                (syntax.at(number).float.map(Value::Float64), "float")
            }
            (Kind::Float, _) => (None, "float"),
            (Kind::Complex, Word::Number(_, number)) => {
                let complex = syntax.at(number).complex;
                let complex = complex.map(|(real, imaginary)| Value::Complex128(real, imaginary));
                (complex, "complex")
            }
            (Kind::Complex, _) => (None, "complex"),
            _ => {
                let text = self.shown(word);
                return self.error(format!("can't handle {text} for arg of type {wanted}"));
            }
        };
        match value {
            Some(value) => Ok(Operand::concrete(value)),
            None => {
                let text = self.shown(word);
                self.error(format!("expected {expected}; found {text}"))
            }
        }
    }

    /// Checks that a value can be given where a type is wanted.
    fn checked(&self, value: Operand, wanted: Option<Type>) -> Outcome<Operand> {
        let Some(wanted) = wanted else {
            return Ok(value);
        };
        if value.is_invalid() {
            return match wanted {
                Type::Reflect => Ok(value),
                _ if wanted.can_be_nil() => Ok(nil_of(wanted)),
                _ => self.error(format!("invalid value; expected {wanted}")),
            };
        }
        if wanted == Type::Reflect || value.go_type().assignable_to(wanted) {
            return Ok(value);
        }
        let value = if value.is_boxed() && !value.is_boxed_nil() {
            value.unboxed()
        } else {
            value
        };
        let found = value.go_type();
        let through_pointer =
            matches!(found, Type::Pointer(target) if target.assignable_to(wanted));
        if found.assignable_to(wanted) || through_pointer {
            return Ok(value);
        }
        self.error(format!(
            "wrong type for value; expected {wanted}; got {found}"
        ))
    }
}

/// The type of the parameter that takes an argument.
fn parameter(signature: &Signature, index: usize) -> Option<Type> {
    signature
        .parameters
        .get(index)
        .copied()
        .or(signature.variadic)
}

/// The nil of a type.
fn nil_of(wanted: Type) -> Operand {
    match Value::zero(wanted) {
        Value::Nil => Operand::boxed(Value::Nil),
        value => Operand::concrete(value),
    }
}

/// The value for a function: of the type that it declares, and not of a type with a name that is made of the same.
fn converted(argument: Operand, wanted: Option<Type>) -> Value {
    match (&argument.value, wanted) {
        (Value::Object(object), Some(wanted))
            if wanted != Type::Interface && object.go_type() != wanted =>
        {
            match object.underlying() {
                Underlying::Value(value) => value,
                Underlying::Struct(_) => argument.value,
            }
        }
        _ => argument.value,
    }
}

fn signed(wanted: Type, value: i64) -> Value {
    match wanted.underlying() {
        Type::Int32 => Value::Int32(value as i32),
        Type::Int64 => Value::Int64(value),
        _ => Value::Int(value),
    }
}

fn unsigned(wanted: Type, value: u64) -> Value {
    match wanted.underlying() {
        Type::Uint8 => Value::Uint8(value as u8),
        Type::Uint32 => Value::Uint32(value as u32),
        Type::Uint64 => Value::Uint64(value),
        _ => Value::Uint(value),
    }
}
