//! Patterns of `.Files.Glob`: those of the library that Helm uses, with `/` as the separator.

/// `{` inside `{`, at most.
const DEPTH: usize = 32;

enum Step {
    Is(char),
    /// `?`: one character but `/`.
    One,
    Among {
        negated: bool,
        low: Option<(char, char)>,
        list: Vec<char>,
    },
    /// `*` (not across `/`) and `**`: may stay.
    Many {
        across: bool,
    },
    /// Go on at every one of these.
    Split(Vec<usize>),
    Jump(usize),
}

/// A compiled pattern: `*`, `**`, `?`, `[abc]`, `[!a-z]`, `{a,b}` and `\`.
pub struct Glob(Vec<Step>);

impl Glob {
    /// Compiles a pattern; `None` when it is none.
    #[must_use]
    pub fn parse(pattern: &str) -> Option<Self> {
        let characters: Vec<char> = pattern.chars().collect();
        let mut compiler = Compiler {
            characters,
            at: 0,
            steps: Vec::new(),
        };
        compiler.sequence(0)?;
        (compiler.at == compiler.characters.len()).then_some(Self(compiler.steps))
    }

    /// The pattern that takes everything: what Helm falls back to.
    #[must_use]
    pub fn everything() -> Self {
        Self(vec![Step::Many { across: true }])
    }

    /// Whether the whole text matches. Every step is entered at most once a character.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let end = self.0.len();
        let mut current = vec![false; end + 1];
        self.enter(0, &mut current);
        for character in text.chars() {
            let mut next = vec![false; end + 1];
            for (index, step) in self
                .0
                .iter()
                .enumerate()
                .filter(|(index, _)| current[*index])
            {
                match step {
                    Step::Many { across } if *across || character != '/' => {
                        self.enter(index, &mut next);
                    }
                    Step::Is(wanted) if *wanted == character => self.enter(index + 1, &mut next),
                    Step::One if character != '/' => self.enter(index + 1, &mut next),
                    Step::Among { negated, low, list } => {
                        let inside = low
                            .is_some_and(|(low, high)| (low..=high).contains(&character))
                            || list.contains(&character);
                        if inside != *negated {
                            self.enter(index + 1, &mut next);
                        }
                    }
                    _ => {}
                }
            }
            current = next;
        }
        current[end]
    }

    /// Marks a step and all that can be reached from it without a character.
    fn enter(&self, index: usize, marks: &mut [bool]) {
        let mut waiting = vec![index];
        while let Some(index) = waiting.pop() {
            if std::mem::replace(&mut marks[index], true) {
                continue;
            }
            match self.0.get(index) {
                Some(Step::Many { .. }) => waiting.push(index + 1),
                Some(Step::Split(targets)) => waiting.extend(targets),
                Some(Step::Jump(target)) => waiting.push(*target),
                _ => {}
            }
        }
    }
}

struct Compiler {
    characters: Vec<char>,
    at: usize,
    steps: Vec<Step>,
}

impl Compiler {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += 1;
        Some(character)
    }

    fn sequence(&mut self, depth: usize) -> Option<()> {
        while let Some(character) = self.peek() {
            if depth > 0 && matches!(character, ',' | '}') {
                break;
            }
            self.at += 1;
            match character {
                '*' => {
                    let across = self.peek() == Some('*');
                    if across {
                        self.at += 1;
                    }
                    self.steps.push(Step::Many { across });
                }
                '?' => self.steps.push(Step::One),
                '\\' => {
                    if let Some(character) = self.take() {
                        self.steps.push(Step::Is(character));
                    }
                }
                '[' => self.class()?,
                '{' if depth < DEPTH => self.alternatives(depth + 1)?,
                '{' => return None,
                other => self.steps.push(Step::Is(other)),
            }
        }
        Some(())
    }

    fn alternatives(&mut self, depth: usize) -> Option<()> {
        let split = self.steps.len();
        self.steps.push(Step::Split(Vec::new()));
        let mut starts = Vec::new();
        let mut jumps = Vec::new();
        loop {
            starts.push(self.steps.len());
            self.sequence(depth)?;
            jumps.push(self.steps.len());
            self.steps.push(Step::Jump(0));
            match self.take()? {
                ',' => {}
                '}' => break,
                _ => return None,
            }
        }
        let end = self.steps.len();
        for jump in jumps {
            self.steps[jump] = Step::Jump(end);
        }
        self.steps[split] = Step::Split(starts);
        Some(())
    }

    /// After `[`: either one range or a list, not both.
    fn class(&mut self) -> Option<()> {
        let negated = self.peek() == Some('!');
        if negated {
            self.at += 1;
        }
        let first = self.peek()?;
        if self.characters.get(self.at + 1) == Some(&'-') {
            let high = *self.characters.get(self.at + 2)?;
            self.at += 3;
            if high < first {
                return None;
            }
            self.steps.push(Step::Among {
                negated,
                low: Some((first, high)),
                list: Vec::new(),
            });
        } else {
            let mut list = Vec::new();
            while self.peek()? != ']' {
                let mut character = self.take()?;
                if character == '\\' {
                    character = self.take()?;
                }
                list.push(character);
            }
            if list.is_empty() {
                return None;
            }
            self.steps.push(Step::Among {
                negated,
                low: None,
                list,
            });
        }
        (self.take()? == ']').then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_files_glob() {
        let cases = [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "b/a.yaml", false),
            ("**.yaml", "b/a.yaml", true),
            ("conf/*", "conf/a", true),
            ("conf/*", "conf/a/b", false),
            ("conf/**", "conf/a/b", true),
            ("**/a", "a", false),
            ("{a,b/*}.txt", "b/c.txt", true),
            ("{a,b/*}.txt", "c.txt", false),
            ("[abc].txt", "b.txt", true),
            ("[!a-c].txt", "b.txt", false),
            ("?.txt", "b.txt", true),
            ("?.txt", "/.txt", false),
            ("\\*.txt", "*.txt", true),
            ("\\*.txt", "a.txt", false),
            ("{a,{b,c}d}", "cd", true),
            ("", "", true),
            ("", "a", false),
        ];
        for (pattern, text, expected) in cases {
            let glob = Glob::parse(pattern).expect(pattern);
            assert_eq!(glob.matches(text), expected, "{pattern} {text}");
        }
        for bad in ["[a", "{a", "[]", "[z-a]"] {
            assert!(Glob::parse(bad).is_none(), "{bad}");
        }
        let hostile = Glob::parse(&"*a".repeat(200)).expect("a pattern");
        assert!(!hostile.matches(&"a".repeat(5000).replace("aaaa", "aaab")));
    }
}
