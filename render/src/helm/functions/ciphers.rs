//! `encryptAES` and `decryptAES`: AES-256 in CBC mode, the password filled with zeros as key.

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _};
use tiphys_template::{Arguments, Call, FunctionError, Functions, Signature, Value};

use super::encoding::{base64, decode64};
use super::environment::environment;
use super::{Answer, STRING};

const BLOCK: usize = 16;

pub fn define(functions: &mut Functions) {
    const TWO: Signature = Signature::new(&[STRING, STRING], STRING);
    functions.define("encryptAES", TWO, encrypt);
    functions.define("decryptAES", TWO, decrypt);
}

fn key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    key
}

fn encrypt(call: &mut Call<'_>, a: Arguments<'_>) -> Answer {
    let plain = a.text(1)?;
    if plain.is_empty() {
        return Ok("".into());
    }
    call.spend(plain.len() as u64)?;
    let mut iv = [0; BLOCK];
    environment(call)?.fill(&mut iv);
    let padding = BLOCK - plain.len() % BLOCK;
    let mut padded = plain.to_vec();
    padded.resize(plain.len() + padding, u8::try_from(padding).unwrap_or(0));
    let encrypted = cbc::Encryptor::<Aes256>::new(&key(a.text(0)?).into(), &iv.into())
        .encrypt_padded_vec_mut::<NoPadding>(&padded);
    Ok(base64(&[&iv[..], &encrypted].concat()).into())
}

fn decrypt(call: &mut Call<'_>, a: Arguments<'_>) -> Answer {
    let text = a.text(1)?;
    if text.is_empty() {
        return Ok("".into());
    }
    call.spend(text.len() as u64)?;
    let bytes = decode64(text).map_err(|at| format!("illegal base64 data at input byte {at}"))?;
    if bytes.len() < BLOCK {
        return Err(FunctionError::new(format!(
            "runtime error: slice bounds out of range [:{BLOCK}] with capacity {}",
            text.len() / 4 * 3
        )));
    }
    let (iv, encrypted) = bytes.split_at(BLOCK);
    if !encrypted.len().is_multiple_of(BLOCK) {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let decryptor = cbc::Decryptor::<Aes256>::new_from_slices(&key(a.text(0)?), iv)
        .map_err(|error| FunctionError::new(error.to_string()))?;
    let mut plain = decryptor
        .decrypt_padded_vec_mut::<NoPadding>(encrypted)
        .map_err(|error| FunctionError::new(error.to_string()))?;
    let Some(padding) = plain.last().copied() else {
        return Err("runtime error: index out of range [-1]".into());
    };
    let Some(length) = plain.len().checked_sub(usize::from(padding)) else {
        let missing = usize::from(padding) - plain.len();
        return Err(FunctionError::new(format!(
            "runtime error: slice bounds out of range [:-{missing}]"
        )));
    };
    plain.truncate(length);
    Ok(Value::string(plain))
}
