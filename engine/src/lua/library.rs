//! What a script may call.

use std::sync::Mutex;

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike};
use mlua::{Function, Lua, MultiValue, Table, Value, Variadic};

use super::pattern::{Found, Matcher};
use super::{Fuel, exhausted, is_memory, spend};

/// Longest text that `string.rep` makes, in bytes.
const LONGEST: usize = 1 << 20;

/// Runs before any script: takes away what is not safe, and gives what is slow in C a form that pays in steps. It returns a
/// function that makes the globals of one run.
const PRELUDE: &str = include_str!("prelude.lua");

/// Prepares a machine; the result makes the globals of one run from the time of now, in seconds.
pub(super) fn install(lua: &Lua, fuel: &Fuel) -> mlua::Result<Function> {
    let natives = lua.create_table()?;
    texts(lua, &natives, fuel)?;
    let left = fuel.clone();
    natives.set(
        "pcall",
        lua.create_function(move |lua, (call, arguments): (Value, MultiValue)| {
            let outcome = match call {
                Value::Function(call) => call.call::<MultiValue>(arguments),
                other => Err(mlua::Error::runtime(format!(
                    "attempt to call a {} value",
                    other.type_name()
                ))),
            };
            match outcome {
                Ok(mut values) => {
                    values.push_front(Value::Boolean(true));
                    Ok(values)
                }
                // Passing a limit ends the script: it is no error that the script may catch.
                Err(error) if exhausted(&left) || is_memory(&error) => Err(error),
                Err(error) => Ok(MultiValue::from_vec(vec![
                    Value::Boolean(false),
                    Value::String(lua.create_string(super::first_line(&error))?),
                ])),
            }
        })?,
    )?;
    natives.set(
        "time",
        lua.create_function(|_, (now, parts): (f64, Option<Table>)| match parts {
            None => Ok(now),
            Some(parts) => seconds(&parts),
        })?,
    )?;
    natives.set("date", lua.create_function(date)?)?;
    lua.load(PRELUDE).set_name("=prelude").call(natives)
}

fn cost(length: usize) -> i64 {
    i64::try_from(length / 16).unwrap_or(i64::MAX)
}

fn texts(lua: &Lua, natives: &Table, fuel: &Fuel) -> mlua::Result<()> {
    let left = fuel.clone();
    natives.set(
        "spend",
        lua.create_function(move |_, values: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a cast of a float saturates"
            )]
            spend(&left, (values / 16.0).max(0.0) as i64)
        })?,
    )?;
    let left = fuel.clone();
    natives.set(
        "rep",
        lua.create_function(move |lua, (text, count): (mlua::LuaString, f64)| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a cast of a float saturates, and what is not positive is nothing"
            )]
            let count = count.max(0.0) as usize;
            let length = text.as_bytes().len().saturating_mul(count);
            if length > LONGEST {
                return Err(mlua::Error::runtime(format!(
                    "string.rep makes no text longer than {LONGEST} bytes"
                )));
            }
            spend(&left, cost(length))?;
            lua.create_string(text.as_bytes().repeat(if length == 0 { 0 } else { count }))
        })?,
    )?;
    for (name, find) in [("find", true), ("match", false)] {
        let left = fuel.clone();
        natives.set(
            name,
            lua.create_function(
                move |lua,
                      (text, pattern, from, plain): (
                    mlua::LuaString,
                    mlua::LuaString,
                    Option<i64>,
                    Option<bool>,
                )| {
                    search(
                        lua,
                        &left,
                        (&text, &pattern),
                        (from, plain == Some(true), find),
                    )
                },
            )?,
        )?;
    }
    let left = fuel.clone();
    natives.set(
        "gmatch",
        lua.create_function(
            move |lua, (text, pattern): (mlua::LuaString, mlua::LuaString)| {
                let left = left.clone();
                let position = Mutex::new(0);
                lua.create_function(move |lua, _: Variadic<Value>| {
                    let text = text.as_bytes();
                    let pattern = pattern.as_bytes();
                    let mut matcher = Matcher::new(&text, &pattern, &left);
                    let mut from = position
                        .lock()
                        .map_err(|_| mlua::Error::runtime("gmatch"))?;
                    while *from <= text.len() {
                        if let Some(found) = matcher.at(*from)? {
                            *from = if found.end == found.start {
                                found.end + 1
                            } else {
                                found.end
                            };
                            return values(lua, &found, &text);
                        }
                        *from += 1;
                    }
                    Ok(MultiValue::new())
                })
            },
        )?,
    )?;
    let left = fuel.clone();
    natives.set(
        "gsub",
        lua.create_function(
            move |lua,
                  (text, pattern, by, most): (
                mlua::LuaString,
                mlua::LuaString,
                Value,
                Option<f64>,
            )| { replace(lua, &left, (&text, &pattern), &by, most) },
        )?,
    )
}

