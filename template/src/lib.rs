//! The language of Go's `text/template`, with Go's values, formatting and errors.
//!
//! Pure: no disk, network, clock or randomness. Whoever renders supplies a [`Functions`] registry, whose functions find the
//! state of their rendering through [`Call::context`].

mod call;
mod error;
mod function;
mod limits;
mod machine;
pub mod strconv;
mod types;
mod value;

pub use call::{Arguments, Call};
pub use error::{ExecError, FunctionError, ParseError};
pub use function::{Body, Function, Functions, Signature};
pub use limits::Limits;
pub use types::{Kind, Named, Type};
pub use value::{CycleGuard, List, Map, Object, Text, Underlying, Value};
