//! The parsed template, and its text form, which error texts show.
//!
//! What a text is parsed into lies in a few lists, where elements know each other by their places: a template is a handful of pieces
//! of memory, however many actions it has, and is freed without walking it.

mod syntax;

use std::borrow::Cow;
use std::sync::Arc;

use crate::strconv;
use crate::value::Text;

pub(crate) use syntax::{Place, Span, Syntax};

/// Where a node starts in its source, in bytes.
pub(crate) type Position = u32;

/// A stretch of a source, from its first byte to the one after its last.
pub(crate) type Stretch = (Position, Position);

/// The text that templates were parsed from, and what it was parsed into.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) text: Text,
    pub(crate) syntax: Syntax,
}

impl Source {
    /// The bytes of a stretch.
    pub(crate) fn stretch(&self, (start, end): Stretch) -> &[u8] {
        self.text
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// The text of a stretch, for people.
    fn shown(&self, stretch: Stretch) -> Cow<'_, str> {
        String::from_utf8_lossy(self.stretch(stretch))
    }

    /// The name of a variable, with the dollar sign.
    pub(crate) fn variable(&self, id: VariableId) -> Cow<'_, str> {
        let known = (id as usize).checked_sub(1);
        match known.and_then(|index| self.syntax.variables.get(index)) {
            Some(name) => self.shown(*name),
            None => Cow::Borrowed("$"),
        }
    }

    /// `name:line:column` of a position. Columns count bytes from 0, as Go's do.
    pub(crate) fn location(&self, position: Position) -> String {
        let before = &self.text[..(position as usize).min(self.text.len())];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let line_start = before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |newline| newline + 1);
        format!("{}:{line}:{}", self.name, before.len() - line_start)
    }
}

/// A template of a name.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) name: Arc<str>,
    pub(crate) source: Arc<Source>,
    pub(crate) root: List,
    /// Whether there is nothing in it but space.
    pub(crate) is_empty: bool,
}

/// Nodes one after another.
pub(crate) type List = Span<Node>;

/// An element of a template.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Node {
    Text(Stretch),
    Action(Position, Place<Pipe>),
    Branch(Place<Branch>),
    Template(Place<Invocation>),
    Break,
    Continue,
}

/// What a branch does with its pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BranchKind {
    If,
    With,
    Range,
}

/// `if`, `with` or `range`.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) kind: BranchKind,
    pub(crate) pipe: Place<Pipe>,
    pub(crate) list: List,
    pub(crate) otherwise: Option<List>,
}

/// `{{template "name" pipeline}}`.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) position: Position,
    pub(crate) name: Arc<str>,
    pub(crate) pipe: Option<Place<Pipe>>,
}

/// A pipeline with its declarations or assignments.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) position: Position,
    pub(crate) assigns: bool,
    pub(crate) declarations: Span<VariableId>,
    pub(crate) commands: Span<Command>,
}

/// The number of a variable's name in its source; `$` is 0.
pub(crate) type VariableId = u32;

/// A function or value with arguments.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) position: Position,
    pub(crate) words: Span<Word>,
}

/// Where a function is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FunctionPlace {
    /// In the registry of the set.
    Declared(u32),
    /// In the language.
    Builtin(Builtin),
}

/// The functions of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    And,
    Or,
    Not,
    Call,
    Html,
    Index,
    Slice,
    Js,
    Len,
    Print,
    Printf,
    Println,
    UrlQuery,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Builtin {
    /// The function of a name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "and" => Self::And,
            "or" => Self::Or,
            "not" => Self::Not,
            "call" => Self::Call,
            "html" => Self::Html,
            "index" => Self::Index,
            "slice" => Self::Slice,
            "js" => Self::Js,
            "len" => Self::Len,
            "print" => Self::Print,
            "printf" => Self::Printf,
            "println" => Self::Println,
            "urlquery" => Self::UrlQuery,
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "lt" => Self::Lt,
            "le" => Self::Le,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            _ => return None,
        })
    }
}

