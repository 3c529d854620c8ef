//! `/administrators` and `/administrators/{id}`: who may sign in, and what they may do. Plain documents, for owners.

mod details;
mod dialogs;
mod fields;
mod given;
mod list;
mod page;
mod posts;
mod routes;

pub(crate) use routes::{LIST_PATH, PATH, routes};
