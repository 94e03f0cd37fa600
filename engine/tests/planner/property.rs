//! What holds for every synchronisation, tried with random ones.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tiphys_engine::sync::{Phase, ResultCode, TaskState};
use tiphys_model::ResourceKey;

use crate::case::{self, Case};
use crate::cluster::{Simulation, longest};

fn attribute() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        2 => (-2i64..3).prop_map(|wave| format!(" wave={wave}")),
        1 => Just(" hook=PreSync".to_owned()),
        1 => Just(" hook=Sync policy=HookSucceeded".to_owned()),
        1 => Just(" hook=PostSync,PreSync".to_owned()),
        1 => Just(" hook=SyncFail policy=HookFailed".to_owned()),
        1 => Just(" helm=pre-install,post-upgrade".to_owned()),
        1 => Just(" hook=PreDelete".to_owned()),
        1 => Just(" hook=PostDelete policy=HookSucceeded".to_owned()),
        1 => Just(" options=PruneLast=true,Prune=confirm".to_owned()),
    ]
}

fn fate() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        8 => Just(""),
        1 => Just(" becomes=Degraded"),
        1 => Just(" becomes=Progressing"),
        1 => Just(" becomes=gone"),
        1 => Just(" fails=no"),
        1 => Just(" stuck"),
    ]
}

fn line() -> impl Strategy<Value = (String, bool)> {
    (
        prop_oneof![
            Just("v1 ConfigMap"),
            Just("apps/v1 Deployment"),
            Just("batch/v1 Job"),
            Just("v1 Namespace")
        ],
        attribute(),
        attribute(),
        fate(),
        any::<bool>(),
    )
        .prop_map(|(kind, first, second, fate, live)| {
            (format!("{kind} shop/NAME{first}{second}{fate}"), live)
        })
}

/// Cases as their text, so that a failure can become a file.
fn any_case() -> impl Strategy<Value = String> {
    let requests = prop_oneof![
        Just(""),
        Just("request prune"),
        Just("request prune confirmed"),
        Just("request install prune confirmed"),
        Just("request dry-run prune"),
        Just("option ApplyOutOfSyncOnly=true"),
        Just("request terminate-after=4"),
    ];
    (
        prop::collection::vec(line(), 0..9),
        prop::collection::vec(line(), 0..5),
        requests,
        any::<bool>(),
    )
        .prop_map(|(desired, left, request, namespace)| {
            let mut text = String::new();
            for (at, (line, live)) in desired.iter().enumerate() {
                let live = if *live { " live" } else { "" };
                text.push_str(&format!(
                    "desired {}{live}\n",
                    line.replace("NAME", &format!("d{at}"))
                ));
            }
            for (at, (line, _)) in left.iter().enumerate() {
                text.push_str(&format!(
                    "left {}\n",
                    line.replace("NAME", &format!("l{at}"))
                ));
            }
            if namespace {
                text.push_str("namespace shop\n");
            }
            text + request
        })
}

fn parsed(text: &str) -> Case {
    case::parse(text)
}

/// How often each hook was made.
fn pruned(simulation: &Simulation<'_>) -> BTreeSet<(ResourceKey, &'static str, &'static str)> {
    let tasks = simulation.record.tasks.iter();
    tasks
        .filter(|task| task.code == ResultCode::Pruned)
        .map(|task| (task.key.clone(), task.code.as_str(), task.state.as_str()))
        .collect()
}

