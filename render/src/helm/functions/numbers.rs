//! Arithmetic.

use tiphys_template::{Call, FunctionError, Functions, List, Signature, Type, Value};

use super::convert::{atoi, float64, int64, parse_int};
use super::decimal::Decimal;
use super::text::display;
use super::{ANY, Answer, FLOAT, INT, INT64, STRING};

const INTS: Type = Type::Slice(&Type::Int);

pub fn define(functions: &mut Functions) {
    conversions(functions);
    integers(functions);
    floats(functions);
    decimals(functions);
    sequences(functions);
}

fn conversions(functions: &mut Functions) {
    functions.define("atoi", Signature::new(&[STRING], INT), |_, a| {
        Ok(Value::Int(atoi(a.text(0)?)))
    });
    functions.define("int64", Signature::new(&[ANY], INT64), |_, a| {
        Ok(Value::Int64(int64(a.value(0))))
    });
    functions.define("int", Signature::new(&[ANY], INT), |_, a| {
        Ok(Value::Int(int64(a.value(0))))
    });
    functions.define("float64", Signature::new(&[ANY], FLOAT), |_, a| {
        Ok(float64(a.value(0)).into())
    });
    functions.define("toDecimal", Signature::new(&[ANY], INT64), |_, a| {
        let text = display(a.value(0))?;
        let number = text.as_str().and_then(|text| parse_int(text, 8).ok());
        Ok(Value::Int64(number.unwrap_or(0)))
    });
}

fn integers(functions: &mut Functions) {
    const SEVERAL: Signature = Signature::variadic(&[ANY], ANY, INT64);
    const PAIR: Signature = Signature::new(&[ANY, ANY], INT64);
    fn fold(values: &[Value], change: impl Fn(i64, i64) -> i64) -> Answer {
        let numbers = values.iter().map(int64);
        Ok(Value::Int64(numbers.reduce(change).unwrap_or(0)))
    }
    functions.define("add1", Signature::new(&[ANY], INT64), |_, a| {
        Ok(Value::Int64(int64(a.value(0)).wrapping_add(1)))
    });
    functions.define("add", Signature::variadic(&[], ANY, INT64), |_, a| {
        fold(&a, i64::wrapping_add)
    });
    functions.define("mul", SEVERAL, |_, a| fold(&a, i64::wrapping_mul));
    for name in ["max", "biggest"] {
        functions.define(name, SEVERAL, |_, a| fold(&a, i64::max));
    }
    functions.define("min", SEVERAL, |_, a| fold(&a, i64::min));
    functions.define("sub", PAIR, |_, a| fold(&a, i64::wrapping_sub));
    for (name, change) in [
        ("div", i64::wrapping_div as fn(i64, i64) -> i64),
        ("mod", i64::wrapping_rem),
    ] {
        functions.define(name, PAIR, move |_, a| {
            let (left, right) = (int64(a.value(0)), int64(a.value(1)));
            if right == 0 {
                return Err(FunctionError::new("runtime error: integer divide by zero"));
            }
            Ok(Value::Int64(change(left, right)))
        });
    }
}

fn floats(functions: &mut Functions) {
    const SEVERAL: Signature = Signature::variadic(&[ANY], ANY, FLOAT);
    const ONE: Signature = Signature::new(&[ANY], FLOAT);
    fn fold(values: &[Value], keep: impl Fn(f64, f64) -> f64) -> Answer {
        let numbers = values.iter().map(float64);
        let result = numbers.reduce(|a, b| {
            if a.is_nan() || b.is_nan() {
                f64::NAN
            } else {
                keep(a, b)
            }
        });
        Ok(result.unwrap_or(0.0).into())
    }
    functions.define("maxf", SEVERAL, |_, a| fold(&a, f64::max));
    functions.define("minf", SEVERAL, |_, a| fold(&a, f64::min));
    functions.define("floor", ONE, |_, a| Ok(float64(a.value(0)).floor().into()));
    functions.define("ceil", ONE, |_, a| Ok(float64(a.value(0)).ceil().into()));
    functions.define(
        "round",
        Signature::variadic(&[ANY, INT], FLOAT, FLOAT),
        |_, a| {
            let half = if a.len() > 2 { a.float(2)? } else { 0.5 };
            let places = i32::try_from(a.integer(1)?).unwrap_or(if a.integer(1)? < 0 {
                i32::MIN
            } else {
                i32::MAX
            });
            let power = 10_f64.powi(places);
            let digits = power * float64(a.value(0));
            let rounded = if digits.fract() >= half {
                digits.ceil()
            } else {
                digits.floor()
            };
            Ok((rounded / power).into())
        },
    );
}

