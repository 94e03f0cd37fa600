//! Sync windows: times in which a project allows or denies synchronisation.
//!
//! A window begins when its schedule says so, in its own time zone, and lasts for its duration. The rules are Argo CD's: an
//! active window that denies wins; where there are windows that allow, one of them must be active.

use std::str::FromStr as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use tiphys_model::SyncWindow;

use crate::duration::after;
use crate::project::Destination;
use crate::text::shorten;
use crate::{duration, glob};

/// Longest description of a window, in characters.
const LONGEST_DESCRIPTION: usize = 255;
/// Names of months and days that a schedule may have.
const NAMES: [&str; 19] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC", "SUN",
    "MON", "TUE", "WED", "THU", "FRI", "SAT",
];

/// A window that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// It neither allows nor denies.
    #[error("kind '{0}' mismatch: can only be allow or deny")]
    Kind(String),
    /// Its schedule is no cron expression with five fields.
    #[error("cannot parse schedule '{schedule}': {reason}")]
    Schedule {
        /// As given.
        schedule: String,
        /// Why.
        reason: String,
    },
    /// Its duration is none, or nothing.
    #[error("cannot parse duration '{duration}': {reason}")]
    Duration {
        /// As given.
        duration: String,
        /// Why.
        reason: String,
    },
    /// Its time zone is not known.
    #[error("unknown time zone '{0}'; use a name of the IANA database such as Europe/Berlin")]
    TimeZone(String),
    /// Its description is too long.
    #[error("description must not exceed {LONGEST_DESCRIPTION} characters")]
    Description,
}

/// A window, ready to be asked.
#[derive(Clone, Debug)]
pub struct Window {
    denies: bool,
    schedule: Cron,
    zone: chrono_tz::Tz,
    duration: Duration,
    manual: bool,
    overrun: bool,
    shown: String,
}

/// Whether synchronisation is allowed at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// By hand.
    pub manual: bool,
    /// By automation.
    pub automated: bool,
    /// When the next window begins or ends, none when there are no windows or none of them ever begins again.
    pub changes_at: Option<DateTime<Utc>>,
    /// Why automation is not allowed; empty when it is.
    pub reason: String,
}

impl Window {
    /// Reads a window.
    ///
    /// # Errors
    /// The first field that cannot be used: a project with such a window is not stored.
    pub fn new(window: &SyncWindow) -> Result<Self, WindowError> {
        let denies = match window.kind.as_str() {
            "allow" => false,
            "deny" => true,
            other => return Err(WindowError::Kind(shorten(other))),
        };
        if window.description.chars().count() > LONGEST_DESCRIPTION {
            return Err(WindowError::Description);
        }
        let schedule = schedule(&window.schedule)?;
        let no_duration = |reason: String| WindowError::Duration {
            duration: shorten(&window.duration),
            reason,
        };
        let duration = duration::parse(&window.duration).map_err(no_duration)?;
        if duration.is_zero() {
            return Err(no_duration("a window has to last".to_owned()));
        }
        let zone = match window.time_zone.as_str() {
            "" => chrono_tz::UTC,
            name => {
                chrono_tz::Tz::from_str(name).map_err(|_| WindowError::TimeZone(shorten(name)))?
            }
        };
        let shown = format!(
            "{} \"{}\" for {} in {zone}",
            window.kind, window.schedule, window.duration
        );
        Ok(Self {
            denies,
            schedule,
            zone,
            duration,
            manual: window.manual_sync,
            overrun: window.sync_overrun,
            shown,
        })
    }

    /// When the window that is active at a time ends; none when none is.
    #[must_use]
    pub fn active_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = now.with_timezone(&self.zone);
        let begun = self.schedule.find_previous_occurrence(&local, true).ok()?;
        let end = after(begun.to_utc(), self.duration);
        (end > now).then_some(end)
    }

    fn begins_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = now.with_timezone(&self.zone);
        let next = self.schedule.find_next_occurrence(&local, false).ok()?;
        Some(next.to_utc())
    }
}

/// Reads a schedule: minute, hour, day of month, month, day of week, without the extensions that Argo CD does not know.
fn schedule(text: &str) -> Result<Cron, WindowError> {
    let bad = |reason: &str| WindowError::Schedule {
        schedule: shorten(text),
        reason: reason.to_owned(),
    };
    if text.len() > 256 {
        return Err(bad("it is longer than 256 bytes"));
    }
    let fields = text.split_whitespace().count();
    if fields != 5 {
        return Err(bad(&format!("expected exactly 5 fields, found {fields}")));
    }
    if let Some(odd) = text
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !"*,/-? \t".contains(*c))
    {
        return Err(bad(&format!("'{odd}' has no meaning in it")));
    }
    let names = text.split(|c: char| !c.is_ascii_alphabetic());
    for name in names.filter(|name| !name.is_empty()) {
        if !NAMES.contains(&name.to_ascii_uppercase().as_str()) {
            return Err(bad(&format!("'{name}' is no month and no day")));
        }
    }
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build()
        .parse(&text.replace('?', "*"))
        .map_err(|error| bad(&error.to_string()))
}

