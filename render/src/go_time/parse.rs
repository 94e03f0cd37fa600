//! Text becomes a moment, after a layout.

use super::layout::{DAYS, MONTHS, Offset, Part, next};
use super::{DAY, Kind, Moment, Zone, days_from_civil, days_in, is_leap};

/// Why a text is no moment in a layout. The message is Go's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A part of the layout does not fit.
    #[error("parsing time {} as {}: cannot parse {} as {}", quote(.value), quote(.layout), quote(.rest), quote(.part))]
    Mismatch {
        /// The whole text.
        value: String,
        /// The whole layout.
        layout: String,
        /// What was left of the text.
        rest: String,
        /// The part of the layout.
        part: String,
    },
    /// The parts fit, their values do not.
    #[error("parsing time {}{message}", quote(.value))]
    Value {
        /// The whole text.
        value: String,
        /// What is wrong, after a colon.
        message: String,
    },
}

/// What the parts have said so far.
#[derive(Default)]
struct Found {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    /// `true`: afternoon.
    half: Option<bool>,
    utc: bool,
    offset: Option<i64>,
    zone_name: String,
    out_of_range: Option<&'static str>,
}

/// Reads a text after a layout of Go; without a zone in the text, the moment is in the given one.
///
/// # Errors
/// When the text does not follow the layout, or names no moment.
pub fn parse(layout: &str, value: &str, zone: &Zone) -> Result<Moment, ParseError> {
    let mismatch = |rest: &str, part: &str| ParseError::Mismatch {
        value: value.to_owned(),
        layout: layout.to_owned(),
        rest: rest.to_owned(),
        part: part.to_owned(),
    };
    let wrong = |message: String| ParseError::Value {
        value: value.to_owned(),
        message,
    };
    let mut found = Found::default();
    let mut rest_of_layout = layout;
    let mut rest = value;
    while let Some((before, part, text, after)) = next(rest_of_layout) {
        rest = skip(rest, before).map_err(|left| mismatch(left, before))?;
        rest_of_layout = after;
        let taken = found.take(part, rest, after);
        if let Some(what) = found.out_of_range {
            return Err(wrong(format!(": {what} out of range")));
        }
        rest = taken.ok_or_else(|| mismatch(rest, text))?;
    }
    rest = skip(rest, rest_of_layout).map_err(|left| mismatch(left, rest_of_layout))?;
    if !rest.is_empty() {
        return Err(wrong(format!(": extra text: {}", quote(rest))));
    }
    found
        .moment(zone)
        .map_err(|message| wrong(format!(": {message}")))
}

/// Takes the text between two parts off; runs of spaces count as one.
fn skip<'a>(value: &'a str, text: &str) -> Result<&'a str, &'a str> {
    let mut value = value;
    let mut text = text;
    while let Some(first) = text.chars().next() {
        if first == ' ' {
            if !value.is_empty() && !value.starts_with(' ') {
                return Err(value);
            }
            text = text.trim_start_matches(' ');
            value = value.trim_start_matches(' ');
        } else {
            value = value.strip_prefix(first).ok_or(value)?;
            text = &text[first.len_utf8()..];
        }
    }
    Ok(value)
}

/// A number of one or two digits, of two when it is fixed.
fn number(value: &str, fixed: bool) -> Option<(i64, &str)> {
    digits(value, if fixed { 2 } else { 1 }, 2)
}

fn digits(value: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let count = value
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if count < least {
        return None;
    }
    Some((value[..count].parse().ok()?, &value[count..]))
}

/// The index of the name at the beginning of a text, without regard to case, when its first letters are compared.
fn named<'a>(names: &[&str], length: Option<usize>, value: &'a str) -> Option<(i64, &'a str)> {
    for (index, name) in (0_i64..).zip(names) {
        let name = &name[..length.unwrap_or(name.len())];
        if let Some(head) = value.get(..name.len())
            && head.eq_ignore_ascii_case(name)
        {
            return Some((index, &value[name.len()..]));
        }
    }
    None
}

