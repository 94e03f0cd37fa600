//! What becomes of a folded block scalar that Kustomize reads, keeps and writes again.
//!
//! kyaml keeps the style of a scalar, and turns an object into JSON by writing it as YAML and reading that. go-yaml's emitter
//! writes folded scalars wrongly: before a line break it adds an empty line without looking at what follows the break, and so
//! lines that are indented further gain an empty line before them. Objects come out of `kustomize build` with that change.

/// The value after it has been written and read once.
pub fn rewritten(value: &str) -> String {
    if value.is_empty() || !may_be_block(value) {
        return value.to_owned();
    }
    let keep = value.ends_with("\n\n") || value == "\n";
    let strip = !value.ends_with('\n');
    read(&written(value), strip, keep)
}

/// Whether the emitter writes a block at all; otherwise it writes a quoted scalar, which is right.
fn may_be_block(value: &str) -> bool {
    !value.ends_with(' ')
        && !value.contains(" \n")
        && value.chars().all(|character| {
            matches!(character, '\n' | '\t') || (character >= ' ' && character != '\u{7f}')
        })
}

/// The lines that the emitter writes, without their common indentation.
fn written(value: &str) -> String {
    let first = value.trim_start_matches('\n').chars().next();
    // The emitter looks at the beginning of the value where it should look at the next line.
    let adds = !matches!(first, None | Some(' ' | '\t'));
    let mut text = String::with_capacity(value.len() + 16);
    let (mut breaks, mut is_indented) = (true, true);
    for character in value.chars() {
        if character == '\n' {
            if !breaks && !is_indented && adds {
                text.push('\n');
            }
            text.push('\n');
            breaks = true;
        } else {
            if breaks {
                is_indented = matches!(character, ' ' | '\t');
            }
            text.push(character);
            breaks = false;
        }
    }
    text
}

/// Folds lines as the scanner does.
fn read(text: &str, strip: bool, keep: bool) -> String {
    let mut value = String::with_capacity(text.len());
    let (mut leading, mut trailing) = (false, String::new());
    let mut was_blank = false;
    for line in text.split_inclusive('\n') {
        let content = line.strip_suffix('\n').unwrap_or(line);
        if content.is_empty() {
            trailing.push('\n');
            continue;
        }
        let is_blank = content.starts_with([' ', '\t']);
        if leading && !was_blank && !is_blank {
            if trailing.is_empty() {
                value.push(' ');
            }
        } else if leading {
            value.push('\n');
        }
        value.push_str(&trailing);
        trailing.clear();
        was_blank = is_blank;
        value.push_str(content);
        leading = line.ends_with('\n');
    }
    if !strip && leading {
        value.push('\n');
    }
    if keep {
        value.push_str(&trailing);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indented_lines_gain_an_empty_line() {
        for (before, after) in [
            ("a(c,\n  b.c\n)", "a(c,\n\n  b.c\n)"),
            ("\nx\n\n  y\n\nz\n", "\nx\n\n\n  y\n\nz\n"),
            ("a b\nc\n", "a b\nc\n"),
            ("a \nb", "a \nb"),
            ("plain", "plain"),
            ("a\n\n", "a\n\n\n"),
        ] {
            assert_eq!(rewritten(before), after, "{before:?}");
        }
    }
}
