use serde::{Deserialize, Serialize};

use super::key_row::KeyRow;

/// The fields of a form: names and values, in order.
pub(crate) type Fields = Vec<(String, String)>;

/// A key that was just created, with its secret, which no list shows again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CreatedKey {
    pub(crate) key: KeyRow,
    pub(crate) secret: String,
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
        let new = new_key(form, token, keydesk.now())?;
        let issued = keydesk.issue(&session.caller(), new).await.map_err(refusal)?;
        Ok(Self { key: KeyRow::of(issued.key, keydesk.now()), secret: issued.secret.expose().to_owned() })
    }
}
