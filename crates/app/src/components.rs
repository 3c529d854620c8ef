//! What pages are made of. A component knows nothing of server functions.

mod button;
mod card;
mod dialog;
mod empty_state;
mod field;
mod icon;
mod live;
mod mark;
mod menu;
mod notice;

pub(crate) use button::Button;
pub(crate) use card::Card;
pub(crate) use dialog::{Dialog, DialogHandle};
pub(crate) use empty_state::EmptyState;
pub(crate) use field::Field;
pub(crate) use icon::{Glyph, Icon};
pub(crate) use live::live;
pub(crate) use mark::Mark;
pub(crate) use menu::{Menu, MenuChoice, focus_first, walk};
pub(crate) use notice::{Notice, Tone};
