//! `configMapGenerator` and `secretGenerator`.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::loader::Loader;
use super::read;
use super::resource::Resource;
use super::types::{GeneratorArgs, GeneratorOptions};

/// Characters of base64 in one line, where the text is longer than that.
const LINE: usize = 70;

/// The options of one generator, with those of all added where it says nothing.
pub(super) fn merged_options(
    own: Option<&GeneratorOptions>,
    all: Option<&GeneratorOptions>,
) -> GeneratorOptions {
    let mut merged = own.cloned().unwrap_or_default();
    if let Some(all) = all {
        for (key, value) in &all.labels {
            merged
                .labels
                .entry(key.clone())
                .or_insert_with(|| value.clone());
        }
        for (key, value) in &all.annotations {
            merged
                .annotations
                .entry(key.clone())
                .or_insert_with(|| value.clone());
        }
        merged.disable_name_suffix_hash |= all.disable_name_suffix_hash;
        merged.immutable |= all.immutable;
    }
    merged
}

/// The object of one entry of `configMapGenerator`.
///
/// # Errors
/// When it has no name, a file cannot be read, or a key comes twice.
pub(super) fn config_map(
    loader: &Loader<'_>,
    args: &GeneratorArgs,
    options: &GeneratorOptions,
    file: &Arc<str>,
) -> Result<Resource, Fault> {
    let mut object = base("ConfigMap", args)?;
    let (mut data, mut binary) = (Map::new(), Map::new());
    for (key, value) in pairs(loader, args)? {
        match String::from_utf8(value) {
            Ok(text) => data.insert(key, text.into()),
            Err(bytes) => binary.insert(key, encoded(bytes.as_bytes()).into()),
        };
    }
    if !data.is_empty() {
        object.insert("data".into(), data.into());
    }
    if !binary.is_empty() {
        object.insert("binaryData".into(), binary.into());
    }
    Ok(finished(object, args, options, file))
}

/// The object of one entry of `secretGenerator`.
///
/// # Errors
/// When it has no name, a file cannot be read, or a key comes twice.
pub(super) fn secret(
    loader: &Loader<'_>,
    args: &GeneratorArgs,
    options: &GeneratorOptions,
    file: &Arc<str>,
) -> Result<Resource, Fault> {
    let mut object = base("Secret", args)?;
    let kind = match args.secret_type.as_str() {
        "" => "Opaque",
        given => given,
    };
    object.insert("type".into(), kind.into());
    let data: Map<String, Value> = pairs(loader, args)?
        .into_iter()
        .map(|(key, value)| (key, encoded(&value).into()))
        .collect();
    object.insert("data".into(), data.into());
    Ok(finished(object, args, options, file))
}

fn base(kind: &str, args: &GeneratorArgs) -> Result<Map<String, Value>, Fault> {
    if args.name.is_empty() {
        return Err("a configmap must have a name".to_owned().into());
    }
    let mut metadata = Map::new();
    metadata.insert("name".into(), args.name.clone().into());
    if !args.namespace.is_empty() {
        metadata.insert("namespace".into(), args.namespace.clone().into());
    }
    let mut object = Map::new();
    object.insert("apiVersion".into(), "v1".into());
    object.insert("kind".into(), kind.into());
    object.insert("metadata".into(), metadata.into());
    Ok(object)
}

fn finished(
    mut object: Map<String, Value>,
    args: &GeneratorArgs,
    options: &GeneratorOptions,
    file: &Arc<str>,
) -> Resource {
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        for (field, entries) in [
            ("labels", &options.labels),
            ("annotations", &options.annotations),
        ] {
            if !entries.is_empty() {
                metadata.insert(field.to_owned(), json!(entries));
            }
        }
    }
    if options.immutable {
        object.insert("immutable".into(), true.into());
    }
    let mut resource = Resource::new(Value::Object(object), file, 1);
    resource.needs_hash = !options.disable_name_suffix_hash;
    resource.behavior = read::behavior_of(&args.behavior);
    resource
}

