//! When a failed operation is tried again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tiphys_model::RetryStrategy;

use crate::duration;

/// First pause in seconds, unless the strategy says otherwise.
const FIRST: u64 = 5;
/// Longest pause in seconds, unless the strategy says otherwise.
const LONGEST: u64 = 180;
/// Growth of pauses, unless the strategy says otherwise.
const FACTOR: i64 = 2;

/// Another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// When.
    pub at: DateTime<Utc>,
    /// Its number, from 1.
    pub attempt: i64,
    /// Whether it resolves the revision anew instead of using the one it began with.
    pub refresh: bool,
}

/// The next attempt after one that failed, none when there have been enough.
///
/// `attempts` is how often it has been tried again already. A limit below zero is none.
///
/// # Errors
/// A duration that cannot be read: the operation ends with it.
pub fn next(
    strategy: &RetryStrategy,
    attempts: i64,
    failed_at: DateTime<Utc>,
) -> Result<Option<Retry>, String> {
    let limit = strategy.limit.unwrap_or(0);
    if limit >= 0 && attempts >= limit {
        return Ok(None);
    }
    let pause = pause(strategy, attempts)?;
    Ok(Some(Retry {
        at: failed_at
            .checked_add_signed(pause)
            .unwrap_or(DateTime::<Utc>::MAX_UTC),
        attempt: attempts.saturating_add(1),
        refresh: strategy.refresh,
    }))
}

/// The longest that the given attempt, counted from 1, waits for its time.
#[must_use]
pub fn longest_wait(strategy: &RetryStrategy, attempt: i64) -> Duration {
    pause(strategy, attempt.saturating_sub(1))
        .ok()
        .and_then(|pause| pause.to_std().ok())
        .unwrap_or_default()
}

/// Checks a strategy before it is stored.
///
/// # Errors
/// A message that names the field.
pub fn check(strategy: &RetryStrategy) -> Result<(), String> {
    let Some(backoff) = &strategy.backoff else {
        return Ok(());
    };
    for (field, text) in [
        ("duration", &backoff.duration),
        ("maxDuration", &backoff.max_duration),
    ] {
        if !text.is_empty() {
            duration::parse(text).map_err(|error| format!("retry.backoff.{field}: {error}"))?;
        }
    }
    match backoff.factor {
        Some(factor) if factor < 1 => Err(format!(
            "retry.backoff.factor: {factor} is not positive; pauses would not grow"
        )),
        _ => Ok(()),
    }
}

/// The pause before an attempt: the first one times the factor for every attempt before, at most the longest. A longest pause of
/// 0 is no bound, as in Argo CD, but 100 years are.
fn pause(strategy: &RetryStrategy, attempts: i64) -> Result<TimeDelta, String> {
    let backoff = strategy.backoff.clone().unwrap_or_default();
    let read = |text: &str, otherwise: u64| match text {
        "" => Ok(Duration::from_secs(otherwise)),
        text => duration::parse(text),
    };
    let first = read(&backoff.duration, FIRST)?.as_secs_f64();
    let longest = read(&backoff.max_duration, LONGEST)?.as_secs_f64();
    let longest = if longest > 0.0 { longest } else { f64::MAX };
    let factor = backoff.factor.unwrap_or(FACTOR).max(1);
    let exponent = i32::try_from(attempts.max(0)).unwrap_or(i32::MAX);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a factor that large makes the longest pause anyway"
    )]
    let grown = first * (factor as f64).powi(exponent);
    let century = 100.0 * 366.0 * 86400.0;
    let seconds = grown.min(longest).min(century);
    let pause = Duration::from_secs_f64(if seconds.is_nan() { 0.0 } else { seconds });
    Ok(TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX))
}

#[cfg(test)]
mod tests {
    use tiphys_model::Backoff;

    use super::*;

    fn strategy(limit: i64, duration: &str, factor: Option<i64>, most: &str) -> RetryStrategy {
        RetryStrategy {
            limit: Some(limit),
            backoff: Some(Backoff {
                duration: duration.into(),
                factor,
                max_duration: most.into(),
            }),
            refresh: true,
        }
    }

    #[test]
    fn pauses_grow_to_their_limit() {
        let at = DateTime::UNIX_EPOCH;
        for (strategy, expected) in [
            (strategy(-1, "1s", Some(3), "10s"), [1, 3, 9, 10]),
            (strategy(-1, "", None, ""), [5, 10, 20, 40]),
            (strategy(-1, "7", Some(1), ""), [7, 7, 7, 7]),
            (strategy(-1, "100s", Some(2), ""), [100, 180, 180, 180]),
            (strategy(-1, "100s", Some(2), "0"), [100, 200, 400, 800]),
            (strategy(-1, "0s", Some(i64::MAX), "0"), [0, 0, 0, 0]),
        ] {
            let pauses: Vec<i64> = (0..4)
                .filter_map(|attempts| next(&strategy, attempts, at).ok().flatten())
                .map(|retry| {
                    let pause = longest_wait(&strategy, retry.attempt);
                    assert_eq!(at + pause, retry.at, "{strategy:?}");
                    retry.at.timestamp()
                })
                .collect();
            assert_eq!(pauses, expected, "{strategy:?}");
        }
        let retry = next(&strategy(-1, "1h", Some(9), "0"), i64::MAX, at);
        assert!(retry.is_ok_and(|retry| retry.is_some_and(|retry| retry.at > at)));
    }

    #[test]
    fn there_is_a_limit() {
        let at = DateTime::UNIX_EPOCH;
        let tries = |limit| {
            (0..9)
                .filter(|attempts| {
                    matches!(
                        next(&strategy(limit, "", None, ""), *attempts, at),
                        Ok(Some(_))
                    )
                })
                .count()
        };
        assert_eq!((tries(0), tries(2), tries(-1)), (0, 2, 9));
        assert_eq!(next(&RetryStrategy::default(), 0, at), Ok(None));
        let first = next(&strategy(1, "", None, ""), 0, at);
        assert!(matches!(
            first,
            Ok(Some(Retry {
                attempt: 1,
                refresh: true,
                ..
            }))
        ));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let broken = strategy(1, "soon", None, "");
        assert!(next(&broken, 0, DateTime::UNIX_EPOCH).is_err());
        assert!(
            check(&broken)
                .is_err_and(|error| error.starts_with("retry.backoff.duration: \"soon\""))
        );
        assert!(check(&strategy(1, "", Some(0), "")).is_err());
        assert_eq!(check(&strategy(1, "1s", Some(2), "3m")), Ok(()));
    }
}
