//! Signing in and out, and the first owner. The pages are hydrated, so that what was typed survives a refusal and a server
//! that is away; without scripts they are plain forms (`forms.rs`).

#[cfg(feature = "ssr")]
mod forms;
mod login_page;
mod refused;
mod set_up;
mod set_up_open;
mod set_up_page;

#[cfg(feature = "ssr")]
pub(crate) use forms::routes;
pub(crate) use login_page::LoginPage;
pub(crate) use set_up_page::SetUpPage;
