//! `/usage/refusals`: calls that were refused, why, and what mends it. A plain document.

mod filter;
mod page;
mod routes;

pub(crate) use routes::{PATH, routes};
