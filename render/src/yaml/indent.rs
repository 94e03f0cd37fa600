//! Brackets and quotes whose later lines are no deeper than their key: go-yaml takes them at any column, the scanner of this
//! crate refuses them. The lines it stumbles over are indented, which changes nothing of what they say.

use std::collections::BTreeMap;

use saphyr_parser::ScanError;

/// Lines that are indented in one text, at most: every one of brackets costs another reading.
const LINES: usize = 1000;
/// Bytes that may be read again in all.
const BYTES: usize = 32 << 20;
/// Blanks that go before a line: more than any block is deep.
const BLANKS: usize = 400;

/// A text with lines that were indented.
#[derive(Debug, Default)]
pub struct Indented {
    /// Line, from 1, to blanks before it.
    lines: BTreeMap<usize, usize>,
    bytes: usize,
}

impl Indented {
    /// The text without the fault that the scanner found; `None` when it is another one, or the limits are reached.
    pub fn repair(&mut self, text: &str, error: &ScanError) -> Option<String> {
        let marker = error.marker();
        let (first, last) = match error.info() {
            "invalid indentation" | "invalid indentation in flow construct" => {
                (marker.line(), marker.line())
            }
            "invalid indentation in quoted scalar" => {
                let lines = quoted_lines(text, marker.index())?;
                (marker.line() + 1, marker.line() + lines)
            }
            _ => return None,
        };
        if last < first {
            return None;
        }
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes > BYTES {
            return None;
        }
        for line in first..=last {
            // Once is enough: what is still wrong is another matter.
            if self.lines.len() >= LINES || self.lines.insert(line, BLANKS).is_some() {
                return None;
            }
        }
        let mut repaired = String::with_capacity(text.len() + BLANKS * (last + 1 - first));
        for (index, line) in text.split_inclusive('\n').enumerate() {
            if (first..=last).contains(&(index + 1)) {
                repaired.extend(std::iter::repeat_n(' ', BLANKS));
            }
            repaired.push_str(line);
        }
        Some(repaired)
    }

    /// The column in the text as it was given, for one in the text as it is read.
    pub fn column(&self, line: usize, column: usize) -> usize {
        let before = self.lines.get(&line).copied().unwrap_or_default();
        column.saturating_sub(before).max(1)
    }
}

/// Line breaks in the quoted text that begins at a character; `None` when it does not end.
fn quoted_lines(text: &str, from: usize) -> Option<usize> {
    let mut characters = text.chars().skip(from).peekable();
    let quote = characters.next()?;
    let mut lines = 0;
    while let Some(character) = characters.next() {
        match character {
            '\n' => lines += 1,
            '\\' if quote == '"' => lines += usize::from(characters.next()? == '\n'),
            '\'' if quote == '\'' && characters.peek() == Some(&'\'') => {
                characters.next();
            }
            other if other == quote => return Some(lines),
            _ => {}
        }
    }
    None
}
