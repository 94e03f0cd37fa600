//! A YAML document with what a value does not hold: styles, the order of keys, and comments, so that it can be written again with one
//! value changed.
//!
//! Comments are kept where it is plain what they belong to: on lines of their own before an entry or behind the last one, and behind
//! a value. For others, and for anchors and tags, the text is refused: to lose or move them would be worse.

use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Parser, Span};

pub use saphyr_parser::ScalarStyle;

use super::resolve::{Dialect, Kind, kind_of};

/// How deep collections may lie in each other.
const DEPTH: usize = 64;

/// Whether a collection stands on lines of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// One entry a line.
    Block,
    /// In brackets.
    Inline,
}

/// A node: what it says, and what stands around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Comments on lines before it, without indent; of an entry of a mapping, its key has them.
    pub head: Vec<String>,
    /// Comment behind it; of a key, behind its colon.
    pub line: String,
    /// Comments on lines behind it; of an entry of a mapping, its key has them.
    pub foot: Vec<String>,
    /// The type of a scalar whose text would be taken for another.
    pub tag: &'static str,
    /// What it says.
    pub content: Content,
}

/// What a node says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A text and how it was written.
    Scalar(String, ScalarStyle),
    /// A list.
    List(Vec<Piece>, Flow),
    /// A mapping.
    Map(Vec<(Piece, Piece)>, Flow),
}

/// A document.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptDocument {
    /// Comments at the top that an empty line divides from the rest; the empty lines are among them.
    pub top: Vec<String>,
    /// The value.
    pub root: Piece,
    /// Comments at the end; the empty line before them is one of them.
    pub foot: Vec<String>,
}

impl Piece {
    /// A node with nothing around it.
    #[must_use]
    pub fn new(content: Content) -> Self {
        Self {
            head: Vec::new(),
            line: String::new(),
            foot: Vec::new(),
            tag: "",
            content,
        }
    }

    /// Puts a text into a scalar, as kyaml does: its type stays, and is written down where the text looks like another.
    pub fn set(&mut self, text: &str) {
        match &mut self.content {
            Content::Scalar(old, style @ ScalarStyle::Plain) => {
                let (before, after) = (kind_of(old, Dialect::Three), kind_of(text, Dialect::Three));
                if text.contains('\n') {
                    *style = ScalarStyle::Literal;
                } else if before == Kind::Text && after != Kind::Text {
                    *style = ScalarStyle::DoubleQuoted;
                } else if before != after {
                    self.tag = match before {
                        Kind::Null => "!!null",
                        Kind::Bool => "!!bool",
                        Kind::Int => "!!int",
                        Kind::Float => "!!float",
                        Kind::Timestamp => "!!timestamp",
                        Kind::Text => "",
                    };
                }
                text.clone_into(old);
            }
            Content::Scalar(old, _) => text.clone_into(old),
            content => *content = Content::Scalar(text.to_owned(), ScalarStyle::Plain),
        }
    }
}

/// Reads the only document of a text.
///
/// # Errors
/// When it is no YAML, has several documents, or something that would be lost; the message says what and in which line.
pub fn read(text: &str) -> Result<KeptDocument, String> {
    let mut events = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.to_string())?;
        match event {
            Event::DocumentStart(_) if !events.is_empty() => {
                return Err("there are several documents".to_owned());
            }
            Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::StreamStart
            | Event::StreamEnd
            | Event::Nothing => {}
            event => events.push((event, span)),
        }
    }
    let characters: Vec<char> = text.chars().collect();
    let breaks = characters.iter().enumerate().filter(|(_, it)| **it == '\n');
    let shape = Shape {
        starts: std::iter::once(0)
            .chain(breaks.map(|(at, _)| at + 1))
            .collect(),
        characters,
        lines: text.lines().collect(),
        goes_on: !text.ends_with('\n'),
    };
    let comments = Comments::find(&shape, &events)?;
    let mut reader = Reader {
        text: &shape,
        events: events.into_iter(),
        comments,
        last: 0,
    };
    let (event, span) = reader.next()?;
    let root = reader.node(event, span, DEPTH)?;
    let comments = reader.comments;
    let left = (comments.head.keys().chain(comments.behind.keys()))
        .chain(comments.colon.keys())
        .copied()
        .chain(comments.foot.keys().map(|(line, _)| *line))
        .min();
    match left {
        Some(line) => Err(lost(line)),
        None => Ok(KeptDocument {
            top: comments.top,
            root,
            foot: comments.bottom,
        }),
    }
}

fn lost(line: usize) -> String {
    format!("a comment near line {line} would be lost or moved")
}

/// The text by characters and by lines.
struct Shape<'a> {
    characters: Vec<char>,
    lines: Vec<&'a str>,
    /// Where the lines begin, in characters.
    starts: Vec<usize>,
    /// Whether the last line has no line break.
    goes_on: bool,
}

