//! Operations: synchronisation, rollback, termination. A handler writes a record; the reconciler carries it out.

use tiphys_api::{
    ApiError, Caller, Code, GetApplicationSyncWindowsQuery, ListApplicationOperationsQuery,
};
use tiphys_engine::admission::sources_of;
use tiphys_engine::automation::{self, is_automated, rollback};
use tiphys_engine::window::{self, Window};
use tiphys_model::*;

use super::App;
use super::applications::{Place, some};
use super::live::number;

impl App {
    pub(super) async fn sync_application(
        &self,
        caller: &Caller,
        name: &str,
        request: SyncRequest,
    ) -> Result<Application, ApiError> {
        let place = Place::new(
            name,
            some(request.app_namespace.clone()),
            some(request.project.clone()),
        );
        let stored = self
            .applications
            .get(&place.id())
            .await
            .map_err(super::fault)?
            .ok_or_else(|| place.not_found())?;
        let application = &stored.value;
        place.check(application)?;
        refuse_deleting(application)?;
        self.refuse_outside_windows(application)?;
        if !request.manifests.is_empty() {
            return Err(ApiError::new(
                Code::InvalidArgument,
                "manifests: this server applies only what is in Git; commit the manifests",
            ));
        }
        let resolved = self.resolved(application, &request).await?;
        let policy = application.spec.sync_policy.clone().unwrap_or_default();
        if let Some(options) = &request.sync_options {
            tiphys_engine::sync::Options::of_application(&options.items)
                .map_err(|error| ApiError::invalid(format!("syncOptions: {error}")))?;
        }
        if let Some(strategy) = &request.retry_strategy {
            tiphys_engine::retry::check(strategy)
                .map_err(|error| ApiError::invalid(format!("retryStrategy: {error}")))?;
        }
        let operation = Operation {
            sync: Some(SyncOperation {
                prune: request.prune,
                dry_run: request.dry_run,
                sync_strategy: request.strategy,
                resources: request.resources.clone(),
                sync_options: request
                    .sync_options
                    .map_or(policy.sync_options, |options| options.items),
                ..resolved
            }),
            initiated_by: Some(by(caller)),
            info: request.infos,
            retry: Some(request.retry_strategy.or(policy.retry).unwrap_or_default()),
        };
        let resolved = operation
            .sync
            .as_ref()
            .map(|sync| automation::commits(sync).to_vec())
            .unwrap_or_default();
        let whole = !request.dry_run && request.resources.is_empty();
        // Whoever synchronises what was rolled back wants it.
        self.queue(&place, operation, |application| {
            if let Some(status) = application.status.as_mut().filter(|_| whole) {
                status.pin.take_if(|pin| pin.away_from == resolved);
            }
        })
        .await
    }

    /// The sources of an application with the commits that are to be synchronised: what the request names, else what the specification does.
    async fn resolved(
        &self,
        application: &Application,
        request: &SyncRequest,
    ) -> Result<SyncOperation, ApiError> {
        let spec = &application.spec;
        let several = !spec.sources.is_empty();
        let sources = sources_of(spec);
        if sources.is_empty() {
            return Err(ApiError::invalid("the application has no source"));
        }
        let mut wanted: Vec<Option<&str>> = vec![None; sources.len()];
        if several {
            if request.revisions.len() != request.source_positions.len() {
                return Err(ApiError::invalid(
                    "sourcePositions and revisions: give as many of the one as of the other",
                ));
            }
            for (position, revision) in request.source_positions.iter().zip(&request.revisions) {
                let at = position
                    .as_u64()
                    .or_else(|| position.as_str()?.parse().ok())
                    .and_then(|position| usize::try_from(position).ok()?.checked_sub(1))
                    .and_then(|at| wanted.get_mut(at))
                    .ok_or_else(|| {
                        ApiError::invalid(format!(
                            "sourcePositions: {position} is no position of a source; they count from 1"
                        ))
                    })?;
                *at = Some(revision);
            }
        } else if !request.revision.is_empty() {
            wanted[0] = Some(&request.revision);
        }
        let mut revisions = Vec::with_capacity(sources.len());
        for (source, wanted) in sources.iter().zip(wanted) {
            let target = match source.target_revision.as_str() {
                "" if source.chart.is_empty() => "HEAD",
                target => target,
            };
            let wanted = wanted.unwrap_or(target);
            if is_automated(application) && wanted != target && !request.dry_run {
                return Err(ApiError::new(
                    Code::FailedPrecondition,
                    format!("Cannot sync to {wanted}: auto-sync currently set to {target}"),
                ));
            }
            let resolved = self.outside.resolve(&spec.project, source, wanted).await;
            revisions.push(resolved.map_err(|reason| {
                ApiError::new(
                    Code::FailedPrecondition,
                    format!("error resolving repo revision: {reason}"),
                )
            })?);
        }
        Ok(if several {
            SyncOperation {
                sources: sources.to_vec(),
                revisions,
                ..SyncOperation::default()
            }
        } else {
            SyncOperation {
                source: sources.first().cloned(),
                revision: revisions.into_iter().next().unwrap_or_default(),
                ..SyncOperation::default()
            }
        })
    }

