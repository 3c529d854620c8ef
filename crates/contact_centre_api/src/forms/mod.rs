//! What programs send, and what is made of it.

mod contact;
mod lead;
mod nullable;
mod number;
mod wrap;

pub(crate) use contact::{ContactForm, ContactPatch, draft_of};
pub(crate) use lead::{LeadForm, LeadPatch, lead_draft_of};
pub(crate) use number::number;
pub(crate) use wrap::WrapForm;