fn decimals(functions: &mut Functions) {
    type Operation = fn(&Decimal, &Decimal) -> Result<Decimal, FunctionError>;
    const SEVERAL: Signature = Signature::variadic(&[ANY], ANY, FLOAT);
    fn fold(first: f64, rest: &[Value], operation: Operation) -> Answer {
        let mut result = Decimal::new(first)?;
        for value in rest {
            result = operation(&result, &Decimal::new(float64(value))?)?;
        }
        Ok(result.float().into())
    }
    functions.define("add1f", Signature::new(&[ANY], FLOAT), |_, a| {
        fold(float64(a.value(0)), &[Value::Int(1)], Decimal::add)
    });
    functions.define("addf", Signature::variadic(&[], ANY, FLOAT), |_, a| {
        fold(0.0, &a, Decimal::add)
    });
    for (name, operation) in [
        ("subf", Decimal::subtract as Operation),
        ("divf", Decimal::divide),
        ("mulf", Decimal::multiply),
    ] {
        functions.define(name, SEVERAL, move |_, a| {
            fold(float64(a.value(0)), a.rest(1), operation)
        });
    }
}

fn sequences(functions: &mut Functions) {
    functions.define("until", Signature::new(&[INT], INTS), |call, a| {
        let count = a.integer(0)?;
        steps_list(steps(call, 0, count, if count < 0 { -1 } else { 1 })?)
    });
    functions.define(
        "untilStep",
        Signature::new(&[INT, INT, INT], INTS),
        |call, a| steps_list(steps(call, a.integer(0)?, a.integer(1)?, a.integer(2)?)?),
    );
    functions.define("seq", Signature::variadic(&[], INT, STRING), |call, a| {
        let numbers: Vec<i64> = (0..a.len())
            .map(|at| a.integer(at))
            .collect::<Result<_, _>>()?;
        let (start, end, step) = match numbers[..] {
            [end] => (1, end, if end < 1 { -1 } else { 1 }),
            [start, end] => (start, end, if end < start { -1 } else { 1 }),
            [start, step, end] if end >= start || step <= 0 => (start, end, step),
            _ => return Ok("".into()),
        };
        let inclusive = end.wrapping_add(if end < start { -1 } else { 1 });
        let numbers = steps(call, start, inclusive, step)?;
        let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
        Ok(texts.join(" ").into())
    });
}

/// From a number up or down to another one, which is left out.
fn steps(call: &mut Call<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, FunctionError> {
    let forward = stop >= start;
    if forward && step <= 0 || !forward && step >= 0 {
        return Ok(Vec::new());
    }
    let count = stop.abs_diff(start).div_ceil(step.unsigned_abs());
    call.spend(count)?;
    call.reserve(
        usize::try_from(count)
            .unwrap_or(usize::MAX)
            .saturating_mul(size_of::<Value>()),
    )?;
    let mut numbers = Vec::new();
    let mut next = Some(start);
    while let Some(number) = next.filter(|number| {
        if forward {
            *number < stop
        } else {
            *number > stop
        }
    }) {
        numbers.push(number);
        next = number.checked_add(step);
    }
    Ok(numbers)
}

fn steps_list(numbers: Vec<i64>) -> Answer {
    Ok(Value::List(List::new(
        INTS,
        numbers.into_iter().map(Value::Int).collect(),
    )))
}