    pub(super) async fn rollback_application(
        &self,
        caller: &Caller,
        name: &str,
        request: RollbackRequest,
    ) -> Result<Application, ApiError> {
        let place = Place::new(
            name,
            some(request.app_namespace.clone()),
            some(request.project.clone()),
        );
        let stored = self
            .applications
            .get(&place.id())
            .await
            .map_err(super::fault)?
            .ok_or_else(|| place.not_found())?;
        let application = &stored.value;
        place.check(application)?;
        refuse_deleting(application)?;
        self.refuse_outside_windows(application)?;
        let history = application
            .status
            .as_ref()
            .map(|status| status.history.as_slice())
            .unwrap_or_default();
        let deployment = history
            .iter()
            .find(|deployment| deployment.id == request.id)
            .ok_or_else(|| {
                ApiError::invalid(format!(
                    "application {}/{name} does not have deployment with id {}",
                    super::NAMESPACE,
                    request.id
                ))
            })?;
        let mut operation = rollback::operation(application, deployment, by(caller));
        if let Some(sync) = &mut operation.sync {
            sync.prune = request.prune;
            sync.dry_run = request.dry_run;
        }
        if request.dry_run {
            return self.queue(&place, operation, |_| ()).await;
        }
        // With automation on, the revision that is current would be synchronised again at once.
        let pin = |application: &mut Application| {
            let by = &caller.username;
            let at = super::now();
            let current = compared(application);
            let pin = rollback::pin_after_rollback(application, request.id, &current, by, at);
            if let Some(pin) = pin {
                application.status.get_or_insert_default().pin = Some(pin);
            }
        };
        self.queue(&place, operation, pin).await
    }

    /// Refuses an operation that the project's sync windows do not permit by hand now.
    fn refuse_outside_windows(&self, application: &Application) -> Result<(), ApiError> {
        let windows: Vec<Window> = self
            .view
            .windows(application)
            .iter()
            .filter_map(|window| Window::new(window).ok())
            .collect();
        if window::verdict(&windows, chrono::Utc::now(), None).manual {
            return Ok(());
        }
        Err(ApiError::new(
            Code::PermissionDenied,
            "cannot sync: blocked by sync window",
        ))
    }

    /// Writes the operation, unless another is pending; `also` is changed with it.
    async fn queue(
        &self,
        place: &Place,
        operation: Operation,
        also: impl Fn(&mut Application),
    ) -> Result<Application, ApiError> {
        self.change(place, |application| {
            refuse_deleting(application)?;
            if application.operation.is_some() {
                return Err(ApiError::new(
                    Code::FailedPrecondition,
                    "another operation is already in progress",
                ));
            }
            also(application);
            application.operation = Some(operation.clone());
            if let Some(status) = &mut application.status {
                status.operation_state = None;
            }
            Ok(())
        })
        .await
    }

    pub(super) async fn terminate_operation(&self, place: Place) -> Result<Empty, ApiError> {
        self.change(&place, terminate).await?;
        Ok(Empty::default())
    }
}

fn by(caller: &Caller) -> OperationInitiator {
    OperationInitiator {
        username: caller.username.clone(),
        automated: false,
    }
}

/// Asks the operation of an application to end, whether it runs, waits or has not begun.
fn terminate(application: &mut Application) -> Result<(), ApiError> {
    let Some(operation) = &application.operation else {
        return Err(ApiError::invalid(
            "Unable to terminate operation. No operation is in progress",
        ));
    };
    let status = application.status.get_or_insert_default();
    // What is still there of an operation that has ended is not the state of one that is queued.
    status
        .operation_state
        .take_if(|state| state.finished_at.is_some() || state.operation != *operation);
    let state = status
        .operation_state
        .get_or_insert_with(|| OperationState {
            operation: operation.clone(),
            started_at: super::now(),
            ..OperationState::default()
        });
    state.phase = OperationPhase::Terminating;
    "operation is terminating".clone_into(&mut state.message);
    Ok(())
}

