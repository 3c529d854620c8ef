//! The surroundings of every page: the document, the banner, the navigation, the theme, and who is signed in.

mod around;
#[cfg(feature = "ssr")]
mod attachment;
mod choose_theme;
#[cfg(feature = "ssr")]
pub(crate) mod confirm;
mod confirm_in_place;
#[cfg(feature = "ssr")]
mod document;
mod navigation;
mod not_found;
#[cfg(feature = "ssr")]
mod outside;
mod person_menu;
mod proof;
#[cfg(feature = "ssr")]
mod proof_fields;
mod proof_form;
#[cfg(feature = "ssr")]
pub(crate) mod result;
#[cfg(feature = "ssr")]
pub(crate) mod resume;
#[cfg(feature = "ssr")]
pub(crate) mod second_step;
#[cfg(feature = "ssr")]
mod sent;
#[cfg(feature = "ssr")]
mod shell;
mod sign_in;
mod sign_in_form;
mod sign_on_form;
mod theme;
mod theme_menu;
mod who;

pub(crate) use around::Frame;
#[cfg(feature = "ssr")]
pub(crate) use attachment::{FileKind, attachment};
pub(crate) use confirm_in_place::ConfirmForm;
#[cfg(feature = "ssr")]
pub(crate) use document::{bare, failed, failed_bare, framed};
pub(crate) use not_found::NotFound;
#[cfg(feature = "ssr")]
pub(crate) use outside::{code_of, link_code_page, outside};
#[cfg(feature = "ssr")]
pub(crate) use proof::Given;
#[cfg(feature = "ssr")]
pub(crate) use sent::{Sent, sent};
#[cfg(feature = "ssr")]
pub(crate) use shell::{hydrated, module};
pub(crate) use sign_in_form::SignInForm;
#[cfg(feature = "ssr")]
pub(crate) use sign_on_form::SignOnForm;
#[cfg(feature = "ssr")]
pub(crate) use theme::Theme;
pub(crate) use who::who;
