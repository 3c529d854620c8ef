//! In which pages tokens may be used, as all nodes know it: a browser asks before it sends a token, and any node may answer it.

use model::{OriginUnion, TokenClaims, TokenLife};
use store::StoreError;

use crate::Verifier;

/// Twice as long as any token works, in milliseconds: so each origin is told once in an hour, however many tokens are made for it.
const TOLD_FOR: i64 = 2 * TokenLife::MAX_SECONDS as i64 * 1000;

impl Verifier {
    /// Tells all nodes of the page of a token that was just made, if it has one. Where that fails, a node learns of it with the
    /// token's first call.
    pub async fn tell_origin_of(&self, claims: &TokenClaims) {
        let Some(origin) = &claims.origin else { return };
        let tokens = &self.inner.tokens;
        if tokens.is_told(origin, claims.expires_at()) {
            return;
        }
        let now = claims.made_at();
        let until = now.plus_millis(TOLD_FOR);
        match self.inner.store.note_token_origin(origin, until, now).await {
            Ok(()) => tokens.note_told(origin, until),
            Err(error) => tracing::warn!(%error, "the other nodes could not be told of the page of a token"),
        }
    }

    /// The origins of tokens that any node has told of.
    pub async fn told_origins(&self, now: model::Instant) -> Result<OriginUnion, StoreError> {
        let mut union = OriginUnion::default();
        for origin in self.inner.store.token_origins(now).await? {
            union.add(&origin);
        }
        Ok(union)
    }
}
