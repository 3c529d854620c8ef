//! Server functions, one a file. They are called under `/api/_fn`, by POST, from our own pages only.

mod choose_theme;
mod module_state;

pub(crate) use choose_theme::ChooseTheme;
pub(crate) use module_state::{Availability, module_state};
