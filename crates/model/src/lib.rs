//! Keydesk's words: types, parsing, and rules that are pure functions of `now`.
//!
//! Invariants:
//! - no I/O, no clock, no randomness; everything here compiles to wasm;
//! - validity is a pure function of the record, the call and `now`;
//! - [`PlainSecret`] is the only type that holds a secret in plain; it prints masked and does not serialize.

mod actor;
mod administrator;
mod client_name;
mod environment;
mod error;
mod id;
mod instant;
mod key;
mod list;
mod preset;
mod raw_path;
mod route;
mod route_table;
mod scope;
mod secret;
mod selection;
mod verify;

pub use actor::{Action, Actor};
pub use administrator::{AdminError, Administrator, PASSWORD_MAX, PASSWORD_MIN, Role, UnknownRole};
pub use client_name::{CLIENT_NAME_MAX, ClientName, ClientNameError, fold};
pub use environment::{Environment, UnknownEnvironment};
pub use error::{KeyError, MODULE_UNAVAILABLE};
pub use id::{AdministratorId, AuditId, InstallationId, KeyId, SecretId};
pub use instant::{Instant, InvalidInstant};
pub use key::{BulkDeleted, Key, KeyKind, KeyStatus, LifeCycle, Limit, RESTORE_WINDOW_MS, Skipped, UnknownStatus};
pub use list::{
    Cursor, CursorValue, InvalidCursor, KeyPage, ListQuery, PAGE_DEFAULT, PAGE_MAX, Sort, SortColumn, UnknownSort,
};
pub use preset::{Preset, UnknownPreset};
pub use raw_path::{InvalidPath, RawPath};
pub use route::{InvalidRoute, Route};
pub use route_table::RouteTable;
pub use scope::{CATALOGUE, InvalidScope, Scope, ScopeSet};
pub use secret::{
    BODY_LEN, CHECKSUM_LEN, Hint, InvalidPrefix, PlainSecret, SecretFormat, SecretParts, checksum_matches,
};
pub use selection::{Activity, Deleted, Impact, Selection};
pub use verify::{Code, KeyFacts, decide};
