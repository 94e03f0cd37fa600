//! Changes to the control plane's own objects: apply, patch and delete, with the answers that an API server would give.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde_json::{Value, json};
use tiphys_engine::{admission, apply, depends, object};
use tiphys_model::{AppProject, Application, ObjectMeta, ResourceKey};
use tiphys_storage::{Bytes, Collection, StoreError, Stored, Txn, TxnOutcome};
use tokio::time::Instant;

use super::{Applied, OwnObjects, Record, failed, without_own};
use crate::cluster::{Apply, ClusterError, PatchKind};
use crate::{NAMESPACE, now};

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

fn not_found(key: &ResourceKey) -> ClusterError {
    let plural = format!("{}s.{}", key.kind.to_lowercase(), key.group);
    let message = format!("{plural} \"{}\" not found", key.name);
    refused(404, "NotFound", message)
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
            let stored = T::collection(self).get(&T::id(&key.name)).await;
            let stored = stored.map_err(|error| failed(&error))?;
            let next = self.after_apply(key, stored.as_ref(), &stated, how).await?;
            if let Some(object) = self.save(stored, next, how.dry_run).await? {
                return Ok(object);
            }
        }
        Err(conflict(key, "is being changed by others; try again"))
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
        stored: Option<&Stored<T>>,
        stated: &Value,
        how: Apply,
    ) -> Result<(T, Applied), ClusterError> {
        let metadata = stored.map(|stored| stored.value.metadata().clone());
        let applied = match &metadata {
            Some(metadata) => self.applied::<T>(metadata).await,
            None => Ok(Applied::default()),
        };
        let applied = applied.map_err(|error| failed(&error))?;
        let live = stored.map(|stored| document(&stored.value));
        let live = live.transpose()?.unwrap_or_else(|| json!({}));
        let before = match how.replace {
            true => apply::fields(&live),
            false => applied.fields,
        };
        let mut merged = apply::apply(&live, &before, stated);
        merged["metadata"]["name"] = Value::from(key.name.as_str());
        let mut next = read::<T>(key, &merged)?;
        match metadata {
            Some(metadata) => keep_identity(
                next.metadata_mut(),
                metadata,
                merged["spec"] != live["spec"],
            ),
            None => {
                *next.metadata_mut() = begun(next.metadata());
                next.begin();
            }
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
        stored: Option<Stored<T>>,
        (next, applied): (T, Applied),
        dry_run: bool,
    ) -> Result<Option<Value>, ClusterError> {
        let name = next.metadata().name.clone();
        let revision = stored.as_ref().map_or(0, |stored| stored.mod_revision);
        let known = self.applied::<T>(next.metadata()).await;
        let known = known.map_err(|error| failed(&error))?;
        let is_same = known == applied && stored.is_some_and(|stored| stored.value == next);
        if dry_run || is_same {
            return Ok(Some(self.present(&next, revision, &applied)));
        }
        let collection = T::collection(self);
        let applied_op = self.applied.put_op(&Self::applied_id::<T>(&name), &applied);
        let ops = [collection.put_op(&T::id(&name), &next), applied_op];
        let ops: Result<Vec<_>, StoreError> = ops.into_iter().collect();
        let txn = Txn {
            compares: vec![collection.compare(&T::id(&name), revision)],
            ops: ops.map_err(|error| failed(&error))?,
        };
        let outcome = collection.database().commit(txn).await;
        match outcome.map_err(|error| failed(&error))? {
            TxnOutcome::Committed(revision) => Ok(Some(self.present(&next, revision, &applied))),
            TxnOutcome::Conflict { .. } => Ok(None),
        }
    }

    async fn patch_one<T: Record>(
        &self,
        key: &ResourceKey,
        patch: &Value,
        kind: PatchKind,
    ) -> Result<Value, ClusterError> {
        let _turn = self.turn(patch).await;
        for _ in 0..ATTEMPTS {
            let stored = T::collection(self).get(&T::id(&key.name)).await;
            let stored = stored.map_err(|error| failed(&error))?;
            let stored = stored.ok_or_else(|| not_found(key))?;
            let metadata = stored.value.metadata().clone();
            let applied = self.applied::<T>(&metadata).await;
            let applied = applied.map_err(|error| failed(&error))?;
            let before = self.present(&stored.value, stored.mod_revision, &applied);
            let patched = patched(key, &before, patch, kind)?;
            for named in ["uid", "resourceVersion"] {
                if patched["metadata"][named] != before["metadata"][named] {
                    return Err(conflict(key, "has been modified, or is another one by now"));
                }
            }
            let mut next = read::<T>(key, &patched)?;
            keep_identity(
                next.metadata_mut(),
                metadata,
                patched["spec"] != before["spec"],
            );
            next.check().map_err(|reason| invalid(key, reason))?;
            self.check_dependencies(key, &patched).await?;
            if let Some(object) = self.save(Some(stored), (next, applied), false).await? {
                return Ok(object);
            }
        }
        Err(conflict(key, "is being changed by others; try again"))
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
            let stored = collection.get(&id).await;
            let Some(stored) = stored.map_err(|error| failed(&error))? else {
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
                collection.put_op(&id, &marked).map(|op| vec![op])
            } else {
                let applied = self.applied.delete_op(&Self::applied_id::<T>(&key.name));
                Ok(vec![collection.delete_op(&id), applied])
            };
            let txn = Txn {
                compares: vec![collection.compare(&id, stored.mod_revision)],
                ops: ops.map_err(|error| failed(&error))?,
            };
            let outcome = collection.database().commit(txn).await;
            match outcome.map_err(|error| failed(&error))? {
                TxnOutcome::Committed(_) if stays => return Ok(Deleted::Marked),
                TxnOutcome::Committed(_) => return Ok(Deleted::Gone),
                TxnOutcome::Conflict { .. } => {}
            }
        }
        Err(conflict(key, "is being changed by others; try again"))
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
        let of =
            |application: &Application| depends::names(&application.spec.depends_on, NAMESPACE);
        let application: Application = read(key, written)?;
        let names = of(&application).map_err(|error| invalid(key, format!("spec.{error}")))?;
        let listing = self.applications.list().await;
        let listing = listing.map_err(|error| failed(&error))?;
        let graph: BTreeMap<String, Vec<String>> = listing
            .items
            .into_iter()
            .filter_map(|stored| {
                let names = of(&stored.value).ok()?;
                Some((stored.value.metadata.name, names))
            })
            .collect();
        depends::check(&graph, &key.name, &names)
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
        let listing = self.applications.list().await;
        let listing = listing.map_err(|error| failed(&error))?;
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
            for change in changes.map_err(|error| failed(&error))? {
                let current = change.current.as_ref();
                let current = current.map(Collection::<Application>::decode).transpose();
                let current = current.map_err(|error| failed(&error))?;
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
    let given = without_own(manifest);
    let mut record = read::<T>(key, &given)?;
    record.normalise();
    let typed = document(&record)?;
    let unknown = apply::unknown(&given, &typed);
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
    // From text, because an error then says where.
    serde_json::from_str(&document.to_string()).map_err(|error| invalid(key, error))
}

fn document<T: Record>(record: &T) -> Result<Value, ClusterError> {
    serde_json::to_value(record).map_err(|error| refused(500, "InternalError", error.to_string()))
}

/// The metadata of an object that is new.
fn begun(stated: &ObjectMeta) -> ObjectMeta {
    ObjectMeta {
        name: stated.name.clone(),
        namespace: NAMESPACE.to_owned(),
        uid: uuid::Uuid::new_v4().to_string(),
        creation_timestamp: Some(now()),
        generation: Some(1),
        labels: stated.labels.clone(),
        annotations: stated.annotations.clone(),
        finalizers: stated.finalizers.clone(),
        ..ObjectMeta::default()
    }
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
