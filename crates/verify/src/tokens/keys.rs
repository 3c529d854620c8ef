use std::{fmt, sync::Arc};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// A key that signs tokens, with its id, by which a token names it.
pub struct TokenKey {
    id: String,
    pair: Ed25519KeyPair,
}

/// The public half of such a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicTokenKey {
    /// Its id, the `kid` of tokens.
    pub id: String,
    /// The 32 bytes of the key in base64url.
    pub x: String,
}

impl TokenKey {
    /// A key from 32 random bytes; `None`: they are not 32.
    pub fn new(id: &str, seed: &[u8]) -> Option<Self> {
        Some(Self { id: id.to_owned(), pair: Ed25519KeyPair::from_seed_unchecked(seed).ok()? })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.pair.public_key().as_ref()).verify(message, signature).is_ok()
    }

    fn public(&self) -> PublicTokenKey {
        PublicTokenKey { id: self.id.clone(), x: URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref()) }
    }
}

/// The keys of a deployment. New tokens are signed with the first; those that were signed with the others are still known, so that
/// keys can be rotated. Cheap to clone.
#[derive(Clone)]
pub struct TokenKeys(Arc<[TokenKey]>);

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKeys(…)")
    }
}

impl TokenKeys {
    /// That of new tokens first; `None`: there are none, or two have one id.
    pub fn new(keys: Vec<TokenKey>) -> Option<Self> {
        let mut others = keys.iter().enumerate();
        let twice = others.any(|(at, key)| keys.iter().skip(at + 1).any(|other| other.id == key.id));
        (!keys.is_empty() && !twice).then(|| Self(keys.into()))
    }

    /// Their ids, that of new tokens first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(TokenKey::id)
    }

    /// Their public halves, in the same order.
    pub fn public(&self) -> Vec<PublicTokenKey> {
        self.0.iter().map(TokenKey::public).collect()
    }

    pub(super) fn first(&self) -> Option<&TokenKey> {
        self.0.first()
    }

    pub(super) fn get(&self, id: &str) -> Option<&TokenKey> {
        self.0.iter().find(|key| key.id == id)
    }

    /// Whether these are the very same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
