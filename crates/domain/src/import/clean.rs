//! What an import leaves that was broken off: by its caller, or by the end of its process.

use std::{collections::HashMap, time::Duration};

use model::{ImportId, KeyError};
use store::{ImportState, PendingImport};
use tokio::{sync::watch, time};

use crate::{
    Keydesk,
    background::next,
    failure,
    turn::{ALONE, ONE},
};

/// How often it is looked for.
const LOOK: Duration = Duration::from_secs(5);
/// An import of which nothing moves for so long was broken off.
pub(super) const STILL: Duration = Duration::from_secs(15);
/// For how long one may wait to be confirmed.
const WAITS: Duration = Duration::from_secs(15 * 60);
/// Keys that are removed in one change.
const BATCH: i64 = 200;

/// Imports that were seen, how they stood, and since when.
#[derive(Default)]
pub(crate) struct WatchedImports(HashMap<ImportId, (ImportState, i64, Duration)>);

impl WatchedImports {
    /// Whether nobody is at work on it any more, nor will confirm it.
    pub(super) fn is_left(&mut self, import: &PendingImport, now: Duration) -> bool {
        let stands = (import.state, import.beats);
        let seen = self.0.entry(import.id).or_insert((stands.0, stands.1, now));
        if (seen.0, seen.1) != stands {
            *seen = (stands.0, stands.1, now);
        }
        let still = now.saturating_sub(seen.2);
        match import.state {
            ImportState::Staging => still >= STILL,
            ImportState::Ready => still >= WAITS,
            ImportState::Abandoned => true,
            ImportState::Live => false,
        }
    }

    fn keep(&mut self, imports: &[PendingImport]) {
        self.0.retain(|id, _| imports.iter().any(|import| import.id == *id));
    }
}

impl Keydesk {
    /// Removes what was broken off, also before this start. Stops only between two batches.
    pub(crate) async fn clean_imports_until(self, mut stop: watch::Receiver<bool>) {
        let mut ticks = time::interval(LOOK);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut watched = WatchedImports::default();
        while next(&mut ticks, &mut stop).await {
            if self.inner.store.is_read_only() {
                continue;
            }
            if let Err(error) = self.clean_imports(&mut watched, || *stop.borrow()).await {
                tracing::warn!(%error, "imports that were broken off could not be removed; trying again");
            }
        }
    }

    /// One look.
    pub(crate) async fn clean_imports(
        &self,
        watched: &mut WatchedImports,
        stops: impl Fn() -> bool + Send + Sync,
    ) -> Result<(), KeyError> {
        let imports = self.inner.store.imports_not_live().await.map_err(failure::public)?;
        watched.keep(&imports);
        for import in imports {
            if !watched.is_left(&import, self.inner.clock.elapsed()) {
                continue;
            }
            if import.state != ImportState::Abandoned && self.abandon_import(import.id).await? {
                tracing::warn!(import = %import.id, state = ?import.state, "an import was broken off; its keys are removed");
            }
            while !stops() && !self.remove_staged(import.id).await? {}
        }
        Ok(())
    }

    /// Removes what is left of imports that were given up. For a process that ends after it has imported.
    pub async fn remove_imports_given_up(&self) -> Result<(), KeyError> {
        let imports = self.inner.store.imports_not_live().await.map_err(failure::public)?;
        for import in imports.iter().filter(|import| import.state == ImportState::Abandoned) {
            while !self.remove_staged(import.id).await? {}
        }
        Ok(())
    }

    /// Gives an import up and removes its keys. Nothing is done to one that is live.
    pub(super) async fn remove_import(&self, id: ImportId) -> Result<(), KeyError> {
        self.abandon_import(id).await?;
        while !self.remove_staged(id).await? {}
        Ok(())
    }

    /// From now on its keys can't work any more. False: they do, or it was given up before.
    pub(super) async fn abandon_import(&self, id: ImportId) -> Result<bool, KeyError> {
        self.change(ONE, move |this, mut change| async move {
            let done = change.abandon_import(id).await.map_err(failure::public)?;
            this.commit(change).await?;
            Ok(done)
        })
        .await
    }

    /// Removes some of the keys of one that was given up. True: nothing is left.
    async fn remove_staged(&self, id: ImportId) -> Result<bool, KeyError> {
        self.change(ALONE, move |this, mut change| async move {
            let done = change.remove_staged(id, BATCH).await.map_err(failure::public)?;
            this.commit(change).await?;
            Ok(done)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use model::{Actor, InstallationId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_stands_still_was_broken_off() {
        let mut watched = WatchedImports::default();
        let import = |state, beats| PendingImport {
            id: ImportId(Uuid::nil()),
            installation: InstallationId(Uuid::nil()),
            actor: Actor::Operator,
            state,
            beats,
        };
        let at = Duration::from_secs;
        assert!(!watched.is_left(&import(ImportState::Staging, 1), at(100)));
        assert!(!watched.is_left(&import(ImportState::Staging, 1), at(114)));
        assert!(!watched.is_left(&import(ImportState::Staging, 2), at(115)), "it moved");
        assert!(watched.is_left(&import(ImportState::Staging, 2), at(130)));
        assert!(!watched.is_left(&import(ImportState::Ready, 3), at(131)));
        assert!(!watched.is_left(&import(ImportState::Ready, 3), at(131 + 899)));
        assert!(watched.is_left(&import(ImportState::Ready, 3), at(131 + 900)));
        assert!(watched.is_left(&import(ImportState::Abandoned, 3), at(0)));
    }
}
