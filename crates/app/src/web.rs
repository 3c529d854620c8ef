//! HTTP for browsers: cookies, sessions, guards, headers, and how server functions are called. It knows no page.

#[cfg(feature = "ssr")]
mod access;
mod answer;
#[cfg(feature = "ssr")]
mod assets;
pub(crate) mod build;
#[cfg(feature = "ssr")]
pub(crate) mod compression;
#[cfg(feature = "ssr")]
mod cookie;
pub(crate) mod drawn_for;
#[cfg(feature = "ssr")]
mod files;
#[cfg(feature = "ssr")]
pub(crate) mod guard;
#[cfg(feature = "ssr")]
pub(crate) mod headers;
#[cfg(feature = "ssr")]
pub(crate) mod one_by_one;
#[cfg(feature = "ssr")]
pub(crate) mod origin;
mod own_path;
mod password;
mod protocol;
mod server_resource;
#[cfg(feature = "ssr")]
pub(crate) mod session;
#[cfg(feature = "ssr")]
mod state;
mod token;
#[cfg(feature = "ssr")]
mod turns;
#[cfg(feature = "ssr")]
mod via;

#[cfg(feature = "ssr")]
pub use access::BrowserAccess;
#[cfg(feature = "ssr")]
pub use assets::Assets;
#[cfg(feature = "ssr")]
pub(crate) use cookie::{cookie, set_cookie};
pub(crate) use drawn_for::own;
#[cfg(feature = "ssr")]
pub use files::{File, Files};
pub(crate) use own_path::{START, own_path};
pub(crate) use password::Password;
pub(crate) use protocol::FormOrJson;
pub(crate) use server_resource::ServerResource;
#[cfg(feature = "ssr")]
pub(crate) use server_resource::tell_status;
#[cfg(feature = "ssr")]
pub(crate) use state::WebState;
pub(crate) use token::Token;
#[cfg(feature = "ssr")]
pub(crate) use turns::Turns;
