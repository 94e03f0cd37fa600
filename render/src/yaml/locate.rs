//! Finds where a field is written, for messages: nothing else needs it, so it is looked up when something is wrong.

use std::fmt;

use saphyr_parser::{Event, Parser};

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1; 0 when it is not known.
    pub column: usize,
}

impl From<usize> for Place {
    fn from(line: usize) -> Self {
        Self { line, column: 0 }
    }
}

impl From<&super::YamlError> for Place {
    fn from(error: &super::YamlError) -> Self {
        Self {
            line: error.line,
            column: error.column,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.line)?;
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        Ok(())
    }
}

/// One step on the way to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A key of a mapping, in any case.
    Key(&'a str),
    /// An element of a list, from 0.
    Item(usize),
}

/// The steps of a path as messages have it: `images[3].name`.
#[must_use]
pub fn steps(path: &str) -> Vec<Step<'_>> {
    path.split(['.', '[', ']'])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().map_or(Step::Key(part), Step::Item))
        .collect()
}

/// A mapping or list around what is being read.
struct Around {
    /// Whether the steps lead through it.
    is_on_the_way: bool,
    /// Whether the next node of a mapping is a key; `None` in a list.
    is_key: Option<bool>,
    /// Number of the next element.
    element: usize,
    /// Whether the steps lead through the next node.
    leads_on: bool,
}

/// The place of a field in the first document of a text: that of its key, or of its element. When it is not there, the place of
/// the last step that is.
#[must_use]
pub fn nearest(text: &[u8], steps: &[Step<'_>]) -> Option<Place> {
    let text = std::str::from_utf8(text).ok()?;
    let mut around: Vec<Around> = Vec::new();
    let mut found = None;
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        let is_key = match &event {
            Event::Scalar(..) | Event::Alias(_) => None,
            Event::MappingStart(..) => Some(Some(true)),
            Event::SequenceStart(..) => Some(None),
            Event::MappingEnd | Event::SequenceEnd => {
                let was_on_the_way = around.pop().is_some_and(|it| it.is_on_the_way);
                if was_on_the_way || around.is_empty() {
                    break;
                }
                ended(around.last_mut());
                continue;
            }
            _ => continue,
        };
        let depth = around.len();
        let step = depth.checked_sub(1).and_then(|depth| steps.get(depth));
        let mut leads_here = depth == 0;
        if let Some(parent) = around.last_mut().filter(|it| it.is_on_the_way) {
            let begins = match (step, parent.is_key, &event) {
                (Some(Step::Key(key)), Some(true), Event::Scalar(name, ..)) => {
                    parent.leads_on = name.eq_ignore_ascii_case(key);
                    parent.leads_on
                }
                (Some(Step::Item(item)), None, _) => {
                    parent.leads_on = parent.element == *item;
                    parent.leads_on
                }
                _ => false,
            };
            leads_here = parent.leads_on && parent.is_key != Some(true);
            if begins {
                found = Some(Place {
                    line: span.start.line(),
                    column: span.start.col() + 1,
                });
                if depth == steps.len() {
                    break;
                }
            }
        }
        match is_key {
            Some(is_key) => around.push(Around {
                is_on_the_way: leads_here,
                is_key,
                element: 0,
                leads_on: false,
            }),
            // A scalar where steps lead on: there is no more to find.
            None if leads_here => break,
            None => ended(around.last_mut()),
        }
    }
    found
}

/// A node of a mapping or list has ended.
fn ended(around: Option<&mut Around>) {
    if let Some(around) = around {
        around.element += 1;
        around.is_key = around.is_key.map(|is_key| !is_key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_elements_have_places() {
        let text = b"# c\nnamePrefix: a\nimages:\n- name: x\n  newTag: y\n- {name: z, newtag: [a, {b: c}]}\nlabels:\n- pairs:\n    a: b\n";
        for (path, expected) in [
            ("namePrefix", Some((2, 1))),
            ("images", Some((3, 1))),
            ("images[0]", Some((4, 3))),
            ("images[0].newTag", Some((5, 3))),
            ("images[1]", Some((6, 3))),
            ("images[1].newTag", Some((6, 13))),
            ("images[1].newTag[1].b", Some((6, 26))),
            ("labels[0].pairs.a", Some((9, 5))),
            // The last step that is there.
            ("images[2]", Some((3, 1))),
            ("images[0].name.deeper", Some((4, 3))),
            ("labels[0].nothing.a", Some((8, 3))),
            ("name", None),
            ("nothing", None),
        ] {
            let place = nearest(text, &steps(path)).map(|it| (it.line, it.column));
            assert_eq!(place, expected, "{path}");
        }
    }

    #[test]
    fn a_text_that_is_no_yaml_has_the_places_before_its_fault() {
        let at = |text: &[u8], path: &str| nearest(text, &steps(path)).map(|it| it.to_string());
        assert_eq!(at(b"a: 1\nb: [", "a").as_deref(), Some("1:1"));
        assert_eq!(at(b"\xff", "a"), None);
        assert_eq!(at(b"", "a"), None);
        assert_eq!(at(b"a", "a"), None);
    }
}
