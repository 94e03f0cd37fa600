//! Hashes, passwords and random bytes.

use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use tiphys_template::{Arguments, Call, FunctionError, Functions, Signature, Type, Value};

use super::encoding::base64;
use super::environment::environment;
use super::{Answer, INT, STRING};

/// Steps that a slow hash takes from the rendering's budget.
const SLOW_HASH_STEPS: u64 = 500_000;
/// Go's default cost of bcrypt.
const BCRYPT_COST: u32 = 10;
/// Bytes of a password that bcrypt takes.
const BCRYPT_BYTES: usize = 72;

const ONE: Signature = Signature::new(&[STRING], STRING);

pub fn define(functions: &mut Functions) {
    functions.define("sha1sum", ONE, |_, a| {
        Ok(hexadecimal(&Sha1::digest(a.text(0)?)).into())
    });
    functions.define("sha256sum", ONE, |_, a| {
        Ok(hexadecimal(&Sha256::digest(a.text(0)?)).into())
    });
    functions.define("sha512sum", ONE, |_, a| {
        Ok(hexadecimal(&Sha512::digest(a.text(0)?)).into())
    });
    functions.define("adler32sum", ONE, |_, a| {
        Ok(adler32(a.text(0)?).to_string().into())
    });
    functions.define(
        "bcrypt",
        ONE,
        |call, a| Ok(bcrypt(call, a.text(0)?)?.into()),
    );
    functions.define(
        "htpasswd",
        Signature::new(&[STRING, STRING], STRING),
        |call, a| {
            let name = a.text(0)?;
            if name.contains(&b':') {
                return Ok(format!("invalid username: {name}").into());
            }
            let hash = bcrypt(call, a.text(1)?)?;
            Ok(Value::string(
                [name.as_bytes(), b":", hash.as_bytes()].concat(),
            ))
        },
    );
    functions.define("randBytes", Signature::new(&[INT], STRING), |call, a| {
        let wanted = a.integer(0)?;
        if wanted < 0 {
            return Err("runtime error: makeslice: len out of range".into());
        }
        let count = super::words::count(call, wanted)?;
        Ok(base64(&environment(call)?.random(count)).into())
    });
    functions.define("uuidv4", Signature::new(&[], STRING), |call, _| {
        let mut bytes = [0; 16];
        environment(call)?.fill(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let digits = hexadecimal(&bytes);
        let parts = [
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..],
        ];
        Ok(parts.join("-").into())
    });
    functions.define(
        "derivePassword",
        Signature::new(&[Type::Uint32, STRING, STRING, STRING, STRING], STRING),
        derive_password,
    );
    // Helm asks no name server unless it is told to.
    functions.define("getHostByName", ONE, |_, _| Ok("".into()));
}

/// Small hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut low, mut high) = (1, 0);
    for byte in bytes {
        low = (low + u32::from(*byte)) % MODULUS;
        high = (high + low) % MODULUS;
    }
    high << 16 | low
}

fn bcrypt(call: &mut Call<'_>, password: &[u8]) -> Result<String, FunctionError> {
    call.spend(SLOW_HASH_STEPS)?;
    let failed = |error: &str| format!("failed to encrypt string with bcrypt: {error}");
    if password.len() > BCRYPT_BYTES {
        return Ok(failed("bcrypt: password length exceeds 72 bytes"));
    }
    let mut salt = [0; 16];
    environment(call)?.fill(&mut salt);
    Ok(match bcrypt::hash_with_salt(password, BCRYPT_COST, salt) {
        Ok(parts) => parts.format_for_version(bcrypt::Version::TwoA),
        Err(error) => failed(&error.to_string()),
    })
}

/// The templates of a kind of password: each letter names a set of characters.
fn templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn characters(letter: u8) -> &'static [u8] {
    match letter {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The Master Password algorithm, version 3 in its use of bytes for lengths: scrypt, then HMAC, then a template.
fn derive_password(call: &mut Call<'_>, a: Arguments<'_>) -> Answer {
    const SCOPE: &[u8] = b"com.lyndir.masterpassword";
    let Some(templates) = templates(a.text(1)?) else {
        return Ok(format!("cannot find password template {}", a.text(1)?).into());
    };
    call.spend(SLOW_HASH_STEPS)?;
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    let (password, user, site) = (a.text(2)?, a.text(3)?, a.text(4)?);
    let salt = [SCOPE, &length(user), user].concat();
    let mut key = [0; 64];
    let failed = |error: String| Ok(format!("failed to derive password: {error}").into());
    let parameters = match scrypt::Params::new(15, 8, 2, key.len()) {
        Ok(parameters) => parameters,
        Err(error) => return failed(error.to_string()),
    };
    if let Err(error) = scrypt::scrypt(password, &salt, &parameters, &mut key) {
        return failed(error.to_string());
    }
    let counter = u32::try_from(a.integer(0)?).unwrap_or(0);
    let mut mac = match Hmac::<Sha256>::new_from_slice(&key) {
        Ok(mac) => mac,
        Err(error) => return failed(error.to_string()),
    };
    mac.update(&[SCOPE, &length(site), site, &counter.to_be_bytes()].concat());
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let text: Vec<u8> = template
        .bytes()
        .zip(&seed[1..])
        .map(|(letter, byte)| {
            let set = characters(letter);
            set[usize::from(*byte) % set.len()]
        })
        .collect();
    Ok(Value::string(text))
}
