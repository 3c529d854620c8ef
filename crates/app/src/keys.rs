//! `/keys`: the API keys of the installation, and everything that is done with them. It needs live state: the list is
//! searched as one types, its rows stay selected, and no dialog loses what was typed. Without scripts its forms are posted
//! (`forms.rs`).

mod add;
mod advanced;
mod api;
mod bulk;
mod cancelled;
mod connection;
mod created;
mod cursor;
mod delete;
mod dom;
mod draft;
mod edit;
mod empty_states;
#[cfg(feature = "ssr")]
mod export;
mod filter;
#[cfg(feature = "ssr")]
mod forms;
mod grid;
mod key_row;
mod labels;
mod open;
mod page;
mod palette;
mod posted;
mod reconnect;
mod row;
mod row_menu;
mod secret;
mod shortcuts;
mod sparkline;
mod state;
mod time;
mod toast;
mod toolbar;
#[cfg(feature = "ssr")]
mod unknown_values;
mod window;

#[cfg(feature = "ssr")]
pub(crate) use export::{PATH as EXPORT_PATH, routes as export_routes};
#[cfg(feature = "ssr")]
pub(crate) use forms::routes;
pub(crate) use page::KeysPage;
