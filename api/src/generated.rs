//! The API. Generated from spec/openapi.yaml: change that, then run `cargo xtask spec`.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use dropshot::{Body as HttpBody, Path, RequestContext};
use http::Response;
use schemars::JsonSchema;
use serde::Deserialize;
use tiphys_model::*;

use crate::body::{Body, Raw};
use crate::error::ApiError;
use crate::query::{FromQuery, Pairs, Query};
use crate::reply::{Encoded, Reply, WithCookies, text};
use crate::session::{Authenticate, Caller, Session, authenticate, identify};

/// Query of `listApplications`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ListApplicationsQuery {
    /// Only applications of this project.
    pub project: Option<String>,
    /// Only applications of these projects; can be repeated.
    #[schemars(with = "Option<String>")]
    pub projects: Vec<String>,
    /// Only the application of this name.
    pub name: Option<String>,
    /// Only applications with this destination namespace.
    pub namespace: Option<String>,
    /// Only applications in this namespace.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Only applications whose labels match this selector.
    pub selector: Option<String>,
    /// Only applications with a source in this repository.
    pub repo: Option<String>,
}

impl FromQuery for ListApplicationsQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            project: pairs.text("project")?,
            projects: pairs.list("projects"),
            name: pairs.text("name")?,
            namespace: pairs.text("namespace")?,
            app_namespace: pairs.text("appNamespace")?,
            selector: pairs.text("selector")?,
            repo: pairs.text("repo")?,
        })
    }
}

/// Query of `createApplication`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct CreateApplicationQuery {
    /// Whether an existing application of this name is replaced.
    pub upsert: Option<bool>,
    /// Whether the source is read and rendered before the application is stored.
    pub validate: Option<bool>,
}

impl FromQuery for CreateApplicationQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            upsert: pairs.flag("upsert")?,
            validate: pairs.flag("validate")?,
        })
    }
}

/// Path of `getApplication`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetApplicationPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `getApplication`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct GetApplicationQuery {
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// `normal` compares again, `hard` also renders again; waits until it is done.
    pub refresh: Option<String>,
    /// Accepted for compatibility.
    #[serde(rename = "resourceVersion")]
    pub resource_version: Option<String>,
}

impl FromQuery for GetApplicationQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            project: pairs.text("project")?,
            app_namespace: pairs.text("appNamespace")?,
            refresh: pairs.text("refresh")?,
            resource_version: pairs.text("resourceVersion")?,
        })
    }
}

/// Path of `updateApplication`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct UpdateApplicationPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `updateApplication`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct UpdateApplicationQuery {
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Whether the source is read and rendered before the application is stored.
    pub validate: Option<bool>,
}

impl FromQuery for UpdateApplicationQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            project: pairs.text("project")?,
            app_namespace: pairs.text("appNamespace")?,
            validate: pairs.flag("validate")?,
        })
    }
}

/// Path of `patchApplication`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct PatchApplicationPath {
    /// Name of the application.
    pub name: String,
}

/// Path of `deleteApplication`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct DeleteApplicationPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `deleteApplication`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct DeleteApplicationQuery {
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Whether the objects in the cluster are deleted as well.
    pub cascade: Option<bool>,
    /// How dependents are deleted: `foreground`, `background` or `orphan`, in any case. `orphan` leaves every object alone.
    #[serde(rename = "propagationPolicy")]
    pub propagation_policy: Option<String>,
}

impl FromQuery for DeleteApplicationQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            project: pairs.text("project")?,
            app_namespace: pairs.text("appNamespace")?,
            cascade: pairs.flag("cascade")?,
            propagation_policy: pairs.text("propagationPolicy")?,
        })
    }
}

/// Path of `updateApplicationSpec`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct UpdateApplicationSpecPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `updateApplicationSpec`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct UpdateApplicationSpecQuery {
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Whether the source is read and rendered before the application is stored.
    pub validate: Option<bool>,
}

impl FromQuery for UpdateApplicationSpecQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            project: pairs.text("project")?,
            app_namespace: pairs.text("appNamespace")?,
            validate: pairs.flag("validate")?,
        })
    }
}

/// Path of `syncApplication`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct SyncApplicationPath {
    /// Name of the application.
    pub name: String,
}

/// Path of `rollbackApplication`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RollbackApplicationPath {
    /// Name of the application.
    pub name: String,
}

/// Path of `terminateOperation`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct TerminateOperationPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `terminateOperation`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct TerminateOperationQuery {
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
}

impl FromQuery for TerminateOperationQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            project: pairs.text("project")?,
            app_namespace: pairs.text("appNamespace")?,
        })
    }
}

/// Path of `getApplicationManifests`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetApplicationManifestsPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `getApplicationManifests`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct GetApplicationManifestsQuery {
    /// Revision to render instead of the target revision.
    pub revision: Option<String>,
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Positions, from 1, of the sources whose revisions are given; can be repeated.
    #[serde(rename = "sourcePositions")]
    #[schemars(with = "Option<String>")]
    pub source_positions: Vec<String>,
    /// Revisions of these sources; can be repeated.
    #[schemars(with = "Option<String>")]
    pub revisions: Vec<String>,
}

impl FromQuery for GetApplicationManifestsQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            revision: pairs.text("revision")?,
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            source_positions: pairs.list("sourcePositions"),
            revisions: pairs.list("revisions"),
        })
    }
}

/// Path of `getApplicationResourceTree`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetApplicationResourceTreePath {
    /// Name of the application.
    pub name: String,
}

/// Query of `getApplicationResourceTree`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct GetApplicationResourceTreeQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Only objects in this namespace.
    pub namespace: Option<String>,
    /// Only objects of this name.
    #[serde(rename = "resourceName")]
    pub resource_name: Option<String>,
    /// Only objects of this API version.
    pub version: Option<String>,
    /// Only objects of this API group.
    pub group: Option<String>,
    /// Only objects of this kind.
    pub kind: Option<String>,
}

impl FromQuery for GetApplicationResourceTreeQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            namespace: pairs.text("namespace")?,
            resource_name: pairs.text("resourceName")?,
            version: pairs.text("version")?,
            group: pairs.text("group")?,
            kind: pairs.text("kind")?,
        })
    }
}

/// Path of `listManagedResources`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ListManagedResourcesPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `listManagedResources`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ListManagedResourcesQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Only objects in this namespace.
    pub namespace: Option<String>,
    /// Only objects of this name.
    #[serde(rename = "resourceName")]
    pub resource_name: Option<String>,
    /// Only objects of this API version.
    pub version: Option<String>,
    /// Only objects of this API group.
    pub group: Option<String>,
    /// Only objects of this kind.
    pub kind: Option<String>,
}

impl FromQuery for ListManagedResourcesQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            namespace: pairs.text("namespace")?,
            resource_name: pairs.text("resourceName")?,
            version: pairs.text("version")?,
            group: pairs.text("group")?,
            kind: pairs.text("kind")?,
        })
    }
}

/// Path of `getApplicationResource`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetApplicationResourcePath {
    /// Name of the application.
    pub name: String,
}

/// Query of `getApplicationResource`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct GetApplicationResourceQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Namespace of the object.
    pub namespace: Option<String>,
    /// Name of the object.
    #[serde(rename = "resourceName")]
    pub resource_name: Option<String>,
    /// API version of the object.
    pub version: Option<String>,
    /// API group of the object.
    pub group: Option<String>,
    /// Kind of the object.
    pub kind: Option<String>,
}

impl FromQuery for GetApplicationResourceQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            namespace: pairs.text("namespace")?,
            resource_name: pairs.text("resourceName")?,
            version: pairs.text("version")?,
            group: pairs.text("group")?,
            kind: pairs.text("kind")?,
        })
    }
}

/// Path of `patchApplicationResource`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct PatchApplicationResourcePath {
    /// Name of the application.
    pub name: String,
}

/// Query of `patchApplicationResource`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct PatchApplicationResourceQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Namespace of the object.
    pub namespace: Option<String>,
    /// Name of the object.
    #[serde(rename = "resourceName")]
    pub resource_name: Option<String>,
    /// API version of the object.
    pub version: Option<String>,
    /// API group of the object.
    pub group: Option<String>,
    /// Kind of the object.
    pub kind: Option<String>,
    /// Media type of the patch: `application/merge-patch+json`, `application/strategic-merge-patch+json` or `application/json-patch+json`.
    #[serde(rename = "patchType")]
    pub patch_type: Option<String>,
}

impl FromQuery for PatchApplicationResourceQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            namespace: pairs.text("namespace")?,
            resource_name: pairs.text("resourceName")?,
            version: pairs.text("version")?,
            group: pairs.text("group")?,
            kind: pairs.text("kind")?,
            patch_type: pairs.text("patchType")?,
        })
    }
}

/// Path of `deleteApplicationResource`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct DeleteApplicationResourcePath {
    /// Name of the application.
    pub name: String,
}

/// Query of `deleteApplicationResource`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct DeleteApplicationResourceQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Namespace of the object.
    pub namespace: Option<String>,
    /// Name of the object.
    #[serde(rename = "resourceName")]
    pub resource_name: Option<String>,
    /// API version of the object.
    pub version: Option<String>,
    /// API group of the object.
    pub group: Option<String>,
    /// Kind of the object.
    pub kind: Option<String>,
    /// Whether the object is deleted at once, without a grace period.
    pub force: Option<bool>,
    /// Whether what the object owns stays.
    pub orphan: Option<bool>,
}

impl FromQuery for DeleteApplicationResourceQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            namespace: pairs.text("namespace")?,
            resource_name: pairs.text("resourceName")?,
            version: pairs.text("version")?,
            group: pairs.text("group")?,
            kind: pairs.text("kind")?,
            force: pairs.flag("force")?,
            orphan: pairs.flag("orphan")?,
        })
    }
}

