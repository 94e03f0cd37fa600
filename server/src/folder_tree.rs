//! A folder of the disk as a read-only tree for rendering. Nothing outside the folder is reachable: no path goes through a link
//! unless rendering has followed it inside the tree.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{self, FileType, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use tiphys_render::tree::{Entry, EntryKind, Tree, TreeError, TreePath};

/// The tree of a folder.
pub struct FolderTree {
    root: PathBuf,
    /// Folders on the way to something that was asked for: most files have the same ones above them, and each is looked at once.
    folders: RwLock<HashSet<String>>,
}

impl FolderTree {
    /// The tree below an existing folder.
    ///
    /// # Errors
    /// When the folder is not there.
    pub fn open(root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        if !root.is_dir() {
            return Err(io::Error::from(io::ErrorKind::NotADirectory));
        }
        Ok(Self {
            root,
            folders: RwLock::default(),
        })
    }

    /// The place on the disk. Every folder on the way has to be a folder, not a link to one.
    fn place(&self, path: &TreePath) -> Result<PathBuf, TreeError> {
        let text = path.as_str();
        let above = text.rsplit_once('/').map_or("", |(above, _)| above);
        let known = self.folders.read().unwrap_or_else(PoisonError::into_inner);
        if !above.is_empty() && !known.contains(above) {
            drop(known);
            let mut at = self.root.clone();
            for name in above.split('/') {
                at.push(name);
                if !ask(path, &at)?.is_dir() {
                    return Err(TreeError::NotFound(path.clone()));
                }
            }
            let folders = self.folders.write();
            let mut folders = folders.unwrap_or_else(PoisonError::into_inner);
            folders.insert(above.to_owned());
        }
        Ok(self.root.join(text))
    }

    /// The place on the disk and what is there.
    fn look(&self, path: &TreePath) -> Result<(PathBuf, Metadata), TreeError> {
        let at = self.place(path)?;
        let found = ask(path, &at)?;
        Ok((at, found))
    }
}

fn ask(path: &TreePath, at: &Path) -> Result<Metadata, TreeError> {
    fs::symlink_metadata(at).map_err(|error| failed(path, &error))
}

fn failed(path: &TreePath, error: &io::Error) -> TreeError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => TreeError::NotFound(path.clone()),
        _ => TreeError::Failed {
            path: path.clone(),
            message: error.to_string(),
        },
    }
}

/// Pipes, sockets and devices are no part of a source.
fn kind(kind: FileType) -> Option<EntryKind> {
    if kind.is_symlink() {
        Some(EntryKind::Link)
    } else if kind.is_dir() {
        Some(EntryKind::Folder)
    } else if kind.is_file() {
        Some(EntryKind::File)
    } else {
        None
    }
}

impl Tree for FolderTree {
    fn kind(&self, path: &TreePath) -> Result<EntryKind, TreeError> {
        let (_, found) = self.look(path)?;
        kind(found.file_type()).ok_or_else(|| TreeError::NotFound(path.clone()))
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let (at, found) = self.look(path)?;
        if !found.is_dir() {
            return Err(TreeError::WrongKind {
                path: path.clone(),
                wanted: "folder",
            });
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(at).map_err(|error| failed(path, &error))? {
            let entry = entry.map_err(|error| failed(path, &error))?;
            let found = entry.file_type().map_err(|error| failed(path, &error))?;
            // The history of a repository is no part of it.
            if entry.file_name() == ".git" {
                continue;
            }
            if let Some(kind) = kind(found) {
                entries.push(Entry {
                    name: entry.file_name().to_string_lossy().into_owned(),
                    kind,
                });
            }
        }
        entries.sort_by(|one, other| one.name.as_bytes().cmp(other.name.as_bytes()));
        Ok(entries)
    }

    fn read(&self, path: &TreePath, limit: u64) -> Result<Cow<'_, [u8]>, TreeError> {
        let wrong = || TreeError::WrongKind {
            path: path.clone(),
            wanted: "file",
        };
        // Opened without waiting for whoever writes into a pipe, and asked what it is only then: nothing can take its place in between.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = match open(self.place(path)?, flags, Mode::empty()) {
            Ok(file) => fs::File::from(file),
            Err(Errno::LOOP | Errno::NXIO) => return Err(wrong()),
            Err(error) => return Err(failed(path, &error.into())),
        };
        let found = file.metadata().map_err(|error| failed(path, &error))?;
        if !found.is_file() {
            return Err(wrong());
        }
        let size = found.len();
        if size > limit {
            return Err(TreeError::TooLarge {
                path: path.clone(),
                size,
                limit,
            });
        }
        // What it may have grown by since is not read.
        let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.take(size)
            .read_to_end(&mut content)
            .map_err(|error| failed(path, &error))?;
        Ok(Cow::Owned(content))
    }

    fn link(&self, path: &TreePath) -> Result<String, TreeError> {
        let (at, found) = self.look(path)?;
        if !found.is_symlink() {
            return Err(TreeError::WrongKind {
                path: path.clone(),
                wanted: "symbolic link",
            });
        }
        let target = fs::read_link(at).map_err(|error| failed(path, &error))?;
        Ok(target.to_string_lossy().into_owned())
    }

    fn id(&self, path: &TreePath) -> Result<Option<String>, TreeError> {
        self.look(path).map(|_| None)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::new(text).expect("a path")
    }

    #[test]
    fn nothing_outside_is_reachable() {
        let outside = tempfile::tempdir().expect("a folder");
        fs::write(outside.path().join("secret"), "s").expect("a file");
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("a")).expect("a folder");
        fs::write(folder.path().join("a/file"), "content").expect("a file");
        symlink(outside.path(), folder.path().join("out")).expect("a link");
        symlink("a/file", folder.path().join("in")).expect("a link");
        let tree = FolderTree::open(folder.path()).expect("a tree");
        assert_eq!(tree.kind(&path("out")), Ok(EntryKind::Link));
        assert!(matches!(
            tree.read(&path("out/secret"), 9),
            Err(TreeError::NotFound(_))
        ));
        assert!(path("out/secret").follow(&tree).is_err());
        for name in ["out", "in", "a"] {
            let wrong = tree.read(&path(name), 9);
            assert!(matches!(wrong, Err(TreeError::WrongKind { .. })), "{name}");
        }
        let (target, kind) = path("in").follow(&tree).expect("a link inside");
        assert_eq!((target.as_str(), kind), ("a/file", EntryKind::File));
        assert_eq!(tree.read(&target, 7).expect("a file").as_ref(), b"content");
        assert!(matches!(
            tree.read(&target, 6),
            Err(TreeError::TooLarge { size: 7, .. })
        ));
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.is_ok_and(|status| status.success()));
        // It is not waited for.
        let wrong = tree.read(&path("pipe"), 9);
        assert!(
            matches!(wrong, Err(TreeError::WrongKind { .. })),
            "{wrong:?}"
        );
        let names: Vec<_> = tree
            .list(&path(""))
            .expect("a folder")
            .into_iter()
            .map(|entry| entry.name)
            .collect();
        assert_eq!(names, ["a", "in", "out"]);
    }
}
