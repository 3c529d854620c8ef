//! Passkeys: what an authenticator says, and whether it is to be believed.
//!
//! This is the relying party's half of WebAuthn, without attestation, on the one cryptography that everything else uses. The
//! libraries for it bring a second one: `webauthn-rs` 0.6 has no OpenSSL any more, but 47 crates of its own, a release candidate
//! of RSA among them. What is left without attestation and extensions is here: a reader of CBOR, three kinds of keys, and two lists of
//! checks.
//!
//! Invariants:
//! - nothing here reads a database, a clock or randomness;
//! - bytes of strangers are bounded before they are read, and read to their end or refused.

mod authenticator_data;
mod cbor;
mod ceremony;
mod client_data;
mod public_key;

pub(crate) use ceremony::{Assertion, NewCredential};

/// The algorithms that are offered to authenticators, the most wanted first.
pub(crate) const ALGORITHMS: [i64; 3] = public_key::OFFERED;
