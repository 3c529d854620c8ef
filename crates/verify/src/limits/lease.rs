//! Quotas are leased from the database in portions: so no number of nodes exceeds one, and most calls wait for nothing.
//!
//! A portion is what a node gives out in some seconds, and is leased before the one before is used up. What is not needed goes back
//! after ten seconds, and when a node stops; a node that dies loses its portion for that period. Of what is unused, a node leases at
//! most a share (half of it divided by the nodes), so little lies unused where a quota is nearly used up.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use model::{Instant, LimitName};
use store::{LimitOwnerRow, QuotaLease, QuotaLeased, Store, StoreError};

use tokio::sync::Notify;

use super::{Limits, Meters, Owner, lock, quota_state::Unneeded};

/// Meters whose quotas are leased in one transaction.
const BATCH: usize = 500;
/// Calls that may wait for a quota at once.
pub(crate) const MOST: usize = 4_096;
/// After the database could not be asked, calls are refused for so long without asking it, in nanoseconds.
const FAILED: u64 = 1_000_000_000;

/// Who waits for quotas to be leased.
#[derive(Default)]
pub(crate) struct Leases {
    asked: Mutex<Asked>,
    /// Held while the database is asked: whoever comes next asks for all that came meanwhile.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Told when quotas should be leased soon.
    pub(crate) soon: Notify,
    waiting: AtomicUsize,
    refused: AtomicU64,
    rounds: AtomicU64,
    failed_until: AtomicU64,
}

#[derive(Default)]
struct Asked {
    meters: Vec<Arc<Meters>>,
    /// By their addresses, which are theirs for as long as they are in the list.
    there: HashSet<usize>,
}

/// Held while a call waits for a quota.
pub(crate) struct Waiting<'a>(&'a Leases);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

impl Leases {
    /// Notes meters of which a quota should be leased.
    pub(crate) fn ask(&self, meters: &Arc<Meters>) {
        let mut asked = lock(&self.asked);
        if asked.there.insert(Arc::as_ptr(meters).addr()) {
            asked.meters.push(Arc::clone(meters));
            self.soon.notify_one();
        }
    }

    fn take(&self) -> Vec<Arc<Meters>> {
        let mut asked = lock(&self.asked);
        let from = asked.meters.len().saturating_sub(BATCH);
        let batch = asked.meters.split_off(from);
        for meters in &batch {
            asked.there.remove(&Arc::as_ptr(meters).addr());
        }
        batch
    }

    pub(crate) fn are_asked(&self) -> bool {
        !lock(&self.asked).meters.is_empty()
    }

    /// `None`: too many wait, or the database could not be asked just now.
    pub(crate) fn enter(&self, tick: u64) -> Option<Waiting<'_>> {
        if tick < self.failed_until.load(Relaxed) {
            self.refused.fetch_add(1, Relaxed);
            return None;
        }
        self.wait()
    }

    /// A place for a call that waits until others know whether they need what they hold. `None`: too many wait.
    pub(crate) fn wait(&self) -> Option<Waiting<'_>> {
        let before = self.waiting.fetch_add(1, Relaxed);
        let waiting = Waiting(self);
        if before < MOST {
            return Some(waiting);
        }
        self.refused.fetch_add(1, Relaxed);
        None
    }

    /// Calls that wait, calls that were refused since too many did, and transactions, since the start.
    pub(crate) fn counters(&self) -> (u64, u64, u64) {
        (self.waiting.load(Relaxed) as u64, self.refused.load(Relaxed), self.rounds.load(Relaxed))
    }
}

/// A lease that is asked for, and of whom.
struct Asking {
    meters: Arc<Meters>,
    name: LimitName,
    lease: QuotaLease,
}

impl Limits {
    /// Leases all quotas that were asked for, and gives back what is not needed.
    ///
    /// In a task of its own: a call that is given up meanwhile loses no portion.
    pub(crate) async fn lease(self: &Arc<Self>, store: &Store) -> Result<(), StoreError> {
        let turn = Arc::clone(&self.leases.turn).lock_owned().await;
        let batch = self.leases.take();
        if batch.is_empty() {
            return Ok(());
        }
        let (this, store) = (Arc::clone(self), store.clone());
        let round = tokio::spawn(async move {
            let leased = this.lease_batch(&store, batch).await;
            drop(turn);
            leased
        });
        // A round that panicked has said so; who still needs a portion asks again.
        round.await.unwrap_or(Ok(()))
    }

