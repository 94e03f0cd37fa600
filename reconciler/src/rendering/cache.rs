//! Renderings that are kept: in memory within a budget of bytes, and sealed on the disk across restarts.
//!
//! Applications with the same inputs share an entry, because nothing of an application is in the key but what takes part in its rendering.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tiphys_render::tree::{Question, Reads, Tree, TreePath};
use tiphys_render::{Manifest, Missing};
use tiphys_secrets::Sealer;

use super::Last;
use super::charts::Charts;
use crate::locked;

/// Identity of the inputs that are no files.
pub type Key = [u8; 32];

/// Bytes of renderings that are kept in memory.
const MEMORY: usize = 128 << 20;
/// Bytes of renderings that are kept on the disk.
const DISK: u64 = 512 << 20;
/// Renderings between two looks at how much the disk holds.
const TIDY: usize = 200;
/// A larger rendering is not kept on the disk.
const LARGEST: usize = 16 << 20;

/// Which tree was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// That of the source.
    Source,
    /// That of another source of the application.
    Reference(usize),
    /// Something that was fetched for it.
    Supplied(Missing),
}

/// A rendering that is kept.
pub struct Entry {
    key: Key,
    /// The only application that it is for; none when it is for all.
    pub owner: Option<String>,
    /// Whether it may be used again at all.
    reusable: bool,
    /// What was read, of which tree.
    pub reads: Vec<(Part, Reads)>,
    /// The manifests as text: values take several times as much.
    json: Arc<str>,
    size: usize,
}

#[derive(Serialize, Deserialize)]
struct Line {
    object: Value,
    file: String,
    line: usize,
}

impl Entry {
    pub fn new(
        key: Key,
        owner: Option<String>,
        reusable: bool,
        reads: Vec<(Part, Reads)>,
        manifests: &[Manifest],
    ) -> Self {
        let lines: Vec<Line> = manifests
            .iter()
            .map(|manifest| Line {
                object: manifest.object.clone(),
                file: manifest.file.clone(),
                line: manifest.line,
            })
            .collect();
        let json: Arc<str> = serde_json::to_string(&lines).unwrap_or_default().into();
        let asked: usize = reads
            .iter()
            .flat_map(|(_, reads)| reads.iter())
            .map(|(path, _, answer)| path.as_str().len() + answer.len() + 96)
            .sum();
        Self {
            size: json.len() + asked + 256,
            key,
            owner,
            reusable,
            reads,
            json,
        }
    }

    /// The manifests.
    pub fn manifests(&self) -> Arc<Vec<Manifest>> {
        let lines: Vec<Line> = serde_json::from_str(&self.json).unwrap_or_default();
        Arc::new(
            lines
                .into_iter()
                .map(|line| Manifest {
                    object: line.object,
                    file: line.file,
                    line: line.line,
                })
                .collect(),
        )
    }
}

fn with<T, R>(mutex: &Mutex<T>, work: impl FnOnce(&mut T) -> R) -> R {
    work(&mut locked(mutex))
}

#[derive(Default)]
struct Memory {
    entries: HashMap<Key, (Arc<Entry>, u64)>,
    /// What each source of each application rendered to last.
    last: HashMap<(String, usize), Arc<Entry>>,
    bytes: usize,
    clock: u64,
}

impl Memory {
    fn insert(&mut self, entry: Arc<Entry>) {
        self.clock += 1;
        self.bytes += entry.size;
        if let Some((old, _)) = self.entries.insert(entry.key, (entry, self.clock)) {
            self.bytes -= old.size;
        }
        while self.bytes > MEMORY && self.entries.len() > 1 {
            // An eighth of the oldest at once, so that a full cache is not searched for every entry.
            let mut ages: Vec<(u64, Key)> = self
                .entries
                .iter()
                .map(|(key, (_, used))| (*used, *key))
                .collect();
            ages.sort_unstable();
            for (_, key) in ages.iter().take(ages.len().div_ceil(8)) {
                if let Some((old, _)) = self.entries.remove(key) {
                    self.bytes -= old.size;
                    self.last.retain(|_, entry| entry.key != *key);
                }
            }
        }
    }
}

