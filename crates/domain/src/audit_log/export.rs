use model::{Action, AuditItem, AuditQuery, InstallationId, KeyError};
use serde::Serialize;
use serde_json::json;
use store::{AuditEntry, AuditFilter};

use super::{PAGE, list::require_to_export};
use crate::{
    Caller, Keydesk,
    audit::{AuditEvent, chain},
    export, failure,
    turn::ONE,
};

/// The form of an exported audit log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditFormat {
    /// One JSON object a line.
    #[default]
    Ndjson,
    /// A table, as that of the keys.
    Csv,
}

const COLUMNS: [&str; 13] = [
    "number",
    "at",
    "actor",
    "actor_name",
    "action",
    "key_id",
    "client_name",
    "environment",
    "address",
    "request_id",
    "user_agent",
    "detail",
    "id",
];

/// An export of the audit log, oldest first, read part by part. Each export is an audit entry.
#[derive(Debug)]
pub struct AuditExport {
    keydesk: Keydesk,
    caller: Caller,
    format: AuditFormat,
    query: AuditQuery,
    /// What was asked for, as the audit log tells it. Whom they asked for is left out: a person can be forgotten.
    told: serde_json::Value,
    /// What the store is asked for; `None`: nothing was read yet.
    filter: Option<AuditFilter>,
    /// The number after which the next part begins; `None`: that was all.
    after: Option<i64>,
}

/// A line: an entry, and by what whoever has the audit key finds that nobody has altered it.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    item: &'a AuditItem,
    chain: Chain,
}

/// What is signed of an entry besides what everybody reads of it.
#[derive(Serialize)]
struct Chain {
    installation_id: InstallationId,
    /// `None`: an entry of before there was an audit key.
    audit_key: Option<String>,
    via_digest: Option<String>,
    previous_hash: String,
    hash: String,
}

impl Chain {
    fn of(installation_id: InstallationId, entry: &AuditEntry) -> Self {
        Self {
            installation_id,
            audit_key: entry.audit_key.clone(),
            via_digest: entry.via_digest.map(|digest| chain::hex(&digest)),
            previous_hash: chain::hex(&entry.previous_hash),
            hash: chain::hex(&entry.hash),
        }
    }
}

impl Keydesk {
    /// Exports what the query asks for. Its limit and its cursor are ignored.
    pub fn export_audit(&self, caller: &Caller, query: &AuditQuery, format: AuditFormat) -> AuditExport {
        AuditExport {
            keydesk: self.clone(),
            caller: caller.clone(),
            format,
            query: query.clone(),
            told: json!({
                "from": query.from,
                "to": query.to,
                "action": query.action,
                "key": query.key,
                "client_name": query.client,
            }),
            filter: None,
            after: Some(0),
        }
    }

    /// Writes down that something was exported, before any of it is sent.
    pub(crate) async fn tell_export(
        &self,
        caller: &Caller,
        action: Action,
        detail: serde_json::Value,
    ) -> Result<(), KeyError> {
        let mut caller = caller.clone();
        self.change(ONE, move |this, mut change| async move {
            this.ask_again(&mut caller, &mut change).await?;
            if action == Action::AuditExport {
                require_to_export(&caller)?;
            }
            let event = AuditEvent::of(action, detail);
            this.write_audit(&mut change, caller.installation, &caller, this.now(), vec![event]).await?;
            this.commit(change).await
        })
        .await
    }
}

impl AuditExport {
    /// The next part of the text: whole lines. `None`: that was all.
    pub async fn next(&mut self) -> Result<Option<String>, KeyError> {
        let Some(after) = self.after.take() else { return Ok(None) };
        let mut text = String::new();
        let filter = match self.filter.take() {
            Some(filter) => filter,
            None => self.begin(&mut text).await?,
        };
        let found = self.keydesk.inner.store.audit_matching_after(&filter, after, PAGE).await;
        let found = found.map_err(failure::public)?;
        self.after = found.last().filter(|_| found.len() as i64 == PAGE).map(|last| last.seq);
        self.filter = Some(filter);
        let chains: Vec<_> = found.iter().map(|entry| Chain::of(self.caller.installation, entry)).collect();
        let items = self.keydesk.audit_items(&self.caller, found).await?;
        for (item, chain) in items.iter().zip(chains) {
            match self.format {
                AuditFormat::Ndjson => {
                    text.push_str(&serde_json::to_string(&Line { item, chain }).map_err(|_| KeyError::Unavailable)?);
                    text.push('\n');
                }
                AuditFormat::Csv => row(&mut text, item),
            }
        }
        Ok(Some(text))
    }

    async fn begin(&self, text: &mut String) -> Result<AuditFilter, KeyError> {
        require_to_export(&self.caller)?;
        self.keydesk.tell_export(&self.caller, Action::AuditExport, self.told.clone()).await?;
        if self.format == AuditFormat::Csv {
            export::line(text, &COLUMNS.map(Into::into));
        }
        self.keydesk.audit_filter(&self.caller, &self.query).await
    }
}

fn row(text: &mut String, item: &AuditItem) {
    let actor = match item.actor {
        model::Actor::System => "system".to_owned(),
        model::Actor::Operator => "operator".to_owned(),
        model::Actor::Bearer => "bearer".to_owned(),
        model::Actor::Key { id } => id.to_string(),
        model::Actor::Administrator { id } => id.to_string(),
    };
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let cells = [
        item.number.to_string(),
        item.at.to_string(),
        actor,
        item.actor_name.clone().unwrap_or_default(),
        item.action.clone(),
        id(item.key_id.map(|key| key.0)),
        item.client_name.clone().unwrap_or_default(),
        item.environment.map(|environment| environment.as_str().to_owned()).unwrap_or_default(),
        item.address.clone().unwrap_or_default(),
        id(item.request_id),
        item.user_agent.clone().unwrap_or_default(),
        item.detail.to_string(),
        item.id.to_string(),
    ];
    export::line(text, &cells.map(Into::into));
}
