//! Words: case, wrapping, abbreviation, and random texts.

use tiphys_template::{Arguments, Call, FunctionError, Functions, Signature, Text, Value};

use super::environment::environment;
use super::text::{lossy, lower, map_characters, upper};
use super::{Answer, INT, STRING};

mod case;

const ONE: Signature = Signature::new(&[STRING], STRING);
const COUNT: Signature = Signature::new(&[INT], STRING);
const COUNTED: Signature = Signature::new(&[INT, STRING], STRING);

/// Characters and bytes of a random text.
const RANDOM_LIMIT: i64 = 1 << 20;

const DIGITS: &str = "0123456789";
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

pub fn define(functions: &mut Functions) {
    functions.define("title", ONE, |_, a| Ok(titled(a.text(0)?)));
    functions.define("untitle", ONE, |_, a| Ok(untitled(a.text(0)?)));
    functions.define("swapcase", ONE, |_, a| Ok(swapped(a.text(0)?)));
    functions.define("initials", ONE, |_, a| Ok(initials(a.text(0)?)));
    functions.define("nospace", ONE, |_, a| Ok(without_space(a.text(0)?)));
    functions.define("snakecase", ONE, |_, a| {
        Ok(case::joined(&lossy(a.text(0)?), '_').into())
    });
    functions.define("kebabcase", ONE, |_, a| {
        Ok(case::joined(&lossy(a.text(0)?), '-').into())
    });
    functions.define("camelcase", ONE, |_, a| {
        Ok(case::pascal(&lossy(a.text(0)?)).into())
    });
    functions.define("abbrev", COUNTED, |_, a| {
        let (width, text) = (a.integer(0)?, a.text(1)?);
        Ok(if width < 4 {
            a.value(1).clone()
        } else {
            abbreviated(text, 0, width)
        })
    });
    functions.define(
        "abbrevboth",
        Signature::new(&[INT, INT, STRING], STRING),
        |_, a| {
            let (left, right, text) = (a.integer(0)?, a.integer(1)?, a.text(2)?);
            if right < 4 || left > 0 && right < 7 {
                return Ok(a.value(2).clone());
            }
            abbreviate_from(text, left, right)
        },
    );
    functions.define("wrap", COUNTED, |call, a| {
        wrapped(call, a.text(1)?, a.integer(0)?, b"\n", false)
    });
    functions.define(
        "wrapWith",
        Signature::new(&[INT, STRING, STRING], STRING),
        |call, a| {
            let separator: &[u8] = if a.text(1)?.is_empty() {
                b"\n"
            } else {
                a.text(1)?
            };
            wrapped(call, a.text(2)?, a.integer(0)?, separator, true)
        },
    );
    functions.define("shuffle", ONE, shuffled);
    let kinds: [(&str, String); 4] = [
        ("randAlphaNum", format!("{LETTERS}{DIGITS}")),
        ("randAlpha", LETTERS.to_owned()),
        ("randNumeric", DIGITS.to_owned()),
        ("randAscii", (' '..='~').collect()),
    ];
    for (name, alphabet) in kinds {
        functions.define(name, COUNT, move |call, a| {
            random(call, a.integer(0)?, alphabet.as_bytes())
        });
    }
    functions.define("randInt", Signature::new(&[INT, INT], INT), |call, a| {
        let (least, bound) = (a.integer(0)?, a.integer(1)?);
        let span = bound.wrapping_sub(least);
        if span <= 0 {
            return Err(FunctionError::new("invalid argument to Intn"));
        }
        let number = environment(call)?.below(span.unsigned_abs());
        Ok(Value::Int(least.wrapping_add_unsigned(number)))
    });
}

/// How many random things are asked for, within the limit.
pub fn count(call: &mut Call<'_>, count: i64) -> Result<usize, FunctionError> {
    if count > RANDOM_LIMIT {
        return Err(FunctionError::limit(format!(
            "{count} random characters are more than {RANDOM_LIMIT} (limit of random functions)"
        )));
    }
    let count = usize::try_from(count).unwrap_or(0);
    call.spend(count as u64)?;
    Ok(count)
}

fn random(call: &mut Call<'_>, wanted: i64, alphabet: &[u8]) -> Answer {
    let count = count(call, wanted)?;
    let environment = environment(call)?;
    let bound = alphabet.len() as u64;
    let text: Vec<u8> = (0..count)
        .filter_map(|_| {
            alphabet
                .get(usize::try_from(environment.below(bound)).ok()?)
                .copied()
        })
        .collect();
    Ok(Value::string(text))
}