/// The cache.
pub struct Cache {
    /// What is parsed, for renderings that are new.
    pub charts: Arc<Charts>,
    memory: Mutex<Memory>,
    disk: Option<(PathBuf, Arc<Sealer>)>,
    written: std::sync::atomic::AtomicUsize,
}

impl Cache {
    /// A cache that keeps its entries in a folder, too, sealed.
    pub fn new(folder: Option<PathBuf>, sealer: Arc<Sealer>) -> Self {
        Self {
            charts: Arc::default(),
            memory: Mutex::default(),
            disk: folder.map(|folder| (folder, sealer)),
            written: std::sync::atomic::AtomicUsize::new(0),
        }
    }

    /// The last rendering with these inputs, if its files are as they were: the caller asks them.
    pub fn get(&self, key: &Key) -> Option<Arc<Entry>> {
        let known = with(&self.memory, |memory| {
            memory.clock += 1;
            let clock = memory.clock;
            memory.entries.get_mut(key).map(|(entry, used)| {
                *used = clock;
                Arc::clone(entry)
            })
        });
        let entry = known.or_else(|| {
            let entry = Arc::new(self.read(key)?);
            with(&self.memory, |memory| memory.insert(Arc::clone(&entry)));
            Some(entry)
        })?;
        entry.reusable.then_some(entry)
    }

    /// Notes that a rendering was used again.
    pub fn used(&self, application: &str, position: usize, entry: &Arc<Entry>) {
        with(&self.memory, |memory| {
            memory
                .last
                .insert((application.to_owned(), position), Arc::clone(entry));
        });
    }

    /// Keeps a rendering.
    pub fn put(&self, application: &str, position: usize, entry: Entry) {
        let entry = Arc::new(entry);
        self.used(application, position, &entry);
        with(&self.memory, |memory| memory.insert(Arc::clone(&entry)));
        if entry.reusable {
            self.write(&entry);
        }
    }

    /// What an application read at its last rendering, which was at this revision.
    pub fn last(&self, application: &str, position: usize, revision: &str) -> Option<Last> {
        with(&self.memory, |memory| {
            let entry = memory.last.get(&(application.to_owned(), position))?;
            let reads = entry
                .reads
                .iter()
                .filter(|(part, _)| matches!(part, Part::Source | Part::Reference(_)))
                .map(|(_, reads)| reads.clone())
                .collect();
            Some(Last {
                revision: revision.to_owned(),
                reads,
            })
        })
    }

    /// The charts that the last rendering of a source was given beside its own files, and what it read of each.
    pub fn charts_of(&self, application: &str, position: usize) -> Option<Vec<(Missing, Reads)>> {
        with(&self.memory, |memory| {
            let entry = memory.last.get(&(application.to_owned(), position))?;
            let parts = entry.reads.iter().filter_map(|(part, reads)| match part {
                Part::Supplied(missing @ Missing::Chart { .. }) => {
                    Some((missing.clone(), reads.clone()))
                }
                _ => None,
            });
            Some(parts.collect())
        })
    }

    /// Whether the last rendering of a source would read the same in this tree.
    pub fn last_holds_in(&self, application: &str, position: usize, tree: &dyn Tree) -> bool {
        let entry = with(&self.memory, |memory| {
            let entry = memory.last.get(&(application.to_owned(), position))?;
            Some(Arc::clone(entry))
        });
        entry.is_some_and(|entry| {
            let mut own = entry
                .reads
                .iter()
                .filter(|(part, _)| matches!(part, Part::Source));
            own.all(|(_, reads)| reads.hold_in(tree))
        })
    }

