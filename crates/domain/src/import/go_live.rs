use model::{Action, ImportId, KeyError};
use serde_json::json;

use super::report::ImportReport;
use crate::{Caller, Keydesk, audit::AuditEvent, failure, turn::ONE};

impl Keydesk {
    /// Makes the keys of an import work: one short change, however many they are.
    pub(super) async fn make_import_live(
        &self,
        caller: &Caller,
        id: ImportId,
        report: &ImportReport,
    ) -> Result<(), KeyError> {
        let report = report.without_lines();
        self.change_in_turn_as(caller, ONE, move |this, caller, mut change| async move {
            let facts = &report.facts;
            caller.require_to_hold(&facts.scopes)?;
            let (now, installation) = (this.now(), caller.installation);
            let done = change.make_import_live(installation, id, &report.written(), now).await;
            if !done.map_err(failure::public)? {
                return Err(KeyError::NotFound);
            }
            change.count_keys(installation, i64::from(facts.keys)).await.map_err(failure::public)?;
            let detail = json!({
                "import": id,
                "keys": facts.keys,
                "left_out": report.summary.left_out(),
                "environments": facts.environments,
                "scopes": facts.scopes,
            });
            let event = AuditEvent { environment: facts.environment(), ..AuditEvent::of(Action::KeyImport, detail) };
            this.write_audit(&mut change, installation, &caller, now, vec![event]).await?;
            this.commit(change).await?;
            this.verifier().imports_live(&[id]);
            Ok(())
        })
        .await?;
        // Until it is read what there is now, calls look for any.
        if let Err(error) = self.verifier().read_imported().await {
            tracing::warn!(%error, "it could not be counted what was imported; it is counted later");
        }
        Ok(())
    }
}
