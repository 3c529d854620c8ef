//! Derived tokens: what one says, and how it is narrowed. A token stands in for a key for a short time, where the key must not be: in a
//! web page, in a browser's WebSocket, in a job. It is a JWT; how that is written and signed is `verify`'s.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ContactCentreLimits, Environment, Instant, KeyError, KeyId, OriginPattern, OriginSet, ScopeSet, SecretId,
    TokenLife, TokenLimits, TokenResources,
};

/// For whom tokens are: the claim `aud`.
pub const TOKEN_AUDIENCE: &str = "keydesk";

/// What a token says, in the names of RFC 7519 and RFC 8693.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenClaims {
    /// The public address of the Keydesk that made it.
    pub iss: String,
    /// [`TOKEN_AUDIENCE`].
    pub aud: String,
    /// The key that it stands in for.
    pub sub: KeyId,
    /// Its own id: that of the request that made it, where a request did.
    pub jti: Uuid,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// From when on it is refused, in seconds since 1970.
    pub exp: i64,
    /// What it may do at most, with blanks between. It does no more than its key may do at the time of a call.
    #[serde(with = "spaced")]
    pub scope: ScopeSet,
    /// Which data its key reaches.
    pub env: Environment,
    /// The name of the installation that its key belongs to.
    pub inst: String,
    /// The secret of its key that it was made with. It ends with that: whoever ends a secret that was stolen ends what was made of it.
    pub secret_id: SecretId,
    /// The web origin from which alone it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<OriginPattern>,
    /// Which things of the API it reaches; `None`: all that its key reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<TokenResources>,
    /// What it may do in units of a contact centre; `None`: what its key may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<TokenLimits>,
}

/// The key of a new token.
#[derive(Clone, Copy, Debug)]
pub struct TokenOf<'a> {
    /// The key.
    pub key: KeyId,
    /// Its secret that the token is made with.
    pub secret: SecretId,
    /// Which data it reaches.
    pub environment: Environment,
    /// What it may do.
    pub scopes: &'a ScopeSet,
    /// From which origins it may be used.
    pub origins: &'a OriginSet,
    /// What it may do in units of a contact centre; `None`: nothing is limited.
    pub limits: Option<&'a ContactCentreLimits>,
    /// When it, or its secret, ends.
    pub ends_at: Option<Instant>,
}

/// What is wanted of a new token. All of it is narrower than the key's, or refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenWish {
    /// What it may do; `None`: what its key may.
    pub scopes: Option<ScopeSet>,
    /// The origin from which alone it may be used; `None`: from those of its key.
    pub origin: Option<OriginPattern>,
    /// How long it works.
    pub expires_in: TokenLife,
    /// What it reaches.
    pub resources: Option<TokenResources>,
    /// What it may do in units of a contact centre; `None`: what its key may.
    pub limits: Option<TokenLimits>,
}

/// By whom, and when, a token is made.
#[derive(Clone, Copy, Debug)]
pub struct TokenMaking<'a> {
    /// The public address of this Keydesk.
    pub issuer: &'a str,
    /// The name of the key's installation.
    pub installation: &'a str,
    /// The token's id.
    pub id: Uuid,
    /// When.
    pub now: Instant,
}

impl TokenClaims {
    /// What a new token says, if it is no wider than its key. It works no longer than that, either.
    pub fn new(of: TokenOf<'_>, wish: TokenWish, making: TokenMaking<'_>) -> Result<Self, KeyError> {
        let scope = match wish.scopes {
            None => of.scopes.clone(),
            Some(scopes) => {
                let missing = of.scopes.missing(&scopes);
                if !missing.is_empty() {
                    return Err(KeyError::ScopeEscalation { missing });
                }
                scopes
            }
        };
        if let Some(origin) = &wish.origin {
            let only = OriginSet::new([origin.clone()]).unwrap_or_default();
            if !of.origins.covers(&only) {
                return Err(KeyError::BoundsEscalation { field: "origin".to_owned() });
            }
        }
        if let (Some(limits), Some(key)) = (&wish.limits, of.limits)
            && !key.covers(&limits.over(key))
        {
            return Err(KeyError::BoundsEscalation { field: "limits".to_owned() });
        }
        let iat = seconds(making.now);
        let exp = iat.saturating_add(i64::from(wish.expires_in.seconds()));
        Ok(Self {
            iss: making.issuer.to_owned(),
            aud: TOKEN_AUDIENCE.to_owned(),
            sub: of.key,
            jti: making.id,
            iat,
            exp: of.ends_at.map_or(exp, |ends| exp.min(seconds(ends))),
            scope,
            env: of.environment,
            inst: making.installation.to_owned(),
            secret_id: of.secret,
            origin: wish.origin,
            resources: wish.resources,
            limits: wish.limits,
        })
    }

    /// When it was made.
    pub fn made_at(&self) -> Instant {
        Instant::from_millis(self.iat.saturating_mul(1000))
    }

    /// From when on the token is refused.
    pub fn expires_at(&self) -> Instant {
        Instant::from_millis(self.exp.saturating_mul(1000))
    }
}

