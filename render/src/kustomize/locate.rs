//! Finds the line of a field in a kustomization, for messages: nothing else needs it, so it is looked up when something is wrong.

use saphyr_parser::{Event, Parser};

/// The line of a field at the top, or of one of its elements; `None` if the text has no such place.
pub(super) fn line(text: &[u8], field: &str, element: Option<usize>) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    let mut depth = 0_usize;
    let mut is_key = true;
    let mut inside = false;
    let mut elements = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let line = span.start.line();
        let (begins, ends) = match &event {
            Event::Scalar(..) | Event::Alias(_) => (true, true),
            Event::SequenceStart(..) | Event::MappingStart(..) => (true, false),
            Event::SequenceEnd | Event::MappingEnd => (false, true),
            _ => continue,
        };
        if begins {
            if depth == 1 && is_key {
                if inside {
                    return None;
                }
                if let Event::Scalar(name, ..) = &event {
                    inside = name.eq_ignore_ascii_case(field);
                    if inside && element.is_none() {
                        return Some(line);
                    }
                }
            } else if inside && depth == 2 {
                if Some(elements) == element {
                    return Some(line);
                }
                elements += 1;
            }
            depth += 1;
        }
        if ends {
            depth = depth.checked_sub(1)?;
            if depth == 1 {
                is_key = !is_key;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_elements_have_lines() {
        let text = b"# c\nnamePrefix: a\nimages:\n- name: x\n  newTag: y\n- {name: z}\nlabels:\n- pairs:\n    a: b\n";
        for (field, element, expected) in [
            ("namePrefix", None, Some(2)),
            ("images", None, Some(3)),
            ("images", Some(0), Some(4)),
            ("images", Some(1), Some(6)),
            ("images", Some(2), None),
            ("labels", Some(0), Some(8)),
            ("nothing", None, None),
        ] {
            assert_eq!(line(text, field, element), expected, "{field}");
        }
    }
}
