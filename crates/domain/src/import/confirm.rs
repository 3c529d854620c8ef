//! An import in two steps: what would become of the rows is shown first, and its keys work once somebody has confirmed them.

use model::{ImportFormat, ImportId, Instant, KeyError};
use store::{ImportState, StoredImport};
use tokio::sync::mpsc;

use super::{
    options::{ImportOptions, ImportPart},
    report::ImportReport,
    run::Run,
    sink::Sink,
    stopped::ImportStopped,
};
use crate::{Caller, Keydesk, failure, turn::ONE};

/// An import that waits to be confirmed, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportPreview {
    /// Its id.
    pub id: ImportId,
    /// What becomes of its rows.
    pub report: ImportReport,
    /// Since when its keys work; `None`: it waits.
    pub live_at: Option<Instant>,
}

impl Keydesk {
    /// Writes the keys of an import that can be imported, hidden from everybody, until its caller confirms it: within 15 minutes. An
    /// earlier one of the same caller that waits is given up.
    pub async fn stage_import(
        &self,
        caller: &Caller,
        format: Option<ImportFormat>,
        parts: mpsc::Receiver<ImportPart>,
    ) -> Result<ImportId, ImportStopped> {
        let options = ImportOptions { format, dry_run: false, partial: true };
        let mut run = Run::begin(self, caller, options, parts, true).await?;
        let mut sink = Sink::Report(Box::default());
        run.take_all(&mut sink, &mut None).await?;
        let (Sink::Report(mut report), Some(staged)) = (sink, run.take_staged()) else {
            return Err(KeyError::Unavailable.into());
        };
        (report.summary, report.facts) = (run.report.summary, run.report.facts.clone());
        let id = staged.id();
        let written = report.written();
        let ready = self.change_in_turn_as(caller, ONE, move |this, _, mut change| async move {
            let ready = change.ready_import(id, &written).await.map_err(failure::public)?;
            this.commit(change).await?;
            Ok(ready)
        });
        if !ready.await? {
            return Err(KeyError::Unavailable.into());
        }
        staged.keep();
        Ok(id)
    }

    /// An import that waits for this caller to confirm it, or that they have confirmed.
    pub async fn staged_import(&self, caller: &Caller, id: ImportId) -> Result<ImportPreview, KeyError> {
        self.require_to_change(caller)?;
        let found = self.inner.store.import(caller.installation, id).await.map_err(failure::public)?;
        let StoredImport { actor, state, report, live_at, .. } = found.ok_or(KeyError::NotFound)?;
        if actor != caller.actor || !matches!(state, ImportState::Ready | ImportState::Live) {
            return Err(KeyError::NotFound);
        }
        let report = report.as_deref().and_then(|report| serde_json::from_str(report).ok());
        let report: ImportReport = report.ok_or_else(|| {
            tracing::error!(import = %id, "the report of an import can't be read");
            KeyError::Unavailable
        })?;
        Ok(ImportPreview { id, report, live_at })
    }

    /// Makes the keys of an import work that waits for this caller. Once more changes nothing.
    pub async fn confirm_import(&self, caller: &Caller, id: ImportId) -> Result<ImportPreview, KeyError> {
        let waits = self.staged_import(caller, id).await?;
        if waits.live_at.is_some() {
            return Ok(waits);
        }
        let mut report = waits.report;
        report.summary.kept = true;
        self.make_import_live(&caller.clone().once(None), id, &report).await?;
        self.staged_import(caller, id).await
    }

    /// Gives an import up that waits for this caller. Nothing is done to one that is live.
    pub async fn cancel_import(&self, caller: &Caller, id: ImportId) -> Result<(), KeyError> {
        let waits = self.staged_import(caller, id).await?;
        if waits.live_at.is_some() {
            return Err(KeyError::NotFound);
        }
        // Its keys are many: whoever looks for such imports removes them.
        self.abandon_import(id).await.map(drop)
    }
}
