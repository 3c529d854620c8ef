use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{ApiError, web::FormOrJson};

/// An installation, and whether its API Keys module may be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Availability {
    /// The installation's title, as people read it.
    pub(crate) installation: String,
    /// Whether the module is on.
    pub(crate) available: bool,
}

/// Asks whether the API Keys module of this deployment's installation is available.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn module_state() -> Result<Availability, ApiError> {
    let keydesk = expect_context::<domain::Keydesk>();
    let installation = keydesk.installation("default").await?.ok_or(model::KeyError::NoInstallation)?;
    Ok(Availability { installation: installation.title, available: installation.enabled })
}
