//! Strings: cutting, joining, searching and quoting.

use tiphys_template::{
    Arguments, Call, FunctionError, Functions, List, Map, Signature, Text, Type, Value,
};

use super::text::{display, lossy, lower, map_characters, plain, quoted, upper};
use super::{ANY, Answer, BOOL, INT, STRING, STRINGS};

const ONE: Signature = Signature::new(&[STRING], STRING);
const TWO: Signature = Signature::new(&[STRING, STRING], STRING);
const TEST: Signature = Signature::new(&[STRING, STRING], BOOL);
const COUNTED: Signature = Signature::new(&[INT, STRING], STRING);
const CASES: Signature = Signature::variadic(&[], ANY, STRING);

pub fn define(functions: &mut Functions) {
    changes(functions);
    conversions(functions);
    functions.define("hello", Signature::new(&[], STRING), |_, _| {
        Ok("Hello!".into())
    });
    functions.define("upper", ONE, |_, a| Ok(map_characters(a.text(0)?, upper)));
    functions.define("lower", ONE, |_, a| Ok(map_characters(a.text(0)?, lower)));
    functions.define("trim", ONE, |_, a| {
        Ok(trimmed(a.text(0)?, char::is_whitespace, true, true))
    });
    for name in ["trimAll", "trimall"] {
        functions.define(name, TWO, |_, a| {
            let set: Vec<char> = lossy(a.text(0)?).chars().collect();
            Ok(trimmed(a.text(1)?, |c| set.contains(&c), true, true))
        });
    }
    functions.define("trimSuffix", TWO, |_, a| {
        let (suffix, text) = (a.text(0)?, a.text(1)?);
        Ok(Value::String(
            text.strip_suffix(suffix.as_bytes())
                .map_or_else(|| text.clone(), Text::from),
        ))
    });
    functions.define("trimPrefix", TWO, |_, a| {
        let (prefix, text) = (a.text(0)?, a.text(1)?);
        Ok(Value::String(
            text.strip_prefix(prefix.as_bytes())
                .map_or_else(|| text.clone(), Text::from),
        ))
    });
    functions.define("contains", TEST, |_, a| {
        Ok(find(a.text(1)?, a.text(0)?).is_some().into())
    });
    functions.define("hasPrefix", TEST, |_, a| {
        Ok(a.text(1)?.starts_with(a.text(0)?).into())
    });
    functions.define("hasSuffix", TEST, |_, a| {
        Ok(a.text(1)?.ends_with(a.text(0)?).into())
    });
}

/// Strings made of others.
fn changes(functions: &mut Functions) {
    functions.define("repeat", COUNTED, repeat);
    functions.define("indent", COUNTED, |call, a| {
        Ok(Value::string(indented(
            call,
            a.integer(0)?,
            a.text(1)?,
            b"",
        )?))
    });
    functions.define("nindent", COUNTED, |call, a| {
        Ok(Value::string(indented(
            call,
            a.integer(0)?,
            a.text(1)?,
            b"\n",
        )?))
    });
    functions.define(
        "replace",
        Signature::new(&[STRING, STRING, STRING], STRING),
        |call, a| {
            Ok(Value::string(replaced(
                call,
                a.text(2)?,
                a.text(0)?,
                a.text(1)?,
            )?))
        },
    );
    functions.define("trunc", COUNTED, |_, a| {
        Ok(truncated(a.integer(0)?, a.text(1)?))
    });
    functions.define(
        "substr",
        Signature::new(&[INT, INT, STRING], STRING),
        |_, a| substring(a.integer(0)?, a.integer(1)?, a.text(2)?),
    );
}

