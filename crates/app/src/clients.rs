//! `/clients`: who calls, by Client Name and environment, with their keys, their last use and their ceiling; and the form of a
//! ceiling. Plain documents.

mod ceiling;
mod page;
mod routes;

pub(crate) use routes::{CEILING_PATH, PATH, routes};
