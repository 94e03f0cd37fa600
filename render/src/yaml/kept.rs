//! A YAML document with what a value does not hold: styles, the order of keys, anchors, tags and comments, so that it can be written
//! again with one value changed, as kyaml does it.
//!
//! Which node a comment belongs to follows from the order of tokens in which go-yaml 3 meets it, so this has a scanner and a parser
//! of its own: that of [`super::read`] knows no comments.

pub use saphyr_parser::ScalarStyle;

use super::resolve::{Dialect, Kind, kind_of};

mod parse;
mod scan;

/// Tag of texts.
pub const TEXT_TAG: &str = "!!str";
/// Tag of nothing.
pub const NULL_TAG: &str = "!!null";
/// Tag of the key `<<`, which is written out: go-yaml reads it as a text by itself.
const MERGE_TAG: &str = "!!merge";

/// Whether a collection stands on lines of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// One entry a line.
    Block,
    /// In brackets.
    Inline,
}

/// A node: what it says, and what stands around it. Of comments, lines are divided by line breaks, and a line break at the end is an
/// empty line.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Comments on lines before it; of an entry of a mapping, its key has them.
    pub head: String,
    /// Comment behind it; of a key, behind its colon.
    pub line: String,
    /// Comments on lines behind it; of an entry of a mapping, its key has them.
    pub foot: String,
    /// Its anchor, if it has one.
    pub anchor: String,
    /// Its type, as `!!int`; of what was made here and not read, nothing.
    pub tag: String,
    /// Whether the type is written before it.
    pub is_tagged: bool,
    /// What it says.
    pub content: Content,
}

/// What a node says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A text and how it was written.
    Scalar(String, ScalarStyle),
    /// What the anchor of this name stands before.
    Alias(String),
    /// A list.
    List(Vec<Piece>, Flow),
    /// A mapping.
    Map(Vec<(Piece, Piece)>, Flow),
}

/// A document.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptDocument {
    /// Comments at the top that an empty line divides from the rest.
    pub head: String,
    /// The value.
    pub root: Piece,
    /// Comments at the end.
    pub foot: String,
}

impl Piece {
    /// A node with nothing around it.
    #[must_use]
    pub fn new(content: Content) -> Self {
        Self {
            head: String::new(),
            line: String::new(),
            foot: String::new(),
            anchor: String::new(),
            tag: String::new(),
            is_tagged: false,
            content,
        }
    }

    /// Whether it is a scalar that says that there is nothing: the library takes that for a list and for a mapping, too.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.tag == NULL_TAG
    }
}

/// The type that a plain scalar has, as a tag.
#[must_use]
pub fn tag_of(text: &str) -> &'static str {
    match kind_of(text, Dialect::Three) {
        Kind::Null => NULL_TAG,
        Kind::Bool => "!!bool",
        Kind::Int => "!!int",
        Kind::Float => "!!float",
        Kind::Timestamp => "!!timestamp",
        Kind::Text => TEXT_TAG,
    }
}

/// Reads the first document of a text, and nothing behind it; `None` when there is none.
///
/// # Errors
/// When it is no YAML; the message says what and in which line.
pub fn read(text: &str) -> Result<Option<KeptDocument>, String> {
    parse::document(text)
}

#[cfg(test)]
mod tests;
