//! Verbs on keys. The calling key needs `keys:read`, `keys:write` or `keys:reveal`, and every right that it is to grant.

mod key;
mod new_key;

use http::Method;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

pub use key::{IssuedKey, Key, KeyList, SecretInfo, Status, WhoAmI};
pub use new_key::{KeyChange, NewKey};

use crate::{Environment, Error, call::Call, query::Query, retry::Safety, sender::Sender};

const PLACE: &str = "/api/v1/keys";

/// Verbs on keys.
#[derive(Clone, Debug)]
pub struct Keys(Sender);

/// Which keys are listed.
#[derive(Clone, Debug, Default)]
pub struct KeySearch {
    /// Words of the Client Name, the end of a hint, or an id.
    pub search: Option<String>,
    /// Of one environment.
    pub environment: Option<Environment>,
    /// At most so many at once: 1 to 200.
    pub limit: Option<u16>,
    /// Where the list goes on: [`KeyList::next_cursor`].
    pub cursor: Option<String>,
}

impl Keys {
    pub(crate) fn new(sender: Sender) -> Self {
        Self(sender)
    }

    /// One page of the list.
    ///
    /// # Errors
    /// As all verbs: the call was refused ([`Error::code`] says why), or Keydesk could not be asked.
    pub async fn list(&self, search: &KeySearch) -> Result<KeyList, Error> {
        let environment = search.environment.map(|environment| match environment {
            Environment::Live => "live",
            Environment::Test => "test",
        });
        let query = Query::default()
            .with_some("search", search.search.as_deref())
            .with_some("environment", environment)
            .with_some("limit", search.limit)
            .with_some("cursor", search.cursor.as_deref());
        self.0.json(&Call::get(PLACE).query(query)).await
    }

    /// A key.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn get(&self, id: Uuid) -> Result<Key, Error> {
        self.0.json(&Call::get(place(id))).await
    }

    /// Whose key a text holds: a key, also one that was rotated away or deleted, or a derived token. Nothing: nobody's whom the caller may see.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn look_up(&self, key: &str) -> Result<Vec<Key>, Error> {
        #[derive(Deserialize)]
        struct Found {
            items: Vec<Key>,
        }
        let call = Call::post(format!("{PLACE}/lookup")).json(&json!({ "key": key }))?;
        // It changes nothing.
        let found: Found = self.0.json(&Call { safety: Safety::Repeatable, ..call }).await?;
        Ok(found.items)
    }

    /// The secrets of a key, the newest first: what may be shown of each, and when it ends.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn secrets(&self, id: Uuid) -> Result<Vec<SecretInfo>, Error> {
        #[derive(Deserialize)]
        struct Secrets {
            items: Vec<SecretInfo>,
        }
        let secrets: Secrets = self.0.json(&Call::get(format!("{PLACE}/{id}/secrets"))).await?;
        Ok(secrets.items)
    }

    /// Makes a key, once: also where the answer was lost and the call is sent again.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn create(&self, new: &NewKey) -> Result<IssuedKey, Error> {
        self.0.json(&Call::post(PLACE).json(new)?.once(new.idempotency_key())?).await
    }

    /// Changes a key. With a version nothing is changed if somebody else has changed it since: 412 `version_moved`.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn change(&self, id: Uuid, change: &KeyChange, version: Option<u64>) -> Result<Key, Error> {
        self.0.json(&Call::new(Method::PATCH, place(id)).json(change)?.if_version(version)).await
    }

    /// Deletes a key: every call with it is refused from then on. It can be restored for 30 days.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn delete(&self, id: Uuid) -> Result<(), Error> {
        self.0.answer(&Call::new(Method::DELETE, place(id))).await.map(drop)
    }

    /// Takes a deletion back.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn restore(&self, id: Uuid) -> Result<Key, Error> {
        self.0.json(&verb(id, "restore")).await
    }

    /// Switches a key off, until it is enabled.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn disable(&self, id: Uuid) -> Result<Key, Error> {
        self.0.json(&verb(id, "disable")).await
    }

    /// Switches a key on.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn enable(&self, id: Uuid) -> Result<Key, Error> {
        self.0.json(&verb(id, "enable")).await
    }

    /// Gives a key a new secret, once; the old one works for `overlap_seconds` beside it.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn rotate(&self, id: Uuid, overlap_seconds: u32) -> Result<IssuedKey, Error> {
        self.0.json(&verb(id, "rotate").json(&json!({ "overlap_seconds": overlap_seconds }))?.once(None)?).await
    }

    /// The secret of a key, where the installation keeps it. That it was shown is written down.
    ///
    /// # Errors
    /// As [`list`](Self::list); 409 `not_recoverable` where the installation keeps no secrets.
    pub async fn reveal(&self, id: Uuid) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Revealed {
            key: String,
        }
        let revealed: Revealed = self.0.json(&verb(id, "reveal")).await?;
        Ok(revealed.key)
    }
}

fn place(id: Uuid) -> String {
    format!("{PLACE}/{id}")
}

fn verb(id: Uuid, verb: &str) -> Call {
    Call::post(format!("{PLACE}/{id}/{verb}"))
}
