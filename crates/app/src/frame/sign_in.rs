use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::proof::Given;
use crate::{
    ApiError,
    web::{FormOrJson, Password},
};

/// The second step of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecondStep {
    /// Says who has taken the first.
    pub(crate) token: Password,
    /// The fields in which it is taken, as HTML.
    pub(crate) fields: String,
}

/// Begins a session, whose cookie comes with the answer; or asks for the second factor.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn sign_in(email: String, password: Password) -> Result<Option<SecondStep>, ApiError> {
    use domain::SigningIn;

    let guest = crate::web::session::guest()?;
    match guest.keydesk.sign_in(&email, password.into(), guest.visitor(), guest.brought().await?).await? {
        SigningIn::In(signed_in) => {
            guest.welcome(&signed_in);
            Ok(None)
        }
        SigningIn::Second(step) => Ok(Some(SecondStep {
            token: step.token.expose().to_owned().into(),
            fields: super::proof_fields::proof_fields(&step.ways).to_html(),
        })),
    }
}

/// Takes the second step, and begins the session.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn sign_in_second(token: Password, given: Given) -> Result<(), ApiError> {
    let guest = crate::web::session::guest()?;
    let (proof, token) = (given.proof(guest.origin())?, model::PlainSecret::from(token));
    let (brought, via) = (guest.brought().await?, guest.visitor().via);
    let signed_in = guest.keydesk.sign_in_second(token.expose(), proof, brought, via).await?;
    guest.welcome(&signed_in);
    Ok(())
}
