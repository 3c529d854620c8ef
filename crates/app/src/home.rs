//! `/`: what wants attention, for whoever is signed in; else the way to the sign-in, or to the first owner. A plain document.

mod page;
mod routes;

pub(crate) use routes::routes;
