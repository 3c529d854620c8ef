//! `/settings`: what owners set for their installation. A plain document.

mod page;
mod routes;
mod rows;
mod typed;

pub(crate) use routes::{PATH, routes};
