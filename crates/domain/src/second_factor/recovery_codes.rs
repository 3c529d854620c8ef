//! Recovery codes: 80 random bits each, as 16 letters and digits that can't be taken for each other.

use model::{AdministratorId, PlainSecret, RECOVERY_CODES};
use store::TokenHash;
use zeroize::Zeroizing;

use crate::{Entropy, fingerprint};

/// 32 of them, so a character is 5 bits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Characters of a code, and of one of its groups.
pub(super) const LENGTH: usize = 16;
const GROUP: usize = 4;

/// New codes, as they are shown.
pub(super) fn new(entropy: &dyn Entropy) -> Vec<PlainSecret> {
    (0..RECOVERY_CODES).map(|_| one(entropy)).collect()
}

fn one(entropy: &dyn Entropy) -> PlainSecret {
    let mut random = Zeroizing::new([0; LENGTH]);
    entropy.fill(&mut random[..]);
    let mut code = String::with_capacity(LENGTH + LENGTH / GROUP - 1);
    for (at, byte) in random.iter().enumerate() {
        if at > 0 && at % GROUP == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    PlainSecret::new(code)
}

/// As the database has it: with its owner, so that nobody's code is another's.
pub(super) fn hash(person: AdministratorId, plain: &str) -> TokenHash {
    fingerprint(&Zeroizing::new([&person.0.as_bytes()[..], plain.as_bytes()].concat()))
}

/// A code as it is compared: without the spaces and hyphens that people type or leave out, in small letters.
pub(super) fn plain(typed: &PlainSecret) -> Zeroizing<String> {
    let text = typed.expose().chars().filter(|c| !c.is_whitespace() && *c != '-');
    Zeroizing::new(text.take(2 * LENGTH).map(|c| c.to_ascii_lowercase()).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use uuid::Uuid;

    use super::*;
    use crate::SystemEntropy;

    #[test]
    fn codes_are_of_80_bits_and_no_two_are_the_same() {
        let codes: HashSet<String> = new(&SystemEntropy).iter().map(|code| code.expose().to_owned()).collect();
        assert_eq!(codes.len(), RECOVERY_CODES);
        for code in codes {
            let groups: Vec<&str> = code.split('-').collect();
            assert!(groups.len() == 4 && groups.iter().all(|group| group.len() == GROUP), "{code}");
            assert!(code.bytes().all(|byte| byte == b'-' || ALPHABET.contains(&byte)), "{code}");
        }
        assert_eq!(HashSet::<u8>::from(*ALPHABET).len(), 32);
    }

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let typed = |text: &str| plain(&PlainSecret::new(text.to_owned())).to_string();
        for text in ["abcd-efgh-jkmn-2345", " ABCD EFGH JKMN 2345", "abcdefghjkmn2345\n"] {
            assert_eq!(typed(text), "abcdefghjkmn2345");
        }
        assert_eq!(typed("287 082"), "287082");
        assert!(typed(&"a".repeat(10_000)).len() < 100, "whatever is sent");
        let [ada, bob] = [1, 2].map(|id| AdministratorId(Uuid::from_u128(id)));
        assert_ne!(hash(ada, "abcd"), hash(bob, "abcd"));
    }
}
