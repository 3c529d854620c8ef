//! Pages that the server alone renders, and parts of others that need not run in the browser. What moves in them is done by
//! the few scripts of `public/`; without those they are plain forms and links.

mod edit;
mod facts;
mod handover;
mod history;
mod key;
mod secrets;
mod settings;
mod settings_form;
mod unread;
mod words;

pub(crate) use edit::compared;
pub(crate) use handover::{Handed, handed_page, over_page, unopened_page};
pub(crate) use key::{KeyPage, Said, key_page};
pub(crate) use settings::Shown;
#[cfg(test)]
pub(crate) use settings::pair;
pub(crate) use settings_form::settings_form;
pub(crate) use unread::unread;
pub(crate) use words::{access, days_left};
