//! A second factor beside the password: an authenticator app or passkeys, with recovery codes for whoever has lost them.
//!
//! Invariants:
//! - a code, a recovery code and a passkey's answer are accepted once, on whichever node;
//! - wrong codes of a person are counted by all nodes together, and each after the fifth waits for longer;
//! - the secret of an app is sealed in the database, and of recovery codes there are digests alone;
//! - whoever has no second factor has no recovery codes.

mod add;
mod app;
mod challenge;
mod check;
mod guesses;
mod own;
mod recovery_codes;
mod remove;
mod renew;
mod renew_codes;
mod reset;
mod ways;

pub(crate) use challenge::Ceremony;
pub(crate) use check::Checked;

pub use add::NewApp;
pub use remove::Removal;
pub use ways::Ways;
