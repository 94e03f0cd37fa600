//! What is kept on disk of Git repositories that no application names: those of remote bases, those that somebody only tried, and those
//! whose applications went while the server was down. It goes when nobody has used it for a while; who needs it again fetches it again.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Place, Sources};

/// How long what no application names is kept after its last use.
const KEPT: Duration = Duration::from_secs(6 * 60 * 60);
/// How often that is looked at.
const LOOKED_AT: Duration = Duration::from_secs(30 * 60);
/// Ending of a folder that is being removed.
const GONE: &str = "gone";
/// Letters of the name of a folder, which is a hash.
const NAME_LETTERS: usize = 32;

impl Sources {
    /// Removes what nobody uses, again and again.
    pub async fn tidy(self) {
        loop {
            tokio::time::sleep(LOOKED_AT).await;
            let this = self.clone();
            // When it panicked, the next look tries again.
            let _ended = tokio::task::spawn_blocking(move || this.remove_unused(KEPT)).await;
        }
    }

    /// Removes what is kept of repositories that are not polled, and that nobody has used for this long.
    pub(super) fn remove_unused(&self, kept: Duration) {
        for folder in self.take_unused(kept) {
            if let Err(error) = std::fs::remove_dir_all(&folder) {
                tracing::warn!(folder = %folder.display(), %error, "a folder that nobody uses cannot be removed");
            }
        }
    }

    /// Forgets those repositories, and moves their folders aside: from then on whoever comes makes a new one.
    fn take_unused(&self, kept: Duration) -> Vec<PathBuf> {
        let polls = crate::locked(&self.inner.polls);
        let mut places = crate::locked(&self.inner.places);
        places.retain(|id, place| polls.contains_key(id) || !is_unused(place, kept));
        let mut unused = Vec::new();
        if self.inner.started.elapsed() < kept {
            return unused;
        }
        let known: HashSet<&Path> = places.values().map(|place| &*place.folder).collect();
        let folders = std::fs::read_dir(&self.inner.options.folder);
        for folder in folders.into_iter().flatten().flatten() {
            let folder = folder.path();
            if folder.extension().is_some_and(|ending| ending == GONE) {
                unused.push(folder);
            } else if is_hash(&folder) && !known.contains(&*folder) {
                let aside = folder.with_extension(GONE);
                match std::fs::rename(&folder, &aside) {
                    Ok(()) => unused.push(aside),
                    Err(error) => {
                        tracing::warn!(folder = %folder.display(), %error, "a folder that nobody uses cannot be moved");
                    }
                }
            }
        }
        unused
    }
}

/// Whether nobody holds a place or its files, nor did lately.
fn is_unused(place: &Arc<Place>, kept: Duration) -> bool {
    let is_idle = crate::locked(&place.used).elapsed() >= kept;
    let is_free = || match place.objects.try_lock() {
        Ok(store) => store
            .as_ref()
            .is_none_or(|store| Arc::strong_count(store) == 1),
        Err(_) => false,
    };
    is_idle && Arc::strong_count(place) == 1 && is_free()
}

fn is_hash(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        name.len() == NAME_LETTERS && name.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use tiphys_render::{Missing, Needed};
    use tiphys_testbed::git::Repository;

    use super::super::{Options, Repo};
    use super::*;

    fn served(folder: &Path, name: &str) -> Repository {
        let git = Repository::init(folder, name).unwrap();
        git.write("overlay/kustomization.yaml", "resources: []\n")
            .unwrap();
        git.commit("one").unwrap();
        git
    }

    fn kept(options: &Options) -> usize {
        std::fs::read_dir(&options.folder).unwrap().count()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_nobody_uses_leaves_the_disk_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::of_test(folder.path());
        let served_at = folder.path().join("served");
        let (bases, named) = (served(&served_at, "bases"), served(&served_at, "named"));
        let base = [Missing::Base {
            url: format!("file://{}//overlay", bases.bare().display()),
        }]
        .map(Needed::from);
        let finder = |url: &str| Repo::anonymous(url);
        let named = Repo::anonymous(&format!("file://{}", named.bare().display()));
        let sources = Sources::new(options.clone());
        let found = sources.supply(&base, &finder).await.unwrap();
        sources.watch(vec![named.clone()]);
        let commit = sources.resolve(&named, "HEAD").await.unwrap();
        sources.tree(&named, &commit).await.unwrap();
        assert_eq!(kept(&options), 2);

        sources.remove_unused(Duration::ZERO);
        assert_eq!(kept(&options), 2, "somebody reads the base");
        drop(found);
        sources.remove_unused(Duration::from_secs(3600));
        assert_eq!(kept(&options), 2, "it was used lately");
        sources.remove_unused(Duration::ZERO);
        assert_eq!(kept(&options), 1, "the base is gone, what is polled stays");
        assert!(sources.tree(&named, &commit).await.is_ok());

        sources.supply(&base, &finder).await.unwrap();
        assert_eq!(kept(&options), 2, "it was fetched again");
        drop(sources);
        // After a restart nobody knows what the folder was for.
        let sources = Sources::new(options.clone());
        std::fs::create_dir(options.folder.join("mine")).unwrap();
        sources.remove_unused(Duration::from_secs(3600));
        assert_eq!(kept(&options), 3, "whoever needs it may come yet");
        sources.remove_unused(Duration::ZERO);
        assert!(options.folder.join("mine").exists(), "no folder of ours");
        assert_eq!(kept(&options), 1);
    }
}
