//! Browsers in which somebody has signed in before. Such a browser keeps a token, long after its session has ended, and whoever
//! proves the right password from it is let in, however many guesses come from elsewhere.
//!
//! The token is bound to one account, and opens nothing: it needs the password all the same, and guesses with it are counted by
//! themselves (see [`crate::throttle`]), so that a stolen one is no way round.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{Instant, PlainSecret, fold_email};

use crate::{
    Keydesk,
    throttle::{DeviceId, ID_LEN},
};

/// How long a token is good for after a sign-in, in milliseconds: 400 days, the longest that browsers keep a cookie.
pub const DEVICE_LIFE_MS: i64 = 400 * 24 * 60 * 60 * 1000;

const PURPOSE: &[u8] = b"keydesk/device/1\0";
const HEAD_LEN: usize = ID_LEN + 8;

impl Keydesk {
    /// The token for a browser in which this account has just signed in. One that it has already is made good for longer, so
    /// that its guesses stay counted.
    pub fn device_token(&self, email: &str, has: Option<&str>) -> PlainSecret {
        let account = fold_email(email.trim());
        let mut id = DeviceId::default();
        match has.and_then(|token| self.device(token, &account)) {
            Some(same) => id = same,
            None => self.inner.entropy.fill(&mut id),
        }
        let mut token = id.to_vec();
        token.extend_from_slice(&self.now().as_millis().to_be_bytes());
        let tag = self.keyring().derive(PURPOSE, &bound(&token, &account));
        token.extend_from_slice(&tag);
        PlainSecret::new(URL_SAFE_NO_PAD.encode(token))
    }

    /// The browser whose token this is, if it is good for the account.
    pub(crate) fn device(&self, token: &str, account: &str) -> Option<DeviceId> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (head, tag) = bytes.split_at_checked(HEAD_LEN)?;
        let (id, made_at) = head.split_at_checked(ID_LEN)?;
        let made_at = Instant::from_millis(i64::from_be_bytes(made_at.try_into().ok()?));
        let living = self.now() < made_at.plus_millis(DEVICE_LIFE_MS);
        let ours = living && self.keyring().has_derived(PURPOSE, &bound(head, account), tag);
        if ours { id.try_into().ok() } else { None }
    }
}

/// The head has a fixed length, so no two pairs of a head and an account are the same bytes.
fn bound(head: &[u8], account: &str) -> Vec<u8> {
    [head, account.as_bytes()].concat()
}
