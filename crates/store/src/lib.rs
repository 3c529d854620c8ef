//! The only crate that names sqlx: tables in, model types out.
//!
//! Invariants:
//! - no type of sqlx leaves this crate;
//! - every look-up by id carries the installation, so nothing crosses from one to another;
//! - a shared statement is written once, in the portable subset, and runs on SQLite and on PostgreSQL;
//! - a change of truth goes through [`Change`], which moves the epoch before it does anything else;
//! - instants and ids are passed in; nothing here reads a clock or makes a random number.

mod address;
mod admin_session;
mod administrator;
mod api_key;
mod api_key_secret;
mod audit_end;
mod audit_entry;
mod audit_head;
mod audit_log;
mod audit_person;
mod backup;
mod db;
mod deployment;
mod error;
mod examine;
mod group;
mod handover;
mod idempotency;
mod inserts;
mod installation;
mod invitation;
mod migrate;
mod migrations;
mod password_reset;
mod people;
mod postgres;
mod purge;
mod record;
mod restored;
mod set_up_link;
mod sql;
mod sqlite_files;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod usage;

pub use address::{has_password, sqlite_file};
pub use admin_session::{SessionsEnded, StoredSession};
pub use administrator::StoredAdministrator;
pub use api_key::{KeyFilter, StoredKey, TOTAL_COUNTED};
pub use api_key_secret::{Digest, NewSecret, SealedCopy};
pub use audit_end::{AuditEnd, AuditHead};
pub use audit_entry::{AuditEntry, HASH_LEN};
pub use audit_log::AuditFilter;
pub use audit_person::AuditPerson;
pub use backup::{Backup, LostEntry};
pub use deployment::Deployment;
pub use error::StoreError;
pub use examine::Examination;
pub use group::{CallingKey, Change, Settled, Turn};
pub use handover::{HandoverSecret, NewHandover, TokenHash};
pub use idempotency::StoredAnswer;
pub use installation::StoredInstallation;
pub use invitation::StoredInvitation;
pub use migrations::Tables;
pub use password_reset::StoredReset;
pub use record::StoredRecord;
pub use restored::connections_of_keydesk;
pub use set_up_link::StoredSetUpLink;
pub use sqlite_files::{BESIDE, DatabaseLock, beside};
pub use store::Store;
pub use usage::{LastUse, UsageDelta};
