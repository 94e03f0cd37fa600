//! Whether one object is as it should be: by our own comparison, or by a dry run of the API server where that is asked for
//! (`ServerSideDiff=true`).
//!
//! An answer of the API server holds for one manifest and one version of the live object, and is kept for these: nothing is asked twice
//! while neither changes. What a dry run says of an object that stays as it is takes no memory; another answer is kept as text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::StreamExt as _;
use serde_json::Value;
use tiphys_engine::compare_options::CompareOptions;
use tiphys_engine::diff::{self, Outcome, Reason};
use tiphys_engine::server_side::{self, ServerSide};
use tiphys_engine::take_over;
use tiphys_model::ResourceKey;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::cluster::{Apply, Cluster, MANAGER, version};
use crate::target::{Target, Wanted};
use crate::{Reconciler, locked};

/// Dry runs at a time, in all clusters.
const REQUESTS: usize = 16;
/// Dry runs at a time of one application.
const CONCURRENCY: usize = 8;
/// Applications that may wait for dry runs at a time: a webhook that hangs must not keep all workers.
const WAITING: usize = 8;
/// After so many failures, nothing else of the application is asked for the moment.
const FAILURES: usize = 3;
/// Most text of answers that is kept, in bytes. What does not fit is asked for again.
const MAX_BYTES: usize = 32 << 20;

/// What the API server said of an object.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// It stays as it is.
    Same,
    /// It becomes this.
    Becomes(Arc<str>),
    /// Why that cannot be told.
    Failed(String),
}

struct Prediction {
    target: u64,
    version: String,
    answer: Answer,
}

impl Prediction {
    fn bytes(&self) -> usize {
        match &self.answer {
            Answer::Becomes(text) => text.len(),
            _ => 0,
        }
    }
}

#[derive(Default)]
struct Kept {
    by_application: HashMap<String, HashMap<ResourceKey, Prediction>>,
    bytes: usize,
}

/// The answers that are kept.
pub(crate) struct Predictions {
    kept: Mutex<Kept>,
    requests: Semaphore,
    waiting: Semaphore,
    hasher: RandomState,
}

impl Default for Predictions {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            requests: Semaphore::new(REQUESTS),
            waiting: Semaphore::new(WAITING),
            hasher: RandomState::new(),
        }
    }
}

impl Predictions {
    /// Leave to wait for dry runs; none when too many do already.
    pub fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.waiting.try_acquire().ok()
    }

    fn hash(&self, cluster: &Cluster, target: &Value) -> u64 {
        self.hasher.hash_one((cluster.server(), target))
    }

    fn get(&self, application: &str, asked: &Asked<'_>) -> Option<Answer> {
        let kept = locked(&self.kept);
        let known = kept
            .by_application
            .get(application)?
            .get(&asked.wanted.key)?;
        (known.target == asked.target && known.version == asked.version())
            .then(|| known.answer.clone())
    }

    fn put(&self, application: &str, asked: &Asked<'_>, answer: &Answer) {
        if matches!(answer, Answer::Failed(_)) {
            return;
        }
        let prediction = Prediction {
            target: asked.target,
            version: asked.version().to_owned(),
            answer: answer.clone(),
        };
        let mut kept = locked(&self.kept);
        let added = prediction.bytes();
        let of_application = kept
            .by_application
            .entry(application.to_owned())
            .or_default();
        let before = of_application
            .remove(&asked.wanted.key)
            .map_or(0, |before| before.bytes());
        kept.bytes -= before;
        if kept.bytes + added > MAX_BYTES {
            return;
        }
        kept.bytes += added;
        if let Some(of_application) = kept.by_application.get_mut(application) {
            of_application.insert(asked.wanted.key.clone(), prediction);
        }
    }

    /// Forgets what was said of other objects of an application than these.
    pub fn retain(&self, application: &str, keep: impl Fn(&ResourceKey) -> bool) {
        let mut kept = locked(&self.kept);
        let Some(mut known) = kept.by_application.remove(application) else {
            return;
        };
        let sum = |known: &HashMap<ResourceKey, Prediction>| {
            known.values().map(Prediction::bytes).sum::<usize>()
        };
        let before = sum(&known);
        known.retain(|key, _| keep(key));
        kept.bytes -= before - sum(&known);
        if !known.is_empty() {
            kept.by_application.insert(application.to_owned(), known);
        }
    }
}

/// An object of which the API server decides whether it drifted.
struct Asked<'t> {
    wanted: &'t Wanted,
    live: Arc<Value>,
    target: u64,
}

impl Asked<'_> {
    fn version(&self) -> &str {
        version(&self.live)
    }
}

