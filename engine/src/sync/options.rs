//! Sync options: of an application (`spec.syncPolicy.syncOptions`) and of an object (`argocd.argoproj.io/sync-options`).

use serde_json::Value;

use super::hook;
use crate::object;
use crate::text::shorten;

/// The annotation with options for one object, comma-separated.
pub const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
/// The annotation of an application that confirms pruning and deletion: a time in RFC 3339.
pub const DELETION_APPROVED: &str = "argocd.argoproj.io/deletion-approved";
/// Warnings of one object beyond this number are not listed.
const WARNINGS: usize = 10;

/// Whether something is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Yes.
    Allowed,
    /// Never.
    Forbidden,
    /// When somebody confirms it.
    Confirm,
}

/// How the dependents of a deleted object go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// Before the object.
    #[default]
    Foreground,
    /// After the object.
    Background,
    /// Not at all.
    Orphan,
}

/// Options, each absent unless stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `Validate`: whether manifests are checked against the schema before they are applied. True when absent.
    pub validate: Option<bool>,
    /// `CreateNamespace`: whether the destination's namespace is made.
    pub create_namespace: Option<bool>,
    /// `ApplyOutOfSyncOnly`: whether objects without drift are left alone.
    pub apply_out_of_sync_only: Option<bool>,
    /// `PruneLast`: whether objects are pruned after everything else.
    pub prune_last: Option<bool>,
    /// `Prune`: whether an object that left the source may be deleted.
    pub prune: Option<Removal>,
    /// `Delete`: whether an object is deleted with its application.
    pub delete: Option<Removal>,
    /// `PrunePropagationPolicy`.
    pub propagation: Option<Propagation>,
    /// `Replace`: whether an object is replaced instead of applied.
    pub replace: Option<bool>,
    /// `Force`: whether an object that cannot be changed is deleted and made again.
    pub force: Option<bool>,
    /// `ServerSideApply`.
    pub server_side_apply: Option<bool>,
    /// `ClientSideApplyMigration`: whether fields of client-side managers are taken over. True when absent.
    pub client_side_apply_migration: Option<bool>,
    /// `ClientSideApplyMigrationManager`: the manager whose fields are taken over, besides the usual ones.
    pub client_side_apply_migration_manager: Option<String>,
    /// `SkipDryRunOnMissingResource`: whether an object whose kind is not served yet is no error beforehand.
    pub skip_dry_run_on_missing_resource: Option<bool>,
    /// `FailOnSharedResource`: whether an object that another application manages is an error.
    pub fail_on_shared_resource: Option<bool>,
    /// `RespectIgnoreDifferences`: whether fields that are no drift are not applied either.
    pub respect_ignore_differences: Option<bool>,
}

/// An option that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// Its name is not known.
    #[error("unknown sync option \"{0}\"")]
    Unknown(String),
    /// Its value is not one of those it can have.
    #[error("sync option \"{option}\": the value must be {expected}")]
    Value {
        /// Name and value as given.
        option: String,
        /// The possible values.
        expected: &'static str,
    },
    /// It is an option of applications, not of objects.
    #[error("sync option \"{0}\" has no effect on an object; set it in the application")]
    NotOfObject(String),
}

impl Options {
    /// Reads the options of an application; the last of two that contradict each other counts.
    ///
    /// # Errors
    /// The first option that is not known or has a value it cannot have.
    pub fn of_application<S: AsRef<str>>(options: &[S]) -> Result<Self, OptionError> {
        let mut parsed = Self::default();
        for option in options {
            parsed.set(option.as_ref().trim())?;
        }
        Ok(parsed)
    }

    /// Reads what can be read of an application's options; what cannot is left out, for applications that were stored before.
    #[must_use]
    pub fn of_application_leniently<S: AsRef<str>>(options: &[S]) -> Self {
        let mut parsed = Self::default();
        for option in options {
            // An error leaves everything as it was.
            let _ = parsed.set(option.as_ref().trim());
        }
        parsed
    }

