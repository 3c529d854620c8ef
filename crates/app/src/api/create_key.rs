use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{KeyRow, Wire};
use crate::ApiError;

/// What stands in a form: names and values, in order.
pub(crate) type Fields = Vec<(String, String)>;

/// A key that was made, with its secret, which no list shows again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) key: KeyRow,
    pub(crate) secret: String,
}

/// Makes a key as a form says. `token` is the same for every time that a form is sent, so that it makes one key.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn create_key(fields: Fields, token: String) -> Result<Made, ApiError> {
    use crate::ssr::settings::{Form, create};
    let (keydesk, session) = crate::ssr::session::require().await?;
    let issued = create(&keydesk, &session, Form(&fields), &token).await?;
    Ok(Made { key: KeyRow::of(issued.key, keydesk.now()), secret: issued.secret.expose().to_owned() })
}
