//! Quoted texts, and collections in brackets on one line.

use std::borrow::Cow;

use memchr::memchr;
use serde_json::{Map, Value};

use super::{Reader, is_plain_key, kept, unindented};
use crate::yaml::Outline;

impl Reader<'_> {
    /// The collection that a text begins with, and what follows it.
    pub(super) fn flow<'t>(
        &mut self,
        text: &'t str,
        outline: &Outline,
    ) -> Option<(Value, &'t str)> {
        self.deeper()?;
        let found = match text.as_bytes().first()? {
            b'{' => self.flow_mapping(unindented(&text[1..]), outline)?,
            _ => self.flow_sequence(unindented(&text[1..]), outline)?,
        };
        self.depth -= 1;
        Some(found)
    }

    fn flow_mapping<'t>(
        &mut self,
        mut rest: &'t str,
        outline: &Outline,
    ) -> Option<(Value, &'t str)> {
        let mut entries = Map::new();
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((Value::Object(entries), rest));
        }
        loop {
            let quoted_key = rest.starts_with(['"', '\'']);
            let (key, after) = if quoted_key {
                quoted(rest)?
            } else {
                let end = rest.bytes().position(|byte| !is_plain_key(byte))?;
                (Cow::Borrowed(&rest[..end]), &rest[end..])
            };
            if key.is_empty() || key.len() > super::KEY_BYTES || key.starts_with('-') {
                return None;
            }
            let key = self.key(&key, quoted_key)?;
            let after = unindented(after.strip_prefix(": ")?);
            let wanted = outline.field(&key);
            let inside = wanted.unwrap_or(&Outline::Shape);
            let (value, after) = self.flow_value(after, inside)?;
            if wanted.is_some() || self.needs_keys() {
                self.enter(&mut entries, key, value, wanted)?;
            }
            match next(after, '}')? {
                (true, after) => return Some((Value::Object(entries), after)),
                (false, after) => rest = after,
            }
        }
    }

    fn flow_sequence<'t>(
        &mut self,
        mut rest: &'t str,
        outline: &Outline,
    ) -> Option<(Value, &'t str)> {
        let mut items = Vec::new();
        let wanted = outline.item();
        let inside = wanted.unwrap_or(&Outline::Shape);
        if let Some(rest) = rest.strip_prefix(']') {
            return Some((Value::Array(items), rest));
        }
        loop {
            let (value, after) = self.flow_value(rest, inside)?;
            if wanted.is_some() {
                items.push(value);
            }
            match next(after, ']')? {
                (true, after) => return Some((Value::Array(items), after)),
                (false, after) => rest = after,
            }
        }
    }

    fn flow_value<'t>(&mut self, text: &'t str, outline: &Outline) -> Option<(Value, &'t str)> {
        match text.as_bytes().first()? {
            b'[' | b'{' => self.flow(text, outline),
            b'"' | b'\'' => {
                self.count()?;
                let (value, rest) = quoted(text)?;
                Some((kept(value, outline), rest))
            }
            first if first.is_ascii_alphanumeric() || matches!(first, b'/' | b'.' | b'_') => {
                self.count()?;
                let end = plain_end(text.as_bytes());
                let value = self.plain(&text[..end], outline)?;
                Some((value, &text[end..]))
            }
            _ => None,
        }
    }
}

/// What follows a value: the end of its collection, or another one.
fn next(rest: &str, close: char) -> Option<(bool, &str)> {
    let rest = unindented(rest);
    if let Some(rest) = rest.strip_prefix(close) {
        return Some((true, rest));
    }
    Some((false, unindented(rest.strip_prefix(',')?)))
}

/// Where a plain scalar in a collection ends. A colon belongs to it when a letter, a digit or a slash follows.
fn plain_end(text: &[u8]) -> usize {
    let is_plain = |index: usize| match text[index] {
        b'+' | b'=' | b'@' | b'%' => true,
        b':' => text
            .get(index + 1)
            .is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'/'),
        byte => is_plain_key(byte),
    };
    (0..text.len())
        .find(|index| !is_plain(*index))
        .unwrap_or(text.len())
}

/// The quoted text at the beginning of a text, and what follows it.
pub(super) fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (quote, inner) = match text.as_bytes().first()? {
        b'"' => ('"', &text[1..]),
        _ => ('\'', &text[1..]),
    };
    let end = memchr(quote as u8, inner.as_bytes())?;
    let (content, rest) = (&inner[..end], &inner[end + 1..]);
    if quote == '"' && content.contains('\\') {
        return escaped(inner);
    }
    if rest.starts_with(quote) {
        return None;
    }
    Some((Cow::Borrowed(content), rest))
}

/// A text in double quotes with the escapes that are frequent.
fn escaped(inner: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    loop {
        let at = rest.find(['"', '\\'])?;
        text.push_str(&rest[..at]);
        if rest.as_bytes()[at] == b'"' {
            let rest = &rest[at + 1..];
            return Some((Cow::Owned(text), rest));
        }
        text.push(match rest.as_bytes().get(at + 1)? {
            b'n' => '\n',
            b't' => '\t',
            b'"' => '"',
            b'\\' => '\\',
            _ => return None,
        });
        rest = &rest[at + 2..];
    }
}