impl Found {
    /// Takes what a part stands for off the text; none when it does not fit.
    fn take<'a>(&mut self, part: Part, value: &'a str, after: &str) -> Option<&'a str> {
        match part {
            Part::Year | Part::LongYear => self.take_year(part, value),
            Part::LongMonth | Part::Month => {
                let length = (part == Part::Month).then_some(3);
                let (month, rest) = named(&MONTHS, length, value)?;
                self.month = Some(month + 1);
                Some(rest)
            }
            Part::NumberMonth | Part::ZeroMonth => {
                let (month, rest) = number(value, part == Part::ZeroMonth)?;
                self.month = Some(self.bounded(month, 1, 12, "month"));
                Some(rest)
            }
            Part::WeekDay => named(&DAYS, Some(3), value).map(|(_, rest)| rest),
            Part::LongWeekDay => named(&DAYS, None, value).map(|(_, rest)| rest),
            Part::Day | Part::UnderDay | Part::ZeroDay => {
                let value = match value.strip_prefix(' ') {
                    Some(stripped) if part == Part::UnderDay => stripped,
                    _ => value,
                };
                let (day, rest) = number(value, part == Part::ZeroDay)?;
                self.day = Some(day);
                Some(rest)
            }
            Part::UnderYearDay | Part::ZeroYearDay => {
                let fixed = part == Part::ZeroYearDay;
                let mut value = value;
                for _ in 0..2 {
                    value = value.strip_prefix(' ').filter(|_| !fixed).unwrap_or(value);
                }
                let (day, rest) = digits(value, if fixed { 3 } else { 1 }, 3)?;
                self.year_day = Some(day);
                Some(rest)
            }
            Part::UpperHalf | Part::LowerHalf => self.take_half(part, value),
            Part::ZoneName => self.take_zone_name(value),
            Part::Offset(offset) => self.take_offset(offset, value),
            Part::Fraction { digits, fixed, .. } => self.take_fraction(digits, fixed, value),
            _ => self.take_clock(part, value, after),
        }
    }

    fn bounded(&mut self, number: i64, least: i64, most: i64, what: &'static str) -> i64 {
        if !(least..=most).contains(&number) {
            self.out_of_range = Some(what);
        }
        number
    }

    fn take_year<'a>(&mut self, part: Part, value: &'a str) -> Option<&'a str> {
        let length = if part == Part::Year { 2 } else { 4 };
        let text = value.get(..length)?;
        if part == Part::LongYear && !text.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let year: i64 = text.parse().ok()?;
        self.year = match (part, year) {
            (Part::LongYear, year) => year,
            (_, year) if year >= 69 => year + 1900,
            (_, year) => year + 2000,
        };
        Some(&value[length..])
    }

    fn take_half<'a>(&mut self, part: Part, value: &'a str) -> Option<&'a str> {
        let (morning, afternoon) = if part == Part::UpperHalf {
            ("AM", "PM")
        } else {
            ("am", "pm")
        };
        if let Some(rest) = value.strip_prefix(morning) {
            self.half = Some(false);
            return Some(rest);
        }
        let rest = value.strip_prefix(afternoon)?;
        self.half = Some(true);
        Some(rest)
    }

    /// Hours, minutes and seconds.
    fn take_clock<'a>(&mut self, part: Part, value: &'a str, after: &str) -> Option<&'a str> {
        let fixed = matches!(part, Part::ZeroHour12 | Part::ZeroMinute | Part::ZeroSecond);
        let (taken, rest) = number(value, fixed)?;
        match part {
            Part::Hour => self.hour = self.bounded(taken, 0, 23, "hour"),
            Part::Hour12 | Part::ZeroHour12 => self.hour = self.bounded(taken, 0, 12, "hour"),
            Part::Minute | Part::ZeroMinute => self.minute = self.bounded(taken, 0, 59, "minute"),
            _ => {
                self.second = self.bounded(taken, 0, 59, "second");
                return self.take_unannounced_fraction(rest, after);
            }
        }
        Some(rest)
    }

    /// A fraction may follow the seconds although the layout has none.
    fn take_unannounced_fraction<'a>(&mut self, value: &'a str, after: &str) -> Option<&'a str> {
        let bytes = value.as_bytes();
        let there = matches!(bytes, [b'.' | b',', digit, ..] if digit.is_ascii_digit());
        let announced =
            next(after).is_some_and(|(_, part, ..)| matches!(part, Part::Fraction { .. }));
        if !there || announced {
            return Some(value);
        }
        let count = bytes[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.take_nanoseconds(value, count)
    }

    fn take_fraction<'a>(&mut self, digits: usize, fixed: bool, value: &'a str) -> Option<&'a str> {
        if fixed {
            return self.take_nanoseconds(value, digits);
        }
        let bytes = value.as_bytes();
        if !matches!(bytes, [b'.' | b',', digit, ..] if digit.is_ascii_digit()) {
            return Some(value);
        }
        let count = bytes[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.take_nanoseconds(value, count)
    }

    fn take_nanoseconds<'a>(&mut self, value: &'a str, count: usize) -> Option<&'a str> {
        let digits = value.strip_prefix(['.', ','])?.get(..count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let kept = &digits[..digits.len().min(9)];
        self.nanosecond = format!("{kept:0<9}").parse().ok()?;
        value.get(1 + count..)
    }

    fn take_offset<'a>(&mut self, offset: Offset, value: &'a str) -> Option<&'a str> {
        if offset.zulu
            && let Some(rest) = value.strip_prefix('Z')
        {
            self.utc = true;
            return Some(rest);
        }
        let pairs = usize::from(offset.pairs);
        let length = 1 + 2 * pairs + if offset.colon { pairs - 1 } else { 0 };
        let text = value.get(..length)?;
        let mut numbers = [0; 3];
        let mut at = 1;
        for (index, slot) in numbers.iter_mut().enumerate().take(pairs) {
            if index > 0 && offset.colon {
                text[at..].strip_prefix(':')?;
                at += 1;
            }
            *slot = number(text.get(at..at + 2)?, true)?.0;
            at += 2;
        }
        self.bounded(numbers[0], 0, 24, "time zone offset hour");
        self.bounded(numbers[1], 0, 60, "time zone offset minute");
        self.bounded(numbers[2], 0, 60, "time zone offset second");
        let seconds = (numbers[0] * 60 + numbers[1]) * 60 + numbers[2];
        self.offset = Some(match text.as_bytes()[0] {
            b'+' => seconds,
            b'-' => -seconds,
            _ => return None,
        });
        Some(&value[length..])
    }

    fn take_zone_name<'a>(&mut self, value: &'a str) -> Option<&'a str> {
        if let Some(rest) = value.strip_prefix("UTC") {
            self.utc = true;
            return Some(rest);
        }
        let length = zone_name_length(value)?;
        value[..length].clone_into(&mut self.zone_name);
        Some(&value[length..])
    }

    fn moment(mut self, zone: &Zone) -> Result<Moment, &'static str> {
        match self.half {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        self.settle_year_day()?;
        let month = u32::try_from(self.month.unwrap_or(1)).unwrap_or(1);
        let day = u32::try_from(self.day.unwrap_or(1)).unwrap_or(0);
        if day < 1 || day > days_in(month, self.year) {
            return Err("day out of range");
        }
        let clock = (self.hour * 60 + self.minute) * 60 + self.second;
        let unix = days_from_civil(self.year, month, day) * DAY + clock;
        let nanosecond = u32::try_from(self.nanosecond).unwrap_or(0);
        let at = |seconds, zone| Ok(Moment::from_unix(seconds, nanosecond, zone));
        if self.utc {
            return at(unix, Zone::utc());
        }
        if let Some(offset) = self.offset {
            let seconds = unix - offset;
            let (name, here) = zone.at(seconds);
            if i64::from(here) == offset && (self.zone_name.is_empty() || self.zone_name == name) {
                return at(seconds, zone.clone());
            }
            let offset = i32::try_from(offset).unwrap_or(0);
            return at(seconds, Zone::fixed(&self.zone_name, offset));
        }
        if !self.zone_name.is_empty() {
            let hours: i32 = self
                .zone_name
                .strip_prefix("GMT")
                .and_then(|hours| hours.parse().ok())
                .unwrap_or(0);
            return at(unix, Zone::fixed(&self.zone_name, hours * 3600));
        }
        let seconds = match &zone.0 {
            Kind::Utc | Kind::Local => unix,
            // The offset of the instant that is right when the clock shows this, in the zone.
            _ => {
                let first = unix - i64::from(zone.at(unix).1);
                unix - i64::from(zone.at(first).1)
            }
        };
        at(seconds, zone.clone())
    }

    /// A day of the year gives month and day, which must agree with those that were named.
    fn settle_year_day(&mut self) -> Result<(), &'static str> {
        let Some(year_day) = self.year_day else {
            return Ok(());
        };
        let last = if is_leap(self.year) { 366 } else { 365 };
        if !(1..=last).contains(&year_day) {
            return Err("day-of-year out of range");
        }
        let mut left = year_day;
        let mut month = 1_u32;
        while left > i64::from(days_in(month, self.year)) {
            left -= i64::from(days_in(month, self.year));
            month += 1;
        }
        if self.month.is_some_and(|named| named != i64::from(month)) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|named| named != left) {
            return Err("day-of-year does not match day");
        }
        self.month = Some(i64::from(month));
        self.day = Some(left);
        Ok(())
    }
}