impl Shape<'_> {
    /// A line by its number, from 1.
    fn line(&self, number: usize) -> &str {
        let line = number.checked_sub(1).and_then(|at| self.lines.get(at));
        line.copied().unwrap_or_default()
    }

    /// Column of the first character of a line.
    fn indent(&self, number: usize) -> usize {
        let line = self.line(number);
        line.chars().count() - line.trim_start().chars().count()
    }

    /// The first and the last line of what an event stands for.
    fn extent(&self, event: &Event<'_>, span: Span) -> (usize, usize) {
        let from = span.start.line();
        let mut to = span.end.line().max(from);
        if !is_block(event) {
            return (from, to);
        }
        // The span of a block ends where the next token begins: what is less indented, or empty at its end, is not of it.
        let header = self.characters.get(span.start.index());
        let begin = from + usize::from(matches!(header, Some('|' | '>')));
        let content = (begin..=to).find(|line| !self.line(*line).trim().is_empty());
        let Some(first) = content else {
            return (from, from);
        };
        let indent = self.indent(first);
        let is_of_it =
            |line: &usize| self.line(*line).trim().is_empty() || self.indent(*line) >= indent;
        to = (first..=to).take_while(is_of_it).last().unwrap_or(from);
        while to > first && self.line(to).trim().is_empty() {
            to -= 1;
        }
        (begin - 1, to)
    }

    /// Line and column behind what a comment may stand behind; the parser's spans go on to where the next token begins.
    fn end(&self, event: &Event<'_>, span: Span) -> Option<(usize, usize)> {
        let closing: &[char] = match event {
            Event::Scalar(_, ScalarStyle::SingleQuoted, ..) => &['\''],
            Event::Scalar(_, ScalarStyle::DoubleQuoted, ..) => &['"'],
            Event::Scalar(_, ScalarStyle::Plain, ..) => &[],
            Event::SequenceEnd => &[']'],
            Event::MappingEnd => &['}'],
            _ => return None,
        };
        let least = span.start.index();
        let mut end = span.end.index().min(self.characters.len());
        let is_end = |character: char| match closing {
            [] => !character.is_whitespace(),
            closing => closing.contains(&character),
        };
        while end > least && !is_end(self.characters[end - 1]) {
            end -= 1;
        }
        if end == least {
            return None;
        }
        let line = self.starts.partition_point(|start| *start < end);
        Some((line, end - self.starts[line - 1]))
    }
}

fn is_block(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..)
    )
}

/// Comments that have not found their node yet.
#[derive(Default)]
struct Comments {
    /// Before what begins on a line.
    head: BTreeMap<usize, Vec<String>>,
    /// Behind what ends on a line, at this column.
    behind: BTreeMap<usize, (usize, String)>,
    /// Behind the colon of a key on a line.
    colon: BTreeMap<usize, String>,
    /// Behind an entry of a collection: by the line where that ends, and the column of the entries.
    foot: BTreeMap<(usize, usize), Vec<String>>,
    top: Vec<String>,
    bottom: Vec<String>,
}

/// What a line is.
enum Line<'a> {
    Empty,
    /// A comment and nothing else: its column and text.
    Comment(usize, &'a str),
    /// The column of the first character.
    Content(usize),
    /// A part of a scalar that began before.
    Inside,
}

