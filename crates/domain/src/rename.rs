use model::{Action, ClientName, Key, KeyError, KeyId, KeyKind};
use serde_json::json;

use crate::{Caller, Keydesk, audit::Deed, failure};

impl Keydesk {
    /// Gives a key another Client Name; with `if_version`, only if nobody else changed the key since.
    pub async fn rename(
        &self,
        caller: &Caller,
        id: KeyId,
        client_name: &str,
        if_version: Option<i64>,
    ) -> Result<Key, KeyError> {
        self.require_module(caller.installation)?;
        caller.require_change()?;
        let name = ClientName::parse(client_name)?;
        let (this, actor, installation) = (self.clone(), caller.actor, caller.installation);
        self.detached(async move {
            let mut change = this.change().await?;
            let before = change.key(installation, id).await.map_err(failure::public)?.ok_or(KeyError::NotFound)?;
            if before.life.deleted_at.is_some() {
                return Err(KeyError::NotFound);
            }
            if before.kind() == KeyKind::Default {
                return Err(KeyError::DefaultKeyProtected);
            }
            if if_version.is_some_and(|version| version != before.version()) {
                return Err(KeyError::VersionMoved { current: before.version() });
            }
            let now = this.now();
            if *before.client_name() == name {
                // Nothing changes, so nothing is written and the version stays.
                return Ok(before.at(now));
            }
            let done = change.rename_key(installation, id, &name, now).await.map_err(failure::public)?;
            if !done {
                return Err(KeyError::NotFound);
            }
            let detail = json!({ "from": before.client_name(), "to": name });
            this.write_audit(&mut change, installation, actor, now, vec![Deed::on_key(Action::KeyRename, id, detail)])
                .await?;
            let after = change.key(installation, id).await.map_err(failure::public)?.ok_or(KeyError::NotFound)?;
            let records = change.records_of_key(installation, id).await.map_err(failure::public)?;
            this.commit(change).await?;
            this.inner.cache.apply(records);
            Ok(after.at(now))
        })
        .await
    }
}
