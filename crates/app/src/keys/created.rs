use serde::{Deserialize, Serialize};

use super::key_row::KeyRow;

/// The fields of a form: names and values, in order.
pub(crate) type Fields = Vec<(String, String)>;

/// A key that was just created.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CreatedKey {
    pub(crate) key: KeyRow,
    /// Its secret, which no list shows again; or, where the same form was sent before, why it can't be shown again.
    pub(crate) secret: Result<String, String>,
}

#[cfg(feature = "ssr")]
impl CreatedKey {
    /// Creates a key as a form says. `token` is the same each time that a form is sent, so that it creates one key.
    pub(super) async fn create(
        keydesk: &domain::Keydesk,
        session: &domain::Session,
        form: crate::ui::key_settings::Form<'_>,
        token: &str,
    ) -> Result<Self, crate::ApiError> {
        use crate::ui::key_settings::{new_key, refusal};
        let (new, idempotency) = new_key(form, token, keydesk.now())?;
        let answer = keydesk.issue_once(&session.caller(), new, idempotency).await.map_err(refusal)?;
        Ok(Self::of(answer, keydesk.now()))
    }

    /// The key of an answer, as pages have it.
    pub(super) fn of(answer: domain::Answered, now: model::Instant) -> Self {
        let secret = match answer.secret {
            Ok(secret) => Ok(secret.expose().to_owned()),
            Err(reason) => Err(reason.to_string()),
        };
        Self { key: KeyRow::of(answer.key, now), secret }
    }
}
