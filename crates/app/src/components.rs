//! What pages are made of. A component knows nothing of server functions.

mod button;
mod icon;
mod notice;

pub(crate) use button::Button;
pub(crate) use icon::{Glyph, Icon};
pub(crate) use notice::{Notice, Tone};
