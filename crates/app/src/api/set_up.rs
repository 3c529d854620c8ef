use leptos::prelude::*;

use super::Wire;
use crate::{ApiError, Password};

/// Makes the first owner, and begins their session.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn set_up(token: String, name: String, email: String, password: Password) -> Result<(), ApiError> {
    let guest = crate::ssr::session::guest()?;
    let owner = domain::NewAdministrator { email, name, role: model::Role::Owner, password: password.into() };
    let signed_in = guest.keydesk.set_up(&token, owner, guest.address).await?;
    guest.welcome(&signed_in);
    Ok(())
}