impl Comments {
    fn find(text: &Shape<'_>, events: &[(Event<'_>, Span)]) -> Result<Self, String> {
        let mut found = Self::default();
        let mut inside = BTreeSet::new();
        let mut ends = BTreeMap::new();
        for (event, span) in events {
            let (from, to) = text.extent(event, *span);
            if let Event::Scalar(..) = event {
                inside.extend(from + 1..=to);
            }
            if let Some((line, column)) = text.end(event, *span) {
                let end = ends.entry(line).or_insert(0);
                *end = column.max(*end);
            }
        }
        let mut kinds = Vec::new();
        for (at, line) in text.lines.iter().enumerate() {
            let number = at + 1;
            let trimmed = line.trim_start();
            let column = line.chars().count() - trimmed.chars().count();
            if !inside.contains(&number) && trimmed.starts_with('#') {
                kinds.push(Line::Comment(column, trimmed.trim_end()));
                continue;
            }
            let end = ends.get(&number).copied();
            if !inside.contains(&number) || end.is_some() {
                found.behind(number, line, end)?;
            }
            kinds.push(if inside.contains(&number) {
                Line::Inside
            } else if trimmed.is_empty() {
                Line::Empty
            } else {
                Line::Content(column)
            });
        }
        found.place(&kinds)?;
        Ok(found)
    }

    /// A comment behind what ends on a line.
    fn behind(&mut self, number: usize, line: &str, end: Option<usize>) -> Result<(), String> {
        let rest: String = line.chars().skip(end.unwrap_or(0)).collect();
        let Some((before, comment)) = rest.split_once('#') else {
            return Ok(());
        };
        let comment = format!("#{}", comment.trim_end());
        match (end, before.trim()) {
            (Some(end), "") if !before.is_empty() => {
                self.behind.insert(number, (end, comment));
            }
            (Some(_), ":") if before.len() > 1 => {
                self.colon.insert(number, comment);
            }
            _ => return Err(lost(number)),
        }
        Ok(())
    }

    /// Says of comments on lines of their own what they stand before or behind.
    fn place(&mut self, lines: &[Line<'_>]) -> Result<(), String> {
        let mut at = 0;
        // The last line with something else, and the column of the last that an entry begins on.
        let (mut content, mut entry) = (0, 0);
        while let Some(line) = lines.get(at) {
            let Line::Comment(column, _) = *line else {
                if let Line::Content(column) = line {
                    entry = *column;
                }
                if !matches!(line, Line::Empty) {
                    content = at + 1;
                }
                at += 1;
                continue;
            };
            let first = at;
            let mut group = Vec::new();
            while let Some(Line::Comment(other, text)) = lines.get(at)
                && *other == column
            {
                group.push((*text).to_owned());
                at += 1;
            }
            // Whether there is no empty line between.
            let follows = first > 0 && !matches!(lines[first - 1], Line::Empty);
            let ends_text = lines[at..].iter().all(|line| matches!(line, Line::Empty));
            match lines.get(at) {
                Some(Line::Content(next)) if *next == column => {
                    self.head.insert(at + 1, group);
                }
                Some(Line::Content(next) | Line::Comment(next, _))
                    if *next < column && entry == column =>
                {
                    self.foot.insert((content, column), group);
                }
                _ if follows && content > 0 && entry == column => {
                    self.foot.insert((content, column), group);
                }
                _ if ends_text
                    && column == 0
                    && (follows
                        || matches!(
                            lines.get(content.wrapping_sub(1)),
                            Some(Line::Content(_))
                        )) =>
                {
                    if !follows {
                        self.bottom.push(String::new());
                    }
                    self.bottom.extend(group);
                }
                Some(Line::Empty) if content == 0 && column == 0 && !ends_text => {
                    self.top.extend(group);
                    self.top.push(String::new());
                }
                _ => return Err(lost(first + 1)),
            }
        }
        Ok(())
    }
}

