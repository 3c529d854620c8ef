//! Hashes that take long on purpose: what they are made with, and which of them would take too long here.

use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::invalid_hash::InvalidHash;

/// Standard base64, with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longest text of a hash.
const TEXT_MAX: usize = 512;
/// Bytes of a hash, and most bytes of a salt.
const HASH_BYTES: std::ops::RangeInclusive<usize> = 16..=128;
const SALT_MAX: usize = 128;

/// Most memory that one check may take, in KiB: 256 MiB.
pub const SLOW_MEMORY_KIB_MAX: u32 = 256 * 1024;
/// Memory times passes of Argon2id that a processor goes through in about a second, in KiB.
const ARGON2_WORK_MAX: u64 = 1024 * 1024;
/// Lanes of it: they are gone through one after the other.
const ARGON2_LANES_MAX: u32 = 16;
/// One more takes more than a second.
const BCRYPT_COST: std::ops::RangeInclusive<u32> = 4..=13;
const PBKDF2_SHORT_MAX: u32 = 2_000_000;
const PBKDF2_LONG_MAX: u32 = 1_000_000;
/// `N * r * p` of scrypt.
const SCRYPT_WORK_MAX: u64 = 1 << 21;

/// A slow hash as it was given, and what it was made with. Prints masked.
#[derive(Clone, PartialEq, Eq)]
pub struct SlowHash {
    text: Box<str>,
    kind: SlowKind,
}

/// What a slow hash was made with.
#[derive(Clone, PartialEq, Eq)]
pub enum SlowKind {
    /// Argon2id, of version 0x10 or 0x13.
    Argon2id {
        /// Of the algorithm: 16 or 19.
        version: u32,
        /// In KiB.
        memory: u32,
        /// Over the memory.
        passes: u32,
        /// Into which the memory is divided.
        lanes: u32,
        /// As it goes in.
        salt: Vec<u8>,
        /// What came out.
        hash: Vec<u8>,
    },
    /// bcrypt.
    Bcrypt {
        /// In modular crypt format: 60 characters.
        text: Box<str>,
        /// What was hashed is the SHA-256 of the key, in hexadecimal.
        prehashed: bool,
    },
    /// PBKDF2 with HMAC.
    Pbkdf2 {
        /// Of the HMAC.
        digest: Pbkdf2Digest,
        /// Rounds.
        iterations: u32,
        /// As it goes in.
        salt: Vec<u8>,
        /// What came out.
        hash: Vec<u8>,
    },
    /// scrypt.
    Scrypt {
        /// The logarithm of N.
        log_n: u8,
        /// Size of a block.
        r: u32,
        /// Blocks.
        p: u32,
        /// As it goes in.
        salt: Vec<u8>,
        /// What came out.
        hash: Vec<u8>,
    },
}

/// The digest of an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pbkdf2Digest {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl fmt::Debug for SlowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlowHash(…)")
    }
}

