//! Makes nodes of tokens, and gives each its comments.
//!
//! A token that is looked at brings the comments up to it; the next node that begins or ends takes them. So the order in which tokens
//! are looked at matters.

use std::collections::{HashMap, HashSet};

use super::scan::{Scanned, Scanner, TokenKind};
use super::{Content, Flow, KeptDocument, MERGE_TAG, Piece, ScalarStyle, TEXT_TAG, tag_of};

/// How deep collections may lie in each other.
const DEPTH: usize = 128;
/// What `!!` stands for.
const OWN_TAGS: &str = "tag:yaml.org,2002:";

/// Reads the first document of a text.
pub fn document(text: &str) -> Result<Option<KeptDocument>, String> {
    Parser {
        scanner: Scanner::new(text)?,
        next_comment: 0,
        found: Found::default(),
        stem: String::new(),
        handles: HashMap::new(),
        anchors: HashSet::new(),
        depth: 0,
    }
    .document()
}

/// Comments that have no node yet.
#[derive(Default)]
struct Found {
    head: String,
    line: String,
    foot: String,
}

/// What stands before a node.
#[derive(Default)]
struct Properties {
    anchor: String,
    tag: String,
}

struct Parser {
    scanner: Scanner,
    /// The first comment that was not taken yet.
    next_comment: usize,
    found: Found,
    /// Comments before an item that belong to the collection in it, not to the first entry of that.
    stem: String,
    /// What the handles of tags stand for.
    handles: HashMap<String, String>,
    anchors: HashSet<String>,
    depth: usize,
}

fn joined(to: &mut String, text: &str) {
    if !text.is_empty() {
        if !to.is_empty() {
            to.push('\n');
        }
        to.push_str(text);
    }
}

fn ends_block(kind: &TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd
    )
}

impl Parser {
    /// The next token, which brings the comments before it.
    fn peek(&mut self) -> Scanned<TokenKind> {
        let token = self.scanner.peek()?.clone();
        while let Some(comment) = self.scanner.comments.get_mut(self.next_comment)
            && token.start.index >= comment.token.index
        {
            if !comment.head.is_empty() && token.kind == TokenKind::BlockEnd {
                break;
            }
            let comment = std::mem::take(comment);
            joined(&mut self.found.head, &comment.head);
            joined(&mut self.found.foot, &comment.foot);
            joined(&mut self.found.line, &comment.line);
            self.next_comment += 1;
        }
        Ok(token.kind)
    }

    fn skip(&mut self) {
        self.scanner.skip_token();
    }

    fn fault<T>(&mut self, what: &str) -> Scanned<T> {
        let line = self.scanner.peek()?.start.line + 1;
        Err(format!("line {line}: {what}"))
    }

    fn take(&mut self) -> Found {
        self.stem.clear();
        std::mem::take(&mut self.found)
    }

    /// Gives a node the comments that were found.
    fn commented(&mut self, mut piece: Piece) -> Piece {
        let found = self.take();
        (piece.head, piece.line, piece.foot) = (found.head, found.line, found.foot);
        piece
    }

    fn document(&mut self) -> Result<Option<KeptDocument>, String> {
        self.peek()?;
        self.skip();
        let mut head = String::new();
        let root = match self.peek()? {
            TokenKind::StreamEnd => return Ok(None),
            TokenKind::Version(..) | TokenKind::TagDirective(..) | TokenKind::DocumentStart => {
                self.directives()?;
                if self.peek()? != TokenKind::DocumentStart {
                    return self.fault("directives without a document");
                }
                self.skip();
                match self.peek()? {
                    TokenKind::Version(..)
                    | TokenKind::TagDirective(..)
                    | TokenKind::DocumentStart
                    | TokenKind::DocumentEnd
                    | TokenKind::StreamEnd => nothing(),
                    _ => self.node(true, false)?,
                }
            }
            _ => {
                self.directives()?;
                head = self.document_head();
                self.node(true, false)?
            }
        };
        if self.peek()? == TokenKind::DocumentEnd {
            self.skip();
        }
        let found = self.take();
        let foot = if found.foot.is_empty() {
            found.head
        } else {
            found.foot
        };
        Ok(Some(KeptDocument { head, root, foot }))
    }

