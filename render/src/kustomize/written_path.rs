//! Paths of fields in a text that is kept as it was written; what [`super::field_path`] is for values.
//!
//! Kustomize does not follow aliases there, and regular expressions see an element as it is written, with quotes and comments.

use super::field_path::{Made, is_index, is_list_part, key_and_value};
use super::field_spec::bounded;
use super::selector::regex;
use crate::yaml::kept::{self, Content, Flow, Piece, ScalarStyle};
use crate::yaml::write::write_piece;

type Visit<'a> = &'a mut dyn FnMut(&mut Piece);

/// Calls a function with every place that a path leads to, and says how many there are. Some are of no use, but count: what is made
/// where nothing can be, and places in a text inside the text, of which Kustomize changes a copy.
///
/// # Errors
/// When the path does not fit the text.
pub(super) fn visit(
    root: &mut Piece,
    parts: &[String],
    made: Made,
    visit: Visit<'_>,
) -> Result<usize, String> {
    bounded(parts)?;
    Visitor { made, visit }.at(root, parts)
}

struct Visitor<'a> {
    made: Made,
    visit: Visit<'a>,
}

fn scalar(text: &str) -> Piece {
    Piece::new(Content::Scalar(text.to_owned(), ScalarStyle::Plain))
}

fn empty(made: Made) -> Piece {
    match made {
        Made::Nothing | Made::Scalar => scalar(""),
        Made::Mapping => Piece::new(Content::Map(Vec::new(), Flow::Block)),
        Made::List => Piece::new(Content::List(Vec::new(), Flow::Block)),
    }
}

fn field<'a>(entries: &'a mut [(Piece, Piece)], name: &str) -> Option<&'a mut Piece> {
    let is_here = |key: &Piece| match &key.content {
        Content::Scalar(text, _) | Content::Alias(text) => text == name,
        _ => name.is_empty(),
    };
    let entry = entries.iter_mut().find(|(key, _)| is_here(key));
    entry.map(|(_, value)| value)
}

/// A node as the library prints it alone.
fn shown(piece: &Piece) -> String {
    write_piece(piece).trim().to_owned()
}

fn no_list<T>() -> Result<T, String> {
    Err("wrong node kind: expected SequenceNode".to_owned())
}

impl Visitor<'_> {
    fn at(&mut self, piece: &mut Piece, parts: &[String]) -> Result<usize, String> {
        let Some((part, rest)) = parts.split_first() else {
            (self.visit)(piece);
            return Ok(1);
        };
        if is_index(part) {
            self.index(piece, part, rest)
        } else if is_list_part(part) {
            self.matching(piece, part, rest)
        } else if part == "*" {
            let is_null = piece.is_null();
            match &mut piece.content {
                Content::List(items, _) => items
                    .iter_mut()
                    .try_fold(0, |count, item| Ok(count + self.at(item, rest)?)),
                _ if is_null => Ok(0),
                _ => no_list(),
            }
        } else {
            self.field(piece, part, rest)
        }
    }

    fn field(&mut self, piece: &mut Piece, part: &str, rest: &[String]) -> Result<usize, String> {
        let is_null = piece.is_null();
        let Content::Map(entries, _) = &mut piece.content else {
            return match is_null && !part.is_empty() {
                true if self.made == Made::Nothing => Ok(0),
                true => self.at(&mut empty(self.made.before(rest.first())), rest),
                false => Err("wrong node kind: expected MappingNode".to_owned()),
            };
        };
        if field(entries, part).is_none() {
            if self.made == Made::Nothing {
                return Ok(0);
            }
            entries.push((scalar(part), empty(self.made.before(rest.first()))));
        }
        match field(entries, part) {
            Some(found) => match &found.content {
                Content::Scalar(text, _) if !rest.is_empty() => self.inside(text, rest),
                _ => self.at(found, rest),
            },
            None => Ok(0),
        }
    }

    /// In a text inside the text: what is found there counts, but Kustomize changes a copy.
    fn inside(&mut self, text: &str, rest: &[String]) -> Result<usize, String> {
        let Some(mut document) = kept::read(text)? else {
            return Err("wrong node kind: expected MappingNode".to_owned());
        };
        self.at(&mut document.root, rest)
    }

    fn index(&mut self, piece: &mut Piece, part: &str, rest: &[String]) -> Result<usize, String> {
        let is_null = piece.is_null();
        let index: usize = part
            .parse()
            .map_err(|_| format!("index {part} is out of range"))?;
        let Content::List(items, _) = &mut piece.content else {
            return match is_null {
                true if index == 0 && self.made != Made::Nothing => {
                    self.at(&mut empty(self.made.before(rest.first())), rest)
                }
                true => Err(format!("index {index} specified but only 0 elements found")),
                false => no_list(),
            };
        };
        if items.len() == index && self.made != Made::Nothing {
            items.push(empty(self.made.before(rest.first())));
        }
        let count = items.len();
        let item = items
            .get_mut(index)
            .ok_or_else(|| format!("index {index} specified but only {count} elements found"))?;
        self.at(item, rest)
    }

    fn matching(
        &mut self,
        piece: &mut Piece,
        part: &str,
        rest: &[String],
    ) -> Result<usize, String> {
        let (key, pattern) = key_and_value(part)?;
        let regex = regex(pattern)?;
        let is_null = piece.is_null();
        let mut none = Vec::new();
        let items = match &mut piece.content {
            Content::List(items, _) => items,
            _ if is_null => &mut none,
            _ => return no_list(),
        };
        let mut count = 0;
        for item in items.iter_mut() {
            count += self.element(item, key, &regex, rest)?;
        }
        if count > 0 || self.made == Made::Nothing {
            return Ok(count);
        }
        if !regex.is_match(pattern) {
            return Err(format!(
                "cannot create an element for \"{part}\": the expression does not match itself"
            ));
        }
        let mut element = scalar(pattern);
        if !key.is_empty() {
            let entries = vec![(scalar(key), element)];
            element = Piece::new(Content::Map(entries, Flow::Block));
        }
        count = self.element(&mut element, key, &regex, rest)?;
        items.push(element);
        Ok(count)
    }

    /// An element that matches by itself, or by one of its fields.
    fn element(
        &mut self,
        item: &mut Piece,
        key: &str,
        regex: &regex::Regex,
        rest: &[String],
    ) -> Result<usize, String> {
        if key.is_empty() {
            if !regex.is_match(&shown(item)) {
                return Ok(0);
            }
            (self.visit)(item);
            return Ok(1);
        }
        let own = match &mut item.content {
            Content::Map(entries, _) => field(entries, key).map(|own| shown(own)),
            _ => None,
        };
        match own {
            Some(own) if regex.is_match(&own) => self.at(item, rest),
            _ => Ok(0),
        }
    }
}