/// Path of `listResourceActions`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ListResourceActionsPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `listResourceActions`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ListResourceActionsQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Namespace of the object.
    pub namespace: Option<String>,
    /// Name of the object.
    #[serde(rename = "resourceName")]
    pub resource_name: Option<String>,
    /// API version of the object.
    pub version: Option<String>,
    /// API group of the object.
    pub group: Option<String>,
    /// Kind of the object.
    pub kind: Option<String>,
}

impl FromQuery for ListResourceActionsQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            namespace: pairs.text("namespace")?,
            resource_name: pairs.text("resourceName")?,
            version: pairs.text("version")?,
            group: pairs.text("group")?,
            kind: pairs.text("kind")?,
        })
    }
}

/// Path of `runResourceAction`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RunResourceActionPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `runResourceAction`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct RunResourceActionQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Namespace of the object.
    pub namespace: Option<String>,
    /// Name of the object.
    #[serde(rename = "resourceName")]
    pub resource_name: Option<String>,
    /// API version of the object.
    pub version: Option<String>,
    /// API group of the object.
    pub group: Option<String>,
    /// Kind of the object.
    pub kind: Option<String>,
}

impl FromQuery for RunResourceActionQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            namespace: pairs.text("namespace")?,
            resource_name: pairs.text("resourceName")?,
            version: pairs.text("version")?,
            group: pairs.text("group")?,
            kind: pairs.text("kind")?,
        })
    }
}

/// Path of `runResourceActionV2`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RunResourceActionV2Path {
    /// Name of the application.
    pub name: String,
}

/// Path of `listApplicationEvents`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ListApplicationEventsPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `listApplicationEvents`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ListApplicationEventsQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Namespace of the object.
    #[serde(rename = "resourceNamespace")]
    pub resource_namespace: Option<String>,
    /// Name of the object.
    #[serde(rename = "resourceName")]
    pub resource_name: Option<String>,
    /// Identity of the object.
    #[serde(rename = "resourceUID")]
    pub resource_uid: Option<String>,
}

impl FromQuery for ListApplicationEventsQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            resource_namespace: pairs.text("resourceNamespace")?,
            resource_name: pairs.text("resourceName")?,
            resource_uid: pairs.text("resourceUID")?,
        })
    }
}

/// Path of `getApplicationLogs`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetApplicationLogsPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `getApplicationLogs`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct GetApplicationLogsQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Only this pod.
    #[serde(rename = "podName")]
    pub pod_name: Option<String>,
    /// Namespace of the pods.
    pub namespace: Option<String>,
    /// Container; empty means the first.
    pub container: Option<String>,
    /// Only lines of the last seconds.
    #[serde(rename = "sinceSeconds")]
    pub since_seconds: Option<String>,
    /// Only lines since this time, RFC 3339.
    #[serde(rename = "sinceTime")]
    pub since_time: Option<String>,
    /// Only so many lines from the end.
    #[serde(rename = "tailLines")]
    pub tail_lines: Option<String>,
    /// Whether the answer goes on with lines as they are written.
    pub follow: Option<bool>,
    /// Ends at this time, RFC 3339.
    #[serde(rename = "untilTime")]
    pub until_time: Option<String>,
    /// Only lines that hold this text; with `!` before it, only lines that do not.
    pub filter: Option<String>,
    /// Whether the filter distinguishes upper and lower case.
    #[serde(rename = "matchCase")]
    pub match_case: Option<bool>,
    /// Kind of the object whose pods are read.
    pub kind: Option<String>,
    /// API group of the object whose pods are read.
    pub group: Option<String>,
    /// Name of the object whose pods are read.
    #[serde(rename = "resourceName")]
    pub resource_name: Option<String>,
    /// Whether the container before the last restart is read.
    pub previous: Option<bool>,
    /// Whether the answer is a plain text to keep.
    pub download: Option<bool>,
}

impl FromQuery for GetApplicationLogsQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            pod_name: pairs.text("podName")?,
            namespace: pairs.text("namespace")?,
            container: pairs.text("container")?,
            since_seconds: pairs.text("sinceSeconds")?,
            since_time: pairs.text("sinceTime")?,
            tail_lines: pairs.text("tailLines")?,
            follow: pairs.flag("follow")?,
            until_time: pairs.text("untilTime")?,
            filter: pairs.text("filter")?,
            match_case: pairs.flag("matchCase")?,
            kind: pairs.text("kind")?,
            group: pairs.text("group")?,
            resource_name: pairs.text("resourceName")?,
            previous: pairs.flag("previous")?,
            download: pairs.flag("download")?,
        })
    }
}

/// Path of `getPodLogs`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetPodLogsPath {
    /// Name of the application.
    pub name: String,
    /// Name of the pod.
    pub pod_name: String,
}

/// Query of `getPodLogs`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct GetPodLogsQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Namespace of the pods.
    pub namespace: Option<String>,
    /// Container; empty means the first.
    pub container: Option<String>,
    /// Only lines of the last seconds.
    #[serde(rename = "sinceSeconds")]
    pub since_seconds: Option<String>,
    /// Only lines since this time, RFC 3339.
    #[serde(rename = "sinceTime")]
    pub since_time: Option<String>,
    /// Only so many lines from the end.
    #[serde(rename = "tailLines")]
    pub tail_lines: Option<String>,
    /// Whether the answer goes on with lines as they are written.
    pub follow: Option<bool>,
    /// Ends at this time, RFC 3339.
    #[serde(rename = "untilTime")]
    pub until_time: Option<String>,
    /// Only lines that hold this text; with `!` before it, only lines that do not.
    pub filter: Option<String>,
    /// Whether the filter distinguishes upper and lower case.
    #[serde(rename = "matchCase")]
    pub match_case: Option<bool>,
    /// Kind of the object whose pods are read.
    pub kind: Option<String>,
    /// API group of the object whose pods are read.
    pub group: Option<String>,
    /// Name of the object whose pods are read.
    #[serde(rename = "resourceName")]
    pub resource_name: Option<String>,
    /// Whether the container before the last restart is read.
    pub previous: Option<bool>,
    /// Whether the answer is a plain text to keep.
    pub download: Option<bool>,
}

impl FromQuery for GetPodLogsQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            namespace: pairs.text("namespace")?,
            container: pairs.text("container")?,
            since_seconds: pairs.text("sinceSeconds")?,
            since_time: pairs.text("sinceTime")?,
            tail_lines: pairs.text("tailLines")?,
            follow: pairs.flag("follow")?,
            until_time: pairs.text("untilTime")?,
            filter: pairs.text("filter")?,
            match_case: pairs.flag("matchCase")?,
            kind: pairs.text("kind")?,
            group: pairs.text("group")?,
            resource_name: pairs.text("resourceName")?,
            previous: pairs.flag("previous")?,
            download: pairs.flag("download")?,
        })
    }
}

/// Path of `getApplicationSyncWindows`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetApplicationSyncWindowsPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `getApplicationSyncWindows`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct GetApplicationSyncWindowsQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
}

impl FromQuery for GetApplicationSyncWindowsQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
        })
    }
}

/// Path of `listApplicationOperations`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ListApplicationOperationsPath {
    /// Name of the application.
    pub name: String,
}

/// Query of `listApplicationOperations`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ListApplicationOperationsQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Operations at most; 100 when it is not given.
    pub limit: Option<String>,
    /// Only operations before this number.
    pub before: Option<String>,
}

impl FromQuery for ListApplicationOperationsQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            limit: pairs.text("limit")?,
            before: pairs.text("before")?,
        })
    }
}

/// Path of `getRevisionMetadata`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetRevisionMetadataPath {
    /// Name of the application.
    pub name: String,
    /// Commit.
    pub revision: String,
}

/// Query of `getRevisionMetadata`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct GetRevisionMetadataQuery {
    /// Namespace of the application.
    #[serde(rename = "appNamespace")]
    pub app_namespace: Option<String>,
    /// Project that the application must belong to.
    pub project: Option<String>,
    /// Position of the source, from 0.
    #[serde(rename = "sourceIndex")]
    pub source_index: Option<String>,
    /// Number in the history; its source is used.
    #[serde(rename = "versionId")]
    pub version_id: Option<String>,
}

impl FromQuery for GetRevisionMetadataQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_namespace: pairs.text("appNamespace")?,
            project: pairs.text("project")?,
            source_index: pairs.text("sourceIndex")?,
            version_id: pairs.text("versionId")?,
        })
    }
}

/// Query of `createProject`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct CreateProjectQuery {
    /// Whether an existing project of this name is replaced.
    pub upsert: Option<bool>,
}

impl FromQuery for CreateProjectQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            upsert: pairs.flag("upsert")?,
        })
    }
}

/// Path of `getProject`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetProjectPath {
    /// Name of the project.
    pub name: String,
}

/// Path of `updateProject`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct UpdateProjectPath {
    /// Name of the project.
    pub name: String,
}

/// Path of `deleteProject`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct DeleteProjectPath {
    /// Name of the project.
    pub name: String,
}

/// Query of `listRepositories`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ListRepositoriesQuery {
    /// Only the repository with this URL.
    pub repo: Option<String>,
    /// Whether every connection is tested now.
    #[serde(rename = "forceRefresh")]
    pub force_refresh: Option<bool>,
    /// Only repositories of this project.
    #[serde(rename = "appProject")]
    pub app_project: Option<String>,
}

impl FromQuery for ListRepositoriesQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            repo: pairs.text("repo")?,
            force_refresh: pairs.flag("forceRefresh")?,
            app_project: pairs.text("appProject")?,
        })
    }
}

