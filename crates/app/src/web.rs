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
mod default_preset;
#[cfg(feature = "ssr")]
mod documentation;
pub(crate) mod drawn_for;
#[cfg(feature = "ssr")]
mod files;
pub(crate) mod form_token;
#[cfg(feature = "ssr")]
pub(crate) mod guard;
#[cfg(feature = "ssr")]
pub(crate) mod headers;
#[cfg(feature = "ssr")]
pub(crate) mod no_keys;
#[cfg(feature = "ssr")]
pub(crate) mod one_by_one;
#[cfg(feature = "ssr")]
pub(crate) mod origin;
mod own_path;
mod password;
#[cfg(feature = "ssr")]
mod preference;
mod protocol;
#[cfg(feature = "ssr")]
mod reached_at;
#[cfg(feature = "ssr")]
mod reader;
#[cfg(feature = "ssr")]
pub(crate) mod result_cookie;
mod server_resource;
#[cfg(feature = "ssr")]
pub(crate) mod session;
mod sign_in_ways;
#[cfg(feature = "ssr")]
mod state;
#[cfg(feature = "ssr")]
pub(crate) mod streams;
#[cfg(feature = "ssr")]
pub(crate) mod structure;
mod token;
#[cfg(feature = "ssr")]
mod turns;
#[cfg(feature = "ssr")]
pub(crate) mod upload;
#[cfg(feature = "ssr")]
mod via;

#[cfg(feature = "ssr")]
pub use access::BrowserAccess;
#[cfg(feature = "ssr")]
pub use assets::Assets;
#[cfg(feature = "ssr")]
pub(crate) use cookie::{SIGN_ON, cookies};
#[cfg(feature = "ssr")]
pub(crate) use default_preset::default_preset;
pub(crate) use default_preset::preselect;
#[cfg(feature = "ssr")]
pub use documentation::{Description, Documentation, OnePage};
pub(crate) use drawn_for::own;
#[cfg(feature = "ssr")]
pub use files::{File, Files};
#[cfg(feature = "ssr")]
pub(crate) use own_path::START;
pub(crate) use own_path::own_path;
pub(crate) use password::Password;
#[cfg(feature = "ssr")]
pub(crate) use preference::{keep_preference, preference, preference_cookie};
pub(crate) use protocol::FormOrJson;
#[cfg(feature = "ssr")]
pub(crate) use reached_at::reached_at;
#[cfg(feature = "ssr")]
pub(crate) use reader::Reader;
pub(crate) use server_resource::ServerResource;
#[cfg(feature = "ssr")]
pub(crate) use server_resource::tell_status;
pub(crate) use sign_in_ways::sign_in_ways;
#[cfg(feature = "ssr")]
pub(crate) use state::WebState;
pub(crate) use token::Token;
#[cfg(feature = "ssr")]
pub(crate) use turns::Turns;