    /// What stands above the last empty line of the first comments.
    fn document_head(&mut self) -> String {
        let comments = &mut self.found.head;
        let (above, below) = if let Some(above) = comments.strip_suffix('\n') {
            (above.to_owned(), String::new())
        } else if let Some((above, below)) = comments.rsplit_once("\n\n") {
            (above.to_owned(), below.to_owned())
        } else {
            return String::new();
        };
        *comments = below;
        above
    }

    fn directives(&mut self) -> Scanned<()> {
        let mut has_version = false;
        loop {
            match self.peek()? {
                TokenKind::Version(..) if has_version => return self.fault("a second %YAML"),
                TokenKind::Version(1, 1) => has_version = true,
                TokenKind::Version(..) => return self.fault("%YAML is not 1.1"),
                TokenKind::TagDirective(handle, prefix) => {
                    if self.handles.insert(handle, prefix).is_some() {
                        return self.fault("the same %TAG twice");
                    }
                }
                _ => break,
            }
            self.skip();
        }
        for (handle, prefix) in [("!", "!"), ("!!", OWN_TAGS)] {
            let handle = self.handles.entry(handle.to_owned());
            handle.or_insert_with(|| prefix.to_owned());
        }
        Ok(())
    }

    fn node(&mut self, block: bool, indentless: bool) -> Scanned<Piece> {
        self.depth += 1;
        if self.depth > DEPTH {
            return self.fault("too many levels");
        }
        let piece = self.node_inside(block, indentless)?;
        self.depth -= 1;
        Ok(piece)
    }

    fn node_inside(&mut self, block: bool, indentless: bool) -> Scanned<Piece> {
        if let TokenKind::Alias(name) = self.peek()? {
            if !self.anchors.contains(&name) {
                return self.fault("an alias without an anchor");
            }
            let piece = self.commented(Piece::new(Content::Alias(name)));
            self.skip();
            return Ok(piece);
        }
        let properties = self.properties()?;
        if !properties.anchor.is_empty() {
            self.anchors.insert(properties.anchor.clone());
        }
        match self.peek()? {
            TokenKind::BlockEntry if indentless => {
                let items = self.indentless_list()?;
                Ok(properties.on(Piece::new(Content::List(items, Flow::Block))))
            }
            TokenKind::Scalar(text, style) => {
                let piece = properties.on(Piece::new(Content::Scalar(text, style)));
                let piece = self.commented(piece);
                self.skip();
                Ok(piece)
            }
            TokenKind::FlowSequenceStart => {
                let head = self.take().head;
                let piece = self.flow_list()?;
                Ok(properties.on(Piece { head, ..piece }))
            }
            TokenKind::FlowMappingStart => {
                let head = self.take().head;
                let piece = self.flow_map()?;
                Ok(properties.on(Piece { head, ..piece }))
            }
            TokenKind::BlockSequenceStart if block => {
                let head = std::mem::take(&mut self.stem);
                let items = self.block_list()?;
                let piece = Piece::new(Content::List(items, Flow::Block));
                Ok(properties.on(Piece { head, ..piece }))
            }
            TokenKind::BlockMappingStart if block => {
                let head = std::mem::take(&mut self.stem);
                let piece = self.block_map()?;
                Ok(properties.on(Piece { head, ..piece }))
            }
            _ if !(properties.anchor.is_empty() && properties.tag.is_empty()) => {
                Ok(properties.on(nothing()))
            }
            _ => self.fault("nothing where a value is expected"),
        }
    }

