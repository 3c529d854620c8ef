//! The settings of a key as a form: its values, how it is rendered and read, and how two of them differ. The server
//! alone renders and reads it, for the dialogs of the list and for the page of a key.

mod differences;
mod fields;
mod form;
mod limit_fields;
mod limit_rows;
mod narrowing;
mod posted;
mod problems;
mod propose;
mod read;
mod scope_fields;
mod text_settings;
mod warning;

pub(crate) use differences::differences_view;
pub(crate) use fields::{Offered, settings_fields};
pub(crate) use form::SettingsForm;
pub(crate) use limit_fields::limit_fields;
pub(crate) use limit_rows::LimitRows;
pub(crate) use posted::Form;
pub(crate) use propose::Proposal;
pub(crate) use read::{new_key, refusal, save};
pub(crate) use text_settings::TEXT_SETTINGS;
