//! DER, as far as keys and certificates need it.

/// An element with a tag.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(0);
            let significant = &bytes[start..];
            out.push(0x80 | u8::try_from(significant.len()).unwrap_or(0));
            out.extend_from_slice(significant);
        }
    }
    out.extend_from_slice(content);
    out
}

pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

pub fn set(parts: &[&[u8]]) -> Vec<u8> {
    element(0x31, &parts.concat())
}

/// A whole number that is not negative, from its bytes.
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(bytes.len());
    let mut content = bytes[start..].to_vec();
    if content.first().is_none_or(|first| *first >= 0x80) {
        content.insert(0, 0);
    }
    element(0x02, &content)
}

pub fn octets(bytes: &[u8]) -> Vec<u8> {
    element(0x04, bytes)
}

/// Bits, the last so many of which do not count.
pub fn bits(bytes: &[u8], unused: u8) -> Vec<u8> {
    element(0x03, &[&[unused], bytes].concat())
}

/// An object identifier, from the bytes of its content.
pub fn identifier(content: &[u8]) -> Vec<u8> {
    element(0x06, content)
}

pub fn null() -> Vec<u8> {
    element(0x05, &[])
}

pub fn yes() -> Vec<u8> {
    element(0x01, &[0xff])
}

/// A text: a printable string when its letters permit, UTF-8 otherwise.
pub fn text(text: &str) -> Vec<u8> {
    let printable = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
    let tag = if text.bytes().all(printable) {
        0x13
    } else {
        0x0c
    };
    element(tag, text.as_bytes())
}

/// An element with a tag of the context, around others.
pub fn context(number: u8, content: &[u8]) -> Vec<u8> {
    element(0xa0 | number, content)
}

/// An element of the context without parts.
pub fn context_plain(number: u8, content: &[u8]) -> Vec<u8> {
    element(0x80 | number, content)
}
