//! `/keys/import`: keys that another system issued are brought over. A file is sent, what becomes of its rows is shown, and the keys work
//! once somebody has confirmed it. Plain documents.

mod page;
mod preview;
mod routes;
mod upload;

pub(crate) use routes::{PATH, PREVIEW_PATH, routes};
