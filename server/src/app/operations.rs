//! Operations: synchronisation, rollback, termination. A handler writes a record; the reconciler carries it out.

use tiphys_api::{ApiError, Caller, Code};
use tiphys_model::*;

use super::App;
use super::applications::{Place, some};

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
        if !request.manifests.is_empty() {
            return Err(ApiError::new(
                Code::InvalidArgument,
                "manifests: this server applies only what is in Git; commit the manifests",
            ));
        }
        if !request.revisions.is_empty() || !application.spec.sources.is_empty() {
            return Err(ApiError::new(
                Code::InvalidArgument,
                "this server does not yet synchronise applications with several sources",
            ));
        }
        let source = application
            .spec
            .source
            .clone()
            .ok_or_else(|| ApiError::invalid("the application has no source"))?;
        let target = if source.target_revision.is_empty() {
            "HEAD"
        } else {
            &source.target_revision
        };
        let wanted = if request.revision.is_empty() {
            target
        } else {
            &request.revision
        };
        if is_automated(application) && wanted != target && !request.dry_run {
            return Err(ApiError::new(
                Code::FailedPrecondition,
                format!("Cannot sync to {wanted}: auto-sync currently set to {target}"),
            ));
        }
        let revision = self
            .outside
            .resolve(&application.spec.project, &source, wanted)
            .await
            .map_err(|reason| {
                ApiError::new(
                    Code::FailedPrecondition,
                    format!("error resolving repo revision: {reason}"),
                )
            })?;
        let policy = application.spec.sync_policy.clone().unwrap_or_default();
        let operation = Operation {
            sync: Some(SyncOperation {
                revision,
                prune: request.prune,
                dry_run: request.dry_run,
                sync_strategy: request.strategy,
                resources: request.resources,
                source: Some(source),
                sync_options: request
                    .sync_options
                    .map_or(policy.sync_options, |options| options.items),
                ..SyncOperation::default()
            }),
            initiated_by: Some(by(caller)),
            info: request.infos,
            retry: Some(request.retry_strategy.or(policy.retry).unwrap_or_default()),
        };
        self.queue(&place, operation).await
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
        if is_automated(application) {
            return Err(ApiError::new(
                Code::FailedPrecondition,
                "rollback cannot be initiated when auto-sync is enabled",
            ));
        }
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
        let policy = application.spec.sync_policy.clone().unwrap_or_default();
        let operation = Operation {
            sync: Some(SyncOperation {
                revision: deployment.revision.clone(),
                prune: request.prune,
                dry_run: request.dry_run,
                sync_strategy: Some(SyncStrategy {
                    apply: Some(SyncStrategyApply::default()),
                    hook: None,
                }),
                source: deployment.source.clone(),
                sync_options: policy.sync_options,
                ..SyncOperation::default()
            }),
            initiated_by: Some(by(caller)),
            info: Vec::new(),
            retry: Some(policy.retry.unwrap_or_default()),
        };
        self.queue(&place, operation).await
    }

    /// Writes the operation, unless another is pending.
    async fn queue(&self, place: &Place, operation: Operation) -> Result<Application, ApiError> {
        self.change(place, |application| {
            refuse_deleting(application)?;
            if application.operation.is_some() {
                return Err(ApiError::new(
                    Code::FailedPrecondition,
                    "another operation is already in progress",
                ));
            }
            application.operation = Some(operation.clone());
            if let Some(status) = &mut application.status {
                status.operation_state = None;
            }
            Ok(())
        })
        .await
    }

    pub(super) async fn terminate_operation(&self, place: Place) -> Result<Empty, ApiError> {
        self.change(&place, |application| {
            let Some(operation) = &application.operation else {
                return Err(ApiError::invalid(
                    "Unable to terminate operation. No operation is in progress",
                ));
            };
            let status = application.status.get_or_insert_default();
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
        })
        .await?;
        Ok(Empty::default())
    }
}

fn by(caller: &Caller) -> OperationInitiator {
    OperationInitiator {
        username: caller.username.clone(),
        automated: false,
    }
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

/// Whether automation is on.
fn is_automated(application: &Application) -> bool {
    let policy = application.spec.sync_policy.as_ref();
    policy
        .and_then(|policy| policy.automated.as_ref())
        .is_some_and(|automated| automated.enabled.unwrap_or(true))
}
