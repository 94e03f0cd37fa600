//! Cases of automation: what is stored, what is live, what follows.

use serde_json::{Value, json};

use tiphys_model::HealthStatusCode;

use super::rollback::{Rollback, automatic, ends_retries, pin_after_rollback, rollback};
use super::*;

fn now() -> DateTime<Utc> {
    at(1000)
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap_or_default()
}

/// An application at revision `r2` of one source, with changes merged in.
fn application(changes: Value) -> Application {
    let mut base = json!({
        "metadata": {"name": "web"},
        "spec": {
            "project": "default",
            "destination": {"server": "https://one.example.com", "namespace": "shop"},
            "source": {"repoURL": "https://git.example.com/a.git", "path": "web"},
            "syncPolicy": {"automated": {"prune": true, "selfHeal": true}, "syncOptions": ["PruneLast=true"]},
        },
    });
    merge(&mut base, changes);
    if base["status"].is_object() {
        base["status"]["sync"] = json!({"status": "OutOfSync"});
        base["status"]["health"] = json!({});
    }
    serde_json::from_value(base).expect("an application")
}

fn merge(base: &mut Value, changes: Value) {
    match (base, changes) {
        (Value::Object(base), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(base.entry(name).or_insert(Value::Null), change);
            }
        }
        (base, changes) => *base = changes,
    }
}

fn synced_to(revision: &str, phase: &str, seconds: i64, sync: Value) -> Value {
    let source = json!({"repoURL": "https://git.example.com/a.git", "path": "web"});
    let mut operation = json!({"revision": revision, "source": source});
    merge(&mut operation, sync);
    json!({"status": {"operationState": {
        "operation": {"sync": operation}, "phase": phase, "message": "because",
        "startedAt": at(seconds - 1), "finishedAt": at(seconds),
        "syncResult": {"revision": revision, "source": source},
    }}})
}

fn row(name: &str, status: SyncStatusCode, requires_pruning: bool) -> ResourceStatus {
    ResourceStatus {
        kind: "ConfigMap".into(),
        namespace: "shop".into(),
        name: name.into(),
        status: Some(status),
        requires_pruning,
        ..ResourceStatus::default()
    }
}

struct Case {
    application: Application,
    sync: SyncStatusCode,
    resources: Vec<ResourceStatus>,
    windows: Verdict,
    gate: Gate,
    pin: Option<Pin>,
    digest: &'static str,
    dependencies: Vec<String>,
}

fn case(changes: Value) -> Case {
    Case {
        application: application(changes),
        sync: SyncStatusCode::OutOfSync,
        resources: vec![
            row("a", SyncStatusCode::OutOfSync, false),
            row("b", SyncStatusCode::Synced, false),
        ],
        windows: Verdict {
            manual: true,
            automated: true,
            changes_at: None,
            reason: String::new(),
        },
        gate: Gate::Open,
        pin: None,
        digest: "",
        dependencies: Vec::new(),
    }
}

impl Case {
    fn decide(&self) -> Decision {
        decide(&Inputs {
            application: &self.application,
            sync: self.sync,
            resources: &self.resources,
            revisions: &["r2".to_owned()],
            dependencies: &self.dependencies,
            windows: &self.windows,
            gate: &self.gate,
            pin: self.pin.as_ref(),
            digest: self.digest,
            backoff: HealBackoff::default(),
            now: now(),
        })
    }

    fn sync(&self) -> SyncOperation {
        let decision = self.decide();
        decision
            .operation
            .unwrap_or_else(|| panic!("no operation: {}", decision.reason))
            .sync
            .expect("a synchronisation")
    }
}

#[test]
fn what_is_out_of_sync_is_synchronised() {
    let operation = case(json!({})).decide().operation.expect("an operation");
    assert!(operation.initiated_by.is_some_and(|by| by.automated));
    assert_eq!(operation.retry.and_then(|retry| retry.limit), Some(5));
    let sync = operation.sync.expect("a synchronisation");
    assert_eq!(sync.revision, "r2");
    assert!(sync.prune && sync.resources.is_empty());
    assert_eq!(sync.sync_options, ["PruneLast=true"]);
    // Another revision than the last one, or another source.
    assert_eq!(
        case(synced_to("r1", "Failed", 999, json!({})))
            .sync()
            .revision,
        "r2"
    );
    let mut moved = synced_to("r2", "Failed", 999, json!({}));
    merge(
        &mut moved,
        json!({"spec": {"source": {"path": "elsewhere"}}}),
    );
    assert_eq!(case(moved).sync().resources, []);
}

