//! Server functions, one a file. They are called under `/api/_fn`, by POST, from our own pages only.

mod asked;
mod choose_theme;
mod compare_key;
mod count_named;
mod create_key;
mod delete_keys;
mod get_key;
mod key_activity;
mod list_keys;
mod module_state;
mod restore_key;
mod reveal_key;
mod save_key;
mod set_up;
mod set_up_open;
mod settings_fields;
mod sign_in;
mod switch_keys;
mod undo_delete;
mod weigh_deletion;
mod who;
mod wire;

pub(crate) use asked::Asked;
pub(crate) use choose_theme::{ChooseTheme, choose_theme};
pub(crate) use compare_key::{Theirs, compare_key};
pub(crate) use count_named::count_named;
pub(crate) use create_key::{Fields, Made, create_key};
pub(crate) use delete_keys::delete_keys;
pub(crate) use get_key::get_key;
pub(crate) use key_activity::key_activity;
pub(crate) use list_keys::{Filter, KeyList, KeyRow, list_keys};
#[cfg(feature = "ssr")]
pub(crate) use list_keys::{SOON_MS, as_of};
pub(crate) use module_state::{Availability, module_state};
pub(crate) use restore_key::restore_key;
pub(crate) use reveal_key::reveal_key;
pub(crate) use save_key::save_key;
pub(crate) use set_up::set_up;
pub(crate) use set_up_open::set_up_open;
pub(crate) use settings_fields::settings_fields;
pub(crate) use sign_in::sign_in;
pub(crate) use switch_keys::switch_keys;
pub(crate) use undo_delete::undo_delete;
pub(crate) use weigh_deletion::{Weight, weigh_deletion};
pub(crate) use who::{Person, who};
use wire::Wire;
