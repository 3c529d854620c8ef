use std::time::Duration;

use model::{ImportId, KeyError};
use store::{ImportState, PendingImport};
use tokio::time;

use super::clean::STILL;
use crate::{Caller, Keydesk, failure, turn::ONE};

/// How often it is looked whether another import moves.
const LOOK: Duration = Duration::from_millis(500);

impl Keydesk {
    /// Begins an import: in each installation one at a time. One that was broken off is removed first. `replaces`: also one of the same
    /// caller that waits to be confirmed.
    pub(super) async fn begin_import(&self, caller: &Caller, replaces: bool) -> Result<ImportId, KeyError> {
        let mut watched: Option<(PendingImport, Duration)> = None;
        loop {
            let pending = match self.try_begin_import(caller).await? {
                Ok(id) => return Ok(id),
                Err(pending) => pending,
            };
            let now = self.inner.clock.elapsed();
            let still = match &watched {
                Some((before, since)) if before.id == pending.id => {
                    if before.beats != pending.beats {
                        return Err(KeyError::ImportRunning);
                    }
                    now.saturating_sub(*since)
                }
                _ => {
                    watched = Some((pending.clone(), now));
                    Duration::ZERO
                }
            };
            match pending.state {
                ImportState::Ready if !(replaces && pending.actor == caller.actor) => {
                    return Err(KeyError::ImportRunning);
                }
                ImportState::Staging if still < STILL => {
                    time::sleep(LOOK).await;
                    continue;
                }
                _ => {}
            }
            if pending.state == ImportState::Staging {
                tracing::warn!(import = %pending.id, "an import was broken off; its keys are removed");
            }
            self.remove_import(pending.id).await?;
        }
    }

    /// `Err` within: the import that is under way. Those that were given up are in nobody's way, but their keys are: they may be the same.
    async fn try_begin_import(&self, caller: &Caller) -> Result<Result<ImportId, PendingImport>, KeyError> {
        self.remove_imports_given_up().await?;
        self.change_in_turn_as(caller, ONE, |this, caller, mut change| async move {
            let installation = caller.installation;
            if let Some(pending) = change.import_under_way(installation).await.map_err(failure::public)? {
                return Ok(Err(pending));
            }
            let now = this.now();
            let id = ImportId(this.new_id(now));
            change.begin_import(installation, id, caller.actor, now).await.map_err(failure::public)?;
            this.commit(change).await?;
            Ok(Ok(id))
        })
        .await
    }
}
