//! Whether a key is the one with a slow hash. Takes up to a second.

use std::num::NonZeroU32;

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
    pbkdf2,
};
use model::{Pbkdf2Digest, SlowHash, SlowKind};

/// Whether the hash is that of this key.
pub(crate) fn is_of(hash: &SlowHash, key: &str) -> bool {
    match hash.kind() {
        SlowKind::Argon2id { version, memory, passes, lanes, salt, hash } => {
            let version = if *version == 0x10 { Version::V0x10 } else { Version::V0x13 };
            let Ok(params) = Params::new(*memory, *passes, *lanes, Some(hash.len())) else { return false };
            let mut out = vec![0; hash.len()];
            let made =
                Argon2::new(Algorithm::Argon2id, version, params).hash_password_into(key.as_bytes(), salt, &mut out);
            made.is_ok() && is_same(&out, hash)
        }
        // It looks at the first 72 characters, as the system did that made it.
        SlowKind::Bcrypt { text, prehashed: false } => bcrypt::verify(key, text).unwrap_or(false),
        SlowKind::Bcrypt { text, prehashed: true } => {
            let hashed = digest(&SHA256, key.as_bytes());
            let hex: String = hashed.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            bcrypt::verify(hex, text).unwrap_or(false)
        }
        SlowKind::Pbkdf2 { digest, iterations, salt, hash } => {
            let algorithm = match digest {
                Pbkdf2Digest::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
                Pbkdf2Digest::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
                Pbkdf2Digest::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
            };
            let Some(iterations) = NonZeroU32::new(*iterations) else { return false };
            pbkdf2::verify(algorithm, iterations, salt, key.as_bytes(), hash).is_ok()
        }
        SlowKind::Scrypt { log_n, r, p, salt, hash } => {
            let Ok(params) = scrypt::Params::new(*log_n, *r, *p) else { return false };
            let mut out = vec![0; hash.len()];
            let made = scrypt::scrypt(key.as_bytes(), salt, &params, &mut out);
            made.is_ok() && is_same(&out, hash)
        }
    }
}

fn is_same(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by Django 5.2, bcrypt 5 and passlib 1.7 of the same key.
    const HASHES: [&str; 8] = [
        "pbkdf2_sha256$1000$NaClNaClNaCl$wPYQVWv1t45GRos+KDiId6PYV0i7B/1aXhe2WwocsbM=",
        "pbkdf2_sha1$1000$NaClNaClNaCl$mh5CnHOJyw0sCyYTxvJ2aRdgfoo=",
        "scrypt$1024$NaClNaClNaCl$8$2$A+kmK8+/fo4uvpx9BXcpmBlU3UdpDCz6ItQ8DgH8Z9TMRhigbSMhLMqt1l6AfvZMEuX69OlwGVNUFsy/5XFGUA==",
        "argon2$argon2id$v=19$m=1024,t=2,p=2$TmFDbE5hQ2xOYUNs$a4BQIB1+0ETZyq7k5SrJtDe4IHkMjzheJe9r68MvY+g",
        "$2b$04$K3yEKyXZPZQYqoPCTdOVCej5vcRrgT7S94zIpleJ8BrTkOPs7LzM2",
        "bcrypt_sha256$$2b$04$p8ySLKcQFiDMLrFMloq58uAYq6kWP/QC//jVmCsMVR397jAUkfUR.",
        "$pbkdf2-sha512$1000$pfSe01pLiVEqJYSQcq5Vyg$tQQyqOfcL36S3jfxoTO3urpvxOrFIViEIm0Ubx8SOAKw4yMunEj5sAU7XgUYHD0du73l3zZFwgCVzEg/QQhP.A",
        "$scrypt$ln=10,r=8,p=1$xrg35jwHwJgzRgihlLK2Vg$AsvepoZM/+ro7exa6TnbzvnOVNFsp64aZGNmbMPE9Pg",
    ];
    const KEY: &str = "acme_01.Zm9vYmFyYmF6cXV4MDEyMzQ1";

    #[test]
    fn hashes_of_other_programs_are_those_of_their_key_and_of_no_other() {
        for text in HASHES {
            let hash = SlowHash::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(is_of(&hash, KEY), "{text}");
            assert!(!is_of(&hash, "acme_01.Zm9vYmFyYmF6cXV4MDEyMzQ2"), "{text}");
        }
    }
}
