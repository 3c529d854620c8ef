//! Calls with derived tokens.

use std::sync::Arc;

use store::Digest;

use crate::{CheckedToken, PublicTokenKey, Record, TokenCounters, TokenKeys, Unavailable, Verifier};

impl Verifier {
    /// Makes and knows tokens by these keys from now on. One that was signed with a key that is not among them ends.
    pub fn set_token_keys(&self, keys: TokenKeys) {
        self.inner.tokens.set_keys(keys);
        // One of the keys may be that of a token which nobody had signed until now.
        self.inner.cache.forget_unknown();
    }

    /// Says in new tokens that they were made at this public address.
    pub fn set_token_issuer(&self, issuer: &str) {
        self.inner.tokens.set_issuer(issuer);
    }

    /// With what others check tokens: the public halves of the keys, that of new tokens first.
    pub fn public_token_keys(&self) -> Vec<PublicTokenKey> {
        self.inner.tokens.keys().map(|keys| keys.public()).unwrap_or_default()
    }

    /// Counts since the start.
    pub fn token_counters(&self) -> TokenCounters {
        self.inner.tokens.counters()
    }

    /// The record of a token that memory has checked before, with its key as that is now; `None`: memory lacks the one or the other.
    pub(crate) fn remembered_token(&self, digest: &Digest) -> Option<Arc<Record>> {
        let (tokens, cache) = (&self.inner.tokens, &self.inner.cache);
        let record = tokens.get(digest)?;
        let key = cache.get(&record.digest)?;
        if record.is_of(&key) {
            return Some(record);
        }
        // The key was changed since.
        let renewed = Arc::new(Record::of_token(&key, record.checked_token()?));
        tokens.renew(*digest, Arc::clone(&renewed));
        Some(renewed)
    }

    /// The record of a token that memory does not know: its signature is checked, and its key looked up. `None`: it is none of ours.
    pub(crate) async fn read_token(&self, text: &str, digest: Digest) -> Result<Option<Arc<Record>>, Unavailable> {
        let (tokens, cache) = (&self.inner.tokens, &self.inner.cache);
        let generation = cache.generation();
        let Some((claims, keys)) = tokens.read(text) else {
            cache.remember_unknown(digest, generation);
            return Ok(None);
        };
        let key = self.read_secret(claims.secret_id).await?;
        let Some(key) = key.filter(|key| key.key_id() == claims.sub) else { return Ok(None) };
        let record = Arc::new(Record::of_token(&key, &Arc::new(CheckedToken::of(claims))));
        tokens.remember(digest, Arc::clone(&record), &keys);
        Ok(Some(record))
    }
}
