//! Synchronisation as a decision: from the desired and the live state, the request and what has been done so far, to the next step.
//!
//! ```text
//!   desired, live, left ─┐
//!   request, options ────┼─► build ─► step ─► Run(wave) | Wait(until) | Done(phase)
//!   record, now ─────────┘                              │
//!            ▲                                          ▼
//!            └──────── Task::result ◄──── the executor carries it out
//! ```
//!
//! The record is the only memory. Whoever has it, also after a crash, gets the same next step.

pub mod delete;
pub mod hook;
pub mod options;
pub mod order;
pub mod phase;
pub mod plan;
pub mod record;
pub mod situation;
pub mod step;
pub mod task;

mod build;
mod observe;

pub use options::{Options, Propagation};
pub use phase::Phase;
pub use plan::{Decision, Done, Plan, Step, Wait, WaitFor, Wave};
pub use record::{Record, ResultCode, TaskRecord, TaskState};
pub use situation::{Deadlines, Desired, Left, Live, Request, Selector, Situation};
pub use step::{plan, step};
pub use task::{Action, Task};

/// Warns of annotations of an object that have no meaning: unknown options, hook types, delete policies and waves.
#[must_use]
pub fn warnings(object: &serde_json::Value) -> Vec<String> {
    let mut warnings = hook::warnings(object);
    warnings.extend(Options::of_object(object).1);
    warnings
}
