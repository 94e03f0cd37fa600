//! Asks for a look at a repository before its time, as often as who asks may.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

/// Shortest time between two looks that somebody trusted asked for. What is asked in between is one look.
const TRUSTED_GAP: Duration = Duration::from_millis(250);
/// The same for anybody.
const ANYBODY_GAP: Duration = Duration::from_secs(10);

/// Wakes the poll of one repository.
#[derive(Default)]
pub(super) struct Wake {
    trusted: Notify,
    anybody: Notify,
}

impl Wake {
    /// Asks for a look. It is remembered while nobody waits.
    pub(super) fn ask(&self, trusted: bool) {
        if trusted {
            self.trusted.notify_one();
        } else {
            self.anybody.notify_one();
        }
    }

    /// Waits until the time has passed, or a look is asked for and permitted; `asked` is when the last such look was, and is set. What was
    /// asked for before the end is answered by the look that follows.
    pub(super) async fn wait(&self, time: Duration, asked: &mut Option<Instant>) {
        let permitted = |gap: Duration| {
            let last = *asked;
            async move {
                if let Some(last) = last {
                    sleep_until(last + gap).await;
                }
            }
        };
        let (trusted, anybody) = (permitted(TRUSTED_GAP), permitted(ANYBODY_GAP));
        let early = tokio::select! {
            () = sleep(time) => false,
            () = async { self.trusted.notified().await; trusted.await } => true,
            () = async { self.anybody.notified().await; anybody.await } => true,
        };
        if early {
            *asked = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    async fn waited(wake: &Wake, asked: &mut Option<Instant>) -> Duration {
        let start = Instant::now();
        wake.wait(LONG, asked).await;
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_comes_at_once_and_once() {
        let (wake, mut asked) = (Wake::default(), None);
        for _ in 0..100 {
            wake.ask(true);
            wake.ask(false);
        }
        assert_eq!(waited(&wake, &mut asked).await, Duration::ZERO);
        // Each way of asking holds one look at most.
        while waited(&wake, &mut asked).await < LONG {
            assert!(asked.is_some_and(|at| at.elapsed() < ANYBODY_GAP));
        }
        assert_eq!(waited(&wake, &mut asked).await, LONG);
    }

    #[tokio::test(start_paused = true)]
    async fn anybody_asks_at_a_bounded_rate() {
        let (wake, mut asked) = (Wake::default(), None);
        wake.ask(false);
        assert_eq!(waited(&wake, &mut asked).await, Duration::ZERO);
        wake.ask(false);
        let second = waited(&wake, &mut asked).await;
        assert!(
            second >= ANYBODY_GAP && second < ANYBODY_GAP * 2,
            "{second:?}"
        );
        wake.ask(true);
        let third = waited(&wake, &mut asked).await;
        assert!(third >= TRUSTED_GAP && third < TRUSTED_GAP * 2, "{third:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_trusted_overtakes() {
        let (wake, mut asked) = (Wake::default(), Some(Instant::now()));
        wake.ask(false);
        wake.ask(true);
        assert!(waited(&wake, &mut asked).await < Duration::from_secs(1));
    }
}
