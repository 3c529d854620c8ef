use leptos::prelude::*;
use model::Administrator;
use serde::{Deserialize, Serialize};

use crate::{ApiError, web::FormOrJson};

/// Who is signed in, and where they work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    /// The person.
    pub(crate) administrator: Administrator,
    /// The installation's title, as people read it.
    pub(crate) installation: String,
}

/// Asks who is signed in. Nobody is an answer, not an error.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn who() -> Result<Option<Person>, ApiError> {
    let session = crate::web::session::current().await?;
    Ok(session.map(|session| Person { administrator: session.administrator, installation: session.installation.title }))
}
