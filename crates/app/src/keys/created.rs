use serde::{Deserialize, Serialize};

use super::key_row::KeyRow;
use crate::ui::FirstCall;

/// The fields of a form: names and values, in order.
pub(crate) type Fields = Vec<(String, String)>;

/// A key that was just created.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CreatedKey {
    pub(crate) key: KeyRow,
    /// Its secret, which no list shows again; or, where the same form was sent before, why it can't be shown again.
    pub(crate) secret: Result<String, String>,
    /// Whether the installation keeps a copy, so that it can be revealed later.
    pub(crate) again: bool,
    /// What its client calls first.
    pub(crate) call: FirstCall,
}

#[cfg(feature = "ssr")]
impl CreatedKey {
    /// The key of an answer, as pages have it.
    pub(super) fn of(answer: domain::Answered, session: &domain::Session, now: model::Instant) -> Self {
        use std::sync::Arc;

        use http::request::Parts;
        use leptos::prelude::expect_context;

        use crate::web::{BrowserAccess, Documentation, reached_at};
        let documentation = expect_context::<Arc<Documentation>>();
        let parts = expect_context::<Parts>();
        let keydesk = reached_at(&expect_context::<BrowserAccess>(), &parts.headers);
        let call = FirstCall::of(&answer.key, session.installation.id, &documentation, &keydesk);
        let secret = match answer.secret {
            Ok(secret) => Ok(secret.expose().to_owned()),
            Err(reason) => Err(reason.to_string()),
        };
        Self { key: KeyRow::of(answer.key, now), secret, again: session.installation.recoverable, call }
    }
}
