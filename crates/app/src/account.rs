//! `/account`: what people do with their own account: name, password, second factor, sessions, and how they like to read. A plain document.

mod app;
mod details;
mod dialogs;
mod factors;
mod fields;
mod given;
mod page;
mod posts;
mod preferences;
mod profile;
mod qr;
mod routes;
mod sessions;

pub(crate) use routes::{PATH, routes};
