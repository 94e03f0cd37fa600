//! Data files by kind: a table made at build time, each entry parsed when it is first asked for.

use std::sync::OnceLock;

use crate::glob;

/// A data file for one kind, or for all kinds that a glob names.
pub(crate) struct Entry {
    /// API group, empty for the core group; may hold `*`.
    pub group: &'static str,
    /// Kind, or `*`.
    pub kind: &'static str,
    /// The file as JSON.
    pub text: &'static str,
}

impl Entry {
    fn is_glob(&self) -> bool {
        self.group.contains('*') || self.kind.contains('*')
    }

    fn matches(&self, group: &str, kind: &str) -> bool {
        glob::matches(self.group, group) && glob::matches(self.kind, kind)
    }
}

/// A table of data files, and what was made of those that were asked for.
pub(crate) struct Table<T: 'static> {
    entries: &'static [Entry],
    parsed: &'static [OnceLock<T>],
    parse: fn(&str) -> T,
    /// Positions of the entries that are globs: few, and every kind without a file of its own is held against them.
    globs: OnceLock<Vec<usize>>,
}

impl<T> Table<T> {
    /// Entries are sorted by group and kind; there is one cell for each.
    pub(crate) const fn new(
        entries: &'static [Entry],
        parsed: &'static [OnceLock<T>],
        parse: fn(&str) -> T,
    ) -> Self {
        Self {
            entries,
            parsed,
            parse,
            globs: OnceLock::new(),
        }
    }

    /// What there is for a kind: a file of its own, or the first one whose glob matches.
    pub(crate) fn get(&self, group: &str, kind: &str) -> Option<&'static T> {
        let index = self
            .entries
            .binary_search_by(|entry| (entry.group, entry.kind).cmp(&(group, kind)))
            .ok()
            .or_else(|| {
                let matches = |at: &&usize| self.entries[**at].matches(group, kind);
                self.globs().iter().find(matches).copied()
            })?;
        let cell = self.parsed.get(index)?;
        Some(cell.get_or_init(|| (self.parse)(self.entries[index].text)))
    }

    fn globs(&self) -> &[usize] {
        self.globs.get_or_init(|| {
            let entries = self.entries.iter().enumerate();
            entries
                .filter(|(_, entry)| entry.is_glob())
                .map(|(at, _)| at)
                .collect()
        })
    }

    /// All entries, for tests.
    #[cfg(test)]
    pub(crate) fn entries(&self) -> &'static [Entry] {
        self.entries
    }
}
