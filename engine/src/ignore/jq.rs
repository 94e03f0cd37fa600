//! jq path expressions: which parts of an object an expression such as `.spec.containers[] | select(.name == "x") | .image` names.
//!
//! The grammar is jaq's; what an expression may contain is a list of what has been thought through, and the evaluation is this
//! project's own, because no jq in Rust can be stopped: here each step and each byte that is built costs fuel. Meaning as in the
//! jq manual, of `path(f)`.

use std::fmt;

use jaq_core::load::lex::{StrPart, Tok, Token};
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::load::{Lexer, Parser};
use jaq_core::ops::{Cmp, Math};
use jaq_core::path::{Opt, Part};
use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::ConcretePath;

mod eval;
mod value;

/// Longest expression, in bytes.
pub const MAX_LENGTH: usize = 4096;
/// Most tokens of an expression.
pub const MAX_TOKENS: usize = 512;
/// Deepest nesting of brackets in an expression.
pub const MAX_BRACKETS: usize = 32;
/// Longest pattern of `test`, in bytes.
pub const MAX_PATTERN: usize = 1024;
/// Largest compiled pattern of `test`, in bytes.
const MAX_COMPILED_PATTERN: usize = 1 << 20;
/// Steps that an expression may take on one object: a visited value is one, and so are four bytes that it builds.
pub const FUEL: u64 = 1_000_000;

/// Why an expression cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JqError {
    /// It is longer than a limit.
    #[error("it has more than {limit} {what}")]
    TooLarge {
        /// What is counted.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// It is no jq.
    #[error("it is no jq expression: {0}")]
    Syntax(String),
    /// It is jq, but of a part that is not offered here.
    #[error("{0} is not supported in an ignored path")]
    Unsupported(String),
    /// A pattern is no regular expression, or too large a one.
    #[error("the pattern {pattern:?} cannot be used: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why not.
        reason: String,
    },
    /// It took more steps than [`FUEL`].
    #[error("it took more than {FUEL} steps")]
    OutOfFuel,
    /// The object has other types than it expects; jq calls that an error, and nothing is ignored.
    #[error("{0}")]
    Types(String),
}

/// An expression that may be evaluated.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    filter: Filter,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// It is no jq, larger than a limit, or contains what is not offered.
    pub fn parse(text: &str) -> Result<Self, JqError> {
        if text.len() > MAX_LENGTH {
            return Err(JqError::TooLarge {
                what: "bytes",
                limit: MAX_LENGTH,
            });
        }
        check_brackets(text)?;
        let tokens = Lexer::new(text).lex().map_err(|errors| {
            let first = errors.first().map(|(expected, at)| {
                format!("expected {} at {:?}", expected.as_str(), shorten(at))
            });
            JqError::Syntax(first.unwrap_or_default())
        })?;
        if count(&tokens) > MAX_TOKENS {
            return Err(JqError::TooLarge {
                what: "tokens",
                limit: MAX_TOKENS,
            });
        }
        let term = Parser::new(&tokens).parse(Parser::term).map_err(|errors| {
            let first = errors.first().map(|(expected, found)| {
                let found = found.map_or("the end", |token| token.0);
                format!("expected {} before {:?}", expected.as_str(), shorten(found))
            });
            JqError::Syntax(first.unwrap_or_default())
        })?;
        let filter = filter(&term, &mut Vec::new())?;
        Ok(Self {
            text: text.to_owned(),
            filter,
        })
    }

    /// The paths that the expression names in a value, each once.
    ///
    /// # Errors
    /// It needs more than [`FUEL`] steps, or the value has other types than the expression expects.
    pub(crate) fn paths(&self, value: &Value) -> Result<Vec<ConcretePath>, JqError> {
        eval::paths(&self.filter, value, FUEL)
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(24).collect()
}

