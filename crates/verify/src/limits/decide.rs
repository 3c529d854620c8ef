//! The decision on a call by its limits.
//!
//! All limits of a call are locked, looked at, and only then taken from, in one order: the key's, its client's, its installation's. So
//! as many calls pass as the limits allow, however many come at once, and a refused call takes nothing.

use std::sync::Arc;

use model::{Instant, RATE_LIMITS_MAX, RateState, RateWait, Scope};
use tokio::sync::Notify;

use super::{
    elsewhere::{Answers, Asked, Elsewhere, Question},
    held::Held,
    limit_state::{LimitKind, LimitLabel, LimitState, RefusedBy, seconds_between},
    meters::{Meters, State},
    quota_state::QuotaLook,
    spec::applies,
    zones::Zones,
};
use crate::sync::MutexGuard;

/// What a call asks of limits.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// The scopes that it wants; `None`: every limit is looked at.
    pub(crate) wanted: Option<&'a [Scope]>,
    pub(crate) cost: u64,
    pub(crate) now: Instant,
    /// What was answered of rate limits that are decided elsewhere.
    pub(crate) answers: Option<&'a Answers>,
}

/// By what limits are decided besides.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    /// Nanoseconds of the clock that nobody sets.
    pub(crate) ticks: &'a dyn Fn() -> u64,
    pub(crate) zones: &'a Zones,
    /// Nodes that share rate limits.
    pub(crate) nodes: u64,
    pub(crate) elsewhere: Elsewhere,
    /// Told when it is known whether a call needs what it holds of quotas.
    pub(crate) settled: &'a Arc<Notify>,
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
    /// What was asked for elsewhere does not fit any more: the call is decided once more, without it.
    Again,
    /// Rate limits must be asked first that are not decided here.
    Elsewhere(Question),
    /// Other calls hold what is left of a quota: it is soon known whether they need it.
    Held,
}

/// A decision, and of which of the meters the database should be asked.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) decision: Decision,
    pub(crate) asks: [bool; OWNERS],
}

/// A key's, its client's, its installation's.
pub(crate) const OWNERS: usize = 3;

/// The limits of one owner while a call is decided.
struct Locked<'a> {
    meters: &'a Arc<Meters>,
    state: MutexGuard<'a, State>,
    /// Whose they are among the owners.
    owner: usize,
    /// Its rate limits if the call is taken from them.
    rates_after: [RateState; RATE_LIMITS_MAX],
}

/// What stands in the way of a call.
#[derive(Default)]
struct Look {
    longest: Option<(u64, RefusedBy, bool)>,
    elsewhere: Vec<Asked>,
    asks: [bool; OWNERS],
    /// Whether other calls hold what it needs.
    is_held: bool,
    /// Limits that apply to it.
    applying: usize,
}

impl Look {
    /// Among equals the first stays: so rates come before quotas, and the key's before the client's before the installation's.
    fn refuse(&mut self, label: LimitLabel, retry_after_seconds: Option<u64>, is_quota: bool) {
        let wait = retry_after_seconds.unwrap_or(u64::MAX);
        if self.longest.is_none_or(|(longest, ..)| wait > longest) {
            self.longest = Some((wait, RefusedBy { label, retry_after_seconds }, is_quota));
        }
    }
}

