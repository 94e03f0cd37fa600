//! Changes to the control plane's own objects: apply, patch and delete, with the answers that an API server would give.

use std::borrow::Cow;
use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};
use tiphys_engine::{admission, apply, depends, object};
use tiphys_model::{AppProject, Application, ObjectMeta, ResourceKey};
use tiphys_storage::{Bytes, Collection, Stored, Txn, TxnOutcome};
use tokio::time::Instant;

use super::{Applied, OwnObjects, Record, typed};
use crate::cluster::{Apply, ClusterError, PatchKind};
use crate::{NAMESPACE, new_metadata, now};

/// How often a write is repeated when somebody else writes at the same time.
const ATTEMPTS: usize = 64;
/// How long the applications of a project that is deleted have to begin to go, when they are deleted with it.
const BEGIN: Duration = Duration::from_secs(2);
/// How long they have to be gone.
const GO: Duration = Duration::from_secs(20);
/// The project that always exists.
const DEFAULT: &str = "default";
/// Unknown fields that a message names.
const SHOWN: usize = 5;

fn refused(code: u16, reason: &str, message: impl Into<String>) -> ClusterError {
    ClusterError::Refused {
        code,
        reason: reason.to_owned(),
        message: message.into(),
    }
}

fn invalid(key: &ResourceKey, reason: impl std::fmt::Display) -> ClusterError {
    let message = format!("{} \"{}\" is invalid: {reason}", key.kind, key.name);
    refused(422, "Invalid", message)
}

fn conflict(key: &ResourceKey, reason: &str) -> ClusterError {
    let message = format!("{} \"{}\": {reason}", key.kind, key.name);
    refused(409, "Conflict", message)
}

fn overtaken(key: &ResourceKey) -> ClusterError {
    conflict(key, "is being changed by others; try again")
}

fn not_found(key: &ResourceKey) -> ClusterError {
    let plural = format!("{}s.{}", key.kind.to_lowercase(), key.group);
    let message = format!("{plural} \"{}\" not found", key.name);
    refused(404, "NotFound", message)
}

/// What is known of an object before it is written.
struct Known<T> {
    stored: Option<Stored<T>>,
    /// The fields of its last apply.
    applied: Applied,
}

/// Dispatches to the type of a kind.
macro_rules! of_kind {
    ($key:expr, $self:ident . $method:ident ( $($argument:expr),* )) => {
        if $key.kind == Application::KIND {
            $self.$method::<Application>($($argument),*).await
        } else {
            $self.$method::<AppProject>($($argument),*).await
        }
    };
}

impl OwnObjects {
    /// Server-side apply; answers the object.
    pub async fn apply(&self, manifest: &Value, how: Apply) -> Result<Value, ClusterError> {
        let key = object::key(manifest);
        of_kind!(key, self.apply_to(&key, manifest, how))
    }

    /// Changes an object; answers it.
    pub async fn patch(
        &self,
        key: &ResourceKey,
        patch: &Value,
        kind: PatchKind,
    ) -> Result<Value, ClusterError> {
        of_kind!(key, self.patch_one(key, patch, kind))
    }

    /// Deletes an object, or marks it when it has finalizers; answers whether it was there, and whether it is gone.
    pub async fn delete(
        &self,
        key: &ResourceKey,
        uid: &str,
        dry_run: bool,
    ) -> Result<Deleted, ClusterError> {
        if key.kind == AppProject::KIND {
            self.may_delete_project(key, dry_run).await?;
        }
        of_kind!(key, self.delete_one(key, uid, dry_run))
    }

    /// An object and the fields of its last apply.
    async fn known<T: Record>(&self, key: &ResourceKey) -> Result<Known<T>, ClusterError> {
        let stored = T::collection(self).get(&T::id(&key.name)).await?;
        let applied = match &stored {
            Some(stored) => self.applied::<T>(stored.value.metadata()).await?,
            None => Applied::default(),
        };
        Ok(Known { stored, applied })
    }

    async fn apply_to<T: Record>(
        &self,
        key: &ResourceKey,
        manifest: &Value,
        how: Apply,
    ) -> Result<Value, ClusterError> {
        admission::name(T::KIND, &key.name).map_err(|reason| refused(422, "Invalid", reason))?;
        let stated = stated::<T>(key, manifest, how)?;
        let _turn = self.turn(&stated).await;
        for _ in 0..ATTEMPTS {
            let known = self.known::<T>(key).await?;
            let next = self.after_apply(key, &known, &stated, how).await?;
            if let Some(object) = self.save(&known, next, how.dry_run).await? {
                return Ok(object);
            }
        }
        Err(overtaken(key))
    }

