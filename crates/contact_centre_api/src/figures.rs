//! Legs, as figures of a range and of a `seq` are made of them.

use std::{borrow::Cow, collections::HashMap};

use contact_centre::{
    id::CallId,
    metrics::Leg,
    objects::Call,
    state::State,
    world::{AsOf, World},
};
use model::{Instant, PeriodBounds};

use crate::{
    begun::begun_at,
    protocol::{Problem, kinds},
};

/// The longest range of figures, in milliseconds: what the usual world remembers.
pub(crate) const RANGE_MAX_MS: i64 = 36 * 86_400_000;

/// Legs that can count in a range, as they were at one `seq`.
pub(crate) struct Legs<'a> {
    state: &'a State,
    calls: Vec<Cow<'a, Call>>,
    /// Of legs that have changed since.
    places: HashMap<CallId, usize>,
    as_of: AsOf,
}

impl<'a> Legs<'a> {
    /// Those of a range, as they are, or as they were after an event that is still kept.
    ///
    /// # Errors
    /// 410 if it is not, 422 if it has not been.
    pub(crate) fn of(world: &'a World, range: PeriodBounds, as_of_seq: Option<u64>) -> Result<Self, Problem> {
        let as_of = match as_of_seq.filter(|seq| *seq != world.state().seq()) {
            None => world.as_of(),
            Some(seq) => at_seq(world, seq)?,
        };
        Self::at(world, range, as_of)
    }

    /// Those of a range, as they were where something was true.
    fn at(world: &'a World, range: PeriodBounds, as_of: AsOf) -> Result<Self, Problem> {
        let state = world.state();
        let counts = |call: &Call| {
            let closed_before = call.closed_at.is_some_and(|closed| closed < range.start);
            !closed_before && begun_at(call.root_id.0) < range.end
        };
        let calls: Vec<_> = if as_of.seq == state.seq() {
            state.calls().filter(|call| counts(call)).map(Cow::Borrowed).collect()
        } else {
            let then = world.calls_at(as_of.seq).map_err(|_| Problem::new(&kinds::AS_OF_LOST))?;
            then.filter(|call| counts(call)).collect()
        };
        Ok(Self::of_calls(state, calls, as_of))
    }

    /// These legs, for whoever knows which count, as they were where something was true.
    ///
    /// # Errors
    /// 410 if that is no longer known.
    pub(crate) fn among(world: &'a World, ids: impl IntoIterator<Item = CallId>, as_of: AsOf) -> Result<Self, Problem> {
        let (state, window) = (world.state(), world.window());
        window.reaches(as_of.seq).map_err(|_| Problem::new(&kinds::AS_OF_LOST))?;
        let then = |id| match state.call(id) {
            Some(call) if call.seq <= as_of.seq => Some(Cow::Borrowed(call)),
            now => window.call_at(id, as_of.seq, now).map(Cow::Owned),
        };
        Ok(Self::of_calls(state, ids.into_iter().filter_map(then).collect(), as_of))
    }

    fn of_calls(state: &'a State, calls: Vec<Cow<'a, Call>>, as_of: AsOf) -> Self {
        let changed = calls.iter().enumerate().filter(|(_, call)| matches!(call, Cow::Owned(_)));
        let places = changed.map(|(place, call)| (call.id, place)).collect();
        Self { state, calls, places, as_of }
    }

    /// Up to where they are true.
    pub(crate) fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// Each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Leg<'_>> + Clone {
        self.calls.iter().map(move |call| Leg::new(call, |id| self.find(id)))
    }

    /// A leg that another came from. It can be out of the range.
    fn find(&self, id: CallId) -> Option<&Call> {
        let then = self.places.get(&id).and_then(|place| self.calls.get(*place)).map(|call| &**call);
        then.or_else(|| self.state.call(id))
    }
}

/// What held after an event, and until when.
fn at_seq(world: &World, seq: u64) -> Result<AsOf, Problem> {
    if seq > world.state().seq() {
        return Err(Problem::field("as_of_seq", "has not been yet"));
    }
    let at = world.window().event(seq).map(|event| event.at);
    Ok(AsOf { seq, at: at.ok_or(Problem::new(&kinds::AS_OF_LOST))? })
}

/// A range that somebody asked for.
///
/// # Errors
/// 422 if it ends before it begins, or is longer than what is remembered.
pub(crate) fn range(from: Instant, to: Instant) -> Result<PeriodBounds, Problem> {
    if to <= from {
        return Err(Problem::field("to", "must be later than from"));
    }
    if to.as_millis() - from.as_millis() > RANGE_MAX_MS {
        return Err(Problem::field("to", "must be no more than 36 days after from"));
    }
    Ok(PeriodBounds { start: from, end: to })
}