/// The windows of a project that concern an application: by name, by cluster or by namespace, by all of those that are given with
/// `andOperator`. A window that names nothing concerns nobody.
pub fn matching<'a>(
    windows: &'a [SyncWindow],
    application: &'a str,
    destination: Destination<'a>,
) -> impl Iterator<Item = &'a SyncWindow> {
    windows.iter().filter(move |window| {
        let any = |globs: &[String], texts: &[&str]| {
            let given = texts.iter().filter(|text| !text.is_empty());
            (!globs.is_empty()).then(|| {
                given
                    .into_iter()
                    .any(|text| globs.iter().any(|pattern| glob::matches(pattern, text)))
            })
        };
        let conditions = [
            any(&window.applications, &[application]),
            any(&window.clusters, &[destination.name, destination.server]),
            any(&window.namespaces, &[destination.namespace]),
        ];
        let mut stated = conditions.into_iter().flatten().peekable();
        if window.and_operator {
            stated.peek().is_some() && stated.all(|matches| matches)
        } else {
            stated.any(|matches| matches)
        }
    })
}

/// Whether synchronisation is allowed now. `started_at` is when the operation that asks began, for those that may overrun.
#[must_use]
pub fn verdict(
    windows: &[Window],
    now: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
) -> Verdict {
    let overruns = |manual: bool, denied: bool| {
        started_at.is_some_and(|at| {
            let mut concerned = windows.iter().filter(|window| {
                window.denies == denied && window.active_until(now).is_some() == denied
            });
            concerned.all(|window| window.overrun) && allows(windows, at, manual).is_ok()
        })
    };
    let decide = |manual: bool| match allows(windows, now, manual) {
        Ok(()) => Ok(()),
        Err((denied, _)) if overruns(manual, denied) => Ok(()),
        Err((_, reason)) => Err(reason),
    };
    let automated = decide(false);
    Verdict {
        manual: decide(true).is_ok(),
        automated: automated.is_ok(),
        changes_at: windows
            .iter()
            .flat_map(|window| [window.active_until(now), window.begins_after(now)])
            .flatten()
            .min(),
        reason: automated.err().unwrap_or_default(),
    }
}

