use std::iter;

use aho_corasick::{AhoCorasick, Input, Match, MatchKind, Span, packed};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use model::{BODY_LEN, CHECKSUM_LEN, Environment, PlainSecret, SecretFormat, TOKEN_MAX, said_claims, token_in};
use zeroize::Zeroizing;

/// So many bytes from where something begins are needed to say what it is.
pub(crate) const AHEAD: usize = TOKEN_MAX + 1;

/// How the header of every derived token begins. Its other members may differ.
const TOKEN_HEADER: &[u8] = br#"{"alg":"EdDSA","kid":"#;
/// What a signing secret of Standard Webhooks begins with.
const SIGNING_SECRET: &str = "whsec_";
/// Bytes of a signing secret, in base64.
const SIGNING_SECRET_LEN: usize = 44;

/// What was found, as far as its form says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// An API key with this deployment's prefix, and with the right checksum.
    Key(Environment),
    /// A derived token, of whichever deployment.
    Token,
    /// A text with the form of our webhooks' signing secrets. It has no checksum, and other products have the same form.
    SigningSecret,
}

/// Finds what has the form of a secret of one deployment.
#[derive(Debug)]
pub struct Finder {
    format: SecretFormat,
    needles: Needles,
    kinds: Vec<Needle>,
}

/// What is looked for at first. Few texts have any of it, so that what comes next may take its time.
#[derive(Clone, Copy, Debug)]
enum Needle {
    /// A key, with its length.
    Key(usize),
    /// The same in UTF-16, in either order of bytes.
    WideKey(usize),
    Token,
    SigningSecret,
}

#[derive(Debug)]
enum Needles {
    /// Many bytes at once, where the processor can.
    Packed(packed::Searcher),
    /// Byte by byte.
    Automaton(AhoCorasick),
}

impl Finder {
    /// One for the secrets of a deployment that writes them so.
    pub fn new(format: SecretFormat) -> Self {
        let (patterns, kinds) = needles(&format);
        Self { format, needles: Needles::new(&patterns), kinds }
    }

    /// Where something may begin, from the first such place on, each with the number of its needle. One may begin within another.
    pub(crate) fn candidates(&self, bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> {
        let mut from = 0;
        iter::from_fn(move || {
            let found = self.needles.find(bytes, from)?;
            from = found.start() + 1;
            Some((found.start(), found.pattern().as_usize()))
        })
    }

    /// What begins where a candidate does. `None`: it only looked so.
    pub(crate) fn recognise(&self, bytes: &[u8], needle: usize) -> Option<(Form, PlainSecret)> {
        match self.kinds.get(needle)? {
            Needle::Key(length) => self.key(std::str::from_utf8(bytes.get(..*length)?).ok()?.to_owned()),
            Needle::WideKey(length) => self.key(narrow(bytes.get(..2 * *length - 1)?)?),
            Needle::Token => token(bytes),
            Needle::SigningSecret => signing_secret(bytes),
        }
    }

    /// Whether each character of what a needle finds has two bytes.
    pub(crate) fn is_wide(&self, needle: usize) -> bool {
        matches!(self.kinds.get(needle), Some(Needle::WideKey(_)))
    }

    fn key(&self, text: String) -> Option<(Form, PlainSecret)> {
        let secret = PlainSecret::new(text);
        let parts = self.format.read(secret.expose())?;
        Some((Form::Key(parts.environment), secret))
    }
}

impl Needles {
    fn new(patterns: &[Vec<u8>]) -> Self {
        match packed::Searcher::new(patterns) {
            Some(searcher) => Self::Packed(searcher),
            None => Self::automaton(patterns),
        }
    }

    fn automaton(patterns: &[Vec<u8>]) -> Self {
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(patterns);
        Self::Automaton(automaton.expect("a few short patterns"))
    }