/// What the API server said, each for one version of an object.
#[derive(Default)]
pub(crate) struct Answers(HashMap<ResourceKey, (String, Answer)>);

impl Answers {
    fn of(&self, wanted: &Wanted, live: &Value) -> Option<&Answer> {
        let (of, answer) = self.0.get(&wanted.key)?;
        (of == version(live)).then_some(answer)
    }

    /// Whether something could not be told.
    pub fn any_failed(&self) -> bool {
        self.0
            .values()
            .any(|(_, answer)| matches!(answer, Answer::Failed(_)))
    }
}

impl Reconciler {
    /// Whether the API server has to say something about an object of a target.
    pub(crate) fn asks_server(&self, target: &Target) -> bool {
        target
            .compared()
            .any(|wanted| self.is_asked(target, wanted))
    }

    fn is_asked(&self, target: &Target, wanted: &Wanted) -> bool {
        CompareOptions::of(&wanted.object)
            .asks_server(&target.compare_options, self.inner.server_side_diff)
    }

    /// What the API server says about the objects whose comparison is left to it.
    pub(crate) async fn answers(&self, application: &str, target: &Target) -> Answers {
        let predictions = &self.inner.predictions;
        let mut answers = Answers::default();
        let mut open: Vec<Asked<'_>> = Vec::new();
        for wanted in target
            .compared()
            .filter(|wanted| self.is_asked(target, wanted))
        {
            let Some(live) = target.cluster.live(&wanted.key) else {
                continue;
            };
            let asked = Asked {
                target: predictions.hash(&target.cluster, &wanted.object),
                wanted,
                live,
            };
            match predictions.get(application, &asked) {
                Some(answer) => {
                    let version = asked.version().to_owned();
                    answers.0.insert(wanted.key.clone(), (version, answer));
                }
                None => open.push(asked),
            }
        }
        let failures = &AtomicUsize::new(0);
        let requests = open.into_iter().map(|asked| async move {
            let answer = self.ask(target, &asked, failures).await;
            (asked, answer)
        });
        // Collected, because a closure with these lifetimes cannot live across an await.
        let requests: Vec<_> = requests.collect();
        let mut said = futures::stream::iter(requests).buffer_unordered(CONCURRENCY);
        while let Some((asked, answer)) = said.next().await {
            if let Some(answer) = answer {
                predictions.put(application, &asked, &answer);
                let version = asked.version().to_owned();
                answers
                    .0
                    .insert(asked.wanted.key.clone(), (version, answer));
            }
        }
        answers
    }

    /// Asks what an apply would change. None when the object changed meanwhile: the watch brings the application again.
    async fn ask(
        &self,
        target: &Target,
        asked: &Asked<'_>,
        failures: &AtomicUsize,
    ) -> Option<Answer> {
        let _permit = self.inner.predictions.requests.acquire().await.ok()?;
        if failures.load(Ordering::Relaxed) >= FAILURES {
            return Some(Answer::Failed(format!(
                "not asked after {FAILURES} failures"
            )));
        }
        let dry_run = Apply {
            dry_run: true,
            ..Apply::default()
        };
        match target.cluster.apply(&asked.wanted.object, dry_run).await {
            Ok(predicted) if version(&predicted) != asked.version() => None,
            Ok(predicted) => {
                let options = diff::Options {
                    ignore: None,
                    ..target.diff_options()
                };
                let compared = server_side::compare(&predicted, &asked.live, true, &options);
                Some(if compared.outcome.drifted() {
                    Answer::Becomes(Arc::from(predicted.to_string()))
                } else {
                    Answer::Same
                })
            }
            Err(error) => {
                failures.fetch_add(1, Ordering::Relaxed);
                Some(Answer::Failed(error.to_string()))
            }
        }
    }
}

/// How an object was compared.
pub(crate) enum Verdict {
    /// By our own comparison.
    Own(Outcome),
    /// By the API server.
    Server(Box<ServerSide>),
    /// The API server was to say, and did not.
    Failed(String),
}

impl Verdict {
    /// Whether the object drifted; none when that is not known.
    pub fn drifted(&self) -> Option<bool> {
        match self {
            Self::Own(outcome) => Some(outcome.drifted()),
            Self::Server(compared) => Some(compared.outcome.drifted()),
            Self::Failed(_) => None,
        }
    }

    /// What of the user's rules could not be carried out, and why there is no verdict.
    pub fn problems(&self, key: &ResourceKey) -> Vec<String> {
        let outcome = match self {
            Self::Own(outcome) => outcome,
            Self::Server(compared) => &compared.outcome,
            Self::Failed(reason) => {
                return vec![format!(
                    "{key}: the dry run of the API server (ServerSideDiff) failed: {reason}"
                )];
            }
        };
        outcome
            .warnings
            .iter()
            .map(|warning| warning.message.clone())
            .collect()
    }
}

