//! Keys in texts that people paste: an address bar's history, a proxy's log and a link keep what they get, so a key must be told
//! from other text before it goes there.

use std::borrow::Cow;

use crate::{BODY_LEN, CHECKSUM_LEN, Environment, PlainSecret, SecretFormat, token_in};

/// Longest text in which a key is looked for, in bytes. Of a longer one the beginning is looked at.
pub const KEY_TEXT_MAX: usize = 8 * 1024;

/// So many characters after `_live_` or `_test_` make a key, whatever they are.
const SURELY: usize = 20;
/// So many make one that is still being typed, or was cut off, where they are as random as those of a secret.
const PERHAPS: usize = 5;
/// Random characters and checksum.
const WHOLE: usize = BODY_LEN + CHECKSUM_LEN;

/// A key that was found in a text.
#[derive(Clone, Debug)]
pub enum KeyInText {
    /// It has the form of this deployment's keys, and its checksum is right.
    Whole(PlainSecret),
    /// It begins as this deployment's keys do, and is mistyped or cut off.
    Mistyped,
    /// It has the form of a key, and the prefix of another deployment.
    Foreign,
    /// It has the form of a token, of whatever program.
    Token(PlainSecret),
}

/// Whether a text holds a key or a token, part of one, or what looks like one: such a text must not get into an address. Keys of other
/// deployments count, mistyped ones, those that a line's end or a blank broke in two, and what follows the prefix.
pub fn looks_like_key(text: &str) -> bool {
    let text = bounded(text);
    occurrences(text).any(|found| found.is_key(text)) || has_bare_key(text) || {
        let joined = joined(text);
        token_in(&joined).is_some() || occurrences(&joined).any(|found| found.tail(&joined).len() >= SURELY)
    }
}

impl SecretFormat {
    /// The key in a text as it was pasted: in quotation marks, after `Bearer`, in a line of settings, in several lines. `None`: it
    /// holds none.
    pub fn find_in(&self, text: &str) -> Option<KeyInText> {
        let text = bounded(text);
        if !looks_like_key(text) {
            return None;
        }
        let (mut own, mut named) = (false, false);
        for text in [Cow::Borrowed(text), Cow::Owned(joined(text))] {
            if let Some(token) = token_in(&text) {
                return Some(KeyInText::Token(PlainSecret::new(token.to_owned())));
            }
            for found in occurrences(&text) {
                named = true;
                let Some(begin) = found.head(&text).ends_with(self.prefix()).then(|| found.at - self.prefix().len())
                else {
                    continue;
                };
                own |= found.is_key(&text) || found.tail(&text).len() >= SURELY;
                let whole = text.get(begin..found.tail_at + WHOLE);
                if let Some(secret) = whole.filter(|secret| self.read(secret).is_some()) {
                    return Some(KeyInText::Whole(PlainSecret::new(secret.to_owned())));
                }
            }
        }
        // Without a prefix it is cut off.
        Some(if own || !named { KeyInText::Mistyped } else { KeyInText::Foreign })
    }
}

/// Whether a text has as many random characters in a row as a key, without what comes before them.
fn has_bare_key(text: &str) -> bool {
    let random = |run: &str| {
        let any = |kind: fn(&u8) -> bool| run.as_bytes().iter().any(kind);
        any(u8::is_ascii_digit) && any(u8::is_ascii_uppercase) && any(u8::is_ascii_lowercase)
    };
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| run.len() >= BODY_LEN && random(run))
}

fn bounded(text: &str) -> &str {
    let end = (0..=KEY_TEXT_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

/// The text without what breaks a key into parts that belong together.
fn joined(text: &str) -> String {
    let breaks = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}' | '\\')
    };
    text.chars().filter(|c| !breaks(*c)).collect()
}

/// Where a text has `_live_` or `_test_`.
struct Occurrence {
    /// Of the first underscore.
    at: usize,
    /// Of what follows the second.
    tail_at: usize,
}

impl Occurrence {
    /// The letters and digits before it.
    fn head<'t>(&self, text: &'t str) -> &'t str {
        let head = text.get(..self.at).unwrap_or_default();
        let begin = head.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
        head.get(begin..).unwrap_or_default()
    }

    /// The letters and digits after it.
    fn tail<'t>(&self, text: &'t str) -> &'t str {
        let tail = text.get(self.tail_at..).unwrap_or_default();
        let length = tail.bytes().take_while(u8::is_ascii_alphanumeric).count();
        tail.get(..length).unwrap_or_default()
    }

    fn is_key(&self, text: &str) -> bool {
        let tail = self.tail(text);
        if self.head(text).is_empty() {
            return false;
        }
        // A name such as `acme_live_connector` is no key.
        let random = tail.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        tail.len() >= SURELY || (tail.len() >= PERHAPS && random)
    }
}