    async fn lease_batch(&self, store: &Store, batch: Vec<Arc<Meters>>) -> Result<(), StoreError> {
        self.leases.rounds.fetch_add(1, Relaxed);
        let asking: Vec<_> = batch.iter().flat_map(|meters| self.asking(meters)).collect();
        let leases: Vec<_> = asking.iter().map(|asking| asking.lease.clone()).collect();
        match store.lease_quotas(&leases).await {
            Ok(answers) => {
                asking.iter().zip(answers).for_each(|(asking, leased)| self.leased(asking, leased));
                Ok(())
            }
            Err(error) => {
                self.leases.failed_until.store(self.nanos().saturating_add(FAILED), Relaxed);
                asking.iter().for_each(not_leased);
                for asking in asking.iter().filter(|asking| asking.lease.given_back > 0) {
                    self.leases.ask(&asking.meters);
                }
                Err(error)
            }
        }
    }

    /// What is to be asked of the database for one key, client or installation.
    fn asking(&self, meters: &Arc<Meters>) -> Vec<Asking> {
        let tick = self.nanos();
        let mut state = meters.lock();
        let mut asking: Vec<Asking> = Vec::new();
        let new = |name: &LimitName, period_start: Instant| Asking {
            meters: Arc::clone(meters),
            name: name.clone(),
            lease: QuotaLease {
                installation: meters.installation,
                owner: owner_row(&meters.owner),
                name: name.clone(),
                period_start,
                given_back: 0,
                least: 0,
                most: 0,
                limit: 0,
                share: self.nodes().max(2).saturating_mul(2),
            },
        };
        for (name, Unneeded { period_start, calls }) in state.take_unneeded() {
            let mut one = new(&name, period_start);
            one.lease.given_back = calls;
            asking.push(one);
        }
        let spec = Arc::clone(&state.spec);
        for (spec, quota) in spec.quotas.iter().zip(&mut state.quotas) {
            let Some((least, most)) = quota.wants(tick) else { continue };
            let mut one = new(&spec.name, quota.period().start);
            (one.lease.least, one.lease.most, one.lease.limit) = (least, most, spec.limit);
            asking.push(one);
        }
        asking
    }

    fn leased(&self, asking: &Asking, leased: QuotaLeased) {
        if asking.lease.limit == 0 {
            return;
        }
        let mut state = asking.meters.lock();
        let spec = Arc::clone(&state.spec);
        let place = spec.quotas.iter().position(|quota| quota.name == asking.name);
        let quota = place.and_then(|place| Some((spec.quotas.get(place)?, state.quotas.get_mut(place)?)));
        let is_same = |limit: u64, start: Instant| limit == asking.lease.limit && start == asking.lease.period_start;
        match quota {
            Some((spec, quota)) if is_same(spec.limit, quota.period().start) => {
                quota.leased(leased.granted, leased.given, spec.limit, self.nanos());
                drop(state);
                self.used.note(&asking.meters);
            }
            // The period is over, or the limit is another one.
            _ if leased.given > 0 => {
                let unneeded = Unneeded { period_start: asking.lease.period_start, calls: leased.given };
                state.give_back(&asking.name, Some(unneeded));
                drop(state);
                self.leases.ask(&asking.meters);
            }
            _ => {}
        }
    }

    /// Gives back what was not needed for long, or all of it.
    pub(crate) fn give_back(&self, all: bool) {
        let tick = self.nanos();
        self.used.each(|meters| {
            let mut state = meters.lock();
            let spec = Arc::clone(&state.spec);
            let mut gives = false;
            for (index, spec) in spec.quotas.iter().enumerate() {
                let Some(quota) = state.quotas.get_mut(index) else { continue };
                let unneeded = if all { quota.change() } else { quota.idle(tick) };
                gives |= unneeded.is_some();
                state.give_back(&spec.name, unneeded);
            }
            gives |= state.has_unneeded();
            drop(state);
            if gives {
                self.leases.ask(meters);
            }
        });
    }

    /// The database is another one, or was set back: what was leased from it may be given out again.
    pub(crate) fn forget_history(&self) {
        self.all().iter().for_each(|meters| meters.lock().forget_history());
    }
}

fn not_leased(asking: &Asking) {
    let mut state = asking.meters.lock();
    if asking.lease.given_back > 0 {
        let unneeded = Unneeded { period_start: asking.lease.period_start, calls: asking.lease.given_back };
        return state.give_back(&asking.name, Some(unneeded));
    }
    let place = state.spec.quotas.iter().position(|quota| quota.name == asking.name);
    if let Some(quota) = place.and_then(|place| state.quotas.get_mut(place)) {
        quota.not_leased();
    }
}

pub(crate) fn owner_row(owner: &Owner) -> LimitOwnerRow {
    match owner {
        Owner::Key(key) => LimitOwnerRow::Key(*key),
        Owner::Client(environment, folded) => LimitOwnerRow::Client(*environment, folded.to_string()),
        Owner::Installation => LimitOwnerRow::Installation,
    }
}
