use delivery::{InvalidUrl, WebhookUrl};
use model::KeyError;

use crate::Keydesk;

impl Keydesk {
    /// Refuses an address that nothing may be sent to. That a name leads elsewhere later is looked at with every delivery.
    pub(crate) async fn vet_webhook(&self, url: &str) -> Result<WebhookUrl, KeyError> {
        let client = &self.inner.out.client;
        let parsed = self.parse_webhook(url)?;
        client.vet(&parsed).await.map_err(|address| refused(InvalidUrl::Private(address)))?;
        Ok(parsed)
    }

    /// The same without asking the network where a name leads.
    pub(crate) fn parse_webhook(&self, url: &str) -> Result<WebhookUrl, KeyError> {
        WebhookUrl::parse(url, self.inner.out.client.policy()).map_err(refused)
    }
}

fn refused(error: InvalidUrl) -> KeyError {
    KeyError::InvalidSetting { field: "url".to_owned(), reason: format!("The address {error}.") }
}
