//! `/webhooks` and `/webhooks/{id}`: who is told of what happens, and how the deliveries go. Plain documents.

mod deliveries;
mod details;
mod dialogs;
mod fields;
mod given;
mod list;
mod page;
mod posts;
mod routes;

pub(crate) use routes::{LIST_PATH, PATH, routes};