    fn properties(&mut self) -> Scanned<Properties> {
        let mut properties = Properties::default();
        let (mut has_anchor, mut has_tag) = (false, false);
        loop {
            match self.peek()? {
                TokenKind::Anchor(name) if !has_anchor => {
                    has_anchor = true;
                    properties.anchor = name;
                }
                TokenKind::Tag(handle, suffix) if !has_tag => {
                    has_tag = true;
                    properties.tag = match self.handles.get(&handle) {
                        _ if handle.is_empty() => suffix,
                        Some(prefix) => format!("{prefix}{suffix}"),
                        None => return self.fault("a tag with an unknown handle"),
                    };
                }
                _ => return Ok(properties),
            }
            self.skip();
        }
    }

    /// What an entry holds, or nothing when the next token begins or ends another.
    fn item(&mut self, is_empty: bool, indentless: bool) -> Scanned<Piece> {
        if is_empty {
            Ok(nothing())
        } else {
            self.node(true, indentless)
        }
    }

    fn block_list(&mut self) -> Scanned<Vec<Piece>> {
        self.skip();
        let mut items = Vec::new();
        loop {
            match self.peek()? {
                TokenKind::BlockEntry => {
                    self.entry()?;
                    let next = self.peek()?;
                    let is_empty = matches!(next, TokenKind::BlockEntry | TokenKind::BlockEnd);
                    items.push(self.item(is_empty, false)?);
                }
                TokenKind::BlockEnd => {
                    self.skip();
                    return Ok(items);
                }
                _ => return self.fault("no `-` where an item is expected"),
            }
        }
    }

    fn indentless_list(&mut self) -> Scanned<Vec<Piece>> {
        let mut items = Vec::new();
        while self.peek()? == TokenKind::BlockEntry {
            self.entry()?;
            let next = self.peek()?;
            let is_empty = next == TokenKind::BlockEntry || ends_block(&next);
            items.push(self.item(is_empty, false)?);
        }
        Ok(items)
    }

    /// Goes beyond a `-`. What stands above it belongs to the whole collection behind it.
    fn entry(&mut self) -> Scanned<()> {
        let before = self.found.head.len();
        self.skip();
        if before > 0
            && matches!(
                self.peek()?,
                TokenKind::BlockSequenceStart | TokenKind::BlockMappingStart
            )
        {
            let rest = self.found.head.split_off(before);
            let rest = rest.strip_prefix('\n').unwrap_or(&rest).to_owned();
            self.stem = std::mem::replace(&mut self.found.head, rest);
        }
        Ok(())
    }

    fn block_map(&mut self) -> Scanned<Piece> {
        self.skip();
        let mut entries: Vec<(Piece, Piece)> = Vec::new();
        loop {
            match self.peek()? {
                TokenKind::Key => self.skip(),
                TokenKind::BlockEnd => {
                    let found = self.take();
                    self.skip();
                    let mut piece = Piece::new(Content::List(Vec::new(), Flow::Block));
                    (piece.line, piece.foot) = (found.line, found.foot);
                    if let Some((key, _)) = entries.last_mut()
                        && !piece.foot.is_empty()
                    {
                        key.foot = std::mem::take(&mut piece.foot);
                    }
                    piece.content = Content::Map(entries, Flow::Block);
                    return Ok(piece);
                }
                _ => return self.fault("no key where one is expected"),
            }
            let is_empty = ends_block(&self.peek()?);
            let mut key = self.item(is_empty, true)?;
            // A comment further out belongs to the entry before.
            if let Some((before, _)) = entries.last_mut()
                && !key.foot.is_empty()
            {
                before.foot = std::mem::take(&mut key.foot);
            }
            let mut value = nothing();
            if self.peek()? == TokenKind::Value {
                self.skip();
                let is_empty = ends_block(&self.peek()?);
                value = self.item(is_empty, true)?;
            }
            lift_foot(&mut key, &mut value);
            entries.push((key, value));
        }
    }

