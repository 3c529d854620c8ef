//! A key is handed over: whoever has the link sees the key once. A plain document.

mod page;
mod routes;

pub(crate) use routes::routes;