fn seconds(at: Instant) -> i64 {
    at.as_millis().div_euclid(1000)
}

/// Scopes as OAuth writes them: with blanks between.
mod spaced {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::{Scope, ScopeSet};

    pub(super) fn serialize<S: Serializer>(scopes: &ScopeSet, serializer: S) -> Result<S::Ok, S::Error> {
        let text = scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ");
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ScopeSet, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.split_ascii_whitespace().map(Scope::parse).collect::<Result<_, _>>().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Instant = Instant::from_millis(1_795_382_400_750);

    fn scopes(names: &[&str]) -> ScopeSet {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn origins(texts: &[&str]) -> OriginSet {
        OriginSet::new(texts.iter().map(|text| text.parse().unwrap())).unwrap()
    }

    fn claims(
        (held, from): (&[&str], &[&str]),
        ends_at: Option<Instant>,
        wish: TokenWish,
    ) -> Result<TokenClaims, KeyError> {
        let (scopes, origins) = (scopes(held), origins(from));
        let limits = "calls=60/hour streams=5".parse().unwrap();
        let of = TokenOf {
            key: KeyId(Uuid::from_u128(1)),
            secret: SecretId(Uuid::from_u128(2)),
            environment: Environment::Test,
            scopes: &scopes,
            origins: &origins,
            limits: Some(&limits),
            ends_at,
        };
        let making =
            TokenMaking { issuer: "https://desk.example", installation: "default", id: Uuid::from_u128(3), now: NOW };
        TokenClaims::new(of, wish, making)
    }

    #[test]
    fn claims_have_the_names_of_the_contract() {
        let wish = TokenWish {
            origin: Some("https://shop.example".parse().unwrap()),
            resources: Some(serde_json::from_value(json!({ "queue": ["q1", "q2"] })).unwrap()),
            limits: Some(serde_json::from_value(json!({ "max_streams": 2 })).unwrap()),
            ..TokenWish::default()
        };
        let claims = claims((&["queues:read", "live:read"], &[]), None, wish).unwrap();
        let written = serde_json::to_value(&claims).unwrap();
        assert_eq!(
            written,
            json!({
                "iss": "https://desk.example",
                "aud": "keydesk",
                "sub": "00000000-0000-0000-0000-000000000001",
                "jti": "00000000-0000-0000-0000-000000000003",
                "iat": 1_795_382_400,
                "exp": 1_795_383_300,
                "scope": "live:read queues:read",
                "env": "test",
                "inst": "default",
                "secret_id": "00000000-0000-0000-0000-000000000002",
                "origin": "https://shop.example",
                "resources": { "queue": ["q1", "q2"] },
                "limits": { "max_streams": 2 },
            })
        );
        assert_eq!(serde_json::from_value::<TokenClaims>(written).unwrap(), claims);
    }

    #[test]
    fn a_token_is_never_wider_than_its_key() {
        let wish = |names: &[&str]| TokenWish { scopes: Some(scopes(names)), ..TokenWish::default() };
        let held: (&[&str], &[&str]) = (&["calls:read", "contacts:*"], &["https://*.shop.example"]);
        let same = claims(held, None, TokenWish::default()).unwrap();
        assert_eq!((same.scope, same.origin), (scopes(held.0), None));
        assert_eq!(claims(held, None, wish(&["contacts:read"])).unwrap().scope, scopes(&["contacts:read"]));
        assert_eq!(claims(held, None, wish(&[])).unwrap().scope, ScopeSet::default());
        for wider in ["calls:make", "calls:*", "keys:read"] {
            let missing = vec![wider.parse().unwrap()];
            let refused = claims(held, None, wish(&["calls:read", wider]));
            assert_eq!(refused, Err(KeyError::ScopeEscalation { missing }), "{wider}");
        }
        for (origin, expected) in
            [("https://a.shop.example", true), ("https://*.b.shop.example", true), ("https://shop.example", false)]
        {
            let wish = TokenWish { origin: Some(origin.parse().unwrap()), ..TokenWish::default() };
            assert_eq!(claims(held, None, wish).is_ok(), expected, "{origin}");
        }
        for (limits, expected) in [
            (json!({ "max_streams": 5, "calls_per_hour": 1 }), true),
            (json!({ "agent_ids": [] }), true),
            (json!({ "max_streams": 6 }), false),
            (json!({ "calls_per_hour": 61 }), false),
        ] {
            let wish = TokenWish { limits: serde_json::from_value(limits.clone()).unwrap(), ..TokenWish::default() };
            assert_eq!(claims(held, None, wish).is_ok(), expected, "{limits}");
        }
    }

    #[test]
    fn a_token_ends_with_its_key_at_the_latest() {
        let ends = |after_ms: i64| {
            let claims = claims((&[], &[]), Some(NOW.plus_millis(after_ms)), TokenWish::default()).unwrap();
            (claims.exp - claims.iat, claims.expires_at() <= NOW.plus_millis(after_ms))
        };
        assert_eq!(ends(10_000), (10, true));
        assert_eq!(ends(10_249), (10, true), "never a part of a second longer");
        assert_eq!(ends(2_000_000), (900, true));
    }
}
