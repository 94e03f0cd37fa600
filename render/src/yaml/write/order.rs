//! The order of keys: numbers by value, texts with their digits read as numbers, letters after everything else.

use std::cmp::Ordering;

use tiphys_template::strconv::{is_digit, is_letter};

use super::{Key, Node};
use crate::yaml::resolve::Dialect;

/// The indices of the entries in the order in which they are written.
pub fn sorted(entries: &[(Key, Node)], dialect: Dialect) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..entries.len()).collect();
    // The library's comparison is no total order, which the standard sort does not bear; merging does.
    merge_sort(&mut indices, &|a, b| {
        less(&entries[*a].0, &entries[*b].0, dialect)
    });
    indices
}

fn merge_sort(items: &mut Vec<usize>, less: &impl Fn(&usize, &usize) -> bool) {
    if items.len() < 2 {
        return;
    }
    let mut right = items.split_off(items.len() / 2);
    merge_sort(items, less);
    merge_sort(&mut right, less);
    let left = std::mem::take(items);
    let mut left = left.into_iter().peekable();
    let mut right = right.into_iter().peekable();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if less(b, a) {
            right.next()
        } else {
            left.next()
        };
        items.extend(next);
    }
    items.extend(left);
    items.extend(right);
}

/// The number that a key counts as, and the rank of its kind among equal numbers.
fn as_number(key: &Key) -> Option<(f64, u8)> {
    match key {
        Key::Bool(value) => Some((f64::from(u8::from(*value)), 0)),
        #[expect(
            clippy::cast_precision_loss,
            reason = "Go compares them as floats first, too"
        )]
        Key::Int(number) => Some((*number as f64, 1)),
        Key::Float(number) => Some((*number, 2)),
        Key::Text(_) => None,
    }
}

fn less(a: &Key, b: &Key, dialect: Dialect) -> bool {
    match (as_number(a), as_number(b)) {
        (Some(left), Some(right)) if left != right => {
            left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)) == Ordering::Less
        }
        (Some(_), Some(_)) => match (a, b) {
            (Key::Int(a), Key::Int(b)) => a < b,
            _ => false,
        },
        (Some(_), None) => true,
        (None, Some(_)) => false,
        (None, None) => match (a, b) {
            (Key::Text(a), Key::Text(b)) => text_less(a, b, dialect),
            _ => false,
        },
    }
}

fn text_less(a: &str, b: &str, dialect: Dialect) -> bool {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut after_digit = false;
    for (at, (left, right)) in a.iter().copied().zip(b.iter().copied()).enumerate() {
        if left == right {
            after_digit = is_digit(left);
            continue;
        }
        let (left_letter, right_letter) = (is_letter(left), is_letter(right));
        if left_letter && right_letter {
            return left < right;
        }
        if left_letter || right_letter {
            // go-yaml 3 lets a number end before a letter: `a1` comes before `ab`, `a1b` before `a1.`.
            return if dialect == Dialect::Three && after_digit {
                left_letter
            } else {
                right_letter
            };
        }
        return digits_less(&a, &b, at);
    }
    a.len() < b.len()
}

/// Compares from the place of the first difference on, where neither side has a letter.
fn digits_less(a: &[char], b: &[char], at: usize) -> bool {
    // After a digit other than zero, a zero does not begin a number: it goes on with one.
    let inside = (a[at] == '0' || b[at] == '0')
        && a[..at]
            .iter()
            .rev()
            .take_while(|c| is_digit(**c))
            .any(|c| *c != '0');
    let number = |text: &[char]| {
        let mut value = i64::from(inside);
        let mut length = 0;
        for character in text[at..].iter().take_while(|c| is_digit(**c)) {
            let digit = i64::from(u32::from(*character)) - i64::from(u32::from('0'));
            value = value.wrapping_mul(10).wrapping_add(digit);
            length += 1;
        }
        (value, length)
    };
    let (left, right) = (number(a), number(b));
    match left.cmp(&right) {
        Ordering::Equal => a[at] < b[at],
        other => other == Ordering::Less,
    }
}
