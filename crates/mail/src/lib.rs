//! Letters out, over SMTP. It knows no database: who writes letters keeps them until they are sent.
//!
//! Invariants:
//! - neither a letter nor a password passes unencrypted to another machine, unless the operator says so;
//! - what stands in a letter can't add a header to it, nor another recipient;
//! - a try ends within a minute, whatever the server does ([`Mailer`]);
//! - no error holds anything of a letter, of its recipient or of the password.

mod letter;
mod mailer;
mod server;
#[cfg(feature = "testing")]
pub mod testing;

pub use letter::Letter;
pub use mailer::{InvalidMail, MailOptions, Mailer, Unsent};
pub use server::InvalidServer;