    fn flow_list(&mut self) -> Scanned<Piece> {
        self.skip();
        let mut items = Vec::new();
        loop {
            let mut next = self.peek()?;
            if !items.is_empty() && next != TokenKind::FlowSequenceEnd {
                if next != TokenKind::FlowEntry {
                    return self.fault("no `,` or `]` where one is expected");
                }
                self.skip();
                next = self.peek()?;
            }
            match next {
                TokenKind::FlowSequenceEnd => {
                    let piece = Piece::new(Content::List(items, Flow::Inline));
                    return self.flow_ended(piece);
                }
                TokenKind::Key => items.push(self.pair()?),
                _ => items.push(self.node(false, false)?),
            }
        }
    }

    /// The end of a collection in brackets: the comments before it are behind or below the collection.
    fn flow_ended(&mut self, mut piece: Piece) -> Scanned<Piece> {
        let found = self.take();
        (piece.line, piece.foot) = (found.line, found.foot);
        self.skip();
        Ok(piece)
    }

    /// An entry of a list in brackets that is a mapping of one key.
    fn pair(&mut self) -> Scanned<Piece> {
        self.skip();
        let ends =
            |kind: &TokenKind| matches!(kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd);
        let next = self.peek()?;
        let mut key = nothing();
        if next == TokenKind::Value || ends(&next) {
            self.skip();
        } else {
            key = self.node(false, false)?;
        }
        let mut value = nothing();
        if self.peek()? == TokenKind::Value {
            self.skip();
            if !ends(&self.peek()?) {
                value = self.node(false, false)?;
            }
        }
        lift_foot(&mut key, &mut value);
        self.peek()?;
        Ok(Piece::new(Content::Map(vec![(key, value)], Flow::Inline)))
    }

    fn flow_map(&mut self) -> Scanned<Piece> {
        self.skip();
        let ends =
            |kind: &TokenKind| matches!(kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd);
        let mut entries = Vec::new();
        loop {
            let mut next = self.peek()?;
            if !entries.is_empty() && next != TokenKind::FlowMappingEnd {
                if next != TokenKind::FlowEntry {
                    return self.fault("no `,` or `}` where one is expected");
                }
                self.skip();
                next = self.peek()?;
            }
            let (mut key, mut value) = (nothing(), nothing());
            match next {
                TokenKind::FlowMappingEnd => {
                    let piece = Piece::new(Content::Map(entries, Flow::Inline));
                    return self.flow_ended(piece);
                }
                TokenKind::Key => {
                    self.skip();
                    let next = self.peek()?;
                    if next != TokenKind::Value && !ends(&next) {
                        key = self.node(false, false)?;
                    }
                    if self.peek()? == TokenKind::Value {
                        self.skip();
                        if !ends(&self.peek()?) {
                            value = self.node(false, false)?;
                        }
                    }
                }
                _ => {
                    key = self.node(false, false)?;
                    self.peek()?;
                }
            }
            lift_foot(&mut key, &mut value);
            entries.push((key, value));
        }
    }
}

/// What stands below a value stands below the whole entry.
fn lift_foot(key: &mut Piece, value: &mut Piece) {
    if key.foot.is_empty() {
        key.foot = std::mem::take(&mut value.foot);
    }
}

/// A scalar that is not written.
fn nothing() -> Piece {
    let content = Content::Scalar(String::new(), ScalarStyle::Plain);
    Properties::default().on(Piece::new(content))
}

impl Properties {
    /// Puts anchor and type to a node.
    fn on(self, piece: Piece) -> Piece {
        let is_tagged = !self.tag.is_empty() && self.tag != "!";
        let tag = if is_tagged {
            match self.tag.strip_prefix(OWN_TAGS) {
                Some(short) => format!("!!{short}"),
                None => self.tag,
            }
        } else {
            let tag = match &piece.content {
                Content::Scalar(text, ScalarStyle::Plain) if text == "<<" => MERGE_TAG,
                Content::Scalar(text, ScalarStyle::Plain) => tag_of(text),
                Content::Scalar(..) => TEXT_TAG,
                Content::Alias(_) => "",
                Content::List(..) => "!!seq",
                Content::Map(..) => "!!map",
            };
            tag.to_owned()
        };
        Piece {
            anchor: self.anchor,
            tag,
            is_tagged,
            ..piece
        }
    }
}
