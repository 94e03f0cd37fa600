//! Which style a text takes: plain, single-quoted, double-quoted or a literal block.

use super::super::resolve::{Dialect, Kind, is_base60, is_old_bool, kind_of};

/// The style of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
}

/// Where a scalar stands, as far as that forbids styles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// It is a key before its `:`.
    pub simple_key: bool,
    /// It is inside brackets.
    pub flow: bool,
}

/// What a scalar's characters permit.
pub struct Analysis {
    /// It has a line break of any kind.
    pub multiline: bool,
    plain: bool,
    /// Inside brackets, where more characters mean something.
    flow_plain: bool,
    single: bool,
    block: bool,
}

/// Line breaks of YAML 1.1.
pub fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether the library prints a character as it is. Characters beyond the basic plane it does not.
pub fn is_printable(character: char) -> bool {
    matches!(character,
        '\n' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

/// Whether a text must not stand plain because of an indicator at this place.
fn indicates(text: &[char], at: usize, after_space: bool) -> bool {
    let before_space = text.get(at + 1).is_none_or(|next| is_blank(*next));
    let character = text[at];
    if at > 0 {
        return match character {
            ':' => before_space,
            '#' => after_space,
            _ => false,
        };
    }
    match character {
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
        | '@' | '`' => true,
        '?' | ':' | '-' => before_space,
        _ => false,
    }
}

/// Whether a text must not stand plain inside brackets because of a character.
fn indicates_in_flow(character: char) -> bool {
    matches!(character, ',' | '?' | '[' | ']' | '{' | '}' | ':')
}

/// Looks at every character of a text.
pub fn analyse(text: &[char], dialect: Dialect) -> Analysis {
    if text.is_empty() {
        return Analysis {
            multiline: false,
            plain: true,
            flow_plain: false,
            single: true,
            block: false,
        };
    }
    let marker = text.starts_with(&['-', '-', '-']) || text.starts_with(&['.', '.', '.']);
    let (mut indicator, mut special, mut tab) = (marker, false, false);
    let mut flow_indicator = false;
    let (mut multiline, mut break_space, mut space_break) = (false, false, false);
    let (mut previous_space, mut previous_break, mut after_space) = (false, false, true);
    for (at, character) in text.iter().copied().enumerate() {
        indicator |= indicates(text, at, after_space);
        flow_indicator |= indicates_in_flow(character);
        if character == '\t' && dialect == Dialect::Three {
            tab = true;
        } else if !is_printable(character) {
            special = true;
        }
        if character == ' ' {
            break_space |= previous_break;
            (previous_space, previous_break) = (true, false);
        } else if is_break(character) {
            multiline = true;
            space_break |= previous_space;
            (previous_space, previous_break) = (false, true);
        } else {
            (previous_space, previous_break) = (false, false);
        }
        after_space = is_blank(character) || is_break(character) || character == '\0';
    }
    let edge = |character: Option<&char>| character.is_some_and(|c| *c == ' ' || is_break(*c));
    let plain = !(edge(text.first())
        || edge(text.last())
        || break_space
        || space_break
        || tab
        || special
        || multiline
        || indicator);
    Analysis {
        multiline,
        plain,
        flow_plain: plain && !flow_indicator,
        single: !(break_space || space_break || tab || special),
        block: !(text.last() == Some(&' ') || space_break || special),
    }
}

/// The style that the library would like for a text, before its characters are looked at.
pub fn wanted(text: &str, dialect: Dialect) -> Style {
    if text.contains('\n') {
        return Style::Literal;
    }
    let is_text = kind_of(text, dialect) == Kind::Text
        && !is_base60(text)
        && !(dialect == Dialect::Three && is_old_bool(text));
    if is_text { Style::Plain } else { Style::Double }
}

/// The style that a scalar takes in the end.
pub fn select(wanted: Style, text: &[char], analysis: &Analysis, context: Context) -> Style {
    let Context { simple_key, flow } = context;
    let mut style = wanted;
    if simple_key && analysis.multiline {
        style = Style::Double;
    }
    let plain = if flow {
        analysis.flow_plain
    } else {
        analysis.plain
    };
    if style == Style::Plain && (!plain || text.is_empty() && (simple_key || flow)) {
        style = Style::Single;
    }
    if style == Style::Single && !analysis.single {
        style = Style::Double;
    }
    let is_block = matches!(style, Style::Literal | Style::Folded);
    if is_block && (!analysis.block || simple_key || flow) {
        style = Style::Double;
    }
    style
}