    /// The turn to write an application that depends on others, when it does.
    async fn turn(&self, stated: &Value) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let depends = &stated["spec"]["dependsOn"];
        if depends.as_array().is_none_or(Vec::is_empty) {
            return None;
        }
        Some(self.dependencies.lock().await)
    }

    /// What an apply makes of an object.
    async fn after_apply<T: Record>(
        &self,
        key: &ResourceKey,
        known: &Known<T>,
        stated: &Value,
        how: Apply,
    ) -> Result<(T, Applied), ClusterError> {
        let stored = known.stored.as_ref().map(|stored| &stored.value);
        let live = stored.map(document);
        let live = live.transpose()?.unwrap_or_else(|| json!({}));
        let before = if how.replace {
            Cow::Owned(apply::fields(&live))
        } else {
            Cow::Borrowed(&known.applied.fields)
        };
        let mut merged = apply::apply(&live, &before, stated);
        merged["metadata"]["name"] = Value::from(key.name.as_str());
        let mut next = read::<T>(key, &merged)?;
        if let Some(stored) = stored {
            let respecified = merged["spec"] != live["spec"];
            keep_identity(next.metadata_mut(), stored.metadata().clone(), respecified);
        } else {
            new_metadata(next.metadata_mut());
            next.begin();
        }
        next.check().map_err(|reason| invalid(key, reason))?;
        self.check_dependencies(key, &merged).await?;
        let applied = Applied {
            uid: next.metadata().uid.clone(),
            fields: apply::fields(stated),
        };
        Ok((next, applied))
    }

    /// Writes an object with the fields that were applied, unless it is so already. None when somebody else wrote meanwhile.
    async fn save<T: Record>(
        &self,
        known: &Known<T>,
        (next, applied): (T, Applied),
        dry_run: bool,
    ) -> Result<Option<Value>, ClusterError> {
        let stored = known.stored.as_ref();
        let revision = stored.map_or(0, |stored| stored.mod_revision);
        let is_same = known.applied == applied && stored.is_some_and(|stored| stored.value == next);
        if dry_run || is_same {
            return Ok(Some(self.present(&next, revision, &applied)));
        }
        let (collection, name) = (T::collection(self), &next.metadata().name);
        let txn = Txn {
            compares: vec![collection.compare(&T::id(name), revision)],
            ops: vec![
                collection.put_op(&T::id(name), &next)?,
                self.applied
                    .put_op(&Self::applied_id::<T>(name), &applied)?,
            ],
        };
        Ok(match collection.database().commit(txn).await? {
            TxnOutcome::Committed(revision) => Some(self.present(&next, revision, &applied)),
            TxnOutcome::Conflict { .. } => None,
        })
    }

    async fn patch_one<T: Record>(
        &self,
        key: &ResourceKey,
        patch: &Value,
        kind: PatchKind,
    ) -> Result<Value, ClusterError> {
        let _turn = self.turn(patch).await;
        for _ in 0..ATTEMPTS {
            let known = self.known::<T>(key).await?;
            let stored = known.stored.as_ref().ok_or_else(|| not_found(key))?;
            let before = self.present(&stored.value, stored.mod_revision, &known.applied);
            let patched = patched(key, &before, patch, kind)?;
            for named in ["uid", "resourceVersion"] {
                if patched["metadata"][named] != before["metadata"][named] {
                    return Err(conflict(key, "has been modified, or is another one by now"));
                }
            }
            let mut next = read::<T>(key, &patched)?;
            let respecified = patched["spec"] != before["spec"];
            let metadata = stored.value.metadata().clone();
            keep_identity(next.metadata_mut(), metadata, respecified);
            next.check().map_err(|reason| invalid(key, reason))?;
            self.check_dependencies(key, &patched).await?;
            let next = (next, known.applied.clone());
            if let Some(object) = self.save(&known, next, false).await? {
                return Ok(object);
            }
        }
        Err(overtaken(key))
    }

    async fn delete_one<T: Record>(
        &self,
        key: &ResourceKey,
        uid: &str,
        dry_run: bool,
    ) -> Result<Deleted, ClusterError> {
        let collection = T::collection(self);
        let id = T::id(&key.name);
        for _ in 0..ATTEMPTS {
            let Some(stored) = collection.get(&id).await? else {
                return Ok(Deleted::WasGone);
            };
            let metadata = stored.value.metadata();
            if !uid.is_empty() && metadata.uid != uid {
                return Err(conflict(key, "is another one by now"));
            }
            let stays = !metadata.finalizers.is_empty();
            if dry_run || (stays && metadata.deletion_timestamp.is_some()) {
                return Ok(Deleted::Marked);
            }
            let mut marked = stored.value.clone();
            marked.metadata_mut().deletion_timestamp = Some(now());
            let ops = if stays {
                vec![collection.put_op(&id, &marked)?]
            } else {
                let applied = self.applied.delete_op(&Self::applied_id::<T>(&key.name));
                vec![collection.delete_op(&id), applied]
            };
            let txn = Txn {
                compares: vec![collection.compare(&id, stored.mod_revision)],
                ops,
            };
            match collection.database().commit(txn).await? {
                TxnOutcome::Committed(_) if stays => return Ok(Deleted::Marked),
                TxnOutcome::Committed(_) => return Ok(Deleted::Gone),
                TxnOutcome::Conflict { .. } => {}
            }
        }
        Err(overtaken(key))
    }

    /// Refuses dependencies that lead back to the application.
    async fn check_dependencies(
        &self,
        key: &ResourceKey,
        written: &Value,
    ) -> Result<(), ClusterError> {
        let stated = &written["spec"]["dependsOn"];
        if key.kind != Application::KIND || stated.as_array().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        let application: Application = read(key, written)?;
        let all = self.applications.list().await?.items;
        let all = all.iter().map(|stored| &stored.value);
        depends::check_among(all, &key.name, &application.spec.depends_on, NAMESPACE)
            .map_err(|error| invalid(key, format!("spec.{error}")))
    }

    /// A project goes after its applications, for which it is waited when they are going, too.
    async fn may_delete_project(
        &self,
        key: &ResourceKey,
        dry_run: bool,
    ) -> Result<(), ClusterError> {
        if key.name == DEFAULT {
            let message = "the project \"default\" is reserved and cannot be deleted";
            return Err(refused(403, "Forbidden", message));
        }
        let listing = self.applications.list().await?;
        let mut feed = self.applications.watch(listing.revision);
        let mut users = HashSet::new();
        let mut staying = HashSet::new();
        for Stored { value, key: id, .. } in listing.items {
            note_user(&mut users, &mut staying, &key.name, id, Some(&value));
        }
        let begun = Instant::now();
        while !users.is_empty() && !dry_run {
            let limit = if staying.is_empty() { GO } else { BEGIN };
            let Ok(changes) = tokio::time::timeout_at(begun + limit, feed.next()).await else {
                let message = format!(
                    "project \"{}\" is referenced by {} applications; delete them, or move them to another project",
                    key.name,
                    users.len()
                );
                return Err(refused(409, "Conflict", message));
            };
            for change in changes? {
                let current = change.current.as_ref();
                let current = current.map(Collection::<Application>::decode).transpose()?;
                let value = current.as_ref().map(|stored| &stored.value);
                note_user(&mut users, &mut staying, &key.name, change.key, value);
            }
        }
        Ok(())
    }
}

