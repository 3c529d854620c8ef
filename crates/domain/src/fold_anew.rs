use std::time::Duration;

use tokio::{sync::watch, time};
use uuid::Uuid;

use crate::Keydesk;

/// Between two batches others get the writer, for longer than a batch takes.
const BETWEEN: Duration = Duration::from_millis(25);
/// Between two looks: while nodes are upgraded one after the other, those of before still write names in their own form.
const AGAIN: Duration = Duration::from_secs(60);

impl Keydesk {
    /// Folds names anew that an earlier release wrote, for as long as there are any. Until then they are found as before, too. It
    /// stops only between two batches: a transaction that is dropped while it begins would stay open in the pool.
    pub(crate) async fn fold_names_until(self, mut stop: watch::Receiver<bool>) {
        let (mut after, mut batches) = (Uuid::nil(), 0_u64);
        let mut wait = Duration::ZERO;
        while pause(wait, &mut stop).await {
            wait = match self.inner.store.fold_some_anew(after).await {
                Ok(Some(last)) => {
                    (after, batches) = (last, batches + 1);
                    BETWEEN
                }
                // The next look is from the first on: only one that finds none there says that all are done.
                Ok(None) if !after.is_nil() => {
                    after = Uuid::nil();
                    BETWEEN
                }
                Ok(None) => {
                    if batches > 0 {
                        tracing::info!(batches, "Client Names of an earlier release are found in all their forms now");
                    }
                    batches = 0;
                    AGAIN
                }
                Err(error) => {
                    tracing::warn!(%error, "Client Names could not be folded anew; trying again");
                    after = Uuid::nil();
                    AGAIN
                }
            };
        }
    }
}

/// False: it is time to stop.
async fn pause(wait: Duration, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => false,
        () = time::sleep(wait) => true,
    }
}