#[test]
fn reasons_not_to() {
    let no = |changes: Value| {
        let decision = case(changes).decide();
        assert_eq!(decision.operation, None);
        assert_eq!(decision.error, None);
        decision.reason
    };
    assert_eq!(
        no(json!({"spec": {"syncPolicy": {"automated": null}}})),
        "automated sync is not enabled"
    );
    assert_eq!(
        no(json!({"spec": {"syncPolicy": {"automated": {"enabled": false}}}})),
        "automated sync is not enabled"
    );
    assert_eq!(
        no(json!({"metadata": {"annotations": {SKIP_RECONCILE: "true"}}})),
        "the annotation argocd.argoproj.io/skip-reconcile is true"
    );
    assert_eq!(
        no(json!({"operation": {"sync": {}}})),
        "another operation is in progress"
    );
    assert_eq!(
        no(json!({"metadata": {"deletionTimestamp": at(1)}})),
        "the application is being deleted"
    );
    let synced = Case {
        sync: SyncStatusCode::Synced,
        ..case(json!({}))
    };
    assert_eq!(synced.decide().reason, "application status is Synced");
    assert_eq!(synced.decide().operation, None);
}

#[test]
fn pruning_is_protected() {
    let extra = vec![
        row("old", SyncStatusCode::OutOfSync, true),
        row("b", SyncStatusCode::Synced, false),
    ];
    let no_prune = Case {
        resources: extra.clone(),
        ..case(json!({"spec": {"syncPolicy": {"automated": {"prune": false}}}}))
    };
    assert_eq!(
        no_prune.decide().reason,
        "need to prune extra resources only but automated prune is disabled"
    );
    let prune = Case {
        resources: extra,
        ..case(json!({}))
    };
    assert!(prune.sync().prune);
    let all = vec![row("a", SyncStatusCode::OutOfSync, true)];
    let wipes = Case {
        resources: all.clone(),
        ..case(json!({}))
    };
    assert!(
        wipes
            .decide()
            .error
            .is_some_and(|error| error.contains("wipe out all resources"))
    );
    let allowed = Case {
        resources: all,
        ..case(json!({"spec": {"syncPolicy": {"automated": {"allowEmpty": true}}}}))
    };
    assert!(allowed.sync().prune);
}

#[test]
fn a_newer_chart_at_the_same_commit_is_something_new() {
    for (phase, reason) in [
        ("Succeeded", "most recent sync already to r2"),
        ("Failed", "Failed last sync attempt to [r2]: because"),
    ] {
        let mut done = synced_to("r2", phase, 999, json!({}));
        merge(
            &mut done,
            json!({
                "spec": {"syncPolicy": {"automated": {"selfHeal": false}}},
                "status": {"operationState": {"syncResult": {"dependencies": ["queue 1.2.0"]}}},
            }),
        );
        let with = |versions: &[&str]| Case {
            dependencies: versions.iter().map(|&one| one.to_owned()).collect(),
            ..case(done.clone())
        };
        assert_eq!(with(&["queue 1.2.0"]).decide().reason, reason);
        for newer in [&["queue 1.3.0"][..], &[], &["cache 1.0.0", "queue 1.2.0"]] {
            let sync = with(newer).sync();
            assert!(sync.resources.is_empty(), "it is no healing: {newer:?}");
        }
    }
}

#[test]
fn once_for_every_revision() {
    let failed = case(synced_to("r2", "Failed", 999, json!({}))).decide();
    assert_eq!(failed.operation, None);
    assert_eq!(
        failed.error,
        Some("Failed last sync attempt to [r2]: because".to_owned())
    );
    let mut calm = synced_to("r2", "Succeeded", 999, json!({}));
    merge(
        &mut calm,
        json!({"spec": {"syncPolicy": {"automated": {"selfHeal": false}}}}),
    );
    let calm = case(calm).decide();
    assert_eq!((calm.operation, calm.error), (None, None));
    assert_eq!(calm.reason, "most recent sync already to r2");
    // Neither a dry run nor a part of it counts.
    for part in [
        json!({"dryRun": true}),
        json!({"resources": [{"kind": "ConfigMap", "name": "b"}]}),
    ] {
        assert_eq!(
            case(synced_to("r2", "Succeeded", 999, part))
                .sync()
                .auto_heal_attempts_count,
            None
        );
    }
}

