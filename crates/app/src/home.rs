//! `/`: whether the API Keys module is available. It is hydrated, since "Check again" asks in place.

mod module_state;
mod page;

pub(crate) use page::HomePage;
