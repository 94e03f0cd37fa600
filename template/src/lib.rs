//! The language of Go's `text/template`, with Go's values, formatting and errors.
//!
//! Pure: no disk, network, clock or randomness. Whoever renders supplies a [`Functions`] registry, whose functions find the
//! state of their rendering through [`Call::context`].

mod call;
mod deep;
mod error;
mod exec;
pub mod format;
mod function;
mod lex;
mod limits;
mod machine;
mod nested;
mod node;
mod parse;
mod session;
pub mod strconv;
mod templates;
mod types;
mod value;

pub use call::{Arguments, Call};
pub use error::{ExecError, FunctionError, ParseError};
pub use function::{Body, Function, Functions, Signature};
pub use limits::Limits;
pub use nested::define_nested;
pub use session::Session;
pub use templates::{MissingKey, Parsed, Templates};
pub use types::{Kind, Named, Type};
pub use value::{CycleGuard, List, Map, Object, Text, Underlying, Value, take_change, watch};
