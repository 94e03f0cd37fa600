//! Dates and durations. `now` is the clock of the environment.

use std::any::Any;

use tiphys_template::{
    Arguments, Call, FunctionError, Functions, Named, Object, Signature, Text, Type, Underlying,
    Value,
};

use super::convert::{IntError, parse_int};
use super::environment::environment;
use super::{ANY, Answer, BOOL, INT, INT64, STRING};
use crate::go_time::{Duration, Moment, Zone, parse};

/// `time.Time`.
pub const TIME: Type = Type::Named(&Named {
    name: "time.Time",
    underlying: Type::Struct("struct { wall uint64; ext int64; loc *time.Location }"),
});
const DURATION: Type = Type::Named(&Named {
    name: "time.Duration",
    underlying: Type::Int64,
});
const MONTH: Type = Type::Named(&Named {
    name: "time.Month",
    underlying: Type::Int,
});
const WEEK_DAY: Type = Type::Named(&Named {
    name: "time.Weekday",
    underlying: Type::Int,
});

/// A point in time, as templates have it.
#[derive(Clone, Debug)]
pub struct Time(pub Moment);

/// A number with a name: a duration, a month, a day of the week.
#[derive(Clone, Debug)]
struct Number {
    go_type: Type,
    number: i64,
    text: String,
}

impl Object for Number {
    fn go_type(&self) -> Type {
        self.go_type
    }

    fn underlying(&self) -> Underlying {
        Underlying::Value(if self.go_type == DURATION {
            Value::Int64(self.number)
        } else {
            Value::Int(self.number)
        })
    }

