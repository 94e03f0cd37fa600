//! What comes out of a rendering.

use serde_json::Value;

/// One object, and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The object: a mapping with `apiVersion`, `kind` and `metadata.name` or `metadata.generateName`.
    pub object: Value,
    /// File in the tree.
    pub file: String,
    /// Line of the document in the file, from 1.
    pub line: usize,
}
