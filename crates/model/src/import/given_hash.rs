use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{invalid_hash::InvalidHash, slow_hash::SlowHash};

/// base64url, with padding or without.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The hash of a key, as another system keeps it. Prints masked.
#[derive(Clone, PartialEq, Eq)]
pub enum GivenHash {
    /// SHA-256 of the whole key, without a salt.
    Sha256([u8; 32]),
    /// SHA-512 of it.
    Sha512([u8; 64]),
    /// One that takes long.
    Slow(SlowHash),
}

impl fmt::Debug for GivenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha256(_) => "Sha256(…)",
            Self::Sha512(_) => "Sha512(…)",
            Self::Slow(_) => "Slow(…)",
        })
    }
}

impl GivenHash {
    /// Reads SHA-256 and SHA-512 in hexadecimal or base64url, with padding or without, perhaps behind their name as Django has it
    /// (`sha512$$..`) or others (`sha256:..`); and what [`SlowHash`] reads.
    pub fn parse(text: &str) -> Result<Self, InvalidHash> {
        let text = text.trim();
        if let Some(of_name) = fast_by_name(text) {
            return of_name;
        }
        if text.contains('$') {
            return SlowHash::parse(text).map(Self::Slow);
        }
        fast(text).ok_or(InvalidHash::Malformed)
    }
}

/// A fast hash that has its name in front; `None`: another text.
fn fast_by_name(text: &str) -> Option<Result<GivenHash, InvalidHash>> {
    // A PHC string begins with a `$`.
    let (name, rest) = text.strip_prefix('$').unwrap_or(text).split_once(['$', ':'])?;
    let bytes = match name {
        "sha256" => 32,
        "sha512" => 64,
        "md5" | "sha1" | "unsalted_md5" | "unsalted_sha1" | "argon2i" | "argon2d" => {
            return Some(Err(InvalidHash::Unsupported));
        }
        _ => return None,
    };
    let Some(hash) = rest.strip_prefix('$').or((!rest.contains('$')).then_some(rest)) else {
        return Some(Err(InvalidHash::Salted));
    };
    let found = fast(hash).filter(|hash| match hash {
        GivenHash::Sha256(_) => bytes == 32,
        GivenHash::Sha512(_) => bytes == 64,
        GivenHash::Slow(_) => false,
    });
    Some(found.ok_or(InvalidHash::Malformed))
}

/// SHA-256 or SHA-512, by its length.
fn fast(text: &str) -> Option<GivenHash> {
    let bytes = match text.len() {
        64 | 128 if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => hexadecimal(text)?,
        43 | 44 | 86 | 88 => BASE64URL.decode(text.replace('+', "-").replace('/', "_")).ok()?,
        _ => return None,
    };
    match bytes.len() {
        32 => Some(GivenHash::Sha256(bytes.try_into().ok()?)),
        64 => Some(GivenHash::Sha512(bytes.try_into().ok()?)),
        _ => None,
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}
