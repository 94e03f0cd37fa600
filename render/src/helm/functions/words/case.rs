//! `snakecase`, `kebabcase` and `camelcase`: a text is cut into words, which are joined anew.

use super::super::text::{lower, upper};

/// What a run of characters is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    None,
    Number,
    Upper,
    Letters,
    Connector,
    Punctuation,
    Other,
}

fn is_connector(character: char) -> bool {
    matches!(character, '-' | '_') || character.is_whitespace()
}

fn is_number(character: char) -> bool {
    character.is_numeric()
}

/// Punctuation of Unicode. What is a symbol (`$`, `+`, `<`, `^`, a backtick, `|`, `~`) is none.
fn is_punctuation(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_punctuation()
            && !matches!(
                character,
                '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~'
            );
    }
    matches!(character,
        '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{2043}'
        | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{ff01}'..='\u{ff03}' | '\u{ff05}'..='\u{ff0a}'
        | '\u{ff0c}'..='\u{ff0f}')
}

/// A letter that has a case or a sound; ideographs are none for the library.
fn is_letter(character: char) -> bool {
    let ideograph = matches!(character,
        '\u{2e80}'..='\u{d7ff}' | '\u{f900}'..='\u{fadf}' | '\u{20000}'..='\u{3ffff}');
    character.is_alphabetic() && !ideograph
}

/// The first word of a text, and the rest.
fn next_word(text: &[char]) -> (Word, &[char], &[char]) {
    let Some(first) = text.first().copied() else {
        return (Word::None, text, text);
    };
    let run = |test: &dyn Fn(char) -> bool| 1 + text[1..].iter().take_while(|c| test(**c)).count();
    let small = |c: char| is_letter(c) && !c.is_uppercase();
    let (word, length) = if is_connector(first) {
        (Word::Connector, run(&is_connector))
    } else if is_punctuation(first) {
        (Word::Punctuation, run(&is_punctuation))
    } else if first.is_uppercase() {
        let length = match text.get(1) {
            Some(second) if second.is_uppercase() => {
                let length = run(&char::is_uppercase);
                // The last capital begins the word of the small letters after it.
                let ends_before_letter = text.get(length).is_some_and(|c| is_letter(*c));
                length - usize::from(ends_before_letter)
            }
            Some(second) if is_letter(*second) => run(&small),
            _ => 1,
        };
        (Word::Upper, length)
    } else if is_letter(first) {
        (Word::Letters, run(&small))
    } else if is_number(first) {
        (Word::Number, run(&is_number))
    } else {
        let other =
            |c: char| !(is_connector(c) || is_letter(c) || is_number(c) || is_punctuation(c));
        (Word::Other, run(&other))
    };
    (word, &text[..length], &text[length..])
}

fn write(out: &mut String, word: Word, text: &[char], connector: char) {
    for character in text.iter().copied() {
        out.push(match word {
            Word::Upper | Word::Connector if is_connector(character) => connector,
            Word::Upper | Word::Connector if character.is_uppercase() => lower(character),
            _ => character,
        });
    }
}

/// The words of a text in small letters, with a connector between them.
pub fn joined(text: &str, connector: char) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let (mut word, mut text, mut rest) = next_word(&characters);
    while !rest.is_empty() {
        if word != Word::Connector {
            write(&mut out, word, text, connector);
        }
        let (before, last) = (word, text);
        (word, text, rest) = next_word(rest);
        match before {
            Word::Number => {
                (word, text, rest) = alphanumeric(&mut out, word, text, rest, connector);
                if !matches!(word, Word::None | Word::Punctuation | Word::Connector) {
                    out.push(connector);
                }
            }
            Word::Connector => write(&mut out, before, last, connector),
            Word::Punctuation => {}
            _ if word != Word::Number => {
                if !matches!(word, Word::Connector | Word::Punctuation) {
                    out.push(connector);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = text;
                (word, text, rest) = next_word(rest);
                if word == Word::Letters {
                    // A number before small letters belongs to them.
                    out.push(connector);
                    write(&mut out, Word::Number, number, connector);
                    (word, text, rest) = alphanumeric(&mut out, word, text, rest, connector);
                    if !matches!(word, Word::None | Word::Connector | Word::Punctuation) {
                        out.push(connector);
                    }
                } else {
                    write(&mut out, Word::Number, number, connector);
                    if !matches!(word, Word::Connector | Word::Punctuation) {
                        out.push(connector);
                    }
                }
            }
        }
    }
    write(&mut out, word, text, connector);
    out
}

/// Writes small letters and numbers as long as they come.
fn alphanumeric<'a>(
    out: &mut String,
    mut word: Word,
    mut text: &'a [char],
    mut rest: &'a [char],
    connector: char,
) -> (Word, &'a [char], &'a [char]) {
    while matches!(word, Word::Letters | Word::Number) {
        write(out, word, text, connector);
        (word, text, rest) = next_word(rest);
    }
    (word, text, rest)
}

/// The words of a text with a capital each, and nothing between them.
pub fn pascal(text: &str) -> String {
    let mut characters = text.chars();
    let mut out = String::new();
    let mut current = None;
    let mut first_upper = false;
    for character in characters.by_ref() {
        if !is_connector(character) {
            first_upper = character.is_uppercase();
            current = Some(upper(character));
            break;
        }
        current = None;
        out.push(character);
    }
    let Some(mut current) = current else {
        // The library writes the last connector twice when there is nothing else.
        if let Some(last) = out.chars().last() {
            out.push(last);
        }
        return out;
    };
    for next in characters {
        let previous = current;
        current = next;
        if is_connector(current) && is_connector(previous) {
            out.push(previous);
        } else if is_connector(previous) {
            first_upper = current.is_uppercase();
            current = upper(current);
        } else {
            if first_upper {
                if current.is_uppercase() {
                    current = lower(current);
                } else {
                    first_upper = false;
                }
            }
            out.push(previous);
        }
    }
    out.push(current);
    out
}
