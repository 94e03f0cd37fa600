//! Waiting for a condition with a deadline, instead of sleeping and hoping.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long a wait may take before it is a failure.
pub type Deadline = Duration;

/// Asks `probe` until it gives a value, and returns that value. `probe` returns `Ok(Err(why))` while the condition does not
/// hold; `why` of the last try is in the error when `deadline` passes.
///
/// # Errors
/// When the deadline passes, or at once when `probe` itself fails.
pub fn wait_for<T>(
    what: &str,
    deadline: Deadline,
    mut probe: impl FnMut() -> Result<Result<T, String>>,
) -> Result<T> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(5);
    loop {
        let why = match probe()? {
            Ok(value) => return Ok(value),
            Err(why) => why,
        };
        if start.elapsed() >= deadline {
            bail!("waited {deadline:?} for {what}; last seen: {why}");
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}
