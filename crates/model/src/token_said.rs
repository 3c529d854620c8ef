//! What a text with the form of a derived token says of itself. Nothing of it is proved: the signature is not looked at.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{TOKEN_TYPE, TokenClaims, may_be_token};

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    typ: Cow<'a, str>,
}

/// What a derived token says, whoever has signed it; `None`: the text does not say that it is one.
pub fn said_claims(text: &str) -> Option<TokenClaims> {
    if !may_be_token(text) {
        return None;
    }
    let mut parts = text.split('.');
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let (header, claims) = (decoded(parts.next()?)?, decoded(parts.next()?)?);
    let header: Header<'_> = serde_json::from_slice(&header).ok()?;
    if header.typ != TOKEN_TYPE {
        return None;
    }
    serde_json::from_slice(&claims).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(header: &str, claims: &str) -> String {
        format!("{}.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn only_a_derived_token_says_that_it_is_one() {
        let id = "01981d2c-9e5b-7c3a-8b1d-0123456789ab";
        let claims = json!({
            "iss": "https://desk.example", "aud": "keydesk", "sub": id, "jti": id, "iat": 1, "exp": 901,
            "scope": "live:read", "env": "live", "inst": "default", "secret_id": id,
        })
        .to_string();
        let ours = token(r#"{"alg":"EdDSA","kid":"t1","typ":"keydesk+jwt"}"#, &claims);
        assert_eq!(said_claims(&ours).unwrap().expires_at().as_millis(), 901_000);
        for other in [
            token(r#"{"alg":"EdDSA","kid":"t1","typ":"JWT"}"#, &claims),
            token(r#"{"alg":"EdDSA","kid":"t1"}"#, &claims),
            token(r#"{"alg":"EdDSA","kid":"t1","typ":"keydesk+jwt"}"#, &"{}".repeat(50)),
            token("[]", &claims),
            ours.replace('.', ""),
            "eyJ".repeat(40),
            String::new(),
        ] {
            assert_eq!(said_claims(&other), None, "{other}");
        }
    }
}