    fn find(&self, bytes: &[u8], from: usize) -> Option<Match> {
        let span = Span { start: from, end: bytes.len() };
        match self {
            Self::Packed(searcher) => searcher.find_in(bytes, span),
            Self::Automaton(automaton) => automaton.find(Input::new(bytes).span(span)),
        }
    }
}

/// What secrets of this form begin with, and what each is.
fn needles(format: &SecretFormat) -> (Vec<Vec<u8>>, Vec<Needle>) {
    let mut patterns: Vec<Vec<u8>> = Vec::new();
    let mut kinds = Vec::new();
    for environment in [Environment::Live, Environment::Test] {
        let head = format!("{}_{}_", format.prefix(), environment.as_str());
        let length = head.len() + BODY_LEN + CHECKSUM_LEN;
        // In the other order the first zero stands before it, so that it begins with the same bytes.
        patterns.push(head.bytes().flat_map(|byte| [byte, 0]).take(2 * head.len() - 1).collect());
        kinds.push(Needle::WideKey(length));
        patterns.push(head.into_bytes());
        kinds.push(Needle::Key(length));
    }
    patterns.push(URL_SAFE_NO_PAD.encode(TOKEN_HEADER).into_bytes());
    kinds.push(Needle::Token);
    patterns.push(SIGNING_SECRET.into());
    kinds.push(Needle::SigningSecret);
    (patterns, kinds)
}

/// Text of UTF-16 whose characters all have one byte.
fn narrow(wide: &[u8]) -> Option<String> {
    let zeros = wide.iter().skip(1).step_by(2).all(|byte| *byte == 0);
    let narrow: Vec<u8> = wide.iter().step_by(2).copied().collect();
    // Bytes that are no text hold no key either.
    if zeros { String::from_utf8(narrow).ok() } else { None }
}

fn token(bytes: &[u8]) -> Option<(Form, PlainSecret)> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let length = bytes.iter().take(AHEAD).take_while(|byte| is_part(byte)).count();
    let text = token_in(std::str::from_utf8(&bytes[..length]).ok()?)?;
    said_claims(text)?;
    Some((Form::Token, PlainSecret::new(text.to_owned())))
}

