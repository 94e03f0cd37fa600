//! Floating-point numbers as text.

/// The largest number of digits after which every `f64` is exact; longer ones end in zeros.
const EXACT_DIGITS: usize = 1_100;

/// How a float is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// One of `b`, `e`, `E`, `f`, `g`, `G`, `x`, `X`.
    pub(crate) format: u8,
    /// Digits, as the format counts them; as many as needed when absent.
    pub(crate) precision: Option<usize>,
}

/// `strconv.FormatFloat(value, format, precision, 64)`. The format is one of `b`, `e`, `E`, `f`, `g`, `G`, `x` and `X`; without
/// a precision, as many digits as tell the number from every other. An unknown format gives `%` and its letter.
#[must_use]
pub fn format_float(value: f64, format: u8, precision: Option<usize>) -> String {
    let mut out = String::new();
    append_float(&mut out, value, Layout { format, precision });
    out
}

/// Appends what [`format_float`] gives. Positive infinity is `+Inf`.
pub(crate) fn append_float(out: &mut String, value: f64, layout: Layout) {
    let Layout { format, precision } = layout;
    if value.is_nan() {
        out.push_str("NaN");
        return;
    }
    if value.is_infinite() {
        out.push_str(if value < 0.0 { "-Inf" } else { "+Inf" });
        return;
    }
    if value.is_sign_negative()
        && matches!(
            format,
            b'b' | b'e' | b'E' | b'f' | b'g' | b'G' | b'x' | b'X'
        )
    {
        out.push('-');
    }
    let value = value.abs();
    match format {
        b'b' => binary(out, value),
        b'x' | b'X' => hexadecimal(out, value, format == b'X', precision),
        b'e' | b'E' => {
            let digits = Digits::of(value, precision.map(|precision| precision + 1));
            let count = precision.unwrap_or(digits.digits.len().saturating_sub(1));
            digits.exponential(out, count, format);
        }
        b'f' => fixed(out, value, precision),
        b'g' | b'G' => general(out, value, format, precision),
        unknown => {
            out.push('%');
            out.push(char::from(unknown));
        }
    }
}

/// The decimal digits of a number: `0.d₁d₂d₃… × 10^point`, without zeros at the end when they are the shortest.
struct Digits {
    digits: Vec<u8>,
    point: i32,
}

impl Digits {
    /// As many digits as wanted, rounded, or the fewest that tell the number from all others.
    fn of(value: f64, count: Option<usize>) -> Self {
        if value == 0.0 {
            return Self {
                digits: Vec::new(),
                point: 0,
            };
        }
        let text = match count {
            Some(count) => format!("{value:.*e}", count.clamp(1, EXACT_DIGITS) - 1),
            None => format!("{value:e}"),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        Self {
            digits,
            point: exponent.parse::<i32>().unwrap_or(0) + 1,
        }
    }

    /// `d.ddde±dd` with so many digits after the point.
    fn exponential(&self, out: &mut String, count: usize, letter: u8) {
        out.push(self.digits.first().map_or('0', |&digit| char::from(digit)));
        if count > 0 {
            out.push('.');
            let after = self.digits.get(1..).unwrap_or_default();
            let shown = after.len().min(count);
            out.extend(after[..shown].iter().map(|&digit| char::from(digit)));
            push_zeros(out, count - shown);
        }
        let exponent = if self.digits.is_empty() {
            0
        } else {
            self.point - 1
        };
        out.push(char::from(letter));
        out.push(if exponent < 0 { '-' } else { '+' });
        out.push_str(&format!("{:02}", exponent.unsigned_abs()));
    }

    /// `ddd.ddd` with so many digits after the point.
    fn positional(&self, out: &mut String, count: usize) {
        let digit = |index: i64| {
            usize::try_from(index)
                .ok()
                .and_then(|index| self.digits.get(index))
                .map_or('0', |&digit| char::from(digit))
        };
        let point = i64::from(self.point);
        if point > 0 {
            out.extend((0..point).map(digit));
        } else {
            out.push('0');
        }
        if count > 0 {
            out.push('.');
            let shown = count.min(EXACT_DIGITS);
            out.extend((point..).take(shown).map(digit));
            push_zeros(out, count - shown);
        }
    }
}

fn push_zeros(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n('0', count));
}