#[test]
fn healing_touches_what_drifted_and_backs_off() {
    let first = case(synced_to("r2", "Succeeded", 999, json!({}))).sync();
    assert_eq!(first.auto_heal_attempts_count, Some(1));
    let names: Vec<&str> = first
        .resources
        .iter()
        .map(|resource| resource.name.as_str())
        .collect();
    assert_eq!(names, ["a"]);
    let after = |attempts: i64, finished: i64| {
        let part = json!({"autoHealAttemptsCount": attempts, "resources": [{"kind": "ConfigMap", "name": "a"}]});
        case(synced_to("r2", "Succeeded", finished, part)).decide()
    };
    let count = |decision: &Decision| {
        decision
            .operation
            .as_ref()
            .and_then(|operation| operation.sync.as_ref()?.auto_heal_attempts_count)
    };
    for (attempts, finished, again) in [
        (1, 999, Some(1001)),
        (1, 998, None),
        (2, 998, Some(1004)),
        (3, 998, Some(1016)),
        (9, 998, Some(1298)),
        (i64::MAX, 998, Some(1298)),
    ] {
        let decision = after(attempts, finished);
        assert_eq!(decision.again_at, again.map(at), "{attempts} {finished}");
        assert_eq!(count(&decision), again.is_none().then(|| attempts + 1));
    }
    // Quiet begins a new series.
    assert_eq!(count(&after(9, 600)), Some(1));
    // So it does when the clock was set forward; when it was set back, no end that has not come yet is waited for.
    assert_eq!(count(&after(9, -4_000_000)), Some(1));
    assert_eq!(count(&after(9, 4_000_000)), Some(10));
}

#[test]
fn windows_and_dependencies_hold_back() {
    let mut blocked = case(json!({}));
    blocked.windows = Verdict {
        manual: true,
        automated: false,
        changes_at: Some(at(2000)),
        reason: "closed".into(),
    };
    let decision = blocked.decide();
    assert_eq!(
        (decision.operation, decision.again_at),
        (None, Some(at(2000)))
    );
    assert_eq!(
        decision.reason,
        "Cannot sync: Blocked by sync window: closed"
    );
    let mut waiting = case(json!({}));
    waiting.gate = Gate::Waiting(vec!["waiting for application db: it is OutOfSync".into()]);
    assert_eq!(waiting.decide().operation, None);
    assert_eq!(
        waiting.decide().reason,
        "waiting for application db: it is OutOfSync"
    );
    assert_eq!(waiting.decide().waiting.len(), 1);
}

#[test]
fn a_pin_keeps_away_until_git_moves() {
    let pin = |revision: &str| Pin {
        away_from: vec![revision.into()],
        reason: "rolled back to 3 by jo".into(),
        ..Pin::default()
    };
    let mut pinned = case(json!({}));
    pinned.pin = Some(pin("r2"));
    let decision = pinned.decide();
    assert_eq!((decision.operation, decision.unpin), (None, false));
    assert!(decision.reason.starts_with("pinned away from r2"));
    pinned.pin = Some(pin("r1"));
    let decision = pinned.decide();
    assert!(decision.unpin && decision.operation.is_some());
    // A commit elsewhere in the repository brings the same bad manifests again.
    for (digest, unpin) in [("d1", false), ("d2", true), ("", true)] {
        pinned.pin = Some(Pin {
            digest: "d1".into(),
            ..pin("r1")
        });
        pinned.digest = digest;
        let decision = pinned.decide();
        assert_eq!(
            (decision.unpin, decision.operation.is_some()),
            (unpin, unpin),
            "{digest}"
        );
    }
}