fn simulation_hooks(simulation: &Simulation<'_>) -> Vec<String> {
    let hooks = simulation
        .record
        .tasks
        .iter()
        .filter(|task| task.hook && task.state == TaskState::Succeeded);
    let mut names: Vec<String> = hooks
        .map(|hook| {
            let times = simulation
                .begun
                .iter()
                .filter(|(phase, _, key)| *phase == hook.phase && *key == hook.key);
            format!("{} {} {}", hook.phase, hook.key, times.count())
        })
        .collect();
    names.sort();
    names
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every synchronisation ends, and does so before the deadlines are over (the simulation panics otherwise).
    #[test]
    fn it_ends(text in any_case()) {
        let case = parsed(&text);
        let mut simulation = Simulation::new(&case);
        let before = simulation.time();
        let trace = simulation.run();
        prop_assert!((simulation.time() - before).to_std().unwrap_or_default() <= longest(), "{text}\n{trace}");
    }

    /// Whatever the clock is set to meanwhile, every deadline comes within the time that it states.
    #[test]
    fn it_ends_by_any_clock(
        text in any_case(),
        jumps in prop::collection::vec((0usize..12, -4_000_000_000i64..4_000_000_000), 1..4),
        deletion in any::<bool>(),
    ) {
        let mut case = parsed(&text);
        case.request.dry_run &= !deletion;
        let mut simulation = Simulation::new(&case);
        simulation.jumps = jumps;
        let most = longest() * 4;
        let trace = if deletion { simulation.run_deletion() } else { simulation.run() };
        let elapsed = simulation.elapsed.to_std().unwrap_or_default();
        prop_assert!(elapsed <= most, "{elapsed:?}\n{text}\n{trace}");
    }

    /// Waves never interleave: what was begun is in order of phase and wave, and nothing is begun twice.
    #[test]
    fn waves_never_interleave(text in any_case()) {
        let case = parsed(&text);
        let mut simulation = Simulation::new(&case);
        let planned = simulation.planned();
        let trace = simulation.run();
        for begun in &simulation.begun {
            prop_assert!(planned.contains(begun), "{begun:?} was planned elsewhere\n{text}\n{trace}");
        }
        for pair in simulation.begun.windows(2) {
            prop_assert!((pair[0].0, pair[0].1) <= (pair[1].0, pair[1].1), "{pair:?}\n{text}\n{trace}");
        }
        let mut once: Vec<_> = simulation.begun.iter().map(|(phase, _, key)| (*phase, key)).collect();
        once.sort();
        let all = once.len();
        once.dedup();
        prop_assert_eq!(once.len(), all, "{}\n{}", text, trace);
    }

    /// A crash between any two steps changes nothing.
    #[test]
    fn it_resumes(text in any_case()) {
        let case = parsed(&text);
        let calm = Simulation::new(&case).run();
        let mut crashing = Simulation::new(&case);
        crashing.crashing = true;
        prop_assert_eq!(calm, crashing.run());
    }

    /// A crash within a wave, before anything of it is recorded, changes nothing of the outcome but repeats harmless applies.
    #[test]
    fn a_wave_can_be_repeated(text in any_case()) {
        let mut case = parsed(&text);
        // Steps are counted differently when some are lost.
        case.terminate_after = None;
        let mut calm = Simulation::new(&case);
        let calm_trace = calm.run();
        let mut crashing = Simulation::new(&case);
        crashing.losing = true;
        let trace = crashing.run();
        prop_assert_eq!(
            calm_trace.lines().last().map(|line| line.split(':').next()),
            trace.lines().last().map(|line| line.split(':').next()),
            "{}\n{}\n--\n{}", text, calm_trace, trace
        );
        // What was pruned is told.
        prop_assert_eq!(pruned(&calm), pruned(&crashing), "{}\n{}", text, trace);
        // A hook that was made is not made again.
        prop_assume!(!case.request.dry_run);
        prop_assert_eq!(simulation_hooks(&calm), simulation_hooks(&crashing), "{}\n{}", text, trace);
    }

    /// No later phase begins, and PostSync never, when something before it failed.
    #[test]
    fn failure_stops(text in any_case()) {
        let case = parsed(&text);
        let mut simulation = Simulation::new(&case);
        let trace = simulation.run();
        let failed_before_post_sync = simulation.record.tasks.iter().any(|task| {
            task.phase < Phase::PostSync && matches!(task.state, TaskState::Failed | TaskState::Error)
        });
        if failed_before_post_sync {
            prop_assert!(simulation.begun.iter().all(|(phase, _, _)| *phase != Phase::PostSync), "{text}\n{trace}");
            prop_assert!(!trace.contains("Succeeded:"), "{text}\n{trace}");
        }
    }

    /// Hostile annotations are read without a panic, and never make an operation that does not end.
    #[test]
    fn any_annotation_is_read(
        values in prop::collection::vec("[a-zA-Z=,+ 0-9.\\-\u{0}-\u{ffff}]{0,40}", 8),
        long in 0usize..3000,
    ) {
        let mut case = parsed("desired batch/v1 Job shop/a hook=PreSync\nleft v1 ConfigMap shop/b wave=1\nrequest prune confirmed");
        let names = ["argocd.argoproj.io/hook", "argocd.argoproj.io/sync-wave", "argocd.argoproj.io/hook-delete-policy",
            "argocd.argoproj.io/sync-options", "helm.sh/hook", "helm.sh/hook-weight", "helm.sh/hook-delete-policy", "helm.sh/resource-policy"];
        for (name, value) in names.iter().zip(&values) {
            let value = format!("{value}{}", ",x".repeat(long));
            case.desired[0].manifest["metadata"]["annotations"][*name] = value.clone().into();
            case.left[0].manifest["metadata"]["annotations"][*name] = value.into();
        }
        prop_assert!(tiphys_engine::sync::hook::warnings(&case.desired[0].manifest).len() <= 10);
        Simulation::new(&case).run();
        Simulation::new(&case).run_deletion();
    }

    /// A deletion ends, resumes after a crash between any two steps, and never deletes what is to stay.
    #[test]
    fn a_deletion_ends_and_resumes(text in any_case(), cascade in any::<bool>()) {
        let mut case = parsed(&text);
        // A deletion knows no dry run.
        case.request.dry_run = false;
        if cascade {
            case.finalizers.push("resources-finalizer.argocd.argoproj.io".to_owned());
        }
        let mut calm = Simulation::new(&case);
        let trace = calm.run_deletion();
        let mut crashing = Simulation::new(&case);
        crashing.crashing = true;
        prop_assert_eq!(&trace, &crashing.run_deletion());
        prop_assert!(cascade || !trace.contains("run "), "{}", trace);
    }

    /// The waves of a deletion go from last to first, after the hooks before it and before those after it; nothing is begun twice.
    #[test]
    fn waves_of_a_deletion_never_interleave(text in any_case()) {
        let mut case = parsed(&text);
        case.request.dry_run = false;
        case.finalizers.push("resources-finalizer.argocd.argoproj.io".to_owned());
        let mut simulation = Simulation::new(&case);
        let trace = simulation.run_deletion();
        let place = |(phase, wave, _): &(Phase, i64, _)| {
            (*phase, if *phase == Phase::Delete { -wave } else { *wave })
        };
        for pair in simulation.begun.windows(2) {
            prop_assert!(place(&pair[0]) <= place(&pair[1]), "{pair:?}\n{text}\n{trace}");
        }
        let mut once: Vec<_> = simulation.begun.iter().map(|(phase, _, key)| (*phase, key)).collect();
        once.sort();
        let all = once.len();
        once.dedup();
        prop_assert_eq!(once.len(), all, "{}\n{}", text, trace);
    }

    /// A Synced state plans nothing.
    #[test]
    fn a_synced_state_plans_nothing(waves in prop::collection::vec(-3i64..4, 0..12)) {
        let lines: Vec<String> = waves
            .iter()
            .enumerate()
            .map(|(at, wave)| format!("desired apps/v1 Deployment shop/d{at} synced wave={wave}"))
            .collect();
        let text = format!("{}\noption ApplyOutOfSyncOnly=true\nrequest prune", lines.join("\n"));
        let case = parsed(&text);
        let mut simulation = Simulation::new(&case);
        prop_assert_eq!(simulation.plan(), "");
        prop_assert_eq!(simulation.run(), "Succeeded: successfully synced (no more tasks)\n");
    }
}

/// What is done is not planned again: after the end the plan is empty and the step is the same end.
#[test]
fn what_is_recorded_is_not_run_again() {
    let case = parsed(
        "desired batch/v1 Job shop/a hook=PreSync\ndesired v1 ConfigMap shop/b\ndesired apps/v1 Deployment shop/c wave=2\nleft v1 ConfigMap shop/d\nrequest prune",
    );
    let mut simulation = Simulation::new(&case);
    let end = simulation.run();
    assert_eq!(simulation.plan(), "");
    let again = simulation.run();
    assert_eq!(end.lines().last(), again.lines().last());
    assert_eq!(again.lines().count(), 1);
}
