//! What a person sees: pages, components and the server functions that they call.
//!
//! Invariants:
//! - no SQL and no policy: a server function is guard, one call on the domain, return;
//! - exactly one of the features `ssr` and `hydrate` is on in any build;
//! - nothing is rendered on the server that depends on time, randomness or locale, unless the client gets the same value;
//! - no inline `style` attribute is ever rendered: the content security policy forbids it.

#![expect(unreachable_pub, reason = "the component macro makes the properties of every component `pub`")]

mod api;
mod coming_in;
mod components;
#[cfg(feature = "ssr")]
mod documents;
mod error;
mod frame;
mod pages;
mod password;
mod root;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
pub mod ssr;
mod theme;

use error::{ApiError, FieldProblem};
use password::Password;
pub use root::App;
#[cfg(feature = "ssr")]
pub use shell::{Assets, Settings};
use theme::Theme;