/// Refuses deep nesting before a recursive parser sees it. Brackets in texts count too: that errs on the safe side.
fn check_brackets(text: &str) -> Result<(), JqError> {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_BRACKETS {
            return Err(JqError::TooLarge {
                what: "nested brackets",
                limit: MAX_BRACKETS,
            });
        }
    }
    Ok(())
}

fn count(tokens: &[Token<&str>]) -> usize {
    tokens
        .iter()
        .map(|token| {
            1 + match &token.1 {
                Tok::Block(inner) => count(inner),
                Tok::Str(parts) => parts
                    .iter()
                    .map(|part| match part {
                        StrPart::Term(token) => count(std::slice::from_ref(token)),
                        StrPart::Str(_) | StrPart::Char(_) => 0,
                    })
                    .sum(),
                Tok::Word | Tok::Var | Tok::Fmt | Tok::Num | Tok::Sym => 0,
            }
        })
        .sum()
}

/// What an expression may contain.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    Identity,
    Recurse,
    Literal(Value),
    Variable(usize),
    Steps(Box<Filter>, Vec<(Step, bool)>),
    Pipe(Box<Filter>, Box<Filter>),
    /// Binds each output of the first to the next variable of the second.
    Bind(Box<Filter>, Box<Filter>),
    Comma(Box<Filter>, Box<Filter>),
    Alternative(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Compare(Cmp, Box<Filter>, Box<Filter>),
    Math(Math, Box<Filter>, Box<Filter>),
    Negate(Box<Filter>),
    Array(Option<Box<Filter>>),
    If(Vec<(Filter, Filter)>, Option<Box<Filter>>),
    Try(Box<Filter>, Option<Box<Filter>>),
    Test(Regex, u64),
    Call(Function, Vec<Filter>),
}

/// A step into a value.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Each,
    At(Filter),
}

/// The functions that are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Select,
    Map,
    Any,
    All,
    In,
    First,
    Last,
    Empty,
    Not,
    Length,
    Keys,
    Has,
    Contains,
    Inside,
    StartsWith,
    EndsWith,
    TrimStart,
    TrimEnd,
    Lower,
    Upper,
    Split,
    Join,
    Type,
    ToText,
    ToNumber,
    ToEntries,
    GetPath,
    /// Lets values of some types through: a bit for each type.
    Types(u8),
}

/// Bits of [`Function::Types`].
pub(super) mod types {
    pub(crate) const NULL: u8 = 1;
    pub(crate) const BOOLEAN: u8 = 2;
    pub(crate) const NUMBER: u8 = 4;
    pub(crate) const STRING: u8 = 8;
    pub(crate) const ARRAY: u8 = 16;
    pub(crate) const OBJECT: u8 = 32;
}

/// The function of a name and a number of arguments.
fn function(name: &str, arguments: usize) -> Option<Function> {
    use types::{ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING};
    Some(match (name, arguments) {
        ("select", 1) => Function::Select,
        ("map", 1) => Function::Map,
        ("any", 0..=2) => Function::Any,
        ("all", 0..=2) => Function::All,
        ("IN", 1) => Function::In,
        ("first", 0 | 1) => Function::First,
        ("last", 0 | 1) => Function::Last,
        ("empty", 0) => Function::Empty,
        ("not", 0) => Function::Not,
        ("length", 0) => Function::Length,
        ("keys" | "keys_unsorted", 0) => Function::Keys,
        ("has", 1) => Function::Has,
        ("contains", 1) => Function::Contains,
        ("inside", 1) => Function::Inside,
        ("startswith", 1) => Function::StartsWith,
        ("endswith", 1) => Function::EndsWith,
        ("ltrimstr", 1) => Function::TrimStart,
        ("rtrimstr", 1) => Function::TrimEnd,
        ("ascii_downcase", 0) => Function::Lower,
        ("ascii_upcase", 0) => Function::Upper,
        ("split", 1) => Function::Split,
        ("join", 1) => Function::Join,
        ("type", 0) => Function::Type,
        ("tostring", 0) => Function::ToText,
        ("tonumber", 0) => Function::ToNumber,
        ("to_entries", 0) => Function::ToEntries,
        ("getpath", 1) => Function::GetPath,
        ("nulls", 0) => Function::Types(NULL),
        ("booleans", 0) => Function::Types(BOOLEAN),
        ("numbers", 0) => Function::Types(NUMBER),
        ("strings", 0) => Function::Types(STRING),
        ("arrays", 0) => Function::Types(ARRAY),
        ("objects", 0) => Function::Types(OBJECT),
        ("iterables", 0) => Function::Types(ARRAY | OBJECT),
        ("scalars", 0) => Function::Types(NULL | BOOLEAN | NUMBER | STRING),
        ("values", 0) => Function::Types(BOOLEAN | NUMBER | STRING | ARRAY | OBJECT),
        _ => return None,
    })
}