/// Query of `createRepository`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct CreateRepositoryQuery {
    /// Whether an existing repository is replaced.
    pub upsert: Option<bool>,
    /// Accepted for compatibility.
    #[serde(rename = "credsOnly")]
    pub creds_only: Option<bool>,
}

impl FromQuery for CreateRepositoryQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            upsert: pairs.flag("upsert")?,
            creds_only: pairs.flag("credsOnly")?,
        })
    }
}

/// Path of `getRepository`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetRepositoryPath {
    /// URL of the repository, percent-encoded.
    pub repo: String,
}

/// Query of `getRepository`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct GetRepositoryQuery {
    /// Project of the repository, when several have the same URL.
    #[serde(rename = "appProject")]
    pub app_project: Option<String>,
    /// Whether the connection is tested now.
    #[serde(rename = "forceRefresh")]
    pub force_refresh: Option<bool>,
}

impl FromQuery for GetRepositoryQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_project: pairs.text("appProject")?,
            force_refresh: pairs.flag("forceRefresh")?,
        })
    }
}

/// Path of `updateRepository`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct UpdateRepositoryPath {
    /// URL of the repository, percent-encoded.
    pub repo: String,
}

/// Query of `updateRepository`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct UpdateRepositoryQuery {
    /// Project of the repository, when several have the same URL.
    #[serde(rename = "appProject")]
    pub app_project: Option<String>,
    /// Whether the connection is tested now.
    #[serde(rename = "forceRefresh")]
    pub force_refresh: Option<bool>,
}

impl FromQuery for UpdateRepositoryQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_project: pairs.text("appProject")?,
            force_refresh: pairs.flag("forceRefresh")?,
        })
    }
}

/// Path of `deleteRepository`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct DeleteRepositoryPath {
    /// URL of the repository, percent-encoded.
    pub repo: String,
}

/// Query of `deleteRepository`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct DeleteRepositoryQuery {
    /// Project of the repository, when several have the same URL.
    #[serde(rename = "appProject")]
    pub app_project: Option<String>,
    /// Whether the connection is tested now.
    #[serde(rename = "forceRefresh")]
    pub force_refresh: Option<bool>,
}

impl FromQuery for DeleteRepositoryQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            app_project: pairs.text("appProject")?,
            force_refresh: pairs.flag("forceRefresh")?,
        })
    }
}

/// Path of `getAppDetails`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetAppDetailsPath {
    /// URL of the repository, percent-encoded.
    pub repo: String,
}

/// Query of `listClusters`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ListClustersQuery {
    /// Only the cluster with this URL.
    pub server: Option<String>,
    /// Only the cluster of this name.
    pub name: Option<String>,
    /// What `id.value` is: `name`, `name_escaped`, or `server` (the default).
    #[serde(rename = "id.type")]
    pub id_type: Option<String>,
    /// Only the cluster with this URL or name.
    #[serde(rename = "id.value")]
    pub id_value: Option<String>,
}

impl FromQuery for ListClustersQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            server: pairs.text("server")?,
            name: pairs.text("name")?,
            id_type: pairs.text("id.type")?,
            id_value: pairs.text("id.value")?,
        })
    }
}

/// Query of `createCluster`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct CreateClusterQuery {
    /// Whether an existing cluster is replaced.
    pub upsert: Option<bool>,
}

impl FromQuery for CreateClusterQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            upsert: pairs.flag("upsert")?,
        })
    }
}

/// Path of `getCluster`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct GetClusterPath {
    /// URL or name of the cluster, percent-encoded.
    pub id_value: String,
}

/// Query of `getCluster`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct GetClusterQuery {
    /// What the path names: `name`, `name_escaped`, or `server` (the default).
    #[serde(rename = "id.type")]
    pub id_type: Option<String>,
}

impl FromQuery for GetClusterQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            id_type: pairs.text("id.type")?,
        })
    }
}

/// Path of `updateCluster`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct UpdateClusterPath {
    /// URL or name of the cluster, percent-encoded.
    pub id_value: String,
}

/// Query of `updateCluster`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct UpdateClusterQuery {
    /// What the path names: `name`, `name_escaped`, or `server` (the default).
    #[serde(rename = "id.type")]
    pub id_type: Option<String>,
    /// Fields to replace; can be repeated.
    #[serde(rename = "updatedFields")]
    #[schemars(with = "Option<String>")]
    pub updated_fields: Vec<String>,
}

impl FromQuery for UpdateClusterQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            id_type: pairs.text("id.type")?,
            updated_fields: pairs.list("updatedFields"),
        })
    }
}

/// Path of `deleteCluster`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct DeleteClusterPath {
    /// URL or name of the cluster, percent-encoded.
    pub id_value: String,
}

/// Query of `deleteCluster`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct DeleteClusterQuery {
    /// What the path names: `name`, `name_escaped`, or `server` (the default).
    #[serde(rename = "id.type")]
    pub id_type: Option<String>,
}

impl FromQuery for DeleteClusterQuery {
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {
        Ok(Self {
            id_type: pairs.text("id.type")?,
        })
    }
}

