//! Public keys of authenticators in COSE's form (RFC 9052, RFC 9053), and what they have signed.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
    VerificationAlgorithm,
};

use super::cbor::{self, Item};

/// The algorithms that are offered to authenticators, the most wanted first: ES256, EdDSA and RS256, of which every
/// authenticator knows one.
pub(super) const OFFERED: [i64; 3] = [ES256, EDDSA, RS256];

const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;

/// Names of fields.
const KIND: i64 = 1;
const ALGORITHM: i64 = 3;
const CURVE: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const MODULUS: i64 = -1;
const EXPONENT: i64 = -2;

/// A public key of one of the [`OFFERED`] algorithms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// A point of P-256, uncompressed.
    Es256(Vec<u8>),
    Ed25519(Vec<u8>),
    Rs256 {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

impl PublicKey {
    /// The key with which these bytes begin, and what follows.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (fields, rest) = cbor::read(bytes)?;
        let int = |name| fields.of_int(name).and_then(Item::int);
        let bytes = |name| fields.of_int(name).and_then(Item::bytes);
        let of_32 = |name| bytes(name).filter(|bytes| bytes.len() == 32);
        let key = match (int(KIND)?, int(ALGORITHM)?) {
            (2, ES256) if int(CURVE)? == 1 => Self::Es256([&[4][..], of_32(X)?, of_32(Y)?].concat()),
            (1, EDDSA) if int(CURVE)? == 6 => Self::Ed25519(of_32(X)?.to_vec()),
            (3, RS256) => Self::Rs256 { modulus: bytes(MODULUS)?.to_vec(), exponent: bytes(EXPONENT)?.to_vec() },
            _ => return None,
        };
        Some((key, rest))
    }

    /// Whether its private half has signed this. A key that is none, as a point beside the curve, has signed nothing.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
        };
        match self {
            Self::Es256(point) => verified(&ECDSA_P256_SHA256_ASN1, point),
            Self::Ed25519(key) => verified(&ED25519, key),
            Self::Rs256 { modulus, exponent } => {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
        }
    }
}
