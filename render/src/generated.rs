//! Texts that property tests make.

use std::ops::Range;

use proptest::prelude::*;

/// A text of some lines; the last one has a line break, or has none.
pub fn text<S: AsRef<str> + std::fmt::Debug>(
    line: impl Strategy<Value = S>,
    count: Range<usize>,
) -> impl Strategy<Value = String> {
    (prop::collection::vec(line, count), any::<bool>()).prop_map(|(lines, ends)| {
        let lines: Vec<&str> = lines.iter().map(AsRef::as_ref).collect();
        lines.join("\n") + if ends { "\n" } else { "" }
    })
}
