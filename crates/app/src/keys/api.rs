//! Server functions, one a file. They are called under `/api/_fn`, by POST, from this page only.

mod compare_key;
mod count_named;
mod create_key;
mod delete_keys;
mod get_impact;
mod get_key;
mod key_activity;
mod list_keys;
mod look_up_key;
mod restore_key;
mod reveal_key;
mod save_key;
mod settings_fields;
mod switch_keys;
mod undo_delete;
mod undo_switch;

pub(super) use compare_key::{OtherVersion, compare_key};
pub(super) use count_named::count_named;
pub(super) use create_key::create_key;
pub(super) use delete_keys::delete_keys;
pub(super) use get_impact::{Impact, get_impact};
pub(super) use get_key::get_key;
pub(super) use key_activity::key_activity;
pub(super) use list_keys::{KeyList, list_keys};
pub(super) use look_up_key::look_up_key;
pub(super) use restore_key::restore_key;
pub(super) use reveal_key::reveal_key;
pub(super) use save_key::save_key;
pub(super) use settings_fields::settings_fields;
pub(super) use switch_keys::switch_keys;
pub(super) use undo_delete::undo_delete;
pub(super) use undo_switch::undo_switch;
