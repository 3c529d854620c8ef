//! `/keys/{id}/tighten`: what a key could be restricted to by what it was used for, and a restriction that is tried before it holds.
//! A plain document.

mod address;
mod changes;
mod page;
mod routes;
mod trial;

pub(crate) use routes::{PATH, routes};
