//! From tokens to templates.

mod number;

use std::collections::HashMap;
use std::sync::Arc;

use memchr::memchr_iter;

use crate::deep::deeper;
use crate::error::ParseError;
use crate::function::Functions;
use crate::lex::{Delimiters, Lexer, Token, TokenKind};
use crate::node::{
    Branch, BranchKind, Builtin, Command, Constant, FunctionPlace, Invocation, List, Node, Pipe,
    Place, Position, Source, Span, Stretch, Syntax, Tree, VariableId, Word, is_blank,
};
use crate::strconv;
use crate::value::Text;

/// How deep actions and parentheses may be nested. (Go: 10,000 for parentheses, no limit for actions.)
const MAXIMUM_NESTING: usize = 1_000;
/// Elements that there is room for at first in what is under way.
const ROOM: usize = 32;
/// Templates longer than this are refused.
const MAXIMUM_LENGTH: usize = 64 << 20;

/// The templates that one text defines, by name; the text's own is among them.
pub(crate) type Trees = HashMap<Arc<str>, Arc<Tree>>;

/// Parses a text. Functions are looked up in the registry, then in the language.
pub(crate) fn parse(
    name: &str,
    text: &Text,
    functions: &Functions,
    delimiters: &Delimiters,
) -> Result<Trees, ParseError> {
    if text.len() > MAXIMUM_LENGTH {
        return Err(ParseError(format!(
            "template: {name}: the text is longer than {MAXIMUM_LENGTH} bytes"
        )));
    }
    let lexer = Lexer::new(
        text,
        delimiters,
        functions.get("break").is_some(),
        functions.get("continue").is_some(),
    );
    let mut parser = Parser {
        lexer,
        functions,
        name: Arc::from(name),
        text,
        syntax: Syntax::for_actions(delimiters.about(text)),
        definitions: HashMap::new(),
        nodes: Vec::with_capacity(ROOM),
        commands: Vec::with_capacity(ROOM),
        words: Vec::with_capacity(ROOM),
        scope: Scope::default(),
        nesting: 0,
    };
    parser.top()?;
    let mut syntax = parser.syntax;
    syntax.shrink();
    let source = Arc::new(Source {
        name: parser.name,
        text: text.clone(),
        syntax,
    });
    let tree = |(name, definition): (Arc<str>, Definition)| {
        let tree = Arc::new(Tree {
            name: Arc::clone(&name),
            source: Arc::clone(&source),
            root: definition.root,
            is_empty: definition.is_empty,
        });
        (name, tree)
    };
    Ok(parser.definitions.into_iter().map(tree).collect())
}

type Result<T, E = ParseError> = std::result::Result<T, E>;

/// What belongs to one template under way; a definition inside of another has its own.
struct Scope<'t> {
    /// Up to three tokens looked ahead, the last one read first.
    tokens: [Token<'t>; 3],
    peeked: usize,
    variables: Vec<VariableId>,
    /// Where the action under way began.
    action: Option<usize>,
    ranges: usize,
}

impl Default for Scope<'_> {
    fn default() -> Self {
        Self {
            tokens: [Token {
                kind: TokenKind::Eof,
                fault: 0,
                position: 0,
                text: &[],
            }; 3],
            peeked: 0,
            variables: vec![0],
            action: None,
            ranges: 0,
        }
    }
}

/// What ends a list of nodes.
enum Ending {
    End,
    Else,
}

impl Ending {
    fn describe(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

/// A node, or the end of the list.
enum Item {
    Node(Node),
    Ending(Ending),
}

/// A template, before its source is there.
struct Definition {
    root: List,
    is_empty: bool,
}

struct Parser<'t, 'd, 'f> {
    lexer: Lexer<'t, 'd>,
    functions: &'f Functions,
    name: Arc<str>,
    text: &'t [u8],
    syntax: Syntax,
    definitions: HashMap<Arc<str>, Definition>,
    // What is under way, outer before inner: whoever began to add takes his own off the end, and they come side by side.
    nodes: Vec<Node>,
    commands: Vec<Command>,
    words: Vec<Word>,
    scope: Scope<'t>,
    nesting: usize,
}

impl<'t> Parser<'t, '_, '_> {
    fn next(&mut self) -> Token<'t> {
        if self.scope.peeked > 0 {
            self.scope.peeked -= 1;
        } else {
            self.scope.tokens[0] = self.lexer.next_token();
        }
        self.scope.tokens[self.scope.peeked]
    }

