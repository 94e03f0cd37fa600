//! A stage: tasks that are carried out side by side.

use chrono::Utc;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use tiphys_engine::sync::task::Outcome;
use tiphys_engine::sync::{Task, TaskRecord};

use crate::cluster::{Cluster, ClusterError};

/// Requests to one cluster for one stage at a time.
const CONCURRENCY: usize = 32;
/// How often a task is carried out that gets no answer from a cluster that does answer otherwise.
const TRIES: usize = 2;

/// What becomes of a task that got no answer, because the connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It has failed.
    Fails,
    /// Nothing is known of it: it is planned again when the cluster is back, as after a crash.
    Waits,
}

/// What came of a stage, or of several.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    /// What is recorded, in the plan's order.
    pub done: Vec<TaskRecord>,
    /// Why tasks are missing in it.
    pub lost: Option<ClusterError>,
}

impl Stage {
    /// Carries out the tasks of a stage, and adds what came of it; answers whether none has failed or is missing.
    pub async fn run<'t, 'a>(
        &mut self,
        cluster: &Cluster,
        tasks: &'t [Task<'a>],
        (lost, dry_run): (Lost, bool),
        perform: impl Fn(&'t Task<'a>) -> BoxFuture<'t, Result<Outcome, ClusterError>>,
    ) -> bool {
        let mut results: Vec<Option<TaskRecord>> = vec![None; tasks.len()];
        let mut left: Vec<usize> = (0..tasks.len()).collect();
        for attempt in 1..=TRIES {
            let requests: Vec<_> = left
                .drain(..)
                .map(|at| {
                    let outcome = perform(&tasks[at]);
                    async move { (at, Utc::now(), outcome.await) }
                })
                .collect();
            // Unordered, so that a slow object does not hold the others back.
            let outcomes: Vec<_> = futures::stream::iter(requests)
                .buffer_unordered(CONCURRENCY)
                .collect()
                .await;
            let is_unanswered = |(_, _, outcome): &(_, _, Result<Outcome, ClusterError>)| {
                outcome.as_ref().is_err_and(ClusterError::is_unanswered)
            };
            let is_lost = outcomes.iter().any(is_unanswered) && cluster.look().await.is_err();
            for result in outcomes {
                let again = is_unanswered(&result);
                let (at, begun, outcome) = result;
                let outcome = match outcome {
                    Ok(outcome) => outcome,
                    Err(error) if again && is_lost && lost == Lost::Waits => {
                        self.lost = Some(error);
                        continue;
                    }
                    Err(_) if again && !is_lost && attempt < TRIES => {
                        left.push(at);
                        continue;
                    }
                    Err(error) => Outcome::Failed(error.to_string()),
                };
                results[at] = tasks[at].result(outcome, dry_run, begun);
            }
        }
        let before = self.done.len();
        self.done.extend(results.into_iter().flatten());
        self.lost.is_none() && !self.done[before..].iter().any(TaskRecord::is_failed)
    }
}
