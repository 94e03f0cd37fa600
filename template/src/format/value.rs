//! Values of any type by a verb.

use super::Printer;
use super::number::Integer;
use crate::deep::deeper;
use crate::types::{Kind, Type};
use crate::value::{Object, Underlying, Value};

impl Printer<'_> {
    /// An argument of a printing function.
    pub(super) fn argument(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad(b"<nil>"),
            (_, 'T') => {
                let name = value.go_type().to_string();
                self.string(name.as_bytes(), 's');
            }
            (_, 'p') => self.pointer(value, verb),
            (Value::Bytes(text), _) => self.bytes(text, verb, "[]byte"),
            _ => self.value(value, verb, 0),
        }
    }

    /// A verb that the value does not have.
    fn bad_verb(&mut self, value: &Value, verb: char) {
        let erroring = std::mem::replace(&mut self.erroring, true);
        self.write("%!");
        self.write_rune(verb);
        self.out.push(b'(');
        if let Value::Nil = value {
            self.write("<nil>");
        } else {
            self.write(&value.go_type().to_string());
            self.out.push(b'=');
            self.argument(value, 'v');
        }
        self.out.push(b')');
        self.erroring = erroring;
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        let known = match value {
            Value::Nil if depth == 0 => false,
            Value::Nil => {
                // A nil inside of a container is shown whatever the verb.
                self.write(if self.flags.sharp_v {
                    "interface {}(nil)"
                } else {
                    "<nil>"
                });
                true
            }
            Value::Bool(value) => {
                let known = matches!(verb, 't' | 'v');
                if known {
                    self.boolean(*value);
                }
                known
            }
            Value::Int(value) | Value::Int64(value) => self.integer(Integer::signed(*value), verb),
            Value::Int32(value) => self.integer(Integer::signed(i64::from(*value)), verb),
            Value::Uint(value) | Value::Uint64(value) => {
                self.integer(Integer::unsigned(*value), verb)
            }
            Value::Uint8(value) => self.integer(Integer::unsigned(u64::from(*value)), verb),
            Value::Uint32(value) => self.integer(Integer::unsigned(u64::from(*value)), verb),
            Value::Float64(value) => self.float(*value, verb),
            Value::Complex128(real, imaginary) => self.complex(*real, *imaginary, verb),
            Value::String(text) => self.string(text, verb),
            Value::Bytes(text) => {
                self.bytes(text, verb, "[]uint8");
                true
            }
            Value::List(_) | Value::Map(_) | Value::Object(_) => {
                self.container(value, verb, depth);
                true
            }
        };
        if !known {
            self.bad_verb(value, verb);
        }
    }

    /// What holds other values, within the limits of depth and length, on a stack that grows.
    fn container(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > self.limits.value_depth && self.failed.is_none() {
            self.failed = Some(format!(
                "lists and maps are nested more than {} deep (limit value_depth)",
                self.limits.value_depth
            ));
        }
        if !self.check_length(0) {
            return;
        }
        if verb == 'w' && !self.erroring {
            self.bad_verb(value, verb);
            return;
        }
        deeper(|| match value {
            Value::Object(object) => self.object(value, &**object, verb, depth),
            Value::Map(map) => {
                let entries = map.to_vec();
                let open = if map.is_nil() {
                    None
                } else {
                    Some(entries.len())
                };
                self.sequence(map.go_type(), "map[", open, |printer, index| {
                    let (key, value) = &entries[index];
                    printer.value(&Value::String(key.clone()), verb, depth + 1);
                    printer.out.push(b':');
                    printer.value(value, verb, depth + 1);
                });
            }
            Value::List(list) => {
                let items = list.to_vec();
                let open = if list.is_nil() {
                    None
                } else {
                    Some(items.len())
                };
                self.sequence(list.go_type(), "[", open, |printer, index| {
                    printer.value(&items[index], verb, depth + 1);
                });
            }
            _ => {}
        });
    }

    /// Elements between brackets, or in Go syntax between braces after the type; no length is a nil.
    fn sequence(
        &mut self,
        go_type: Type,
        open: &str,
        length: Option<usize>,
        mut element: impl FnMut(&mut Self, usize),
    ) {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.write(&go_type.to_string());
            if length.is_none() {
                self.write("(nil)");
                return;
            }
            self.out.push(b'{');
        } else {
            self.write(open);
        }
        for index in 0..length.unwrap_or(0) {
            if index > 0 {
                self.write(if sharp { ", " } else { " " });
            }
            element(self, index);
            if !self.check_length(0) {
                return;
            }
        }
        self.out.push(if sharp { b'}' } else { b']' });
    }

    fn bytes(&mut self, text: &[u8], verb: char, type_name: &str) {
        match verb {
            's' | 'x' | 'X' | 'q' => {
                self.string(text, verb);
            }
            'v' if self.flags.sharp_v => {
                self.write(type_name);
                self.out.push(b'{');
                for (index, byte) in text.iter().enumerate() {
                    if index > 0 {
                        self.write(", ");
                    }
                    self.prefixed_hexadecimal(u64::from(*byte));
                }
                self.out.push(b'}');
            }
            _ => self.sequence(Type::BYTES, "[", Some(text.len()), |printer, index| {
                printer.value(&Value::Uint8(text[index]), verb, 1);
            }),
        }
    }

    fn object(&mut self, value: &Value, object: &dyn Object, verb: char, depth: usize) {
        if !self.erroring
            && !self.flags.sharp_v
            && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
            && let Some(text) = object.string()
        {
            self.string(&text, verb);
            return;
        }
        if object.go_type().kind() == Kind::Pointer {
            if depth > 0 {
                self.pointer(value, verb);
                return;
            }
            if !self.indirect {
                self.out.push(b'&');
            }
        }
        match object.underlying() {
            Underlying::Value(inner) => self.named(object, &inner, verb, depth),
            Underlying::Struct(fields) => self.structure(object, &fields, verb, depth),
        }
    }

    /// A value of a named type: as what it is made of, but a bad verb shows the name.
    fn named(&mut self, object: &dyn Object, inner: &Value, verb: char, depth: usize) {
        let before = self.out.len();
        self.value(inner, verb, depth);
        let scalar = !matches!(inner, Value::List(_) | Value::Map(_) | Value::Bytes(_));
        let bad = format!("%!{verb}({}=", inner.go_type());
        if scalar && self.out[before..].starts_with(bad.as_bytes()) {
            let named = format!("%!{verb}({}=", object.go_type());
            self.out
                .splice(before..before + bad.len(), named.into_bytes());
        }
    }

    fn structure(
        &mut self,
        object: &dyn Object,
        fields: &[(&'static str, Value)],
        verb: char,
        depth: usize,
    ) {
        let sharp = self.flags.sharp_v;
        if sharp {
            let name = match object.go_type() {
                Type::Pointer(target) => target.to_string(),
                other => other.to_string(),
            };
            self.write(&name);
        }
        self.out.push(b'{');
        for (index, (name, value)) in fields.iter().enumerate() {
            if index > 0 {
                self.write(if sharp { ", " } else { " " });
            }
            if sharp || self.flags.plus_v {
                self.write(name);
                self.out.push(b':');
            }
            self.value(value, verb, depth + 1);
            if !self.check_length(0) {
                return;
            }
        }
        self.out.push(b'}');
    }

    /// Addresses mean nothing here and must not differ between runs: every one is the same.
    fn pointer(&mut self, value: &Value, verb: char) {
        const ADDRESS: u64 = 0xc0_0000_0000;
        let has_address = matches!(
            value.kind(),
            Kind::Map | Kind::Slice | Kind::Pointer | Kind::Function
        );
        match verb {
            'v' if has_address && self.flags.sharp_v => {
                self.write(&format!("({})({ADDRESS:#x})", value.go_type()));
            }
            'v' | 'p' if has_address => self.write(&format!("{ADDRESS:#x}")),
            'b' | 'o' | 'd' | 'x' | 'X' if has_address => {
                self.integer(Integer::unsigned(ADDRESS), verb);
            }
            _ => self.bad_verb(value, verb),
        }
    }
}
