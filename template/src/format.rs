//! Printing as Go's `fmt` package does it.

mod number;
mod printf;
mod text;
mod value;

use crate::error::FunctionError;
use crate::limits::Limits;
use crate::types::Kind;
use crate::value::Value;

/// Printing that would go beyond a limit; the text names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FormatError(pub String);

impl From<FormatError> for FunctionError {
    fn from(error: FormatError) -> Self {
        Self::limit(error.0)
    }
}

/// `fmt.Sprint`: the values by `%v`, with spaces between two of which neither is a string.
///
/// # Errors
/// When a limit is reached: nesting of the values, or length of the text.
pub fn sprint(values: &[Value], limits: &Limits) -> Result<Vec<u8>, FormatError> {
    let mut printer = Printer::new(limits);
    let mut after_string = true;
    for (index, value) in values.iter().enumerate() {
        let string = matches!(value.kind(), Kind::String);
        if index > 0 && !string && !after_string {
            printer.out.push(b' ');
        }
        printer.argument(value, 'v');
        after_string = string;
    }
    printer.finish()
}

/// `fmt.Sprintln`: the values by `%v`, with spaces between, and a newline.
///
/// # Errors
/// When a limit is reached.
pub fn sprintln(values: &[Value], limits: &Limits) -> Result<Vec<u8>, FormatError> {
    let mut printer = Printer::new(limits);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            printer.out.push(b' ');
        }
        printer.argument(value, 'v');
    }
    printer.out.push(b'\n');
    printer.finish()
}

/// `fmt.Sprintf`.
///
/// # Errors
/// When a limit is reached.
pub fn sprintf(format: &[u8], values: &[Value], limits: &Limits) -> Result<Vec<u8>, FormatError> {
    let mut printer = Printer::new(limits);
    printf::run(&mut printer, format, values);
    printer.finish()
}

/// One value by `%v`, appended to a buffer: what an action prints.
///
/// # Errors
/// When a limit is reached.
pub(crate) fn append(
    out: &mut Vec<u8>,
    value: &Value,
    limits: &Limits,
) -> Result<(), FormatError> {
    match value {
        Value::String(text) => {
            out.extend_from_slice(text);
            Ok(())
        }
        _ => {
            let mut printer = Printer::new(limits);
            printer.argument(value, 'v');
            out.append(&mut printer.finish()?);
            Ok(())
        }
    }
}

/// The same, but a pointer to a struct is shown as the struct.
pub(crate) fn append_indirect(
    out: &mut Vec<u8>,
    value: &Value,
    limits: &Limits,
) -> Result<(), FormatError> {
    let mut printer = Printer::new(limits);
    printer.indirect = true;
    printer.argument(value, 'v');
    out.append(&mut printer.finish()?);
    Ok(())
}

/// One value by a verb, lossily as text: for error texts.
pub(crate) fn describe(value: &Value, verb: char, limits: &Limits) -> String {
    let mut printer = Printer::new(limits);
    printer.argument(value, verb);
    match printer.finish() {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) => error.to_string(),
    }
}

/// Flags, width and precision of a directive.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%+v`.
    plus_v: bool,
    /// `%#v`.
    sharp_v: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// A text under way.
struct Printer<'l> {
    out: Vec<u8>,
    flags: Flags,
    /// A bad verb is being reported, which must not call methods.
    erroring: bool,
    /// Pointers at the top are followed without a sign of it.
    indirect: bool,
    limits: &'l Limits,
    failed: Option<String>,
}

