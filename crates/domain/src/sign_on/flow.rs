use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{Instant, PlainSecret};
use serde::{Deserialize, Serialize};
use store::{SealedCopy, TokenHash};

use crate::{Entropy, Keyring, seal};

/// How long somebody may be at their provider, in milliseconds: 10 minutes.
pub(super) const FLOW_LIFE_MS: i64 = 10 * 60 * 1000;

/// What a sign-in was asked with, and what it leads to.
#[derive(Serialize, Deserialize)]
pub(super) struct Flow {
    pub(super) issuer: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) redirect_uri: String,
    /// The page that the person wanted.
    pub(super) next: String,
    /// The session that their browser had.
    pub(super) brought: Option<TokenHash>,
    pub(super) begun_at: Instant,
}

impl Flow {
    /// As a cookie holds it. `None` only if the cipher itself fails.
    pub(super) fn sealed(&self, keyring: &Keyring, entropy: &dyn Entropy) -> Option<PlainSecret> {
        let text = PlainSecret::new(serde_json::to_string(self).ok()?);
        let SealedCopy { master_key_id, wrapped_key, sealed_secret } =
            seal::seal_for(keyring, entropy, associated, &text)?;
        let parts = [master_key_id.as_bytes(), &wrapped_key, &sealed_secret].map(|part| URL_SAFE_NO_PAD.encode(part));
        Some(PlainSecret::new(parts.join(".")))
    }

    /// `None`: it was not sealed here, or was altered.
    pub(super) fn open(keyring: &Keyring, cookie: &str) -> Option<Self> {
        let mut parts = cookie.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let (Some(master_key_id), Some(wrapped_key), Some(sealed_secret), None) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next())
        else {
            return None;
        };
        let master_key_id = String::from_utf8(master_key_id).ok()?;
        let text = seal::open_for(keyring, associated, &SealedCopy { master_key_id, wrapped_key, sealed_secret })?;
        serde_json::from_str(text.expose()).ok()
    }

    /// Whether somebody has taken too long, or has a clock that went back.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now < self.begun_at.plus_millis(-FLOW_LIFE_MS) || now >= self.begun_at.plus_millis(FLOW_LIFE_MS)
    }
}

fn associated(master_id: &str) -> Vec<u8> {
    [b"keydesk/sign-on/1\0", master_id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::SystemEntropy;

    fn keyring(master: u8) -> Keyring {
        let key = |byte: u8| STANDARD.encode([byte; 32]);
        Keyring::parse(&format!("pepper p1 {}\nmaster m1 {}", key(1), key(master))).unwrap()
    }

    fn flow() -> Flow {
        Flow {
            issuer: "https://id.example.com".to_owned(),
            state: "a state".to_owned(),
            nonce: "a nonce".to_owned(),
            verifier: "a verifier".to_owned(),
            redirect_uri: "https://desk.example.com/login/oidc/callback".to_owned(),
            next: "/keys?search=Ümlaut".to_owned(),
            brought: Some([7; 32]),
            begun_at: Instant::from_millis(1_000_000_000),
        }
    }

    #[test]
    fn a_cookie_opens_as_it_was_sealed_and_tells_nothing() {
        let cookie = flow().sealed(&keyring(2), &SystemEntropy).unwrap();
        let cookie = cookie.expose();
        assert!(
            cookie.len() < 3_000 && cookie.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        );
        assert!(!cookie.contains(&URL_SAFE_NO_PAD.encode("a verifier")));
        let opened = Flow::open(&keyring(2), cookie).unwrap();
        assert_eq!((opened.verifier.as_str(), opened.next.as_str()), ("a verifier", "/keys?search=Ümlaut"));
        assert_eq!((opened.brought, opened.begun_at), (Some([7; 32]), Instant::from_millis(1_000_000_000)));
        assert!(Flow::open(&keyring(3), cookie).is_none(), "another deployment's");
        let mut altered = cookie.to_owned();
        altered.replace_range(
            cookie.len() - 8..cookie.len() - 7,
            if cookie.as_bytes()[cookie.len() - 8] == b'A' { "B" } else { "A" },
        );
        for wrong in ["", ".", "a.b.c", &altered, &format!("{cookie}.AAAA"), &cookie[..cookie.len() / 2]] {
            assert!(Flow::open(&keyring(2), wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn ten_minutes_are_enough() {
        let flow = flow();
        for (after, over) in [(0, false), (FLOW_LIFE_MS - 1, false), (FLOW_LIFE_MS, true), (-FLOW_LIFE_MS - 1, true)] {
            assert_eq!(flow.is_over(flow.begun_at.plus_millis(after)), over, "{after}");
        }
    }
}
