//! `/keys/{id}`: everything about one key, and the forms on that page. A plain document.

mod details;
mod edit;
mod facts;
mod history;
mod page;
mod routes;
mod secrets;

pub(crate) use routes::{PATH, routes};
