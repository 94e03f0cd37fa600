//! Sets of templates that know each other by name.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::error::{ExecError, ParseError};
use crate::function::Functions;
use crate::lex::Delimiters;
use crate::node::Tree;
use crate::parse::{self, Trees};
use crate::strconv::quote;
use crate::value::Text;

/// What the key of a map that is not there gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// No value, printed as `<no value>`: `missingkey=default`.
    #[default]
    Invalid,
    /// The zero value of the map's elements; what Helm sets: `missingkey=zero`.
    Zero,
    /// An error: `missingkey=error`.
    Error,
}

/// Templates that can invoke each other, with the functions they may call. Parsed once, a set can be rendered many times and
/// on many threads.
#[derive(Clone, Debug)]
pub struct Templates {
    name: Arc<str>,
    functions: Arc<Functions>,
    missing_key: MissingKey,
    delimiters: Delimiters,
    trees: HashMap<Arc<str>, Arc<Tree>>,
}

/// A text that was parsed, to be put into sets.
#[derive(Clone, Debug)]
pub struct Parsed {
    name: Arc<str>,
    trees: Arc<Trees>,
}

impl Parsed {
    /// The name of the text.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Templates {
    /// An empty set. Its name appears in the error about a template that is not there, and is the name of texts that `tpl`
    /// evaluates; Helm's is `gotpl`.
    #[must_use]
    pub fn new(name: &str, functions: Arc<Functions>) -> Self {
        Self {
            name: Arc::from(name),
            functions,
            missing_key: MissingKey::default(),
            delimiters: Delimiters::default(),
            trees: HashMap::new(),
        }
    }

    /// Sets what a missing key gives.
    #[must_use]
    pub fn with_missing_key(mut self, missing_key: MissingKey) -> Self {
        self.missing_key = missing_key;
        self
    }

    /// Sets the marks of actions in texts parsed from now on; an empty one is the usual `{{` or `}}`.
    #[must_use]
    pub fn with_delimiters(mut self, left: &str, right: &str) -> Self {
        let usual = Delimiters::default();
        let or = |mark: &str, usual: Vec<u8>| {
            if mark.is_empty() {
                usual
            } else {
                mark.as_bytes().to_vec()
            }
        };
        self.delimiters = Delimiters {
            left: or(left, usual.left),
            right: or(right, usual.right),
        };
        self
    }

    /// Parses a text and puts it into the set under its name, with the templates that it defines. A definition replaces one of
    /// the same name, unless it is empty.
    ///
    /// # Errors
    /// When the text cannot be parsed; the set is then as before.
    pub fn parse(&mut self, name: &str, text: impl Into<Text>) -> Result<(), ParseError> {
        let parsed = self.read(name, &text.into())?;
        self.add(&parsed);
        Ok(())
    }

    /// Parses a text without putting it into the set.
    ///
    /// # Errors
    /// When the text cannot be parsed.
    pub fn read(&self, name: &str, text: &Text) -> Result<Parsed, ParseError> {
        let trees = parse::parse(name, text, &self.functions, &self.delimiters)?;
        Ok(Parsed {
            name: Arc::from(name),
            trees: Arc::new(trees),
        })
    }

    /// Puts a text into the set that was read by it, or by another set with the same functions. (Functions are found by their
    /// place in the registry, so the registry must be the same one.)
    pub fn add(&mut self, parsed: &Parsed) {
        for (name, tree) in &*parsed.trees {
            if tree.is_empty && self.trees.contains_key(name) {
                continue;
            }
            self.trees.insert(Arc::clone(name), Arc::clone(tree));
        }
    }

    /// Whether there is a template of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.trees.contains_key(name)
    }

    /// The names of the templates, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.trees.keys().map(|name| &**name)
    }

    /// The functions of the set.
    #[must_use]
    pub fn functions(&self) -> &Arc<Functions> {
        &self.functions
    }

    /// The name of the set.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn missing_key(&self) -> MissingKey {
        self.missing_key
    }
}

/// The templates that a running template sees: those of the set, and over them those of the texts that `tpl` evaluates around
/// it.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) set: Arc<Templates>,
    trees: HashMap<Arc<str>, Arc<Tree>>,
    outer: Option<Rc<Scope>>,
}

impl Scope {
    pub(crate) fn new(set: Arc<Templates>) -> Rc<Self> {
        Rc::new(Self {
            set,
            trees: HashMap::new(),
            outer: None,
        })
    }

    /// The scope of a text that `tpl` evaluates, and its own template.
    pub(crate) fn within(outer: &Rc<Self>, parsed: &Parsed) -> (Rc<Self>, Option<Arc<Tree>>) {
        let trees = parsed
            .trees
            .iter()
            .filter(|(name, tree)| !tree.is_empty || outer.lookup(name).is_none())
            .map(|(name, tree)| (Arc::clone(name), Arc::clone(tree)))
            .collect();
        let scope = Rc::new(Self {
            set: Arc::clone(&outer.set),
            trees,
            outer: Some(Rc::clone(outer)),
        });
        (scope, parsed.trees.get(&parsed.name).cloned())
    }

    pub(crate) fn lookup(&self, name: &str) -> Option<&Arc<Tree>> {
        let mut scope = self;
        loop {
            if let Some(tree) = scope.trees.get(name) {
                return Some(tree);
            }
            match &scope.outer {
                Some(outer) => scope = outer,
                None => return scope.set.trees.get(name),
            }
        }
    }

    /// The template of a name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub(crate) fn find(&self, name: &str) -> Result<&Arc<Tree>, ExecError> {
        self.lookup(name).ok_or_else(|| {
            ExecError::new(format!(
                "template: no template {} associated with template {}",
                quote(name.as_bytes()),
                quote(self.set.name().as_bytes())
            ))
        })
    }
}
