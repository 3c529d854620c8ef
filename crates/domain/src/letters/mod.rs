//! Letters to people: invitations, links for new passwords, keys that end soon.
//!
//! Invariants:
//! - a letter commits with the change that it tells of, and is sent by one node, after a crash of it by another;
//! - what it says, and to whom, is sealed at rest and stands in no log, no error and no metric;
//! - tries are bounded; when a letter was sent or given up nothing is left of it;
//! - no letter holds the secret of a key.

mod document;
mod ending;
mod examine;
mod says;
mod send;
mod test_mail;
mod words;
mod write;

pub(crate) use says::Says;
pub use test_mail::NotMailed;
