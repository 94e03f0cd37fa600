//! Keys and certificates: `genPrivateKey`, `genCA`, `genSignedCert` and their kin. All randomness is the environment's, so a
//! seed gives the same certificates again.

use std::any::Any;
use std::net::IpAddr;

use sha2::{Digest as _, Sha256};
use tiphys_template::{
    Arguments, Call, FunctionError, Functions, List, Named, Object, Signature, Type, Underlying,
    Value,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::encoding::decode64;
use super::environment::environment;
use super::text::display;
use super::{Answer, INT, LIST, STRING};
use crate::go_time::{Duration, Moment, Zone};

mod der;
mod keys;

use keys::{PrivateKey, generate_dsa, generate_ecdsa, generate_ed25519, generate_rsa, pem_text};

/// Bits of the keys that certificates are made with.
const CERTIFICATE_BITS: usize = 2_048;
/// Bits of `genPrivateKey "rsa"`.
const KEY_BITS: usize = 4_096;

/// `sprig.certificate`.
const CERTIFICATE: Type = Type::Named(&Named {
    name: "sprig.certificate",
    underlying: Type::Struct("struct { Cert string; Key string }"),
});

/// A certificate and its key, both as PEM.
struct Certificate {
    cert: String,
    key: String,
}

impl Object for Certificate {
    fn go_type(&self) -> Type {
        CERTIFICATE
    }

    fn underlying(&self) -> Underlying {
        Underlying::Struct(vec![
            ("Cert", self.cert.as_str().into()),
            ("Key", self.key.as_str().into()),
        ])
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let other = other.as_any().downcast_ref::<Self>()?;
        Some(self.cert == other.cert && self.key == other.key)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

pub fn define(functions: &mut Functions) {
    functions.define(
        "genPrivateKey",
        Signature::new(&[STRING], STRING),
        |call, a| {
            let key = match a.text(0)?.as_bytes() {
                b"" | b"rsa" => generate_rsa(call, KEY_BITS)?,
                b"dsa" => generate_dsa(call)?,
                b"ecdsa" => generate_ecdsa(call)?,
                b"ed25519" => generate_ed25519(call)?,
                _ => return Ok(format!("Unknown type {}", a.text(0)?).into()),
            };
            Ok(key.to_pem()?.into())
        },
    );
    functions.define(
        "buildCustomCert",
        Signature::new(&[STRING, STRING], CERTIFICATE),
        custom,
    );
    functions.define(
        "genCA",
        Signature::new(&[STRING, INT], CERTIFICATE),
        |call, a| {
            let key = generate_rsa(call, CERTIFICATE_BITS)?;
            authority(call, a, &key)
        },
    );
    functions.define(
        "genCAWithKey",
        Signature::new(&[STRING, INT, STRING], CERTIFICATE),
        |call, a| authority(call, a, &given_key(a, 2)?),
    );
    functions.define(
        "genSelfSignedCert",
        Signature::new(&[STRING, LIST, LIST, INT], CERTIFICATE),
        |call, a| {
            let key = generate_rsa(call, CERTIFICATE_BITS)?;
            let request = Request::new(a, false)?;
            issue(call, &request, &key, None)
        },
    );
    functions.define(
        "genSelfSignedCertWithKey",
        Signature::new(&[STRING, LIST, LIST, INT, STRING], CERTIFICATE),
        |call, a| {
            let key = given_key(a, 4)?;
            issue(call, &Request::new(a, false)?, &key, None)
        },
    );
    functions.define(
        "genSignedCert",
        Signature::new(&[STRING, LIST, LIST, INT, CERTIFICATE], CERTIFICATE),
        |call, a| {
            let key = generate_rsa(call, CERTIFICATE_BITS)?;
            signed(call, a, &key)
        },
    );
    functions.define(
        "genSignedCertWithKey",
        Signature::new(&[STRING, LIST, LIST, INT, CERTIFICATE, STRING], CERTIFICATE),
        |call, a| signed(call, a, &given_key(a, 5)?),
    );
}

fn given_key(a: Arguments<'_>, index: usize) -> Result<PrivateKey, FunctionError> {
    PrivateKey::parse(&a.text(index)?.to_string_lossy())
        .map_err(|error| FunctionError::new(format!("parsing private key: {error}")))
}

/// A certificate and key that the template has in base 64, looked at.
fn custom(_: &mut Call<'_>, a: Arguments<'_>) -> Answer {
    let cert = decode64(a.text(0)?).map_err(|_| "unable to decode base64 certificate")?;
    let key = decode64(a.text(1)?).map_err(|_| "unable to decode base64 private key")?;
    let cert = String::from_utf8_lossy(&cert).into_owned();
    let key = String::from_utf8_lossy(&key).into_owned();
    let block = pem::parse(&cert).map_err(|_| "unable to decode certificate")?;
    X509Certificate::from_der(block.contents())
        .map_err(|error| format!("error parsing certificate: decodedCert.Bytes: {error}"))?;
    PrivateKey::parse(&key).map_err(|error| format!("error parsing private key: {error}"))?;
    Ok(Value::object(Certificate { cert, key }))
}

/// What a certificate is to say.
struct Request {
    name: String,
    addresses: Vec<IpAddr>,
    hosts: Vec<String>,
    days: i64,
    is_authority: bool,
}

impl Request {
    /// Name, addresses, hosts and days; an authority has only name and days.
    fn new(a: Arguments<'_>, is_authority: bool) -> Result<Self, FunctionError> {
        let (addresses, hosts, days) = if is_authority {
            (Vec::new(), Vec::new(), a.integer(1)?)
        } else {
            (addresses(a.list(1)?)?, hosts(a.list(2)?)?, a.integer(3)?)
        };
        Ok(Self {
            name: a.text(0)?.to_string_lossy().into_owned(),
            addresses,
            hosts,
            days,
            is_authority,
        })
    }
}

fn addresses(list: &List) -> Result<Vec<IpAddr>, FunctionError> {
    let parse = |item: &Value| {
        let Some(text) = item.as_text() else {
            return Err(FunctionError::new(format!(
                "error parsing ip: {} is not a string",
                display(item)?
            )));
        };
        let text = text.to_string_lossy();
        text.parse()
            .map_err(|_| FunctionError::new(format!("error parsing ip: {text}")))
    };
    list.to_vec().iter().map(parse).collect()
}

fn hosts(list: &List) -> Result<Vec<String>, FunctionError> {
    let parse = |item: &Value| match item.as_text() {
        Some(text) => Ok(text.to_string_lossy().into_owned()),
        None => Err(FunctionError::new(format!(
            "error processing alternate dns name: {} is not a string",
            display(item)?
        ))),
    };
    list.to_vec().iter().map(parse).collect()
}

fn authority(call: &mut Call<'_>, a: Arguments<'_>, key: &PrivateKey) -> Answer {
    issue(call, &Request::new(a, true)?, key, None)
}

/// Who signs a certificate, when it does not sign itself.
struct Issuer {
    key: PrivateKey,
    subject: Vec<u8>,
    key_identifier: Option<Vec<u8>>,
}

fn signed(call: &mut Call<'_>, a: Arguments<'_>, key: &PrivateKey) -> Answer {
    let authority = a
        .value(4)
        .as_object::<Certificate>()
        .ok_or("the authority is no certificate")?;
    let block = pem::parse(&authority.cert).map_err(|_| "unable to decode certificate")?;
    let (_, parsed) = X509Certificate::from_der(block.contents())
        .map_err(|error| format!("error parsing certificate: decodedSignerCert.Bytes: {error}"))?;
    let signer = PrivateKey::parse(&authority.key)?;
    let (_, public) = signer.public().map_err(creating)?;
    if parsed.public_key().raw != public {
        return Err(creating(
            "x509: provided PrivateKey doesn't match parent's PublicKey".to_owned(),
        ));
    }
    let key_identifier =
        parsed
            .extensions()
            .iter()
            .find_map(|extension| match extension.parsed_extension() {
                x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier(id) => {
                    Some(id.0.to_vec())
                }
                _ => None,
            });
    let issuer = Issuer {
        subject: parsed.subject().as_raw().to_vec(),
        key_identifier,
        key: signer,
    };
    issue(call, &Request::new(a, false)?, key, Some(&issuer))
}

fn creating(error: String) -> FunctionError {
    FunctionError::new(format!("error creating certificate: {error}"))
}

/// Writes and signs a certificate.
fn issue(
    call: &mut Call<'_>,
    request: &Request,
    key: &PrivateKey,
    issuer: Option<&Issuer>,
) -> Answer {
    let environment = environment(call)?;
    let mut serial = [0; 16];
    environment.fill(&mut serial);
    let subject = subject(&request.name);
    let signer = issuer.map_or(key, |issuer| &issuer.key);
    let authority = issuer.map_or(&subject, |issuer| &issuer.subject);
    let (bits, public) = key.public().map_err(creating)?;
    let algorithm = signer.signature_algorithm().map_err(creating)?;
    let now = environment.now();
    let seconds = 86_400_i64
        .wrapping_mul(request.days)
        .wrapping_mul(Duration::SECOND.0);
    let validity = der::sequence(&[&time(&now)?, &time(&now.plus(Duration(seconds)))?]);
    let key_identifier = issuer
        .filter(|issuer| issuer.subject != subject)
        .and_then(|issuer| issuer.key_identifier.as_deref());
    let extensions = extensions(request, &bits, key_identifier)?;
    let body = der::sequence(&[
        &der::context(0, &der::integer(&[2])),
        &der::integer(&serial),
        &algorithm,
        authority,
        &validity,
        &subject,
        &public,
        &der::context(3, &extensions),
    ]);
    let signature = signer.sign(&body, environment).map_err(creating)?;
    let whole = der::sequence(&[&body, &algorithm, &der::bits(&signature, 0)]);
    Ok(Value::object(Certificate {
        cert: pem_text("CERTIFICATE", &whole),
        key: key.to_pem()?,
    }))
}

fn subject(name: &str) -> Vec<u8> {
    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    if name.is_empty() {
        return der::sequence(&[]);
    }
    let pair = der::sequence(&[&der::identifier(COMMON_NAME), &der::text(name)]);
    der::sequence(&[&der::set(&[&pair])])
}

/// A time of a certificate: two digits of the year up to 2049, four from then on.
fn time(moment: &Moment) -> Result<Vec<u8>, FunctionError> {
    let utc = moment.within(Zone::utc());
    let year: i64 = utc.format("2006").parse().unwrap_or(-1);
    match year {
        1950..2050 => Ok(der::element(0x17, utc.format("060102150405Z").as_bytes())),
        0..10_000 => Ok(der::element(0x18, utc.format("20060102150405Z").as_bytes())),
        _ => Err(creating(
            "asn1: structure error: cannot represent time as GeneralizedTime".to_owned(),
        )),
    }
}

fn extensions(
    request: &Request,
    key_bits: &[u8],
    authority: Option<&[u8]>,
) -> Result<Vec<u8>, FunctionError> {
    const SERVER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
    const CLIENT: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
    let extension = |last: u8, critical: bool, value: &[u8]| {
        let critical = if critical { der::yes() } else { Vec::new() };
        der::sequence(&[
            &der::identifier(&[0x55, 0x1d, last]),
            &critical,
            &der::octets(value),
        ])
    };
    // Digital signature, key encipherment, and the signing of certificates.
    let usage = if request.is_authority {
        der::bits(&[0xa4], 2)
    } else {
        der::bits(&[0xa0], 5)
    };
    let purposes = der::sequence(&[&der::identifier(SERVER), &der::identifier(CLIENT)]);
    let constraints = if request.is_authority {
        der::sequence(&[&der::yes()])
    } else {
        der::sequence(&[])
    };
    let mut all = vec![
        extension(15, true, &usage),
        extension(37, false, &purposes),
        extension(19, true, &constraints),
    ];
    if request.is_authority {
        // RFC 7093, method 1.
        let hash = Sha256::digest(key_bits);
        all.push(extension(14, false, &der::octets(&hash[..20])));
    }
    if let Some(identifier) = authority {
        all.push(extension(
            35,
            false,
            &der::sequence(&[&der::context_plain(0, identifier)]),
        ));
    }
    if !request.hosts.is_empty() || !request.addresses.is_empty() {
        let mut names = Vec::new();
        for host in &request.hosts {
            if !host.is_ascii() {
                let shown = super::text::quoted(host.as_bytes());
                return Err(creating(format!(
                    "x509: {shown} cannot be encoded as an IA5String"
                )));
            }
            names.push(der::context_plain(2, host.as_bytes()));
        }
        for address in &request.addresses {
            names.push(match address.to_canonical() {
                IpAddr::V4(address) => der::context_plain(7, &address.octets()),
                IpAddr::V6(address) => der::context_plain(7, &address.octets()),
            });
        }
        let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        all.push(extension(
            17,
            request.name.is_empty(),
            &der::sequence(&names),
        ));
    }
    Ok(der::sequence(
        &all.iter().map(Vec::as_slice).collect::<Vec<_>>(),
    ))
}
