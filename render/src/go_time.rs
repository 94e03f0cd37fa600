//! Time as Go sees it: layouts such as `2006-01-02`, durations such as `1h30m`, zones by name.

mod duration;
mod format;
mod layout;
mod parse;

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use duration::{Duration, DurationError};
pub use parse::{ParseError, parse};

/// Seconds from the first of January of year 1 to the Unix epoch: Go's zero time lies there.
const ZERO: i64 = -62_135_596_800;
const DAY: i64 = 86_400;

/// A zone of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Utc,
    /// The zone that the machine would have: rendering knows no machine, so it is UTC.
    Local,
    Fixed {
        name: String,
        seconds: i32,
    },
    Named(TimeZone),
}

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub const fn utc() -> Self {
        Self(Kind::Utc)
    }

    /// What Go calls `Local`. Rendering knows no machine: it is UTC.
    #[must_use]
    pub const fn local() -> Self {
        Self(Kind::Local)
    }

    /// A zone of one offset, in seconds east of Greenwich.
    #[must_use]
    pub fn fixed(name: &str, seconds: i32) -> Self {
        Self(Kind::Fixed {
            name: name.to_owned(),
            seconds,
        })
    }

    /// The zone of a name, as Go's `LoadLocation` takes it: `""` and `UTC`, `Local`, or a name of the IANA database.
    #[must_use]
    pub fn load(name: &str) -> Option<Self> {
        match name {
            "" | "UTC" => Some(Self::utc()),
            "Local" => Some(Self::local()),
            name if name.contains("..") || name.starts_with(['/', '\\']) => None,
            name => {
                let zone = jiff::tz::db().get(name).ok()?;
                // The database is asked without regard to case, Go's is not.
                (zone.iana_name() == Some(name)).then_some(Self(Kind::Named(zone)))
            }
        }
    }

    /// Abbreviation and offset in seconds at a point in time.
    fn at(&self, unix: i64) -> (String, i32) {
        match &self.0 {
            Kind::Utc | Kind::Local => ("UTC".to_owned(), 0),
            Kind::Fixed { name, seconds } => (name.clone(), *seconds),
            Kind::Named(zone) => {
                let bounded = unix.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
                let stamp = Timestamp::from_second(bounded).unwrap_or(Timestamp::UNIX_EPOCH);
                let info = zone.to_offset_info(stamp);
                (info.abbreviation().to_owned(), info.offset().seconds())
            }
        }
    }
}

/// A point in time, with the zone in which it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Seconds since the Unix epoch.
    unix: i64,
    /// Nanoseconds within the second.
    nanosecond: u32,
    zone: Zone,
}

/// The fields of a moment in its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fields {
    year: i64,
    /// From 1.
    month: u32,
    /// From 1.
    day: u32,
    /// From 1.
    year_day: u32,
    /// From Sunday, which is 0.
    week_day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
    zone_name: String,
    /// Seconds east of Greenwich.
    offset: i32,
}

impl Moment {
    /// The moment of a Unix time.
    #[must_use]
    pub const fn from_unix(seconds: i64, nanosecond: u32, zone: Zone) -> Self {
        Self {
            unix: seconds,
            nanosecond,
            zone,
        }
    }

    /// Go's zero time, the first of January of year 1 in UTC.
    #[must_use]
    pub const fn zero() -> Self {
        Self::from_unix(ZERO, 0, Zone::utc())
    }

    /// Whether this is Go's zero time.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.unix == ZERO && self.nanosecond == 0
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub const fn unix(&self) -> i64 {
        self.unix
    }

    /// Nanoseconds within the second.
    #[must_use]
    pub const fn nanosecond(&self) -> u32 {
        self.nanosecond
    }

    /// The same moment in another zone.
    #[must_use]
    pub fn within(&self, zone: Zone) -> Self {
        Self {
            zone,
            ..self.clone()
        }
    }

    /// A moment later, or earlier when the duration is negative.
    #[must_use]
    pub fn plus(&self, duration: Duration) -> Self {
        let nanoseconds = i64::from(self.nanosecond) + duration.0 % 1_000_000_000;
        let unix = self
            .unix
            .saturating_add(duration.0 / 1_000_000_000)
            .saturating_add(nanoseconds.div_euclid(1_000_000_000));
        let nanosecond = u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).unwrap_or(0);
        Self {
            unix,
            nanosecond,
            zone: self.zone.clone(),
        }
    }

    /// The time from another moment to this one, held within what a duration can hold.
    #[must_use]
    pub fn since(&self, other: &Self) -> Duration {
        let seconds = i128::from(self.unix) - i128::from(other.unix);
        let nanoseconds =
            seconds * 1_000_000_000 + i128::from(self.nanosecond) - i128::from(other.nanosecond);
        Duration(i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 {
            i64::MIN
        } else {
            i64::MAX
        }))
    }

    /// The text that a layout of Go makes of the moment.
    #[must_use]
    pub fn format(&self, layout: &str) -> String {
        format::format(&self.fields(), layout)
    }

    fn fields(&self) -> Fields {
        let (zone_name, offset) = self.zone.at(self.unix);
        let local = self.unix.saturating_add(i64::from(offset));
        let days = local.div_euclid(DAY);
        let second = u32::try_from(local.rem_euclid(DAY)).unwrap_or(0);
        let (year, month, day) = civil(days);
        let small = |number: i64| u32::try_from(number).unwrap_or(0);
        Fields {
            year,
            month,
            day,
            year_day: small(days - days_from_civil(year, 1, 1) + 1),
            week_day: small((days + 4).rem_euclid(7)),
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            nanosecond: self.nanosecond,
            zone_name,
            offset,
        }
    }
}

impl fmt::Display for Moment {
    /// What Go's `%v` prints.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

/// Days since the Unix epoch of a date of the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month = i64::from(month);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a count of days since the Unix epoch.
fn civil(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (
        year,
        u32::try_from(month).unwrap_or(1),
        u32::try_from(day).unwrap_or(1),
    )
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(month: u32, year: i64) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests;