fn unsupported<T>(what: impl Into<String>) -> Result<T, JqError> {
    Err(JqError::Unsupported(what.into()))
}

/// Turns what was parsed into what may be evaluated. `bound` are the variables, outermost first.
fn filter<'s>(term: &Term<&'s str>, bound: &mut Vec<&'s str>) -> Result<Filter, JqError> {
    let mut boxed = |term: &Term<&'s str>| -> Result<Box<Filter>, JqError> {
        Ok(Box::new(filter(term, bound)?))
    };
    Ok(match term {
        Term::Id => Filter::Identity,
        Term::Recurse => Filter::Recurse,
        Term::Num(text) => Filter::Literal(number(text)?),
        Term::Str(None, parts) => Filter::Literal(Value::String(text(parts)?)),
        Term::Str(Some(format), _) => return unsupported(format!("the format {format}")),
        Term::Arr(None) => Filter::Array(None),
        Term::Arr(Some(inner)) => Filter::Array(Some(boxed(inner)?)),
        Term::Obj(_) => return unsupported("making an object"),
        Term::Neg(inner) => Filter::Negate(boxed(inner)?),
        Term::BinOp(left, operator, right) => return binary(left, operator, right, bound),
        Term::Label(..) | Term::Break(_) => return unsupported("label and break"),
        Term::Fold(name, ..) => return unsupported(*name),
        Term::Def(..) => return unsupported("defining a function"),
        Term::TryCatch(inner, catch) => {
            Filter::Try(boxed(inner)?, catch.as_deref().map(boxed).transpose()?)
        }
        Term::IfThenElse(cases, otherwise) => {
            let otherwise = otherwise.as_deref().map(&mut boxed).transpose()?;
            let cases: Result<Vec<_>, JqError> = cases
                .iter()
                .map(|(condition, then)| Ok((filter(condition, bound)?, filter(then, bound)?)))
                .collect();
            Filter::If(cases?, otherwise)
        }
        Term::Call(name, arguments) => return call(name, arguments, bound),
        Term::Var(name) => match bound.iter().rposition(|known| known == name) {
            Some(place) => Filter::Variable(place),
            None => return unsupported(format!("the variable {name}")),
        },
        Term::Path(head, path) => {
            let head = boxed(head)?;
            let mut steps = Vec::with_capacity(path.0.len());
            for (part, optional) in &path.0 {
                let step = match part {
                    Part::Range(None, None) => Step::Each,
                    Part::Range(..) => return unsupported("a slice"),
                    Part::Index(index) => Step::At(filter(index, bound)?),
                };
                steps.push((step, matches!(optional, Opt::Optional)));
            }
            Filter::Steps(head, steps)
        }
    })
}