impl Target {
    /// The live object as it is compared: one that was tracked in another way before is no drift for that.
    pub(crate) fn as_tracked<'v>(&self, wanted: &Wanted, live: &'v Value) -> Cow<'v, Value> {
        self.tracking.migrated(&wanted.object, live)
    }

    /// Compares an object. With `whole`, every difference is told; else one is enough.
    pub(crate) fn verdict(
        &self,
        wanted: &Wanted,
        live: &Value,
        answers: &Answers,
        whole: bool,
    ) -> Verdict {
        let stated = self.options_of(wanted);
        let options = self.diff_options_with(&stated);
        let predicted = match answers.of(wanted, live) {
            None => {
                let live = self.as_tracked(wanted, live);
                return Verdict::Own(if whole {
                    diff::compare(&wanted.object, &live, &options)
                } else {
                    diff::first(&wanted.object, &live, &options)
                });
            }
            Some(Answer::Failed(reason)) => return Verdict::Failed(reason.clone()),
            Some(Answer::Same) => Cow::Borrowed(live),
            Some(Answer::Becomes(text)) => match serde_json::from_str(text) {
                Ok(predicted) => Cow::Owned(predicted),
                Err(error) => return Verdict::Failed(error.to_string()),
            },
        };
        let counts = CompareOptions::of(&wanted.object).counts_webhooks(&self.compare_options);
        let mut compared = server_side::compare(&predicted, live, counts, &options);
        // A dry run does not take over what earlier managers own, and a synchronisation does: what then goes is known without it.
        let mut legacy = options.legacy.to_vec();
        legacy.extend(options.also);
        if take_over::patch(live, MANAGER, &legacy, false).is_some() {
            let own = diff::compare(&wanted.object, live, &options);
            let left = own
                .differences
                .into_iter()
                .filter(|difference| difference.reason == Reason::Left);
            compared.outcome.differences.extend(left);
        }
        Verdict::Server(Box::new(compared))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tiphys_engine::object;

    use super::*;

    fn wanted(value: &str) -> Wanted {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"value": value}});
        Wanted {
            key: object::key(&object),
            gvk: object::gvk(&object),
            object,
        }
    }

    fn asked<'t>(predictions: &Predictions, wanted: &'t Wanted, version: &str) -> Asked<'t> {
        Asked {
            wanted,
            live: Arc::new(json!({"metadata": {"resourceVersion": version}})),
            target: predictions.hasher.hash_one(&wanted.object),
        }
    }

    #[test]
    fn an_answer_holds_for_one_manifest_and_one_version() {
        let predictions = Predictions::default();
        let (blue, green) = (wanted("blue"), wanted("green"));
        let first = asked(&predictions, &blue, "1");
        predictions.put("front", &first, &Answer::Same);
        let known =
            |application: &str, asked: &Asked<'_>| predictions.get(application, asked).is_some();
        assert!(known("front", &first));
        assert!(known("front", &asked(&predictions, &blue, "1")));
        assert!(
            !known("front", &asked(&predictions, &blue, "2")),
            "another version"
        );
        assert!(
            !known("front", &asked(&predictions, &green, "1")),
            "another manifest"
        );
        assert!(!known("back", &first), "another application");
        predictions.put("back", &first, &Answer::Failed("a webhook".to_owned()));
        assert!(!known("back", &first), "a failure is no answer");
    }

    #[test]
    fn what_is_kept_is_bounded_and_goes_with_its_objects() {
        let predictions = Predictions::default();
        let blue = wanted("blue");
        let text: Arc<str> = Arc::from("x".repeat(MAX_BYTES / 2 + 1));
        let first = asked(&predictions, &blue, "1");
        predictions.put("front", &first, &Answer::Becomes(Arc::clone(&text)));
        predictions.put("back", &first, &Answer::Becomes(Arc::clone(&text)));
        assert!(predictions.get("front", &first).is_some());
        assert!(
            predictions.get("back", &first).is_none(),
            "there was no room"
        );
        predictions.put("front", &asked(&predictions, &blue, "2"), &Answer::Same);
        predictions.put("back", &first, &Answer::Becomes(text));
        assert!(
            predictions.get("back", &first).is_some(),
            "there is room again"
        );
        predictions.retain("back", |_| false);
        predictions.retain("front", |_| true);
        let kept = locked(&predictions.kept);
        assert_eq!((kept.bytes, kept.by_application.len()), (0, 1));
    }
}