impl<'l> Printer<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            out: Vec::new(),
            flags: Flags::default(),
            erroring: false,
            indirect: false,
            limits,
            failed: None,
        }
    }

    fn finish(mut self) -> Result<Vec<u8>, FormatError> {
        self.check_length(0);
        match self.failed {
            Some(text) => Err(FormatError(text)),
            None => Ok(self.out),
        }
    }

    /// Whether so many more bytes fit; if not, printing has failed.
    fn check_length(&mut self, more: usize) -> bool {
        if self.out.len().saturating_add(more) > self.limits.value_bytes && self.failed.is_none() {
            self.failed = Some(format!(
                "a printed text is longer than {} bytes (limit value_bytes)",
                self.limits.value_bytes
            ));
        }
        self.failed.is_none()
    }

    fn write(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn write_rune(&mut self, rune: char) {
        self.out
            .extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{List, Map};
    use crate::Type;

    fn printed(format: &str, values: &[Value]) -> String {
        match sprintf(format.as_bytes(), values, &Limits::default()) {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(error) => error.to_string(),
        }
    }

    /// Recorded from Go 1.26.
    #[test]
    fn directives_as_go() {
        let text = Value::string("héy");
        for (format, value, wanted) in [
            ("%v", Value::Float64(12_345_678.0), "1.2345678e+07"),
            ("%d", Value::Float64(3.0), "%!d(float64=3)"),
            ("%d", text.clone(), "%!d(string=héy)"),
            ("%5s|", text.clone(), "  héy|"),
            ("%-5s|", text.clone(), "héy  |"),
            ("%05s|", text.clone(), "00héy|"),
            ("%.2s|", text.clone(), "hé|"),
            ("%q", text.clone(), "\"héy\""),
            ("%+q", text.clone(), "\"h\\u00e9y\""),
            ("%#q", text.clone(), "`héy`"),
            ("%x", text.clone(), "68c3a979"),
            ("% X", text.clone(), "68 C3 A9 79"),
            ("%#x", text.clone(), "0x68c3a979"),
            ("%+d", Value::Int(5), "+5"),
            ("%06d", Value::Int(-42), "-00042"),
            ("%#x", Value::Int(255), "0xff"),
            ("%#o", Value::Int(8), "010"),
            ("%O", Value::Int(8), "0o10"),
            ("%b", Value::Int(5), "101"),
            ("%c", Value::Int(0x4e16), "世"),
            ("%q", Value::Int(10), "'\\n'"),
            ("%U", Value::Int(0x1f600), "U+1F600"),
            ("%#U", Value::Int(0x1f600), "U+1F600 '😀'"),
            ("%8.2f|", Value::Float64(3.14159), "    3.14|"),
            ("%+.1e", Value::Float64(0.0), "+0.0e+00"),
            ("%t", Value::Bool(true), "true"),
            ("%s", Value::Bool(true), "%!s(bool=true)"),
            ("%T", Value::Int64(1), "int64"),
            ("%s", Value::Nil, "%!s(<nil>)"),
            ("%v", Value::Nil, "<nil>"),
            ("%!", Value::Int(1), "%!!(int=1)"),
            ("%", Value::Int(1), "%!(NOVERB)%!(EXTRA int=1)"),
            ("%d %d", Value::Int(1), "1 %!d(MISSING)"),
            ("x", Value::Int(1), "x%!(EXTRA int=1)"),
            ("%[2]d", Value::Int(1), "%!d(BADINDEX)"),
            ("%[1]d %[1]v", Value::Int(1), "1 1"),
            ("%v", Value::Complex128(1.0, -2.0), "(1-2i)"),
        ] {
            assert_eq!(printed(format, &[value]), wanted, "{format}");
        }
    }

    #[test]
    fn containers_as_go() {
        let map = Value::map([
            ("b", Value::list(vec![Value::Int(1), Value::Nil, Value::string("x")])),
            ("a", Value::Bool(true)),
        ]);
        assert_eq!(printed("%v", &[map.clone()]), "map[a:true b:[1 <nil> x]]");
        assert_eq!(
            printed("%#v", &[map.clone()]),
            "map[string]interface {}{\"a\":true, \"b\":[]interface {}{1, interface {}(nil), \"x\"}}"
        );
        assert_eq!(
            printed("%d", &[map]),
            "map[%!d(string=a):%!d(bool=true) %!d(string=b):[1 <nil> %!d(string=x)]]"
        );
        let nil = Value::List(List::nil(Type::STRINGS));
        assert_eq!(printed("%v %#v", &[nil.clone(), nil]), "[] []string(nil)");
        assert_eq!(printed("%v", &[Value::Bytes("ab".into())]), "[97 98]");
        assert_eq!(printed("%s", &[Value::Bytes("ab".into())]), "ab");
    }

    #[test]
    fn a_map_in_itself_ends_at_the_limit() {
        let guard = crate::CycleGuard::new();
        let map = Map::new(Type::MAP, Default::default());
        map.insert("self", Value::Map(map.clone()));
        let error = sprint(&[Value::Map(map)], &Limits::default());
        assert!(error.is_err_and(|error| error.to_string().contains("value_depth")));
        drop(guard);
    }

    #[test]
    fn widths_do_not_pass_the_limit() {
        let limits = Limits {
            value_bytes: 1000,
            ..Limits::default()
        };
        assert!(sprintf(b"%1000d", &[Value::Int(1)], &limits).is_ok());
        assert!(sprintf(b"%1001d", &[Value::Int(1)], &limits).is_err());
        assert!(sprintf(b"%.1001d", &[Value::Int(1)], &limits).is_err());
        assert!(sprintf(b"%.999999f", &[Value::Float64(1.0)], &limits).is_err());
    }
}
