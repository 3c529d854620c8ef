use model::{Action, Actor, Instant, KeyError, KeyId, Permission};
use serde_json::{Value, json};
use store::StoredImport;

use crate::{Caller, Keydesk, audit, failure};

/// Entries of a key's history that are shown at once.
const SHOWN: usize = 100;

/// Something that was done to a key, as the audit log has it.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// When.
    pub at: Instant,
    /// The actor.
    pub actor: Actor,
    /// The name that an administrator has now, or the Client Name of a calling key; `None` for everyone else.
    pub name: Option<String>,
    /// What was done.
    pub action: Action,
    /// The client's address, until the person is forgotten.
    pub address: Option<String>,
    /// Details; never a secret.
    pub detail: Value,
}

/// A page of a key's history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Newest first.
    pub entries: Vec<HistoryEntry>,
    /// Where older entries begin; `None`: there are none.
    pub older: Option<i64>,
}

impl Keydesk {
    /// The last 100 things that were done to a key; or the 100 before those, as [`History::older`] says.
    pub async fn history(&self, caller: &Caller, id: KeyId, before: Option<i64>) -> Result<History, KeyError> {
        caller.require(Permission::ReadAudit)?;
        // Fails if there is no such key.
        let imported = self.get(caller, id).await?.imported;
        let (store, installation) = (&self.inner.store, caller.installation);
        // One more than is shown tells whether there are older ones.
        let mut found =
            store.audit_of_key(installation, id, before, SHOWN as i64 + 1).await.map_err(failure::public)?;
        let more = found.len() > SHOWN;
        found.truncate(SHOWN);
        let older = found.last().filter(|_| more).map(|entry| entry.seq);
        // Its first: it stands once for all keys of the import.
        let import = if imported && !more { store.import_of_key(installation, id).await } else { Ok(None) };
        let import = import.map_err(failure::public)?;
        let names = store.administrator_names(installation).await.map_err(failure::public)?;
        let callers =
            found.iter().filter_map(|entry| entry.actor().ok()).chain(import.iter().map(|import| import.actor));
        let callers = callers.filter_map(|actor| match actor {
            Actor::Key { id } => Some(id),
            _ => None,
        });
        let clients = self.names_of_keys(installation, callers.collect()).await?;
        let name = |actor| match actor {
            Actor::Administrator { id } => names.get(&id).cloned(),
            Actor::Key { id } => clients.get(&id).cloned(),
            Actor::System | Actor::Operator | Actor::Bearer => None,
        };
        let mut entries = Vec::with_capacity(found.len() + 1);
        for entry in found {
            let actor = entry.actor().map_err(failure::public)?;
            let name = name(actor);
            let detail = audit::detail(&entry.detail);
            let action = entry.action().map_err(failure::public)?;
            entries.push(HistoryEntry { at: entry.at, actor, name, action, address: entry.address, detail });
        }
        entries.extend(import.and_then(|StoredImport { id, actor, live_at, .. }| {
            let (at, name, detail) = (live_at?, name(actor), json!({ "import": id }));
            Some(HistoryEntry { at, actor, name, action: Action::KeyImport, address: None, detail })
        }));
        Ok(History { entries, older })
    }
}
