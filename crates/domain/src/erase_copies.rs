//! Sealed copies go where an installation shows secrets once, in the background and a few at a time: others write in between.

use std::time::Duration;

use model::{InstallationId, Instant, SecretId};
use store::StoreError;
use tokio::{sync::watch, time};
use uuid::Uuid;

use crate::Keydesk;

/// Copies that are erased at once.
const BATCH: i64 = 200;
/// Between two batches others get the writer, for far longer than a batch takes.
const BETWEEN: Duration = Duration::from_millis(50);
/// Between two looks, and after an error.
const AGAIN: Duration = Duration::from_secs(60);
/// Another node may seal a secret until it knows of the change. So it is looked until this long after, in milliseconds.
const SETTLED_MS: i64 = 60 * 1000;

impl Keydesk {
    /// Erases what is to be erased until it is told to stop, which it does between two batches.
    pub(crate) async fn erase_copies_until(self, mut stop: watch::Receiver<bool>) {
        loop {
            for (installation, since) in self.copies_due() {
                if let Err(error) = self.erase_copies_of(installation, since, &stop).await {
                    tracing::warn!(%error, "sealed copies that must not be there could not be erased; it is tried again");
                }
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.inner.copies_due.notified() => {}
                () = time::sleep(AGAIN) => {}
            }
        }
    }

    /// Where sealed copies are to be erased, and since when, from memory.
    fn copies_due(&self) -> Vec<(InstallationId, Instant)> {
        if self.inner.store.is_read_only() {
            return Vec::new();
        }
        let due = |id| Some((id, self.remembered(id)?.erase_copies_since?));
        self.installation_ids().into_iter().filter_map(due).collect()
    }

    async fn erase_copies_of(
        &self,
        installation: InstallationId,
        since: Instant,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), StoreError> {
        let (store, mut after) = (&self.inner.store, SecretId(Uuid::nil()));
        while !*stop.borrow() {
            let Some(last) = store.erase_copies(installation, after, BATCH).await? else {
                if self.now().as_millis().abs_diff(since.as_millis()) >= SETTLED_MS.unsigned_abs() {
                    store.copies_erased(installation, since).await?;
                    self.read_installations().await?;
                }
                break;
            };
            after = last;
            time::sleep(BETWEEN).await;
        }
        Ok(())
    }
}
