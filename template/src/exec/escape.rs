//! Escaping: `html`, `js`, `urlquery`.

use crate::strconv::{decode_rune, is_print};

/// Text for HTML.
pub(super) fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            0 => out.extend_from_slice("\u{fffd}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            other => out.push(other),
        }
    }
    out
}

/// Text for a JavaScript string.
pub(super) fn javascript(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&first) = rest.first() {
        let (rune, width) = decode_rune(rest);
        match first {
            b'\\' | b'\'' | b'"' => out.extend_from_slice(&[b'\\', first]),
            b'<' | b'>' | b'&' | b'=' | 0..0x20 => {
                out.extend_from_slice(format!("\\u{first:04X}").as_bytes());
            }
            0x20..0x80 => out.push(first),
            _ if is_print(rune) => out.extend_from_slice(&rest[..width]),
            _ => out.extend_from_slice(format!("\\u{:04X}", u32::from(rune)).as_bytes()),
        }
        rest = &rest[width..];
    }
    out
}

/// Text for the query of a URL.
pub(super) fn url_query(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte),
            b' ' => out.push(b'+'),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}
