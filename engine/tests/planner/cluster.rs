//! A simulated cluster and executor: carries steps out until the end, and writes down what happened.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tiphys_engine::sync::delete::{self, Deletion};
use tiphys_engine::sync::task::Outcome;
use tiphys_engine::sync::{
    Action, Deadlines, Desired, Done, Left, Live, Phase, Record, Request, Situation, Step, Task,
    plan, step,
};
use tiphys_model::{HealthStatusCode, ResourceKey};

use crate::case::{Case, Object};

/// No operation takes more steps than this.
const STEPS: usize = 10_000;

struct Entry {
    object: Value,
    health: Option<HealthStatusCode>,
    becomes: String,
    stuck: bool,
}

pub struct Simulation<'a> {
    case: &'a Case,
    request: Request,
    live: BTreeMap<ResourceKey, Entry>,
    pub record: Record,
    now: DateTime<Utc>,
    uids: usize,
    /// Phase and wave of every task that was begun, in order.
    pub begun: Vec<(Phase, i64, ResourceKey)>,
    /// Whether the record is written out and read again before every step, as after a crash.
    pub crashing: bool,
    /// Whether what was done is lost once for every wave, as when a crash comes before it is recorded.
    pub losing: bool,
    lost: Vec<(Phase, i64)>,
    /// By how many seconds the clock is set forward or back, and after which step.
    pub jumps: Vec<(usize, i64)>,
    /// How much time has really passed.
    pub elapsed: TimeDelta,
}

fn health_of(name: &str) -> Option<HealthStatusCode> {
    match name {
        "Healthy" => Some(HealthStatusCode::Healthy),
        "Degraded" => Some(HealthStatusCode::Degraded),
        "Progressing" => Some(HealthStatusCode::Progressing),
        "Suspended" => Some(HealthStatusCode::Suspended),
        _ => None,
    }
}

impl<'a> Simulation<'a> {
    pub fn new(case: &'a Case) -> Self {
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
        let mut simulation = Self {
            case,
            request: case.request.clone(),
            live: BTreeMap::new(),
            record: Record::new("0123456789abcdef", now),
            now,
            uids: 0,
            begun: Vec::new(),
            crashing: false,
            losing: false,
            lost: Vec::new(),
            jumps: Vec::new(),
            elapsed: TimeDelta::zero(),
        };
        let live = case.desired.iter().filter(|object| object.live);
        for object in live.chain(&case.left) {
            let health = if object.ill { "Degraded" } else { "Healthy" };
            simulation.create(&object.key, &object.manifest, object, health);
        }
        simulation
    }

    fn create(&mut self, key: &ResourceKey, manifest: &Value, behaves: &Object, health: &str) {
        self.uids += 1;
        let mut object = manifest.clone();
        object["metadata"]["uid"] = json!(format!("uid-{}", self.uids));
        let entry = Entry {
            object,
            health: if behaves.becomes == "none" {
                None
            } else {
                health_of(health)
            },
            becomes: behaves.becomes.clone(),
            stuck: behaves.stuck,
        };
        self.live.insert(key.clone(), entry);
    }

    pub fn ask<T>(&self, question: impl FnOnce(&Situation<'_>) -> T) -> T {
        let desired = self.desired();
        let live = |key: &ResourceKey| {
            self.live.get(key).map(|entry| Live {
                object: &entry.object,
                health: entry.health,
                message: "",
            })
        };
        let left: Vec<Left<'_>> = self
            .case
            .left
            .iter()
            .filter_map(|object| {
                Some(Left {
                    key: object.key.clone(),
                    live: live(&object.key)?,
                })
            })
            .collect();
        question(&Situation {
            desired: &desired,
            left: &left,
            live: &live,
            namespace: self.case.namespace.as_ref(),
            request: &self.request,
            options: &self.case.options,
            record: &self.record,
            deadlines: self.case.deadlines,
            now: self.now,
        })
    }

    fn desired(&self) -> Vec<Desired<'_>> {
        self.case
            .desired
            .iter()
            .map(|object| Desired {
                key: object.key.clone(),
                target: &object.manifest,
                drifted: object.drifted,
                served: object.served,
            })
            .collect()
    }

    pub fn time(&self) -> DateTime<Utc> {
        self.now
    }

    pub fn plan(&self) -> String {
        self.ask(|situation| plan(situation).to_string())
    }

    /// Phase and wave of everything that is planned.
    pub fn planned(&self) -> Vec<(Phase, i64, ResourceKey)> {
        self.ask(|situation| {
            let plan = plan(situation);
            let waves = plan.waves.iter().chain(&plan.on_failure);
            waves
                .flat_map(|wave| wave.stages.iter().flatten())
                .map(|task| (task.phase, task.wave, task.key.clone()))
                .collect()
        })
    }