/// Bytes of the abbreviation of a zone at the beginning of a text.
fn zone_name_length(value: &str) -> Option<usize> {
    let bytes = value.as_bytes();
    if bytes.len() < 3 {
        return None;
    }
    if value.starts_with("ChST") || value.starts_with("MeST") {
        return Some(4);
    }
    if let Some(rest) = value.strip_prefix("GMT") {
        return Some(3 + signed_hours(rest).unwrap_or(0));
    }
    if matches!(bytes[0], b'+' | b'-') {
        return signed_hours(value);
    }
    let upper = bytes
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    match upper {
        3 => Some(3),
        4 if bytes[3] == b'T' || value.starts_with("WITA") => Some(4),
        5 if bytes[4] == b'T' => Some(5),
        _ => None,
    }
}

/// Bytes of a sign and hours up to 23.
fn signed_hours(value: &str) -> Option<usize> {
    let rest = value.strip_prefix(['+', '-'])?;
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    let hours: u64 = rest[..count].parse().ok()?;
    (hours <= 23).then_some(1 + count)
}

/// Go's quotation of a text within an error about time: what is not plain ASCII becomes `\x..`.
pub fn quote(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            ' '..='~' => out.push(character),
            other => {
                let mut buffer = [0; 4];
                for byte in other.encode_utf8(&mut buffer).bytes() {
                    out.push_str(&format!("\\x{byte:02x}"));
                }
            }
        }
    }
    out.push('"');
    out
}
