//! Verbs. The only writer of truth; owns clock, randomness, accounts, audit and the keyring.
//!
//! Invariants:
//! - nothing else changes anything, and each change commits with its audit entry and its epoch in one transaction, in a
//!   task of its own;
//! - a change is in this node's memory ([`Keydesk::verifier`]) before its verb answers;
//! - a secret leaves in [`Issued`], in [`HandedOver`] and from [`Keydesk::reveal`] alone.

mod account;
mod activity;
mod administrator;
mod audit;
mod background;
mod backup;
mod caller;
mod check_password;
mod clock;
mod count_named;
mod default_key;
mod delete;
mod delete_selected;
mod deletion_impact;
mod entropy;
mod examine;
mod examine_files;
mod export;
mod failure;
mod get;
mod handover;
mod history;
mod idempotency;
mod installation;
mod installations;
mod issue;
mod issued;
mod keydesk;
mod keyring;
mod list;
mod open;
mod password;
mod restore;
mod restoring;
mod reveal;
mod rotate;
mod seal;
mod selection;
mod session;
mod settings_audit;
mod settings_rules;
mod switch;
mod throttle;
mod undo_delete;
mod update;
mod whoami;

pub use administrator::NewAdministrator;
pub use background::Background;
pub use backup::BackupError;
pub use caller::{Authority, Caller, KeyAuthority};
pub use clock::{Clock, SystemClock};
pub use entropy::{Entropy, SystemEntropy};
pub use examine::Finding;
pub use export::Export;
pub use handover::{HandedOver, NewHandoverLink};
pub use history::{History, HistoryEntry};
pub use idempotency::{Idempotency, fingerprint};
pub use installation::Installation;
pub use installations::NewInstallation;
pub use issue::NewKey;
pub use issued::{Answered, Issued};
pub use keydesk::{Keydesk, NotReady};
pub use keyring::{Keyring, KeyringError};
pub use open::{OpenError, OpenOptions};
pub use restoring::{Cleaned, RestoreError, Restored, Restoring, Revocation, RevokedSince, after_restore};
pub use session::{Session, SignedIn};
pub use switch::Switched;
