//! Integers, floats and characters.

use super::Printer;
use crate::strconv::{self, Layout, RUNE_ERROR, append_float, is_print};

const LOWER: &[u8; 17] = b"0123456789abcdefx";
const UPPER: &[u8; 17] = b"0123456789ABCDEFX";

/// An integer of any type: its size, and whether it is of a signed type.
#[derive(Clone, Copy)]
pub(super) struct Integer {
    pub(super) magnitude: u64,
    pub(super) negative: bool,
    pub(super) signed: bool,
}

impl Integer {
    pub(super) fn signed(value: i64) -> Self {
        Self {
            magnitude: value.unsigned_abs(),
            negative: value < 0,
            signed: true,
        }
    }

    pub(super) fn unsigned(value: u64) -> Self {
        Self {
            magnitude: value,
            negative: false,
            signed: false,
        }
    }

    /// The character of that code, or U+FFFD.
    fn rune(self) -> char {
        if self.negative {
            return RUNE_ERROR;
        }
        u32::try_from(self.magnitude)
            .ok()
            .and_then(char::from_u32)
            .unwrap_or(RUNE_ERROR)
    }
}

impl Printer<'_> {
    /// An integer by one of its verbs; false when the verb is none.
    pub(super) fn integer(&mut self, value: Integer, verb: char) -> bool {
        match verb {
            'v' if self.flags.sharp_v && !value.signed => self.prefixed_hexadecimal(value.magnitude),
            'v' | 'd' => self.digits(value, 10, verb, LOWER),
            'b' => self.digits(value, 2, verb, LOWER),
            'o' | 'O' => self.digits(value, 8, verb, LOWER),
            'x' => self.digits(value, 16, verb, LOWER),
            'X' => self.digits(value, 16, verb, UPPER),
            'c' => self.pad(value.rune().encode_utf8(&mut [0; 4]).as_bytes()),
            'q' => {
                let quoted = if self.flags.plus {
                    strconv::quote_rune_to_ascii(value.rune())
                } else {
                    strconv::quote_rune(value.rune())
                };
                self.pad(quoted.as_bytes());
            }
            'U' => self.unicode(value),
            _ => return false,
        }
        true
    }

    /// `0x…`, as `%#v` shows unsigned integers and bytes.
    pub(super) fn prefixed_hexadecimal(&mut self, value: u64) {
        let sharp = std::mem::replace(&mut self.flags.sharp, true);
        self.digits(Integer::unsigned(value), 16, 'v', LOWER);
        self.flags.sharp = sharp;
    }

    pub(super) fn digits(&mut self, value: Integer, base: u64, verb: char, digits: &[u8; 17]) {
        let flags = self.flags;
        // Zeros in front come from a precision, or else from the zero flag.
        let precision = match (flags.precision, flags.width) {
            (Some(0), _) if value.magnitude == 0 => {
                let zero = std::mem::replace(&mut self.flags.zero, false);
                self.padding(flags.width.unwrap_or(0));
                self.flags.zero = zero;
                return;
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => {
                let sign = usize::from(value.negative || flags.plus || flags.space);
                width.saturating_sub(sign)
            }
            _ => 0,
        };
        if !self.check_length(precision) {
            return;
        }
        // From right to left.
        let mut text = Vec::with_capacity(24);
        let mut rest = value.magnitude;
        loop {
            text.push(digits[(rest % base) as usize]);
            rest /= base;
            if rest == 0 {
                break;
            }
        }
        if text.len() < precision {
            text.resize(precision, b'0');
        }
        if flags.sharp {
            match base {
                2 => text.extend_from_slice(b"b0"),
                8 if text.last() != Some(&b'0') => text.push(b'0'),
                16 => text.extend_from_slice(&[digits[16], b'0']),
                _ => {}
            }
        }
        if verb == 'O' {
            text.extend_from_slice(b"o0");
        }
        if value.negative {
            text.push(b'-');
        } else if flags.plus {
            text.push(b'+');
        } else if flags.space {
            text.push(b' ');
        }
        text.reverse();
        self.pad_with_spaces(&text);
    }

    fn unicode(&mut self, value: Integer) {
        let code = if value.negative {
            value.magnitude.wrapping_neg()
        } else {
            value.magnitude
        };
        let precision = self.flags.precision.map_or(4, |precision| precision.max(4));
        if !self.check_length(precision) {
            return;
        }
        let mut text = format!("U+{code:0precision$X}");
        if self.flags.sharp && code <= 0x10_ffff {
            let rune = value.rune();
            if is_print(rune) && u64::from(u32::from(rune)) == code {
                text.push_str(&format!(" '{rune}'"));
            }
        }
        self.pad_with_spaces(text.as_bytes());
    }

    /// A float by one of its verbs; false when the verb is none.
    pub(super) fn float(&mut self, value: f64, verb: char) -> bool {
        match verb {
            'v' => self.float_digits(value, b'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => self.float_digits(value, verb as u8, None),
            'f' | 'e' | 'E' => self.float_digits(value, verb as u8, Some(6)),
            'F' => self.float_digits(value, b'f', Some(6)),
            _ => return false,
        }
        true
    }

    fn float_digits(&mut self, value: f64, format: u8, precision: Option<usize>) {
        let precision = self.flags.precision.or(precision);
        if !self.check_length(precision.unwrap_or(0)) {
            return;
        }
        let mut text = String::from("+");
        append_float(&mut text, value, Layout { format, precision });
        if matches!(text.as_bytes().get(1), Some(b'-' | b'+')) {
            text.remove(0);
        }
        if self.flags.space && text.starts_with('+') && !self.flags.plus {
            text.replace_range(..1, " ");
        }
        if matches!(text.as_bytes().get(1), Some(b'I' | b'N')) {
            if text.as_bytes()[1] == b'N' && !self.flags.space && !self.flags.plus {
                text.remove(0);
            }
            self.float_without_zeros(&text);
            return;
        }
        if self.flags.sharp && format != b'b' {
            text = with_decimal_point(&text, format, precision);
        }
        if self.flags.plus || !text.starts_with('+') {
            // Zeros go between sign and digits.
            if let Some(width) = self.flags.width {
                if self.flags.zero && !self.flags.minus && width > text.len() {
                    self.out.push(text.as_bytes()[0]);
                    self.padding(width - text.len());
                    self.out.extend_from_slice(&text.as_bytes()[1..]);
                    return;
                }
            }
            self.pad(text.as_bytes());
        } else {
            self.pad(&text.as_bytes()[1..]);
        }
    }

    /// Infinity and NaN: a plus sign only when it is asked for.
    fn float_without_zeros(&mut self, text: &str) {
        self.pad_with_spaces(text.as_bytes());
    }

    /// A complex number by one of the verbs of floats; false when the verb is none.
    pub(super) fn complex(&mut self, real: f64, imaginary: f64, verb: char) -> bool {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return false;
        }
        let plus = self.flags.plus;
        self.out.push(b'(');
        self.float(real, verb);
        self.flags.plus = true;
        self.float(imaginary, verb);
        self.flags.plus = plus;
        self.write("i)");
        true
    }
}

/// What the sharp flag does to a float with its sign: always a decimal point, and zeros at the end kept.
fn with_decimal_point(text: &str, format: u8, precision: Option<usize>) -> String {
    let mut wanted = match format {
        b'g' | b'G' | b'x' => precision.map_or(6, |precision| precision as i64),
        _ => 0,
    };
    let exponent = |byte: u8| match format {
        b'x' | b'X' => matches!(byte, b'p' | b'P'),
        _ => matches!(byte, b'e' | b'E'),
    };
    let end = text.bytes().position(exponent).unwrap_or(text.len());
    let (digits, tail) = text.split_at(end);
    let (mut point, mut nonzero) = (false, false);
    for byte in digits.bytes().skip(1) {
        if byte == b'.' {
            point = true;
            continue;
        }
        nonzero |= byte != b'0';
        wanted -= i64::from(nonzero);
    }
    let mut result = digits.to_owned();
    if !point {
        if digits.len() == 2 && digits.ends_with('0') {
            wanted -= 1;
        }
        result.push('.');
    }
    for _ in 0..wanted {
        result.push('0');
    }
    result.push_str(tail);
    result
}
