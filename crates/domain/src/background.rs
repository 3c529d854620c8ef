use std::time::Duration;

use model::{RESTORE_WINDOW_MS, SecretId};
use store::StoreError;
use tokio::{sync::watch, task::JoinSet, time};
use uuid::Uuid;
use verify::Warmed;

use crate::{Keydesk, idempotency::KEPT_MS, session_life::sessions_ended};

/// How often Keydesk looks for changes made elsewhere: four times within the second in which they must be known.
const POLL: Duration = Duration::from_millis(250);
/// How often counted calls are written down.
const FLUSH: Duration = Duration::from_secs(5);
/// How often rows that are too old are removed.
const PURGE: Duration = Duration::from_secs(60 * 60);
/// How often the signed ends of the audit logs are written to the log, the first time at the start.
const HEADS: Duration = Duration::from_secs(24 * 60 * 60);

/// The work that goes on beside the answering of calls.
#[derive(Debug)]
pub struct Background {
    keydesk: Keydesk,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Keydesk {
    /// Starts looking for changes made elsewhere, warming the cache, writing usage down and purging. Call it once.
    pub fn start(&self) -> Background {
        self.verifier().begin_polling(self.now());
        let (stop, _) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(until_stopped(stop.subscribe(), self.clone().poll_forever()));
        tasks.spawn(until_stopped(stop.subscribe(), self.clone().warm()));
        tasks.spawn(self.clone().flush_until(stop.subscribe()));
        tasks.spawn(self.clone().purge_until(stop.subscribe()));
        tasks.spawn(until_stopped(stop.subscribe(), self.clone().log_heads_forever()));
        tasks.spawn(self.clone().fold_names_until(stop.subscribe()));
        Background { keydesk: self.clone(), stop, tasks }
    }

    async fn poll_forever(self) {
        let mut ticks = time::interval(POLL);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.poll().await {
                tracing::warn!(%error, "changes made elsewhere could not be read");
            }
        }
    }

    /// Applies the changes of others since the last look. That the database answered proves that memory is fresh, as of
    /// the moment before it was asked.
    pub(crate) async fn poll(&self) -> Result<(), StoreError> {
        let asked_at = self.now();
        if let Some(epoch) = self.verifier().catch_up().await? {
            // Its error was logged where it happened.
            if self.reload_installations().await.is_ok() {
                self.verifier().caught_up(epoch);
            }
        }
        self.verifier().proven_fresh(asked_at);
        Ok(())
    }

    async fn warm(self) {
        let mut after = SecretId(Uuid::nil());
        loop {
            match self.verifier().warm(after).await {
                Ok(Warmed::UpTo(secret)) => {
                    after = secret;
                    // The calls come first.
                    tokio::task::yield_now().await;
                }
                Ok(Warmed::All) => break,
                Ok(Warmed::Full) => {
                    tracing::warn!(
                        keys = self.verifier().counters().cached_keys,
                        "the cache is full; the remaining keys are read from the database with each call"
                    );
                    break;
                }
                Err(error) => {
                    tracing::warn!(%error, "the cache could not be warmed; trying again");
                    time::sleep(FLUSH).await;
                }
            }
        }
        tracing::debug!(keys = self.verifier().counters().cached_keys, "the cache is warm");
    }

    /// Stops only between two writes: counts that are being written when their task is dropped are lost.
    async fn flush_until(self, mut stop: watch::Receiver<bool>) {
        let mut ticks = time::interval(FLUSH);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while next(&mut ticks, &mut stop).await {
            self.verifier().flush_due_usage(self.now()).await;
        }
    }

    /// As above: a transaction that is dropped while it begins would stay open in the pool.
    async fn purge_until(self, mut stop: watch::Receiver<bool>) {
        let mut ticks = time::interval(PURGE);
        while next(&mut ticks, &mut stop).await {
            self.purge().await;
        }
    }

    async fn log_heads_forever(self) {
        let mut ticks = time::interval(HEADS);
        loop {
            ticks.tick().await;
            self.log_audit_heads().await;
        }
    }

    pub(crate) async fn purge(&self) {
        let now = self.now();
        if let Err(error) = self.inner.store.purge_sessions(sessions_ended(now)).await {
            tracing::warn!(%error, "ended sessions could not be removed");
        }
        if let Err(error) = self.inner.store.purge_account_links(now).await {
            tracing::warn!(%error, "invitations and links for new passwords that have expired could not be removed");
        }
        if let Err(error) = self.inner.store.erase_expired_handovers(now).await {
            tracing::warn!(%error, "secrets of hand-over links that have expired could not be erased");
        }
        match self.inner.store.purge(now.plus_millis(-KEPT_MS), now.plus_millis(-RESTORE_WINDOW_MS)).await {
            Ok(keys) => {
                if keys > 0 {
                    tracing::info!(keys, "purged keys that were deleted 30 days ago");
                }
                // Also if another node purged first: this node still has the purged records in memory.
                self.verifier().forget_purged(now);
            }
            Err(error) => tracing::warn!(%error, "what is too old could not be removed"),
        }
    }
}

/// Waits for the next tick. False: it is time to stop.
async fn next(ticks: &mut time::Interval, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => false,
        _ = ticks.tick() => true,
    }
}

async fn until_stopped(mut stop: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        () = work => {}
    }
}

impl Background {
    /// Stops all of it, and writes the counted calls down.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
        self.keydesk.verifier().flush_usage().await;
    }
}
