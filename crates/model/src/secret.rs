//! The form of a secret: `{prefix}_{environment}_{30 random}{6 checksum}`, all base62.
//!
//! The prefix and the checksum let secret scanners find a leaked key, and let us refuse a typing error without any
//! lookup. The checksum is no security: whoever knows the format can compute it.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Environment, may_be_token};

/// Random base62 characters in a secret: 178 bits.
pub const BODY_LEN: usize = 30;
/// Base62 characters that hold the CRC-32 of all characters before them.
pub const CHECKSUM_LEN: usize = 6;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A secret in plain. Wiped from memory when dropped; `Debug` is masked; there is no `Display` and no serde.
///
/// It leaves through [`PlainSecret::expose`] alone, so that every place where a secret goes out can be found by name.
#[derive(Clone)]
pub struct PlainSecret(Zeroizing<String>);

impl PlainSecret {
    /// Wraps a text that is a secret.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The part that may be shown: everything up to four random characters, and the last four. Of a token nothing is.
    pub fn hint(&self) -> Hint {
        let text = self.expose();
        if may_be_token(text) {
            return Hint("…".to_owned());
        }
        // A text too short to be a secret is masked whole; slicing by `get` never splits a character.
        let shown = text.len().checked_sub(BODY_LEN + CHECKSUM_LEN - 4).and_then(|head| text.get(..head));
        match (shown, text.len().checked_sub(4).and_then(|tail| text.get(tail..))) {
            (Some(head), Some(tail)) => Hint(format!("{head}…{tail}")),
            _ => Hint("…".to_owned()),
        }
    }
}

impl fmt::Debug for PlainSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainSecret(…)")
    }
}

/// What a list shows of a secret, for example `ccc_live_7Qfx…c2Xa`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Hint(pub String);

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A deployment's way to write secrets. The prefix never changes once keys exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFormat {
    prefix: String,
}

/// The parts of a well-formed secret that can be read without any lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretParts {
    /// The environment that the secret names.
    pub environment: Environment,
}

/// The prefix is not 2 to 16 lower-case letters and digits that begin with a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key prefix is 2 to 16 lower-case letters and digits and begins with a letter")]
pub struct InvalidPrefix;

/// A key as it is meant, of a text in which one was presented: white space around it, as pasting and files leave it, is no part
/// of it, at no door.
pub fn presented_key(text: &str) -> &str {
    text.trim()
}

impl SecretFormat {
    /// A format with the deployment's prefix.
    pub fn new(prefix: &str) -> Result<Self, InvalidPrefix> {
        let shaped = (2..=16).contains(&prefix.len())
            && prefix.starts_with(|c: char| c.is_ascii_lowercase())
            && prefix.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if shaped { Ok(Self { prefix: prefix.to_owned() }) } else { Err(InvalidPrefix) }
    }

    /// The deployment's prefix.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Writes a secret around `body`, whose numbers choose the characters: each must be below 62.
    pub fn write(&self, environment: Environment, body: &[u8; BODY_LEN]) -> PlainSecret {
        let environment = environment.as_str();
        let mut text = String::with_capacity(self.prefix.len() + environment.len() + 2 + BODY_LEN + CHECKSUM_LEN);
        text.push_str(&self.prefix);
        text.push('_');
        text.push_str(environment);
        text.push('_');
        text.extend(body.iter().map(|digit| char::from(ALPHABET[usize::from(*digit) % ALPHABET.len()])));
        let checksum = checksum(text.as_bytes());
        text.extend(checksum.iter().map(|byte| char::from(*byte)));
        PlainSecret::new(text)
    }

    /// Whether `text` begins as secrets of this deployment do: it is one of them, or none at all.
    pub fn is_own(&self, text: &str) -> bool {
        text.strip_prefix(self.prefix.as_str()).is_some_and(|rest| rest.starts_with('_'))
    }

