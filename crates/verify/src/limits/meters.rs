//! The state of limits.
//!
//! A key's meters belong to the key, not to a secret and not to a record: whichever secret is sent, and however often the key is
//! edited, renamed or read again, it is the same state.

use std::sync::Arc;

use model::{Environment, InstallationId, Instant, KeyId, LimitName, RATE_LIMITS_MAX, RateState};

use super::{
    limit_state::LimitOwner,
    quota_state::{QuotaState, Unneeded},
    spec::Spec,
};
use crate::sync::{AtomicBool, Mutex, MutexGuard};

/// Whose limits they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    Key(KeyId),
    /// By its folded Client Name.
    Client(Environment, Box<str>),
    Installation,
}

impl Owner {
    pub(crate) fn label(&self) -> LimitOwner {
        match self {
            Self::Key(_) => LimitOwner::Key,
            Self::Client(..) => LimitOwner::Client,
            Self::Installation => LimitOwner::Installation,
        }
    }
}

/// The state of all limits of one key, client or installation.
#[derive(Debug)]
pub(crate) struct Meters {
    state: Mutex<State>,
    /// Whether they are in the list of those from which something was taken.
    pub(crate) is_used: AtomicBool,
    pub(crate) installation: InstallationId,
    pub(crate) owner: Owner,
}

#[derive(Debug)]
pub(crate) struct State {
    /// Of the change that the limits come from.
    epoch: i64,
    pub(crate) spec: Arc<Spec>,
    pub(crate) rates: [RateState; RATE_LIMITS_MAX],
    pub(crate) quotas: Box<[QuotaState]>,
    rest: Option<Box<Rest>>,
}

/// What most meters have none of.
#[derive(Debug, Default)]
struct Rest {
    /// Rate limits that were taken away: set anew under its name, a limit goes on from where it was.
    former: Vec<(LimitName, RateState)>,
    /// Parts of quotas that are to be given back.
    unneeded: Vec<(LimitName, Unneeded)>,
}

/// Names of limits that were taken away and are remembered.
const FORMER: usize = 8;

impl Meters {
    pub(crate) fn new(installation: InstallationId, owner: Owner) -> Self {
        let state = State {
            epoch: i64::MIN,
            spec: Arc::default(),
            rates: Default::default(),
            quotas: Box::default(),
            rest: None,
        };
        Self { state: Mutex::new(state), is_used: AtomicBool::new(false), installation, owner }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl State {
    /// Takes over the limits of a change, if none newer has been. What was taken counts on.
    pub(crate) fn adopt(&mut self, epoch: i64, spec: &Arc<Spec>, mut restored: impl FnMut(&LimitName) -> RateState) {
        if epoch < self.epoch {
            return;
        }
        self.epoch = epoch;
        if Arc::ptr_eq(spec, &self.spec) {
            return;
        }
        let before = std::mem::replace(&mut self.spec, Arc::clone(spec));
        let rates = std::mem::take(&mut self.rates);
        let mut quotas = std::mem::take(&mut self.quotas).into_vec();
        let mut former: Vec<_> =
            before.rates.iter().zip(rates).map(|(spec, state)| (spec.name.clone(), state)).collect();
        former.extend(self.rest.as_mut().map(|rest| std::mem::take(&mut rest.former)).unwrap_or_default());
        for (spec, state) in spec.rates.iter().zip(&mut self.rates) {
            let place = former.iter().position(|(name, _)| *name == spec.name);
            *state = place.map_or_else(|| restored(&spec.name), |place| former.swap_remove(place).1);
        }
        former.truncate(FORMER);
        if !former.is_empty() {
            self.rest.get_or_insert_default().former = former;
        }
        let mut kept = Vec::with_capacity(spec.quotas.len());
        for now in &spec.quotas {
            let place = before.quotas.iter().position(|quota| quota.name == now.name);
            let mut state = place.and_then(|place| quotas.get_mut(place)).map(std::mem::take).unwrap_or_default();
            if place.is_some_and(|place| before.quotas.get(place).is_none_or(|before| before.limit != now.limit)) {
                self.give_back(&now.name, state.change());
            }
            kept.push(state);
        }
        for (quota, mut state) in before.quotas.iter().zip(quotas) {
            self.give_back(&quota.name, state.take_left());
        }
        self.quotas = kept.into();
    }

    pub(crate) fn give_back(&mut self, name: &LimitName, unneeded: Option<Unneeded>) {
        if let Some(unneeded) = unneeded {
            self.rest.get_or_insert_default().unneeded.push((name.clone(), unneeded));
        }
    }

    /// A call held this of a quota and did not need it.
    pub(crate) fn release(&mut self, name: &LimitName, period_start: Instant, calls: u64) {
        let place = self.spec.quotas.iter().position(|quota| quota.name == *name);
        match place.and_then(|place| self.quotas.get_mut(place)) {
            Some(quota) if quota.period().start == period_start => quota.release(calls),
            // The period is over, or the quota was taken away.
            _ => self.give_back(name, Some(Unneeded { period_start, calls })),
        }
    }

    pub(crate) fn has_unneeded(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| !rest.unneeded.is_empty())
    }

    pub(crate) fn take_unneeded(&mut self) -> Vec<(LimitName, Unneeded)> {
        self.rest.as_mut().map(|rest| std::mem::take(&mut rest.unneeded)).unwrap_or_default()
    }

    /// Changes are counted anew from now on, and what was leased is forgotten.
    pub(crate) fn forget_history(&mut self) {
        self.epoch = i64::MIN;
        self.quotas.iter_mut().for_each(QuotaState::forget);
        self.take_unneeded();
    }

    /// Whether it is as if no call had been made, and nothing is to be remembered.
    pub(crate) fn is_idle(&self, tick: u64) -> bool {
        let full = |state: &RateState| state.0 <= tick;
        self.rates.iter().all(full)
            && self.quotas.iter().all(QuotaState::has_nothing)
            && self
                .rest
                .as_ref()
                .is_none_or(|rest| rest.unneeded.is_empty() && rest.former.iter().all(|(_, state)| full(state)))
    }

    /// The rate limits from which something was taken that is not given back yet, and when it will be.
    pub(crate) fn taken(&self, tick: u64) -> impl Iterator<Item = (&LimitName, u64)> {
        let rates = self.spec.rates.iter().map(|spec| &spec.name).zip(self.rates);
        rates.map(|(name, state)| (name, state.0)).filter(move |(_, full_at)| *full_at > tick)
    }
}
