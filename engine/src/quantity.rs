//! Kubernetes quantities: `500m` is `0.5`, `1Gi` is `1073741824`.

/// The value of a quantity in thousandths of thousandths of thousandths (nano), exact; none for what is no quantity or does not fit.
pub(crate) fn nanos(text: &str) -> Option<i128> {
    let text = text.trim();
    let split = text
        .find(|character: char| !matches!(character, '0'..='9' | '.' | '+' | '-'))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let scale: i128 = match suffix {
        "n" => 1,
        "u" => 1_000,
        "m" => 1_000_000,
        "" => 1_000_000_000,
        "k" => 1_000_000_000_000,
        "M" => 1_000_000_000_000_000,
        "G" => 1_000_000_000_000_000_000,
        "T" => 1_000_000_000_000_000_000_000,
        "P" => 1_000_000_000_000_000_000_000_000,
        "E" => 1_000_000_000_000_000_000_000_000_000,
        "Ki" => 1_000_000_000 << 10,
        "Mi" => 1_000_000_000 << 20,
        "Gi" => 1_000_000_000 << 30,
        "Ti" => 1_000_000_000 << 40,
        "Pi" => 1_000_000_000 << 50,
        "Ei" => 1_000_000_000 << 60,
        exponent => decimal(exponent)?,
    };
    let (negative, digits) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.len() > 9 {
        return None;
    }
    if !whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let whole: i128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let mut value = whole.checked_mul(scale)?;
    if !fraction.is_empty() {
        let numerator: i128 = fraction.parse().ok()?;
        let denominator = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        value = value.checked_add(numerator.checked_mul(scale)?.checked_div(denominator)?)?;
    }
    Some(if negative { -value } else { value })
}

/// The scale of a decimal exponent such as `e3` or `E-2`. Beyond nano nothing is left, beyond exa nothing fits.
fn decimal(suffix: &str) -> Option<i128> {
    let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = u32::try_from(power.checked_add(9)?).ok()?;
    (power <= 27).then(|| 10_i128.pow(power))
}

#[cfg(test)]
mod tests {
    use super::nanos;

    #[test]
    fn equal_quantities() {
        for (a, b) in [
            ("500m", "0.5"),
            ("1Gi", "1024Mi"),
            ("1000m", "1"),
            ("1k", "1000"),
            ("0.1Gi", "107374182.4"),
            ("-1", "-1000m"),
            ("1e3", "1k"),
            ("15E-1", "1500m"),
        ] {
            assert_eq!(nanos(a), nanos(b), "{a} and {b}");
            assert!(nanos(a).is_some(), "{a}");
        }
    }

    #[test]
    fn no_quantities() {
        for text in [
            "",
            "x",
            "1x",
            "1.2.3",
            ".",
            "--1",
            "1e",
            "1e99",
            "1e-10",
            "1ee3",
            "99999999999999999999999999999999999999E",
        ] {
            assert_eq!(nanos(text), None, "{text}");
        }
    }
}