    /// Reads the options of an object, and warns of those that are unknown.
    #[must_use]
    pub fn of_object(object: &Value) -> (Self, Vec<String>) {
        let mut parsed = Self::default();
        let mut warnings = Vec::new();
        for option in hook::list(object, SYNC_OPTIONS) {
            let of_application = [
                "CreateNamespace=",
                "ApplyOutOfSyncOnly=",
                "FailOnSharedResource=",
                "RespectIgnoreDifferences=",
            ];
            let result = if of_application.iter().any(|name| option.starts_with(name)) {
                Err(OptionError::NotOfObject(shorten(option)))
            } else {
                parsed.set(option)
            };
            if let Err(error) = result
                && warnings.len() < WARNINGS
            {
                warnings.push(format!("{}: {error}", object::key(object)));
            }
        }
        (parsed, warnings)
    }

    fn set(&mut self, option: &str) -> Result<(), OptionError> {
        let (name, value) = option
            .split_once('=')
            .ok_or_else(|| OptionError::Unknown(shorten(option)))?;
        let bad = |expected| OptionError::Value {
            option: shorten(option),
            expected,
        };
        let flag = || match value {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(bad("true or false")),
        };
        let removal = || match value {
            "true" => Ok(Some(Removal::Allowed)),
            "false" => Ok(Some(Removal::Forbidden)),
            "confirm" => Ok(Some(Removal::Confirm)),
            _ => Err(bad("true, false or confirm")),
        };
        match name {
            "Validate" => self.validate = flag()?,
            "CreateNamespace" => self.create_namespace = flag()?,
            "ApplyOutOfSyncOnly" => self.apply_out_of_sync_only = flag()?,
            "PruneLast" => self.prune_last = flag()?,
            "Prune" => self.prune = removal()?,
            "Delete" => self.delete = removal()?,
            "PrunePropagationPolicy" => {
                self.propagation = Some(match value {
                    "foreground" => Propagation::Foreground,
                    "background" => Propagation::Background,
                    "orphan" => Propagation::Orphan,
                    _ => return Err(bad("foreground, background or orphan")),
                });
            }
            "Replace" => self.replace = flag()?,
            "Force" => self.force = flag()?,
            "ServerSideApply" => self.server_side_apply = flag()?,
            "ClientSideApplyMigration" => self.client_side_apply_migration = flag()?,
            "ClientSideApplyMigrationManager" if value.is_empty() || value.len() > 128 => {
                return Err(bad("the name of a field manager, at most 128 bytes"));
            }
            "ClientSideApplyMigrationManager" => {
                self.client_side_apply_migration_manager = Some(value.to_owned());
            }
            "SkipDryRunOnMissingResource" => self.skip_dry_run_on_missing_resource = flag()?,
            "FailOnSharedResource" => self.fail_on_shared_resource = flag()?,
            "RespectIgnoreDifferences" => self.respect_ignore_differences = flag()?,
            _ => return Err(OptionError::Unknown(shorten(option))),
        }
        Ok(())
    }

    /// These options, overridden by those that an object states.
    #[must_use]
    pub fn with(&self, own: &Self) -> Self {
        Self {
            validate: own.validate.or(self.validate),
            create_namespace: self.create_namespace,
            apply_out_of_sync_only: self.apply_out_of_sync_only,
            prune_last: own.prune_last.or(self.prune_last),
            prune: own.prune.or(self.prune),
            delete: own.delete.or(self.delete),
            propagation: own.propagation.or(self.propagation),
            replace: own.replace.or(self.replace),
            force: own.force.or(self.force),
            server_side_apply: own.server_side_apply.or(self.server_side_apply),
            client_side_apply_migration: own
                .client_side_apply_migration
                .or(self.client_side_apply_migration),
            client_side_apply_migration_manager: own
                .client_side_apply_migration_manager
                .clone()
                .or_else(|| self.client_side_apply_migration_manager.clone()),
            skip_dry_run_on_missing_resource: own
                .skip_dry_run_on_missing_resource
                .or(self.skip_dry_run_on_missing_resource),
            fail_on_shared_resource: self.fail_on_shared_resource,
            respect_ignore_differences: self.respect_ignore_differences,
        }
    }
}

