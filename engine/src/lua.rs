//! Lua as users write it for health and actions: sandboxed, bounded in steps and memory, compiled once.
//!
//! Such scripts were written for an interpreter that is Lua 5.1 with `goto`. That is what Lua 5.2 is once the names that it
//! dropped are there again (`unpack`, `table.getn`, …): every number is a double, and prints without `.0`. A script sees `obj` (the live object), `actionParams` (the parameters of an
//! action), the safe parts of the base library, `string`, `table`, `math` and an `os` of `time` and `date`, which answer with
//! the time that the caller gave. There are no files, no processes, no environment, no loading of code, no coroutines, no
//! randomness and no way to reach them: open libraries make no difference.
//!
//! How each cost is bounded:
//! - instructions are counted by a hook; a script that has used its steps cannot catch that error and go on;
//! - the collector is stopped while a script runs, so that the memory limit bounds all that is ever allocated, and with it the
//!   time that copying may take;
//! - what the C library would do in one instruction over a long list or text (`find`, `gsub`, `sort`, `insert`, …) is done in
//!   Lua or by our own matcher, and pays in steps.
//!
//! Each run sees fresh tables: what one run changes in them, no later run finds.

mod convert;
mod library;
mod pattern;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use mlua::{Function, HookTriggers, Lua, LuaOptions, StdLib, Table, VmState};
use serde_json::Value;

pub(crate) use convert::restore_empty_maps;

/// What a script may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Virtual machine instructions, and the bytes that text functions look at.
    pub steps: u32,
    /// Bytes allocated in one run, beside what the object itself takes.
    pub memory: usize,
    /// Longest text of a script, in bytes.
    pub source: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 200_000,
            memory: 2 << 20,
            source: 256 << 10,
        }
    }
}

/// Why a script gave no result.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum LuaError {
    /// The text is longer than it may be.
    #[error("the Lua script is longer than {0} bytes")]
    TooLong(usize),
    /// The text is no Lua.
    #[error("the Lua script cannot be compiled: {0}")]
    Syntax(String),
    /// The script used its steps.
    #[error("the Lua script was stopped after {0} steps")]
    Steps(u32),
    /// The script used its memory.
    #[error("the Lua script was stopped: it allocated more than {0} bytes")]
    Memory(usize),
    /// The script failed.
    #[error("the Lua script failed: {0}")]
    Failed(String),
    /// What it returned cannot be used.
    #[error("the Lua script returned what cannot be used: {0}")]
    Result(String),
}

/// A compiled script.
pub struct Script {
    limits: Limits,
    source: String,
    /// The machine that the last run left behind, ready for the next; none while a run uses it, or after one failed.
    idle: Mutex<Option<Machine>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Script")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Steps that are left; below zero when there are none.
type Fuel = Arc<AtomicI64>;

/// How many instructions pass between two looks at the fuel.
const STRIDE: u32 = 500;
/// What one byte of an object in JSON may take as Lua tables.
const MEMORY_PER_BYTE: usize = 24;

struct Machine {
    lua: Lua,
    function: Function,
    /// Makes the tables of one run.
    fresh: Function,
    fuel: Fuel,
}

impl Script {
    /// Compiles a script.
    ///
    /// # Errors
    /// When it is too long or no Lua.
    pub fn compile(source: &str, limits: Limits) -> Result<Self, LuaError> {
        if source.len() > limits.source {
            return Err(LuaError::TooLong(limits.source));
        }
        let machine = Machine::new(source, limits)?;
        Ok(Self {
            limits,
            source: source.to_owned(),
            idle: Mutex::new(Some(machine)),
        })
    }

