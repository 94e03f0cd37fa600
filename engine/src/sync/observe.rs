//! What the live state says about what was applied.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tiphys_model::HealthStatusCode;

use super::record::{ResultCode, TaskRecord, TaskState};
use super::situation::Live;
use crate::duration::after;

/// How long an object that was applied may stay unobserved before it counts as gone: the watch may lag behind the answer.
const UNSEEN: Duration = Duration::from_secs(30);

/// Whether a live object is the one that was recorded, rather than another of that name.
pub(super) fn is_same(record: &TaskRecord, live: Live<'_>) -> bool {
    record.uid.is_empty() || live.uid().is_empty() || record.uid == live.uid()
}

/// Takes what is live into the record of a task that runs.
pub(super) fn observe(record: &mut TaskRecord, live: Option<Live<'_>>, now: DateTime<Utc>) {
    let ours = live.filter(|live| is_same(record, *live) || (record.seen && !record.hook));
    let Some(live) = ours else {
        if record.seen || after(record.started_at, UNSEEN) <= now {
            record.code = ResultCode::SyncFailed;
            record.state = TaskState::Error;
            record.message = format!(
                "Resource {}/{}/{} is missing, it might have been deleted",
                record.key.group, record.key.kind, record.key.name
            );
        }
        return;
    };
    let generation = live.object["metadata"]["generation"].as_i64();
    if let (Some(applied), Some(observed)) = (record.generation, generation)
        && observed < applied
    {
        return;
    }
    record.seen = true;
    let (state, message) = match (live.health, record.hook) {
        (None, false) => (TaskState::Succeeded, None),
        (None, true) => (
            TaskState::Succeeded,
            Some(format!("{} created", record.key.name)),
        ),
        (Some(HealthStatusCode::Healthy), _) => (TaskState::Succeeded, Some(live.message.into())),
        (Some(HealthStatusCode::Degraded), _) | (Some(HealthStatusCode::Unknown), true) => {
            (TaskState::Failed, Some(live.message.into()))
        }
        (Some(HealthStatusCode::Progressing | HealthStatusCode::Suspended), true) => {
            (TaskState::Running, Some(live.message.into()))
        }
        (Some(_), _) => (TaskState::Running, None),
    };
    record.state = state;
    match message {
        Some(message) if !String::is_empty(&message) => record.message = message,
        _ if state == TaskState::Failed => record.message = format!("{} is unhealthy", record.key),
        _ => {}
    }
}
