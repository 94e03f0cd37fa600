//! A moment becomes text.

use std::fmt::Write as _;

use super::Fields;
use super::layout::{DAYS, MONTHS, Offset, Part, next};

/// Digits of a fraction that are worth writing: the rest is zeros.
const FRACTION_DIGITS: usize = 9;

/// The form in which Go writes a zone without a name: hours and minutes.
const NAMELESS: Offset = Offset {
    zulu: false,
    colon: false,
    pairs: 2,
};

pub fn format(fields: &Fields, layout: &str) -> String {
    let mut out = String::new();
    let mut rest = layout;
    while let Some((before, part, _, after)) = next(rest) {
        out.push_str(before);
        write_part(&mut out, fields, part);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn write_part(out: &mut String, fields: &Fields, part: Part) {
    let month = MONTHS[fields.month.clamp(1, 12) as usize - 1];
    let week_day = DAYS[fields.week_day as usize % 7];
    let hour12 = match fields.hour % 12 {
        0 => 12,
        hour => hour,
    };
    let morning = fields.hour < 12;
    // Writing to a string cannot fail.
    let _ = match part {
        Part::LongYear if fields.year < 0 => write!(out, "-{:04}", -fields.year),
        Part::LongYear => write!(out, "{:04}", fields.year),
        Part::Year => write!(out, "{:02}", fields.year.max(0) % 100),
        Part::Month => write!(out, "{}", &month[..3]),
        Part::LongMonth => write!(out, "{month}"),
        Part::NumberMonth => write!(out, "{}", fields.month),
        Part::ZeroMonth => write!(out, "{:02}", fields.month),
        Part::WeekDay => write!(out, "{}", &week_day[..3]),
        Part::LongWeekDay => write!(out, "{week_day}"),
        Part::Day => write!(out, "{}", fields.day),
        Part::UnderDay => write!(out, "{:2}", fields.day),
        Part::ZeroDay => write!(out, "{:02}", fields.day),
        Part::UnderYearDay => write!(out, "{:3}", fields.year_day),
        Part::ZeroYearDay => write!(out, "{:03}", fields.year_day),
        Part::Hour => write!(out, "{:02}", fields.hour),
        Part::Hour12 => write!(out, "{hour12}"),
        Part::ZeroHour12 => write!(out, "{hour12:02}"),
        Part::Minute => write!(out, "{}", fields.minute),
        Part::ZeroMinute => write!(out, "{:02}", fields.minute),
        Part::Second => write!(out, "{}", fields.second),
        Part::ZeroSecond => write!(out, "{:02}", fields.second),
        Part::UpperHalf => write!(out, "{}", if morning { "AM" } else { "PM" }),
        Part::LowerHalf => write!(out, "{}", if morning { "am" } else { "pm" }),
        Part::ZoneName if fields.zone_name.is_empty() => {
            write_offset(out, fields.offset, NAMELESS);
            Ok(())
        }
        Part::ZoneName => write!(out, "{}", fields.zone_name),
        Part::Offset(offset) => {
            write_offset(out, fields.offset, offset);
            Ok(())
        }
        Part::Fraction {
            digits,
            separator,
            fixed,
        } => {
            write_fraction(out, fields.nanosecond, digits, separator, fixed);
            Ok(())
        }
    };
}

fn write_offset(out: &mut String, seconds: i32, offset: Offset) {
    if offset.zulu && seconds == 0 {
        out.push('Z');
        return;
    }
    // Go decides on the sign by whole minutes.
    out.push(if seconds / 60 < 0 { '-' } else { '+' });
    let magnitude = (seconds / 60).abs();
    let colon = if offset.colon { ":" } else { "" };
    let _ = write!(out, "{:02}", magnitude / 60);
    if offset.pairs > 1 {
        let _ = write!(out, "{colon}{:02}", magnitude % 60);
    }
    if offset.pairs > 2 {
        let _ = write!(out, "{colon}{:02}", (seconds % 60).abs());
    }
}

fn write_fraction(out: &mut String, nanosecond: u32, digits: usize, separator: char, fixed: bool) {
    let all = format!("{nanosecond:09}");
    let kept = &all[..digits.min(FRACTION_DIGITS)];
    if fixed {
        out.push(separator);
        out.push_str(kept);
        out.extend(std::iter::repeat_n(
            '0',
            digits.saturating_sub(FRACTION_DIGITS),
        ));
        return;
    }
    let kept = kept.trim_end_matches('0');
    if !kept.is_empty() {
        out.push(separator);
        out.push_str(kept);
    }
}