/// What a control plane does: one function an operation. Who calls has been established, and the request has been read.
pub trait ControlPlane: Authenticate + Send + Sync + 'static {
    /// List applications. The applications that the caller may see and that match every filter, sorted by name.
    fn list_applications(
        &self,
        caller: &Caller,
        query: ListApplicationsQuery,
    ) -> impl Future<Output = Result<Encoded<ApplicationList>, ApiError>> + Send;
    /// Create an application. Checks and stores a new application. Creating the same application again is no error.
    fn create_application(
        &self,
        caller: &Caller,
        query: CreateApplicationQuery,
        body: Application,
    ) -> impl Future<Output = Result<Application, ApiError>> + Send;
    /// Read an application. The application with its status. With `refresh` the answer waits for a new comparison.
    fn get_application(
        &self,
        caller: &Caller,
        path: GetApplicationPath,
        query: GetApplicationQuery,
    ) -> impl Future<Output = Result<Encoded<Application>, ApiError>> + Send;
    /// Replace an application. Replaces specification, labels, annotations and finalizers. Status and a running operation stay.
    fn update_application(
        &self,
        caller: &Caller,
        path: UpdateApplicationPath,
        query: UpdateApplicationQuery,
        body: Application,
    ) -> impl Future<Output = Result<Application, ApiError>> + Send;
    /// Patch an application. Applies a JSON patch or merge patch to the application, under the rules of a replacement.
    fn patch_application(
        &self,
        caller: &Caller,
        path: PatchApplicationPath,
        body: ApplicationPatchRequest,
    ) -> impl Future<Output = Result<Application, ApiError>> + Send;
    /// Delete an application. Asks for deletion and answers at once. With `cascade` the application stays until its objects are gone.
    fn delete_application(
        &self,
        caller: &Caller,
        path: DeleteApplicationPath,
        query: DeleteApplicationQuery,
    ) -> impl Future<Output = Result<Empty, ApiError>> + Send;
    /// Replace an application's specification. Replaces the specification alone and returns it.
    fn update_application_spec(
        &self,
        caller: &Caller,
        path: UpdateApplicationSpecPath,
        query: UpdateApplicationSpecQuery,
        body: ApplicationSpec,
    ) -> impl Future<Output = Result<ApplicationSpec, ApiError>> + Send;
    /// Synchronise an application. Queues a synchronisation and answers with the application. It is done when `operation` is gone and `status.operationState` has a final phase.
    fn sync_application(
        &self,
        caller: &Caller,
        path: SyncApplicationPath,
        body: Option<SyncRequest>,
    ) -> impl Future<Output = Result<Application, ApiError>> + Send;
    /// Roll an application back. Queues the synchronisation of an earlier deployment. The specification stays as it is.
    fn rollback_application(
        &self,
        caller: &Caller,
        path: RollbackApplicationPath,
        body: Option<RollbackRequest>,
    ) -> impl Future<Output = Result<Application, ApiError>> + Send;
    /// Terminate an operation. Ends the operation that is queued or under way.
    fn terminate_operation(
        &self,
        caller: &Caller,
        path: TerminateOperationPath,
        query: TerminateOperationQuery,
    ) -> impl Future<Output = Result<Empty, ApiError>> + Send;
    /// Render an application. Answers the manifests of the application as they would be applied, each as a JSON text. Values of Secrets are masked.
    fn get_application_manifests(
        &self,
        caller: &Caller,
        path: GetApplicationManifestsPath,
        query: GetApplicationManifestsQuery,
    ) -> impl Future<Output = Result<ManifestResponse, ApiError>> + Send;
    /// Objects of an application. Answers the live objects of the application and everything that they own.
    fn get_application_resource_tree(
        &self,
        caller: &Caller,
        path: GetApplicationResourceTreePath,
        query: GetApplicationResourceTreeQuery,
    ) -> impl Future<Output = Result<ApplicationTree, ApiError>> + Send;
    /// Target and live state of an application. Answers for each object of the application what Git states, what is live, and the fields in which they differ. Values of Secrets are masked.
    fn list_managed_resources(
        &self,
        caller: &Caller,
        path: ListManagedResourcesPath,
        query: ListManagedResourcesQuery,
    ) -> impl Future<Output = Result<ManagedResourcesResponse, ApiError>> + Send;
    /// Read an object of an application. Answers a live object of the application or one that its objects own, as a JSON text. Values of Secrets are masked.
    fn get_application_resource(
        &self,
        caller: &Caller,
        path: GetApplicationResourcePath,
        query: GetApplicationResourceQuery,
    ) -> impl Future<Output = Result<ApplicationResourceResponse, ApiError>> + Send;
    /// Change an object of an application. Patches a live object of the application. The body is the patch, as a JSON string.
    fn patch_application_resource(
        &self,
        caller: &Caller,
        path: PatchApplicationResourcePath,
        query: PatchApplicationResourceQuery,
        body: String,
    ) -> impl Future<Output = Result<ApplicationResourceResponse, ApiError>> + Send;
    /// Delete an object of an application. Deletes a live object of the application or one that its objects own.
    fn delete_application_resource(
        &self,
        caller: &Caller,
        path: DeleteApplicationResourcePath,
        query: DeleteApplicationResourceQuery,
    ) -> impl Future<Output = Result<Empty, ApiError>> + Send;
    /// Actions for an object. Answers what can be done with a live object of the application beyond changing its manifest.
    fn list_resource_actions(
        &self,
        caller: &Caller,
        path: ListResourceActionsPath,
        query: ListResourceActionsQuery,
    ) -> impl Future<Output = Result<ResourceActionsListResponse, ApiError>> + Send;
    /// Run an action on an object. Runs an action without parameters; the body is its name as a JSON string. Prefer the second version of this operation.
    fn run_resource_action(
        &self,
        caller: &Caller,
        path: RunResourceActionPath,
        query: RunResourceActionQuery,
        body: String,
    ) -> impl Future<Output = Result<Empty, ApiError>> + Send;
    /// Run an action on an object. Runs an action on a live object of the application.
    fn run_resource_action_v2(
        &self,
        caller: &Caller,
        path: RunResourceActionV2Path,
        body: ResourceActionRunRequest,
    ) -> impl Future<Output = Result<Empty, ApiError>> + Send;
    /// Events of an application. Answers the events of the application, or of one of its objects, as Kubernetes writes them.
    fn list_application_events(
        &self,
        caller: &Caller,
        path: ListApplicationEventsPath,
        query: ListApplicationEventsQuery,
    ) -> impl Future<Output = Result<Encoded<serde_json::Value>, ApiError>> + Send;
    /// Logs of an application. Streams the log lines of the pods of an object: one JSON object a line, or events when the client accepts `text/event-stream`.
    fn get_application_logs(
        &self,
        caller: &Caller,
        headers: &http::HeaderMap,
        path: GetApplicationLogsPath,
        query: GetApplicationLogsQuery,
    ) -> impl Future<Output = Result<Response<HttpBody>, ApiError>> + Send;
    /// Logs of a pod. Streams the log lines of a pod of the application, as the logs of the application are.
    fn get_pod_logs(
        &self,
        caller: &Caller,
        headers: &http::HeaderMap,
        path: GetPodLogsPath,
        query: GetPodLogsQuery,
    ) -> impl Future<Output = Result<Response<HttpBody>, ApiError>> + Send;
    /// Sync windows of an application. Answers which windows of the project concern the application, and whether it may be synchronised now.
    fn get_application_sync_windows(
        &self,
        caller: &Caller,
        path: GetApplicationSyncWindowsPath,
        query: GetApplicationSyncWindowsQuery,
    ) -> impl Future<Output = Result<ApplicationSyncWindowsResponse, ApiError>> + Send;
    /// Operations of an application. Answers what was done to the application, newest first: who, when, from which revision, with which options, and with which result for each object.
    fn list_application_operations(
        &self,
        caller: &Caller,
        path: ListApplicationOperationsPath,
        query: ListApplicationOperationsQuery,
    ) -> impl Future<Output = Result<OperationRecordList, ApiError>> + Send;
    /// Metadata of a revision. Answers who made a commit, when, and why.
    fn get_revision_metadata(
        &self,
        caller: &Caller,
        path: GetRevisionMetadataPath,
        query: GetRevisionMetadataQuery,
    ) -> impl Future<Output = Result<RevisionMetadata, ApiError>> + Send;
    /// List projects. The projects that the caller may see, sorted by name.
    fn list_projects(
        &self,
        caller: &Caller,
    ) -> impl Future<Output = Result<ProjectList, ApiError>> + Send;
    /// Create a project. Checks and stores a new project. Creating the same project again is no error.
    fn create_project(
        &self,
        caller: &Caller,
        query: CreateProjectQuery,
        body: ProjectRequest,
    ) -> impl Future<Output = Result<AppProject, ApiError>> + Send;
    /// Read a project. The project.
    fn get_project(
        &self,
        caller: &Caller,
        path: GetProjectPath,
    ) -> impl Future<Output = Result<AppProject, ApiError>> + Send;
    /// Replace a project. Replaces the project. Refused when it would leave an application without a permitted source or destination.
    fn update_project(
        &self,
        caller: &Caller,
        path: UpdateProjectPath,
        body: ProjectRequest,
    ) -> impl Future<Output = Result<AppProject, ApiError>> + Send;
    /// Delete a project. Deletes a project that no application belongs to.
    fn delete_project(
        &self,
        caller: &Caller,
        path: DeleteProjectPath,
    ) -> impl Future<Output = Result<Empty, ApiError>> + Send;
    /// List repositories. The repositories with the result of the last connection test.
    fn list_repositories(
        &self,
        caller: &Caller,
        query: ListRepositoriesQuery,
    ) -> impl Future<Output = Result<RepositoryListOutput, ApiError>> + Send;
    /// Register a repository. Tests the connection and stores the repository. Registering the same repository again is no error.
    fn create_repository(
        &self,
        caller: &Caller,
        query: CreateRepositoryQuery,
        body: Repository,
    ) -> impl Future<Output = Result<RepositoryOutput, ApiError>> + Send;
    /// Read a repository. The repository with the result of the last connection test.
    fn get_repository(
        &self,
        caller: &Caller,
        path: GetRepositoryPath,
        query: GetRepositoryQuery,
    ) -> impl Future<Output = Result<RepositoryOutput, ApiError>> + Send;
    /// Replace a repository. Tests the connection and replaces the repository. Credentials that are not given stay.
    fn update_repository(
        &self,
        caller: &Caller,
        path: UpdateRepositoryPath,
        query: UpdateRepositoryQuery,
        body: Repository,
    ) -> impl Future<Output = Result<RepositoryOutput, ApiError>> + Send;
    /// Remove a repository. Removes the registration. Applications that use the repository stay as they are.
    fn delete_repository(
        &self,
        caller: &Caller,
        path: DeleteRepositoryPath,
        query: DeleteRepositoryQuery,
    ) -> impl Future<Output = Result<Empty, ApiError>> + Send;
    /// Look at a source. Answers what lies at a path of a repository: the type, and the parameters that it takes.
    fn get_app_details(
        &self,
        caller: &Caller,
        path: GetAppDetailsPath,
        body: RepoAppDetailsQuery,
    ) -> impl Future<Output = Result<RepoAppDetailsResponse, ApiError>> + Send;
    /// List clusters. The clusters that the caller may see, with what was observed of them.
    fn list_clusters(
        &self,
        caller: &Caller,
        query: ListClustersQuery,
    ) -> impl Future<Output = Result<ClusterListOutput, ApiError>> + Send;
    /// Register a cluster. Contacts the API server and stores the cluster. Registering the same cluster again is no error.
    fn create_cluster(
        &self,
        caller: &Caller,
        query: CreateClusterQuery,
        body: Cluster,
    ) -> impl Future<Output = Result<ClusterOutput, ApiError>> + Send;
    /// Read a cluster. The cluster, with what was observed of it.
    fn get_cluster(
        &self,
        caller: &Caller,
        path: GetClusterPath,
        query: GetClusterQuery,
    ) -> impl Future<Output = Result<ClusterOutput, ApiError>> + Send;
    /// Replace a cluster. Replaces the cluster, or only the fields named by `updatedFields`. Credentials that are not given stay.
    fn update_cluster(
        &self,
        caller: &Caller,
        path: UpdateClusterPath,
        query: UpdateClusterQuery,
        body: Cluster,
    ) -> impl Future<Output = Result<ClusterOutput, ApiError>> + Send;
    /// Remove a cluster. Removes the registration. Objects in the cluster stay.
    fn delete_cluster(
        &self,
        caller: &Caller,
        path: DeleteClusterPath,
        query: DeleteClusterQuery,
    ) -> impl Future<Output = Result<Empty, ApiError>> + Send;
    /// Log in. Exchanges name and password for a bearer token, which is also set as a cookie.
    fn create_session(
        &self,
        body: CreateSessionRequest,
    ) -> impl Future<Output = Result<WithCookies<SessionResponse>, ApiError>> + Send;
    /// Log out. Revokes the presented token for good and blanks the cookie.
    fn delete_session(
        &self,
        headers: &http::HeaderMap,
    ) -> impl Future<Output = Result<WithCookies<Empty>, ApiError>> + Send;
    /// Who is logged in. Facts about the caller; an empty object when nobody is logged in.
    fn get_user_info(
        &self,
        caller: Option<&Caller>,
    ) -> impl Future<Output = Result<UserInfo, ApiError>> + Send;
    /// Change a password. Changes a password and ends every older session of the account.
    fn update_password(
        &self,
        caller: &Caller,
        body: UpdatePasswordRequest,
    ) -> impl Future<Output = Result<Empty, ApiError>> + Send;
    /// Read the version. The version of this server; more about the build when logged in.
    fn get_version(
        &self,
        caller: Option<&Caller>,
    ) -> impl Future<Output = Result<VersionMessage, ApiError>> + Send;
    /// Read the settings. What clients need to know of the configuration; more when logged in.
    fn get_settings(
        &self,
        caller: Option<&Caller>,
    ) -> impl Future<Output = Result<Settings, ApiError>> + Send;
    /// Read the version. The same as `/api/v1/version`, at the address that clients use.
    fn get_api_version(
        &self,
        caller: Option<&Caller>,
    ) -> impl Future<Output = Result<VersionMessage, ApiError>> + Send;
    /// Receive an event of a Git server. Looks at the repositories that the event names at once, so that a push goes live without waiting for the next look. Understood are GitHub, GitLab, Gitea, Forgejo, Gogs, Bitbucket, Azure DevOps, told apart by their headers, and a generic form. When a secret is configured for the sender, the event has to prove that it knows it. Nothing else in the event is believed.
    fn receive_webhook(
        &self,
        headers: &http::HeaderMap,
        body: bytes::Bytes,
    ) -> impl Future<Output = Result<Empty, ApiError>> + Send;
    /// Read this document. This document as JSON.
    fn get_open_api(
        &self,
    ) -> impl Future<Output = Result<Encoded<serde_json::Value>, ApiError>> + Send;
    /// Liveness. Answers `ok` while the process works.
    fn get_health(&self) -> impl Future<Output = Result<String, ApiError>> + Send;
    /// Readiness. Answers `ok` when the store and the caches are ready.
    fn get_readiness(&self) -> impl Future<Output = Result<String, ApiError>> + Send;
}

