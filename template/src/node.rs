//! The parsed template, and its text form, which error texts show.

use std::sync::Arc;

use crate::strconv;
use crate::value::Text;

/// Where a node starts in its source, in bytes.
pub(crate) type Position = u32;

/// The text that templates were parsed from.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) text: Text,
}

/// A stretch of a source, from its first byte to the one after its last.
pub(crate) type Stretch = (Position, Position);

impl Source {
    /// The bytes of a stretch.
    pub(crate) fn stretch(&self, (start, end): Stretch) -> &[u8] {
        self.text
            .get(start as usize..end as usize)
            .unwrap_or_default()
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

impl Tree {
    /// A template of a source.
    pub(crate) fn new(name: Arc<str>, source: Arc<Source>, root: List) -> Self {
        let is_empty = root.nodes.iter().all(|node| match node {
            Node::Text(text) => is_blank(source.stretch(*text)),
            _ => false,
        });
        Self {
            name,
            source,
            root,
            is_empty,
        }
    }
}

/// Nodes one after another.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) nodes: Box<[Node]>,
}

/// An element of a template.
#[derive(Debug)]
pub(crate) enum Node {
    Text(Stretch),
    Action(Position, Pipe),
    Branch(Box<Branch>),
    Template(Box<Invocation>),
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
    pub(crate) pipe: Pipe,
    pub(crate) list: List,
    pub(crate) otherwise: Option<List>,
}

/// `{{template "name" pipeline}}`.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) position: Position,
    pub(crate) name: Arc<str>,
    pub(crate) pipe: Option<Pipe>,
}

/// A pipeline with its declarations or assignments.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) position: Position,
    pub(crate) assigns: bool,
    pub(crate) declarations: Box<[Variable]>,
    pub(crate) commands: Box<[Command]>,
}

/// A variable: its number in the source, and its name with the dollar sign.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) id: VariableId,
    pub(crate) name: Arc<str>,
}

/// The number of a variable's name in its source; `$` is 0.
pub(crate) type VariableId = u32;

/// A function or value with arguments.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) position: Position,
    pub(crate) words: Box<[Word]>,
}

/// Where a function is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FunctionPlace {
    /// In the registry of the set.
    Declared(usize),
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

/// An operand.
#[derive(Debug)]
pub(crate) enum Word {
    Bool(Position, bool),
    Dot(Position),
    Nil(Position),
    Number(Position, Box<Number>),
    /// The text in quotes as written, unless it is what it means between double quotes; and what it means.
    String(Position, Option<Box<[u8]>>, Text),
    Field(Position, Box<[Arc<str>]>),
    Variable(Position, Variable, Box<[Arc<str>]>),
    Identifier(Position, Arc<str>, FunctionPlace),
    Chain(Position, Box<Word>, Box<[Arc<str>]>),
    Pipe(Box<Pipe>),
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

impl Word {
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::Bool(position, _)
            | Self::Dot(position)
            | Self::Nil(position)
            | Self::Number(position, _)
            | Self::String(position, ..)
            | Self::Field(position, _)
            | Self::Variable(position, ..)
            | Self::Identifier(position, ..)
            | Self::Chain(position, ..) => *position,
            Self::Pipe(pipe) => pipe.position,
        }
    }

    /// Appends the word as error texts show it.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Bool(_, value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Dot(_) => out.push('.'),
            Self::Nil(_) => out.push_str("nil"),
            Self::Number(_, number) => out.push_str(&number.text),
            Self::String(_, Some(quoted), _) => out.push_str(&String::from_utf8_lossy(quoted)),
            Self::String(_, None, text) => {
                out.push('"');
                out.push_str(&text.to_string_lossy());
                out.push('"');
            }
            Self::Field(_, names) => write_fields(names, out),
            Self::Variable(_, variable, fields) => {
                out.push_str(&variable.name);
                write_fields(fields, out);
            }
            Self::Identifier(_, name, _) => out.push_str(name),
            Self::Chain(_, word, fields) => {
                word.write_as_argument(out);
                write_fields(fields, out);
            }
            Self::Pipe(pipe) => pipe.write(out),
        }
    }

    fn write_as_argument(&self, out: &mut String) {
        if let Self::Pipe(pipe) = self {
            out.push('(');
            pipe.write(out);
            out.push(')');
        } else {
            self.write(out);
        }
    }
}

fn write_fields(names: &[Arc<str>], out: &mut String) {
    for name in names {
        out.push('.');
        out.push_str(name);
    }
}

impl Command {
    /// Appends the command as error texts show it.
    pub(crate) fn write(&self, out: &mut String) {
        for (index, word) in self.words.iter().enumerate() {
            if index > 0 {
                out.push(' ');
            }
            word.write_as_argument(out);
        }
    }
}

impl Pipe {
    /// Appends the pipeline as error texts show it.
    pub(crate) fn write(&self, out: &mut String) {
        for (index, variable) in self.declarations.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            out.push_str(&variable.name);
        }
        if !self.declarations.is_empty() {
            out.push_str(if self.assigns { " = " } else { " := " });
        }
        for (index, command) in self.commands.iter().enumerate() {
            if index > 0 {
                out.push_str(" | ");
            }
            command.write(out);
        }
    }
}

impl Invocation {
    /// Appends the action as error texts show it.
    pub(crate) fn write(&self, out: &mut String) {
        out.push_str("{{template ");
        out.push_str(&strconv::quote(self.name.as_bytes()));
        if let Some(pipe) = &self.pipe {
            out.push(' ');
            pipe.write(out);
        }
        out.push_str("}}");
    }
}

/// Whether there is nothing but space, in the sense of Go's `bytes.TrimSpace`.
fn is_blank(text: &[u8]) -> bool {
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