fn refuse_deleting(application: &Application) -> Result<(), ApiError> {
    if application.metadata.deletion_timestamp.is_some() {
        return Err(ApiError::new(
            Code::FailedPrecondition,
            "application is deleting",
        ));
    }
    Ok(())
}

/// The commits that an application was compared at; none when it was not yet.
fn compared(application: &Application) -> Vec<String> {
    let commits = automation::compared(application);
    let known = commits.iter().all(|commit| !commit.is_empty());
    commits.iter().filter(|_| known).cloned().collect()
}

/// Records on one page when the client does not say.
const PAGE: i64 = 100;

impl App {
    /// The operations of an application that have ended, newest first.
    pub(super) async fn list_operations(
        &self,
        name: &str,
        query: ListApplicationOperationsQuery,
    ) -> Result<OperationRecordList, ApiError> {
        let limit = number("limit", query.limit.as_deref())?.unwrap_or(PAGE);
        let limit = usize::try_from(limit)
            .map_err(|_| ApiError::invalid("limit: a number of operations cannot be negative"))?;
        let before = number("before", query.before.as_deref())?.unwrap_or(i64::MAX);
        let application = self
            .placed(name, query.app_namespace, query.project)
            .await?;
        let name = &application.metadata.name;
        let items = self.ended_operations(name, before, limit).await?;
        Ok(OperationRecordList { items })
    }

    /// Operations that have ended, newest first, with a smaller number than `before`.
    pub(super) async fn ended_operations(
        &self,
        application: &str,
        before: i64,
        limit: usize,
    ) -> Result<Vec<OperationRecord>, ApiError> {
        let id = super::applications::id(application);
        let listing = self.operations.list_under(&format!("{id}/")).await;
        let records = listing.map_err(super::fault)?.items.into_iter();
        Ok(records
            .map(|stored| stored.value)
            .filter(|record| record.id < before)
            .take(limit)
            .collect())
    }

    /// The windows of the project that concern an application, and whether people may synchronise it now.
    pub(super) async fn sync_windows(
        &self,
        name: &str,
        query: GetApplicationSyncWindowsQuery,
    ) -> Result<ApplicationSyncWindowsResponse, ApiError> {
        let application = self
            .placed(name, query.app_namespace, query.project)
            .await?;
        let now = chrono::Utc::now();
        let windows = self.view.windows(&application);
        let shown = |window: &SyncWindow| ApplicationSyncWindow {
            kind: window.kind.clone(),
            schedule: window.schedule.clone(),
            duration: window.duration.clone(),
            manual_sync: window.manual_sync,
        };
        let read: Vec<(SyncWindow, Window)> = windows
            .into_iter()
            .filter_map(|window| Some((window.clone(), Window::new(&window).ok()?)))
            .collect();
        let active = read
            .iter()
            .filter(|(_, window)| window.active_until(now).is_some());
        let all: Vec<Window> = read.iter().map(|(_, window)| window.clone()).collect();
        Ok(ApplicationSyncWindowsResponse {
            active_windows: active.map(|(window, _)| shown(window)).collect(),
            assigned_windows: read.iter().map(|(window, _)| shown(window)).collect(),
            can_sync: window::verdict(&all, now, None).manual,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_queued_is_terminated_although_another_operation_has_ended() {
        let sync = |revision: &str| Operation {
            sync: Some(SyncOperation {
                revision: revision.to_owned(),
                ..SyncOperation::default()
            }),
            ..Operation::default()
        };
        let mut application = Application::default();
        assert!(terminate(&mut application).is_err());
        application.status = Some(ApplicationStatus {
            operation_state: Some(OperationState {
                operation: sync("r1"),
                phase: OperationPhase::Succeeded,
                finished_at: Some(super::super::now()),
                ..OperationState::default()
            }),
            ..ApplicationStatus::default()
        });
        application.operation = Some(sync("r2"));
        assert!(terminate(&mut application).is_ok());
        let state = application.status.and_then(|status| status.operation_state);
        let state = state.unwrap_or_default();
        assert_eq!(state.phase, OperationPhase::Terminating);
        assert_eq!((state.operation, state.finished_at), (sync("r2"), None));
    }
}