/// An operand. Fields are stretches with all their dots: their names have none.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word {
    Bool(Position, bool),
    Dot(Position),
    Nil(Position),
    Number(Position, Place<Number>),
    String(Position, Place<Constant>),
    Field(Position, Stretch),
    Variable(Position, VariableId, Stretch),
    Identifier(Stretch, FunctionPlace),
    Chain(Position, Place<Word>, Stretch),
    Pipe(Place<Pipe>),
}

/// A text in quotes.
#[derive(Debug)]
pub(crate) struct Constant {
    /// As it is written.
    pub(crate) quoted: Stretch,
    /// What it means.
    pub(crate) text: Text,
}

/// A numeric constant, under all the types that can hold it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Number {
    pub(crate) text: Box<str>,
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
}

impl Source {
    /// Where a word starts.
    pub(crate) fn position(&self, word: &Word) -> Position {
        match word {
            Word::Bool(position, _)
            | Word::Dot(position)
            | Word::Nil(position)
            | Word::Number(position, _)
            | Word::String(position, ..)
            | Word::Field(position, _)
            | Word::Variable(position, ..)
            | Word::Identifier((position, _), _)
            | Word::Chain(position, ..) => *position,
            Word::Pipe(pipe) => self.syntax.at(*pipe).position,
        }
    }

    /// Appends a word as error texts show it.
    pub(crate) fn write_word(&self, word: &Word, out: &mut String) {
        match word {
            Word::Bool(_, value) => out.push_str(if *value { "true" } else { "false" }),
            Word::Dot(_) => out.push('.'),
            Word::Nil(_) => out.push_str("nil"),
            Word::Number(_, number) => out.push_str(&self.syntax.at(*number).text),
            Word::String(_, constant) => {
                out.push_str(&self.shown(self.syntax.at(*constant).quoted));
            }
            Word::Field(_, fields) => out.push_str(&self.shown(*fields)),
            Word::Variable(_, id, fields) => {
                out.push_str(&self.variable(*id));
                out.push_str(&self.shown(*fields));
            }
            Word::Identifier(name, _) => out.push_str(&self.shown(*name)),
            Word::Chain(_, word, fields) => {
                self.write_argument(self.syntax.at(*word), out);
                out.push_str(&self.shown(*fields));
            }
            Word::Pipe(pipe) => self.write_pipe(self.syntax.at(*pipe), out),
        }
    }

    fn write_argument(&self, word: &Word, out: &mut String) {
        if let Word::Pipe(pipe) = word {
            out.push('(');
            self.write_pipe(self.syntax.at(*pipe), out);
            out.push(')');
        } else {
            self.write_word(word, out);
        }
    }

    /// Appends a command as error texts show it.
    pub(crate) fn write_command(&self, command: &Command, out: &mut String) {
        for (index, word) in self.syntax.all(command.words).iter().enumerate() {
            if index > 0 {
                out.push(' ');
            }
            self.write_argument(word, out);
        }
    }

    /// Appends a pipeline as error texts show it.
    pub(crate) fn write_pipe(&self, pipe: &Pipe, out: &mut String) {
        let declarations = self.syntax.all(pipe.declarations);
        for (index, id) in declarations.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            out.push_str(&self.variable(*id));
        }
        if !declarations.is_empty() {
            out.push_str(if pipe.assigns { " = " } else { " := " });
        }
        for (index, command) in self.syntax.all(pipe.commands).iter().enumerate() {
            if index > 0 {
                out.push_str(" | ");
            }
            self.write_command(command, out);
        }
    }

    /// Appends a `template` action as error texts show it.
    pub(crate) fn write_invocation(&self, invocation: &Invocation, out: &mut String) {
        out.push_str("{{template ");
        out.push_str(&strconv::quote(invocation.name.as_bytes()));
        if let Some(pipe) = invocation.pipe {
            out.push(' ');
            self.write_pipe(self.syntax.at(pipe), out);
        }
        out.push_str("}}");
    }
}

/// Whether there is nothing but space, in the sense of Go's `bytes.TrimSpace`.
pub(crate) fn is_blank(text: &[u8]) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let (rune, width) = strconv::decode_rune(rest);
        // Go's unicode.IsSpace is Rust's White_Space.
        if !rune.is_whitespace() {
            return false;
        }
        rest = &rest[width..];
    }
    true
}
