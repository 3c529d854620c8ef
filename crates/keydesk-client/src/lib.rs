//! Keydesk from Rust: verify and manage API keys, call the contact centre behind the gateway, protect a service of your own.
//!
//! ```no_run
//! # async fn example() -> Result<(), keydesk_client::Error> {
//! use keydesk_client::{Client, Verify};
//!
//! let client = Client::new("https://keydesk.example.com", "ccc_live_...")?;
//! let verdict = client.verify(&Verify::key("ccc_live_...").scope("contacts:read")).await?;
//! assert!(verdict.valid, "{:?}", verdict.code);
//! # Ok(())
//! # }
//! ```
//!
//! Invariants:
//! - the key is in no `Debug` output, no error and no address;
//! - a call is sent again only where that can't do anything twice: it is idempotent, it carries an `Idempotency-Key`, or it is certain that
//!   nothing was done. What is waited is bounded, and at least what `Retry-After` says;
//! - a stream goes on after the last event that the caller has had, and says when that was not possible;
//! - [`Protect`] lets nothing through that Keydesk has not allowed: if Keydesk can't be asked, the answer is 503.
//!
//! It shares no code with the server: what it knows of Keydesk is what the published descriptions say, and it ignores what it does not know.

mod call;
mod client;
mod contact_centre;
mod error;
mod jitter;
mod keys;
mod pace;
mod problem;
mod protect;
mod query;
mod retry;
mod sender;
mod stream;
mod transport;
mod verify;

pub use client::{Builder, Client};
pub use contact_centre::{
    Agent, AgentName, AsOf, Call, Contact, ContactCentre, ExpectedWait, Instants, LookUp, MadeCall, Match, Matched,
    NewCall, NewContact, NewPhone, Number, Page, Phone, Queue, QueueName, Recording, Wrap, WrapNote,
};
pub use error::Error;
pub use keys::{IssuedKey, Key, KeyChange, KeyList, KeySearch, Keys, NewKey, SecretInfo, Status, WhoAmI};
pub use problem::{FieldError, Problem};
pub use protect::{Caller, Protect, Protected};
pub use retry::Retries;
pub use stream::{Event, Feed, Follow, Item, Reset, Subject};
pub use verify::{Code, Environment, Limit, Verdict, Verify};
