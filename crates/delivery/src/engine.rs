use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::{StreamExt as _, stream::FuturesUnordered};
use model::PlainSecret;
use tokio::{
    sync::{Notify, Semaphore, watch},
    task::JoinSet,
    time::{self, Instant},
};
use uuid::Uuid;

use crate::{
    Answer, Batch, Client, Due, InvalidUrl, Message, Next, Outbox, OutboxError, Outcome, WebhookUrl,
    leases::{Leases, RENEWED},
    next, sign,
};

/// Receivers that are delivered to at once. Others wait for the next look.
const RECEIVERS_AT_ONCE: usize = 64;
/// Requests to one receiver at once.
const REQUESTS_AT_ONCE: usize = 16;
/// Deliveries that are read at once.
const BATCH: usize = 64;
/// How often it is looked for what has become due, when nobody says that anything has.
const LOOK: Duration = Duration::from_secs(1);
/// How long answers are collected that are written down together, if others are still waited for.
const TOGETHER: Duration = Duration::from_millis(100);
/// How long deliveries that are under way may take when it is time to stop.
const LAST: Duration = Duration::from_secs(5);

/// How many deliveries have ended how, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineCounters {
    /// Accepted.
    pub delivered: u64,
    /// Failed, and to be tried again.
    pub failed: u64,
    /// Given up after 3 days.
    pub parked: u64,
    /// Looks at which too many receivers were delivered to already.
    pub crowded: u64,
}

/// Where a delivery goes, and with what it is signed.
type Addressed = (Result<WebhookUrl, InvalidUrl>, Vec<PlainSecret>);

/// What delivers. Cheap to clone.
#[derive(Debug)]
pub struct Engine<O>(Arc<Inner<O>>);

impl<O> Clone for Engine<O> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct Inner<O> {
    outbox: O,
    client: Client,
    holder: Uuid,
    leases: Leases,
    /// Receivers that are delivered to by this process.
    busy: Mutex<HashSet<Uuid>>,
    places: Arc<Semaphore>,
    signals: Arc<Signals>,
}

/// What goes between an engine and whoever started it: that something may be due, and what was done.
#[derive(Debug, Default)]
pub struct Signals {
    hinted: Notify,
    delivered: AtomicU64,
    failed: AtomicU64,
    parked: AtomicU64,
    crowded: AtomicU64,
}

impl Signals {
    /// Something may be due: it is looked for at once.
    pub fn hint(&self) {
        self.hinted.notify_one();
    }

    /// How deliveries have ended.
    pub fn counters(&self) -> EngineCounters {
        EngineCounters {
            delivered: self.delivered.load(Relaxed),
            failed: self.failed.load(Relaxed),
            parked: self.parked.load(Relaxed),
            crowded: self.crowded.load(Relaxed),
        }
    }

    fn count(&self, next: Next) {
        let counter = match next {
            Next::Delivered => &self.delivered,
            Next::At(_) => &self.failed,
            Next::Parked => &self.parked,
        };
        counter.fetch_add(1, Relaxed);
    }
}

impl<O: Outbox> Engine<O> {
    /// An engine that holds leases by this name, which no other process has.
    pub fn new(outbox: O, client: Client, holder: Uuid, signals: Arc<Signals>) -> Self {
        Self(Arc::new(Inner {
            outbox,
            client,
            holder,
            leases: Leases::default(),
            busy: Mutex::default(),
            places: Arc::new(Semaphore::new(RECEIVERS_AT_ONCE)),
            signals,
        }))
    }

