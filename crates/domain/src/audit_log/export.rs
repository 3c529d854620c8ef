use model::{Action, AuditItem, AuditQuery, KeyError};
use serde_json::json;
use store::AuditFilter;

use super::{
    PAGE,
    list::{filter, require_to_export},
};
use crate::{Caller, Keydesk, audit::AuditEvent, export, failure, turn::ONE};

/// The form of an exported audit log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditFormat {
    /// One JSON object a line.
    #[default]
    Ndjson,
    /// A table, as that of the keys.
    Csv,
}

const COLUMNS: [&str; 12] = [
    "number",
    "at",
    "actor",
    "actor_name",
    "action",
    "key_id",
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
    filter: AuditFilter,
    /// What was asked for, as the audit log tells it.
    query: serde_json::Value,
    /// The number after which the next part begins; `None`: that was all.
    after: Option<i64>,
    begun: bool,
}

impl Keydesk {
    /// Exports what the query asks for. Its limit and its cursor are ignored.
    pub fn export_audit(&self, caller: &Caller, query: &AuditQuery, format: AuditFormat) -> AuditExport {
        AuditExport {
            keydesk: self.clone(),
            filter: filter(caller, query),
            caller: caller.clone(),
            format,
            query: json!({ "from": query.from, "to": query.to, "action": query.action, "key": query.key }),
            after: Some(0),
            begun: false,
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
        if !self.begun {
            require_to_export(&self.caller)?;
            self.keydesk.tell_export(&self.caller, Action::AuditExport, self.query.clone()).await?;
            self.begun = true;
            if self.format == AuditFormat::Csv {
                export::line(&mut text, &COLUMNS.map(Into::into));
            }
        }
        let found = self.keydesk.inner.store.audit_list(&self.filter, false, after, PAGE).await;
        let found = found.map_err(failure::public)?;
        self.after = found.last().filter(|_| found.len() as i64 == PAGE).map(|last| last.seq);
        for item in self.keydesk.audit_items(&self.caller, found).await? {
            match self.format {
                AuditFormat::Ndjson => {
                    text.push_str(&serde_json::to_string(&item).map_err(|_| KeyError::Unavailable)?);
                    text.push('\n');
                }
                AuditFormat::Csv => row(&mut text, &item),
            }
        }
        Ok(Some(text))
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
        item.environment.map(|environment| environment.as_str().to_owned()).unwrap_or_default(),
        item.address.clone().unwrap_or_default(),
        id(item.request_id),
        item.user_agent.clone().unwrap_or_default(),
        item.detail.to_string(),
        item.id.to_string(),
    ];
    export::line(text, &cells.map(Into::into));
}
