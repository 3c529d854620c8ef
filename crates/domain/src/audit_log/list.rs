use model::{AuditCursor, AuditItem, AuditPage, AuditQuery, Environment, KeyError, PAGE_MAX, Permission};
use store::{AuditEntry, AuditFilter};

use crate::{
    Authority, Caller, Keydesk,
    audit::{actor_text, detail},
    failure,
};

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

pub(super) fn filter(caller: &Caller, query: &AuditQuery) -> AuditFilter {
    AuditFilter {
        installation: caller.installation,
        from: query.from,
        to: query.to,
        action: query.action.map(|action| action.as_str().to_owned()),
        actors: query.actor.map(|actor| actor.actors()).unwrap_or_default().into_iter().map(actor_text).collect(),
        key: query.key,
        environment: seen(caller),
    }
}

impl Keydesk {
    /// A page of the audit log of the caller's installation, newest first.
    pub async fn audit(&self, caller: &Caller, query: &AuditQuery) -> Result<AuditPage, KeyError> {
        caller.require(Permission::ReadAudit)?;
        let limit = query.limit.clamp(1, PAGE_MAX) as usize;
        let past = query.cursor.map_or(i64::MAX, |AuditCursor(number)| number);
        let filter = filter(caller, query);
        // One more than is shown tells whether there are older ones.
        let found = self.inner.store.audit_list(&filter, true, past, limit as i64 + 1).await;
        let mut found = found.map_err(failure::public)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| AuditCursor(last.seq).to_string());
        Ok(AuditPage { items: self.audit_items(caller, found).await?, next_cursor: next })
    }

    /// Entries with the names that are known now.
    pub(super) async fn audit_items(
        &self,
        caller: &Caller,
        entries: Vec<AuditEntry>,
    ) -> Result<Vec<AuditItem>, KeyError> {
        let names = self.inner.store.administrator_names(caller.installation).await.map_err(failure::public)?;
        let item = |entry: AuditEntry| {
            let actor = entry.actor().map_err(failure::public)?;
            let actor_name = match actor {
                model::Actor::Administrator { id } => names.get(&id).cloned(),
                _ => None,
            };
            Ok(AuditItem {
                id: entry.id,
                number: entry.seq,
                at: entry.at,
                actor,
                actor_name,
                action: entry.action,
                key_id: entry.key,
                environment: entry.environment,
                address: entry.address,
                request_id: entry.request_id,
                user_agent: entry.user_agent,
                detail: detail(&entry.detail),
            })
        };
        entries.into_iter().map(item).collect()
    }
}