fn signing_secret(bytes: &[u8]) -> Option<(Form, PlainSecret)> {
    let text = std::str::from_utf8(bytes.get(..SIGNING_SECRET.len() + SIGNING_SECRET_LEN)?).ok()?;
    let decoded = STANDARD.decode(text.strip_prefix(SIGNING_SECRET)?).map(Zeroizing::new).ok()?;
    (decoded.len() == 32).then(|| (Form::SigningSecret, PlainSecret::new(text.to_owned())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finder() -> Finder {
        Finder::new(SecretFormat::new("ccc").unwrap())
    }

    /// Finds byte by byte, as on a machine whose processor can't do more.
    fn slow(prefix: &str) -> Finder {
        let format = SecretFormat::new(prefix).unwrap();
        let (patterns, kinds) = needles(&format);
        Finder { format, needles: Needles::automaton(&patterns), kinds }
    }

    fn key(prefix: &str, body: &[u8; BODY_LEN]) -> String {
        SecretFormat::new(prefix).unwrap().write(Environment::Live, body).expose().to_owned()
    }

    fn found(finder: &Finder, bytes: &[u8]) -> Vec<(usize, Form, String)> {
        let all = finder.candidates(bytes).filter_map(|(at, needle)| {
            let (form, secret) = finder.recognise(&bytes[at..], needle)?;
            Some((at, form, secret.expose().to_owned()))
        });
        all.collect()
    }

    #[test]
    fn a_key_is_found_whatever_stands_around_it() {
        let own = key("ccc", &[7; BODY_LEN]);
        for (before, after) in [
            ("", ""),
            ("KEY=", "\n"),
            ("x", "Z9"),
            ("ccc_live_", "_"),
            ("\u{0}", "\u{0}"),
            ("ä", "é"),
            (r#"""#, r#"\n""#),
        ] {
            let text = format!("{before}{own}{after}");
            let expected = vec![(before.len(), Form::Key(Environment::Live), own.clone())];
            assert_eq!(found(&finder(), text.as_bytes()), expected, "{text}");
            assert_eq!(found(&slow("ccc"), text.as_bytes()), expected, "{text}");
        }
        let two = format!("{own}{own},{own}");
        assert_eq!(found(&finder(), two.as_bytes()).len(), 3);
    }

    #[test]
    fn a_key_is_found_that_begins_within_what_looks_like_another() {
        for (prefix, before) in [("live", "live_"), ("test", "test_test_"), ("live", "test_live_live_live_")] {
            let own = key(prefix, &[7; BODY_LEN]);
            let text = format!("{before}{own}");
            let expected = [(before.len(), Form::Key(Environment::Live), own)];
            assert_eq!(found(&Finder::new(SecretFormat::new(prefix).unwrap()), text.as_bytes()), expected, "{text}");
            assert_eq!(found(&slow(prefix), text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn text_of_windows_is_found_in_either_order_of_bytes() {
        let own = key("ccc", &[7; BODY_LEN]);
        let text = format!("set KEY={own}\r\n");
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let wide: Vec<u8> = text.encode_utf16().flat_map(order).collect();
            let all = found(&finder(), &wide);
            assert_eq!(all.iter().map(|(_, _, text)| text.as_str()).collect::<Vec<_>>(), [own.as_str()]);
        }
        // At the very end, and cut off.
        let wide: Vec<u8> = own.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(found(&finder(), &wide).len(), 1);
        assert!(found(&finder(), &wide[..wide.len() - 1]).is_empty());
    }

    #[test]
    fn near_misses_are_none() {
        let own = key("ccc", &[7; BODY_LEN]);
        let mut typo = own.clone();
        let last = typo.pop();
        typo.push(if last == Some('0') { '1' } else { '0' });
        for text in [
            typo,
            own[..own.len() - 1].to_owned(),
            key("abc", &[7; BODY_LEN]),
            own.to_uppercase(),
            own.replace("_live_", "_test_"),
            own.replacen("_live_", "_prod_", 1),
            format!("{}\n{}", &own[..20], &own[20..]),
            "ccc_live_".repeat(20),
        ] {
            assert!(found(&finder(), text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn tokens_and_signing_secrets_are_found_by_their_form() {
        let id = "01981d2c-9e5b-7c3a-8b1d-0123456789ab";
        let claims = format!(
            r#"{{"iss":"x","aud":"keydesk","sub":"{id}","jti":"{id}","iat":1,"exp":2,"scope":"","env":"live","inst":"default","secret_id":"{id}"}}"#
        );
        let token = |typ: &str| {
            let header = format!(r#"{{"alg":"EdDSA","kid":"t1","typ":"{typ}"}}"#);
            format!("{}.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(&claims))
        };
        let ours = token("keydesk+jwt");
        let text = format!("Authorization: Bearer {ours}.\n");
        assert_eq!(found(&finder(), text.as_bytes()), [(22, Form::Token, ours.clone())]);
        assert!(found(&finder(), token("JWT").as_bytes()).is_empty(), "another product's");
        assert!(found(&finder(), &ours.as_bytes()[..ours.len() - 20]).is_empty(), "cut off");
        let long = format!("{ours}{}", "a".repeat(TOKEN_MAX));
        assert!(found(&finder(), long.as_bytes()).is_empty());

        let secret = format!("whsec_{}", STANDARD.encode([9; 32]));
        let text = format!("secret: {secret}\n");
        assert_eq!(found(&finder(), text.as_bytes()), [(8, Form::SigningSecret, secret)]);
        for other in
            ["whsec_...".to_owned(), format!("whsec_{}", STANDARD.encode([9; 24])), format!("whsec_{}", "a".repeat(44))]
        {
            assert!(found(&finder(), other.as_bytes()).is_empty(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_random_text_is_a_key(body in "[0-9A-Za-z]{36}", environment in prop::sample::select(vec!["live", "test"])) {
            let text = format!("ccc_{environment}_{body}");
            let right = SecretFormat::new("ccc").unwrap().read(&text).is_some();
            prop_assert_eq!(!found(&finder(), text.as_bytes()).is_empty(), right);
        }

        #[test]
        fn looking_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0usize..200) {
            let mut bytes = bytes;
            let at = at.min(bytes.len());
            bytes.splice(at..at, *b"ccc_live_");
            prop_assert!(found(&finder(), &bytes).is_empty());
            prop_assert!(found(&slow("ccc"), &bytes).is_empty());
        }
    }
}