    /// Delivers until it is told to stop.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        let mut looks = time::interval(LOOK);
        looks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut renewals = time::interval(RENEWED);
        renewals.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopped(&mut stop) => break,
                _ = renewals.tick() => {
                    self.renew().await;
                    continue;
                }
                _ = looks.tick() => {}
                () = self.0.signals.hinted.notified() => {}
                Some(_) = under_way.join_next() => continue,
            }
            self.begin(&mut under_way).await;
        }
        let _ = time::timeout(LAST, async { while under_way.join_next().await.is_some() {} }).await;
        under_way.shutdown().await;
        for receiver in self.0.leases.held() {
            // One that is left is taken over when it has stood still for a while.
            let _ = self.0.outbox.release(receiver, self.0.holder).await;
        }
    }

    /// Does something that one process at a time does, if no other does it now.
    pub async fn alone(&self, place: Uuid, work: impl Future<Output = ()>) -> Result<(), OutboxError> {
        if !self.take(place).await? {
            return Ok(());
        }
        work.await;
        self.0.leases.drop(place);
        self.0.outbox.release(place, self.0.holder).await
    }

    /// Looks once, and delivers what is due. For whoever waits for it.
    pub async fn deliver(&self) {
        let mut under_way = JoinSet::new();
        let mut renewals = time::interval_at(Instant::now() + RENEWED, RENEWED);
        self.begin(&mut under_way).await;
        loop {
            tokio::select! {
                _ = renewals.tick() => self.renew().await,
                joined = under_way.join_next() => if joined.is_none() { return },
            }
        }
    }

    async fn renew(&self) {
        if self.0.leases.held().is_empty() {
            return;
        }
        let asked_at = Instant::now();
        if let Ok(still) = self.0.outbox.renew(self.0.holder).await {
            self.0.leases.renew(&still, asked_at);
        }
    }

    /// Begins to deliver to every receiver at which something is due, and to which nobody delivers.
    async fn begin(&self, under_way: &mut JoinSet<()>) {
        let Ok(receivers) = self.0.outbox.receivers().await else { return };
        self.0.leases.keep(&receivers);
        for receiver in receivers {
            if self.busy().contains(&receiver) {
                continue;
            }
            let Ok(place) = Arc::clone(&self.0.places).try_acquire_owned() else {
                self.0.signals.crowded.fetch_add(1, Relaxed);
                return;
            };
            self.busy().insert(receiver);
            let this = self.clone();
            under_way.spawn(async move {
                // Given back also when this is dropped in the middle; the lease then is left to run out.
                let busy = Busy(&this, receiver);
                // It has been logged, and is tried again.
                let _ = this.deliver_to(receiver).await;
                drop((busy, place));
            });
        }
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, HashSet<Uuid>> {
        self.0.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn deliver_to(&self, receiver: Uuid) -> Result<(), OutboxError> {
        if !self.take(receiver).await? {
            return Ok(());
        }
        let delivered = self.drain(receiver).await;
        self.0.leases.drop(receiver);
        self.0.outbox.release(receiver, self.0.holder).await?;
        delivered
    }

    async fn take(&self, receiver: Uuid) -> Result<bool, OutboxError> {
        let asked_at = Instant::now();
        let from = self.0.outbox.lease(receiver).await?;
        if from.is_some_and(|lease| lease.holder != self.0.holder && !self.0.leases.is_lost(receiver, lease)) {
            return Ok(false);
        }
        let taken = self.0.outbox.take(receiver, self.0.holder, from).await?;
        if taken {
            self.0.leases.hold(receiver, asked_at);
        }
        Ok(taken)
    }

    /// Delivers until nothing is due or the lease is lost. Whoever is waited for holds up nothing but what has to come after it.
    async fn drain(&self, receiver: Uuid) -> Result<(), OutboxError> {
        let (mut waiting, mut under_way) = (VecDeque::new(), FuturesUnordered::new());
        // The places of both.
        let mut taken = HashSet::new();
        let mut ended = Ok(());
        while ended.is_ok() && self.0.leases.is_held(receiver) {
            if waiting.is_empty() && under_way.len() < REQUESTS_AT_ONCE {
                match self.0.outbox.batch(receiver, BATCH).await {
                    Ok(Some(Batch { url, secrets, due })) => {
                        let to = Arc::new((url, secrets));
                        let new = due.into_iter().filter(|due| taken.insert(due.position));
                        waiting.extend(new.map(|due| (Arc::clone(&to), due)));
                    }
                    Ok(None) => break,
                    Err(error) => {
                        ended = Err(error);
                        break;
                    }
                }
            }
            if waiting.is_empty() && under_way.is_empty() {
                return Ok(());
            }
            let begun = Instant::now();
            let mut outcomes = Vec::new();
            loop {
                while under_way.len() < REQUESTS_AT_ONCE {
                    let Some((to, due)) = waiting.pop_front() else { break };
                    under_way.push(self.attempt(receiver, to, due));
                }
                let until = begun + if outcomes.is_empty() { LOOK } else { TOGETHER };
                tokio::select! {
                    () = time::sleep_until(until) => break,
                    tried = under_way.next() => {
                        let Some((position, outcome)) = tried else { break };
                        taken.remove(&position);
                        outcomes.extend(outcome);
                    }
                }
            }
            ended = self.settle(receiver, outcomes).await;
        }
        // What was sent is answered, whoever delivers next.
        let rest: Vec<_> = under_way.collect().await;
        let settled = self.settle(receiver, rest.into_iter().filter_map(|(_, outcome)| outcome).collect()).await;
        ended.and(settled)
    }

    async fn settle(&self, receiver: Uuid, outcomes: Vec<Outcome>) -> Result<(), OutboxError> {
        if outcomes.is_empty() {
            return Ok(());
        }
        outcomes.iter().for_each(|outcome| self.0.signals.count(outcome.next));
        self.0.outbox.settle(receiver, outcomes).await
    }

    /// Tries a delivery, if it is still to be tried: its place, and how that ended.
    async fn attempt(&self, receiver: Uuid, to: Arc<Addressed>, due: Due) -> (i64, Option<Outcome>) {
        let position = due.position;
        let Some(due) = self.0.outbox.still(receiver, due) else { return (position, None) };
        let at = self.0.outbox.now();
        let (since, attempts) = (due.since, due.attempts.saturating_add(1));
        let (url, secrets) = &*to;
        let answer = self.send(url.as_ref(), secrets, due, at.as_millis().div_euclid(1_000)).await;
        let next = next(&answer, attempts, since, self.0.outbox.now(), rand::random());
        (position, Some(Outcome { position, at, answer, next }))
    }

    async fn send(
        &self,
        url: Result<&WebhookUrl, &InvalidUrl>,
        secrets: &[PlainSecret],
        due: Due,
        timestamp: i64,
    ) -> Answer {
        let url = match url {
            Ok(url) => url,
            Err(error) => return Answer { text: format!("the address {error}"), ..Answer::default() },
        };
        match sign(secrets, due.event, timestamp, &due.body) {
            Ok(signature) => {
                let message = Message { id: due.event, timestamp, signature, body: due.body };
                self.0.client.send(url, message).await
            }
            Err(error) => Answer { text: error.to_string(), ..Answer::default() },
        }
    }
}

/// Waits until it is time to stop, and holds nothing afterwards.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A receiver that is delivered to.
struct Busy<'a, O: Outbox>(&'a Engine<O>, Uuid);

