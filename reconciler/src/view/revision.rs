//! Who made a revision, when, and why.

use tiphys_model::{ApplicationSource, RevisionMetadata};

use crate::Reconciler;
use crate::source::SourceError;

impl Reconciler {
    /// The metadata of a commit of a source.
    ///
    /// # Errors
    /// When the commit cannot be fetched.
    pub async fn revision_metadata(
        &self,
        project: &str,
        source: &ApplicationSource,
        revision: &str,
    ) -> Result<RevisionMetadata, SourceError> {
        let repo = self.records().repo(&source.repo_url, project);
        self.inner.sources.metadata(&repo, revision).await
    }
}
