//! The audit log as it is written: one chain of entries for each installation, each an HMAC over the one before under a key that
//! the database does not have.
//!
//! Invariants:
//! - an entry commits with the change that it tells of, and the signed end of the log with it: what is altered, removed in the
//!   middle, or removed at the end does not fit any more;
//! - the writer signs nothing after an end that it did not write itself: an end that is missing or wrong is written down for good
//!   ([`Action::AuditHeadLost`](model::Action::AuditHeadLost));
//! - entries name people by an id, and neither details nor anything else that is signed holds an email address or a name of a
//!   person.

pub(crate) mod chain;
pub(crate) mod keys;
mod write;

pub(crate) use write::{AuditEvent, By, Log, actor_text, detail, write};
