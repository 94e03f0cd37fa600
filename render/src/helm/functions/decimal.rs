//! Decimal numbers for `addf`, `subf`, `mulf` and `divf`: exact but for division, which keeps 16 digits after the point.

use num_bigint::BigInt;
use num_bigint::Sign;
use tiphys_template::FunctionError;

use crate::go_float;

/// Digits after the point that a division keeps.
const DIVISION: i64 = 16;
/// Powers of ten that a number may have.
const EXPONENT_LIMIT: i64 = 20_000;

/// A whole number times a power of ten.
#[derive(Clone, Debug)]
pub struct Decimal {
    value: BigInt,
    exponent: i64,
}

impl Decimal {
    /// The shortest decimal number that reads as the float.
    pub fn new(number: f64) -> Result<Self, FunctionError> {
        if !number.is_finite() {
            let text = go_float::shortest(number);
            return Err(FunctionError::new(format!(
                "Cannot create a Decimal from {text}"
            )));
        }
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let value: BigInt = format!("{whole}{fraction}").parse().unwrap_or_default();
        let exponent: i64 = exponent.parse().unwrap_or(0);
        Ok(Self {
            value,
            exponent: exponent - i64::try_from(fraction.len()).unwrap_or(0),
        })
    }

    /// The nearest float.
    pub fn float(&self) -> f64 {
        format!("{}e{}", self.value, self.exponent)
            .parse()
            .unwrap_or_default()
    }

    /// The whole number at a lower power of ten.
    fn scaled(&self, exponent: i64) -> BigInt {
        &self.value * power(self.exponent - exponent)
    }

    pub fn add(&self, other: &Self) -> Result<Self, FunctionError> {
        let exponent = self.exponent.min(other.exponent);
        bounded(self.scaled(exponent) + other.scaled(exponent), exponent)
    }

    pub fn subtract(&self, other: &Self) -> Result<Self, FunctionError> {
        let exponent = self.exponent.min(other.exponent);
        bounded(self.scaled(exponent) - other.scaled(exponent), exponent)
    }

    pub fn multiply(&self, other: &Self) -> Result<Self, FunctionError> {
        bounded(&self.value * &other.value, self.exponent + other.exponent)
    }

    pub fn divide(&self, other: &Self) -> Result<Self, FunctionError> {
        if other.value.sign() == Sign::NoSign {
            return Err(FunctionError::new("decimal division by 0"));
        }
        let shift = self.exponent - other.exponent + DIVISION;
        let (dividend, divisor) = if shift < 0 {
            (self.value.clone(), &other.value * power(-shift))
        } else {
            (&self.value * power(shift), other.value.clone())
        };
        let quotient = &dividend / &divisor;
        let rest = dividend - &quotient * &divisor;
        let mut value = quotient;
        if rest.magnitude() * 2_u8 >= *divisor.magnitude() {
            let negative =
                (self.value.sign() == Sign::Minus) != (other.value.sign() == Sign::Minus);
            value += if negative { -1 } else { 1 };
        }
        bounded(value, -DIVISION)
    }
}

fn power(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

fn bounded(value: BigInt, exponent: i64) -> Result<Decimal, FunctionError> {
    if exponent.abs() > EXPONENT_LIMIT {
        return Err(FunctionError::limit(format!(
            "a decimal number beyond {EXPONENT_LIMIT} powers of ten (limit of decimal functions)"
        )));
    }
    Ok(Decimal { value, exponent })
}
