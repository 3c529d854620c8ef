//! A token as text: a JWT in its compact form (RFC 7519), signed with Ed25519 (RFC 8037).

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{PlainSecret, TOKEN_AUDIENCE, TOKEN_TYPE, TokenClaims, may_be_token};
use serde::{Deserialize, Serialize};

use super::keys::{TokenKey, TokenKeys};

const ALGORITHM: &str = "EdDSA";

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    alg: &'a str,
    /// The operator may have named a key with signs that JSON escapes.
    #[serde(borrow)]
    kid: Cow<'a, str>,
    typ: &'a str,
}

/// Writes and signs a token. The same claims and the same key give the same token.
pub(super) fn write(key: &TokenKey, claims: &TokenClaims) -> PlainSecret {
    let header = Header { alg: ALGORITHM, kid: Cow::Borrowed(key.id()), typ: TOKEN_TYPE };
    // Strings, numbers and lists of them, which JSON can always hold.
    let [header, claims] =
        [serde_json::to_vec(&header), serde_json::to_vec(claims)].map(|json| json.unwrap_or_default());
    let mut text = URL_SAFE_NO_PAD.encode(header);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut text);
    let signature = key.sign(text.as_bytes());
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    PlainSecret::new(text)
}

/// What a token says, if one of these keys has signed it. When it ends is not looked at.
pub(super) fn read(keys: &TokenKeys, text: &str) -> Option<TokenClaims> {
    if !may_be_token(text) {
        return None;
    }
    let (signed, signature) = text.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let [header, claims, signature] =
        [header, claims, signature].map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
    let header: Header<'_> = serde_json::from_slice(&header).ok()?;
    if header.alg != ALGORITHM || header.typ != TOKEN_TYPE {
        return None;
    }
    let key = keys.get(&header.kid)?;
    if !key.verifies(signed.as_bytes(), &signature) {
        return None;
    }
    serde_json::from_slice::<TokenClaims>(&claims).ok().filter(|claims| claims.aud == TOKEN_AUDIENCE)
}

#[cfg(test)]
mod tests {
    use model::{Environment, Instant, KeyId, ScopeSet, SecretId, TokenMaking, TokenOf, TokenWish};
    use uuid::Uuid;

    use super::*;

    fn keys(seeds: &[(&str, u8)]) -> TokenKeys {
        TokenKeys::new(seeds.iter().map(|(id, seed)| TokenKey::new(id, &[*seed; 32]).unwrap()).collect()).unwrap()
    }

    fn claims() -> TokenClaims {
        let (scopes, origins) = (ScopeSet::default(), model::OriginSet::ANY);
        let of = TokenOf {
            key: KeyId(Uuid::from_u128(1)),
            secret: SecretId(Uuid::from_u128(2)),
            environment: Environment::Live,
            scopes: &scopes,
            origins: &origins,
            limits: None,
            ends_at: None,
        };
        let now = Instant::from_millis(1_795_382_400_000);
        let making = TokenMaking { issuer: "https://desk.example", installation: "default", id: Uuid::nil(), now };
        TokenClaims::new(of, TokenWish::default(), making).unwrap()
    }

    fn token(keys: &TokenKeys) -> String {
        write(keys.first().unwrap(), &claims()).expose().to_owned()
    }

    #[test]
    fn a_token_that_was_written_is_read_and_is_the_same_each_time() {
        let keys = keys(&[("t1", 1)]);
        let written = token(&keys);
        assert_eq!(written, token(&keys));
        assert_eq!(read(&keys, &written), Some(claims()));
        let header = URL_SAFE_NO_PAD.decode(written.split('.').next().unwrap()).unwrap();
        assert_eq!(header, br#"{"alg":"EdDSA","kid":"t1","typ":"keydesk+jwt"}"#);
        assert!(may_be_token(&written) && model::token_in(&format!("Bearer {written}")) == Some(written.as_str()));
    }

    #[test]
    fn every_token_with_one_changed_character_is_refused() {
        let keys = keys(&[("t1", 1)]);
        let token = token(&keys);
        for at in 0..token.len() {
            for other in [b'A', b'_', b'.', b'='] {
                let mut text = token.clone().into_bytes();
                if text[at] == other {
                    continue;
                }
                text[at] = other;
                let text = String::from_utf8(text).unwrap();
                assert_eq!(read(&keys, &text), None, "{at} {other}");
            }
        }
        for text in [format!("{token}="), format!("{token}A"), format!("{token}."), token[..token.len() - 1].to_owned()]
        {
            assert_eq!(read(&keys, &text), None, "{text}");
        }
    }

    #[test]
    fn who_signed_it_decides_and_not_what_it_says() {
        let (ours, theirs) = (keys(&[("t1", 1)]), keys(&[("t1", 2)]));
        assert_eq!(read(&ours, &token(&theirs)), None, "another key under the same id");
        assert_eq!(read(&keys(&[("t2", 1)]), &token(&ours)), None, "the same key under another id");
        let rotated = keys(&[("t2", 3), ("t1", 1)]);
        assert_eq!(read(&rotated, &token(&ours)), Some(claims()), "an older key still verifies");
        assert_eq!(read(&ours, &token(&rotated)), None);
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let said = part(&serde_json::to_string(&claims()).unwrap());
        let pair = ours.first().unwrap();
        let signed = |header: &str| {
            let text = format!("{}.{said}", part(header));
            let signature = pair.sign(text.as_bytes());
            format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
        };
        assert!(read(&ours, &signed(r#"{"alg":"EdDSA","kid":"t1","typ":"keydesk+jwt"}"#)).is_some());
        for header in [
            r#"{"alg":"EdDSA","kid":"t1","typ":"JWT"}"#,
            r#"{"alg":"none","kid":"t1","typ":"keydesk+jwt"}"#,
            r#"{"alg":"HS256","kid":"t1","typ":"keydesk+jwt"}"#,
            r#"{"alg":"EdDSA","typ":"keydesk+jwt"}"#,
            "[]",
        ] {
            assert_eq!(read(&ours, &signed(header)), None, "{header}");
        }
        let unsigned = format!("{}.{said}.", part(r#"{"alg":"none","kid":"t1","typ":"keydesk+jwt"}"#));
        assert_eq!(read(&ours, &unsigned), None);
        let other = write(pair, &TokenClaims { aud: "another".to_owned(), ..claims() });
        assert_eq!(read(&ours, other.expose()), None, "for somebody else");
    }

    #[test]
    fn no_two_keys_have_one_id() {
        let key = |id: &str| TokenKey::new(id, &[1; 32]).unwrap();
        assert!(TokenKeys::new(vec![key("a"), key("b"), key("a")]).is_none());
        assert!(TokenKeys::new(Vec::new()).is_none());
        assert!(TokenKey::new("a", &[1; 31]).is_none());
        assert!(!format!("{:?}", keys(&[("t1", 1)])).contains("t1"));
    }
}
