//! Regular expressions with Go's syntax, complaints and rules of replacement.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use regex::bytes::{Captures, Regex, RegexBuilder};
use tiphys_template::{Arguments, Call, FunctionError, Functions, List, Signature, Text, Value};

use super::{Answer, BOOL, INT, STRING, STRINGS};

mod syntax;

/// Bytes of an expression.
const EXPRESSION_BYTES: usize = 16 << 10;
/// Bytes of a compiled expression.
const COMPILED_BYTES: usize = 8 << 20;
/// Expressions that a thread keeps compiled.
const KEPT: usize = 256;

thread_local! {
    static COMPILED: RefCell<HashMap<Vec<u8>, Rc<Regex>>> = RefCell::default();
}

/// A function that has a quiet form and one that begins with `must`.
type Body = fn(&mut Call<'_>, Arguments<'_>, &Regex) -> Answer;

pub fn define(functions: &mut Functions) {
    let table: [(&str, &str, Signature, Body); 6] = [
        (
            "regexMatch",
            "mustRegexMatch",
            Signature::new(&[STRING, STRING], BOOL),
            |_, a, regex| Ok(regex.is_match(a.text(1)?).into()),
        ),
        (
            "regexFind",
            "mustRegexFind",
            Signature::new(&[STRING, STRING], STRING),
            |_, a, regex| {
                let found = regex.find(a.text(1)?);
                Ok(Value::string(
                    found.map_or(&[][..], |found| found.as_bytes()),
                ))
            },
        ),
        (
            "regexFindAll",
            "mustRegexFindAll",
            Signature::new(&[STRING, STRING, INT], STRINGS),
            find_all,
        ),
        (
            "regexSplit",
            "mustRegexSplit",
            Signature::new(&[STRING, STRING, INT], STRINGS),
            split,
        ),
        (
            "regexReplaceAll",
            "mustRegexReplaceAll",
            Signature::new(&[STRING; 3], STRING),
            |call, a, regex| replace(call, a, regex, true),
        ),
        (
            "regexReplaceAllLiteral",
            "mustRegexReplaceAllLiteral",
            Signature::new(&[STRING; 3], STRING),
            |call, a, regex| replace(call, a, regex, false),
        ),
    ];
    for (quiet, strict, signature, body) in table {
        functions.define(strict, signature, move |call, a| {
            let regex = compile(call, a.text(0)?)?;
            body(call, a, &regex)
        });
        functions.define(quiet, signature, move |call, a| {
            let expression = a.text(0)?;
            match compile(call, expression) {
                Ok(regex) => body(call, a, &regex),
                Err(error) if error.is_limit() => Err(error),
                // The first one asks quietly, the others panic.
                Err(_) if call.name() == "regexMatch" => Ok(false.into()),
                Err(error) => Err(FunctionError::new(format!(
                    "regexp: Compile({}): {error}",
                    quoted(&expression.to_string_lossy())
                ))),
            }
        });
    }
    functions.define(
        "regexQuoteMeta",
        Signature::new(&[STRING], STRING),
        |_, a| {
            let mut out = Vec::new();
            for byte in a.text(0)?.iter().copied() {
                if br"\.+*?()|[]{}^$".contains(&byte) {
                    out.push(b'\\');
                }
                out.push(byte);
            }
            Ok(Value::string(out))
        },
    );
}

/// Backquotes where they can hold the text, a quotation otherwise.
fn quoted(text: &str) -> String {
    let plain = |c: char| c != '`' && c != '\u{feff}' && c != '\u{7f}' && (c == '\t' || c >= ' ');
    if text.chars().all(plain) {
        format!("`{text}`")
    } else {
        super::text::quoted(text.as_bytes())
    }
}

fn compile(call: &mut Call<'_>, expression: &Text) -> Result<Rc<Regex>, FunctionError> {
    if let Some(regex) =
        COMPILED.with_borrow(|compiled| compiled.get(expression.as_bytes()).cloned())
    {
        return Ok(regex);
    }
    if expression.len() > EXPRESSION_BYTES {
        return Err(FunctionError::limit(format!(
            "a regular expression of {} bytes is longer than {EXPRESSION_BYTES} (limit of regex functions)",
            expression.len()
        )));
    }
    call.spend(expression.len() as u64)?;
    let Some(text) = expression.as_str() else {
        let shown = expression.to_string_lossy();
        return Err(format!("error parsing regexp: invalid UTF-8: `{shown}`").into());
    };
    let translated =
        syntax::translate(text).map_err(|error| format!("error parsing regexp: {error}"))?;
    let regex = RegexBuilder::new(&translated)
        .size_limit(COMPILED_BYTES)
        .dfa_size_limit(COMPILED_BYTES)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => FunctionError::limit(format!(
                "error parsing regexp: expression too large: `{text}` (limit of {COMPILED_BYTES} bytes compiled)"
            )),
            // The translator lets through only what can be built, but for names of classes.
            _ => FunctionError::new(format!(
                "error parsing regexp: invalid character class range: `{text}`"
            )),
        })?;
    let regex = Rc::new(regex);
    COMPILED.with_borrow_mut(|compiled| {
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        compiled.insert(expression.to_vec(), Rc::clone(&regex));
    });
    Ok(regex)
}

