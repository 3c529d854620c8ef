use mail::{Letter, Unsent};
use model::{AdminError, Email};

use super::document::{Part, html, text};
use crate::Keydesk;

/// Why a letter that was sent to try it out did not arrive at the mail server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMailed {
    /// There is no mail server.
    #[error("no mail server is configured: give its address as smtp_url in [mail]")]
    Off,
    /// Not an address.
    #[error(transparent)]
    Address(#[from] AdminError),
    /// It was not taken.
    #[error("{0}")]
    Unsent(String),
}

impl Keydesk {
    /// Sends a letter that says that it works, at once.
    pub async fn send_test_mail(&self, to: &str) -> Result<(), NotMailed> {
        let mailer = self.inner.letters.mailer.as_ref().ok_or(NotMailed::Off)?;
        let to = Email::parse(to).map_err(|_| AdminError::InvalidEmail)?;
        let parts = [Part::Words("This letter was sent to try out the mail server of Keydesk. It works.".to_owned())];
        let subject = "Keydesk can send mail".to_owned();
        let letter = Letter {
            id: self.new_id(self.now()),
            to: to.into(),
            text: text(&parts),
            html: html(&subject, &parts),
            subject,
        };
        mailer.send(&letter).await.map_err(|Unsent { reason, answer, .. }| {
            // The operator has typed the address, so it may see what is said of it.
            NotMailed::Unsent(answer.map_or(reason.clone(), |answer| format!("{reason}: {answer}")))
        })
    }
}