    /// Forgets what an application rendered to.
    pub fn forget(&self, application: &str) {
        with(&self.memory, |memory| {
            let mut keys = Vec::new();
            memory.last.retain(|(name, _), entry| {
                let mine = name == application;
                if mine {
                    keys.push(entry.key);
                }
                !mine
            });
            for key in keys {
                if let Some((old, _)) = memory.entries.remove(&key) {
                    memory.bytes -= old.size;
                }
                if let Some((folder, _)) = &self.disk {
                    let _gone = std::fs::remove_file(folder.join(crate::hexadecimal(&key)));
                }
            }
        });
    }

    fn read(&self, key: &Key) -> Option<Entry> {
        let (folder, sealer) = self.disk.as_ref()?;
        let name = crate::hexadecimal(key);
        let sealed = std::fs::read_to_string(folder.join(&name)).ok()?;
        let opened = sealer.open(&format!("/rendered/{name}"), &sealed).ok()?;
        let kept: Kept = serde_json::from_str(opened.expose()).ok()?;
        kept.entry(*key)
    }

    /// Writes beside the rendering, not before it is used: losing an entry costs a rendering.
    fn write(&self, entry: &Arc<Entry>) {
        let Some((folder, sealer)) = &self.disk else {
            return;
        };
        if entry.size > LARGEST {
            return;
        }
        let count = self
            .written
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (folder, sealer, entry) = (folder.clone(), Arc::clone(sealer), Arc::clone(entry));
        let work = move || {
            let name = crate::hexadecimal(&entry.key);
            let Ok(text) = serde_json::to_string(&Kept::of(&entry)) else {
                return;
            };
            let Ok(sealed) = sealer.seal(&format!("/rendered/{name}"), &text) else {
                return;
            };
            let unfinished = folder.join(format!("{name}.new"));
            let written = std::fs::create_dir_all(&folder)
                .and_then(|()| std::fs::write(&unfinished, sealed))
                .and_then(|()| std::fs::rename(&unfinished, folder.join(&name)));
            if let Err(error) = written {
                tracing::debug!(%error, "a rendering is not kept on the disk");
            }
            if count.is_multiple_of(TIDY) {
                tidy(&folder);
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(work)),
            Err(_) => work(),
        }
    }
}

/// Removes the oldest files until the rest fits.
fn tidy(folder: &std::path::Path) {
    let mut files: Vec<(std::time::SystemTime, u64, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let data = entry.metadata().ok()?;
            Some((data.modified().ok()?, data.len(), entry.path()))
        })
        .collect();
    files.sort();
    let mut all: u64 = files.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in files {
        if all <= DISK {
            return;
        }
        if std::fs::remove_file(path).is_ok() {
            all -= size;
        }
    }
}

/// A question and its answer, as they are on the disk.
type Asked = (String, String, String);

/// An entry as it is on the disk, before sealing.
#[derive(Serialize, Deserialize)]
struct Kept {
    owner: Option<String>,
    reads: Vec<(KeptPart, Vec<Asked>)>,
    manifests: String,
}

#[derive(Serialize, Deserialize)]
enum KeptPart {
    Source,
    Reference(usize),
    Chart(String, String, String),
    Base(String),
    File(String),
}

impl Kept {
    fn of(entry: &Entry) -> Self {
        let reads = entry.reads.iter().map(|(part, reads)| {
            let part = match part {
                Part::Source => KeptPart::Source,
                Part::Reference(position) => KeptPart::Reference(*position),
                Part::Supplied(Missing::Chart {
                    repository,
                    name,
                    version,
                }) => KeptPart::Chart(repository.clone(), name.clone(), version.clone()),
                Part::Supplied(Missing::Base { url }) => KeptPart::Base(url.clone()),
                Part::Supplied(Missing::File { url }) => KeptPart::File(url.clone()),
            };
            let asked = reads
                .iter()
                .map(|(path, question, answer)| {
                    (
                        path.as_str().to_owned(),
                        letter(question).to_owned(),
                        answer.to_owned(),
                    )
                })
                .collect();
            (part, asked)
        });
        Self {
            owner: entry.owner.clone(),
            reads: reads.collect(),
            manifests: entry.json.to_string(),
        }
    }