fn shuffled(call: &mut Call<'_>, a: Arguments<'_>) -> Answer {
    let mut characters: Vec<char> = lossy(a.text(0)?).chars().collect();
    call.spend(characters.len() as u64)?;
    let environment = environment(call)?;
    for last in (1..characters.len()).rev() {
        let other = usize::try_from(environment.below(last as u64 + 1)).unwrap_or(0);
        characters.swap(last, other);
    }
    Ok(Value::string(characters.into_iter().collect::<String>()))
}

/// Go's `strings.Title`: letters that begin a word. Digits, letters and underscores go on with one.
fn titled(text: &Text) -> Value {
    let mut previous = ' ';
    let mut out = String::new();
    for character in lossy(text).chars() {
        let begins = if previous.is_ascii() {
            !(previous.is_ascii_alphanumeric() || previous == '_')
        } else {
            previous.is_whitespace()
        };
        out.push(if begins { upper(character) } else { character });
        previous = character;
    }
    out.into()
}

fn untitled(text: &Text) -> Value {
    let mut begins = true;
    let mut out = String::new();
    for character in lossy(text).chars() {
        if character.is_whitespace() {
            begins = true;
            out.push(character);
        } else {
            out.push(if begins { lower(character) } else { character });
            begins = false;
        }
    }
    out.into()
}

fn swapped(text: &Text) -> Value {
    let whitespace = std::cell::Cell::new(true);
    map_characters(text, |character| {
        if character.is_uppercase() {
            whitespace.set(false);
            lower(character)
        } else if character.is_lowercase() {
            whitespace.set(false);
            upper(character)
        } else {
            whitespace.set(character.is_whitespace());
            character
        }
    })
}

/// The library takes every byte for a character.
fn initials(text: &Text) -> Value {
    let mut gap = true;
    let mut out = String::new();
    for character in text.iter().map(|byte| char::from(*byte)) {
        if character.is_whitespace() {
            gap = true;
        } else if gap {
            out.push(character);
            gap = false;
        }
    }
    out.into()
}

/// The library takes every byte for a character, and shows it when anything is left out.
fn without_space(text: &Text) -> Value {
    let kept: String = text
        .iter()
        .map(|byte| char::from(*byte))
        .filter(|character| !character.is_whitespace())
        .collect();
    if kept.chars().count() == text.len() {
        Value::String(text.clone())
    } else {
        kept.into()
    }
}

fn abbreviated(text: &[u8], offset: i64, width: i64) -> Value {
    abbreviate_from(text, offset, width).unwrap_or_default()
}

/// Cuts a text to a width, with dots at its end and, beyond an offset of 4, at its beginning.
fn abbreviate_from(text: &[u8], offset: i64, width: i64) -> Answer {
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    if length <= width || text.is_empty() {
        return Ok(Value::string(text));
    }
    if width < 4 {
        return Ok("".into());
    }
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    let at = |number: i64| usize::try_from(number).unwrap_or(0);
    if offset <= 4 {
        return Ok(Value::string([&text[..at(width - 3)], b"..."].concat()));
    }
    if width < 7 {
        return Ok("".into());
    }
    if offset + width - 3 < length {
        let rest = abbreviated(&text[at(offset)..], 0, width - 3);
        let rest = rest.as_text().cloned().unwrap_or_default();
        return Ok(Value::string([b"...", rest.as_bytes()].concat()));
    }
    Ok(Value::string(
        [b"...", &text[at(length - (width - 3))..]].concat(),
    ))
}

fn wrapped(
    call: &mut Call<'_>,
    text: &[u8],
    width: i64,
    separator: &[u8],
    long_words: bool,
) -> Answer {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let lines = text.len() / width + 1;
    call.spend(text.len() as u64)?;
    call.reserve(
        text.len()
            .saturating_add(lines.saturating_mul(separator.len())),
    )?;
    let mut out = Vec::new();
    let mut offset = 0;
    while text.len() - offset > width {
        if text[offset] == b' ' {
            offset += 1;
            continue;
        }
        let space = text[offset..=offset + width]
            .iter()
            .rposition(|byte| *byte == b' ');
        let (end, next) = match space {
            Some(at) => (offset + at, offset + at + 1),
            None if long_words => (offset + width, offset + width),
            None => match memchr::memchr(b' ', &text[offset + width..]) {
                Some(at) => (offset + width + at, offset + width + at + 1),
                None => break,
            },
        };
        out.extend_from_slice(&text[offset..end]);
        out.extend_from_slice(separator);
        offset = next;
    }
    out.extend_from_slice(&text[offset..]);
    Ok(Value::string(out))
}
