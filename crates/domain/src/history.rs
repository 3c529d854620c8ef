use model::{Action, Actor, Instant, KeyError, KeyId};
use serde_json::Value;

use crate::{Caller, Keydesk, failure};

/// Entries of a key's history that are shown.
const SHOWN: i64 = 100;

/// Something that was done to a key, as the audit log has it.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// When.
    pub at: Instant,
    /// Who.
    pub actor: Actor,
    /// The name that an administrator has now, or the Client Name of a calling key; `None` for everyone else.
    pub name: Option<String>,
    /// What.
    pub action: Action,
    /// The rest; never a secret.
    pub detail: Value,
}

impl Keydesk {
    /// What was done to a key, newest first, as far back as 100 entries.
    pub async fn history(&self, caller: &Caller, id: KeyId) -> Result<Vec<HistoryEntry>, KeyError> {
        // Says whether there is such a key.
        self.get(caller, id).await?;
        let (store, installation) = (&self.inner.store, caller.installation);
        let entries = store.audit_of_key(installation, id, SHOWN).await.map_err(failure::public)?;
        let names = store.administrator_names(installation).await.map_err(failure::public)?;
        let mut history = Vec::with_capacity(entries.len());
        for entry in entries {
            let actor = entry.actor().map_err(failure::public)?;
            let name = match actor {
                Actor::Administrator { id } => names.get(&id).cloned(),
                Actor::Key { id } => {
                    let key = store.key(installation, id).await.map_err(failure::public)?;
                    key.map(|key| key.client_name().as_str().to_owned())
                }
                Actor::System | Actor::Operator | Actor::Bearer => None,
            };
            let detail = serde_json::from_str(&entry.detail).unwrap_or_default();
            let action = entry.action().map_err(failure::public)?;
            history.push(HistoryEntry { at: entry.at, actor, name, action, detail });
        }
        Ok(history)
    }
}
