use std::sync::Arc;

use model::{Instant, KeyError, PlainSecret, TOKEN_MAX, TokenClaims, TokenMaking, TokenOf, TokenWish};
use store::StoredRecord;
use uuid::Uuid;

use crate::{CheckedToken, Record, Verifier};

/// A token that was just made.
#[derive(Clone, Debug)]
pub struct MadeToken {
    /// What it says.
    pub claims: TokenClaims,
    /// The token itself.
    pub token: PlainSecret,
}

impl Verifier {
    /// Makes a token of the key that calls. It changes nothing, and nobody writes it down; it is counted as any call with its key.
    ///
    /// `id`: that of the request. Refused is what is wider than the key.
    pub fn make_token(
        &self,
        key: &Arc<Record>,
        installation: &str,
        wish: TokenWish,
        id: Uuid,
        now: Instant,
    ) -> Result<MadeToken, KeyError> {
        let issuer = self.inner.tokens.issuer();
        let claims = TokenClaims::new(key.for_token(), wish, TokenMaking { issuer: &issuer, installation, id, now })?;
        let token = self.sign_token(&claims)?;
        self.note_made(key, &token, &claims);
        Ok(MadeToken { claims, token })
    }

    /// What a token of this secret says, which [`Verifier::sign_token`] signs when whatever goes with it is done.
    pub fn token_claims(
        &self,
        key: &StoredRecord,
        installation: &str,
        wish: TokenWish,
        id: Uuid,
        now: Instant,
    ) -> Result<TokenClaims, KeyError> {
        let issuer = self.inner.tokens.issuer();
        let of = TokenOf {
            key: key.key,
            secret: key.secret,
            environment: key.environment,
            scopes: &key.scopes,
            origins: &key.origins,
            limits: Some(&key.contact_centre),
            ends_at: [key.life.expires_at, key.secret_expires_at].into_iter().flatten().min(),
        };
        TokenClaims::new(of, wish, TokenMaking { issuer: &issuer, installation, id, now })
    }

    /// The token that says this. The same claims give the same token, while the key that signs is the same.
    pub fn sign_token(&self, claims: &TokenClaims) -> Result<PlainSecret, KeyError> {
        let token = self.inner.tokens.write(claims).ok_or(KeyError::Unavailable)?;
        if token.expose().len() > TOKEN_MAX {
            return Err(KeyError::InvalidSetting { field: "scopes".to_owned(), reason: TOO_LONG.to_owned() });
        }
        Ok(token)
    }

    /// Remembers a token where it was made: its first call costs no check, and browsers may ask at once for its page.
    fn note_made(&self, key: &Arc<Record>, token: &PlainSecret, claims: &TokenClaims) {
        let tokens = &self.inner.tokens;
        let Some(keys) = tokens.keys() else { return };
        let record = Arc::new(Record::of_token(key, &Arc::new(CheckedToken::of(claims.clone()))));
        tokens.remember(self.inner.peppers.get().digest(token.expose()), record, &keys);
    }
}

const TOO_LONG: &str = "A token has no room for so many scopes and resources; name fewer.";
