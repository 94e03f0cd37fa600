//! Directives of `Printf`.

use super::{Flags, Printer};
use crate::strconv::decode_rune;
use crate::value::Value;

/// The largest width, precision and argument number.
const MAXIMUM: i64 = 1_000_000;

struct Directives<'p, 'l, 'a> {
    printer: &'p mut Printer<'l>,
    format: &'a [u8],
    values: &'a [Value],
    /// The next byte of the format.
    at: usize,
    /// The next argument.
    argument: usize,
    /// An argument was named by its number.
    reordered: bool,
    /// The last such number is one of an argument.
    good_number: bool,
    /// The last thing read was such a number.
    after_number: bool,
}

/// Prints the format with its values.
pub(super) fn run(printer: &mut Printer<'_>, format: &[u8], values: &[Value]) {
    let mut directives = Directives {
        printer,
        format,
        values,
        at: 0,
        argument: 0,
        reordered: false,
        good_number: true,
        after_number: false,
    };
    while directives.printer.check_length(0) && directives.step() {}
    directives.extra();
}

impl Directives<'_, '_, '_> {
    /// Prints text and one directive; false at the end.
    fn step(&mut self) -> bool {
        self.good_number = true;
        let rest = &self.format[self.at..];
        let text = rest
            .iter()
            .position(|&byte| byte == b'%')
            .unwrap_or(rest.len());
        self.printer.out.extend_from_slice(&rest[..text]);
        self.at += text;
        if self.at >= self.format.len() {
            return false;
        }
        self.at += 1;
        self.flags();
        self.argument_number();
        self.width();
        self.precision();
        if !self.after_number {
            self.argument_number();
        }
        if self.at >= self.format.len() {
            self.printer.write("%!(NOVERB)");
            return false;
        }
        let (verb, width) = decode_rune(&self.format[self.at..]);
        self.at += width;
        self.verb(verb);
        true
    }

    fn flags(&mut self) {
        self.printer.flags = Flags::default();
        while let Some(byte) = self.format.get(self.at) {
            let flags = &mut self.printer.flags;
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
    }

    fn verb(&mut self, verb: char) {
        if verb == '%' {
            self.printer.out.push(b'%');
        } else if !self.good_number {
            self.bang(verb, "(BADINDEX)");
        } else if let Some(value) = self.values.get(self.argument) {
            if matches!(verb, 'v' | 'w') {
                let flags = &mut self.printer.flags;
                flags.sharp_v = std::mem::replace(&mut flags.sharp, false);
                flags.plus_v = std::mem::replace(&mut flags.plus, false);
            }
            self.printer.argument(value, verb);
            self.argument += 1;
        } else {
            self.bang(verb, "(MISSING)");
        }
    }

    fn bang(&mut self, verb: char, text: &str) {
        self.printer.write("%!");
        self.printer.write_rune(verb);
        self.printer.write(text);
    }

    fn width(&mut self) {
        if self.format.get(self.at) == Some(&b'*') {
            self.at += 1;
            match self.integer_argument() {
                None => self.printer.write("%!(BADWIDTH)"),
                Some(width) => {
                    self.printer.flags.width = usize::try_from(width.unsigned_abs()).ok();
                    if width < 0 {
                        self.printer.flags.minus = true;
                        self.printer.flags.zero = false;
                    }
                }
            }
            self.after_number = false;
        } else {
            self.printer.flags.width = self.number(self.format.len());
            if self.after_number && self.printer.flags.width.is_some() {
                self.good_number = false;
            }
        }
    }

    fn precision(&mut self) {
        if self.at + 1 >= self.format.len() || self.format[self.at] != b'.' {
            return;
        }
        self.at += 1;
        if self.after_number {
            self.good_number = false;
        }
        self.argument_number();
        if self.format.get(self.at) == Some(&b'*') {
            self.at += 1;
            let precision = self
                .integer_argument()
                .and_then(|precision| usize::try_from(precision).ok());
            self.printer.flags.precision = precision;
            if precision.is_none() {
                self.printer.write("%!(BADPREC)");
            }
            self.after_number = false;
        } else {
            let precision = self.number(self.format.len());
            self.printer.flags.precision = Some(precision.unwrap_or(0));
        }
    }

    /// A width or precision that is an argument.
    fn integer_argument(&mut self) -> Option<i64> {
        let value = self.values.get(self.argument)?;
        self.argument += 1;
        value
            .as_integer()
            .filter(|number| (-MAXIMUM..=MAXIMUM).contains(number))
    }

    /// A decimal number up to `end`. One that is too large is none, and takes all of it.
    fn number(&mut self, end: usize) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.format[..end]
            .get(self.at)
            .filter(|byte| byte.is_ascii_digit())
        {
            let value = number.unwrap_or(0);
            if value > MAXIMUM {
                self.at = end;
                return None;
            }
            number = Some(value * 10 + i64::from(digit - b'0'));
            self.at += 1;
        }
        number.and_then(|number| usize::try_from(number).ok())
    }

    /// `[n]`, when it is there.
    fn argument_number(&mut self) {
        self.after_number = false;
        if self.format.get(self.at) != Some(&b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let close = rest.iter().position(|&byte| byte == b']');
        let Some(close) = close.filter(|_| rest.len() >= 3) else {
            self.at += 1;
            self.good_number = false;
            return;
        };
        let end = self.at + close;
        self.at += 1;
        let number = if self.at < end { self.number(end) } else { None };
        let whole = self.at == end;
        self.at = end + 1;
        match number.filter(|_| whole) {
            Some(number) if (1..=self.values.len()).contains(&number) => {
                self.argument = number - 1;
                self.after_number = true;
            }
            Some(_) => {
                self.good_number = false;
                self.after_number = true;
            }
            None => self.good_number = false,
        }
    }

    /// Arguments that no directive used, unless they were named by number.
    fn extra(&mut self) {
        if self.reordered || self.argument >= self.values.len() {
            return;
        }
        self.printer.flags = Flags::default();
        self.printer.write("%!(EXTRA ");
        let extra = &self.values[self.argument..];
        for (index, value) in extra.iter().enumerate() {
            if index > 0 {
                self.printer.write(", ");
            }
            if let Value::Nil = value {
                self.printer.write("<nil>");
            } else {
                self.printer.write(&value.go_type().to_string());
                self.printer.out.push(b'=');
                self.printer.argument(value, 'v');
            }
        }
        self.printer.out.push(b')');
    }
}