/// Values as strings, strings as lists.
fn conversions(functions: &mut Functions) {
    functions.define("quote", CASES, |_, a| {
        joined(&a, |value| Ok(quoted(&plain(value)?).into_bytes()))
    });
    functions.define("squote", CASES, |_, a| {
        joined(&a, |value| Ok([b"'", &*display(value)?, b"'"].concat()))
    });
    functions.define("cat", CASES, |_, a| {
        joined(&a, |value| Ok(display(value)?.to_vec()))
    });
    functions.define(
        "plural",
        Signature::new(&[STRING, STRING, INT], STRING),
        |_, a| Ok(a.value(usize::from(a.integer(2)? != 1)).clone()),
    );
    functions.define("toString", Signature::new(&[ANY], STRING), |_, a| {
        Ok(Value::String(plain(a.value(0))?))
    });
    functions.define("toStrings", Signature::new(&[ANY], STRINGS), |_, a| {
        Ok(match a.value(0) {
            Value::List(list) if list.go_type() == STRINGS => a.value(0).clone(),
            other => Value::strings(as_strings(other)?),
        })
    });
    functions.define("join", Signature::new(&[STRING, ANY], STRING), |call, a| {
        let parts = as_strings(a.value(1))?;
        let bytes = parts
            .iter()
            .map(|part| part.len() + a.text(0).map_or(0, |s| s.len()))
            .sum();
        call.reserve(bytes)?;
        Ok(Value::string(parts.join(a.text(0)?.as_bytes())))
    });
    functions.define(
        "splitList",
        Signature::new(&[STRING, STRING], STRINGS),
        |call, a| {
            let parts = split(a.text(1)?, a.text(0)?, -1);
            call.spend(parts.len() as u64)?;
            Ok(Value::strings(parts))
        },
    );
    functions.define(
        "split",
        Signature::new(&[STRING, STRING], Type::STRING_MAP),
        |call, a| numbered(call, split(a.text(1)?, a.text(0)?, -1)),
    );
    functions.define(
        "splitn",
        Signature::new(&[STRING, INT, STRING], Type::STRING_MAP),
        |call, a| numbered(call, split(a.text(2)?, a.text(0)?, a.integer(1)?)),
    );
    functions.define("sortAlpha", Signature::new(&[ANY], STRINGS), sort_alpha);
}

fn sort_alpha(call: &mut Call<'_>, a: Arguments<'_>) -> Answer {
    let value = a.value(0);
    if let Value::List(list) = value
        && list.go_type() == STRINGS
    {
        let mut items = as_strings(value)?;
        call.spend(items.len() as u64)?;
        items.sort();
        // Sprig sorts a list of strings where it stands.
        list.replace(items.into_iter().map(Value::String).collect());
        return Ok(value.clone());
    }
    match super::lists::items(value) {
        Some(_) => {
            let mut items = as_strings(value)?;
            call.spend(items.len() as u64)?;
            items.sort();
            Ok(Value::strings(items))
        }
        None => Ok(Value::strings([plain(value)?])),
    }
}

fn trimmed(text: &Text, cut: impl Fn(char) -> bool, start: bool, end: bool) -> Value {
    let Some(valid) = text.as_str() else {
        let valid = lossy(text);
        return Value::string(valid.trim_matches(cut));
    };
    let mut rest = valid;
    if start {
        rest = rest.trim_start_matches(&cut);
    }
    if end {
        rest = rest.trim_end_matches(&cut);
    }
    if rest.len() == valid.len() {
        return Value::String(text.clone());
    }
    Value::string(rest)
}

/// Where a text first occurs.
pub fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    memchr::memmem::find(text, part)
}

fn repeat(call: &mut Call<'_>, a: Arguments<'_>) -> Answer {
    let count = usize::try_from(a.integer(0)?)
        .map_err(|_| FunctionError::new("strings: negative Repeat count"))?;
    let text = a.text(1)?;
    call.reserve(text.len().saturating_mul(count))?;
    Ok(Value::string(text.repeat(count)))
}

fn indented(
    call: &mut Call<'_>,
    spaces: i64,
    text: &[u8],
    before: &[u8],
) -> Result<Vec<u8>, FunctionError> {
    let spaces = usize::try_from(spaces)
        .map_err(|_| FunctionError::new("strings: negative Repeat count"))?;
    let lines = memchr::memchr_iter(b'\n', text).count() + 1;
    let size = lines
        .saturating_mul(spaces)
        .saturating_add(text.len() + before.len());
    call.reserve(size)?;
    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(before);
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if index > 0 {
            out.push(b'\n');
        }
        out.resize(out.len() + spaces, b' ');
        out.extend_from_slice(line);
    }
    Ok(out)
}

/// Every occurrence of a text replaced; the empty text occurs around every character.
fn replaced(
    call: &mut Call<'_>,
    text: &[u8],
    old: &[u8],
    new: &[u8],
) -> Result<Vec<u8>, FunctionError> {
    let count = if old.is_empty() {
        text.len() + 1
    } else {
        memchr::memmem::find_iter(text, old).count()
    };
    call.reserve(text.len().saturating_add(count.saturating_mul(new.len())))?;
    let mut out = Vec::new();
    if old.is_empty() {
        out.extend_from_slice(new);
        for character in characters(text) {
            out.extend_from_slice(character);
            out.extend_from_slice(new);
        }
        return Ok(out);
    }
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    Ok(out)
}

