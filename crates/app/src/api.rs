//! Server functions, one a file. They are called under `/api/_fn`, by POST, from our own pages only.

mod choose_theme;
mod module_state;
mod set_up;
mod set_up_open;
mod sign_in;
mod who;

pub(crate) use choose_theme::ChooseTheme;
pub(crate) use module_state::{Availability, module_state};
pub(crate) use set_up::set_up;
pub(crate) use set_up_open::set_up_open;
pub(crate) use sign_in::sign_in;
pub(crate) use who::{Person, who};