/// Whether an application's annotation [`DELETION_APPROVED`] confirms what began at `since`: a confirmation from before does not.
#[must_use]
pub fn is_deletion_approved(
    annotation: Option<&str>,
    since: chrono::DateTime<chrono::Utc>,
) -> bool {
    annotation
        .and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok())
        .is_some_and(|approved| approved.to_utc() >= since)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_option_is_read() {
        let options = Options::of_application(&[
            "Validate=false",
            "CreateNamespace=true",
            "ApplyOutOfSyncOnly=true",
            "PruneLast=true",
            "Prune=confirm",
            "Delete=false",
            "PrunePropagationPolicy=orphan",
            "Replace=true",
            "Force=true",
            "ServerSideApply=true",
            "ClientSideApplyMigration=false",
            "ClientSideApplyMigrationManager=helm",
            "SkipDryRunOnMissingResource=true",
            "FailOnSharedResource=true",
            "RespectIgnoreDifferences=true",
        ]);
        let expected = Options {
            validate: Some(false),
            create_namespace: Some(true),
            apply_out_of_sync_only: Some(true),
            prune_last: Some(true),
            prune: Some(Removal::Confirm),
            delete: Some(Removal::Forbidden),
            propagation: Some(Propagation::Orphan),
            replace: Some(true),
            force: Some(true),
            server_side_apply: Some(true),
            client_side_apply_migration: Some(false),
            client_side_apply_migration_manager: Some("helm".to_owned()),
            skip_dry_run_on_missing_resource: Some(true),
            fail_on_shared_resource: Some(true),
            respect_ignore_differences: Some(true),
        };
        assert_eq!(options, Ok(expected));
    }

    #[test]
    fn what_is_unknown_is_named() {
        for (option, message) in [
            ("Colour=blue", "unknown sync option \"Colour=blue\""),
            ("Prune", "unknown sync option \"Prune\""),
            (
                "Prune=maybe",
                "sync option \"Prune=maybe\": the value must be true, false or confirm",
            ),
            (
                "Validate=",
                "sync option \"Validate=\": the value must be true or false",
            ),
            (
                "PrunePropagationPolicy=Foreground",
                "sync option \"PrunePropagationPolicy=Foreground\": the value must be foreground, background or orphan",
            ),
        ] {
            let error = Options::of_application(&["Replace=true", option])
                .map_err(|error| error.to_string());
            assert_eq!(error, Err(message.to_owned()));
            assert_eq!(
                Options::of_application_leniently(&[option, "Replace=true"]).replace,
                Some(true)
            );
        }
    }

    #[test]
    fn an_object_overrides_and_warns() {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n", "annotations":
            {SYNC_OPTIONS: "Replace=false, Prune=false,,Colour=blue,CreateNamespace=true"}}});
        let (own, warnings) = Options::of_object(&object);
        assert_eq!(
            warnings,
            [
                "/ConfigMap/n/c: unknown sync option \"Colour=blue\"",
                "/ConfigMap/n/c: sync option \"CreateNamespace=true\" has no effect on an object; set it in the application"
            ]
        );
        let application = Options {
            replace: Some(true),
            force: Some(true),
            ..Options::default()
        };
        let both = application.with(&own);
        assert_eq!(
            (both.replace, both.force, both.prune),
            (Some(false), Some(true), Some(Removal::Forbidden))
        );
        let many = json!({"metadata": {"annotations": {SYNC_OPTIONS: "x,".repeat(5000)}}});
        assert_eq!(Options::of_object(&many).1.len(), WARNINGS);
    }

    #[test]
    fn only_a_new_approval_counts() {
        let since = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
        assert!(is_deletion_approved(Some("2023-11-14T22:13:20Z"), since));
        assert!(!is_deletion_approved(Some("2023-11-14T22:13:19Z"), since));
        assert!(!is_deletion_approved(Some("yes"), since));
        assert!(!is_deletion_approved(None, since));
    }
}
