//! Signing in with an account of one's organisation.
//!
//! Whom the provider means is an issuer and a subject, and an account is found by them. Where nobody knows them yet, an address that
//! the provider confirms leads to an account or an invitation of the one installation that the operator names; else an account is
//! made. The role is the one that the claim says, at every sign-in: who has none is refused, and nothing is made or changed.
//!
//! Invariants:
//! - what a sign-in was asked with is sealed in the browser that began it, for ten minutes, and is compared with the answer: an
//!   answer that another has begun signs nobody in;
//! - an account that an address leads to has no other subject at this provider;
//! - the session that the browser had when it began ends with the sign-in, and a new one begins;
//! - no token of the provider is kept.

mod account;
mod begin;
mod failed;
mod finish;
mod flow;

pub use begin::SignOnBegun;
pub use finish::{SignOnAnswer, SignOnDone};