/// Whether windows allow something at a time; otherwise whether one that denies is the reason, and the reason.
fn allows(windows: &[Window], at: DateTime<Utc>, manual: bool) -> Result<(), (bool, String)> {
    let active = |window: &&Window| window.active_until(at).is_some();
    let mut denying = windows.iter().filter(|window| window.denies).filter(active);
    if let Some(first) = denying.next() {
        let by_hand = first.manual && denying.all(|window| window.manual);
        return if manual && by_hand {
            Ok(())
        } else {
            Err((true, format!("the window {} is active", first.shown)))
        };
    }
    let mut allowing = windows.iter().filter(|window| !window.denies).peekable();
    let Some(first) = allowing.peek().copied() else {
        return Ok(());
    };
    let by_hand = manual && allowing.clone().all(|window| window.manual);
    if by_hand || allowing.any(|window| active(&window)) {
        Ok(())
    } else {
        Err((false, format!("the window {} is not active", first.shown)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(kind: &str, schedule: &str, duration: &str) -> SyncWindow {
        SyncWindow {
            kind: kind.into(),
            schedule: schedule.into(),
            duration: duration.into(),
            ..SyncWindow::default()
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text)
            .map(|at| at.to_utc())
            .unwrap_or_default()
    }

    fn ask(
        windows: &[SyncWindow],
        now: &str,
        started: Option<&str>,
    ) -> (bool, bool, Option<DateTime<Utc>>) {
        let windows: Vec<Window> = windows
            .iter()
            .map(|window| Window::new(window).expect("a window"))
            .collect();
        let verdict = verdict(&windows, at(now), started.map(at));
        assert_eq!(verdict.automated, verdict.reason.is_empty());
        (verdict.manual, verdict.automated, verdict.changes_at)
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        for (window, message) in [
            (
                raw("permit", "* * * * *", "1h"),
                "kind 'permit' mismatch: can only be allow or deny",
            ),
            (
                raw("allow", "* * * *", "1h"),
                "cannot parse schedule '* * * *': expected exactly 5 fields, found 4",
            ),
            (
                raw("allow", "0 * * * * *", "1h"),
                "cannot parse schedule '0 * * * * *': expected exactly 5 fields, found 6",
            ),
            (
                raw("allow", "@daily", "1h"),
                "cannot parse schedule '@daily': expected exactly 5 fields, found 1",
            ),
            (
                raw("allow", "0 0 L * *", "1h"),
                "cannot parse schedule '0 0 L * *': 'L' is no month and no day",
            ),
            (
                raw("allow", "0 0 * * 1#2", "1h"),
                "cannot parse schedule '0 0 * * 1#2': '#' has no meaning in it",
            ),
            (
                raw("allow", "0 0 * * *", "1 day"),
                "cannot parse duration '1 day': \"1 day\" is no duration; write for example 30s, 5m, 1h30m, or a number of seconds",
            ),
            (
                raw("allow", "0 0 * * *", "0s"),
                "cannot parse duration '0s': a window has to last",
            ),
            (
                SyncWindow {
                    time_zone: "Mars/Olympus".into(),
                    ..raw("deny", "0 0 * * *", "1h")
                },
                "unknown time zone 'Mars/Olympus'; use a name of the IANA database such as Europe/Berlin",
            ),
            (
                SyncWindow {
                    description: "x".repeat(256),
                    ..raw("deny", "0 0 * * *", "1h")
                },
                "description must not exceed 255 characters",
            ),
        ] {
            assert_eq!(
                Window::new(&window)
                    .map(|_| ())
                    .map_err(|error| error.to_string()),
                Err(message.to_owned())
            );
        }
        for schedule in [
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "*/0 * * * *",
            "5-1 * * * *",
            "a * * * *",
        ] {
            assert!(
                Window::new(&raw("allow", schedule, "1h")).is_err(),
                "{schedule}"
            );
        }
        for schedule in ["0 22 * * *", "*/15 8-18 1,15 jan-JUN mon-fri", "0 0 ? * 0"] {
            assert!(
                Window::new(&raw("allow", schedule, "1h")).is_ok(),
                "{schedule}"
            );
        }
    }

    #[test]
    fn windows_open_and_close() {
        let deny = [raw("deny", "0 22 * * *", "2h")];
        let allow = [raw("allow", "0 8 * * mon-fri", "10h")];
        for (windows, now, automated, changes_at) in [
            (&deny, "2026-03-02T21:59:59Z", true, "2026-03-02T22:00:00Z"),
            (&deny, "2026-03-02T22:00:00Z", false, "2026-03-03T00:00:00Z"),
            (&deny, "2026-03-02T23:59:59Z", false, "2026-03-03T00:00:00Z"),
            (&deny, "2026-03-03T00:00:00Z", true, "2026-03-03T22:00:00Z"),
            // A Monday, and a Saturday.
            (&allow, "2026-03-02T12:00:00Z", true, "2026-03-02T18:00:00Z"),
            (
                &allow,
                "2026-03-07T12:00:00Z",
                false,
                "2026-03-09T08:00:00Z",
            ),
        ] {
            assert_eq!(
                ask(windows, now, None),
                (automated, automated, Some(at(changes_at))),
                "{now}"
            );
        }
        assert_eq!(ask(&[], "2026-03-07T12:00:00Z", None), (true, true, None));
    }

    #[test]
    fn a_window_has_its_own_time_zone_and_daylight_saving() {
        let berlin = [SyncWindow {
            time_zone: "Europe/Berlin".into(),
            ..raw("deny", "0 9 * * *", "1h")
        }];
        // Winter is one hour ahead of UTC, summer two.
        assert!(!ask(&berlin, "2026-01-15T08:30:00Z", None).1);
        assert!(ask(&berlin, "2026-01-15T07:30:00Z", None).1);
        assert!(!ask(&berlin, "2026-07-15T07:30:00Z", None).1);
        assert!(ask(&berlin, "2026-07-15T08:30:00Z", None).1);
    }

    #[test]
    fn denying_wins_and_allowing_is_needed() {
        let allow = raw("allow", "0 8 * * *", "10h");
        let deny = raw("deny", "0 12 * * *", "1h");
        let by_hand = |window: &SyncWindow| SyncWindow {
            manual_sync: true,
            ..window.clone()
        };
        let (noon, night) = ("2026-03-02T12:30:00Z", "2026-03-02T03:00:00Z");
        for (windows, now, manual, automated) in [
            (vec![allow.clone(), deny.clone()], noon, false, false),
            (vec![allow.clone(), by_hand(&deny)], noon, true, false),
            (vec![by_hand(&deny), deny.clone()], noon, false, false),
            (vec![allow.clone(), deny.clone()], night, false, false),
            (vec![by_hand(&allow), deny.clone()], night, true, false),
            (vec![by_hand(&allow), allow.clone()], night, false, false),
            (vec![deny.clone()], night, true, true),
            (
                vec![allow.clone(), deny.clone()],
                "2026-03-02T10:00:00Z",
                true,
                true,
            ),
        ] {
            let verdict = ask(&windows, now, None);
            assert_eq!(
                (verdict.0, verdict.1),
                (manual, automated),
                "{windows:?} at {now}"
            );
        }
    }

    #[test]
    fn a_running_operation_may_overrun() {
        let over = |window: SyncWindow| SyncWindow {
            sync_overrun: true,
            ..window
        };
        let deny = raw("deny", "0 12 * * *", "1h");
        let allow = raw("allow", "0 8 * * *", "4h");
        for (windows, started, automated) in [
            (vec![over(deny.clone())], "2026-03-02T11:59:00Z", true),
            (vec![deny.clone()], "2026-03-02T11:59:00Z", false),
            (vec![over(deny.clone())], "2026-03-02T12:10:00Z", false),
            (
                vec![over(deny.clone()), deny.clone()],
                "2026-03-02T11:59:00Z",
                false,
            ),
            (vec![over(allow.clone())], "2026-03-02T11:59:00Z", true),
            (vec![allow.clone()], "2026-03-02T11:59:00Z", false),
            (vec![over(allow.clone())], "2026-03-02T07:59:00Z", false),
        ] {
            assert_eq!(
                ask(&windows, "2026-03-02T12:30:00Z", Some(started)).1,
                automated,
                "{windows:?} {started}"
            );
        }
    }

    #[test]
    fn windows_concern_what_they_name() {
        let destination = Destination {
            server: "https://one.example.com",
            name: "one",
            namespace: "shop",
        };
        let window =
            |applications: &[&str], clusters: &[&str], namespaces: &[&str], and_operator| {
                let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
                SyncWindow {
                    applications: all(applications),
                    clusters: all(clusters),
                    namespaces: all(namespaces),
                    and_operator,
                    ..raw("deny", "* * * * *", "1h")
                }
            };
        for (window, expected) in [
            (window(&[], &[], &[], false), false),
            (window(&[], &[], &[], true), false),
            (window(&["web-*"], &[], &[], false), true),
            (window(&["api-*"], &[], &[], false), false),
            (window(&["api-*"], &["one"], &[], false), true),
            (window(&["api-*"], &["one"], &[], true), false),
            (window(&["web-?"], &["https://*"], &["shop"], true), true),
            (window(&["web-?"], &["https://*"], &["other"], true), false),
            (window(&[], &["two"], &["sh*"], false), true),
            (window(&[], &["two"], &["sh*"], true), false),
        ] {
            let windows = [window];
            assert_eq!(
                matching(&windows, "web-1", destination).count() == 1,
                expected,
                "{windows:?}"
            );
        }
    }

    #[test]
    fn a_window_that_never_comes_denies_nothing() {
        let never = [raw("deny", "0 0 30 2 *", "1h")];
        assert_eq!(
            ask(&never, "2026-03-02T12:00:00Z", None),
            (true, true, None)
        );
    }

    proptest::proptest! {
        /// Whatever the clock is set to, and whenever an operation says that it began, windows have a verdict, and it does not change
        /// before the time that it names.
        #[test]
        fn any_time_has_a_verdict(now in 0i64..8_000_000_000, started in -8_000_000_000i64..8_000_000_000, part in 0.0..1.0f64) {
            let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
            let zoned = |zone: &str, window: SyncWindow| SyncWindow { time_zone: zone.into(), sync_overrun: true, ..window };
            let windows: Vec<Window> = [
                zoned("Europe/Berlin", raw("allow", "30 2 * * *", "3h")),
                zoned("Pacific/Kiritimati", raw("deny", "0 0 29 2 *", "48h")),
                zoned("", raw("allow", "*/15 8-17 * * MON-FRI", "10m")),
            ]
            .iter()
            .map(|window| Window::new(window).expect("a window"))
            .collect();
            let found = verdict(&windows, time(now), Some(time(started)));
            let changes = found.changes_at.expect("a time").timestamp();
            proptest::prop_assert!(changes > now);
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "some second in between")]
            let between = now + ((changes - 1 - now) as f64 * part) as i64;
            let later = verdict(&windows, time(between), None);
            proptest::prop_assert_eq!(verdict(&windows, time(now), None), later, "{} {}", now, between);
        }
    }
}