impl SlowHash {
    /// Reads argon2id, bcrypt, PBKDF2 and scrypt: PHC strings and those of modular crypt, and as Django keeps them.
    pub fn parse(text: &str) -> Result<Self, InvalidHash> {
        if text.len() > TEXT_MAX || !text.bytes().all(|byte| matches!(byte, 0x21..=0x7E)) {
            return Err(InvalidHash::Malformed);
        }
        let kind = match text.strip_prefix('$') {
            Some(rest) => modular(text, rest)?,
            None => django(text)?,
        };
        Ok(Self { text: text.into(), kind: kind.bounded()? })
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it was made with.
    pub fn kind(&self) -> &SlowKind {
        &self.kind
    }
}

impl SlowKind {
    /// Refuses one that can't be checked, and one whose check would take longer than a second or more than 256 MiB.
    fn bounded(self) -> Result<Self, InvalidHash> {
        let sound = |salt: &[u8], hash: &[u8]| salt.len() <= SALT_MAX && HASH_BYTES.contains(&hash.len());
        let (sound, soon) = match &self {
            Self::Argon2id { version, memory, passes, lanes, salt, hash } => (
                matches!(version, 0x10 | 0x13)
                    && *passes >= 1
                    && *lanes >= 1
                    && u64::from(*memory) >= 8 * u64::from(*lanes)
                    && salt.len() >= 8
                    && sound(salt, hash),
                *memory <= SLOW_MEMORY_KIB_MAX
                    && *lanes <= ARGON2_LANES_MAX
                    && u64::from(*memory) * u64::from(*passes) <= ARGON2_WORK_MAX,
            ),
            Self::Bcrypt { text, .. } => {
                let cost: u32 = text.get(4..6).and_then(|cost| cost.parse().ok()).ok_or(InvalidHash::Malformed)?;
                (cost >= *BCRYPT_COST.start(), cost <= *BCRYPT_COST.end())
            }
            Self::Pbkdf2 { digest, iterations, salt, hash } => {
                let most = if *digest == Pbkdf2Digest::Sha512 { PBKDF2_LONG_MAX } else { PBKDF2_SHORT_MAX };
                (*iterations >= 1 && sound(salt, hash), *iterations <= most)
            }
            Self::Scrypt { log_n, r, p, salt, hash } => {
                let sized = (1..=30).contains(log_n) && (1..=1024).contains(r) && (1..=1024).contains(p);
                let blocks = if sized { u64::from(*r) << *log_n } else { 0 };
                let memory = blocks * 128 <= u64::from(SLOW_MEMORY_KIB_MAX) * 1024;
                (sized && sound(salt, hash), memory && blocks * u64::from(*p) <= SCRYPT_WORK_MAX)
            }
        };
        match (sound, soon) {
            (false, _) => Err(InvalidHash::Malformed),
            (true, false) => Err(InvalidHash::TooSlow),
            (true, true) => Ok(self),
        }
    }
}

/// PHC strings and those of modular crypt: `rest` is what stands behind the first `$`.
fn modular(text: &str, rest: &str) -> Result<SlowKind, InvalidHash> {
    let parts: Vec<&str> = rest.split('$').collect();
    match parts[..] {
        ["argon2id", version, parameters, salt, hash] if version.starts_with("v=") => {
            argon2id(number(version, "v")?, parameters, salt, hash)
        }
        // Without a version it is the first.
        ["argon2id", parameters, salt, hash] => argon2id(0x10, parameters, salt, hash),
        ["2a" | "2b" | "2y", cost, salted] if cost.len() == 2 && salted.len() == 53 => {
            let of_bcrypt = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/');
            if !cost.bytes().all(|byte| byte.is_ascii_digit()) || !salted.bytes().all(of_bcrypt) {
                return Err(InvalidHash::Malformed);
            }
            Ok(SlowKind::Bcrypt { text: text.into(), prehashed: false })
        }
        [name, rounds, salt, hash] if name.starts_with("pbkdf2") => {
            let digest = match name {
                "pbkdf2-sha256" => Pbkdf2Digest::Sha256,
                "pbkdf2-sha512" => Pbkdf2Digest::Sha512,
                "pbkdf2-sha1" | "pbkdf2" => Pbkdf2Digest::Sha1,
                _ => return Err(InvalidHash::Unsupported),
            };
            // `i=600000,l=32` in PHC strings, and the number alone in those of passlib.
            let iterations = match rounds.contains('=') {
                true => named(rounds, "i")?,
                false => whole(rounds)?,
            };
            Ok(SlowKind::Pbkdf2 { digest, iterations, salt: bytes(salt)?, hash: bytes(hash)? })
        }
        ["scrypt", parameters, salt, hash] => Ok(SlowKind::Scrypt {
            log_n: u8::try_from(named(parameters, "ln")?).map_err(|_| InvalidHash::Malformed)?,
            r: named(parameters, "r")?,
            p: named(parameters, "p")?,
            salt: bytes(salt)?,
            hash: bytes(hash)?,
        }),
        ["argon2id" | "2a" | "2b" | "2y" | "scrypt", ..] => Err(InvalidHash::Malformed),
        _ => Err(InvalidHash::Unsupported),
    }
}

fn argon2id(version: u32, parameters: &str, salt: &str, hash: &str) -> Result<SlowKind, InvalidHash> {
    Ok(SlowKind::Argon2id {
        version,
        memory: named(parameters, "m")?,
        passes: named(parameters, "t")?,
        lanes: named(parameters, "p")?,
        salt: bytes(salt)?,
        hash: bytes(hash)?,
    })
}

/// As Django keeps them: the name of its hasher in front. Salts go in as they are written.
fn django(text: &str) -> Result<SlowKind, InvalidHash> {
    let (hasher, rest) = text.split_once('$').ok_or(InvalidHash::Malformed)?;
    let as_written = |salt: &str| salt.as_bytes().to_vec();
    match hasher {
        "argon2" => modular_of(&format!("${rest}")),
        // What follows begins with a `$` of its own.
        "bcrypt" => modular_of(rest),
        "bcrypt_sha256" => match modular_of(rest)? {
            SlowKind::Bcrypt { text, .. } => Ok(SlowKind::Bcrypt { text, prehashed: true }),
            _ => Err(InvalidHash::Malformed),
        },
        "pbkdf2_sha256" | "pbkdf2_sha1" => {
            let digest = if hasher == "pbkdf2_sha1" { Pbkdf2Digest::Sha1 } else { Pbkdf2Digest::Sha256 };
            let [iterations, salt, hash] = rest.split('$').collect::<Vec<_>>()[..] else {
                return Err(InvalidHash::Malformed);
            };
            let iterations = whole(iterations)?;
            Ok(SlowKind::Pbkdf2 { digest, iterations, salt: as_written(salt), hash: bytes(hash)? })
        }
        "scrypt" => {
            let [n, salt, r, p, hash] = rest.split('$').collect::<Vec<_>>()[..] else {
                return Err(InvalidHash::Malformed);
            };
            let n = whole(n)?;
            if !n.is_power_of_two() {
                return Err(InvalidHash::Malformed);
            }
            let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| InvalidHash::Malformed)?;
            Ok(SlowKind::Scrypt { log_n, r: whole(r)?, p: whole(p)?, salt: as_written(salt), hash: bytes(hash)? })
        }
        _ => Err(InvalidHash::Unsupported),
    }
}

fn modular_of(text: &str) -> Result<SlowKind, InvalidHash> {
    modular(text, text.strip_prefix('$').ok_or(InvalidHash::Malformed)?)
}

/// The number of `name=` in a list of them.
fn named(parameters: &str, name: &str) -> Result<u32, InvalidHash> {
    let found = parameters.split(',').find(|parameter| parameter.split('=').next() == Some(name));
    number(found.unwrap_or_default(), name)
}

fn number(parameter: &str, name: &str) -> Result<u32, InvalidHash> {
    let value = parameter.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).ok_or(InvalidHash::Malformed)?;
    whole(value)
}

fn whole(text: &str) -> Result<u32, InvalidHash> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err(InvalidHash::Malformed);
    }
    // More than fits into a number takes longer than anybody waits.
    text.parse().map_err(|_| InvalidHash::TooSlow)
}

/// Base64 as these strings have it. passlib writes `.` for `+`.
fn bytes(text: &str) -> Result<Vec<u8>, InvalidHash> {
    BASE64.decode(text.replace('.', "+")).map_err(|_| InvalidHash::Malformed)
}