    /// Carries out the steps of a synchronisation until the end; answers how it went.
    pub fn run(&mut self) -> String {
        self.run_with(|simulation| {
            simulation.ask(|situation| {
                let decision = step(situation);
                // The same situation gives the same step.
                assert_eq!(decision, step(situation));
                (
                    decision.observed,
                    decision.step.to_string(),
                    owned(decision.step, &simulation.record),
                )
            })
        })
    }

    /// Carries out the steps of a deletion until the end; answers how it went. Everything live is tracked.
    pub fn run_deletion(&mut self) -> String {
        self.run_with(|simulation| {
            let live = |key: &ResourceKey| {
                simulation.live.get(key).map(|entry| Live {
                    object: &entry.object,
                    health: entry.health,
                    message: "",
                })
            };
            let desired = simulation.desired();
            let tracked: Vec<Left<'_>> = simulation
                .live
                .keys()
                .filter_map(|key| {
                    Some(Left {
                        key: key.clone(),
                        live: live(key)?,
                    })
                })
                .collect();
            let decision = delete::step(&Deletion {
                desired: &desired,
                tracked: &tracked,
                live: &live,
                cascade: delete::cascade(&simulation.case.finalizers),
                options: &simulation.case.options,
                confirmed: simulation.request.confirmed,
                lineage: &[],
                record: &simulation.record,
                deadlines: simulation.case.deadlines,
                now: simulation.now,
            });
            (
                decision.observed,
                decision.step.to_string(),
                owned(decision.step, &simulation.record),
            )
        })
    }

    /// What is live at the end.
    pub fn remaining(&self) -> String {
        self.live.keys().map(|key| format!("{key}\n")).collect()
    }

    fn run_with(
        &mut self,
        ask: impl Fn(&Self) -> (Vec<tiphys_engine::sync::TaskRecord>, String, Chosen),
    ) -> String {
        let mut trace = String::new();
        for steps in 0..STEPS {
            if self.case.terminate_after == Some(steps) {
                self.request.terminate = Some("Operation terminated".to_owned());
            }
            if self.crashing {
                let written = serde_json::to_string(&self.record).expect("a record");
                self.record = serde_json::from_str(&written).expect("a record");
            }
            let set = self.jumps.iter().filter(|(after, _)| *after == steps);
            self.now += TimeDelta::seconds(set.map(|(_, by)| by).sum());
            // As whoever carries it out does.
            self.record.begin(self.now);
            let (observed, text, chosen) = ask(self);
            self.record.merge(observed);
            trace.push_str(&text);
            match chosen {
                Chosen::Done(_) => return trace,
                Chosen::Wait(deadline) => self.pass_time(deadline),
                Chosen::Run(tasks) => self.carry_out_wave(tasks),
            }
            self.pass(TimeDelta::seconds(1));
        }
        let _ = writeln!(trace, "no end after {STEPS} steps");
        panic!("{trace}");
    }

    fn carry_out_wave(&mut self, tasks: Vec<TaskOf>) {
        let place = tasks.first().map(|task| (task.task.phase, task.task.wave));
        let dry_run = self.request.dry_run;
        let intended = tasks.iter().filter(|_| !dry_run);
        let intended: Vec<_> = intended
            .filter_map(|task| task.task.intention(self.now))
            .collect();
        let mut done = Vec::new();
        for task in tasks {
            done.extend(self.carry_out(task));
        }
        let loses = self.losing && place.is_some_and(|place| !self.lost.contains(&place));
        if loses {
            self.lost.extend(place);
            self.record.merge(intended);
            // Until the server is back, what was deleted is gone.
            self.live.retain(|_, entry| {
                entry.stuck || !entry.object["metadata"]["deletionTimestamp"].is_string()
            });
        } else {
            self.record.merge(done);
        }
    }

    /// Something changes in the cluster; if nothing does, time passes until the deadline.
    fn pass_time(&mut self, deadline: DateTime<Utc>) {
        let mut changed = false;
        let mut gone = Vec::new();
        for (key, entry) in &mut self.live {
            if entry.object["metadata"]["deletionTimestamp"].is_string() {
                if !entry.stuck {
                    gone.push(key.clone());
                }
            } else if entry.becomes == "gone" && entry.object["metadata"]["applied"].is_boolean() {
                gone.push(key.clone());
            } else if entry.object["metadata"]["applied"].is_boolean() {
                let next = health_of(&entry.becomes);
                changed |= next != entry.health;
                entry.health = next;
            }
        }
        changed |= !gone.is_empty();
        for key in gone {
            self.live.remove(&key);
        }
        if !changed {
            self.pass((deadline - self.now).max(TimeDelta::zero()));
        }
    }

    fn pass(&mut self, time: TimeDelta) {
        self.now += time;
        self.elapsed += time;
    }

