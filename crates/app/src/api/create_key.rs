use leptos::prelude::*;
use model::{Environment, Preset, Scope};
use serde::{Deserialize, Serialize};

use super::{KeyRow, Wire};
use crate::ApiError;

/// A key to be made, as it was filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub(crate) client_name: String,
    pub(crate) preset: Option<Preset>,
    pub(crate) environment: Environment,
    /// Of a custom key.
    pub(crate) scopes: Vec<Scope>,
    /// The same for every time that this draft is sent, so that it makes one key. Empty: it is sent once only.
    pub(crate) token: String,
}

/// A key that was made, with its secret, which no list shows again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) key: KeyRow,
    pub(crate) secret: String,
}

/// Makes a key.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn create_key(draft: Draft) -> Result<Made, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    let issued = keydesk.issue(&session.caller(), draft.into()).await?;
    Ok(Made { key: issued.key.into(), secret: issued.secret.expose().to_owned() })
}

#[cfg(feature = "ssr")]
impl From<Draft> for domain::NewKey {
    fn from(draft: Draft) -> Self {
        let custom = draft.preset.unwrap_or(Preset::Custom) == Preset::Custom;
        let scopes: model::ScopeSet = draft.scopes.into_iter().filter(|_| custom).collect();
        let told = format!("{}\n{:?}\n{}\n{scopes:?}", draft.client_name, draft.preset, draft.environment);
        let idempotency = (!draft.token.is_empty())
            .then(|| domain::Idempotency { key: draft.token, fingerprint: domain::fingerprint(told.as_bytes()) });
        Self {
            client_name: draft.client_name,
            preset: draft.preset,
            scopes: custom.then_some(scopes),
            environment: draft.environment,
            idempotency,
            ..Self::default()
        }
    }
}
