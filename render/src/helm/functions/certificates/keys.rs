//! Private keys: making them from the environment's randomness, reading and writing them, and signing.

use dsa::{Components, KeySize};
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::rand_core::{CryptoRng, RngCore};
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha2::{Digest as _, Sha256};
use tiphys_template::{Call, FunctionError};

use super::super::encoding::base64;
use super::super::environment::{Environment, environment};
use super::der;

/// Steps that a key takes from the rendering's budget, by bits of its primes' product.
const STEPS_PER_BIT: u64 = 500;
/// Bits of the greatest RSA key that is read.
const RSA_LIMIT: usize = 8_192;

const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const OID_RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
const OID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The environment's randomness, in the form that the key makers take.
struct Random<'a>(&'a Environment);

impl RngCore for Random<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl CryptoRng for Random<'_> {}

/// A curve of the NIST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    fn identifier(self) -> &'static [u8] {
        match self {
            Self::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
            Self::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
            Self::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
        }
    }

    /// ECDSA with the hash of the curve's size.
    fn signature_identifier(self) -> &'static [u8] {
        match self {
            Self::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
            Self::P384 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3],
            Self::P521 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4],
        }
    }
}

/// A private key.
pub enum PrivateKey {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
    Ed25519(ed25519_dalek::SigningKey),
    /// Only kept as its DER: certificates cannot be made with it.
    Dsa(Vec<u8>),
}

/// A new RSA key.
pub fn generate_rsa(call: &mut Call<'_>, bits: usize) -> Result<PrivateKey, FunctionError> {
    call.spend(STEPS_PER_BIT * bits as u64)?;
    RsaPrivateKey::new(&mut Random(environment(call)?), bits)
        .map(|key| PrivateKey::Rsa(Box::new(key)))
        .map_err(|error| FunctionError::new(error.to_string()))
}

/// A new elliptic key on P-256.
pub fn generate_ecdsa(call: &Call<'_>) -> Result<PrivateKey, FunctionError> {
    let mut random = Random(environment(call)?);
    Ok(PrivateKey::P256(p256::SecretKey::random(&mut random)))
}

/// A new Ed25519 key.
pub fn generate_ed25519(call: &Call<'_>) -> Result<PrivateKey, FunctionError> {
    let mut seed = [0; 32];
    environment(call)?.fill(&mut seed);
    Ok(PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(
        &seed,
    )))
}

/// A new DSA key of 2048 bits.
pub fn generate_dsa(call: &mut Call<'_>) -> Result<PrivateKey, FunctionError> {
    call.spend(STEPS_PER_BIT * 8_192)?;
    let mut random = Random(environment(call)?);
    let components = Components::generate(&mut random, KeySize::DSA_2048_256);
    let key = dsa::SigningKey::generate(&mut random, components);
    let public = key.verifying_key();
    let components = public.components();
    let numbers = [
        components.p(),
        components.q(),
        components.g(),
        public.y(),
        key.x(),
    ];
    let parts: Vec<Vec<u8>> = numbers
        .iter()
        .map(|number| der::integer(&number.to_bytes_be()))
        .collect();
    Ok(PrivateKey::Dsa(der::sequence(&[
        &der::integer(&[]),
        &parts.concat(),
    ])))
}

impl PrivateKey {
    /// Reads a key as Sprig does; the errors are those of Go where they do not come from within the encoding.
    pub fn parse(text: &str) -> Result<Self, String> {
        let block = pem::parse(text).map_err(|_| "no PEM data in input".to_owned())?;
        let contents = block.contents();
        let kind = match block.tag() {
            "PRIVATE KEY" => {
                return Self::parse_pkcs8(contents)
                    .map_err(|error| format!("decoding PEM as PKCS#8: {error}"));
            }
            tag => tag
                .strip_suffix(" PRIVATE KEY")
                .ok_or_else(|| format!("no private key data in PEM block of type {tag}"))?,
        };
        match kind {
            "RSA" => {
                let key =
                    RsaPrivateKey::from_pkcs1_der(contents).map_err(|error| error.to_string());
                key.and_then(Self::rsa)
                    .map_err(|error| format!("parsing RSA private key from PEM: {error}"))
            }
            "EC" => Self::parse_sec1(contents).ok_or_else(|| {
                "parsing EC private key from PEM: x509: failed to parse EC private key".to_owned()
            }),
            "DSA" => Ok(Self::Dsa(contents.to_vec())),
            other => Err(format!("invalid private key type {other}")),
        }
    }

    fn rsa(key: RsaPrivateKey) -> Result<Self, String> {
        let bits = key.size() * 8;
        if bits > RSA_LIMIT {
            return Err(format!(
                "a key of {bits} bits is larger than {RSA_LIMIT} (limit of certificate functions)"
            ));
        }
        Ok(Self::Rsa(Box::new(key)))
    }

    fn parse_pkcs8(bytes: &[u8]) -> Result<Self, String> {
        if let Ok(key) = RsaPrivateKey::from_pkcs8_der(bytes) {
            return Self::rsa(key);
        }
        if let Ok(key) = p256::SecretKey::from_pkcs8_der(bytes) {
            return Ok(Self::P256(key));
        }
        if let Ok(key) = p384::SecretKey::from_pkcs8_der(bytes) {
            return Ok(Self::P384(key));
        }
        if let Ok(key) = p521::SecretKey::from_pkcs8_der(bytes) {
            return Ok(Self::P521(key));
        }
        ed25519_dalek::SigningKey::from_pkcs8_der(bytes)
            .map(Self::Ed25519)
            .map_err(|_| {
                "x509: PKCS#8 wrapping contained private key with unknown algorithm".to_owned()
            })
    }