    fn carry_out(&mut self, task: TaskOf) -> Option<tiphys_engine::sync::TaskRecord> {
        let dry_run = self.request.dry_run;
        let outcome = match &task.what {
            What::Apply(manifest) => {
                self.begun
                    .push((task.task.phase, task.task.wave, task.task.key.clone()));
                let behaves = self.behaviour(&task.task.key);
                match &behaves.fails {
                    Some(reason) => Outcome::Failed(reason.clone()),
                    None if dry_run => Outcome::Applied {
                        uid: String::new(),
                        generation: None,
                        message: format!("{} created", task.task.key.name),
                    },
                    None => self.apply(&task.task.key, manifest, &behaves),
                }
            }
            What::Prune | What::DeleteHook => {
                if matches!(task.what, What::Prune) {
                    self.begun
                        .push((task.task.phase, task.task.wave, task.task.key.clone()));
                }
                if !dry_run && let Some(entry) = self.live.get_mut(&task.task.key) {
                    entry.object["metadata"]["deletionTimestamp"] = json!(self.now.to_rfc3339());
                    entry.object["metadata"]["finalizers"] = json!([]);
                }
                Outcome::Done
            }
            What::Release => {
                if let Some(entry) = self.live.get_mut(&task.task.key) {
                    entry.object["metadata"]["finalizers"] = json!([]);
                }
                Outcome::Done
            }
            What::Skip => Outcome::Done,
        };
        task.task.result(outcome, dry_run, self.now)
    }

    fn behaviour(&self, key: &ResourceKey) -> Object {
        self.case
            .desired
            .iter()
            .find(|object| {
                object.key.kind == key.kind
                    && (object.key == *key
                        || object.key.name.is_empty()
                            && key.name.starts_with(
                                object.manifest["metadata"]["generateName"]
                                    .as_str()
                                    .unwrap_or("-"),
                            ))
            })
            .cloned()
            .unwrap_or_else(|| {
                crate::case::parse_object(&["v1", "Namespace", "/x", "becomes=none"])
            })
    }

    fn apply(&mut self, key: &ResourceKey, manifest: &Value, behaves: &Object) -> Outcome {
        let created = !self.live.contains_key(key);
        if created {
            self.create(key, manifest, behaves, "Progressing");
        }
        let Some(entry) = self.live.get_mut(key) else {
            unreachable!("it is there")
        };
        entry.object["metadata"]["annotations"] = manifest["metadata"]["annotations"].clone();
        entry.object["metadata"]["applied"] = json!(true);
        if let Some(finalizers) = manifest["metadata"].get("finalizers") {
            entry.object["metadata"]["finalizers"] = finalizers.clone();
        }
        Outcome::Applied {
            uid: entry.object["metadata"]["uid"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            generation: None,
            message: format!(
                "{} {}",
                key.name,
                if created { "created" } else { "configured" }
            ),
        }
    }
}

/// A task that does not borrow the situation.
struct TaskOf {
    task: Task<'static>,
    what: What,
}

enum What {
    Apply(Value),
    Prune,
    Skip,
    DeleteHook,
    Release,
}

enum Chosen {
    Run(Vec<TaskOf>),
    Wait(DateTime<Utc>),
    Done(#[expect(dead_code, reason = "the text says it")] Done),
}

fn owned(step: Step<'_>, record: &Record) -> Chosen {
    const NOTHING: &Value = &Value::Null;
    match step {
        Step::Wait(wait) => Chosen::Wait(wait.deadline),
        Step::Done(done) => Chosen::Done(done),
        Step::Run(wave) => Chosen::Run(
            wave.stages
                .into_iter()
                .flatten()
                .map(|task| {
                    let manifest = task.manifest(record).map(|manifest| manifest.into_owned());
                    let (what, action) = match task.action {
                        Action::Apply {
                            options, served, ..
                        } => (
                            What::Apply(manifest.unwrap_or_default()),
                            Action::Apply {
                                target: NOTHING,
                                options,
                                served,
                            },
                        ),
                        Action::Prune { propagation } => {
                            (What::Prune, Action::Prune { propagation })
                        }
                        Action::SkipPrune(reason) => (What::Skip, Action::SkipPrune(reason)),
                        Action::DeleteHook => (What::DeleteHook, Action::DeleteHook),
                        Action::ReleaseHook => (What::Release, Action::ReleaseHook),
                    };
                    let task = Task {
                        key: task.key,
                        version: task.version,
                        phase: task.phase,
                        wave: task.wave,
                        stated_wave: task.stated_wave,
                        prune_last: task.prune_last,
                        hook: task.hook,
                        uid: task.uid,
                        before: task.before,
                        action,
                    };
                    TaskOf { task, what }
                })
                .collect(),
        ),
    }
}

/// The longest that any operation can take.
pub fn longest() -> Duration {
    Deadlines::default().operation + Deadlines::default().hook * 4
}
