//! `/keys/{id}`: everything about one key, and the forms on that page. A plain document.

mod details;
mod dialogs;
mod edit;
mod facts;
mod history;
mod page;
mod results;
mod routes;
mod secrets;

pub(crate) use routes::{PATH, RESULT_PATH, routes};
