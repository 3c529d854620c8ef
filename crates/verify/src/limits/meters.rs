//! The state of limits, and the decision by it.
//!
//! A key's meters belong to the key, not to a secret and not to a record: whichever secret is sent, and however often the key is
//! edited, renamed or read again, it is the same state. All limits of a call are locked, looked at, and only then taken from, in one
//! order: the key's, its client's, its installation's. So as many calls pass as the limits allow, however many come at once, and a
//! refused call takes nothing.

use std::sync::Arc;

use model::{Environment, InstallationId, Instant, KeyId, LimitName, RATE_LIMITS_MAX, RateState, RateWait, Scope};

use super::{
    limit_state::{LimitKind, LimitLabel, LimitOwner, LimitState, RefusedBy},
    quota_state::{QuotaLook, QuotaState, Unneeded},
    spec::{Spec, applies},
    zones::Zones,
};
use crate::sync::{Mutex, MutexGuard};

/// Whose limits they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    Key(KeyId),
    /// By its folded Client Name.
    Client(Environment, Box<str>),
    Installation,
}

impl Owner {
    fn label(&self) -> LimitOwner {
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
    pub(crate) installation: InstallationId,
    pub(crate) owner: Owner,
}

#[derive(Debug)]
pub(crate) struct State {
    /// Of the change that the limits come from.
    epoch: i64,
    pub(crate) spec: Arc<Spec>,
    rates: [RateState; RATE_LIMITS_MAX],
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

/// What a call asks of limits.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// The scopes that it wants; `None`: every limit is looked at.
    pub(crate) wanted: Option<&'a [Scope]>,
    pub(crate) cost: u64,
    pub(crate) now: Instant,
}

/// By what limits are decided besides.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    /// Nanoseconds of the clock that nobody sets.
    pub(crate) ticks: &'a dyn Fn() -> u64,
    pub(crate) zones: &'a Zones,
    /// Nodes that share rate limits.
    pub(crate) nodes: u64,
}

/// The decision on a call by its limits.
#[derive(Debug)]
pub(crate) enum Decision {
    /// Taken from all limits that applied.
    Passes(Vec<LimitState>),
    /// Taken from none. By a quota: the second is true.
    Refused(Vec<LimitState>, RefusedBy, bool),
    /// The database must be asked first.
    Asks,
}

/// A decision, and of which of the meters the database should be asked.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) decision: Decision,
    pub(crate) asks: [bool; OWNERS],
}

/// A key's, its client's, its installation's.
pub(crate) const OWNERS: usize = 3;

