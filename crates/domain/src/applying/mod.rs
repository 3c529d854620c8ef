//! Files that say what an installation is: compared with what is, planned, and carried out.
//!
//! Invariants:
//! - what no file holds (`store::StoredClaim`) was made by hand, and is left alone; of what one holds, the settings that it does not
//!   say are left alone, too;
//! - a plan is carried out in one change, or not at all, and only on what it was made for: each object in the version that was
//!   planned with, and claims as they were;
//! - new secrets are made before the change, so that they can be handed over first: a secret that reached nobody is one of a key
//!   that never was;
//! - neither a plan nor a claim has a secret, an address of a receiver, a note or an owner.

mod carry_out;
mod keys;
mod limits;
mod plan;
mod planning;
mod prepare;
mod routes;
mod settings;
mod wanted;
mod webhooks;
mod words;

pub use plan::{ApplyError, FieldChange, LeftAlone, Plan, Step, StepAction};
pub use planning::Planned;
pub use prepare::{MadeSecret, Prepared};
pub use wanted::{RouteLines, Wanted, WantedKey, WantedLimits, WantedSettings, WantedWebhook};
