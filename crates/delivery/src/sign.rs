//! The signatures of Standard Webhooks 1.0.0: of `id.timestamp.body`.

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use model::{PlainSecret, WebhookSignature};
use uuid::Uuid;
use zeroize::Zeroizing;

const SYMMETRIC: &str = "whsec_";
const PRIVATE: &str = "whsk_";
const PUBLIC: &str = "whpk_";

/// Bytes of randomness in a secret: of an HMAC's key, or the seed of an Ed25519 key.
const LEN: usize = 32;

/// A secret that is none of Standard Webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the receiver's secret can't be read")]
pub struct InvalidSecret;

/// A new secret: `whsec_` for HMAC, `whsk_` for Ed25519.
pub fn new_secret(signature: WebhookSignature, random: &[u8; LEN]) -> PlainSecret {
    let prefix = match signature {
        WebhookSignature::V1 => SYMMETRIC,
        WebhookSignature::V1a => PRIVATE,
    };
    PlainSecret::new(format!("{prefix}{}", STANDARD.encode(random)))
}

/// What a receiver checks the signatures of an Ed25519 secret with; `None`: the secret is another kind.
pub fn public_key(secret: &PlainSecret) -> Option<String> {
    match read(secret) {
        Ok(Key::Ed25519(pair)) => Some(format!("{PUBLIC}{}", STANDARD.encode(pair.public_key().as_ref()))),
        _ => None,
    }
}

/// The value of `webhook-signature`: one signature for each secret. `timestamp` is in whole seconds.
pub fn sign(secrets: &[PlainSecret], id: Uuid, timestamp: i64, body: &[u8]) -> Result<String, InvalidSecret> {
    let mut signed = format!("{id}.{timestamp}.").into_bytes();
    signed.extend_from_slice(body);
    let one = |secret: &PlainSecret| {
        Ok(match read(secret)? {
            Key::Hmac(key) => format!("v1,{}", STANDARD.encode(hmac::sign(&key, &signed).as_ref())),
            Key::Ed25519(pair) => format!("v1a,{}", STANDARD.encode(pair.sign(&signed).as_ref())),
        })
    };
    let signatures: Vec<String> = secrets.iter().map(one).collect::<Result<_, _>>()?;
    if signatures.is_empty() { Err(InvalidSecret) } else { Ok(signatures.join(" ")) }
}

enum Key {
    Hmac(Box<hmac::Key>),
    Ed25519(Box<Ed25519KeyPair>),
}

fn read(secret: &PlainSecret) -> Result<Key, InvalidSecret> {
    let text = secret.expose();
    let bytes = |text: &str| STANDARD.decode(text).map(Zeroizing::new).map_err(|_| InvalidSecret);
    if let Some(text) = text.strip_prefix(SYMMETRIC) {
        return Ok(Key::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &bytes(text)?))));
    }
    let seed = bytes(text.strip_prefix(PRIVATE).ok_or(InvalidSecret)?)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| InvalidSecret)?;
    Ok(Key::Ed25519(Box::new(pair)))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    const BODY: &str = r#"{"type":"key.created","data":{"client_name":"Müller & Söhne \u2028 9007199254740993"}}"#;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // The example of the specification: libraries of every language test with it.
        let secret = PlainSecret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let mut signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.".to_vec();
        signed.extend_from_slice(br#"{"test": 2432232314}"#);
        let Ok(Key::Hmac(key)) = read(&secret) else { panic!("an HMAC key") };
        let signature = STANDARD.encode(hmac::sign(&key, &signed).as_ref());
        assert_eq!(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_public_key_checks_what_the_private_one_signs() {
        let secret = new_secret(WebhookSignature::V1a, &[7; LEN]);
        let (id, at) = (Uuid::from_u128(5), 1_614_265_330);
        let header = sign(std::slice::from_ref(&secret), id, at, BODY.as_bytes()).unwrap();
        let signature = STANDARD.decode(header.strip_prefix("v1a,").unwrap()).unwrap();
        let public = STANDARD.decode(public_key(&secret).unwrap().strip_prefix("whpk_").unwrap()).unwrap();
        let signed = format!("{id}.{at}.{BODY}");
        assert!(UnparsedPublicKey::new(&ED25519, &public).verify(signed.as_bytes(), &signature).is_ok());
        assert!(UnparsedPublicKey::new(&ED25519, &public).verify(b"another", &signature).is_err());
        assert_eq!(public_key(&new_secret(WebhookSignature::V1, &[7; LEN])), None);
    }

    #[test]
    fn during_a_rotation_both_secrets_sign() {
        let secrets = [1, 2].map(|byte| new_secret(WebhookSignature::V1, &[byte; LEN]));
        let header = sign(&secrets, Uuid::from_u128(5), 1, BODY.as_bytes()).unwrap();
        let parts: Vec<_> = header.split(' ').collect();
        assert_eq!(parts.len(), 2);
        assert!(parts[0] != parts[1] && parts.iter().all(|part| part.starts_with("v1,")));
    }

    #[test]
    fn what_is_no_secret_signs_nothing() {
        for bad in ["", "whsec_*", "whsk_AAAA", "ccc_live_x"] {
            assert_eq!(sign(&[PlainSecret::new(bad.to_owned())], Uuid::nil(), 1, b""), Err(InvalidSecret), "{bad}");
        }
        assert_eq!(sign(&[], Uuid::nil(), 1, b""), Err(InvalidSecret));
    }
}
