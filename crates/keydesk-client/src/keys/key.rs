//! Keys as Keydesk shows them.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{Environment, Limit};

/// A key, without its secret.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Key {
    /// Its id.
    pub id: Uuid,
    /// Whom it was made for.
    pub client_name: String,
    /// The beginning and the end of its secret.
    pub hint: String,
    /// Which data it reaches.
    pub environment: Environment,
    /// The preset that its rights came from.
    pub preset: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Whether it works.
    pub status: Status,
    /// Addresses and networks from which alone it works; empty: any.
    #[serde(default)]
    pub allowed_ips: Vec<String>,
    /// Web origins from which alone it works; empty: any.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Grows with each change: for [`change`](crate::Keys::change).
    pub version: u64,
    /// Pairs of the issuer's own.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// What this version of the library does not know.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

/// A key with its secret.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct IssuedKey {
    /// The key as everyone sees it.
    #[serde(flatten)]
    pub shown: Key,
    /// The secret; absent from an answer that is given again where the installation shows it once, or it no longer works.
    #[serde(rename = "key")]
    pub secret: Option<String>,
}

impl fmt::Debug for IssuedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedKey").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// One of the secrets of a key, as far as it is shown.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct SecretInfo {
    /// Its id.
    pub id: Uuid,
    /// Its beginning and its end.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused, since a newer one has replaced it; none: it is the newest.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// Whether a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// It does.
    Active,
    /// Somebody has switched it off.
    Disabled,
    /// Its time is over.
    Expired,
    /// It was deleted.
    Revoked,
    /// A state that this version of the library does not know.
    #[serde(other)]
    Unknown,
}

/// One page of a list of keys.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct KeyList {
    /// The keys.
    pub items: Vec<Key>,
    /// Where the list goes on; none: it ends here.
    pub next_cursor: Option<String>,
    /// How many there are altogether.
    pub total: u64,
}

/// The calling key as itself.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct WhoAmI {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// The name of its installation.
    pub installation: String,
    /// What is left of its limits.
    #[serde(default)]
    pub limits: Left,
}

/// What is left of a key's limits.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct Left {
    /// Of its rate limits.
    #[serde(default)]
    pub rate_limits: Vec<Limit>,
    /// Of its quotas.
    #[serde(default)]
    pub quotas: Vec<Limit>,
}
