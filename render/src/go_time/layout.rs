//! A layout of Go, cut into the parts that stand for something and the text between them.

/// Months, in full.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Days of the week, in full.
pub const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// What a part of a layout stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    LongMonth,
    Month,
    NumberMonth,
    ZeroMonth,
    LongWeekDay,
    WeekDay,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperHalf,
    LowerHalf,
    ZoneName,
    Offset(Offset),
    /// A fraction of the second with this many digits.
    Fraction {
        digits: usize,
        separator: char,
        /// Whether zeros at the end are kept.
        fixed: bool,
    },
}

/// How an offset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Whether UTC is `Z`.
    pub zulu: bool,
    /// Whether there are colons.
    pub colon: bool,
    /// Pairs of digits: hours, minutes, seconds.
    pub pairs: u8,
}

const OFFSETS: [(&str, bool, u8); 5] = [
    ("070000", false, 3),
    ("07:00:00", true, 3),
    ("0700", false, 2),
    ("07:00", true, 2),
    ("07", false, 1),
];

/// Cuts a layout at its first part: the text before it, the part with its own text, and the rest.
pub fn next(layout: &str) -> Option<(&str, Part, &str, &str)> {
    for (at, _) in layout.char_indices() {
        let rest = &layout[at..];
        if let Some((skip, length, part)) = part(rest) {
            let from = at + skip;
            let end = from + length;
            return Some((&layout[..from], part, &layout[from..end], &layout[end..]));
        }
    }
    None
}

/// The part at the beginning of a text: bytes before it that are text after all, its length, and what it is.
fn part(rest: &str) -> Option<(usize, usize, Part)> {
    let found = |length: usize, part: Part| Some((0, length, part));
    let not_lower = |length: usize| {
        !rest
            .as_bytes()
            .get(length)
            .is_some_and(u8::is_ascii_lowercase)
    };
    match rest.as_bytes()[0] {
        b'J' if rest.starts_with("January") => found(7, Part::LongMonth),
        b'J' if rest.starts_with("Jan") && not_lower(3) => found(3, Part::Month),
        b'M' if rest.starts_with("Monday") => found(6, Part::LongWeekDay),
        b'M' if rest.starts_with("Mon") && not_lower(3) => found(3, Part::WeekDay),
        b'M' if rest.starts_with("MST") => found(3, Part::ZoneName),
        b'0' => zero(rest),
        b'1' if rest.starts_with("15") => found(2, Part::Hour),
        b'1' => found(1, Part::NumberMonth),
        b'2' if rest.starts_with("2006") => found(4, Part::LongYear),
        b'2' => found(1, Part::Day),
        b'_' if rest.starts_with("_2006") => Some((1, 4, Part::LongYear)),
        b'_' if rest.starts_with("_2") => found(2, Part::UnderDay),
        b'_' if rest.starts_with("__2") => found(3, Part::UnderYearDay),
        b'3' => found(1, Part::Hour12),
        b'4' => found(1, Part::Minute),
        b'5' => found(1, Part::Second),
        b'P' if rest.starts_with("PM") => found(2, Part::UpperHalf),
        b'p' if rest.starts_with("pm") => found(2, Part::LowerHalf),
        sign @ (b'-' | b'Z') => OFFSETS
            .iter()
            .find(|(text, ..)| rest[1..].starts_with(text))
            .and_then(|(text, colon, pairs)| {
                found(
                    1 + text.len(),
                    Part::Offset(Offset {
                        zulu: sign == b'Z',
                        colon: *colon,
                        pairs: *pairs,
                    }),
                )
            }),
        b'.' | b',' => fraction(rest),
        _ => None,
    }
}

fn zero(rest: &str) -> Option<(usize, usize, Part)> {
    if rest.starts_with("002") {
        return Some((0, 3, Part::ZeroYearDay));
    }
    let part = match rest.as_bytes().get(1)? {
        b'1' => Part::ZeroMonth,
        b'2' => Part::ZeroDay,
        b'3' => Part::ZeroHour12,
        b'4' => Part::ZeroMinute,
        b'5' => Part::ZeroSecond,
        b'6' => Part::Year,
        _ => return None,
    };
    Some((0, 2, part))
}

fn fraction(rest: &str) -> Option<(usize, usize, Part)> {
    let digit = *rest.as_bytes().get(1)?;
    if !matches!(digit, b'0' | b'9') {
        return None;
    }
    let digits = rest
        .bytes()
        .skip(1)
        .take_while(|byte| *byte == digit)
        .count();
    if rest
        .as_bytes()
        .get(1 + digits)
        .is_some_and(u8::is_ascii_digit)
    {
        return None;
    }
    Some((
        0,
        1 + digits,
        Part::Fraction {
            digits,
            separator: if rest.starts_with(',') { ',' } else { '.' },
            fixed: digit == b'0',
        },
    ))
}