/// Whether a place is between two characters; always within what is no UTF-8.
fn is_boundary(text: &[u8], at: usize) -> bool {
    match text.get(at) {
        Some(byte) if byte & 0xc0 == 0x80 => {
            // A continuation belongs to the character before it, if there is one.
            let start = text[..at]
                .iter()
                .rposition(|byte| byte & 0xc0 != 0x80)
                .unwrap_or(0);
            let end = (at + 3).min(text.len());
            let whole = text[start..end].utf8_chunks().next();
            !whole.is_some_and(|chunk| {
                chunk
                    .valid()
                    .chars()
                    .next()
                    .is_some_and(|c| start + c.len_utf8() > at)
            })
        }
        _ => true,
    }
}

/// The next match from a place on. An empty one within a character is none.
fn next_match<'t>(regex: &Regex, text: &'t [u8], from: usize) -> Option<Captures<'t>> {
    let mut from = from;
    loop {
        let captures = regex.captures_at(text, from)?;
        let whole = captures.get(0)?;
        if !whole.is_empty() || is_boundary(text, whole.start()) {
            return Some(captures);
        }
        from = whole.start() + 1;
    }
}

/// All matches, at most so many when the number is not negative. One that is empty does not follow another at once.
fn matches<'t>(
    call: &mut Call<'_>,
    regex: &Regex,
    text: &'t [u8],
    most: i64,
) -> Result<Vec<Captures<'t>>, FunctionError> {
    call.spend(text.len() as u64)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    let mut at = 0;
    let mut end_of_last = None;
    while found.len() < most && at <= text.len() {
        let Some(captures) = next_match(regex, text, at) else {
            break;
        };
        let Some(Range { start, end }) = captures.get(0).map(|whole| whole.range()) else {
            break;
        };
        call.spend(1)?;
        let accepted = end != at || end_of_last != Some(start);
        if end == at {
            at += 1;
            while !is_boundary(text, at) {
                at += 1;
            }
        } else {
            at = end;
        }
        end_of_last = Some(end);
        if accepted {
            found.push(captures);
        }
    }
    Ok(found)
}

fn find_all(call: &mut Call<'_>, a: Arguments<'_>, regex: &Regex) -> Answer {
    let found = matches(call, regex, a.text(1)?, a.integer(2)?)?;
    if found.is_empty() {
        return Ok(Value::List(List::nil(STRINGS)));
    }
    Ok(Value::strings(
        found
            .iter()
            .filter_map(|captures| captures.get(0))
            .map(|whole| whole.as_bytes()),
    ))
}

fn split(call: &mut Call<'_>, a: Arguments<'_>, regex: &Regex) -> Answer {
    let (text, most) = (a.text(1)?, a.integer(2)?);
    if most == 0 {
        return Ok(Value::List(List::nil(STRINGS)));
    }
    if !a.text(0)?.is_empty() && text.is_empty() {
        return Ok(Value::strings([""]));
    }
    let limit = usize::try_from(most).unwrap_or(usize::MAX);
    let mut parts: Vec<&[u8]> = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for captures in matches(call, regex, text, most)? {
        if parts.len() + 1 == limit {
            break;
        }
        let Some(whole) = captures.get(0) else { break };
        end = whole.start();
        if whole.end() != 0 {
            parts.push(&text[begin..end]);
        }
        begin = whole.end();
    }
    if end != text.len() {
        parts.push(&text[begin..]);
    }
    Ok(Value::strings(parts))
}

fn replace(call: &mut Call<'_>, a: Arguments<'_>, regex: &Regex, expands: bool) -> Answer {
    let (text, replacement) = (a.text(1)?, a.text(2)?);
    let found = matches(call, regex, text, -1)?;
    let mut out = Vec::new();
    let mut copied = 0;
    for captures in found {
        let Some(whole) = captures.get(0) else { break };
        out.extend_from_slice(&text[copied..whole.start()]);
        copied = whole.end();
        if expands {
            expand(&mut out, &captures, replacement);
        } else {
            out.extend_from_slice(replacement);
        }
        call.reserve(out.len())?;
    }
    out.extend_from_slice(&text[copied..]);
    Ok(Value::string(out))
}

/// Go's templates of replacement: `$1`, `${1}`, `$name`, `$$`; a name is as long as it can be.
fn expand(out: &mut Vec<u8>, captures: &Captures<'_>, template: &[u8]) {
    let mut rest = template;
    while let Some(at) = memchr::memchr(b'$', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if rest.first() == Some(&b'$') {
            out.push(b'$');
            rest = &rest[1..];
            continue;
        }
        let braced = rest.first() == Some(&b'{');
        let start = usize::from(braced);
        let length = name_length(&rest[start..]);
        let name = &rest[start..start + length];
        if length == 0 || braced && rest.get(start + length) != Some(&b'}') {
            out.push(b'$');
            continue;
        }
        rest = &rest[start + length + usize::from(braced)..];
        out.extend_from_slice(group(captures, name).unwrap_or_default());
    }
    out.extend_from_slice(rest);
}

/// Bytes of letters, digits and underscores.
fn name_length(text: &[u8]) -> usize {
    let valid = text.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    valid
        .find(|character: char| !(character.is_alphanumeric() || character == '_'))
        .unwrap_or(valid.len())
}

/// What a group matched, by number or name.
fn group<'t>(captures: &Captures<'t>, name: &[u8]) -> Option<&'t [u8]> {
    let name = std::str::from_utf8(name).ok()?;
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit())
        && (name.len() == 1 || !name.starts_with('0'));
    let found = if is_number {
        captures.get(name.parse().ok()?)
    } else {
        captures.name(name)
    };
    found.map(|found| found.as_bytes())
}
