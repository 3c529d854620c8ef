//! One page a file.

mod home;
mod keys;
mod login;
mod not_found;
mod set_up;

pub(crate) use home::Home;
pub(crate) use keys::Keys;
#[cfg(feature = "ssr")]
pub(crate) use keys::Posted;
pub(crate) use login::Login;
pub(crate) use not_found::NotFound;
pub(crate) use set_up::SetUp;
