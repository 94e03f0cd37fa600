//! Strings, booleans and padding.

use super::Printer;
use crate::strconv::{self, decode_rune, rune_count};

impl Printer<'_> {
    pub(super) fn padding(&mut self, count: usize) {
        if count == 0 || !self.check_length(count) {
            return;
        }
        let byte = if self.flags.zero && !self.flags.minus {
            b'0'
        } else {
            b' '
        };
        self.out.resize(self.out.len() + count, byte);
    }

    /// Writes a text at the width that is wanted.
    pub(super) fn pad(&mut self, text: &[u8]) {
        let width = match self.flags.width {
            None | Some(0) => return self.out.extend_from_slice(text),
            Some(width) => width.saturating_sub(rune_count(text)),
        };
        if self.flags.minus {
            self.out.extend_from_slice(text);
            self.padding(width);
        } else {
            self.padding(width);
            self.out.extend_from_slice(text);
        }
    }

    /// The same, but never with zeros.
    pub(super) fn pad_with_spaces(&mut self, text: &[u8]) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(text);
        self.flags.zero = zero;
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.pad(if value { b"true" } else { b"false" });
    }

    /// A string by one of its verbs; false when the verb is none.
    pub(super) fn string(&mut self, text: &[u8], verb: char) -> bool {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => self.pad(self.truncated(text)),
            'x' => self.hexadecimal(text, b"0123456789abcdefx"),
            'X' => self.hexadecimal(text, b"0123456789ABCDEFX"),
            'q' => self.quoted(text),
            _ => return false,
        }
        true
    }

    fn truncated<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(precision) = self.flags.precision else {
            return text;
        };
        let mut end = 0;
        for _ in 0..precision {
            if end >= text.len() {
                break;
            }
            end += decode_rune(&text[end..]).1;
        }
        &text[..end]
    }

    fn quoted(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        let quoted = if self.flags.sharp && strconv::can_backquote(text) {
            let mut quoted = vec![b'`'];
            quoted.extend_from_slice(text);
            quoted.push(b'`');
            quoted
        } else if self.flags.plus {
            strconv::quote_to_ascii(text).into_bytes()
        } else {
            strconv::quote(text).into_bytes()
        };
        self.pad(&quoted);
    }

    fn hexadecimal(&mut self, text: &[u8], digits: &[u8; 17]) {
        let length = self
            .flags
            .precision
            .map_or(text.len(), |precision| precision.min(text.len()));
        let text = &text[..length];
        if text.is_empty() {
            self.padding(self.flags.width.unwrap_or(0));
            return;
        }
        let mut encoded = Vec::with_capacity(2 * length + 2);
        let prefix = [b'0', digits[16]];
        for (index, byte) in text.iter().enumerate() {
            if self.flags.space && index > 0 {
                encoded.push(b' ');
            }
            if self.flags.sharp && (self.flags.space || index == 0) {
                encoded.extend_from_slice(&prefix);
            }
            encoded.push(digits[usize::from(byte >> 4)]);
            encoded.push(digits[usize::from(byte & 15)]);
        }
        self.pad(&encoded);
    }
}