/// The API as Dropshot sees it.
#[dropshot::api_description { module = "routes" }]
pub trait Api {
    /// What serves the requests.
    type Context;

    /// List applications
    ///
    /// The applications that the caller may see and that match every filter, sorted by name.
    #[endpoint { method = GET, path = "/api/v1/applications", operation_id = "listApplications", tags = ["Applications"] }]
    async fn list_applications(
        rqctx: RequestContext<Self::Context>,
        query: Query<ListApplicationsQuery>,
    ) -> Result<Reply<Encoded<ApplicationList>>, ApiError>;

    /// Create an application
    ///
    /// Checks and stores a new application. Creating the same application again is no error.
    #[endpoint { method = POST, path = "/api/v1/applications", operation_id = "createApplication", tags = ["Applications"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn create_application(
        rqctx: RequestContext<Self::Context>,
        query: Query<CreateApplicationQuery>,
        body: Body<Application>,
    ) -> Result<Reply<Application>, ApiError>;

    /// Read an application
    ///
    /// The application with its status. With `refresh` the answer waits for a new comparison.
    #[endpoint { method = GET, path = "/api/v1/applications/{name}", operation_id = "getApplication", tags = ["Applications"] }]
    async fn get_application(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetApplicationPath>,
        query: Query<GetApplicationQuery>,
    ) -> Result<Reply<Encoded<Application>>, ApiError>;

    /// Replace an application
    ///
    /// Replaces specification, labels, annotations and finalizers. Status and a running operation stay.
    #[endpoint { method = PUT, path = "/api/v1/applications/{name}", operation_id = "updateApplication", tags = ["Applications"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn update_application(
        rqctx: RequestContext<Self::Context>,
        path: Path<UpdateApplicationPath>,
        query: Query<UpdateApplicationQuery>,
        body: Body<Application>,
    ) -> Result<Reply<Application>, ApiError>;

    /// Patch an application
    ///
    /// Applies a JSON patch or merge patch to the application, under the rules of a replacement.
    #[endpoint { method = PATCH, path = "/api/v1/applications/{name}", operation_id = "patchApplication", tags = ["Applications"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn patch_application(
        rqctx: RequestContext<Self::Context>,
        path: Path<PatchApplicationPath>,
        body: Body<ApplicationPatchRequest>,
    ) -> Result<Reply<Application>, ApiError>;

    /// Delete an application
    ///
    /// Asks for deletion and answers at once. With `cascade` the application stays until its objects are gone.
    #[endpoint { method = DELETE, path = "/api/v1/applications/{name}", operation_id = "deleteApplication", tags = ["Applications"] }]
    async fn delete_application(
        rqctx: RequestContext<Self::Context>,
        path: Path<DeleteApplicationPath>,
        query: Query<DeleteApplicationQuery>,
    ) -> Result<Reply<Empty>, ApiError>;

    /// Replace an application's specification
    ///
    /// Replaces the specification alone and returns it.
    #[endpoint { method = PUT, path = "/api/v1/applications/{name}/spec", operation_id = "updateApplicationSpec", tags = ["Applications"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn update_application_spec(
        rqctx: RequestContext<Self::Context>,
        path: Path<UpdateApplicationSpecPath>,
        query: Query<UpdateApplicationSpecQuery>,
        body: Body<ApplicationSpec>,
    ) -> Result<Reply<ApplicationSpec>, ApiError>;

    /// Synchronise an application
    ///
    /// Queues a synchronisation and answers with the application. It is done when `operation` is gone and `status.operationState` has a final phase.
    #[endpoint { method = POST, path = "/api/v1/applications/{name}/sync", operation_id = "syncApplication", tags = ["Applications"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn sync_application(
        rqctx: RequestContext<Self::Context>,
        path: Path<SyncApplicationPath>,
        body: Body<SyncRequest>,
    ) -> Result<Reply<Application>, ApiError>;

    /// Roll an application back
    ///
    /// Queues the synchronisation of an earlier deployment. The specification stays as it is.
    #[endpoint { method = POST, path = "/api/v1/applications/{name}/rollback", operation_id = "rollbackApplication", tags = ["Applications"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn rollback_application(
        rqctx: RequestContext<Self::Context>,
        path: Path<RollbackApplicationPath>,
        body: Body<RollbackRequest>,
    ) -> Result<Reply<Application>, ApiError>;

    /// Terminate an operation
    ///
    /// Ends the operation that is queued or under way.
    #[endpoint { method = DELETE, path = "/api/v1/applications/{name}/operation", operation_id = "terminateOperation", tags = ["Applications"] }]
    async fn terminate_operation(
        rqctx: RequestContext<Self::Context>,
        path: Path<TerminateOperationPath>,
        query: Query<TerminateOperationQuery>,
    ) -> Result<Reply<Empty>, ApiError>;

    /// Render an application
    ///
    /// Answers the manifests of the application as they would be applied, each as a JSON text. Values of Secrets are masked.
    #[endpoint { method = GET, path = "/api/v1/applications/{name}/manifests", operation_id = "getApplicationManifests", tags = ["Applications"] }]
    async fn get_application_manifests(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetApplicationManifestsPath>,
        query: Query<GetApplicationManifestsQuery>,
    ) -> Result<Reply<ManifestResponse>, ApiError>;

    /// Objects of an application
    ///
    /// Answers the live objects of the application and everything that they own.
    #[endpoint { method = GET, path = "/api/v1/applications/{name}/resource-tree", operation_id = "getApplicationResourceTree", tags = ["Applications"] }]
    async fn get_application_resource_tree(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetApplicationResourceTreePath>,
        query: Query<GetApplicationResourceTreeQuery>,
    ) -> Result<Reply<ApplicationTree>, ApiError>;

    /// Target and live state of an application
    ///
    /// Answers for each object of the application what Git states, what is live, and the fields in which they differ. Values of Secrets are masked.
    #[endpoint { method = GET, path = "/api/v1/applications/{name}/managed-resources", operation_id = "listManagedResources", tags = ["Applications"] }]
    async fn list_managed_resources(
        rqctx: RequestContext<Self::Context>,
        path: Path<ListManagedResourcesPath>,
        query: Query<ListManagedResourcesQuery>,
    ) -> Result<Reply<ManagedResourcesResponse>, ApiError>;

    /// Read an object of an application
    ///
    /// Answers a live object of the application or one that its objects own, as a JSON text. Values of Secrets are masked.
    #[endpoint { method = GET, path = "/api/v1/applications/{name}/resource", operation_id = "getApplicationResource", tags = ["Applications"] }]
    async fn get_application_resource(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetApplicationResourcePath>,
        query: Query<GetApplicationResourceQuery>,
    ) -> Result<Reply<ApplicationResourceResponse>, ApiError>;

    /// Change an object of an application
    ///
    /// Patches a live object of the application. The body is the patch, as a JSON string.
    #[endpoint { method = POST, path = "/api/v1/applications/{name}/resource", operation_id = "patchApplicationResource", tags = ["Applications"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn patch_application_resource(
        rqctx: RequestContext<Self::Context>,
        path: Path<PatchApplicationResourcePath>,
        query: Query<PatchApplicationResourceQuery>,
        body: Body<String>,
    ) -> Result<Reply<ApplicationResourceResponse>, ApiError>;

    /// Delete an object of an application
    ///
    /// Deletes a live object of the application or one that its objects own.
    #[endpoint { method = DELETE, path = "/api/v1/applications/{name}/resource", operation_id = "deleteApplicationResource", tags = ["Applications"] }]
    async fn delete_application_resource(
        rqctx: RequestContext<Self::Context>,
        path: Path<DeleteApplicationResourcePath>,
        query: Query<DeleteApplicationResourceQuery>,
    ) -> Result<Reply<Empty>, ApiError>;

    /// Actions for an object
    ///
    /// Answers what can be done with a live object of the application beyond changing its manifest.
    #[endpoint { method = GET, path = "/api/v1/applications/{name}/resource/actions", operation_id = "listResourceActions", tags = ["Applications"] }]
    async fn list_resource_actions(
        rqctx: RequestContext<Self::Context>,
        path: Path<ListResourceActionsPath>,
        query: Query<ListResourceActionsQuery>,
    ) -> Result<Reply<ResourceActionsListResponse>, ApiError>;

    /// Run an action on an object
    ///
    /// Runs an action without parameters; the body is its name as a JSON string. Prefer the second version of this operation.
    #[endpoint { method = POST, path = "/api/v1/applications/{name}/resource/actions", operation_id = "runResourceAction", tags = ["Applications"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn run_resource_action(
        rqctx: RequestContext<Self::Context>,
        path: Path<RunResourceActionPath>,
        query: Query<RunResourceActionQuery>,
        body: Body<String>,
    ) -> Result<Reply<Empty>, ApiError>;

    /// Run an action on an object
    ///
    /// Runs an action on a live object of the application.
    #[endpoint { method = POST, path = "/api/v1/applications/{name}/resource/actions/v2", operation_id = "runResourceActionV2", tags = ["Applications"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn run_resource_action_v2(
        rqctx: RequestContext<Self::Context>,
        path: Path<RunResourceActionV2Path>,
        body: Body<ResourceActionRunRequest>,
    ) -> Result<Reply<Empty>, ApiError>;

    /// Events of an application
    ///
    /// Answers the events of the application, or of one of its objects, as Kubernetes writes them.
    #[endpoint { method = GET, path = "/api/v1/applications/{name}/events", operation_id = "listApplicationEvents", tags = ["Applications"] }]
    async fn list_application_events(
        rqctx: RequestContext<Self::Context>,
        path: Path<ListApplicationEventsPath>,
        query: Query<ListApplicationEventsQuery>,
    ) -> Result<Reply<Encoded<serde_json::Value>>, ApiError>;

    /// Logs of an application
    ///
    /// Streams the log lines of the pods of an object: one JSON object a line, or events when the client accepts `text/event-stream`.
    #[endpoint { method = GET, path = "/api/v1/applications/{name}/logs", operation_id = "getApplicationLogs", tags = ["Applications"] }]
    async fn get_application_logs(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetApplicationLogsPath>,
        query: Query<GetApplicationLogsQuery>,
    ) -> Result<Response<HttpBody>, ApiError>;

    /// Logs of a pod
    ///
    /// Streams the log lines of a pod of the application, as the logs of the application are.
    #[endpoint { method = GET, path = "/api/v1/applications/{name}/pods/{pod_name}/logs", operation_id = "getPodLogs", tags = ["Applications"] }]
    async fn get_pod_logs(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetPodLogsPath>,
        query: Query<GetPodLogsQuery>,
    ) -> Result<Response<HttpBody>, ApiError>;

    /// Sync windows of an application
    ///
    /// Answers which windows of the project concern the application, and whether it may be synchronised now.
    #[endpoint { method = GET, path = "/api/v1/applications/{name}/syncwindows", operation_id = "getApplicationSyncWindows", tags = ["Applications"] }]
    async fn get_application_sync_windows(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetApplicationSyncWindowsPath>,
        query: Query<GetApplicationSyncWindowsQuery>,
    ) -> Result<Reply<ApplicationSyncWindowsResponse>, ApiError>;

    /// Operations of an application
    ///
    /// Answers what was done to the application, newest first: who, when, from which revision, with which options, and with which result for each object.
    #[endpoint { method = GET, path = "/api/v1/applications/{name}/operations", operation_id = "listApplicationOperations", tags = ["Applications"] }]
    async fn list_application_operations(
        rqctx: RequestContext<Self::Context>,
        path: Path<ListApplicationOperationsPath>,
        query: Query<ListApplicationOperationsQuery>,
    ) -> Result<Reply<OperationRecordList>, ApiError>;

    /// Metadata of a revision
    ///
    /// Answers who made a commit, when, and why.
    #[endpoint { method = GET, path = "/api/v1/applications/{name}/revisions/{revision}/metadata", operation_id = "getRevisionMetadata", tags = ["Applications"] }]
    async fn get_revision_metadata(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetRevisionMetadataPath>,
        query: Query<GetRevisionMetadataQuery>,
    ) -> Result<Reply<RevisionMetadata>, ApiError>;

    /// List projects
    ///
    /// The projects that the caller may see, sorted by name.
    #[endpoint { method = GET, path = "/api/v1/projects", operation_id = "listProjects", tags = ["Projects"] }]
    async fn list_projects(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<ProjectList>, ApiError>;

    /// Create a project
    ///
    /// Checks and stores a new project. Creating the same project again is no error.
    #[endpoint { method = POST, path = "/api/v1/projects", operation_id = "createProject", tags = ["Projects"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn create_project(
        rqctx: RequestContext<Self::Context>,
        query: Query<CreateProjectQuery>,
        body: Body<ProjectRequest>,
    ) -> Result<Reply<AppProject>, ApiError>;

    /// Read a project
    ///
    /// The project.
    #[endpoint { method = GET, path = "/api/v1/projects/{name}", operation_id = "getProject", tags = ["Projects"] }]
    async fn get_project(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetProjectPath>,
    ) -> Result<Reply<AppProject>, ApiError>;

    /// Replace a project
    ///
    /// Replaces the project. Refused when it would leave an application without a permitted source or destination.
    #[endpoint { method = PUT, path = "/api/v1/projects/{name}", operation_id = "updateProject", tags = ["Projects"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn update_project(
        rqctx: RequestContext<Self::Context>,
        path: Path<UpdateProjectPath>,
        body: Body<ProjectRequest>,
    ) -> Result<Reply<AppProject>, ApiError>;

    /// Delete a project
    ///
    /// Deletes a project that no application belongs to.
    #[endpoint { method = DELETE, path = "/api/v1/projects/{name}", operation_id = "deleteProject", tags = ["Projects"] }]
    async fn delete_project(
        rqctx: RequestContext<Self::Context>,
        path: Path<DeleteProjectPath>,
    ) -> Result<Reply<Empty>, ApiError>;

    /// List repositories
    ///
    /// The repositories with the result of the last connection test.
    #[endpoint { method = GET, path = "/api/v1/repositories", operation_id = "listRepositories", tags = ["Repositories"] }]
    async fn list_repositories(
        rqctx: RequestContext<Self::Context>,
        query: Query<ListRepositoriesQuery>,
    ) -> Result<Reply<RepositoryListOutput>, ApiError>;

    /// Register a repository
    ///
    /// Tests the connection and stores the repository. Registering the same repository again is no error.
    #[endpoint { method = POST, path = "/api/v1/repositories", operation_id = "createRepository", tags = ["Repositories"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn create_repository(
        rqctx: RequestContext<Self::Context>,
        query: Query<CreateRepositoryQuery>,
        body: Body<Repository>,
    ) -> Result<Reply<RepositoryOutput>, ApiError>;

    /// Read a repository
    ///
    /// The repository with the result of the last connection test.
    #[endpoint { method = GET, path = "/api/v1/repositories/{repo}", operation_id = "getRepository", tags = ["Repositories"] }]
    async fn get_repository(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetRepositoryPath>,
        query: Query<GetRepositoryQuery>,
    ) -> Result<Reply<RepositoryOutput>, ApiError>;

    /// Replace a repository
    ///
    /// Tests the connection and replaces the repository. Credentials that are not given stay.
    #[endpoint { method = PUT, path = "/api/v1/repositories/{repo}", operation_id = "updateRepository", tags = ["Repositories"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn update_repository(
        rqctx: RequestContext<Self::Context>,
        path: Path<UpdateRepositoryPath>,
        query: Query<UpdateRepositoryQuery>,
        body: Body<Repository>,
    ) -> Result<Reply<RepositoryOutput>, ApiError>;

    /// Remove a repository
    ///
    /// Removes the registration. Applications that use the repository stay as they are.
    #[endpoint { method = DELETE, path = "/api/v1/repositories/{repo}", operation_id = "deleteRepository", tags = ["Repositories"] }]
    async fn delete_repository(
        rqctx: RequestContext<Self::Context>,
        path: Path<DeleteRepositoryPath>,
        query: Query<DeleteRepositoryQuery>,
    ) -> Result<Reply<Empty>, ApiError>;

    /// Look at a source
    ///
    /// Answers what lies at a path of a repository: the type, and the parameters that it takes.
    #[endpoint { method = POST, path = "/api/v1/repositories/{repo}/appdetails", operation_id = "getAppDetails", tags = ["Repositories"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn get_app_details(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetAppDetailsPath>,
        body: Body<RepoAppDetailsQuery>,
    ) -> Result<Reply<RepoAppDetailsResponse>, ApiError>;

    /// List clusters
    ///
    /// The clusters that the caller may see, with what was observed of them.
    #[endpoint { method = GET, path = "/api/v1/clusters", operation_id = "listClusters", tags = ["Clusters"] }]
    async fn list_clusters(
        rqctx: RequestContext<Self::Context>,
        query: Query<ListClustersQuery>,
    ) -> Result<Reply<ClusterListOutput>, ApiError>;

    /// Register a cluster
    ///
    /// Contacts the API server and stores the cluster. Registering the same cluster again is no error.
    #[endpoint { method = POST, path = "/api/v1/clusters", operation_id = "createCluster", tags = ["Clusters"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn create_cluster(
        rqctx: RequestContext<Self::Context>,
        query: Query<CreateClusterQuery>,
        body: Body<Cluster>,
    ) -> Result<Reply<ClusterOutput>, ApiError>;

    /// Read a cluster
    ///
    /// The cluster, with what was observed of it.
    #[endpoint { method = GET, path = "/api/v1/clusters/{id_value}", operation_id = "getCluster", tags = ["Clusters"] }]
    async fn get_cluster(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetClusterPath>,
        query: Query<GetClusterQuery>,
    ) -> Result<Reply<ClusterOutput>, ApiError>;

    /// Replace a cluster
    ///
    /// Replaces the cluster, or only the fields named by `updatedFields`. Credentials that are not given stay.
    #[endpoint { method = PUT, path = "/api/v1/clusters/{id_value}", operation_id = "updateCluster", tags = ["Clusters"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn update_cluster(
        rqctx: RequestContext<Self::Context>,
        path: Path<UpdateClusterPath>,
        query: Query<UpdateClusterQuery>,
        body: Body<Cluster>,
    ) -> Result<Reply<ClusterOutput>, ApiError>;

    /// Remove a cluster
    ///
    /// Removes the registration. Objects in the cluster stay.
    #[endpoint { method = DELETE, path = "/api/v1/clusters/{id_value}", operation_id = "deleteCluster", tags = ["Clusters"] }]
    async fn delete_cluster(
        rqctx: RequestContext<Self::Context>,
        path: Path<DeleteClusterPath>,
        query: Query<DeleteClusterQuery>,
    ) -> Result<Reply<Empty>, ApiError>;

    /// Log in
    ///
    /// Exchanges name and password for a bearer token, which is also set as a cookie.
    #[endpoint { method = POST, path = "/api/v1/session", operation_id = "createSession", tags = ["Session"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn create_session(
        rqctx: RequestContext<Self::Context>,
        body: Body<CreateSessionRequest>,
    ) -> Result<Reply<SessionResponse>, ApiError>;

    /// Log out
    ///
    /// Revokes the presented token for good and blanks the cookie.
    #[endpoint { method = DELETE, path = "/api/v1/session", operation_id = "deleteSession", tags = ["Session"] }]
    async fn delete_session(rqctx: RequestContext<Self::Context>)
    -> Result<Reply<Empty>, ApiError>;

    /// Who is logged in
    ///
    /// Facts about the caller; an empty object when nobody is logged in.
    #[endpoint { method = GET, path = "/api/v1/session/userinfo", operation_id = "getUserInfo", tags = ["Session"] }]
    async fn get_user_info(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<UserInfo>, ApiError>;

    /// Change a password
    ///
    /// Changes a password and ends every older session of the account.
    #[endpoint { method = PUT, path = "/api/v1/account/password", operation_id = "updatePassword", tags = ["Account"], request_body_max_bytes = crate::body::MAX_BYTES }]
    async fn update_password(
        rqctx: RequestContext<Self::Context>,
        body: Body<UpdatePasswordRequest>,
    ) -> Result<Reply<Empty>, ApiError>;

    /// Read the version
    ///
    /// The version of this server; more about the build when logged in.
    #[endpoint { method = GET, path = "/api/v1/version", operation_id = "getVersion", tags = ["Version"] }]
    async fn get_version(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<VersionMessage>, ApiError>;

    /// Read the settings
    ///
    /// What clients need to know of the configuration; more when logged in.
    #[endpoint { method = GET, path = "/api/v1/settings", operation_id = "getSettings", tags = ["Settings"] }]
    async fn get_settings(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<Settings>, ApiError>;

    /// Read the version
    ///
    /// The same as `/api/v1/version`, at the address that clients use.
    #[endpoint { method = GET, path = "/api/version", operation_id = "getApiVersion", tags = ["Version"] }]
    async fn get_api_version(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<VersionMessage>, ApiError>;

    /// Receive an event of a Git server
    ///
    /// Looks at the repositories that the event names at once, so that a push goes live without waiting for the next look. Understood are GitHub, GitLab, Gitea, Forgejo, Gogs, Bitbucket, Azure DevOps, told apart by their headers, and a generic form. When a secret is configured for the sender, the event has to prove that it knows it. Nothing else in the event is believed.
    #[endpoint { method = POST, path = "/api/webhook", operation_id = "receiveWebhook", tags = ["Webhooks"], request_body_max_bytes = crate::body::MAX_RAW_BYTES }]
    async fn receive_webhook(
        rqctx: RequestContext<Self::Context>,
        body: Raw,
    ) -> Result<Reply<Empty>, ApiError>;

    /// Read this document
    ///
    /// This document as JSON.
    #[endpoint { method = GET, path = "/openapi.json", operation_id = "getOpenApi", tags = ["Version"] }]
    async fn get_open_api(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<Encoded<serde_json::Value>>, ApiError>;

    /// Liveness
    ///
    /// Answers `ok` while the process works.
    #[endpoint { method = GET, path = "/healthz", operation_id = "getHealth", tags = ["Health"] }]
    async fn get_health(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Response<HttpBody>, ApiError>;

    /// Readiness
    ///
    /// Answers `ok` when the store and the caches are ready.
    #[endpoint { method = GET, path = "/readyz", operation_id = "getReadiness", tags = ["Health"] }]
    async fn get_readiness(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Response<HttpBody>, ApiError>;
}

/// Serves the API through a control plane.
pub struct Adapter<C>(PhantomData<C>);

impl<C: ControlPlane> Api for Adapter<C> {
    type Context = Arc<C>;

    async fn list_applications(
        rqctx: RequestContext<Self::Context>,
        query: Query<ListApplicationsQuery>,
    ) -> Result<Reply<Encoded<ApplicationList>>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane.list_applications(session.caller(), query).await?,
            Some(&session),
        ))
    }

    async fn create_application(
        rqctx: RequestContext<Self::Context>,
        query: Query<CreateApplicationQuery>,
        body: Body<Application>,
    ) -> Result<Reply<Application>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let query = query.read()?;
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane
                .create_application(session.caller(), query, body)
                .await?,
            Some(&session),
        ))
    }

    async fn get_application(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetApplicationPath>,
        query: Query<GetApplicationQuery>,
    ) -> Result<Reply<Encoded<Application>>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane.get_application(session.caller(), path, query).await?,
            Some(&session),
        ))
    }

    async fn update_application(
        rqctx: RequestContext<Self::Context>,
        path: Path<UpdateApplicationPath>,
        query: Query<UpdateApplicationQuery>,
        body: Body<Application>,
    ) -> Result<Reply<Application>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane
                .update_application(session.caller(), path, query, body)
                .await?,
            Some(&session),
        ))
    }

    async fn patch_application(
        rqctx: RequestContext<Self::Context>,
        path: Path<PatchApplicationPath>,
        body: Body<ApplicationPatchRequest>,
    ) -> Result<Reply<Application>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane
                .patch_application(session.caller(), path, body)
                .await?,
            Some(&session),
        ))
    }

    async fn delete_application(
        rqctx: RequestContext<Self::Context>,
        path: Path<DeleteApplicationPath>,
        query: Query<DeleteApplicationQuery>,
    ) -> Result<Reply<Empty>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        crate::body::require_json(&rqctx.request, true)?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .delete_application(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn update_application_spec(
        rqctx: RequestContext<Self::Context>,
        path: Path<UpdateApplicationSpecPath>,
        query: Query<UpdateApplicationSpecQuery>,
        body: Body<ApplicationSpec>,
    ) -> Result<Reply<ApplicationSpec>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane
                .update_application_spec(session.caller(), path, query, body)
                .await?,
            Some(&session),
        ))
    }

    async fn sync_application(
        rqctx: RequestContext<Self::Context>,
        path: Path<SyncApplicationPath>,
        body: Body<SyncRequest>,
    ) -> Result<Reply<Application>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let body = body.read_optional(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane.sync_application(session.caller(), path, body).await?,
            Some(&session),
        ))
    }

    async fn rollback_application(
        rqctx: RequestContext<Self::Context>,
        path: Path<RollbackApplicationPath>,
        body: Body<RollbackRequest>,
    ) -> Result<Reply<Application>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let body = body.read_optional(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane
                .rollback_application(session.caller(), path, body)
                .await?,
            Some(&session),
        ))
    }

    async fn terminate_operation(
        rqctx: RequestContext<Self::Context>,
        path: Path<TerminateOperationPath>,
        query: Query<TerminateOperationQuery>,
    ) -> Result<Reply<Empty>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        crate::body::require_json(&rqctx.request, true)?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .terminate_operation(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn get_application_manifests(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetApplicationManifestsPath>,
        query: Query<GetApplicationManifestsQuery>,
    ) -> Result<Reply<ManifestResponse>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .get_application_manifests(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn get_application_resource_tree(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetApplicationResourceTreePath>,
        query: Query<GetApplicationResourceTreeQuery>,
    ) -> Result<Reply<ApplicationTree>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .get_application_resource_tree(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn list_managed_resources(
        rqctx: RequestContext<Self::Context>,
        path: Path<ListManagedResourcesPath>,
        query: Query<ListManagedResourcesQuery>,
    ) -> Result<Reply<ManagedResourcesResponse>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .list_managed_resources(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn get_application_resource(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetApplicationResourcePath>,
        query: Query<GetApplicationResourceQuery>,
    ) -> Result<Reply<ApplicationResourceResponse>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .get_application_resource(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn patch_application_resource(
        rqctx: RequestContext<Self::Context>,
        path: Path<PatchApplicationResourcePath>,
        query: Query<PatchApplicationResourceQuery>,
        body: Body<String>,
    ) -> Result<Reply<ApplicationResourceResponse>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane
                .patch_application_resource(session.caller(), path, query, body)
                .await?,
            Some(&session),
        ))
    }

    async fn delete_application_resource(
        rqctx: RequestContext<Self::Context>,
        path: Path<DeleteApplicationResourcePath>,
        query: Query<DeleteApplicationResourceQuery>,
    ) -> Result<Reply<Empty>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        crate::body::require_json(&rqctx.request, true)?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .delete_application_resource(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn list_resource_actions(
        rqctx: RequestContext<Self::Context>,
        path: Path<ListResourceActionsPath>,
        query: Query<ListResourceActionsQuery>,
    ) -> Result<Reply<ResourceActionsListResponse>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .list_resource_actions(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn run_resource_action(
        rqctx: RequestContext<Self::Context>,
        path: Path<RunResourceActionPath>,
        query: Query<RunResourceActionQuery>,
        body: Body<String>,
    ) -> Result<Reply<Empty>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane
                .run_resource_action(session.caller(), path, query, body)
                .await?,
            Some(&session),
        ))
    }

    async fn run_resource_action_v2(
        rqctx: RequestContext<Self::Context>,
        path: Path<RunResourceActionV2Path>,
        body: Body<ResourceActionRunRequest>,
    ) -> Result<Reply<Empty>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane
                .run_resource_action_v2(session.caller(), path, body)
                .await?,
            Some(&session),
        ))
    }

    async fn list_application_events(
        rqctx: RequestContext<Self::Context>,
        path: Path<ListApplicationEventsPath>,
        query: Query<ListApplicationEventsQuery>,
    ) -> Result<Reply<Encoded<serde_json::Value>>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .list_application_events(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn get_application_logs(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetApplicationLogsPath>,
        query: Query<GetApplicationLogsQuery>,
    ) -> Result<Response<HttpBody>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        plane
            .get_application_logs(session.caller(), rqctx.request.headers(), path, query)
            .await
    }

    async fn get_pod_logs(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetPodLogsPath>,
        query: Query<GetPodLogsQuery>,
    ) -> Result<Response<HttpBody>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        plane
            .get_pod_logs(session.caller(), rqctx.request.headers(), path, query)
            .await
    }

    async fn get_application_sync_windows(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetApplicationSyncWindowsPath>,
        query: Query<GetApplicationSyncWindowsQuery>,
    ) -> Result<Reply<ApplicationSyncWindowsResponse>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .get_application_sync_windows(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn list_application_operations(
        rqctx: RequestContext<Self::Context>,
        path: Path<ListApplicationOperationsPath>,
        query: Query<ListApplicationOperationsQuery>,
    ) -> Result<Reply<OperationRecordList>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .list_application_operations(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn get_revision_metadata(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetRevisionMetadataPath>,
        query: Query<GetRevisionMetadataQuery>,
    ) -> Result<Reply<RevisionMetadata>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .get_revision_metadata(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn list_projects(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<ProjectList>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        Ok(crate::reply::reply(
            plane.list_projects(session.caller()).await?,
            Some(&session),
        ))
    }

    async fn create_project(
        rqctx: RequestContext<Self::Context>,
        query: Query<CreateProjectQuery>,
        body: Body<ProjectRequest>,
    ) -> Result<Reply<AppProject>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let query = query.read()?;
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane.create_project(session.caller(), query, body).await?,
            Some(&session),
        ))
    }

    async fn get_project(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetProjectPath>,
    ) -> Result<Reply<AppProject>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        Ok(crate::reply::reply(
            plane.get_project(session.caller(), path).await?,
            Some(&session),
        ))
    }

    async fn update_project(
        rqctx: RequestContext<Self::Context>,
        path: Path<UpdateProjectPath>,
        body: Body<ProjectRequest>,
    ) -> Result<Reply<AppProject>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane.update_project(session.caller(), path, body).await?,
            Some(&session),
        ))
    }

    async fn delete_project(
        rqctx: RequestContext<Self::Context>,
        path: Path<DeleteProjectPath>,
    ) -> Result<Reply<Empty>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        crate::body::require_json(&rqctx.request, true)?;
        let path = path.into_inner();
        Ok(crate::reply::reply(
            plane.delete_project(session.caller(), path).await?,
            Some(&session),
        ))
    }

    async fn list_repositories(
        rqctx: RequestContext<Self::Context>,
        query: Query<ListRepositoriesQuery>,
    ) -> Result<Reply<RepositoryListOutput>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane.list_repositories(session.caller(), query).await?,
            Some(&session),
        ))
    }

    async fn create_repository(
        rqctx: RequestContext<Self::Context>,
        query: Query<CreateRepositoryQuery>,
        body: Body<Repository>,
    ) -> Result<Reply<RepositoryOutput>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let query = query.read()?;
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane
                .create_repository(session.caller(), query, body)
                .await?,
            Some(&session),
        ))
    }

    async fn get_repository(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetRepositoryPath>,
        query: Query<GetRepositoryQuery>,
    ) -> Result<Reply<RepositoryOutput>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane.get_repository(session.caller(), path, query).await?,
            Some(&session),
        ))
    }

    async fn update_repository(
        rqctx: RequestContext<Self::Context>,
        path: Path<UpdateRepositoryPath>,
        query: Query<UpdateRepositoryQuery>,
        body: Body<Repository>,
    ) -> Result<Reply<RepositoryOutput>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane
                .update_repository(session.caller(), path, query, body)
                .await?,
            Some(&session),
        ))
    }

    async fn delete_repository(
        rqctx: RequestContext<Self::Context>,
        path: Path<DeleteRepositoryPath>,
        query: Query<DeleteRepositoryQuery>,
    ) -> Result<Reply<Empty>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        crate::body::require_json(&rqctx.request, true)?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane
                .delete_repository(session.caller(), path, query)
                .await?,
            Some(&session),
        ))
    }

    async fn get_app_details(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetAppDetailsPath>,
        body: Body<RepoAppDetailsQuery>,
    ) -> Result<Reply<RepoAppDetailsResponse>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane.get_app_details(session.caller(), path, body).await?,
            Some(&session),
        ))
    }

    async fn list_clusters(
        rqctx: RequestContext<Self::Context>,
        query: Query<ListClustersQuery>,
    ) -> Result<Reply<ClusterListOutput>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane.list_clusters(session.caller(), query).await?,
            Some(&session),
        ))
    }

    async fn create_cluster(
        rqctx: RequestContext<Self::Context>,
        query: Query<CreateClusterQuery>,
        body: Body<Cluster>,
    ) -> Result<Reply<ClusterOutput>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let query = query.read()?;
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane.create_cluster(session.caller(), query, body).await?,
            Some(&session),
        ))
    }

    async fn get_cluster(
        rqctx: RequestContext<Self::Context>,
        path: Path<GetClusterPath>,
        query: Query<GetClusterQuery>,
    ) -> Result<Reply<ClusterOutput>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane.get_cluster(session.caller(), path, query).await?,
            Some(&session),
        ))
    }

    async fn update_cluster(
        rqctx: RequestContext<Self::Context>,
        path: Path<UpdateClusterPath>,
        query: Query<UpdateClusterQuery>,
        body: Body<Cluster>,
    ) -> Result<Reply<ClusterOutput>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let path = path.into_inner();
        let query = query.read()?;
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane
                .update_cluster(session.caller(), path, query, body)
                .await?,
            Some(&session),
        ))
    }

    async fn delete_cluster(
        rqctx: RequestContext<Self::Context>,
        path: Path<DeleteClusterPath>,
        query: Query<DeleteClusterQuery>,
    ) -> Result<Reply<Empty>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        crate::body::require_json(&rqctx.request, true)?;
        let path = path.into_inner();
        let query = query.read()?;
        Ok(crate::reply::reply(
            plane.delete_cluster(session.caller(), path, query).await?,
            Some(&session),
        ))
    }

    async fn create_session(
        rqctx: RequestContext<Self::Context>,
        body: Body<CreateSessionRequest>,
    ) -> Result<Reply<SessionResponse>, ApiError> {
        let plane = rqctx.context().as_ref();
        let body = body.read(&rqctx.request).await?;
        Ok(plane.create_session(body).await?.into_reply())
    }

    async fn delete_session(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<Empty>, ApiError> {
        let plane = rqctx.context().as_ref();
        crate::body::require_json(&rqctx.request, true)?;
        Ok(plane
            .delete_session(rqctx.request.headers())
            .await?
            .into_reply())
    }

    async fn get_user_info(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<UserInfo>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = identify(plane, &rqctx.request).await;
        Ok(crate::reply::reply(
            plane
                .get_user_info(session.as_ref().map(Session::caller))
                .await?,
            session.as_ref(),
        ))
    }

    async fn update_password(
        rqctx: RequestContext<Self::Context>,
        body: Body<UpdatePasswordRequest>,
    ) -> Result<Reply<Empty>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = authenticate(plane, &rqctx.request).await?;
        let body = body.read(&rqctx.request).await?;
        Ok(crate::reply::reply(
            plane.update_password(session.caller(), body).await?,
            Some(&session),
        ))
    }

    async fn get_version(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<VersionMessage>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = identify(plane, &rqctx.request).await;
        Ok(crate::reply::reply(
            plane
                .get_version(session.as_ref().map(Session::caller))
                .await?,
            session.as_ref(),
        ))
    }

    async fn get_settings(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<Settings>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = identify(plane, &rqctx.request).await;
        Ok(crate::reply::reply(
            plane
                .get_settings(session.as_ref().map(Session::caller))
                .await?,
            session.as_ref(),
        ))
    }

    async fn get_api_version(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<VersionMessage>, ApiError> {
        let plane = rqctx.context().as_ref();
        let session = identify(plane, &rqctx.request).await;
        Ok(crate::reply::reply(
            plane
                .get_api_version(session.as_ref().map(Session::caller))
                .await?,
            session.as_ref(),
        ))
    }

    async fn receive_webhook(
        rqctx: RequestContext<Self::Context>,
        body: Raw,
    ) -> Result<Reply<Empty>, ApiError> {
        let plane = rqctx.context().as_ref();
        let body = body.read().await?;
        Ok(crate::reply::reply(
            plane.receive_webhook(rqctx.request.headers(), body).await?,
            None,
        ))
    }

    async fn get_open_api(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Reply<Encoded<serde_json::Value>>, ApiError> {
        let plane = rqctx.context().as_ref();
        Ok(crate::reply::reply(plane.get_open_api().await?, None))
    }

    async fn get_health(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Response<HttpBody>, ApiError> {
        let plane = rqctx.context().as_ref();
        Ok(text(plane.get_health().await?))
    }

    async fn get_readiness(
        rqctx: RequestContext<Self::Context>,
    ) -> Result<Response<HttpBody>, ApiError> {
        let plane = rqctx.context().as_ref();
        Ok(text(plane.get_readiness().await?))
    }
}
