//! Dates and times in plain scalars, as go-yaml 3 takes them for moments and Go's JSON prints them.

/// The moment in RFC 3339, if the text is one: `2006-1-2`, or a date and a time behind `T`, `t` or a blank, with a zone behind
/// the letter and none behind the blank.
pub fn rfc3339(text: &str) -> Option<String> {
    // A date begins with four digits and a dash: everything else is out before it costs anything.
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return None;
    }
    let year: u32 = text[..4].parse().ok()?;
    let (month, rest) = text[5..].split_once('-')?;
    let month = number(month, 12).filter(|month| *month > 0)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let day = number(&rest[..digits], days(year, month)).filter(|day| *day > 0)?;
    let date = format!("{year:04}-{month:02}-{day:02}");
    let rest = &rest[digits..];
    match rest.chars().next() {
        None => Some(format!("{date}T00:00:00Z")),
        Some(' ') => {
            // Go's parser takes one blank of the layout for any number of them.
            let (time, rest) = time(rest.trim_start_matches(' '))?;
            rest.is_empty().then(|| format!("{date}T{time}Z"))
        }
        Some('T' | 't') => {
            let (time, rest) = time(&rest[1..])?;
            Some(format!("{date}T{time}{}", zone(rest)?))
        }
        Some(_) => None,
    }
}

/// One or two digits, up to a maximum.
fn number(text: &str, maximum: u32) -> Option<u32> {
    if !(1..=2).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| *number <= maximum)
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Hours, minutes, seconds and their fraction, without the zeros at its end; and what follows.
fn time(text: &str) -> Option<(String, &str)> {
    let (hours, rest) = text.split_once(':')?;
    let (minutes, rest) = rest.split_once(':')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (hours, minutes) = (number(hours, 23)?, number(minutes, 59)?);
    let seconds = number(&rest[..digits], 59)?;
    let mut rest = &rest[digits..];
    let mut time = format!("{hours:02}:{minutes:02}:{seconds:02}");
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        let kept = fraction[..digits.min(9)].trim_end_matches('0');
        if !kept.is_empty() {
            time.push('.');
            time.push_str(kept);
        }
        rest = &fraction[digits..];
    }
    Some((time, rest))
}

fn zone(text: &str) -> Option<String> {
    if text == "Z" {
        return Some("Z".to_owned());
    }
    let (hours, minutes) = text.strip_prefix(['+', '-'])?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    number(hours, 24)?;
    number(minutes, 60)?;
    if text == "+00:00" || text == "-00:00" {
        return Some("Z".to_owned());
    }
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_go_yaml_3() {
        for (text, expected) in [
            ("2020-01-02", Some("2020-01-02T00:00:00Z")),
            ("2020-1-2", Some("2020-01-02T00:00:00Z")),
            ("2020-01-02T03:04:05Z", Some("2020-01-02T03:04:05Z")),
            (
                "2020-01-02t3:4:5.120+02:00",
                Some("2020-01-02T03:04:05.12+02:00"),
            ),
            ("2020-01-02 03:04:05.5", Some("2020-01-02T03:04:05.5Z")),
            ("2020-02-30", None),
            ("2020-13-01", None),
            ("2020-01-02 03:04:05Z", None),
            ("2020-01-02T03:04:05", None),
            ("v2020-01-02", None),
            ("20200102", None),
            ("2020-01-02-x", None),
        ] {
            assert_eq!(rfc3339(text).as_deref(), expected, "{text}");
        }
    }
}
