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
        (name == "String").then_some(&TEXT)
    }

    fn call(&self, _: &mut Call<'_>, _: &str, _: Arguments<'_>) -> Answer {
        Ok(self.text.as_str().into())
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

const METHODS: [(&str, Signature); 20] = [
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
    ("Sub", Signature::new(&[TIME], DURATION)),
];

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
        static TABLE: [(&str, Signature); 20] = METHODS;
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