#[test]
fn a_newer_commit_supersedes_when_asked() {
    let running = |automated: bool| Operation {
        sync: Some(SyncOperation {
            revision: "r1".into(),
            ..SyncOperation::default()
        }),
        initiated_by: Some(OperationInitiator {
            automated,
            ..OperationInitiator::default()
        }),
        ..Operation::default()
    };
    let newest = ["r2".to_owned()];
    assert!(supersedes(true, &running(true), &newest, None));
    assert!(!supersedes(false, &running(true), &newest, None));
    assert!(!supersedes(true, &running(false), &newest, None));
    assert!(!supersedes(true, &running(true), &["r1".to_owned()], None));
    assert!(!supersedes(true, &running(true), &[], None));
    let pin = Pin {
        away_from: newest.to_vec(),
        ..Pin::default()
    };
    assert!(!supersedes(true, &running(true), &newest, Some(&pin)));
}

fn history(revisions: &[&str]) -> Value {
    let rows: Vec<Value> = revisions
        .iter()
        .enumerate()
        .map(|(id, revision)| json!({"id": id, "revision": revision, "deployedAt": at(900), "initiatedBy": {}}))
        .collect();
    json!({"status": {"history": rows}})
}

#[test]
fn bad_health_rolls_back_once() {
    let deadline = Duration::from_secs(60);
    let ask = |revisions: &[&str], finished: i64, health, part: Value| {
        let mut changes = synced_to("r2", "Succeeded", finished, part);
        merge(
            &mut changes,
            json!({"status": {"operationState": {"startedAt": at(899)}}}),
        );
        merge(&mut changes, history(revisions));
        rollback(&application(changes), health, deadline, now())
    };
    let degraded = HealthStatusCode::Degraded;
    let to = ask(&["r1", "r2"], 900, degraded, json!({}));
    let expected = Pin {
        away_from: vec!["r2".into()],
        history_id: 0,
        since: now(),
        reason: "Degraded after 1m".into(),
        digest: String::new(),
    };
    assert_eq!(
        to,
        Rollback::To {
            history_id: 0,
            pin: expected
        }
    );
    assert_eq!(
        ask(&["r1", "r2"], 970, degraded, json!({})),
        Rollback::Watch(at(1030))
    );
    assert_eq!(
        ask(&["r1", "r2"], 900, HealthStatusCode::Healthy, json!({})),
        Rollback::No
    );
    assert_eq!(ask(&["r2"], 900, degraded, json!({})), Rollback::No);
    assert_eq!(ask(&["r2", "r2"], 900, degraded, json!({})), Rollback::No);
    // A rollback is not rolled back.
    assert_eq!(
        ask(&["r2", "r1", "r2"], 900, degraded, json!({})),
        Rollback::No
    );
    assert_eq!(
        ask(&["r1", "r2"], 900, HealthStatusCode::Suspended, json!({})),
        Rollback::No
    );
    let part = json!({"resources": [{"kind": "ConfigMap", "name": "a"}]});
    assert_eq!(ask(&["r1", "r2"], 900, degraded, part), Rollback::No);
}

#[test]
fn nothing_goes_back_to_what_is_pinned() {
    let ask = |pin: Value| {
        let mut changes = synced_to("r1", "Succeeded", 900, json!({}));
        merge(
            &mut changes,
            json!({"status": {"operationState": {"startedAt": at(899)}, "pin": pin}}),
        );
        // The history keeps two deployments: that r1 was there before is forgotten.
        merge(&mut changes, history(&["r2", "r1"]));
        let deadline = Duration::from_secs(60);
        rollback(
            &application(changes),
            HealthStatusCode::Degraded,
            deadline,
            now(),
        )
    };
    let pin = json!({"awayFrom": ["r2"], "historyId": 0, "since": at(899), "reason": ""});
    assert_eq!(ask(pin), Rollback::No);
    assert!(matches!(ask(json!(null)), Rollback::To { .. }));
}

