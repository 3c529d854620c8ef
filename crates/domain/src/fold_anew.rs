use std::time::Duration;

use store::StoreError;
use tokio::time;
use uuid::Uuid;

use crate::Keydesk;

/// Between two batches others get the writer, for far longer than a batch takes.
const BETWEEN: Duration = Duration::from_millis(50);
/// Between two looks: while nodes are upgraded one after the other, those of before still write names in their own form.
const AGAIN: Duration = Duration::from_secs(60);

impl Keydesk {
    /// Folds names anew that an earlier release wrote, for as long as there are any. Until then they are found as before, too.
    pub(crate) async fn fold_names_forever(self) {
        loop {
            match self.fold_names_anew().await {
                Ok(0) => {}
                Ok(batches) => {
                    tracing::info!(batches, "Client Names of an earlier release can be found in all their forms")
                }
                Err(error) => tracing::warn!(%error, "Client Names could not be folded anew; trying again"),
            }
            time::sleep(AGAIN).await;
        }
    }

    /// Goes through all of them, and tells in how many batches.
    pub(crate) async fn fold_names_anew(&self) -> Result<u64, StoreError> {
        let (mut after, mut batches) = (Uuid::nil(), 0);
        while let Some(last) = self.inner.store.fold_some_anew(after).await? {
            (after, batches) = (last, batches + 1);
            time::sleep(BETWEEN).await;
        }
        // Searches go by the new form alone once a look from the first on finds none.
        if batches > 0 {
            self.inner.store.fold_some_anew(Uuid::nil()).await?;
        }
        Ok(batches)
    }
}