/// What became of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// The object was not there.
    WasGone,
    /// It is gone.
    Gone,
    /// It goes when its finalizers are done.
    Marked,
}

/// Notes whether an application uses a project, and whether it is going.
fn note_user(
    users: &mut HashSet<Bytes>,
    staying: &mut HashSet<Bytes>,
    project: &str,
    key: Bytes,
    application: Option<&Application>,
) {
    let user = application.filter(|application| application.spec.project == project);
    if user.is_some_and(|user| user.metadata.deletion_timestamp.is_none()) {
        staying.insert(key.clone());
    } else {
        staying.remove(&key);
    }
    if user.is_some() {
        users.insert(key);
    } else {
        users.remove(&key);
    }
}

/// What a manifest states, as the object has it. Fields that the object does not have are refused, like an API server does, unless that is
/// not wanted.
fn stated<T: Record>(
    key: &ResourceKey,
    manifest: &Value,
    how: Apply,
) -> Result<Value, ClusterError> {
    let (typed, unknown) = typed::<T>(manifest).map_err(|error| invalid(key, error))?;
    if !how.unchecked && !unknown.is_empty() {
        let shown = unknown[..unknown.len().min(SHOWN)].join(", ");
        return Err(invalid(
            key,
            format!("field not declared in schema: {shown}"),
        ));
    }
    Ok(typed)
}

fn read<T: Record>(key: &ResourceKey, document: &Value) -> Result<T, ClusterError> {
    T::deserialize(document).map_err(|error| invalid(key, error))
}

fn document<T: Record>(record: &T) -> Result<Value, ClusterError> {
    serde_json::to_value(record).map_err(|error| refused(500, "InternalError", error.to_string()))
}

/// Gives an object that changed everything that a write does not change.
fn keep_identity(metadata: &mut ObjectMeta, before: ObjectMeta, respecified: bool) {
    *metadata = ObjectMeta {
        labels: std::mem::take(&mut metadata.labels),
        annotations: std::mem::take(&mut metadata.annotations),
        finalizers: std::mem::take(&mut metadata.finalizers),
        generation: before
            .generation
            .map(|generation| generation + i64::from(respecified)),
        ..before
    };
}

fn patched(
    key: &ResourceKey,
    before: &Value,
    patch: &Value,
    kind: PatchKind,
) -> Result<Value, ClusterError> {
    let mut document = before.clone();
    match kind {
        PatchKind::Merge => json_patch::merge(&mut document, patch),
        PatchKind::Json => {
            let patch: json_patch::Patch =
                serde_json::from_value(patch.clone()).map_err(|error| invalid(key, error))?;
            json_patch::patch(&mut document, &patch).map_err(|error| invalid(key, error))?;
        }
        PatchKind::Strategic => {
            let message =
                "a strategic merge patch is for the kinds of Kubernetes; send a merge patch";
            return Err(refused(415, "UnsupportedMediaType", message));
        }
    }
    Ok(document)
}