#[test]
fn what_failed_half_way_is_rolled_back_to_the_last_deployment() {
    let ask = |revisions: &[&str], row: Value| {
        let mut changes = synced_to("r2", "Failed", 900, json!({}));
        let mut whole = json!({"group": "", "version": "v1", "namespace": "shop", "message": "", "hookPhase": "", "syncPhase": ""});
        merge(&mut whole, row);
        changes["status"]["operationState"]["syncResult"]["resources"] = json!([whole]);
        merge(&mut changes, history(revisions));
        rollback(
            &application(changes),
            HealthStatusCode::Degraded,
            Duration::from_secs(60),
            now(),
        )
    };
    let applied = json!({"kind": "ConfigMap", "name": "a", "status": "Synced"});
    let Rollback::To { history_id, pin } = ask(&["r0", "r1"], applied.clone()) else {
        panic!("a rollback")
    };
    assert_eq!((history_id, pin.away_from), (1, vec!["r2".to_owned()]));
    for (revisions, row) in [
        (
            &["r1"][..],
            json!({"kind": "ConfigMap", "name": "a", "status": "SyncFailed"}),
        ),
        (
            &["r1"][..],
            json!({"kind": "Job", "name": "h", "status": "Synced", "hookType": "PreSync"}),
        ),
        (&["r1", "r2"][..], applied.clone()),
        // An earlier deployment that could not be brought back.
        (&["r2", "r1"][..], applied.clone()),
        (&[][..], applied.clone()),
    ] {
        assert_eq!(ask(revisions, row), Rollback::No, "{revisions:?}");
    }
}

#[test]
fn what_is_unhealthy_is_not_tried_again_when_it_would_be_taken_back() {
    let ask = |next: i64, phase: &str, changes: Value| {
        let mut all = synced_to("r2", "Running", 900, json!({}));
        all["spec"]["syncPolicy"]["rollbackOnFailure"]["healthDeadline"] = json!("1m");
        all["status"]["operationState"]["syncResult"]["resources"] = json!([{
            "group": "", "version": "v1", "kind": "ConfigMap", "namespace": "shop", "name": "a",
            "status": "Synced", "hookPhase": phase}]);
        merge(&mut all, history(&["r1"]));
        merge(&mut all, changes);
        let application = application(all);
        let state = application
            .status
            .as_ref()
            .and_then(|status| status.operation_state.as_ref());
        let result = state.and_then(|state| state.sync_result.as_ref());
        ends_retries(&application, result, at(next))
    };
    assert!(ask(960, "Failed", json!({})));
    assert!(!ask(950, "Failed", json!({})));
    assert!(!ask(960, "Running", json!({})));
    assert!(!ask(960, "Failed", history(&["r2"])));
    let off = json!({"spec": {"syncPolicy": {"rollbackOnFailure": null}}});
    assert!(!ask(960, "Failed", off));
}

#[test]
fn an_automatic_rollback_applies_the_deployment_without_hooks() {
    let pin = Pin {
        history_id: 1,
        reason: "Degraded after 1m".into(),
        ..Pin::default()
    };
    let all = application(history(&["r0", "r1", "r2"]));
    let operation = automatic(&all, &pin).expect("an operation");
    let sync = operation.sync.unwrap_or_default();
    assert_eq!((sync.revision.as_str(), sync.prune), ("r1", true));
    assert!(
        sync.sync_strategy
            .is_some_and(|strategy| strategy.apply.is_some())
    );
    assert_eq!(sync.sync_options, ["PruneLast=true"]);
    assert_eq!(operation.info[0].value, "Degraded after 1m");
    assert!(automatic(&application(history(&["r0"])), &pin).is_none());
}

#[test]
fn a_rollback_by_hand_pins_when_automation_is_on() {
    let current = ["r2".to_owned()];
    let pin = |changes: Value, id: i64| {
        let mut all = history(&["r1", "r2"]);
        merge(&mut all, changes);
        pin_after_rollback(&application(all), id, &current, "jo", now())
    };
    assert_eq!(
        pin(json!({}), 0).map(|pin| pin.away_from),
        Some(current.to_vec())
    );
    assert_eq!(pin(json!({}), 1), None);
    assert_eq!(pin(json!({}), 7), None);
    assert_eq!(
        pin(json!({"spec": {"syncPolicy": {"automated": null}}}), 0),
        None
    );
    let acts = json!({"spec": {"syncPolicy": {"automated": null, "rollbackOnFailure": {}}}});
    assert!(pin(acts, 0).is_some());
}
