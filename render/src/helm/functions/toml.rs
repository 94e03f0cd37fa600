//! TOML as the library behind Helm writes it, and what it reads.

use tiphys_template::{FunctionError, Text, Value};

use super::clock::Time;
use super::shape::{Format, shape};
use crate::go_float;
use crate::go_time::{Zone, parse};
use crate::yaml::write::{Key, Node};

const NIL_ITEM: &str = "toml: cannot encode array with nil element";
const NO_KEY: &str = "toml: top-level values must be Go maps or structs";

/// Writes a value; the errors are the library's.
pub fn write(value: &Value) -> Result<String, FunctionError> {
    let node = shape(value, Format::Toml)?;
    let mut out = String::new();
    match &node {
        Node::Null => {}
        Node::List(items) if is_tables(items)? => return Err(NO_KEY.into()),
        Node::Map(entries) => table(&mut out, &mut Vec::new(), entries)?,
        other => element(&mut out, other)?,
    }
    Ok(out)
}

fn entry_name(key: &Key) -> &str {
    match key {
        Key::Text(text) => text,
        _ => "",
    }
}

/// Whether all items of a list are tables. Nil must not be among them.
fn is_tables(items: &[Node]) -> Result<bool, FunctionError> {
    let mut all = !items.is_empty();
    for item in items {
        match item {
            Node::Null => return Err(NIL_ITEM.into()),
            Node::Map(_) => {}
            Node::List(inner) => {
                is_tables(inner)?;
                all = false;
            }
            _ => all = false,
        }
    }
    Ok(all)
}

/// Whether a value is written as a table of its own.
fn is_table(node: &Node) -> Result<bool, FunctionError> {
    match node {
        Node::Map(_) => Ok(true),
        Node::List(items) => is_tables(items),
        _ => Ok(false),
    }
}

/// The entries of a table: plain ones first, then those that are tables.
fn table(
    out: &mut String,
    path: &mut Vec<String>,
    entries: &[(Key, Node)],
) -> Result<(), FunctionError> {
    let mut later = Vec::new();
    for (key, value) in entries {
        if is_table(value)? {
            later.push((key, value));
        } else if *value != Node::Null {
            indent(out, path.len());
            out.push_str(&quoted_key(entry_name(key)));
            out.push_str(" = ");
            element(out, value)?;
            out.push('\n');
        }
    }
    for (key, value) in later {
        path.push(entry_name(key).to_owned());
        match value {
            Node::Map(entries) => {
                if path.len() == 1 && !out.is_empty() {
                    out.push('\n');
                }
                indent(out, path.len() - 1);
                out.push_str(&format!("[{}]\n", full_key(path)));
                table(out, path, entries)?;
            }
            Node::List(items) => {
                for item in items {
                    if !out.is_empty() {
                        out.push('\n');
                    }
                    indent(out, path.len() - 1);
                    out.push_str(&format!("[[{}]]\n", full_key(path)));
                    if let Node::Map(entries) = item {
                        table(out, path, entries)?;
                    }
                }
            }
            _ => {}
        }
        path.pop();
    }
    Ok(())
}

fn indent(out: &mut String, level: usize) {
    out.extend(std::iter::repeat_n("  ", level));
}

fn full_key(path: &[String]) -> String {
    let parts: Vec<String> = path.iter().map(|part| quoted_key(part)).collect();
    parts.join(".")
}

fn quoted_key(key: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !key.is_empty() && key.bytes().all(bare) {
        return key.to_owned();
    }
    quoted(key)
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' | '\u{7f}' => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A value within a line.
fn element(out: &mut String, node: &Node) -> Result<(), FunctionError> {
    match node {
        Node::Null => return Err(NIL_ITEM.into()),
        Node::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Node::Int(number) => out.push_str(&number.to_string()),
        Node::Uint(number) => out.push_str(&number.to_string()),
        Node::Float(number) => out.push_str(&float(*number)),
        Node::Plain(text) => out.push_str(text),
        Node::Text(text) => out.push_str(&quoted(text)),
        Node::Binary(bytes) => out.push_str(&quoted(&String::from_utf8_lossy(bytes))),
        Node::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                element(out, item)?;
            }
            out.push(']');
        }
        Node::Map(entries) => inline(out, entries)?,
    }
    Ok(())
}

/// A table within a line: plain entries first.
fn inline(out: &mut String, entries: &[(Key, Node)]) -> Result<(), FunctionError> {
    let mut plain = Vec::new();
    let mut tables = Vec::new();
    for entry in entries {
        if is_table(&entry.1)? {
            tables.push(entry);
        } else {
            plain.push(entry);
        }
    }
    out.push('{');
    let more = !tables.is_empty();
    for (group, trailing) in [(plain, more), (tables, false)] {
        let last = group.len();
        for (index, (key, value)) in group.into_iter().enumerate() {
            if *value == Node::Null {
                continue;
            }
            out.push_str(&quoted_key(entry_name(key)));
            out.push_str(" = ");
            element(out, value)?;
            if trailing || index + 1 != last {
                out.push_str(", ");
            }
        }
    }
    out.push('}');
    Ok(())
}

fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let text = go_float::shortest(number);
    if text.contains(['e', '.']) {
        text
    } else {
        format!("{text}.0")
    }
}

/// Reads a document: whole numbers are `int64`, points in time are times. The errors are those of the Rust reader.
pub fn read(text: &Text) -> Result<Value, String> {
    let text = text
        .as_str()
        .ok_or("toml: files must contain valid UTF-8")?;
    let table: ::toml::Table = text
        .parse()
        .map_err(|error: ::toml::de::Error| format!("toml: {}", error.message()))?;
    from_table(&table)
}

fn from_table(table: &::toml::Table) -> Result<Value, String> {
    let entries = table
        .iter()
        .map(|(key, value)| Ok((key.as_str(), from_toml(value)?)))
        .collect::<Result<Vec<_>, String>>()?;
    Ok(Value::map(entries))
}

fn from_toml(value: &::toml::Value) -> Result<Value, String> {
    use ::toml::Value as Toml;
    Ok(match value {
        Toml::String(text) => Value::string(text.as_str()),
        Toml::Integer(number) => Value::Int64(*number),
        Toml::Float(number) => Value::Float64(*number),
        Toml::Boolean(value) => Value::Bool(*value),
        Toml::Datetime(time) => datetime(&time.to_string())?,
        Toml::Array(items) => {
            let values = items.iter().map(from_toml).collect::<Result<Vec<_>, _>>()?;
            let tables = !items.is_empty() && items.iter().all(Toml::is_table);
            if tables {
                let list = tiphys_template::List::new(MAPS, values);
                return Ok(Value::List(list));
            }
            Value::list(values)
        }
        Toml::Table(table) => from_table(table)?,
    })
}

/// What a list of tables is read into.
const MAPS: tiphys_template::Type = tiphys_template::Type::Slice(&tiphys_template::Type::MAP);

fn datetime(text: &str) -> Result<Value, String> {
    // What has no offset is in a zone of the library's own, whose name is printed.
    let layouts = [
        ("2006-01-02T15:04:05Z07:00", "UTC"),
        ("2006-01-02T15:04:05", "datetime-local"),
        ("2006-01-02", "date-local"),
        ("15:04:05", "time-local"),
    ];
    layouts
        .iter()
        .find_map(|(layout, zone)| parse(layout, text, &Zone::fixed(zone, 0)).ok())
        .map(|moment| Value::object(Time(moment)))
        .ok_or_else(|| format!("toml: {text} is no point in time"))
}
