//! `/usage/refusals`: calls that were refused, why, and what mends it. A plain document.

mod filter;
mod page;
mod routes;

pub(crate) use routes::routes;

pub(crate) const PATH: &str = "/usage/refusals";
