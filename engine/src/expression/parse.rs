//! Reading expressions and templates: one token ahead, bounded in length and depth.

use serde_json::Value;

use super::{ExpressionError, Function, Node, Part, Path, Relation, Step};

/// Longest text of one expression or template, in bytes.
const LONGEST: usize = 4096;
/// Deepest nesting.
const DEEPEST: usize = 32;

pub(super) fn expression(text: &str) -> Result<Node, ExpressionError> {
    let mut parser = Parser::new(text)?;
    let node = parser.expression()?;
    parser.end()?;
    Ok(node)
}

pub(super) fn template(text: &str) -> Result<Vec<Part>, ExpressionError> {
    let mut parser = Parser::new(text)?;
    let mut parts = Vec::new();
    let mut literal = String::new();
    while let Some(character) = parser.rest().chars().next() {
        parser.position += character.len_utf8();
        if character != '{' {
            literal.push(character);
        } else if parser.take("{") {
            literal.push('{');
        } else {
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(Part::Value(parser.expression()?));
            parser.expect("}")?;
        }
    }
    if !literal.is_empty() {
        parts.push(Part::Text(literal));
    }
    Ok(parts)
}

struct Parser<'t> {
    text: &'t str,
    position: usize,
    depth: usize,
    /// How many `[…]` are around: paths begin at an element.
    inside: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Result<Self, ExpressionError> {
        let parser = Self {
            text,
            position: 0,
            depth: 0,
            inside: 0,
        };
        if text.len() > LONGEST {
            let start: String = text.chars().take(40).collect();
            return Err(ExpressionError {
                message: format!("an expression longer than {LONGEST} bytes"),
                text: format!("{start}…"),
                position: LONGEST,
            });
        }
        Ok(parser)
    }

    fn rest(&self) -> &'t str {
        &self.text[self.position..]
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, ExpressionError> {
        Err(ExpressionError {
            message: message.into(),
            text: self.text.to_owned(),
            position: self.position,
        })
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.position += rest.len() - rest.trim_start().len();
    }

    /// Takes exactly these characters, without space before them.
    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.position += token.len();
        }
        found
    }

    fn symbol(&mut self, token: &str) -> bool {
        self.space();
        self.take(token)
    }

    fn expect(&mut self, token: &str) -> Result<(), ExpressionError> {
        if self.symbol(token) {
            Ok(())
        } else {
            self.fail(format!("`{token}` is missing"))
        }
    }

    fn end(&mut self) -> Result<(), ExpressionError> {
        self.space();
        if self.rest().is_empty() {
            Ok(())
        } else {
            self.fail("unexpected text")
        }
    }

    fn peek_name(&mut self) -> &'t str {
        self.space();
        let rest = self.rest();
        let length = rest
            .find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
            .unwrap_or(rest.len());
        let name = &rest[..length];
        if name.starts_with(|character: char| character.is_ascii_digit()) {
            ""
        } else {
            name
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.peek_name() == word;
        if found {
            self.position += word.len();
        }
        found
    }

    fn expression(&mut self) -> Result<Node, ExpressionError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fail(format!("nested deeper than {DEEPEST}"));
        }
        let mut nodes = vec![self.conjunction()?];
        while self.word("or") {
            nodes.push(self.conjunction()?);
        }
        self.depth -= 1;
        Ok(one_or(nodes, Node::Or))
    }

    fn conjunction(&mut self) -> Result<Node, ExpressionError> {
        let mut nodes = vec![self.negation()?];
        while self.word("and") {
            nodes.push(self.negation()?);
        }
        Ok(one_or(nodes, Node::And))
    }

    fn negation(&mut self) -> Result<Node, ExpressionError> {
        if !self.word("not") {
            return self.test();
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fail(format!("nested deeper than {DEEPEST}"));
        }
        let node = self.negation()?;
        self.depth -= 1;
        Ok(Node::Not(Box::new(node)))
    }

    fn test(&mut self) -> Result<Node, ExpressionError> {
        let left = self.value()?;
        if self.word("in") {
            self.expect("[")?;
            return Ok(Node::In(Box::new(left), self.list("]")?));
        }
        for (token, relation) in [
            ("==", Relation::Equal),
            ("!=", Relation::Unequal),
            ("<=", Relation::LessOrEqual),
            (">=", Relation::MoreOrEqual),
            ("<", Relation::Less),
            (">", Relation::More),
        ] {
            if self.symbol(token) {
                let right = self.value()?;
                return Ok(Node::Compare(relation, Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }

    fn value(&mut self) -> Result<Node, ExpressionError> {
        let mut node = self.term()?;
        loop {
            // A chain leans to the left, so that its length is its depth, which the length of the text bounds.
            let make: fn(Box<Node>, Box<Node>) -> Node = if self.symbol("+") {
                Node::Add
            } else if self.symbol("-") {
                Node::Subtract
            } else {
                return Ok(node);
            };
            let right = self.term()?;
            node = make(Box::new(node), Box::new(right));
        }
    }

    fn term(&mut self) -> Result<Node, ExpressionError> {
        let mut node = self.atom()?;
        while self.symbol("??") {
            let other = self.atom()?;
            node = Node::Otherwise(Box::new(node), Box::new(other));
        }
        Ok(node)
    }

    fn list(&mut self, end: &str) -> Result<Vec<Node>, ExpressionError> {
        let mut nodes = Vec::new();
        loop {
            nodes.push(self.expression()?);
            if self.symbol(end) {
                return Ok(nodes);
            }
            self.expect(",")?;
        }
    }

    fn atom(&mut self) -> Result<Node, ExpressionError> {
        if self.symbol("(") {
            let node = self.expression()?;
            self.expect(")")?;
            return Ok(node);
        }
        if let Some(text) = self.quoted()? {
            return Ok(Node::Literal(Value::String(text)));
        }
        if self
            .rest()
            .starts_with(|character: char| character.is_ascii_digit())
        {
            return self.digits().map(|number| Node::Literal(number.into()));
        }
        if self.take("$") {
            self.expect(".")?;
            return self.path(true);
        }
        let name = self.peek_name();
        let literal = match name {
            "" => return self.fail("a value is missing"),
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            "True" | "False" | "Unknown" => name.into(),
            "observed" => {
                self.position += name.len();
                return Ok(Node::Observed);
            }
            _ if self.rest()[name.len()..].starts_with('(') => {
                self.position += name.len() + 1;
                return self.call(name);
            }
            _ => return self.path(false),
        };
        self.position += name.len();
        Ok(Node::Literal(literal))
    }

    fn call(&mut self, name: &str) -> Result<Node, ExpressionError> {
        let (function, arguments) = match name {
            "exists" => (Function::Exists, 1),
            "count" => (Function::Count, 1),
            "number" => (Function::Number, 1),
            "starts" => (Function::Starts, 2),
            "ends" => (Function::Ends, 2),
            "contains" => (Function::Contains, 2),
            "sum" => (Function::Sum, 2),
            "join" => (Function::Join, 3),
            "with" => (Function::With, 3),
            _ => return self.fail(format!("no function is called {name}")),
        };
        let mut nodes = Vec::new();
        for index in 0..arguments {
            if index > 0 {
                self.expect(",")?;
            }
            // The second argument of these two is asked of each element.
            let of_element = index == 1 && matches!(function, Function::Sum | Function::Join);
            self.inside += usize::from(of_element);
            nodes.push(self.expression()?);
            self.inside -= usize::from(of_element);
        }
        self.expect(")")?;
        Ok(Node::Call(function, nodes))
    }

    fn quoted(&mut self) -> Result<Option<String>, ExpressionError> {
        self.space();
        let Some(quote) = self
            .rest()
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\''))
        else {
            return Ok(None);
        };
        let body = &self.rest()[1..];
        let Some(length) = body.find(quote) else {
            return self.fail("a text is not closed");
        };
        self.position += length + 2;
        Ok(Some(body[..length].to_owned()))
    }

    fn digits(&mut self) -> Result<u32, ExpressionError> {
        let rest = self.rest();
        let length = rest
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(rest.len());
        let Ok(number) = rest[..length].parse() else {
            return self.fail("a number that is too large");
        };
        self.position += length;
        Ok(number)
    }

    fn path(&mut self, from_object: bool) -> Result<Node, ExpressionError> {
        let mut steps = Vec::new();
        let mut is_condition = false;
        let first = self.name()?;
        if first == "cond" {
            let of_element = self.inside > 0 && !from_object;
            let kind = if self.take(".") {
                self.name()?.to_owned()
            } else if self.take("[") {
                let Some(kind) = self.quoted()? else {
                    return self.fail("the type of a condition is missing");
                };
                self.expect("]")?;
                kind
            } else {
                return self.fail("the type of a condition is missing");
            };
            steps.push(Step::Condition(kind, of_element));
            is_condition = true;
        } else if first != "it" {
            steps.push(Step::Key(first.to_owned()));
        }
        loop {
            if self.take(".") {
                steps.push(Step::Key(self.name()?.to_owned()));
            } else if self.take("[") {
                steps.push(self.bracket()?);
            } else {
                break;
            }
        }
        if is_condition && steps.len() == 1 {
            steps.push(Step::Key("status".to_owned()));
        }
        Ok(Node::Path(Path { from_object, steps }))
    }

    fn name(&mut self) -> Result<&'t str, ExpressionError> {
        let name = self.peek_name();
        if name.is_empty() {
            return self.fail("a name is missing");
        }
        self.position += name.len();
        Ok(name)
    }

    fn bracket(&mut self) -> Result<Step, ExpressionError> {
        self.space();
        let start = self.position;
        if self
            .rest()
            .starts_with(|character: char| character.is_ascii_digit())
        {
            let index = self.digits()?;
            self.expect("]")?;
            return Ok(Step::Index(index as usize));
        }
        if self.word("last") && self.symbol("]") {
            return Ok(Step::Last);
        }
        self.position = start;
        if let Some(key) = self.quoted()? {
            self.expect("]")?;
            return Ok(Step::Key(key));
        }
        self.inside += 1;
        let question = self.expression()?;
        self.inside -= 1;
        self.expect("]")?;
        Ok(Step::Find(Box::new(question)))
    }
}

fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            many(nodes)
        }
        None => Node::Literal(Value::Null),
    }
}