/// Decides a call by the limits of up to three owners, and takes from all of them if all let it pass.
pub(crate) fn decide(meters: [Option<&Arc<Meters>>; OWNERS], ask: Ask<'_>, around: Around<'_>) -> Decided {
    let mut owner = 0;
    let mut held = meters.map(|meters| {
        owner += 1;
        Some(lock(meters?, owner - 1))
    });
    // Read while all are locked: so no call is decided by an earlier time than the one before.
    let tick = (around.ticks)();
    let mut look = Look::default();
    held.iter_mut().flatten().for_each(|held| look_at_rates(held, ask, around, tick, &mut look));
    held.iter_mut().flatten().for_each(|held| look_at_quotas(held, ask, around, tick, &mut look));
    let decided = |decision, asks| Decided { decision, asks };
    if look.asks.contains(&true) {
        return decided(Decision::Asks, look.asks);
    }
    let passes = look.longest.is_none();
    if passes && look.is_held && (ask.answers.is_some() || look.elsewhere.is_empty()) {
        return decided(Decision::Held, look.asks);
    }
    if passes && !look.elsewhere.is_empty() && ask.answers.is_some() {
        // The limits are others than those that were asked for: what was taken and is held is given back first.
        return decided(Decision::Again, look.asks);
    }
    if passes && !look.elsewhere.is_empty() {
        // Where others hold what it needs it waits for them, unless a rate limit refuses it whatever they do.
        let (asked, takes) = (std::mem::take(&mut look.elsewhere), !look.is_held);
        let mut parts = Held::of(ask.cost, around.settled);
        if takes && ask.cost > 0 {
            held.iter_mut().flatten().for_each(|held| hold(held, ask, tick, &mut parts, &mut look));
        }
        return decided(
            Decision::Elsewhere(Question { asked, takes, held: parts, elsewhere: around.elsewhere }),
            look.asks,
        );
    }
    if passes && ask.cost > 0 && ask.answers.is_some_and(|answers| !answers.taken) {
        // What stood in its way when it was asked for elsewhere does so no longer.
        return decided(Decision::Again, look.asks);
    }
    let mut states = Vec::with_capacity(look.applying);
    for held in held.iter_mut().flatten() {
        look.asks[held.owner] |= settle(held, ask, around, tick, passes, &mut states);
    }
    let decision = match look.longest {
        None => Decision::Passes(states),
        Some((_, by, is_quota)) => Decision::Refused(states, by, is_quota),
    };
    decided(decision, look.asks)
}

fn lock(meters: &Arc<Meters>, owner: usize) -> Locked<'_> {
    let state = meters.lock();
    let rates_after = state.rates;
    Locked { meters, state, owner, rates_after }
}

/// Takes a call out of the quotas of one owner, for as long as its rate limits are decided elsewhere.
fn hold(held: &mut Locked<'_>, ask: Ask<'_>, tick: u64, parts: &mut Held, look: &mut Look) {
    let Locked { meters, state, owner, .. } = held;
    let State { spec, quotas, .. } = &mut **state;
    for (spec, quota) in spec.quotas.iter().zip(quotas).filter(|(spec, _)| applies(&spec.scopes, ask.wanted)) {
        look.asks[*owner] |= quota.hold(spec.limit, ask.cost, tick);
        parts.note(meters, &spec.name, quota.period().start);
    }
}

fn look_at_rates(held: &mut Locked<'_>, ask: Ask<'_>, around: Around<'_>, tick: u64, look: &mut Look) {
    let Locked { meters, state, owner, rates_after } = held;
    let State { spec, rates, .. } = &mut **state;
    for (index, ((spec, state), after)) in spec.rates.iter().zip(rates).zip(rates_after).enumerate() {
        if !applies(&spec.scopes, ask.wanted) {
            continue;
        }
        look.applying += 1;
        let place = (*owner, index);
        let label = || LimitLabel::new(meters.owner.label(), &spec.name);
        let is_elsewhere = around.elsewhere.decides(spec.rate, around.nodes);
        if is_elsewhere && let Some((taken_for, wait)) = ask.answers.and_then(|answers| answers.of(place, spec.rate)) {
            let there = RateState(tick.saturating_add(taken_for));
            *after = there;
            // What was taken with this call is given back if something else refuses it.
            if !ask.answers.is_some_and(|answers| answers.taken) {
                *state = there;
            }
            if let Some(wait) = wait {
                look.refuse(label(), wait.seconds(), false);
            }
            continue;
        }
        let share = if is_elsewhere { None } else { spec.rate.share(around.nodes) };
        let rate = share.unwrap_or(spec.rate);
        // With Redis what this node knows decides nothing: some of it may have been given back there.
        let known = if around.elsewhere == Elsewhere::All { RateState::default() } else { *state };
        match rate.take(known, ask.cost, tick) {
            Ok(_) if is_elsewhere => look.elsewhere.push(Asked {
                place,
                installation: meters.installation,
                owner: meters.owner.clone(),
                name: spec.name.clone(),
                rate,
                known: state.0.saturating_sub(tick).min(rate.tolerance()),
            }),
            Ok(taken) => *after = taken,
            // More than a share ever holds, but not more than the limit: with fewer nodes it passes.
            Err(RateWait::Never) if ask.cost <= spec.rate.burst() => {
                look.refuse(label(), RateWait::Nanos(rate.tolerance()).seconds(), false);
            }
            Err(wait) => look.refuse(label(), wait.seconds(), false),
        }
    }
}

