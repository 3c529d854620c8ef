//! `/audit`: who changed what, and whether anybody has altered the record of it.

mod export;
mod filter;
mod filter_form;
mod integrity;
mod log;
mod offline;
mod page;
mod routes;
mod table;

pub(crate) use filter::PATH;
pub(crate) use routes::routes;