fn binary<'s>(
    left: &Term<&'s str>,
    operator: &BinaryOp<&'s str>,
    right: &Term<&'s str>,
    bound: &mut Vec<&'s str>,
) -> Result<Filter, JqError> {
    let a = Box::new(filter(left, bound)?);
    if let BinaryOp::Pipe(Some(pattern)) = operator {
        let Pattern::Var(name) = pattern else {
            return unsupported("taking a value apart");
        };
        bound.push(name);
        let body = filter(right, bound);
        bound.pop();
        return Ok(Filter::Bind(a, Box::new(body?)));
    }
    let b = Box::new(filter(right, bound)?);
    Ok(match operator {
        BinaryOp::Pipe(_) => Filter::Pipe(a, b),
        BinaryOp::Comma => Filter::Comma(a, b),
        BinaryOp::Alt => Filter::Alternative(a, b),
        BinaryOp::Or => Filter::Or(a, b),
        BinaryOp::And => Filter::And(a, b),
        BinaryOp::Math(math) => Filter::Math(*math, a, b),
        BinaryOp::Cmp(cmp) => Filter::Compare(*cmp, a, b),
        BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
            return unsupported("an assignment");
        }
    })
}

fn call<'s>(
    name: &str,
    arguments: &[Term<&'s str>],
    bound: &mut Vec<&'s str>,
) -> Result<Filter, JqError> {
    match (name, arguments) {
        ("null", []) => return Ok(Filter::Literal(Value::Null)),
        ("true", []) => return Ok(Filter::Literal(Value::Bool(true))),
        ("false", []) => return Ok(Filter::Literal(Value::Bool(false))),
        ("recurse", []) => return Ok(Filter::Recurse),
        ("test", [pattern]) => return test(pattern, None),
        ("test", [pattern, flags]) => return test(pattern, Some(flags)),
        _ => {}
    }
    let Some(function) = function(name, arguments.len()) else {
        return unsupported(format!("the function {name}/{}", arguments.len()));
    };
    let arguments: Result<Vec<Filter>, JqError> = arguments
        .iter()
        .map(|argument| filter(argument, bound))
        .collect();
    Ok(Filter::Call(function, arguments?))
}

/// `test`: the pattern is a text of the expression, so that it is compiled once and its cost is known.
fn test(pattern: &Term<&str>, flags: Option<&Term<&str>>) -> Result<Filter, JqError> {
    let literal = |term: &Term<&str>| match term {
        Term::Str(None, parts) => text(parts),
        _ => unsupported("test with a pattern that is no plain text"),
    };
    let pattern = literal(pattern)?;
    let flags = flags.map(literal).transpose()?.unwrap_or_default();
    let refuse = |reason: String| JqError::Pattern {
        pattern: shorten(&pattern),
        reason,
    };
    if pattern.len() > MAX_PATTERN {
        return Err(refuse(format!("it has more than {MAX_PATTERN} bytes")));
    }
    let mut builder = RegexBuilder::new(&pattern);
    builder
        .size_limit(MAX_COMPILED_PATTERN)
        .dfa_size_limit(MAX_COMPILED_PATTERN)
        .nest_limit(64);
    for flag in flags.chars() {
        match flag {
            'i' => builder.case_insensitive(true),
            'x' => builder.ignore_whitespace(true),
            's' => builder.dot_matches_new_line(true),
            'g' | 'n' => &mut builder,
            other => return unsupported(format!("the flag {other} of test")),
        };
    }
    let regex = builder.build().map_err(|error| {
        let text = error.to_string();
        refuse(text.lines().last().unwrap_or_default().to_owned())
    })?;
    let cost = 1 + pattern.len() as u64 / 8;
    Ok(Filter::Test(regex, cost))
}

fn number(text: &str) -> Result<Value, JqError> {
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&format!("0{text}")))
        .map_err(|_| JqError::Syntax(format!("{text} is no number")))
}

fn text(parts: &[StrPart<&str, Term<&str>>]) -> Result<String, JqError> {
    let mut text = String::new();
    for part in parts {
        match part {
            StrPart::Str(plain) => text.push_str(plain),
            StrPart::Char(character) => text.push(*character),
            StrPart::Term(_) => return unsupported("a text with an expression in it"),
        }
    }
    Ok(text)
}
