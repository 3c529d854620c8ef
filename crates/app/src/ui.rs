//! The parts that pages are made of. A component knows nothing of server functions.

#[cfg(feature = "ssr")]
mod breaks;
mod bring;
mod button;
#[cfg(feature = "ssr")]
mod call_box;
mod card;
mod caret;
mod count;
pub(crate) mod dialog;
mod draft;
mod empty_state;
mod field;
#[cfg(feature = "ssr")]
mod filter_field;
mod first_call;
mod icon;
#[cfg(feature = "ssr")]
pub(crate) mod key_settings;
#[cfg(feature = "ssr")]
pub(crate) mod labels;
mod live;
mod mark;
mod menu;
mod narrows;
#[cfg(feature = "ssr")]
mod new_key;
mod not_recorded;
mod notice;
#[cfg(feature = "ssr")]
mod outcome;
#[cfg(feature = "ssr")]
mod plain_dialog;
#[cfg(feature = "ssr")]
mod post_button;
mod problem;
#[cfg(feature = "ssr")]
mod restrictions;
#[cfg(feature = "ssr")]
mod shown_once;
#[cfg(feature = "ssr")]
mod stacked;
#[cfg(feature = "ssr")]
mod table_scroll;
mod token_field;
#[cfg(feature = "ssr")]
pub(crate) mod told;

#[cfg(feature = "ssr")]
pub(crate) use breaks::{breaks, breaks_besides, calls};
pub(crate) use bring::bring;
pub(crate) use button::Button;
#[cfg(feature = "ssr")]
pub(crate) use call_box::call_box;
pub(crate) use card::Card;
pub(crate) use count::count;
pub(crate) use dialog::{Dialog, DialogHandle, any_dialog, composing};
pub(crate) use empty_state::EmptyState;
pub(crate) use field::Field;
#[cfg(feature = "ssr")]
pub(crate) use filter_field::{filter_field, filter_note};
pub(crate) use first_call::{FirstCall, SETS_KEY, seen_again};
pub(crate) use icon::{Glyph, Icon};
pub(crate) use live::live;
pub(crate) use mark::Mark;
pub(crate) use menu::{Menu, MenuChoice, focus_first, walk};
#[cfg(feature = "ssr")]
pub(crate) use narrows::BLIND;
pub(crate) use narrows::narrows;
#[cfg(feature = "ssr")]
pub(crate) use new_key::NewKeyDialog;
pub(crate) use not_recorded::{allowed_calls, never, not_recorded};
pub(crate) use notice::{Notice, Tone};
#[cfg(feature = "ssr")]
pub(crate) use outcome::{listed_as, outcome};
#[cfg(feature = "ssr")]
pub(crate) use plain_dialog::plain_dialog;
#[cfg(feature = "ssr")]
pub(crate) use post_button::post_button;
pub(crate) use problem::Problem;
#[cfg(feature = "ssr")]
pub(crate) use restrictions::restrictions;
#[cfg(feature = "ssr")]
pub(crate) use shown_once::{Ask, ShownOnce, Unseen};
#[cfg(feature = "ssr")]
pub(crate) use stacked::{StackedPart, stacked};
#[cfg(feature = "ssr")]
pub(crate) use table_scroll::table_scroll;
pub(crate) use token_field::token_field;
