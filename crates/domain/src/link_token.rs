//! Tokens of links that are opened without an account. The database has their hashes only.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::PlainSecret;
use store::TokenHash;
use zeroize::Zeroizing;

use crate::Entropy;

/// Random bytes of a token: 256 bits.
const LEN: usize = 32;

/// A new token, in base64url.
pub(crate) fn new(entropy: &dyn Entropy) -> PlainSecret {
    let mut random = Zeroizing::new([0; LEN]);
    entropy.fill(&mut random[..]);
    PlainSecret::new(URL_SAFE_NO_PAD.encode(&random[..]))
}

/// The hash by which a token is looked up; `None`: the text does not have a token's form.
pub(crate) fn hash(token: &str) -> Option<TokenHash> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(token).ok()?);
    (bytes.len() == LEN).then(|| {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, &bytes).as_ref());
        hash
    })
}