/// What a match gives to the script: its captures, or all of it when it has none.
fn values(lua: &Lua, found: &Found, text: &[u8]) -> mlua::Result<MultiValue> {
    let mut values = MultiValue::new();
    for index in 0..found.captures.len().max(1) {
        values.push_back(found.value(lua, index, text)?);
    }
    Ok(values)
}

fn search(
    lua: &Lua,
    fuel: &Fuel,
    (text, pattern): (&mlua::LuaString, &mlua::LuaString),
    (from, plain, find): (Option<i64>, bool, bool),
) -> mlua::Result<MultiValue> {
    let text = text.as_bytes();
    let pattern = pattern.as_bytes();
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let from = match from.unwrap_or(1) {
        from if from > 0 => from - 1,
        0 => 0,
        from => (length + from).max(0),
    };
    if from > length {
        return Ok(MultiValue::from_vec(vec![Value::Nil]));
    }
    let from = usize::try_from(from).unwrap_or(0);
    let span = |start: usize, end: usize| {
        #[expect(clippy::cast_precision_loss, reason = "no text is that long")]
        [Value::Number((start + 1) as f64), Value::Number(end as f64)]
    };
    if find && plain {
        spend(fuel, cost(text.len()) + 1)?;
        let found = pattern.is_empty().then_some(0).or_else(|| {
            text[from..]
                .windows(pattern.len())
                .position(|window| window == &pattern[..])
        });
        return Ok(match found {
            Some(at) => MultiValue::from_vec(span(from + at, from + at + pattern.len()).to_vec()),
            None => MultiValue::from_vec(vec![Value::Nil]),
        });
    }
    let mut matcher = Matcher::new(&text, &pattern, fuel);
    for start in from..=text.len() {
        if let Some(found) = matcher.at(start)? {
            if !find {
                return values(lua, &found, &text);
            }
            let mut all = MultiValue::from_vec(span(found.start, found.end).to_vec());
            for index in 0..found.captures.len() {
                all.push_back(found.value(lua, index, &text)?);
            }
            return Ok(all);
        }
        if matcher.is_anchored() {
            break;
        }
    }
    Ok(MultiValue::from_vec(vec![Value::Nil]))
}

fn replace(
    lua: &Lua,
    fuel: &Fuel,
    (text, pattern): (&mlua::LuaString, &mlua::LuaString),
    by: &Value,
    most: Option<f64>,
) -> mlua::Result<(mlua::LuaString, f64)> {
    let text = text.as_bytes();
    let pattern = pattern.as_bytes();
    let mut matcher = Matcher::new(&text, &pattern, fuel);
    let mut result: Vec<u8> = Vec::new();
    let mut count = 0.0;
    let mut position = 0;
    while most.is_none_or(|most| count < most) {
        let found = matcher.at(position)?;
        let end = found.as_ref().map_or(position, |found| found.end);
        if let Some(found) = &found {
            count += 1.0;
            let before = result.len();
            replacement(lua, found, &text, by, &mut result)?;
            if result.len() > LONGEST {
                return Err(mlua::Error::runtime(format!(
                    "string.gsub makes no text longer than {LONGEST} bytes"
                )));
            }
            spend(fuel, cost(result.len() - before) + 1)?;
        }
        if end > position {
            position = end;
        } else if position < text.len() {
            result.push(text[position]);
            position += 1;
        } else {
            position += 1;
            break;
        }
        if matcher.is_anchored() {
            break;
        }
    }
    result.extend_from_slice(text.get(position..).unwrap_or_default());
    Ok((lua.create_string(result)?, count))
}