fn fixed(out: &mut String, value: f64, precision: Option<usize>) {
    match precision {
        Some(precision) => {
            let shown = precision.min(EXACT_DIGITS);
            out.push_str(&format!("{value:.shown$}"));
            push_zeros(out, precision - shown);
        }
        None => {
            let digits = Digits::of(value, None);
            let after = digits.digits.len() as i64 - i64::from(digits.point);
            digits.positional(out, usize::try_from(after).unwrap_or(0));
        }
    }
}

/// `%e` for large exponents, `%f` for others.
fn general(out: &mut String, value: f64, format: u8, precision: Option<usize>) {
    let wanted = precision.map(|precision| precision.max(1));
    let digits = Digits::of(value, wanted);
    // Without a precision, the number of digits that there are, but 6 for the decision.
    let available = match wanted {
        Some(wanted) => digits.digits.len().min(wanted),
        None => digits.digits.len(),
    };
    let threshold = match wanted {
        None => 6,
        Some(wanted) if wanted > available && available as i64 >= i64::from(digits.point) => {
            available as i64
        }
        Some(wanted) => wanted as i64,
    };
    let exponent = i64::from(digits.point) - 1;
    if exponent < -4 || exponent >= threshold {
        // Digits stand for the precision here, so zeros at the end never show.
        digits.exponential(out, available.saturating_sub(1), format - b'g' + b'e');
        return;
    }
    let after = available as i64 - i64::from(digits.point);
    digits.positional(out, usize::try_from(after).unwrap_or(0));
}

/// Mantissa and exponent of a finite number: `mantissa × 2^(exponent - 52)`.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    match (bits >> 52) & 0x7ff {
        0 => (mantissa, -1022),
        exponent => (mantissa | 1 << 52, exponent as i32 - 1023),
    }
}

fn binary(out: &mut String, value: f64) {
    let (mantissa, exponent) = parts(value);
    out.push_str(&format!("{mantissa}p{:+}", exponent - 52));
}

fn hexadecimal(out: &mut String, value: f64, upper: bool, precision: Option<usize>) {
    let (mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    }
    // The leading one, if any, goes to bit 60: 15 hexadecimal digits follow it.
    let mut mantissa = mantissa << 8;
    while mantissa != 0 && mantissa >> 60 == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(precision @ 0..15) = precision {
        let dropped = 60 - 4 * precision;
        let rest = mantissa & ((1 << dropped) - 1);
        let half = 1u64 << (dropped - 1);
        mantissa >>= dropped;
        if rest > half || rest == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= dropped;
        if mantissa >> 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let after = match precision {
        None => digits.trim_end_matches('0').len(),
        Some(precision) => precision,
    };
    let mut text = format!("0x{}", mantissa >> 60);
    if after > 0 {
        text.push('.');
        text.push_str(&digits[..after.min(15)]);
        push_zeros(&mut text, after.saturating_sub(15));
    }
    text.push_str(&format!(
        "p{}{:02}",
        if exponent < 0 { '-' } else { '+' },
        exponent.unsigned_abs()
    ));
    if upper {
        text.make_ascii_uppercase();
    }
    out.push_str(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_as_go() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (100_000.0, "100000"),
            (123_456.0, "123456"),
            (1_000_000.0, "1e+06"),
            (12_345_678.0, "1.2345678e+07"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::INFINITY, "+Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(format_float(value, b'g', None), text);
        }
    }

    #[test]
    fn with_a_precision_as_go() {
        for (value, format, precision, text) in [
            (1.5, b'f', Some(0), "2"),
            (2.5, b'f', Some(0), "2"),
            (1.0, b'f', Some(6), "1.000000"),
            (0.1, b'f', Some(20), "0.10000000000000000555"),
            (1234.5678, b'e', Some(2), "1.23e+03"),
            (1234.5678, b'g', Some(3), "1.23e+03"),
            (100.0, b'g', Some(3), "100"),
            (100.0, b'g', Some(2), "1e+02"),
            (0.0, b'e', Some(3), "0.000e+00"),
            (0.0, b'g', Some(3), "0"),
            (1.0, b'x', None, "0x1p+00"),
            (3.5, b'X', Some(3), "0X1.C00P+01"),
            (1.0, b'b', None, "4503599627370496p-52"),
            (123.0, b'f', None, "123"),
            (0.000_123, b'f', None, "0.000123"),
            (1.0, b'z', None, "%z"),
        ] {
            assert_eq!(format_float(value, format, precision), text);
        }
    }
}