    fn parse_sec1(bytes: &[u8]) -> Option<Self> {
        None.or_else(|| p256::SecretKey::from_sec1_der(bytes).ok().map(Self::P256))
            .or_else(|| p384::SecretKey::from_sec1_der(bytes).ok().map(Self::P384))
            .or_else(|| p521::SecretKey::from_sec1_der(bytes).ok().map(Self::P521))
    }

    /// The key as PEM, in the form that Sprig writes for its kind.
    pub fn to_pem(&self) -> Result<String, FunctionError> {
        let broken = |error: String| FunctionError::new(error);
        Ok(match self {
            Self::Rsa(key) => {
                let der = key
                    .to_pkcs1_der()
                    .map_err(|error| broken(error.to_string()))?;
                pem_text("RSA PRIVATE KEY", der.as_bytes())
            }
            Self::Dsa(der) => pem_text("DSA PRIVATE KEY", der),
            Self::Ed25519(key) => {
                let inner = der::octets(&der::octets(key.as_bytes()));
                let algorithm = der::sequence(&[&der::identifier(OID_ED25519)]);
                pem_text(
                    "PRIVATE KEY",
                    &der::sequence(&[&der::integer(&[]), &algorithm, &inner]),
                )
            }
            Self::P256(key) => pem_text("EC PRIVATE KEY", &self.sec1(&key.to_bytes())),
            Self::P384(key) => pem_text("EC PRIVATE KEY", &self.sec1(&key.to_bytes())),
            Self::P521(key) => pem_text("EC PRIVATE KEY", &self.sec1(&key.to_bytes())),
        })
    }

    fn sec1(&self, scalar: &[u8]) -> Vec<u8> {
        let (curve, point) = self.point().unwrap_or((Curve::P256, Vec::new()));
        der::sequence(&[
            &der::integer(&[1]),
            &der::octets(scalar),
            &der::context(0, &der::identifier(curve.identifier())),
            &der::context(1, &der::bits(&point, 0)),
        ])
    }

    /// Curve and public point of an elliptic key.
    fn point(&self) -> Option<(Curve, Vec<u8>)> {
        Some(match self {
            Self::P256(key) => (
                Curve::P256,
                key.public_key().to_encoded_point(false).as_bytes().to_vec(),
            ),
            Self::P384(key) => (
                Curve::P384,
                key.public_key().to_encoded_point(false).as_bytes().to_vec(),
            ),
            Self::P521(key) => (
                Curve::P521,
                key.public_key().to_encoded_point(false).as_bytes().to_vec(),
            ),
            _ => return None,
        })
    }

    /// The public key: its bits, and the whole structure that names the algorithm.
    pub fn public(&self) -> Result<(Vec<u8>, Vec<u8>), String> {
        let (algorithm, bits) = match self {
            Self::Rsa(key) => (
                der::sequence(&[&der::identifier(OID_RSA), &der::null()]),
                der::sequence(&[
                    &der::integer(&key.n().to_bytes_be()),
                    &der::integer(&key.e().to_bytes_be()),
                ]),
            ),
            Self::Ed25519(key) => (
                der::sequence(&[&der::identifier(OID_ED25519)]),
                key.verifying_key().as_bytes().to_vec(),
            ),
            Self::Dsa(_) => {
                return Err("x509: unsupported public key type: *dsa.PublicKey".to_owned());
            }
            _ => {
                let (curve, point) = self.point().ok_or("x509: unsupported public key type")?;
                let curve = der::identifier(curve.identifier());
                (der::sequence(&[&der::identifier(OID_EC), &curve]), point)
            }
        };
        let whole = der::sequence(&[&algorithm, &der::bits(&bits, 0)]);
        Ok((bits, whole))
    }

    /// The name of the algorithm with which the key signs.
    pub fn signature_algorithm(&self) -> Result<Vec<u8>, String> {
        Ok(match self {
            Self::Rsa(_) => der::sequence(&[&der::identifier(OID_RSA_SHA256), &der::null()]),
            Self::Ed25519(_) => der::sequence(&[&der::identifier(OID_ED25519)]),
            Self::Dsa(_) => {
                return Err(
                    "x509: certificate private key does not implement crypto.Signer".to_owned(),
                );
            }
            _ => {
                let (curve, _) = self.point().ok_or("x509: unsupported key")?;
                der::sequence(&[&der::identifier(curve.signature_identifier())])
            }
        })
    }

    /// Signs a text. Signatures on P-256 and P-384 follow from key and text alone (RFC 6979).
    pub fn sign(&self, text: &[u8], environment: &Environment) -> Result<Vec<u8>, String> {
        use p256::ecdsa::signature::{RandomizedSigner as _, Signer as _};
        Ok(match self {
            Self::Rsa(key) => key
                .sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(text))
                .map_err(|error| error.to_string())?,
            Self::Ed25519(key) => key.sign(text).to_bytes().to_vec(),
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature =
                    p256::ecdsa::SigningKey::from(key).sign(text);
                signature.to_der().as_bytes().to_vec()
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::Signature =
                    p384::ecdsa::SigningKey::from(key).sign(text);
                signature.to_der().as_bytes().to_vec()
            }
            Self::P521(key) => {
                let signer = p521::ecdsa::SigningKey::from_bytes(&key.to_bytes())
                    .map_err(|error| error.to_string())?;
                let signature: p521::ecdsa::Signature =
                    signer.sign_with_rng(&mut Random(environment), text);
                signature.to_der().as_bytes().to_vec()
            }
            Self::Dsa(_) => return Err("x509: unsupported key".to_owned()),
        })
    }
}

/// A block of PEM.
pub fn pem_text(kind: &str, bytes: &[u8]) -> String {
    let mut out = format!("-----BEGIN {kind}-----\n");
    for line in base64(bytes).as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str(&format!("-----END {kind}-----\n"));
    out
}