/// Keys and values from files of lines, literals and files, in this order.
fn pairs(loader: &Loader<'_>, args: &GeneratorArgs) -> Result<Vec<(String, Vec<u8>)>, Fault> {
    let mut pairs: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut add = |key: String, value: Vec<u8>| match pairs.insert(key.clone(), value) {
        Some(_) => Err(Fault::Field(format!(
            "{} illegally repeats the key {key:?}",
            args.name
        ))),
        None => Ok(()),
    };
    for (place, path) in args.envs.iter().enumerate() {
        let loaded = within(loader.load(path), "envs", place)?;
        for (key, value) in lines(&loaded.content, &loaded.file)? {
            add(key, value)?;
        }
    }
    for (place, literal) in args.literals.iter().enumerate() {
        match literal.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                add(key.to_owned(), unquoted(value).as_bytes().to_vec())?;
            }
            _ => {
                return Err(Fault::Field(format!(
                    "literals[{place}]: invalid literal source {literal}, expected key=value"
                )));
            }
        }
    }
    for (place, source) in args.files.iter().enumerate() {
        let (key, path) = within(file_source(source).map_err(Fault::Field), "files", place)?;
        let loaded = within(loader.load(path), "files", place)?;
        add(key.to_owned(), loaded.content.into_owned())?;
    }
    Ok(pairs.into_iter().collect())
}

fn within<T>(result: Result<T, Fault>, field: &str, place: usize) -> Result<T, Fault> {
    result.map_err(|fault| match fault {
        Fault::Field(message) => Fault::Field(format!("{field}[{place}]: {message}")),
        other => other,
    })
}

/// Key and path of an entry of `files`.
fn file_source(source: &str) -> Result<(&str, &str), String> {
    let mut parts = source.split('=');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(path), None, _) => Ok((
            path.rsplit('/')
                .find(|name| !name.is_empty())
                .unwrap_or(path),
            path,
        )),
        (Some(""), Some(path), None) => Err(format!(
            "missing key name for file path {path:?} in source {source:?}"
        )),
        (Some(key), Some(""), None) => Err(format!(
            "missing file path for key name {key:?} in source {source:?}"
        )),
        (Some(key), Some(path), None) => Ok((key, path)),
        _ => Err(format!(
            "source {source:?} key name or file path contains '='"
        )),
    }
}

/// Pairs of lines `key=value`; empty lines and comments are left out. The environment of the process takes no part.
fn lines(content: &[u8], file: &str) -> Result<Vec<(String, Vec<u8>)>, Fault> {
    let mut pairs = Vec::new();
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = std::str::from_utf8(line).map_err(|_| Fault::Place {
            file: file.to_owned(),
            place: Some((number + 1).into()),
            message: "the line has invalid utf8 bytes".to_owned(),
        })?;
        let text = if number == 0 {
            text.strip_prefix('\u{feff}').unwrap_or(text)
        } else {
            text
        };
        let text = text.trim_start();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        // A line that begins with `=` has no key and counts as empty.
        if !key.is_empty() {
            pairs.push((key.to_owned(), value.as_bytes().to_vec()));
        }
    }
    Ok(pairs)
}

fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(text)
}

/// Base64; broken into lines, each with its end, where it is longer than one.
fn encoded(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    if text.len() < LINE {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    for (place, character) in text.chars().enumerate() {
        if place > 0 && place % LINE == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_files_have_key_and_path() {
        assert_eq!(file_source("a/b.txt"), Ok(("b.txt", "a/b.txt")));
        assert_eq!(file_source("k=a/b.txt"), Ok(("k", "a/b.txt")));
        for wrong in ["=a", "a=", "a=b=c"] {
            assert!(file_source(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn long_base64_is_broken() {
        assert_eq!(encoded(b"a"), "YQ==");
        assert_eq!(encoded(&[0; 51]).len(), 68);
        assert_eq!(
            encoded(&[0; 54]),
            format!("{}\n{}\n", "A".repeat(70), "A".repeat(2))
        );
    }

    #[test]
    fn lines_are_pairs() {
        let pairs = lines(b"\xef\xbb\xbfA=1\r\n# c\n\n  B = 2=3 \nC\n=x", "e").unwrap();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| (key.as_str(), std::str::from_utf8(value).unwrap()))
            .collect();
        assert_eq!(pairs, [("A", "1"), ("B ", " 2=3 "), ("C", "")]);
    }
}
