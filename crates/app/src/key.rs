//! `/keys/{id}`: everything about one key, and the forms on that page; `/keys/{id}/activity`: what it was used for. Plain documents.

mod activity;
mod details;
mod dialogs;
mod edit;
mod facts;
mod head;
mod history;
mod limits;
mod page;
mod results;
mod routes;
mod secrets;
mod token;
mod token_form;

pub(crate) use activity::PATH as ACTIVITY_PATH;
pub(crate) use routes::{PATH, RESULT_PATH, routes};