    fn entry(self, key: Key) -> Option<Entry> {
        let mut reads = Vec::new();
        for (part, asked) in self.reads {
            let part = match part {
                KeptPart::Source => Part::Source,
                KeptPart::Reference(position) => Part::Reference(position),
                KeptPart::Chart(repository, name, version) => Part::Supplied(Missing::Chart {
                    repository,
                    name,
                    version,
                }),
                KeptPart::Base(url) => Part::Supplied(Missing::Base { url }),
                KeptPart::File(url) => Part::Supplied(Missing::File { url }),
            };
            let mut read = Reads::default();
            for (path, question, answer) in asked {
                read.insert(TreePath::new(&path).ok()?, question_of(&question)?, answer);
            }
            reads.push((part, read));
        }
        Some(Entry {
            size: self.manifests.len() + 256,
            key,
            owner: self.owner,
            reusable: true,
            reads,
            json: self.manifests.into(),
        })
    }
}

fn letter(question: Question) -> &'static str {
    match question {
        Question::Kind => "k",
        Question::List => "l",
        Question::Content => "c",
        Question::Link => "s",
    }
}

fn question_of(letter: &str) -> Option<Question> {
    Some(match letter {
        "k" => Question::Kind,
        "l" => Question::List,
        "c" => Question::Content,
        "s" => Question::Link,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sealer() -> Arc<Sealer> {
        Arc::new(Sealer::from_base64("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap())
    }

    fn entry(key: u8, secret: &str) -> Entry {
        let mut reads = Reads::default();
        reads.insert(
            TreePath::new("app/a.yaml").unwrap(),
            Question::Content,
            "1234".to_owned(),
        );
        let manifest = Manifest {
            object: json!({"kind": "Secret", "stringData": {"password": secret}}),
            file: "app/a.yaml".to_owned(),
            line: 3,
        };
        let chart = Missing::Chart {
            repository: "https://charts".into(),
            name: "a".into(),
            version: "1".into(),
        };
        let reads = vec![
            (Part::Source, reads.clone()),
            (Part::Supplied(chart), reads),
        ];
        Entry::new([key; 32], None, true, reads, &[manifest])
    }

    #[test]
    fn a_rendering_survives_a_restart_and_is_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("rendered");
        let cache = Cache::new(Some(place.clone()), sealer());
        cache.put("front", 0, entry(1, "hunter2"));
        for file in std::fs::read_dir(&place).unwrap().flatten() {
            let text = std::fs::read_to_string(file.path()).unwrap();
            assert!(!text.contains("hunter2") && !text.contains("app/a.yaml"));
        }
        let again = Cache::new(Some(place.clone()), sealer());
        let found = again.get(&[1; 32]).unwrap();
        assert_eq!(
            found.manifests()[0].object["stringData"]["password"],
            "hunter2"
        );
        assert_eq!(found.manifests()[0].line, 3);
        assert_eq!(found.reads.len(), 2);
        let other = Sealer::from_base64("MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap();
        assert!(
            Cache::new(Some(place), Arc::new(other))
                .get(&[1; 32])
                .is_none()
        );
    }

    #[test]
    fn what_an_application_forgets_is_gone_everywhere() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().to_owned()), sealer());
        cache.put("front", 0, entry(1, "x"));
        assert!(cache.last("front", 0, "r").is_some());
        cache.forget("front");
        assert!(cache.get(&[1; 32]).is_none() && cache.last("front", 0, "r").is_none());
    }

    #[test]
    fn memory_has_a_budget() {
        let cache = Cache::new(None, sealer());
        let large = "x".repeat(10 << 20);
        for key in 0..40 {
            cache.put("front", 0, entry(key, &large));
        }
        let bytes = with(&cache.memory, |memory| memory.bytes);
        assert!(bytes <= MEMORY, "{bytes}");
        assert!(cache.get(&[39; 32]).is_some() && cache.get(&[0; 32]).is_none());
    }
}
