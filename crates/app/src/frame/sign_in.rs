use leptos::prelude::*;

use crate::{
    ApiError,
    web::{FormOrJson, Password},
};

/// Begins a session, whose cookie comes with the answer.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn sign_in(email: String, password: Password) -> Result<(), ApiError> {
    let guest = crate::web::session::guest()?;
    let signed_in = guest.keydesk.sign_in(&email, password.into(), guest.visitor(), guest.brought().await?).await?;
    guest.welcome(&signed_in);
    Ok(())
}
