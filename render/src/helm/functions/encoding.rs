//! Base 64 and base 32. What cannot be decoded gives Go's complaint as text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tiphys_template::{Functions, Signature, Value};

use super::STRING;

const ONE: Signature = Signature::new(&[STRING], STRING);
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub fn define(functions: &mut Functions) {
    functions.define("b64enc", ONE, |_, a| Ok(base64(a.text(0)?).into()));
    functions.define("b64dec", ONE, |_, a| Ok(decoded(decode64(a.text(0)?), 64)));
    functions.define("b32enc", ONE, |_, a| Ok(encode32(a.text(0)?).into()));
    functions.define("b32dec", ONE, |_, a| {
        Ok(decoded(decode(a.text(0)?, BASE32, 5, 8), 32))
    });
}

/// Base 64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn decoded(result: Result<Vec<u8>, usize>, base: u8) -> Value {
    match result {
        Ok(bytes) => Value::string(bytes),
        Err(at) => format!("illegal base{base} data at input byte {at}").into(),
    }
}

/// Base 64 with padding; line breaks are passed over. The error is the place that Go names.
pub fn decode64(text: &[u8]) -> Result<Vec<u8>, usize> {
    decode(text, BASE64, 6, 4)
}

fn encode32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for group in bytes.chunks(5) {
        let mut buffer = [0; 8];
        buffer[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(buffer);
        let letters = (group.len() * 8).div_ceil(5);
        for index in 0..8 {
            let value = bits >> (35 - 5 * index) & 31;
            let letter = usize::try_from(value)
                .ok()
                .and_then(|value| BASE32.get(value));
            out.push(if index < letters {
                letter.map_or('=', |l| char::from(*l))
            } else {
                '='
            });
        }
    }
    out
}

/// Groups of letters, the last one filled with `=`.
fn decode(text: &[u8], alphabet: &[u8], bits: usize, group: usize) -> Result<Vec<u8>, usize> {
    let letters: Vec<(usize, u8)> = text
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'))
        .collect();
    let mut out = Vec::new();
    for chunk in letters.chunks(group) {
        let mut value = 0_u64;
        let mut count = 0;
        for (index, (at, byte)) in chunk.iter().enumerate() {
            if *byte == b'=' {
                padding(chunk, index, *at, bits, group, text.len())?;
                if let Some((extra, _)) = letters
                    .iter()
                    .find(|(other, _)| *other > chunk[chunk.len() - 1].0)
                {
                    return Err(*extra);
                }
                break;
            }
            let digit = alphabet
                .iter()
                .position(|letter| letter == byte)
                .ok_or(*at)?;
            value = value << bits | digit as u64;
            count += 1;
        }
        if chunk.len() < group && count == chunk.len() {
            // The end came where padding was due.
            let end = if bits == 6 { text.len() } else { letters.len() };
            return Err(end - count);
        }
        let total = count * bits;
        for index in 0..total / 8 {
            out.push((value >> (total - 8 * (index + 1)) & 0xff) as u8);
        }
    }
    Ok(out)
}

/// Checks what follows the first `=` of a group.
fn padding(
    chunk: &[(usize, u8)],
    index: usize,
    at: usize,
    bits: usize,
    group: usize,
    end: usize,
) -> Result<(), usize> {
    let allowed = if bits == 6 {
        index >= 2
    } else {
        matches!(index, 2 | 4 | 5 | 7)
    };
    if !allowed {
        return Err(at);
    }
    for (other, byte) in &chunk[index..] {
        if *byte != b'=' {
            return Err(*other);
        }
    }
    if chunk.len() < group {
        return Err(end);
    }
    Ok(())
}
