//! Keys in files and in histories, found by their form: prefix and checksum of a key, header of a derived token, form of a webhook's
//! signing secret. Whose they are, and whether they work, is asked elsewhere.
//!
//! Invariants:
//! - what begins in a text is found wherever it stands, also across the border of two blocks that were read ([`stream`]);
//! - nothing is skipped in silence: what can't be read, what is no file and what is packed is in the [`Report`];
//! - a secret is in no `Debug` output, and in no error;
//! - however much is found, memory has a bound.

mod finder;
mod found;
mod history;
mod lines;
mod places;
mod report;
mod walk;
mod window;

pub use finder::{Finder, Form};
pub use found::{FINDINGS_MAX, Finding, PLACES_MAX, Place};
pub use report::{Report, UNREAD_MAX, Unread};
pub use walk::{files, stream};
