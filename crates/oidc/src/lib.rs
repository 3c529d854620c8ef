//! Who somebody is, by an OpenID Connect provider: authorization code with PKCE. It knows no account and no role.
//!
//! Invariants:
//! - whom a provider means is known from an ID token alone whose signature, issuer, audience, end and nonce were checked
//!   ([`Provider::identify`]); the user info adds to it only for the same subject;
//! - a token signed with a shared secret, or with nothing, is refused;
//! - the provider is asked over TLS, or on this machine; no redirect is followed, and time and bytes are bounded;
//! - no error holds a code, a token or the client's secret.

mod fetch;
mod identity;
mod options;
mod provider;
#[cfg(feature = "testing")]
pub mod testing;

pub use identity::Identity;
pub use options::{InvalidOptions, ProviderOptions};
pub use provider::{Asked, Failed, Provider};
