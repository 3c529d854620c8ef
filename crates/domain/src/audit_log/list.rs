use std::collections::HashMap;

use model::{
    Actor, AuditCursor, AuditItem, AuditPage, AuditQuery, Environment, InstallationId, KeyError, KeyId, PAGE_MAX,
    Permission,
};
use store::{AuditEntry, AuditFilter, AuditPlace};

use crate::{
    Authority, Caller, Keydesk,
    audit::{actor_text, chain, detail},
    failure,
};

/// Most keys of one client whose entries are looked for, the newest.
const KEYS_OF_CLIENT: usize = 500;

/// A page of the log for people, who are told at once where an entry on it is not as it was signed.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditView {
    /// The entries.
    pub page: AuditPage,
    /// The numbers of those on the page that were altered.
    pub altered: Vec<i64>,
}

/// Refuses a caller that may not take the log out of Keydesk. A key was asked for its scope at the door, which is one for reading it
/// in whatever form.
pub(super) fn require_to_export(caller: &Caller) -> Result<(), KeyError> {
    match caller.authority {
        Authority::Key(_) => caller.require(Permission::ReadAudit),
        Authority::Operator | Authority::Person { .. } => caller.require(Permission::ExportAudit),
    }
}

/// The environment to whose keys a caller's view is bound; `None`: to none. A test key sees entries about test keys alone.
fn seen(caller: &Caller) -> Option<Environment> {
    (!caller.sees(Environment::Live)).then_some(Environment::Test)
}

impl Keydesk {
    /// A page of the audit log of the caller's installation, newest first.
    pub async fn audit(&self, caller: &Caller, query: &AuditQuery) -> Result<AuditPage, KeyError> {
        Ok(self.view_audit(caller, query).await?.page)
    }

    /// The same, for people.
    pub async fn view_audit(&self, caller: &Caller, query: &AuditQuery) -> Result<AuditView, KeyError> {
        caller.require(Permission::ReadAudit)?;
        let limit = query.limit.clamp(1, PAGE_MAX) as usize;
        let before = query.cursor.map(|AuditCursor { at, number }| AuditPlace { at, seq: number });
        let filter = self.audit_filter(caller, query).await?;
        // One more than is shown tells whether there are older ones.
        let found = self.inner.store.audit_newest(&filter, before, limit as i64 + 1).await;
        let mut found = found.map_err(failure::public)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| AuditCursor { at: last.at, number: last.seq }.to_string());
        let altered = found.iter().filter(|entry| self.is_altered(caller.installation, entry));
        let altered = altered.map(|entry| entry.seq).collect();
        Ok(AuditView { page: AuditPage { items: self.audit_items(caller, found).await?, next_cursor: next }, altered })
    }

    /// What the caller asks for, as the store is asked.
    pub(super) async fn audit_filter(&self, caller: &Caller, query: &AuditQuery) -> Result<AuditFilter, KeyError> {
        let installation = caller.installation;
        let keys = match &query.client {
            None => query.key.map(|key| vec![key]),
            Some(client) => {
                let mut named = self.keys_of_client(caller, client, seen(caller), KEYS_OF_CLIENT).await?;
                named.retain(|id| query.key.is_none_or(|key| key == *id));
                Some(named)
            }
        };
        Ok(AuditFilter {
            installation,
            from: query.from,
            to: query.to,
            action: query.action.map(|action| action.as_str().to_owned()),
            actors: query.actor.map(|actor| actor.actors()).unwrap_or_default().into_iter().map(actor_text).collect(),
            keys,
            environment: seen(caller),
        })
    }

    /// Whether a signed entry, or where it came from, is not as it was signed. Whether entries are missing tells the whole log
    /// alone, and so it does of those of before there was an audit key, and of those whose key the keyring lacks.
    fn is_altered(&self, installation: InstallationId, entry: &AuditEntry) -> bool {
        let keyring = self.keyring();
        let Some(key) = entry.audit_key.as_ref().and_then(|id| keyring.audit().get(id)) else { return false };
        let erased = entry.address.is_none() && entry.user_agent.is_none();
        let via = || chain::via(key, entry.id, entry.address.as_deref(), entry.user_agent.as_deref());
        !chain::is_signed(key, installation, entry) || (!erased && entry.via_digest != Some(via()))
    }

    /// The names of everybody whom entries of the caller's installation may name: who is or was an administrator and was not
    /// forgotten.
    pub async fn audit_people(&self, caller: &Caller) -> Result<Vec<(model::AdministratorId, String)>, KeyError> {
        caller.require(Permission::ReadAudit)?;
        let names = self.inner.store.administrator_names(caller.installation).await.map_err(failure::public)?;
        let mut people: Vec<_> = names.into_iter().collect();
        people.sort_by(|(id, name), (other, other_name)| {
            (name.to_lowercase(), id).cmp(&(other_name.to_lowercase(), other))
        });
        Ok(people)
    }

    /// The Client Names that some keys have now.
    pub(crate) async fn names_of_keys(
        &self,
        installation: InstallationId,
        mut keys: Vec<KeyId>,
    ) -> Result<HashMap<KeyId, String>, KeyError> {
        keys.sort_unstable();
        keys.dedup();
        let names = self.inner.store.names_of_keys(installation, &keys).await.map_err(failure::public)?;
        Ok(names.into_iter().collect())
    }

    /// Entries with the names that are known now.
    pub(super) async fn audit_items(
        &self,
        caller: &Caller,
        entries: Vec<AuditEntry>,
    ) -> Result<Vec<AuditItem>, KeyError> {
        let installation = caller.installation;
        let people = self.inner.store.administrator_names(installation).await.map_err(failure::public)?;
        let entries = entries.into_iter().map(|entry| Ok((entry.actor().map_err(failure::public)?, entry)));
        let entries: Vec<(Actor, AuditEntry)> = entries.collect::<Result<_, KeyError>>()?;
        let mut keys: Vec<KeyId> = entries.iter().filter_map(|(_, entry)| entry.key).collect();
        // A caller to whom a key does not exist is told no name of it.
        if seen(caller).is_none() {
            keys.extend(entries.iter().filter_map(|(actor, _)| match actor {
                Actor::Key { id } => Some(*id),
                _ => None,
            }));
        }
        let clients = self.names_of_keys(installation, keys).await?;
        let item = |(actor, entry): (Actor, AuditEntry)| AuditItem {
            id: entry.id,
            number: entry.seq,
            at: entry.at,
            actor,
            actor_name: match actor {
                Actor::Administrator { id } => people.get(&id).cloned(),
                Actor::Key { id } => clients.get(&id).cloned(),
                Actor::System | Actor::Operator | Actor::Bearer => None,
            },
            action: entry.action,
            key_id: entry.key,
            client_name: entry.key.and_then(|key| clients.get(&key).cloned()),
            environment: entry.environment,
            address: entry.address,
            request_id: entry.request_id,
            user_agent: entry.user_agent,
            detail: detail(&entry.detail),
        };
        Ok(entries.into_iter().map(item).collect())
    }
}