    /// Reads the form of `text`; `None` when it can't be a secret of this deployment. Allocates nothing.
    pub fn read(&self, text: &str) -> Option<SecretParts> {
        let rest = text.strip_prefix(self.prefix.as_str())?.strip_prefix('_')?;
        let (environment, digits) = rest.split_once('_')?;
        let environment = environment.parse().ok()?;
        let shaped = digits.len() == BODY_LEN + CHECKSUM_LEN && digits.bytes().all(|b| b.is_ascii_alphanumeric());
        (shaped && checksum_matches(text.as_bytes())).then_some(SecretParts { environment })
    }
}

/// Whether the last six bytes are the checksum of those before them.
pub fn checksum_matches(text: &[u8]) -> bool {
    text.split_last_chunk::<CHECKSUM_LEN>().is_some_and(|(body, given)| checksum(body) == *given)
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut rest = crc32fast::hash(body);
    let mut digits = [b'0'; CHECKSUM_LEN];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn format() -> SecretFormat {
        SecretFormat::new("ccc").unwrap()
    }

    fn body() -> impl Strategy<Value = [u8; BODY_LEN]> {
        prop::array::uniform30(0u8..62)
    }

    fn environment() -> impl Strategy<Value = Environment> {
        prop::sample::select(vec![Environment::Live, Environment::Test])
    }

    #[test]
    fn a_known_secret() {
        let secret = format().write(Environment::Live, &[0; BODY_LEN]);
        assert_eq!(secret.expose().len(), "ccc_live_".len() + 36);
        assert!(secret.expose().starts_with("ccc_live_000000000000000000000000000000"));
        assert_eq!(secret.hint().0, format!("ccc_live_0000…{}", &secret.expose()[41..]));
    }

    #[test]
    fn debug_output_masks_the_secret() {
        let secret = format().write(Environment::Test, &[7; BODY_LEN]);
        assert_eq!(format!("{secret:?} {secret:#?}"), "PlainSecret(…) PlainSecret(…)");
    }

    #[test]
    fn a_hint_of_anything_shows_at_most_a_hint() {
        for text in ["", "a", "abc", "ß", "ccc_live", "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀"] {
            assert!(PlainSecret::new(text.to_owned()).hint().0.contains('…'));
        }
    }

    #[test]
    fn prefixes() {
        for bad in ["", "c", "Ccc", "1cc", "c_c", "c-c", "abcdefghijklmnopq"] {
            assert_eq!(SecretFormat::new(bad), Err(InvalidPrefix), "{bad}");
        }
        assert!(SecretFormat::new("abcdefghijklmnop").is_ok());
    }

    #[test]
    fn what_begins_as_own_secrets_do_is_own_or_nothing() {
        for own in ["ccc_", "ccc_live_x", "ccc_prod_0123456789"] {
            assert!(format().is_own(own), "{own}");
        }
        for other in ["", "ccc", "cccc_live_x", "cc_live_x", " ccc_live_x"] {
            assert!(!format().is_own(other), "{other}");
        }
    }

    #[test]
    fn another_deployments_secret_is_not_recognized() {
        let other = SecretFormat::new("cccc").unwrap().write(Environment::Live, &[1; BODY_LEN]);
        assert_eq!(format().read(other.expose()), None);
    }

    proptest! {
        #[test]
        fn a_written_secret_reads_back(environment in environment(), body in body()) {
            let secret = format().write(environment, &body);
            prop_assert_eq!(format().read(secret.expose()), Some(SecretParts { environment }));
        }

        #[test]
        fn every_secret_with_one_changed_character_is_refused(body in body(), at in 0usize..45, byte in 0x20u8..0x7f) {
            let secret = format().write(Environment::Live, &body);
            let mut text = secret.expose().as_bytes().to_vec();
            prop_assume!(text[at] != byte);
            text[at] = byte;
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(format().read(&text), None);
            prop_assert!(!checksum_matches(text.as_bytes()));
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,80}") {
            prop_assert_eq!(format().read(&text), None);
        }

        #[test]
        fn a_hint_holds_eight_characters_of_the_secret(body in body()) {
            let secret = format().write(Environment::Live, &body);
            let hint = secret.hint().0;
            prop_assert_eq!(hint.chars().count(), "ccc_live_".len() + 4 + 1 + 4);
            prop_assert!(!hint.contains(&secret.expose()[9..]));
        }
    }
}
