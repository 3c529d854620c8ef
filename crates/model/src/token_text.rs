//! Which texts are tokens. A token is a JWT in its compact form: two JSON objects and a signature in base64url, with points between.

/// Longest token, in bytes. A request's head has room for it.
pub const TOKEN_MAX: usize = 8 * 1024;

/// What tells a derived token from every other JWT, so that none is taken for the other (RFC 8725, 3.11).
pub const TOKEN_TYPE: &str = "keydesk+jwt";

/// How every JSON object begins in base64url: `{"`.
const OBJECT: &str = "eyJ";

/// Fewer bytes than these hold no header, no claims and no signature.
const TOKEN_MIN: usize = 100;

/// Whether a text that is no key may be a token: looked at with every call, and so by its beginning and its length alone. Whether it is
/// one, its header and its signature say.
pub fn may_be_token(text: &str) -> bool {
    (TOKEN_MIN..=TOKEN_MAX).contains(&text.len()) && text.starts_with(OBJECT)
}

/// The token that a text holds, as somebody pasted it: two objects and a signature in base64url, with points between.
pub fn token_in(text: &str) -> Option<&str> {
    text.match_indices(OBJECT).find_map(|(at, _)| {
        let rest = text.get(at..)?;
        let length = rest.bytes().take_while(|byte| *byte == b'.' || is_base64url(*byte)).count();
        let token = rest.get(..length)?.trim_end_matches('.');
        let mut parts = token.splitn(4, '.');
        let (_, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let shaped = claims.starts_with(OBJECT) && !signature.is_empty() && parts.next().is_none();
        (shaped && may_be_token(token)).then_some(token)
    })
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_where_it_was_pasted() {
        let part = "eyJhbGciOiJFZERTQSIsImtpZCI6InQxIiwidHlwIjoia2V5ZGVzaytqd3QifQ";
        let token = format!("{part}.{part}.c2lnbmF0dXJl-_");
        for text in
            [token.clone(), format!("Authorization: Bearer {token}\r\n"), format!("\"{token}\""), format!("{token}.")]
        {
            assert_eq!(token_in(&text), Some(token.as_str()), "{text}");
        }
        assert!(may_be_token(&token));
        for text in [part.to_owned(), format!("{part}.{part}"), format!("{token}.more"), "eyJ".repeat(50)] {
            assert_eq!(token_in(&text), None, "{text}");
        }
        let long = format!("{part}.{part}.{}", "a".repeat(TOKEN_MAX));
        assert!(!may_be_token(&long) && !may_be_token("eyJ.eyJ.a") && !may_be_token(""));
    }
}
