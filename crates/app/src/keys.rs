//! `/keys`: the API keys of the installation, and everything that is done with them. It needs live state: the list is
//! searched as one types, its rows stay selected, and no dialog loses what was typed. Without scripts its forms are posted
//! (`forms.rs`).

mod add;
mod advanced;
mod api;
mod bulk;
mod cancelled;
mod columns;
#[cfg(feature = "ssr")]
mod columns_form;
mod columns_menu;
mod connection;
mod created;
mod cursor;
mod debounce;
mod delete;
mod dom;
mod draft;
mod edit;
mod empty_states;
#[cfg(feature = "ssr")]
mod export;
#[cfg(feature = "ssr")]
mod export_name;
mod filter;
mod focus;
#[cfg(feature = "ssr")]
mod forms;
mod grid;
mod impact;
mod key_lookup;
mod key_row;
mod labels;
mod letters;
mod loading;
mod lookup;
mod messages;
mod open;
mod page;
mod paint;
mod palette;
mod place;
mod posted;
mod press;
mod printing;
mod ready;
mod reconnect;
mod row;
mod row_menu;
#[cfg(feature = "ssr")]
mod search_form;
mod secret;
mod shortcuts;
mod sparkline;
mod spot;
mod state;
mod stop;
mod tall;
mod time;
mod toast;
mod toolbar;
#[cfg(feature = "ssr")]
mod unknown_values;
mod window;

#[cfg(feature = "ssr")]
pub(crate) use columns_form::routes as columns_routes;
#[cfg(feature = "ssr")]
pub(crate) use export::routes as export_routes;
#[cfg(feature = "ssr")]
pub(crate) use forms::routes;
pub(crate) use page::KeysPage;
#[cfg(feature = "ssr")]
pub(crate) use search_form::routes as search_routes;
