//! The place of a field while an object is walked: a chain on the stack, written out only for a field that differs.

use std::fmt;

use serde_json::Value;

use crate::schema::MapKey;

/// One step into an object.
#[derive(Clone, Copy)]
pub(crate) enum Segment<'a> {
    /// A field of a map.
    Field(&'a str),
    /// An element of a list that its keys identify.
    Element(&'a [MapKey], &'a Value),
    /// An element of a list by its place.
    Index(usize),
    /// An element of a set.
    Member(&'a Value),
    /// An element of a list, as a field manager's record names it: the JSON of its keys.
    Keys(&'a serde_json::Map<String, Value>),
}

/// A place: the last step, and the place before it.
#[derive(Clone, Copy)]
pub(crate) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    segment: Segment<'a>,
}

impl<'a> Path<'a> {
    /// A field of the object itself.
    pub(crate) fn root(name: &'a str) -> Self {
        Self {
            parent: None,
            segment: Segment::Field(name),
        }
    }

    /// A step further.
    pub(crate) fn then(&'a self, segment: Segment<'a>) -> Path<'a> {
        Path {
            parent: Some(self),
            segment,
        }
    }

    /// The steps, first to last.
    pub(crate) fn segments(&self) -> Vec<Segment<'a>> {
        let mut segments = vec![self.segment];
        let mut next = self.parent;
        while let Some(path) = next {
            segments.push(path.segment);
            next = path.parent;
        }
        segments.reverse();
        segments
    }
}

/// The value of a key of an element; the key's default when the element does not state it.
pub(crate) fn key_value<'v>(element: &'v Value, key: &'v MapKey) -> Option<&'v Value> {
    match element.get(&*key.name) {
        None | Some(Value::Null) => key.default.as_ref(),
        stated => stated,
    }
}

/// A scalar as people read it: text without quotes.
pub(crate) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.segments().into_iter().enumerate() {
            match segment {
                Segment::Field(name) if name.is_empty() || name.contains(['.', '/', '[', ']']) => {
                    write!(f, "[{name}]")?;
                }
                Segment::Field(name) if index == 0 => f.write_str(name)?,
                Segment::Field(name) => write!(f, ".{name}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Member(value) => write!(f, "[{value}]")?,
                Segment::Element(keys, element) => {
                    f.write_str("[")?;
                    for (index, key) in keys.iter().enumerate() {
                        let comma = if index == 0 { "" } else { "," };
                        let value = key_value(element, key).map(plain).unwrap_or_default();
                        write!(f, "{comma}{}={value}", key.name)?;
                    }
                    f.write_str("]")?;
                }
                Segment::Keys(keys) => {
                    f.write_str("[")?;
                    for (index, (name, value)) in keys.iter().enumerate() {
                        let comma = if index == 0 { "" } else { "," };
                        write!(f, "{comma}{name}={}", plain(value))?;
                    }
                    f.write_str("]")?;
                }
            }
        }
        Ok(())
    }
}
