//! The functions that Helm gives to templates: Sprig's library, without what reads the machine, and Helm's own.
//!
//! `include` and `tpl` need the set of templates and belong to the engine. Time, randomness and live objects come from an
//! [`Environment`], which is the context of a rendering.

use tiphys_template::{FunctionError, Functions, Type, Value};

mod certificates;
mod ciphers;
mod clock;
mod convert;
mod crypto;
mod decimal;
mod encoding;
mod environment;
mod equal;
mod helm;
pub(super) mod json;
mod lists;
mod logic;
mod maps;
mod merge;
mod numbers;
mod paths;
mod regexes;
pub(super) mod shape;
mod strings;
mod text;
mod toml;
mod urls;
mod versions;
mod words;
mod yaml;

pub use environment::{Entropy, Environment, Lookup, NoLookup, Seeded, Used};
pub use json::{from_json, to_json};
pub use shape::{from_serde, to_node};
pub use yaml::to_yaml;

/// What a function gives.
type Answer = Result<Value, FunctionError>;

const ANY: Type = Type::Interface;
const BOOL: Type = Type::Bool;
const FLOAT: Type = Type::Float64;
const INT: Type = Type::Int;
const INT64: Type = Type::Int64;
const LIST: Type = Type::LIST;
const MAP: Type = Type::MAP;
const STRING: Type = Type::String;
const STRINGS: Type = Type::STRINGS;

/// What Go says when a function looks at the type of nil.
const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";
/// What Go says when a function reflects on nil.
const ZERO_VALUE: &str = "reflect: call of reflect.Value.Type on zero Value";
/// Lists and maps within one another that a function follows: each level takes stack.
const DEPTH: usize = 200;

/// About how many functions there are.
const ABOUT: usize = 256;

/// All functions but `include` and `tpl`.
#[must_use]
pub fn functions() -> Functions {
    let mut functions = Functions::with_capacity(ABOUT);
    certificates::define(&mut functions);
    ciphers::define(&mut functions);
    clock::define(&mut functions);
    crypto::define(&mut functions);
    encoding::define(&mut functions);
    helm::define(&mut functions);
    lists::define(&mut functions);
    logic::define(&mut functions);
    maps::define(&mut functions);
    numbers::define(&mut functions);
    paths::define(&mut functions);
    regexes::define(&mut functions);
    strings::define(&mut functions);
    urls::define(&mut functions);
    versions::define(&mut functions);
    words::define(&mut functions);
    functions
}

fn too_deep() -> FunctionError {
    FunctionError::limit(format!(
        "values are nested deeper than {DEPTH} levels (limit of functions)"
    ))
}

#[cfg(test)]
mod tests;