    /// Runs the script on an object, with the parameters of an action; gives what it returned, null when it returned nothing.
    ///
    /// # Errors
    /// When a limit is passed, the script fails, or its result is no JSON value.
    pub fn run(
        &self,
        object: &Value,
        parameters: &[(String, Value)],
        now: DateTime<Utc>,
    ) -> Result<Value, LuaError> {
        let idle = self.idle.lock().map_or(None, |mut idle| idle.take());
        let machine = match idle {
            Some(machine) => machine,
            None => Machine::new(&self.source, self.limits)?,
        };
        let result = machine.run(object, parameters, now, self.limits)?;
        machine.lua.gc_restart();
        if machine.lua.gc_collect().is_ok()
            && let Ok(mut idle) = self.idle.lock()
        {
            *idle = Some(machine);
        }
        Ok(result)
    }
}

impl Machine {
    fn new(source: &str, limits: Limits) -> Result<Self, LuaError> {
        let failed = |error: mlua::Error| LuaError::Failed(error.to_string());
        let lua = Lua::new_with(
            StdLib::STRING | StdLib::TABLE | StdLib::MATH,
            LuaOptions::default(),
        )
        .map_err(failed)?;
        let fuel: Fuel = Arc::new(AtomicI64::new(i64::from(limits.steps)));
        let fresh = library::install(&lua, &fuel).map_err(failed)?;
        let function = lua
            .load(source)
            .set_name("=script")
            .set_mode(mlua::chunk::ChunkMode::Text)
            .into_function()
            .map_err(|error| LuaError::Syntax(first_line(&error)))?;
        let left = fuel.clone();
        lua.set_hook(
            HookTriggers::new().every_nth_instruction(STRIDE),
            move |_, _| {
                spend(&left, STRIDE.into())?;
                Ok(VmState::Continue)
            },
        )
        .map_err(failed)?;
        Ok(Self {
            lua,
            function,
            fresh,
            fuel,
        })
    }

    fn run(
        &self,
        object: &Value,
        parameters: &[(String, Value)],
        now: DateTime<Utc>,
        limits: Limits,
    ) -> Result<Value, LuaError> {
        self.fuel.store(limits.steps.into(), Ordering::Relaxed);
        let object_size = convert::size(object)
            + parameters
                .iter()
                .map(|(_, value)| convert::size(value))
                .sum::<usize>();
        let memory = limits
            .memory
            .saturating_add(object_size.saturating_mul(MEMORY_PER_BYTE));
        let outcome = self
            .lua
            .set_memory_limit(self.lua.used_memory() + memory)
            .and_then(|_| {
                self.lua.gc_stop();
                let globals: Table = self.fresh.call(now.timestamp())?;
                globals.raw_set("obj", convert::to_lua(&self.lua, object, 0)?)?;
                let table = self.lua.create_table()?;
                for (name, value) in parameters {
                    table.raw_set(name.as_str(), convert::to_lua(&self.lua, value, 0)?)?;
                }
                globals.raw_set("actionParams", table)?;
                self.function.set_environment(globals)?;
                let result: mlua::Value = self.function.call(())?;
                Ok(result)
            });
        let result = match outcome {
            Ok(value) => convert::to_json(&value),
            Err(error) if is_memory(&error) => Err(LuaError::Memory(limits.memory)),
            Err(_) if exhausted(&self.fuel) => Err(LuaError::Steps(limits.steps)),
            Err(error) => Err(LuaError::Failed(first_line(&error))),
        };
        // Without a limit nothing that follows can fail for want of memory that the script still holds.
        if self.lua.set_memory_limit(0).is_err() {
            return Err(LuaError::Memory(limits.memory));
        }
        result
    }
}

fn exhausted(fuel: &Fuel) -> bool {
    fuel.load(Ordering::Relaxed) < 0
}

/// Takes steps; an error when there are not enough.
fn spend(fuel: &Fuel, steps: i64) -> mlua::Result<()> {
    if fuel.fetch_sub(steps, Ordering::Relaxed) < steps {
        // Whatever follows finds nothing left either.
        fuel.store(-1, Ordering::Relaxed);
        return Err(mlua::Error::runtime("no steps are left"));
    }
    Ok(())
}

fn is_memory(error: &mlua::Error) -> bool {
    match error {
        mlua::Error::MemoryError(_) => true,
        mlua::Error::CallbackError { cause, .. } => is_memory(cause),
        mlua::Error::RuntimeError(text) => text.contains("not enough memory"),
        _ => false,
    }
}

/// The message without the trace of the stack behind it, which says nothing to the author of a script.
fn first_line(error: &mlua::Error) -> String {
    let text = match error {
        mlua::Error::RuntimeError(text) => text.clone(),
        mlua::Error::SyntaxError { message, .. } => message.clone(),
        mlua::Error::CallbackError { cause, .. } => return first_line(cause),
        other => other.to_string(),
    };
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(500).collect()
}

#[cfg(test)]
mod tests;
