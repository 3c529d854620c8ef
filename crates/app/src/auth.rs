//! Signing in and out, and the links by which people get an account. The sign-in is hydrated, so that what was typed survives a
//! refusal and a server that is away; without scripts it is a plain form (`forms.rs`). Pages behind links are plain documents.

#[cfg(feature = "ssr")]
mod account_link;
#[cfg(feature = "ssr")]
mod account_link_page;
#[cfg(feature = "ssr")]
mod forms;
mod login_page;
#[cfg(feature = "ssr")]
mod problems;
mod refused;
#[cfg(feature = "ssr")]
mod set_up;
#[cfg(feature = "ssr")]
mod set_up_page;
#[cfg(feature = "ssr")]
mod sign_on;
#[cfg(feature = "ssr")]
mod sign_on_page;

pub(crate) use login_page::LoginPage;

/// Forms and plain documents.
#[cfg(feature = "ssr")]
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(web: crate::web::WebState) -> axum::Router<S> {
    forms::routes(web.clone())
        .merge(sign_on::routes(web.clone()))
        .merge(set_up::routes(web.clone()))
        .merge(account_link::routes(web))
}