/// Makes nodes of events.
struct Reader<'a> {
    text: &'a Shape<'a>,
    events: std::vec::IntoIter<(Event<'a>, Span)>,
    comments: Comments,
    /// Line where the last node ended.
    last: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), String> {
        self.events
            .next()
            .ok_or_else(|| "it ends too early".to_owned())
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Piece, String> {
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| format!("more than {DEPTH} levels"))?;
        let line = span.start.line();
        let refused = |what: &str| Err(format!("{what} in line {line} would be lost"));
        let flow = match self.text.characters.get(span.start.index()) {
            Some('[' | '{') => Flow::Inline,
            _ => Flow::Block,
        };
        match event {
            Event::Alias(_) => refused("an alias"),
            Event::Scalar(_, _, anchor, _)
            | Event::SequenceStart(anchor, _)
            | Event::MappingStart(anchor, _)
                if anchor != 0 =>
            {
                refused("an anchor")
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => refused("a tag"),
            Event::Scalar(ref text, style, ..) => {
                let (_, to) = self.text.extent(&event, span);
                self.last = to;
                let mut text = text.clone().into_owned();
                let is_last = to == self.text.lines.len() && self.text.goes_on;
                // Our parser adds the line break that the text does not have.
                if is_block(&event) && is_last && text.ends_with('\n') {
                    text.pop();
                }
                let end = self.text.end(&event, span);
                let piece = Piece::new(Content::Scalar(text, style));
                Ok(self.with_comment(piece, end))
            }
            Event::SequenceStart(..) => self.list(flow, depth),
            Event::MappingStart(..) => self.map(flow, depth),
            _ => Err("it is no value".to_owned()),
        }
    }

    /// The comment behind a node that ends at a line and column.
    fn with_comment(&mut self, mut piece: Piece, end: Option<(usize, usize)>) -> Piece {
        if let Some((line, column)) = end
            && let Some((at, _)) = self.comments.behind.get(&line)
            && *at == column
        {
            let found = self.comments.behind.remove(&line);
            piece.line = found.map(|(_, comment)| comment).unwrap_or_default();
        }
        piece
    }

    fn list(&mut self, flow: Flow, depth: usize) -> Result<Piece, String> {
        let mut items = Vec::new();
        let mut column = None;
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(self.ended(Content::List(items, flow), flow, &event, span));
            }
            let line = span.start.line();
            if flow == Flow::Inline {
                items.push(self.node(event, span, depth)?);
                continue;
            }
            let column = *column.get_or_insert_with(|| self.text.indent(line));
            let head = self.comments.head.remove(&line);
            let mut item = self.node(event, span, depth)?;
            item.head = head.unwrap_or_default();
            item.foot = self.foot(column);
            // The library moves these, or puts a comma between.
            let is_moved = match &item.content {
                Content::Map(_, Flow::Inline) => !item.foot.is_empty(),
                _ => is_nothing(&item) && !(item.head.is_empty() && item.foot.is_empty()),
            };
            if is_moved {
                return Err(lost(line));
            }
            items.push(item);
        }
    }

    fn map(&mut self, flow: Flow, depth: usize) -> Result<Piece, String> {
        let mut entries = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(self.ended(Content::Map(entries, flow), flow, &event, span));
            }
            let (line, column) = (span.start.line(), span.start.col());
            let Event::Scalar(key, style, 0, None) = event else {
                return Err(format!("a key in line {line} is more than a text"));
            };
            self.last = line;
            let mut key = Piece::new(Content::Scalar(key.into_owned(), style));
            let (event, span) = self.next()?;
            if flow == Flow::Block {
                key.head = self.comments.head.remove(&line).unwrap_or_default();
                if span.start.line() > line {
                    key.line = self.comments.colon.remove(&line).unwrap_or_default();
                }
            }
            let value = self.node(event, span, depth)?;
            if !key.line.is_empty() && matches!(value.content, Content::Scalar(..)) {
                return Err(lost(line));
            }
            if flow == Flow::Block {
                key.foot = self.foot(column);
            }
            if !key.foot.is_empty() && is_nothing(&value) {
                return Err(lost(line));
            }
            entries.push((key, value));
        }
    }

    /// Comments behind an entry at a column that has just ended.
    fn foot(&mut self, column: usize) -> Vec<String> {
        let foot = self.comments.foot.remove(&(self.last, column));
        foot.unwrap_or_default()
    }

    /// A collection that has ended.
    fn ended(&mut self, content: Content, flow: Flow, event: &Event<'_>, span: Span) -> Piece {
        let piece = Piece::new(content);
        if flow == Flow::Block {
            return piece;
        }
        let end = self.text.end(event, span);
        self.last = end.map_or(self.last, |(line, _)| line);
        self.with_comment(piece, end)
    }
}

/// Whether nothing stands there.
fn is_nothing(piece: &Piece) -> bool {
    matches!(&piece.content, Content::Scalar(text, ScalarStyle::Plain) if text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::write::write_kept;

    fn written(text: &str) -> Result<String, String> {
        read(text).map(|document| write_kept(&document))
    }

    #[test]
    fn what_is_in_the_librarys_form_stays_as_it_is() {
        for text in [
            "a: 1\n",
            "# top\n\n# of a\na: 1 # one\nb:\n  # of c\n  c: 'x'\n  # behind c\nd:\n- 1 # first\n# of the second\n- \"y\"\n# end\n",
            "a: {b: [1, 2], c: {}}\nd: |\n  text\n    more # no comment\ne: >-\n  one two\nf:\n",
            "a: # why\n  b: 1\n  # behind b\n# of c\nc: 2\n\n# end\n",
            "- a: 1\n  b: 2\n- - 1\n  - 2\n",
        ] {
            let written = written(text).expect("a text that can be kept");
            assert_eq!(written.trim_end(), text.trim_end());
        }
    }

    #[test]
    fn spaces_and_empty_lines_become_the_librarys() {
        let text = "a:\n    b:   1   # one\n\n    c:\n        - x\n        -   y: [ 1,2 ]\n";
        let expected = "a:\n  b: 1 # one\n  c:\n  - x\n  - y: [1, 2]\n";
        assert_eq!(written(text).as_deref(), Ok(expected));
    }

    #[test]
    fn what_would_be_lost_is_refused() {
        for (text, expected) in [
            ("a: &x 1\nb: 2\n", "anchor in line 1"),
            ("a: 1\nb: !!str 2\n", "tag in line 2"),
            ("a: 1\n---\nb: 2\n", "several documents"),
            ("a: [1, # one\n  2]\n", "comment near line 1"),
            ("a: 1\n\n# lonely\n\nb: 2\n", "comment near line 3"),
            ("a: | # why\n  x\n", "comment near line 1"),
            ("? [a]\n: 1\n", "key in line 1"),
        ] {
            let error = written(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        assert!(written(&deep).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_ends(text in "([a-c#:'\"|>{}\\[\\],&*!? -]|\n|\n  ){0,60}") {
            let _ = written(&text);
        }
    }
}