impl<O: Outbox> Drop for Busy<'_, O> {
    fn drop(&mut self) {
        self.0.busy().remove(&self.1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use model::Instant as Moment;

    use super::*;
    use crate::{Lease, Policy, SystemResolver};

    /// An outbox without deliveries, that counts how often its leases are moved on.
    #[derive(Default)]
    struct Empty(AtomicUsize);

    const RECEIVER: Uuid = Uuid::from_u128(1);

    impl Outbox for Empty {
        fn now(&self) -> Moment {
            Moment::from_millis(0)
        }

        async fn receivers(&self) -> Result<Vec<Uuid>, OutboxError> {
            Ok(Vec::new())
        }

        async fn batch(&self, _: Uuid, _: usize) -> Result<Option<Batch>, OutboxError> {
            Ok(None)
        }

        async fn settle(&self, _: Uuid, _: Vec<Outcome>) -> Result<(), OutboxError> {
            Ok(())
        }

        async fn lease(&self, _: Uuid) -> Result<Option<Lease>, OutboxError> {
            Ok(None)
        }

        async fn take(&self, _: Uuid, _: Uuid, _: Option<Lease>) -> Result<bool, OutboxError> {
            Ok(true)
        }

        async fn renew(&self, _: Uuid) -> Result<Vec<Uuid>, OutboxError> {
            self.0.fetch_add(1, Relaxed);
            Ok(vec![RECEIVER])
        }

        async fn release(&self, _: Uuid, _: Uuid) -> Result<(), OutboxError> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn leases_are_moved_on_while_any_are_held_and_only_then() {
        let client = Client::new(Policy::default(), Arc::new(SystemResolver), &[]).unwrap();
        let engine = Engine::new(Empty::default(), client, Uuid::from_u128(2), Arc::default());
        engine.renew().await;
        assert_eq!(engine.0.outbox.0.load(Relaxed), 0);
        engine.0.leases.hold(RECEIVER, Instant::now());
        for moved in 1..=10 {
            time::advance(RENEWED).await;
            engine.renew().await;
            assert_eq!(engine.0.outbox.0.load(Relaxed), moved);
        }
        assert!(engine.0.leases.is_held(RECEIVER), "whoever delivers slowly goes on");
    }
}