/// The characters of a text, each invalid byte by itself.
fn characters(text: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut at = 0;
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            parts.push(&text[at..at + character.len_utf8()]);
            at += character.len_utf8();
        }
        for _ in chunk.invalid() {
            parts.push(&text[at..=at]);
            at += 1;
        }
    }
    parts
}

/// Go's `SplitN`: at most so many parts, all when the number is negative.
fn split(text: &[u8], separator: &[u8], most: i64) -> Vec<Text> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if most == 0 {
        return Vec::new();
    }
    let mut parts = Vec::new();
    if separator.is_empty() {
        let characters = characters(text);
        let mut at = 0;
        for character in &characters {
            if parts.len() + 1 == most {
                break;
            }
            parts.push(Text::from(*character));
            at += character.len();
        }
        if at < text.len() {
            parts.push(Text::from(&text[at..]));
        }
        return parts;
    }
    let mut rest = text;
    while parts.len() + 1 < most
        && let Some(at) = memchr::memmem::find(rest, separator)
    {
        parts.push(Text::from(&rest[..at]));
        rest = &rest[at + separator.len()..];
    }
    parts.push(Text::from(rest));
    parts
}

/// A map from `_0`, `_1`, … to the parts.
fn numbered(call: &mut Call<'_>, parts: Vec<Text>) -> Answer {
    call.spend(parts.len() as u64)?;
    let entries = parts
        .into_iter()
        .enumerate()
        .map(|(index, part)| (Text::from(format!("_{index}")), Value::String(part)))
        .collect();
    Ok(Value::Map(Map::new(Type::STRING_MAP, entries)))
}

fn truncated(count: i64, text: &Text) -> Value {
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let cut = |number: i64| usize::try_from(number).unwrap_or(0);
    if count < 0 && length.saturating_add(count) > 0 {
        Value::string(&text[cut(length + count)..])
    } else if count >= 0 && length > count {
        Value::string(&text[..cut(count)])
    } else {
        Value::String(text.clone())
    }
}

fn substring(start: i64, end: i64, text: &Text) -> Answer {
    let length = text.len();
    let to = usize::try_from(end).ok();
    let out_of_range = |what: String| {
        FunctionError::new(format!("runtime error: slice bounds out of range {what}"))
    };
    let Ok(from) = usize::try_from(start) else {
        return match to {
            Some(to) if to <= length => Ok(Value::string(&text[..to])),
            Some(to) => Err(out_of_range(format!("[:{to}] with length {length}"))),
            None => Err(out_of_range(format!("[:{end}]"))),
        };
    };
    let to = to.filter(|to| *to <= length);
    match to {
        None if from <= length => Ok(Value::string(&text[from..])),
        None => Err(out_of_range(format!("[{from}:{length}]"))),
        Some(to) if from <= to => Ok(Value::string(&text[from..to])),
        Some(to) => Err(out_of_range(format!("[{from}:{to}]"))),
    }
}

/// The arguments that are not nil, each made a text, with spaces between them.
fn joined(values: &[Value], show: impl Fn(&Value) -> Result<Vec<u8>, FunctionError>) -> Answer {
    let parts: Vec<Vec<u8>> = values
        .iter()
        .filter(|value| !matches!(value, Value::Nil))
        .map(show)
        .collect::<Result<_, _>>()?;
    Ok(Value::string(parts.join(&b' ')))
}

/// Sprig's `strslice`: the items of a list that are not nil as texts; anything else is a list of one.
pub fn as_strings(value: &Value) -> Result<Vec<Text>, FunctionError> {
    match super::lists::items(value) {
        Some(items) => items
            .iter()
            .filter(|item| !matches!(item, Value::Nil))
            .map(plain)
            .collect(),
        None if matches!(value, Value::Nil) => Ok(Vec::new()),
        None => Ok(vec![plain(value)?]),
    }
}

/// A list of strings that keeps its type.
pub fn string_list(items: Vec<Text>) -> List {
    List::new(STRINGS, items.into_iter().map(Value::String).collect())
}