    fn back_up(&mut self) {
        self.scope.peeked += 1;
    }

    fn peek(&mut self) -> Token<'t> {
        let token = self.next();
        self.back_up();
        token
    }

    fn peek_kind(&mut self) -> TokenKind {
        if self.scope.peeked == 0 {
            self.scope.tokens[0] = self.lexer.next_token();
            self.scope.peeked = 1;
        }
        self.scope.tokens[self.scope.peeked - 1].kind
    }

    fn next_non_space(&mut self) -> Token<'t> {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token<'t> {
        let token = self.next_non_space();
        self.back_up();
        token
    }

    /// An error at the line of the last token read from the text.
    fn error<T>(&self, text: impl AsRef<str>) -> Result<T> {
        let line = self.line(self.scope.tokens[0].position);
        Err(ParseError(format!(
            "template: {}:{line}: {}",
            self.name,
            text.as_ref()
        )))
    }

    /// The line of a position; the first is 1.
    fn line(&self, position: usize) -> usize {
        1 + memchr_iter(b'\n', &self.text[..position]).count()
    }

    fn unexpected<T>(&self, token: &Token<'t>, context: &str) -> Result<T> {
        let Some(error) = self.lexer.fault(token) else {
            return self.error(format!("unexpected {} in {context}", token.describe()));
        };
        let started = self.scope.action.map(|start| self.line(start));
        let Some(started) = started.filter(|line| *line != self.line(token.position)) else {
            return self.error(error);
        };
        let action = if error.ends_with(" action") {
            ""
        } else {
            " in action"
        };
        self.error(format!(
            "{error}{action} started at {}:{started}",
            self.name
        ))
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Result<Token<'t>> {
        let token = self.next_non_space();
        if token.kind == kind {
            Ok(token)
        } else {
            self.unexpected(&token, context)
        }
    }

    /// Goes one level deeper, within the limit, on a stack that grows.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting >= MAXIMUM_NESTING {
            return self.error(format!(
                "max expression depth exceeded: actions and parentheses are nested more than {MAXIMUM_NESTING} deep"
            ));
        }
        self.nesting += 1;
        let result = deeper(|| parse(self));
        self.nesting -= 1;
        result
    }

    /// The whole text.
    fn top(&mut self) -> Result<()> {
        let start = self.nodes.len();
        while self.peek_kind() != TokenKind::Eof {
            if self.peek_kind() == TokenKind::LeftDelimiter {
                let delimiter = self.next();
                if self.next_non_space().kind == TokenKind::Define {
                    self.definition()?;
                    continue;
                }
                self.scope.tokens[1] = delimiter;
                self.scope.peeked = 2;
            }
            match self.text_or_action()? {
                Item::Node(node) => self.nodes.push(node),
                Item::Ending(ending) => {
                    return self.error(format!("unexpected {}", ending.describe()));
                }
            }
        }
        let name = Arc::clone(&self.name);
        let list = self.syntax.take(&mut self.nodes, start);
        self.add(name, list)
    }

    fn definition(&mut self) -> Result<()> {
        let outer = std::mem::take(&mut self.scope);
        let context = "define clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        self.expect(TokenKind::RightDelimiter, context)?;
        self.body(name, context)?;
        self.scope = outer;
        Ok(())
    }

    /// A template inside of the text, up to its end.
    fn body(&mut self, name: Arc<str>, context: &str) -> Result<()> {
        let (list, ending) = self.nested(Self::list)?;
        if let Ending::Else = ending {
            return self.error(format!("unexpected {} in {context}", ending.describe()));
        }
        self.add(name, list)
    }

    fn add(&mut self, name: Arc<str>, root: List) -> Result<()> {
        let is_empty = self.syntax.all(root).iter().all(|node| match node {
            Node::Text((start, end)) => is_blank(&self.text[*start as usize..*end as usize]),
            _ => false,
        });
        match self.definitions.get(&name) {
            Some(existing) if !existing.is_empty => {
                if !is_empty {
                    return self.error(format!(
                        "template: multiple definition of template {}",
                        strconv::quote(name.as_bytes())
                    ));
                }
            }
            _ => {
                self.definitions.insert(name, Definition { root, is_empty });
            }
        }
        Ok(())
    }

    /// Nodes up to an end or else.
    fn list(&mut self) -> Result<(List, Ending)> {
        let start = self.nodes.len();
        while self.peek_non_space().kind != TokenKind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => self.nodes.push(node),
                Item::Ending(ending) => {
                    return Ok((self.syntax.take(&mut self.nodes, start), ending));
                }
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Node(Node::Text(stretch(&token)))),
            TokenKind::LeftDelimiter => {
                self.scope.action = Some(token.position);
                let item = self.action()?;
                self.scope.action = None;
                Ok(item)
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        let node = match token.kind {
            TokenKind::Block => self.block()?,
            TokenKind::Break => {
                self.loop_control("break")?;
                Node::Break
            }
            TokenKind::Continue => {
                self.loop_control("continue")?;
                Node::Continue
            }
            TokenKind::Else => return self.otherwise(),
            TokenKind::End => {
                self.expect(TokenKind::RightDelimiter, "end")?;
                return Ok(Item::Ending(Ending::End));
            }
            TokenKind::If => self.branch(BranchKind::If)?,
            TokenKind::Range => self.branch(BranchKind::Range)?,
            TokenKind::Template => self.invocation()?,
            TokenKind::With => self.branch(BranchKind::With)?,
            _ => {
                self.back_up();
                let start = position(&self.peek());
                let pipe = self.pipeline("command", TokenKind::RightDelimiter)?;
                Node::Action(start, pipe)
            }
        };
        Ok(Item::Node(node))
    }

    fn loop_control(&mut self, word: &str) -> Result<()> {
        let token = self.next_non_space();
        if token.kind != TokenKind::RightDelimiter {
            return self.unexpected(&token, &format!("{{{{{word}}}}}"));
        }
        if self.scope.ranges == 0 {
            return self.error(format!("{{{{{word}}}}} outside {{{{range}}}}"));
        }
        Ok(())
    }

    fn otherwise(&mut self) -> Result<Item> {
        // An `if` or `with` that follows is left for the branch.
        if !matches!(self.peek_non_space().kind, TokenKind::If | TokenKind::With) {
            self.expect(TokenKind::RightDelimiter, "else")?;
        }
        Ok(Item::Ending(Ending::Else))
    }

    fn branch(&mut self, kind: BranchKind) -> Result<Node> {
        self.nested(|parser| parser.branch_body(kind))
    }

    fn branch_body(&mut self, kind: BranchKind) -> Result<Node> {
        let variables = self.scope.variables.len();
        let context = match kind {
            BranchKind::If => "if",
            BranchKind::With => "with",
            BranchKind::Range => "range",
        };
        let pipe = self.pipeline(context, TokenKind::RightDelimiter)?;
        if kind == BranchKind::Range {
            self.scope.ranges += 1;
        }
        let (list, ending) = self.list()?;
        if kind == BranchKind::Range {
            self.scope.ranges -= 1;
        }
        let otherwise = match ending {
            Ending::End => None,
            Ending::Else => Some(self.else_list(kind)?),
        };
        self.scope.variables.truncate(variables);
        let branch = Branch {
            kind,
            pipe,
            list,
            otherwise,
        };
        Ok(Node::Branch(self.syntax.push(branch)))
    }

    /// What follows an else; `else if` and `else with` stand for a nested branch whose end is the same.
    fn else_list(&mut self, kind: BranchKind) -> Result<List> {
        let follows = self.peek_kind();
        let chained = kind == BranchKind::If && follows == TokenKind::If
            || kind == BranchKind::With && follows == TokenKind::With;
        if chained {
            self.next();
            let branch = self.branch(kind)?;
            let start = self.syntax.height::<Node>();
            self.syntax.push(branch);
            return Ok(self.syntax.since(start));
        }
        let (list, ending) = self.list()?;
        if let Ending::Else = ending {
            return self.error(format!("expected end; found {}", ending.describe()));
        }
        Ok(list)
    }

    fn block(&mut self) -> Result<Node> {
        let context = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let pipe = self.pipeline(context, TokenKind::RightDelimiter)?;
        let outer = std::mem::take(&mut self.scope);
        let (list, ending) = self.nested(Self::list)?;
        let inner = std::mem::replace(&mut self.scope, outer);
        if let Ending::Else = ending {
            return self.error(format!("unexpected {} in {context}", ending.describe()));
        }
        let outer = std::mem::replace(&mut self.scope, inner);
        self.add(Arc::clone(&name), list)?;
        self.scope = outer;
        let invocation = Invocation {
            position: position(&token),
            name,
            pipe: Some(pipe),
        };
        Ok(Node::Template(self.syntax.push(invocation)))
    }

    fn invocation(&mut self) -> Result<Node> {
        let context = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let pipe = if self.next_non_space().kind == TokenKind::RightDelimiter {
            None
        } else {
            self.back_up();
            Some(self.pipeline(context, TokenKind::RightDelimiter)?)
        };
        let invocation = Invocation {
            position: position(&token),
            name,
            pipe,
        };
        Ok(Node::Template(self.syntax.push(invocation)))
    }

    fn template_name(&mut self, token: &Token<'t>, context: &str) -> Result<Arc<str>> {
        match token.kind {
            TokenKind::String | TokenKind::RawString => match strconv::unquote(token.text) {
                Some(name) => Ok(Arc::from(String::from_utf8_lossy(&name))),
                None => self.error("invalid syntax"),
            },
            _ => self.unexpected(token, context),
        }
    }

    fn pipeline(&mut self, context: &str, end: TokenKind) -> Result<Place<Pipe>> {
        let position = position(&self.peek_non_space());
        let (declarations, assigns) = self.declarations(context)?;
        let start = self.commands.len();
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    self.check_pipeline(start, context)?;
                    let pipe = Pipe {
                        position,
                        assigns,
                        declarations,
                        commands: self.syntax.take(&mut self.commands, start),
                    };
                    return Ok(self.syntax.push(pipe));
                }
                TokenKind::Bool
                | TokenKind::CharConstant
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::String
                | TokenKind::Variable
                | TokenKind::LeftParenthesis => {
                    self.back_up();
                    let command = self.command()?;
                    self.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
    }

    /// `$x :=`, `$x =`, and for ranges `$i, $x :=`; or nothing. With whether it is `=`.
    fn declarations(&mut self, context: &str) -> Result<(Span<VariableId>, bool)> {
        let start = self.syntax.height::<VariableId>();
        loop {
            let variable = self.peek_non_space();
            if variable.kind != TokenKind::Variable {
                return Ok((self.syntax.since(start), false));
            }
            self.next();
            // Space is a token, so three tokens are looked ahead at worst: in "$x foo", "foo" has to be read to know
            // that $x is an argument.
            let after = self.peek();
            let next = self.peek_non_space();
            if matches!(next.kind, TokenKind::Assign | TokenKind::Declare) {
                self.next_non_space();
                self.declare(&variable);
                return Ok((self.syntax.since(start), next.kind == TokenKind::Assign));
            }
            if next.kind == TokenKind::Char && next.text == b"," {
                self.next_non_space();
                self.declare(&variable);
                let declared: Span<VariableId> = self.syntax.since(start);
                if context != "range" || declared.len() >= 2 {
                    return self.error(format!("too many declarations in {context}"));
                }
                match self.peek_non_space().kind {
                    TokenKind::Variable
                    | TokenKind::RightDelimiter
                    | TokenKind::RightParenthesis => continue,
                    _ => return self.error("range can only initialize variables"),
                }
            }
            if after.kind == TokenKind::Space {
                self.scope.tokens[1] = after;
                self.scope.tokens[2] = variable;
                self.scope.peeked = 3;
            } else {
                self.scope.tokens[1] = variable;
                self.scope.peeked = 2;
            }
            return Ok((self.syntax.since(start), false));
        }
    }

    fn declare(&mut self, token: &Token<'t>) {
        let id = self.variable(token);
        self.syntax.push(id);
        self.scope.variables.push(id);
    }

    fn variable(&mut self, token: &Token<'t>) -> VariableId {
        self.syntax.variable(self.text, stretch(token))
    }

    /// Checks the commands since a place.
    fn check_pipeline(&self, start: usize, context: &str) -> Result<()> {
        let commands = &self.commands[start..];
        if commands.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (index, command) in commands.iter().enumerate().skip(1) {
            if let Some(
                Word::Bool(..) | Word::Dot(_) | Word::Nil(_) | Word::Number(..) | Word::String(..),
            ) = self.syntax.all(command.words).first()
            {
                return self.error(format!(
                    "non executable command in pipeline stage {}",
                    index + 1
                ));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command> {
        let position = position(&self.peek_non_space());
        let start = self.words.len();
        loop {
            if let Some(word) = self.operand()? {
                self.words.push(word);
            }
            let token = self.next();
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::RightDelimiter | TokenKind::RightParenthesis => self.back_up(),
                TokenKind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if self.words.len() == start {
            return self.error("empty command");
        }
        Ok(Command {
            position,
            words: self.syntax.take(&mut self.words, start),
        })
    }

    /// A term with the fields that follow it.
    fn operand(&mut self) -> Result<Option<Word>> {
        let Some(word) = self.term()? else {
            return Ok(None);
        };
        if self.peek_kind() != TokenKind::Field {
            return Ok(Some(word));
        }
        let first = self.next();
        let start = position(&first);
        let mut fields = stretch(&first);
        while self.peek_kind() == TokenKind::Field {
            fields.1 = stretch(&self.next()).1;
        }
        Ok(Some(match word {
            Word::Field(_, (before, _)) => Word::Field(start, (before, fields.1)),
            Word::Variable(_, id, _) => Word::Variable(start, id, fields),
            Word::Bool(before, _)
            | Word::String(before, _)
            | Word::Number(before, _)
            | Word::Nil(before)
            | Word::Dot(before) => {
                return self.error(format!(
                    "unexpected . after term {}",
                    strconv::quote(&self.text[before as usize..start as usize])
                ));
            }
            other => Word::Chain(start, self.syntax.push(other), fields),
        }))
    }

    fn term(&mut self) -> Result<Option<Word>> {
        let token = self.next_non_space();
        let start = position(&token);
        Ok(Some(match token.kind {
            TokenKind::Identifier => {
                // Names are of letters and digits, so this is one.
                let name = std::str::from_utf8(token.text).unwrap_or_default();
                if let Some(index) = self.functions.find(name) {
                    Word::Identifier(stretch(&token), FunctionPlace::Declared(index))
                } else if let Some(builtin) = Builtin::named(name) {
                    Word::Identifier(stretch(&token), FunctionPlace::Builtin(builtin))
                } else {
                    return self.error(format!(
                        "function {} not defined",
                        strconv::quote(name.as_bytes())
                    ));
                }
            }
            TokenKind::Dot => Word::Dot(start),
            TokenKind::Nil => Word::Nil(start),
            TokenKind::Variable => {
                let id = self.variable(&token);
                if !self.scope.variables.contains(&id) {
                    return self
                        .error(format!("undefined variable {}", strconv::quote(token.text)));
                }
                Word::Variable(start, id, (start, start))
            }
            TokenKind::Field => Word::Field(start, stretch(&token)),
            TokenKind::Bool => Word::Bool(start, token.text == b"true"),
            TokenKind::CharConstant | TokenKind::Complex | TokenKind::Number => {
                match number::read(token.text, token.kind) {
                    Ok(number) => Word::Number(start, self.syntax.push(number)),
                    Err(text) => return self.error(text),
                }
            }
            TokenKind::LeftParenthesis => Word::Pipe(self.nested(|parser| {
                parser.pipeline("parenthesized pipeline", TokenKind::RightParenthesis)
            })?),
            TokenKind::String | TokenKind::RawString => {
                let Some(text) = strconv::unquote(token.text) else {
                    return self.error("invalid syntax");
                };
                let constant = Constant {
                    quoted: stretch(&token),
                    text: Text::from(text),
                };
                Word::String(start, self.syntax.push(constant))
            }
            _ => {
                self.back_up();
                return Ok(None);
            }
        }))
    }
}

fn position(token: &Token<'_>) -> Position {
    // Texts are limited far below 4 GiB.
    token.position as Position
}

fn stretch(token: &Token<'_>) -> Stretch {
    let start = position(token);
    (start, start + token.text.len() as Position)
}
