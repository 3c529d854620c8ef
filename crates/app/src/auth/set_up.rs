use leptos::prelude::*;

use crate::{
    ApiError,
    web::{FormOrJson, Password},
};

/// Creates the first owner, and begins their session.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn set_up(token: String, name: String, email: String, password: Password) -> Result<(), ApiError> {
    let guest = crate::web::session::guest()?;
    let owner = domain::NewAdministrator { email, name, role: model::Role::Owner, password: password.into() };
    let signed_in = guest.keydesk.set_up(&token, owner, guest.address).await?;
    guest.welcome(&signed_in);
    Ok(())
}