impl Meters {
    pub(crate) fn new(installation: InstallationId, owner: Owner) -> Self {
        let state = State {
            epoch: i64::MIN,
            spec: Arc::default(),
            rates: Default::default(),
            quotas: Box::default(),
            rest: None,
        };
        Self { state: Mutex::new(state), installation, owner }
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

    pub(crate) fn take_unneeded(&mut self) -> Vec<(LimitName, Unneeded)> {
        self.rest.as_mut().map(|rest| std::mem::take(&mut rest.unneeded)).unwrap_or_default()
    }

    /// Changes are counted anew from now on, and what was leased is forgotten.
    pub(crate) fn forget_history(&mut self) {
        self.epoch = i64::MIN;
        for quota in &mut self.quotas {
            let _ = quota.change();
        }
        self.take_unneeded();
    }

    /// Whether it is as if no call had been made, and nothing is to be remembered.
    pub(crate) fn is_idle(&self, tick: u64) -> bool {
        let full = |state: &RateState| state.0 <= tick;
        self.rates.iter().all(full)
            && self.quotas.iter().all(|quota| quota.left() == 0)
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

struct Refusals {
    longest: Option<(u64, RefusedBy, bool)>,
}

impl Refusals {
    /// Among equals the first stays: so rates come before quotas, and the key's before the client's before the installation's.
    fn add(&mut self, label: LimitLabel, retry_after_seconds: Option<u64>, is_quota: bool) {
        let wait = retry_after_seconds.unwrap_or(u64::MAX);
        if self.longest.is_none_or(|(longest, ..)| wait > longest) {
            self.longest = Some((wait, RefusedBy { label, retry_after_seconds }, is_quota));
        }
    }
}

/// Decides a call by the limits of up to three owners, and takes from all of them if all let it pass.
pub(crate) fn decide(meters: [Option<&Meters>; OWNERS], ask: Ask<'_>, around: Around<'_>) -> Decided {
    let mut guards = meters.map(|meters| meters.map(|meters| (meters, meters.lock())));
    // Read while all are locked: so no call is decided by an earlier time than the one before.
    let tick = (around.ticks)();
    let mut refusals = Refusals { longest: None };
    let mut rates_after = [[RateState::default(); RATE_LIMITS_MAX]; OWNERS];
    let mut asks = [false; OWNERS];
    let mut applying = 0;
    for ((meters, state), after) in
        guards.iter_mut().zip(&mut rates_after).filter_map(|(guard, after)| Some((guard.as_mut()?, after)))
    {
        let owner = meters.owner.label();
        let State { spec, rates, .. } = &mut **state;
        *after = *rates;
        for ((spec, state), after) in spec.rates.iter().zip(rates).zip(after) {
            if !applies(&spec.scopes, ask.wanted) {
                continue;
            }
            applying += 1;
            // A limit below the number of nodes is one at a time for each of them; `Limits` has it leased before.
            let rate = spec.rate.share(around.nodes).unwrap_or(spec.rate);
            match rate.take(*state, ask.cost, tick) {
                Ok(taken) => *after = taken,
                Err(wait) => {
                    let label = LimitLabel::new(owner, &spec.name);
                    // A share is all that there is of a limit here, but what is more than the limit itself never passes.
                    let wait = if ask.cost > spec.rate.burst() { RateWait::Never } else { wait };
                    refusals.add(label, wait.seconds(), false);
                }
            }
        }
    }
    let mut is_asking = false;
    for ((meters, state), asks) in
        guards.iter_mut().zip(&mut asks).filter_map(|(guard, asks)| Some((guard.as_mut()?, asks)))
    {
        let owner = meters.owner.label();
        let specs = Arc::clone(&state.spec);
        for (index, spec) in specs.quotas.iter().enumerate() {
            if !applies(&spec.scopes, ask.wanted) {
                continue;
            }
            applying += 1;
            let Some(quota) = state.quotas.get_mut(index) else { continue };
            let unneeded = quota.turn(spec, around.zones, meters.installation, ask.now);
            match quota.look(spec.limit, ask.cost, tick, ask.now) {
                QuotaLook::Passes => {}
                QuotaLook::Refuses(wait) => refusals.add(LimitLabel::new(owner, &spec.name), wait, true),
                QuotaLook::Asks => (is_asking, *asks) = (true, true),
            }
            state.give_back(&spec.name, unneeded);
        }
    }
    if is_asking {
        return Decided { decision: Decision::Asks, asks };
    }
    let passes = refusals.longest.is_none();
    let mut states = Vec::with_capacity(applying);
    for (((meters, state), after), asks) in guards
        .iter_mut()
        .zip(&rates_after)
        .zip(&mut asks)
        .filter_map(|((guard, after), asks)| Some(((guard.as_mut()?, after), asks)))
    {
        let owner = meters.owner.label();
        let State { spec, rates, quotas, .. } = &mut **state;
        if passes {
            *rates = *after;
        }
        for (spec, state) in spec.rates.iter().zip(rates).filter(|(spec, _)| applies(&spec.scopes, ask.wanted)) {
            let rate = spec.rate.share(around.nodes).unwrap_or(spec.rate);
            *state = rate.settle(*state, tick);
            states.push(LimitState {
                label: LimitLabel::new(owner, &spec.name),
                limit: spec.limit,
                remaining: rate.remaining(*state, tick),
                kind: LimitKind::Rate {
                    window_seconds: spec.window_seconds,
                    reset_seconds: rate.reset_seconds(*state, tick),
                },
            });
        }
        for (spec, quota) in spec.quotas.iter().zip(quotas).filter(|(spec, _)| applies(&spec.scopes, ask.wanted)) {
            if passes {
                *asks |= quota.take(spec.limit, ask.cost, tick);
            }
            let period = quota.period();
            states.push(LimitState {
                label: LimitLabel::new(owner, &spec.name),
                limit: spec.limit,
                remaining: quota.unused(spec.limit),
                kind: LimitKind::Quota {
                    starts_at: period.start,
                    resets_at: period.end,
                    reset_seconds: super::limit_state::seconds_between(ask.now, period.end),
                },
            });
        }
    }
    let decision = match refusals.longest {
        None => Decision::Passes(states),
        Some((_, by, is_quota)) => Decision::Refused(states, by, is_quota),
    };
    Decided { decision, asks }
}
