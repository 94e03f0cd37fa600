//! Shell patterns as Go's `path.Match` reads them.

/// A pattern that is none; the text is Go's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct PatternError;

enum Part {
    /// `*`: any characters but `/`.
    Star,
    /// `?`: one character but `/`.
    One,
    Is(char),
    /// `[a-z]` and `[^a-z]`.
    Among {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// A compiled pattern.
pub struct Pattern(Vec<Part>);

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When a bracket is not closed, a range is empty or the text ends in a backslash.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let mut characters = text.chars().peekable();
        let mut parts = Vec::new();
        while let Some(character) = characters.next() {
            parts.push(match character {
                '*' => Part::Star,
                '?' => Part::One,
                '\\' => Part::Is(characters.next().ok_or(PatternError)?),
                '[' => {
                    let negated = characters.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    loop {
                        if !ranges.is_empty() && characters.next_if_eq(&']').is_some() {
                            break;
                        }
                        let low = bound(&mut characters)?;
                        let high = if characters.next_if_eq(&'-').is_some() {
                            bound(&mut characters)?
                        } else {
                            low
                        };
                        ranges.push((low, high));
                    }
                    Part::Among { negated, ranges }
                }
                other => Part::Is(other),
            });
        }
        Ok(Self(parts))
    }

    /// Whether the whole text matches. Linear in text times pattern: going back to the last star is enough, because no star goes
    /// across a `/`.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut part, mut at) = (0, 0);
        let mut last_star: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(part), text.get(at)) {
                (None, None) => return true,
                (Some(Part::Star), _) => {
                    last_star = Some((part + 1, at));
                    part += 1;
                    continue;
                }
                (Some(found), Some(&character)) if one(found, character) => {
                    part += 1;
                    at += 1;
                    continue;
                }
                _ => {}
            }
            let Some((after, from)) = last_star else {
                return false;
            };
            if text.get(from).is_none_or(|character| *character == '/') {
                return false;
            }
            last_star = Some((after, from + 1));
            part = after;
            at = from + 1;
        }
    }
}

fn one(part: &Part, character: char) -> bool {
    match part {
        Part::Star => false,
        Part::One => character != '/',
        Part::Is(wanted) => character == *wanted,
        Part::Among { negated, ranges } => {
            ranges
                .iter()
                .any(|(low, high)| (*low..=*high).contains(&character))
                != *negated
        }
    }
}

fn bound(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<char, PatternError> {
    match characters.next().ok_or(PatternError)? {
        '-' | ']' => Err(PatternError),
        '\\' => characters.next().ok_or(PatternError),
        other => Ok(other),
    }
}
