//! What renderings fetch beside their sources: which versions they got, and which repositories have to be watched for newer ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

use tiphys_render::Missing;
use tokio::sync::Notify;

use crate::locked;

/// What the sources of one application asked for, by position, with the exact version that came; none while it has not come.
#[derive(Default)]
pub struct Asked(Mutex<BTreeMap<(usize, Missing), Option<String>>>);

impl Asked {
    /// Notes what is asked for.
    pub fn ask(&self, position: usize, missing: &Missing) {
        let key = (position, missing.clone());
        locked(&self.0).entry(key).or_default();
    }

    /// Notes what came.
    pub fn got(&self, position: usize, missing: &Missing, version: &str) {
        let key = (position, missing.clone());
        locked(&self.0).insert(key, Some(version.to_owned()));
    }

    /// Forgets what an earlier rendering of a source asked for.
    pub fn restart(&self, position: usize) {
        locked(&self.0).retain(|(at, _), _| *at != position);
    }

    /// The charts that came, as `name version`.
    pub fn dependencies(&self) -> Vec<String> {
        let asked = locked(&self.0);
        let charts = asked.iter().filter_map(|((_, missing), version)| {
            let Missing::Chart { name, .. } = missing else {
                return None;
            };
            let version = version.as_ref()?;
            Some(format!("{name} {version}"))
        });
        let charts: BTreeSet<String> = charts.collect();
        charts.into_iter().collect()
    }

    /// The repositories of charts, as they are written.
    pub fn repositories(&self) -> BTreeSet<String> {
        let asked = locked(&self.0);
        let repositories = asked.keys().filter_map(|(_, missing)| match missing {
            Missing::Chart { repository, .. } => Some(repository.clone()),
            Missing::Base { .. } | Missing::File { .. } => None,
        });
        repositories.collect()
    }
}

/// The repositories of charts that applications need and do not have as sources.
#[derive(Default)]
pub struct Needs {
    known: Mutex<Known>,
    changed: Notify,
}

#[derive(Default)]
struct Known {
    by_application: HashMap<String, BTreeSet<String>>,
    /// Applications whose needs changed since they were taken.
    changed: BTreeSet<String>,
}

impl Needs {
    /// Notes the repositories of an application; none forgets it.
    pub fn set(&self, application: &str, repositories: BTreeSet<String>) {
        let mut known = locked(&self.known);
        let before = known.by_application.get(application);
        if before.map_or(repositories.is_empty(), |before| *before == repositories) {
            return;
        }
        if repositories.is_empty() {
            known.by_application.remove(application);
        } else {
            let application = application.to_owned();
            known.by_application.insert(application, repositories);
        }
        known.changed.insert(application.to_owned());
        drop(known);
        self.changed.notify_one();
    }

    /// The repositories of an application.
    pub fn of(&self, application: &str) -> BTreeSet<String> {
        let known = locked(&self.known);
        let needs = known.by_application.get(application);
        needs.cloned().unwrap_or_default()
    }

    /// Waits until needs change; answers whose.
    pub async fn changed(&self) -> BTreeSet<String> {
        self.changed.notified().await;
        std::mem::take(&mut locked(&self.known).changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(name: &str, repository: &str) -> Missing {
        Missing::Chart {
            repository: repository.to_owned(),
            name: name.to_owned(),
            version: "^1.0.0".to_owned(),
        }
    }

    #[test]
    fn what_came_is_of_the_last_rendering_and_what_is_asked_for_is_watched_at_once() {
        let asked = Asked::default();
        asked.got(0, &chart("queue", "https://a"), "1.2.0");
        asked.got(1, &chart("cache", "https://b"), "1.0.0");
        asked.ask(1, &chart("store", "https://c"));
        let base = Missing::Base {
            url: "https://d".to_owned(),
        };
        asked.got(1, &base, "");
        assert_eq!(asked.dependencies(), ["cache 1.0.0", "queue 1.2.0"]);
        let urls = asked.repositories();
        assert_eq!(
            urls.iter().collect::<Vec<_>>(),
            ["https://a", "https://b", "https://c"]
        );
        asked.restart(0);
        assert_eq!(asked.dependencies(), ["cache 1.0.0"]);
    }

    #[tokio::test]
    async fn only_changes_are_told_and_none_is_lost() {
        let needs = Needs::default();
        let urls = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect();
        needs.set("a", urls(&[]));
        needs.set("b", urls(&["https://a"]));
        needs.set("c", urls(&["https://a"]));
        assert_eq!(needs.changed().await, urls(&["b", "c"]));
        needs.set("b", urls(&["https://a"]));
        needs.set("c", urls(&[]));
        assert_eq!(needs.changed().await, urls(&["c"]));
        assert_eq!(needs.of("b"), urls(&["https://a"]));
        assert_eq!(needs.of("c"), urls(&[]));
    }
}