    fn method(&self, name: &str) -> Option<&'static Signature> {
        const TEXT: Signature = Signature::new(&[], STRING);
        const FLOAT: Signature = Signature::new(&[], Type::Float64);
        const WHOLE: Signature = Signature::new(&[], INT64);
        const OTHER: Signature = Signature::new(&[DURATION], DURATION);
        const SAME: Signature = Signature::new(&[], DURATION);
        if name == "String" {
            return Some(&TEXT);
        }
        match name {
            "Hours" | "Minutes" | "Seconds" if self.go_type == DURATION => Some(&FLOAT),
            "Milliseconds" | "Microseconds" | "Nanoseconds" if self.go_type == DURATION => {
                Some(&WHOLE)
            }
            "Round" | "Truncate" if self.go_type == DURATION => Some(&OTHER),
            "Abs" if self.go_type == DURATION => Some(&SAME),
            _ => None,
        }
    }

    fn call(&self, _: &mut Call<'_>, name: &str, a: Arguments<'_>) -> Answer {
        // Whole units first, as Go does: the quotient of two large floats would be another.
        #[expect(clippy::cast_precision_loss, reason = "Go converts, too")]
        let in_units = |unit: i64| {
            Value::Float64((self.number / unit) as f64 + (self.number % unit) as f64 / unit as f64)
        };
        let duration = |duration: Duration| {
            Value::object(Self {
                go_type: DURATION,
                number: duration.0,
                text: duration.to_string(),
            })
        };
        Ok(match name {
            "Hours" => in_units(3_600_000_000_000),
            "Minutes" => in_units(60_000_000_000),
            "Seconds" => in_units(1_000_000_000),
            "Milliseconds" => Value::Int64(self.number / 1_000_000),
            "Microseconds" => Value::Int64(self.number / 1_000),
            "Nanoseconds" => Value::Int64(self.number),
            "Abs" => duration(Duration(self.number.checked_abs().unwrap_or(i64::MAX))),
            "Round" => duration(Duration(self.number).round(duration_of(&a)?)),
            "Truncate" => match duration_of(&a)?.0 {
                ..=0 => duration(Duration(self.number)),
                to => duration(Duration(self.number - self.number % to)),
            },
            _ => self.text.as_str().into(),
        })
    }

    fn string(&self) -> Option<Text> {
        Some(Text::from(&self.text))
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let other = other.as_any().downcast_ref::<Self>()?;
        Some(self.number == other.number)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Time {
    fn number(&self, layout: &str) -> i64 {
        self.0
            .format(layout)
            .trim_start_matches(' ')
            .trim_start_matches('0')
            .parse()
            .unwrap_or(0)
    }
}

const METHODS: [(&str, Signature); 28] = [
    ("Year", Signature::new(&[], INT)),
    ("Month", Signature::new(&[], MONTH)),
    ("Day", Signature::new(&[], INT)),
    ("Hour", Signature::new(&[], INT)),
    ("Minute", Signature::new(&[], INT)),
    ("Second", Signature::new(&[], INT)),
    ("Nanosecond", Signature::new(&[], INT)),
    ("YearDay", Signature::new(&[], INT)),
    ("Weekday", Signature::new(&[], WEEK_DAY)),
    ("Unix", Signature::new(&[], INT64)),
    ("UnixMilli", Signature::new(&[], INT64)),
    ("UnixNano", Signature::new(&[], INT64)),
    ("String", Signature::new(&[], STRING)),
    ("Format", Signature::new(&[STRING], STRING)),
    ("UTC", Signature::new(&[], TIME)),
    ("Local", Signature::new(&[], TIME)),
    ("IsZero", Signature::new(&[], BOOL)),
    ("Before", Signature::new(&[TIME], BOOL)),
    ("After", Signature::new(&[TIME], BOOL)),
    ("Equal", Signature::new(&[TIME], BOOL)),
    ("Compare", Signature::new(&[TIME], INT)),
    ("Sub", Signature::new(&[TIME], DURATION)),
    ("Add", Signature::new(&[DURATION], TIME)),
    ("AddDate", Signature::new(&[INT, INT, INT], TIME)),
    ("Truncate", Signature::new(&[DURATION], TIME)),
    ("UnixMicro", Signature::new(&[], INT64)),
    ("IsDST", Signature::new(&[], BOOL)),
    ("MarshalText", Signature::new(&[], Type::BYTES)),
];

impl Time {
    /// Years, months and days later by the calendar; a day that the month does not have becomes one of the next month.
    fn plus_date(&self, a: &Arguments<'_>) -> Result<Moment, FunctionError> {
        const DAY: i64 = 86_400_000_000_000;
        let [year, month, day] = ["2006", "1", "2"].map(|layout| self.number(layout));
        let months = (year.saturating_add(a.integer(0)?))
            .saturating_mul(12)
            .saturating_add(month - 1)
            .saturating_add(a.integer(1)?);
        let before = days_of(year, month, day);
        let after = days_of(months.div_euclid(12), months.rem_euclid(12) + 1, day)
            .saturating_add(a.integer(2)?);
        let days = after.saturating_sub(before);
        // A step may be longer than a duration can say.
        let step = i64::MAX / DAY;
        if days
            .checked_div(step)
            .is_none_or(|steps| steps.abs() > 20_000)
        {
            return Err(FunctionError::new("the date is too far away"));
        }
        let mut moment = self.0.clone();
        let mut rest = days;
        while rest != 0 {
            let now = rest.clamp(-step, step);
            moment = moment.plus(Duration(now * DAY));
            rest -= now;
        }
        Ok(moment)
    }

    /// The last multiple of a duration since the year 1 that is not later.
    fn truncated(&self, to: Duration) -> Moment {
        if to.0 <= 0 {
            return self.0.clone();
        }
        /// Seconds from the year 1 to 1970.
        const BEFORE_UNIX: i128 = 62_135_596_800;
        let since = (i128::from(self.0.unix()) + BEFORE_UNIX) * 1_000_000_000
            + i128::from(self.0.nanosecond());
        let over = since.rem_euclid(i128::from(to.0));
        self.0
            .plus(Duration(-i64::try_from(over).unwrap_or_default()))
    }
}

/// Days from 1970 to a date of the proleptic Gregorian calendar; the day may be any number.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that the leap day is their last.
    let year = year.saturating_sub(i64::from(month <= 2));
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era.saturating_mul(146_097)
        .saturating_add(of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// An argument that is declared as a duration: one, or a constant.
fn duration_of(a: &Arguments<'_>) -> Result<Duration, FunctionError> {
    match a.value(0) {
        Value::Int64(number) => Ok(Duration(*number)),
        value => value
            .as_object::<Number>()
            .map(|number| Duration(number.number))
            .ok_or_else(|| FunctionError::new("the argument is no time.Duration")),
    }
}

impl Object for Time {
    fn go_type(&self) -> Type {
        TIME
    }

    fn underlying(&self) -> Underlying {
        Underlying::Struct(vec![
            ("wall", Value::Uint64(u64::from(self.0.nanosecond()))),
            ("ext", Value::Int64(self.0.unix())),
            ("loc", Value::Nil),
        ])
    }

    fn method(&self, name: &str) -> Option<&'static Signature> {
        static TABLE: [(&str, Signature); 28] = METHODS;
        TABLE
            .iter()
            .find(|(method, _)| *method == name)
            .map(|(_, signature)| signature)
    }

    fn call(&self, _: &mut Call<'_>, name: &str, a: Arguments<'_>) -> Answer {
        let moment = &self.0;
        let named = |go_type, number, text: String| {
            Value::object(Number {
                go_type,
                number,
                text,
            })
        };
        Ok(match name {
            "Year" => Value::Int(self.number("2006")),
            "Month" => named(MONTH, self.number("1"), moment.format("January")),
            "Day" => Value::Int(self.number("2")),
            "Hour" => Value::Int(self.number("15")),
            "Minute" => Value::Int(self.number("4")),
            "Second" => Value::Int(self.number("5")),
            "Nanosecond" => Value::Int(i64::from(moment.nanosecond())),
            "YearDay" => Value::Int(self.number("__2")),
            "Weekday" => {
                let text = moment.format("Monday");
                let days = [
                    "Sunday",
                    "Monday",
                    "Tuesday",
                    "Wednesday",
                    "Thursday",
                    "Friday",
                ];
                let number = days
                    .iter()
                    .position(|day| *day == text)
                    .unwrap_or(days.len());
                named(WEEK_DAY, i64::try_from(number).unwrap_or(0), text)
            }
            "Unix" => Value::Int64(moment.unix()),
            "UnixMilli" => Value::Int64(
                moment
                    .unix()
                    .wrapping_mul(1_000)
                    .wrapping_add(i64::from(moment.nanosecond() / 1_000_000)),
            ),
            "UnixMicro" => Value::Int64(
                moment
                    .unix()
                    .wrapping_mul(1_000_000)
                    .wrapping_add(i64::from(moment.nanosecond() / 1_000)),
            ),
            "UnixNano" => Value::Int64(
                moment
                    .unix()
                    .wrapping_mul(1_000_000_000)
                    .wrapping_add(i64::from(moment.nanosecond())),
            ),
            "String" => moment.to_string().into(),
            "Format" => moment.format(&a.text(0)?.to_string_lossy()).into(),
            "UTC" => Value::object(Self(moment.within(Zone::utc()))),
            "Local" => Value::object(Self(moment.within(Zone::local()))),
            "IsZero" => moment.is_zero().into(),
            "Before" => (moment.since(&time(&a, 0)?) < Duration(0)).into(),
            "After" => (moment.since(&time(&a, 0)?) > Duration(0)).into(),
            "Equal" => (moment.since(&time(&a, 0)?) == Duration(0)).into(),
            "Compare" => Value::Int(moment.since(&time(&a, 0)?).0.signum()),
            "Add" => Value::object(Self(moment.plus(duration_of(&a)?))),
            "AddDate" => Value::object(Self(self.plus_date(&a)?)),
            "Truncate" => Value::object(Self(self.truncated(duration_of(&a)?))),
            // The clocks that templates see have no summer time.
            "IsDST" => false.into(),
            "MarshalText" => {
                Value::Bytes(moment.format("2006-01-02T15:04:05.999999999Z07:00").into())
            }
            _ => {
                let duration = moment.since(&time(&a, 0)?);
                named(DURATION, duration.0, duration.to_string())
            }
        })
    }

    fn string(&self) -> Option<Text> {
        Some(self.0.to_string().into())
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        Some(self.0 == other.as_any().downcast_ref::<Self>()?.0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// An argument that is declared as a time.
fn time(a: &Arguments<'_>, index: usize) -> Result<Moment, FunctionError> {
    a.value(index)
        .as_object::<Time>()
        .map(|time| time.0.clone())
        .ok_or_else(|| FunctionError::new("the argument is no time.Time"))
}

pub fn define(functions: &mut Functions) {
    functions.define("now", Signature::new(&[], TIME), |call, _| {
        Ok(Value::object(Time(environment(call)?.now())))
    });
    functions.define("date", Signature::new(&[STRING, ANY], STRING), |call, a| {
        shown(call, a.text(0)?, a.value(1), "Local")
    });
    for name in ["dateInZone", "date_in_zone"] {
        functions.define(
            name,
            Signature::new(&[STRING, ANY, STRING], STRING),
            |call, a| shown(call, a.text(0)?, a.value(1), &a.text(2)?.to_string_lossy()),
        );
    }
    let day = || Text::from("2006-01-02");
    functions.define(
        "htmlDate",
        Signature::new(&[ANY], STRING),
        move |call, a| shown(call, &day(), a.value(0), "Local"),
    );
    functions.define(
        "htmlDateInZone",
        Signature::new(&[ANY, STRING], STRING),
        move |call, a| shown(call, &day(), a.value(0), &a.text(1)?.to_string_lossy()),
    );
    for (name, strict) in [
        ("dateModify", false),
        ("date_modify", false),
        ("mustDateModify", true),
        ("must_date_modify", true),
    ] {
        functions.define(name, Signature::new(&[STRING, TIME], TIME), move |_, a| {
            let moment = time(&a, 1)?;
            match Duration::parse(&a.text(0)?.to_string_lossy()) {
                Ok(duration) => Ok(Value::object(Time(moment.plus(duration)))),
                Err(error) if strict => Err(FunctionError::new(error.to_string())),
                Err(_) => Ok(a.value(1).clone()),
            }
        });
    }
    for (name, strict) in [("toDate", false), ("mustToDate", true)] {
        functions.define(
            name,
            Signature::new(&[STRING, STRING], TIME),
            move |_, a| {
                let layout = a.text(0)?.to_string_lossy();
                match parse(&layout, &a.text(1)?.to_string_lossy(), &Zone::local()) {
                    Ok(moment) => Ok(Value::object(Time(moment))),
                    Err(error) if strict => Err(FunctionError::new(error.to_string())),
                    Err(_) => Ok(Value::object(Time(Moment::zero()))),
                }
            },
        );
    }
    functions.define("unixEpoch", Signature::new(&[TIME], STRING), |_, a| {
        Ok(time(&a, 0)?.unix().to_string().into())
    });
    durations(functions);
}

fn durations(functions: &mut Functions) {
    const ONE: Signature = Signature::new(&[ANY], STRING);
    functions.define("ago", ONE, |call, a| {
        let now = environment(call)?.now();
        let then = moment(a.value(0), &now, false);
        Ok(now.since(&then).round(Duration::SECOND).to_string().into())
    });
    functions.define("duration", ONE, |_, a| {
        let seconds = match a.value(0) {
            Value::Int64(number) => *number,
            Value::String(text) => match text.as_str().map(|text| parse_int(text, 10)) {
                Some(Ok(number) | Err(IntError::Range(number))) => number,
                _ => 0,
            },
            _ => 0,
        };
        Ok(Duration(seconds.wrapping_mul(Duration::SECOND.0))
            .to_string()
            .into())
    });
    functions.define("durationRound", ONE, |call, a| {
        let duration = match a.value(0) {
            Value::Int64(number) => Duration(*number),
            Value::String(text) => Duration::parse(&text.to_string_lossy()).unwrap_or_default(),
            other => match other.as_object::<Time>() {
                Some(time) => environment(call)?.now().since(&time.0),
                None => Duration(0),
            },
        };
        Ok(rounded(duration.0.unsigned_abs()).into())
    });
}

/// The greatest unit of which there is more than one whole.
fn rounded(nanoseconds: u64) -> String {
    const HOUR: u64 = 3_600_000_000_000;
    let units = [
        (HOUR * 24 * 365, "y"),
        (HOUR * 24 * 30, "mo"),
        (HOUR * 24, "d"),
        (HOUR, "h"),
        (HOUR / 60, "m"),
        (HOUR / 3600, "s"),
    ];
    units
        .iter()
        .find(|(unit, _)| nanoseconds > *unit)
        .map_or_else(
            || "0s".to_owned(),
            |(unit, name)| format!("{}{name}", nanoseconds / unit),
        )
}

/// A time, or seconds of Unix; anything else is now.
fn moment(value: &Value, now: &Moment, small: bool) -> Moment {
    let unix = |seconds| Moment::from_unix(seconds, 0, Zone::local());
    match value {
        Value::Int(seconds) | Value::Int64(seconds) => unix(*seconds),
        Value::Int32(seconds) if small => unix(i64::from(*seconds)),
        other => other
            .as_object::<Time>()
            .map_or_else(|| now.clone(), |time| time.0.clone()),
    }
}

fn shown(call: &mut Call<'_>, layout: &Text, value: &Value, zone: &str) -> Answer {
    call.spend(layout.len() as u64)?;
    let environment = environment(call)?;
    let known = matches!(value, Value::Int(_) | Value::Int64(_) | Value::Int32(_))
        || value.as_object::<Time>().is_some();
    let moment = if known {
        moment(value, &environment.now, true)
    } else {
        environment.now()
    };
    let zone = Zone::load(zone).unwrap_or_else(Zone::utc);
    Ok(moment.within(zone).format(&layout.to_string_lossy()).into())
}
