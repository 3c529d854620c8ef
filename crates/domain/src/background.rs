use std::{sync::PoisonError, time::Duration};

use model::{REFUSAL_LIFE_MS, RESTORE_WINDOW_MS, SecretId};
use store::{HintsEnded, StoreError};
use tokio::{sync::watch, task::JoinSet, time};
use uuid::Uuid;
use verify::Warmed;

use crate::{
    Keydesk, guessing::GUESSING_KEPT_MS, leaks::REPORTS_KNOWN_MS, passed_time::WallClock, request::KEPT_MS,
    session_life::sessions_ended, trial::TRIALS_KEPT_MS,
};

/// How often Keydesk looks for changes made elsewhere: four times within the second in which they must be known.
const POLL: Duration = Duration::from_millis(250);
/// The least time between two looks after a hint.
const BETWEEN_HINTS: Duration = Duration::from_millis(10);
/// How long until it is listened for hints again, when the connection was lost, and when none arrives.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);
const TRY_HINTS_AGAIN: Duration = Duration::from_secs(10 * 60);
/// How often counted calls are written down.
const FLUSH: Duration = Duration::from_secs(5);
/// How often what was taken from rate limits is written down, in flushes.
const SAVE_LIMITS: u32 = 12;
/// How often a node says that it runs: five times before the others would miss it.
const BEAT: Duration = Duration::from_secs(2);
/// The least time between two leases ahead.
const BETWEEN_LEASES: Duration = Duration::from_millis(20);
/// How often refusals are written down, and addresses that guess keys: so they are known on every node within about a second.
const FLUSH_REFUSALS: Duration = Duration::from_secs(1);
/// How often refusals beyond their bounds are removed.
const TRIM_REFUSALS: Duration = Duration::from_secs(60);
/// How often rows that are too old are removed.
const PURGE: Duration = Duration::from_secs(60 * 60);
/// A challenge that was answered is remembered for longer than it is good.
const CHALLENGES_KEPT_MS: i64 = 60 * 60 * 1000;
/// The calls of a quota's period are kept for longer than any period lasts.
const QUOTAS_KEPT_MS: i64 = 40 * 24 * 60 * 60 * 1000;
/// How long it is remembered that a letter was given up: the operator sees it.
const LETTERS_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
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
        self.verifier().begin_polling();
        let (stop, _) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(until_stopped(stop.subscribe(), self.clone().poll_forever()));
        tasks.spawn(until_stopped(stop.subscribe(), self.clone().listen_forever()));
        tasks.spawn(until_stopped(stop.subscribe(), self.clone().keep_warm()));
        tasks.spawn(until_stopped(stop.subscribe(), self.clone().watch_writing()));
        tasks.spawn(self.clone().flush_until(stop.subscribe()));
        tasks.spawn(self.clone().flush_refusals_until(stop.subscribe()));
        tasks.spawn(self.clone().trim_refusals_until(stop.subscribe()));
        tasks.spawn(self.clone().purge_until(stop.subscribe()));
        tasks.spawn(until_stopped(stop.subscribe(), self.clone().log_heads_forever()));
        tasks.spawn(until_stopped(stop.subscribe(), self.clone().watch_audit_forever()));
        tasks.spawn(self.clone().fold_names_until(stop.subscribe()));
        tasks.spawn(until_stopped(stop.subscribe(), self.clone().keep_search_map_forever()));
        tasks.spawn(self.clone().renew_secrets_until(stop.subscribe()));
        tasks.spawn(self.clone().erase_copies_until(stop.subscribe()));
        tasks.spawn(self.clone().clean_imports_until(stop.subscribe()));
        tasks.spawn(until_stopped(stop.subscribe(), self.clone().watch_keyring()));
        tasks.spawn(until_stopped(stop.subscribe(), self.clone().lease_forever()));
        let node = self.request_id(self.now());
        if self.inner.store.is_shared() {
            tasks.spawn(self.clone().beat_until(node, stop.subscribe()));
        }
        tasks.spawn(self.clone().deliver_until(stop.subscribe()));
        tasks.spawn(self.clone().tell_ending_until(stop.subscribe()));
        tasks.spawn(self.clone().mail_ending_until(stop.subscribe()));
        tasks.spawn(self.clone().send_letters_until(stop.subscribe()));
        Background { keydesk: self.clone(), stop, tasks }
    }

    async fn poll_forever(self) {
        let mut ticks = time::interval(POLL);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        // The same four times a second would bury all else.
        let mut said = None;
        let mut wall = WallClock::default();
        loop {
            let hinted = tokio::select! {
                _ = ticks.tick() => false,
                () = self.inner.hinted.notified() => true,
            };
            if let Some(step) = wall.step(self.now(), self.inner.clock.elapsed()) {
                let by = step / 1_000;
                tracing::warn!(
                    seconds = by,
                    "the clock was set by {by} s; expiry is decided by it, and freshness is not"
                );
            }
            let polled = self.poll().await;
            self.inner.polled.ended(&polled);
            match polled {
                Ok(()) if said.take().is_some() => tracing::info!("changes made elsewhere are read again"),
                Ok(()) => {}
                Err(error) => {
                    let error = error.to_string();
                    if said.as_ref() != Some(&error) {
                        tracing::error!(%error, "changes made elsewhere can't be read; after 5 s no key is accepted");
                        said = Some(error);
                    }
                }
            }
            if hinted {
                // However many hints there are; the looks without a hint are not put off.
                time::sleep(BETWEEN_HINTS).await;
            }
        }
    }

    /// Listens for hints of changes made elsewhere, where the database gives any.
    async fn listen_forever(self) {
        let mut told = false;
        loop {
            let ended = self.inner.store.listen(|| self.inner.hinted.notify_one()).await;
            // The poll tells when the database is gone.
            let again = match ended {
                Ok(HintsEnded::Never) => return,
                Ok(HintsEnded::Kept) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(
                            "no notification of the database arrives (a pooler keeps them): changes made elsewhere are known by looking, within 250 ms"
                        );
                    }
                    TRY_HINTS_AGAIN
                }
                Ok(HintsEnded::Lost) | Err(_) => LISTEN_AGAIN,
            };
            time::sleep(again).await;
        }
    }

    /// Applies the changes of others since the last look. That the database answered proves that memory is fresh, as of
    /// the moment before it was asked.
    pub(crate) async fn poll(&self) -> Result<(), StoreError> {
        let asked_at = self.verifier().elapsed();
        let histories = self.verifier().counters().histories;
        let moved = self.verifier().catch_up().await;
        if self.verifier().counters().histories != histories {
            self.warm_again(SecretId(Uuid::nil()));
        }
        let moved = moved?;
        if let Some(import) = self.verifier().take_went_live() {
            // Its secrets are none older than itself.
            self.warm_again(SecretId(Uuid::from_u128(import.0.as_u128() >> 80 << 80)));
        }
        if moved.is_some() || self.installations_due() {
            self.read_installations().await?;
        }
        if let Some(epoch) = moved {
            self.verifier().caught_up(epoch);
        }
        self.verifier().proven_fresh(asked_at);
        Ok(())
    }

    /// Secrets after this one are to be read into memory.
    fn warm_again(&self, after: SecretId) {
        let mut from = self.inner.warm_from.lock().unwrap_or_else(PoisonError::into_inner);
        *from = Some(from.map_or(after, |before| before.min(after)));
        drop(from);
        self.inner.warm_again.notify_one();
    }

    /// Reads every record into memory, and again when memory was forgotten; and those of imports.
    async fn keep_warm(self) {
        let mut after = SecretId(Uuid::nil());
        loop {
            self.warm(after).await;
            self.inner.warm_again.notified().await;
            let from = self.inner.warm_from.lock().unwrap_or_else(PoisonError::into_inner).take();
            after = from.unwrap_or(after);
        }
    }

    async fn warm(&self, mut after: SecretId) {
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
        let mut flushes = 0_u32;
        while next(&mut ticks, &mut stop).await {
            self.verifier().give_quotas_back(false).await;
            flushes = flushes.wrapping_add(1);
            if flushes.is_multiple_of(SAVE_LIMITS) {
                self.verifier().save_limits(self.now(), false).await;
            }
            self.verifier().flush_due_usage(self.now()).await;
            self.verifier().flush_trials().await;
            self.flush_session_uses().await;
            self.renew_used_secrets().await;
        }
    }

    async fn flush_refusals_until(self, mut stop: watch::Receiver<bool>) {
        let mut ticks = time::interval(FLUSH_REFUSALS);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while next(&mut ticks, &mut stop).await {
            self.verifier().flush_refusals().await;
            let began = self.detect_guessing().await;
            self.tell_guessing(began).await;
            self.tell_reached_limits().await;
        }
    }

    async fn trim_refusals_until(self, mut stop: watch::Receiver<bool>) {
        let mut ticks = time::interval(TRIM_REFUSALS);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while next(&mut ticks, &mut stop).await {
            if let Err(error) = self.inner.store.trim_refusals().await {
                tracing::warn!(%error, "refusals beyond their bounds could not be removed");
            }
        }
    }

    /// As above: a transaction that is dropped while it begins would stay open in the pool.
    async fn purge_until(self, mut stop: watch::Receiver<bool>) {
        let mut ticks = time::interval(PURGE);
        while next(&mut ticks, &mut stop).await {
            self.purge().await;
        }
    }

    /// So that few calls wait for a part of a quota. What is under way when this is dropped goes on in a task of its own.
    async fn lease_forever(self) {
        loop {
            self.verifier().lease_ahead().await;
            time::sleep(BETWEEN_LEASES).await;
        }
    }

    async fn beat_until(self, node: Uuid, mut stop: watch::Receiver<bool>) {
        let mut ticks = time::interval(BEAT);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while next(&mut ticks, &mut stop).await {
            self.verifier().beat(node).await;
        }
        self.verifier().leave(node).await;
    }

    async fn log_heads_forever(self) {
        let mut ticks = time::interval(HEADS);
        loop {
            ticks.tick().await;
            self.log_audit_heads().await;
        }
    }

    /// Removes what is too old, as happens once an hour. Nothing goes because a clock jumped.
    pub async fn purge(&self) {
        let now = match self.passed_time().await {
            Ok(Some(now)) => now,
            Ok(None) => return,
            Err(error) => return tracing::warn!(%error, "nobody knows how much time has passed; nothing is removed"),
        };
        if let Err(error) = self.inner.store.purge_sessions(sessions_ended(now)).await {
            tracing::warn!(%error, "ended sessions could not be removed");
        }
        if let Err(error) = self.inner.store.purge_challenges(now.plus_millis(-CHALLENGES_KEPT_MS)).await {
            tracing::warn!(%error, "answered challenges of passkeys could not be removed");
        }
        if let Err(error) = self.inner.store.purge_account_links(now).await {
            tracing::warn!(%error, "invitations and links for new passwords that have expired could not be removed");
        }
        if let Err(error) = self.inner.store.purge_letters(now.plus_millis(-LETTERS_KEPT_MS)).await {
            tracing::warn!(%error, "letters that were given up long ago could not be removed");
        }
        if let Err(error) = self.inner.store.erase_expired_handovers(now).await {
            tracing::warn!(%error, "secrets of hand-over links that have expired could not be erased");
        }
        if let Err(error) = self.roll_up_usage(now).await {
            tracing::warn!(%error, "old usage could not be rolled up into days");
        }
        self.purge_events(now).await;
        if let Err(error) = self.inner.store.purge_refusals(now.plus_millis(-REFUSAL_LIFE_MS)).await {
            tracing::warn!(%error, "refusals of more than a day ago could not be removed");
        }
        if let Err(error) = self.inner.store.purge_guessing(now.plus_millis(-GUESSING_KEPT_MS)).await {
            tracing::warn!(%error, "addresses that guessed keys long ago could not be removed");
        }
        if let Err(error) = self.inner.store.purge_leak_reports(now.plus_millis(-REPORTS_KNOWN_MS)).await {
            tracing::warn!(%error, "reports of leaks from long ago could not be forgotten");
        }
        if let Err(error) = self.inner.store.purge_trials(now.plus_millis(-TRIALS_KEPT_MS)).await {
            tracing::warn!(%error, "trials that ended long ago could not be removed");
        }
        if let Err(error) = self.verifier().read_imported().await {
            tracing::warn!(%error, "it could not be counted what was imported");
        }
        match self.inner.store.recount_keys().await {
            Ok(0) => {}
            Ok(installations) => tracing::error!(installations, "numbers of keys were wrong; they are counted anew"),
            Err(error) => tracing::warn!(%error, "keys could not be counted anew"),
        }
        if let Err(error) = self.inner.store.purge_limits(now, now.plus_millis(-QUOTAS_KEPT_MS)).await {
            tracing::warn!(%error, "what limits need no more could not be removed");
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
pub(crate) async fn next(ticks: &mut time::Interval, stop: &mut watch::Receiver<bool>) -> bool {
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
    /// Stops all of it, and writes the counted calls and the refusals down.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
        self.keydesk.end_of_limits().await;
        self.keydesk.verifier().flush_usage().await;
        self.keydesk.verifier().flush_refusals().await;
        self.keydesk.verifier().flush_trials().await;
    }
}