/// In any case: a text that was typed in capitals is as good a guess at somebody's key.
fn occurrences(text: &str) -> impl Iterator<Item = Occurrence> {
    let environments = [Environment::Live, Environment::Test].map(Environment::as_str);
    text.bytes().enumerate().filter(|(_, byte)| *byte == b'_').filter_map(move |(at, _)| {
        let rest = text.get(at + 1..)?;
        let environment = environments.into_iter().find(|environment| {
            let named = rest.get(..environment.len()).is_some_and(|found| found.eq_ignore_ascii_case(environment));
            named && rest.as_bytes().get(environment.len()) == Some(&b'_')
        })?;
        Some(Occurrence { at, tail_at: at + environment.len() + 2 })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn format() -> SecretFormat {
        SecretFormat::new("ccc").unwrap()
    }

    fn key(body: &[u8; BODY_LEN]) -> String {
        format().write(Environment::Live, body).expose().to_owned()
    }

    fn found(text: &str) -> Option<String> {
        match format().find_in(text) {
            Some(KeyInText::Whole(secret)) => Some(secret.expose().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn names_hints_and_words_are_no_keys() {
        for text in [
            "",
            "Acme CRM",
            "acme_live_connector",
            "acme_test_",
            "acme_live_v2",
            "ccc_live_7Qfx…c2Xa",
            "ccc_live_7Qfx...c2Xa",
            "ccc_live_****c2Xa",
            "c2Xa",
            "_live_",
            "_live_0123456789",
            "live_0123456789012345678901234567890",
            "01890a5d-ac96-774b-bcce-b302099a8057",
            "ada@example.com",
            "DonaudampfschifffahrtsgesellschaftAG",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "old_test_ key of the branch",
        ] {
            assert!(!looks_like_key(text), "{text}");
            assert!(format().find_in(text).is_none(), "{text}");
        }
    }

    #[test]
    fn keys_of_others_and_mistyped_ones_look_like_keys() {
        let own = key(&[7; BODY_LEN]);
        let mut mistyped = own.clone();
        mistyped.pop();
        mistyped.push(if own.ends_with('0') { '1' } else { '0' });
        let other = SecretFormat::new("acme").unwrap().write(Environment::Test, &[9; BODY_LEN]);
        assert!(matches!(format().find_in(&mistyped), Some(KeyInText::Mistyped)));
        assert!(matches!(format().find_in(&own[..30]), Some(KeyInText::Mistyped)));
        assert!(matches!(format().find_in(&own.to_uppercase()), Some(KeyInText::Foreign)));
        assert!(matches!(format().find_in(other.expose()), Some(KeyInText::Foreign)));
        assert!(matches!(format().find_in(&format!("It is {}.", &own[9..])), Some(KeyInText::Mistyped)));
        for text in ["ccc_live_7Qfx9", "sk_live_abcdefghijklmnopqrstu", "CCC_LIVE_0000000000000000000000"] {
            assert!(looks_like_key(text), "{text}");
        }
    }

    #[test]
    fn a_token_looks_like_a_key_and_is_found() {
        let part = "eyJhbGciOiJFZERTQSIsImtpZCI6InQxIiwidHlwIjoia2V5ZGVzaytqd3QifQ";
        let token = format!("{part}.{part}.c2lnbmF0dXJl-_");
        for text in
            [token.clone(), format!("Authorization: Bearer {token}\r\n"), format!("/v1/calls?token={token}&a=b")]
        {
            assert!(looks_like_key(&text), "{text}");
            let Some(KeyInText::Token(found)) = format().find_in(&text) else { panic!("{text}") };
            assert_eq!(found.expose(), token);
            assert_eq!(found.hint().0, "…");
        }
    }

    #[test]
    fn a_text_without_end_is_looked_at_in_part() {
        assert!(!looks_like_key(&"_live_".repeat(1_000_000)));
        assert!(found(&format!("{}{}", "ä".repeat(KEY_TEXT_MAX), key(&[1; BODY_LEN]))).is_none());
    }

    proptest! {
        #[test]
        fn a_key_is_found_however_it_was_pasted(
            body in prop::array::uniform30(0u8..62),
            around in prop::sample::select(vec![
                ("", ""), (" ", "\n"), ("\"", "\""), ("'", "',"), ("Bearer ", ""), ("Authorization: Bearer ", "\r\n"),
                ("key=", "&x=1"), ("KEYDESK_KEY=", ""), ("{\"key\":\"", "\"}"), ("curl -H 'Authorization: Bearer ", "' https://x"),
                ("`", "`."), ("\u{200B}", "\u{FEFF}"), ("(", ")"), ("search=", ""),
            ]),
            at in 1usize..44,
            broken in prop::sample::select(vec!["", "\n", "\r\n  ", " ", "\u{200B}", " \\\n"]),
        ) {
            let whole = key(&body);
            let text = format!("{}{}{broken}{}{}", around.0, &whole[..at], &whole[at..], around.1);
            prop_assert!(looks_like_key(&text));
            prop_assert_eq!(found(&text), Some(whole));
        }

        #[test]
        fn looking_never_panics(text in "\\PC{0,80}") {
            prop_assert!(format().find_in(&text).is_none() || looks_like_key(&text));
        }
    }
}