fn replacement(
    lua: &Lua,
    found: &Found,
    text: &[u8],
    by: &Value,
    result: &mut Vec<u8>,
) -> mlua::Result<()> {
    let value = match by {
        Value::Table(table) => table.get::<Value>(found.value(lua, 0, text)?)?,
        Value::Function(function) => function.call::<Value>(values(lua, found, text)?)?,
        Value::String(template) => {
            let template = template.as_bytes();
            let mut bytes = template.iter().copied();
            while let Some(byte) = bytes.next() {
                match (byte, if byte == b'%' { bytes.next() } else { None }) {
                    (b'%', Some(b'0')) => result.extend_from_slice(&text[found.start..found.end]),
                    (b'%', Some(digit @ b'1'..=b'9')) => {
                        let value = found.value(lua, usize::from(digit - b'1'), text)?;
                        append(&value, result)?;
                    }
                    (b'%', Some(other)) => result.push(other),
                    (other, _) => result.push(other),
                }
            }
            return Ok(());
        }
        Value::Number(_) | Value::Integer(_) => by.clone(),
        other => {
            return Err(mlua::Error::runtime(format!(
                "string.gsub replaces by a text, a table or a function, not by a {}",
                other.type_name()
            )));
        }
    };
    match value {
        Value::Nil | Value::Boolean(false) => {
            result.extend_from_slice(&text[found.start..found.end]);
            Ok(())
        }
        value => append(&value, result),
    }
}

fn append(value: &Value, result: &mut Vec<u8>) -> mlua::Result<()> {
    match value {
        Value::String(text) => result.extend_from_slice(&text.as_bytes()),
        Value::Integer(number) => result.extend_from_slice(number.to_string().as_bytes()),
        Value::Number(number) => result.extend_from_slice(number.to_string().as_bytes()),
        other => {
            return Err(mlua::Error::runtime(format!(
                "invalid replacement value (a {})",
                other.type_name()
            )));
        }
    }
    Ok(())
}

/// `os.time{…}`: months and days may lie outside their ranges, as in C; the time zone is UTC.
fn seconds(parts: &Table) -> mlua::Result<f64> {
    let part = |name: &str, default: Option<f64>| -> mlua::Result<i64> {
        let value = match parts.get::<Value>(name)? {
            Value::Nil => default,
            Value::Integer(value) => return Ok(value),
            Value::Number(value) => Some(value),
            Value::String(text) => text.to_string_lossy().trim().parse().ok(),
            _ => None,
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast of a float saturates, and the range is checked below"
        )]
        value
            .map(|value| value as i64)
            .ok_or_else(|| mlua::Error::runtime(format!("field '{name}' missing in date table")))
    };
    let months = part("month", None)?.saturating_sub(1);
    let year = part("year", None)?.saturating_add(months.div_euclid(12));
    let seconds = part("day", None)?
        .saturating_sub(1)
        .saturating_mul(86_400)
        .saturating_add(part("hour", Some(12.0))?.saturating_mul(3_600))
        .saturating_add(part("min", Some(0.0))?.saturating_mul(60))
        .saturating_add(part("sec", Some(0.0))?);
    let month = u32::try_from(months.rem_euclid(12)).unwrap_or(0) + 1;
    i32::try_from(year)
        .ok()
        .and_then(|year| NaiveDate::from_ymd_opt(year, month, 1))
        .and_then(|date| date.and_hms_opt(0, 0, 0))
        .and_then(|start| start.checked_add_signed(TimeDelta::try_seconds(seconds)?))
        .map(|time| {
            #[expect(
                clippy::cast_precision_loss,
                reason = "seconds of years that exist fit"
            )]
            let seconds = time.and_utc().timestamp() as f64;
            seconds
        })
        .ok_or_else(|| mlua::Error::runtime("the date is out of range"))
}

fn date(lua: &Lua, (now, format, at): (f64, Option<String>, Option<f64>)) -> mlua::Result<Value> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of a float saturates, and the range is checked by chrono"
    )]
    let time = DateTime::from_timestamp(at.unwrap_or(now) as i64, 0)
        .ok_or_else(|| mlua::Error::runtime("the time is out of range"))?;
    let format = format.unwrap_or_else(|| "%c".to_owned());
    let format = format.trim_start_matches('!');
    if format.starts_with("*t") {
        let table = lua.create_table()?;
        table.raw_set("year", f64::from(time.year()))?;
        for (name, value) in [
            ("month", time.month()),
            ("day", time.day()),
            ("hour", time.hour()),
            ("min", time.minute()),
            ("sec", time.second()),
            ("wday", time.weekday().num_days_from_sunday() + 1),
            ("yday", time.ordinal()),
        ] {
            table.raw_set(name, f64::from(value))?;
        }
        table.raw_set("isdst", false)?;
        return Ok(Value::Table(table));
    }
    if format.len() > 256 {
        return Err(mlua::Error::runtime(
            "the date format is longer than 256 bytes",
        ));
    }
    let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
    if items.contains(&Item::Error) {
        return Err(mlua::Error::runtime(format!(
            "'{format}' is no date format"
        )));
    }
    let text = time.format_with_items(items.into_iter()).to_string();
    Ok(Value::String(lua.create_string(text)?))
}
