use aws_lc_rs::constant_time::verify_slices_are_equal;
use model::{KeyError, PlainSecret};

use crate::{Keydesk, failure, leaks::LeakedWebhook};

/// What the secrets of receivers begin with that both sides have.
const SHARED: &str = "whsec_";

impl Keydesk {
    /// The receiver whose deliveries are signed with a secret that was found, whichever installation's; `None`: there is none. Secrets have no
    /// digest, so each is opened.
    pub(crate) async fn webhook_signed_with(&self, secret: &PlainSecret) -> Result<Option<LeakedWebhook>, KeyError> {
        if !secret.expose().starts_with(SHARED) {
            return Ok(None);
        }
        let all = self.inner.store.all_webhooks().await.map_err(failure::public)?;
        let is_it =
            |own: &PlainSecret| verify_slices_are_equal(own.expose().as_bytes(), secret.expose().as_bytes()).is_ok();
        let found = all.into_iter().find(|stored| self.webhook_secrets(stored).iter().any(is_it));
        Ok(found.map(|stored| LeakedWebhook {
            installation: stored.installation,
            webhook: stored.webhook.id,
            host: host(&stored.webhook.url).to_owned(),
        }))
    }
}

/// The host of an address that was vetted when it was written.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}
