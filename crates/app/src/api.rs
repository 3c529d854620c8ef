//! Server functions, one a file. They are called under `/api/_fn`, by POST, from our own pages only.

mod choose_theme;
mod count_named;
mod create_key;
mod delete_keys;
mod get_key;
mod key_activity;
mod list_keys;
mod module_state;
mod rename_key;
mod restore_key;
mod reveal_key;
mod set_up;
mod set_up_open;
mod sign_in;
mod undo_delete;
mod weigh_deletion;
mod who;

pub(crate) use choose_theme::ChooseTheme;
pub(crate) use count_named::count_named;
pub(crate) use create_key::{Draft, Made, create_key};
pub(crate) use delete_keys::delete_keys;
pub(crate) use get_key::get_key;
pub(crate) use key_activity::key_activity;
pub(crate) use list_keys::{Filter, KeyList, KeyRow, list_keys};
pub(crate) use module_state::{Availability, module_state};
pub(crate) use rename_key::rename_key;
pub(crate) use restore_key::restore_key;
pub(crate) use reveal_key::reveal_key;
pub(crate) use set_up::set_up;
pub(crate) use set_up_open::set_up_open;
pub(crate) use sign_in::sign_in;
pub(crate) use undo_delete::undo_delete;
pub(crate) use weigh_deletion::{Weight, weigh_deletion};
pub(crate) use who::{Person, who};
