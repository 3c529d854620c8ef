//! How people can sign in here. A page knows it by attributes of its document, so that the server and the browser draw the same.

use leptos::prelude::*;
use model::SignInWays;

/// The attributes: that nobody signs in with a password, and what stands on the button that leads elsewhere.
#[cfg(not(feature = "ssr"))]
const WITHOUT_PASSWORDS: &str = "data-without-passwords";
#[cfg(not(feature = "ssr"))]
const BUTTON: &str = "data-sign-on";

/// How people can sign in.
#[cfg(feature = "ssr")]
pub(crate) fn sign_in_ways() -> SignInWays {
    let keydesk = use_context::<domain::Keydesk>();
    keydesk.map_or(SignInWays { passwords: true, button: None }, |keydesk| keydesk.sign_in_ways())
}

/// How people can sign in.
#[cfg(not(feature = "ssr"))]
pub(crate) fn sign_in_ways() -> SignInWays {
    let root = document().document_element();
    let said = |name: &str| root.as_ref().and_then(|root| root.get_attribute(name));
    SignInWays { passwords: said(WITHOUT_PASSWORDS).is_none(), button: said(BUTTON) }
}