fn look_at_quotas(held: &mut Locked<'_>, ask: Ask<'_>, around: Around<'_>, tick: u64, look: &mut Look) {
    let Locked { meters, state, owner, .. } = held;
    if state.quotas.is_empty() {
        return;
    }
    let specs = Arc::clone(&state.spec);
    for (index, spec) in specs.quotas.iter().enumerate() {
        if !applies(&spec.scopes, ask.wanted) {
            continue;
        }
        look.applying += 1;
        let Some(quota) = state.quotas.get_mut(index) else { continue };
        let unneeded = quota.turn(spec, around.zones, meters.installation, ask.now);
        let start = quota.period().start;
        let holds = ask.answers.is_some_and(|answers| answers.held.has(meters, &spec.name, start));
        let looked = if holds { QuotaLook::Passes } else { quota.look(spec.limit, ask.cost, tick, ask.now) };
        match looked {
            QuotaLook::Passes => {}
            QuotaLook::Held => look.is_held = true,
            QuotaLook::Refuses(wait) => look.refuse(LimitLabel::new(meters.owner.label(), &spec.name), wait, true),
            QuotaLook::Asks => look.asks[*owner] = true,
        }
        state.give_back(&spec.name, unneeded);
    }
}

/// Takes from the limits of one owner if the call passes, and tells where they stand. True: more of a quota should be leased soon.
fn settle(
    held: &mut Locked<'_>,
    ask: Ask<'_>,
    around: Around<'_>,
    tick: u64,
    passes: bool,
    states: &mut Vec<LimitState>,
) -> bool {
    let Locked { meters, state, rates_after, .. } = held;
    let State { spec, rates, quotas, .. } = &mut **state;
    let owner = meters.owner.label();
    if passes {
        *rates = *rates_after;
    }
    for (spec, state) in spec.rates.iter().zip(rates).filter(|(spec, _)| applies(&spec.scopes, ask.wanted)) {
        let is_elsewhere = around.elsewhere.decides(spec.rate, around.nodes);
        let share = if is_elsewhere { None } else { spec.rate.share(around.nodes) };
        let rate = share.unwrap_or(spec.rate);
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
    let mut soon = false;
    for (spec, quota) in spec.quotas.iter().zip(quotas).filter(|(spec, _)| applies(&spec.scopes, ask.wanted)) {
        if passes {
            let start = quota.period().start;
            match ask.answers.is_some_and(|answers| answers.held.spend(meters, &spec.name, start)) {
                true => quota.spend(ask.cost),
                false => soon |= quota.take(spec.limit, ask.cost, tick),
            }
        }
        let period = quota.period();
        states.push(LimitState {
            label: LimitLabel::new(owner, &spec.name),
            limit: spec.limit,
            remaining: quota.unused(spec.limit),
            kind: LimitKind::Quota {
                starts_at: period.start,
                resets_at: period.end,
                reset_seconds: seconds_between(ask.now, period.end),
            },
        });
    }
    soon
}
