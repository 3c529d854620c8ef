//! What a person sees, by feature: a folder holds the pages, server functions and forms of one thing that people do.
//!
//! | folder | what it is |
//! |---|---|
//! | `account` | `/account`: what people do with their own account. A plain document |
//! | `administrators` | `/administrators`: who may sign in, and what they may do. Plain documents, for owners |
//! | `audit` | `/audit`: who changed what. A plain document |
//! | `auth` | signing in and out, and the links by which people get an account or a password |
//! | `keys` | `/keys`: the list, and what is done with its rows. The one page with live state |
//! | `key` | `/keys/{id}`: everything about one key, and what it was used for. Plain documents |
//! | `clients` | `/clients`: who calls, and what all keys of a client may do together. Plain documents |
//! | `webhooks` | `/webhooks`: who is told of what happens. Plain documents |
//! | `import` | `/keys/import`: keys that another system issued are brought over. Plain documents |
//! | `tighten` | `/keys/{id}/tighten`: what a key could be restricted to, and a restriction that is tried. A plain document |
//! | `refusals` | `/usage/refusals`: calls that were refused, and what mends it. A plain document |
//! | `usage` | `/usage`: how often keys are called, by whom, and what is refused. A plain document |
//! | `docs` | `/docs`: the Integration Documentation, and a console that calls the sandbox. Plain documents |
//! | `settings` | `/settings`: what owners set for their installation. A plain document |
//! | `handover` | `/handover#CODE`: the page behind a hand-over link. A plain document |
//! | `home` | `/`: what wants attention, or the way in. A plain document |
//! | `frame` | the surroundings of every page: the document, the banner, the navigation, who is signed in |
//! | `ui` | the parts that pages are made of |
//! | `web` | HTTP for browsers: cookies, sessions, guards, headers, how server functions are called |
//!
//! A page is a plain document unless it needs live state. A plain document is rendered by the server alone, its forms
//! are posted, and a few small scripts in `public/` make it interactive; it adds nothing to the client. Live state
//! changes under a person's hands while they stay on the page: the list of keys, and the forms that must not lose what
//! was typed when the server is away.
//!
//! Invariants:
//! - a feature never reaches into another feature's folder: what two of them need is in `frame`, `ui` or `web`, and those
//!   know no feature. `root` and `routes` alone know all features;
//! - no SQL and no policy: a server function is guard, one call on the domain, return;
//! - exactly one of the features `ssr` and `hydrate` is on in any build;
//! - nothing is rendered on the server that depends on time, randomness or locale, unless the client gets the same value;
//! - no inline `style` attribute is ever rendered: the content security policy forbids it.

#![expect(unreachable_pub, reason = "the component macro makes the properties of every component `pub`")]

#[cfg(feature = "ssr")]
mod account;
#[cfg(feature = "ssr")]
mod administrators;
#[cfg(feature = "ssr")]
mod audit;
mod auth;
#[cfg(feature = "ssr")]
mod clients;
#[cfg(feature = "ssr")]
mod docs;
mod error;
mod frame;
#[cfg(feature = "ssr")]
mod handover;
#[cfg(feature = "ssr")]
mod home;
#[cfg(feature = "ssr")]
mod import;
#[cfg(feature = "ssr")]
mod key;
mod keys;
#[cfg(feature = "ssr")]
mod refusals;
mod root;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
mod settings;
#[cfg(feature = "ssr")]
mod tighten;
mod ui;
#[cfg(feature = "ssr")]
mod usage;
mod web;
#[cfg(feature = "ssr")]
mod webhooks;

use error::{ApiError, FieldProblem};
pub use root::App;
#[cfg(feature = "ssr")]
pub use routes::routes;
#[cfg(feature = "ssr")]
pub use web::{
    Assets, BrowserAccess, Description, Documentation, File, Files, OnePage,
    one_by_one::refused_turns,
    streams::{end_streams, streams},
    upload::longest as longest_upload,
};
