use std::collections::{HashMap, VecDeque};

use crate::{
    event::{Body, Event, Subject},
    id::{AgentId, CallId},
    leg,
    log::weight,
    objects::{AgentStatus, Call},
};

/// The newest events, bounded in number, age and bytes, and what is needed to say what held after each of them.
#[derive(Clone, Debug)]
pub struct Window {
    events: VecDeque<Event>,
    trails: HashMap<CallId, Trail>,
    /// The last event, also when none is kept.
    newest: u64,
    /// What events and trails take.
    bytes: usize,
    events_max: usize,
    events_ms: i64,
    bytes_max: usize,
}

/// The events about one leg that are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    /// The leg before the first of them; none if that begins it.
    pub(super) base: Option<Box<Call>>,
    pub(super) seqs: VecDeque<u64>,
}

impl Trail {
    fn weight(&self) -> usize {
        self.base.as_deref().map_or(0, weight::of_call)
    }
}

/// Why events after a place can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Some are no longer kept.
    #[error("the place is older than the log reaches back")]
    TooOld,
    /// There was no such event.
    #[error("the place lies after the end of the log")]
    Future,
    /// Events were lost since.
    #[error("the place is of another epoch")]
    OtherEpoch,
}

impl Unreadable {
    /// The word that a stream gives as reason of its reset.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooOld => "too_old",
            Self::Future => "from_the_future",
            Self::OtherEpoch => "other_epoch",
        }
    }
}

impl Window {
    /// An empty window after an event.
    pub fn after(seq: u64, events_max: usize, events_ms: i64, bytes_max: usize) -> Self {
        let (events, trails) = (VecDeque::new(), HashMap::new());
        Self { events, trails, newest: seq, bytes: 0, events_max, events_ms, bytes_max }
    }

    /// Takes the next event in, and forgets what is too old or too much. `before` is what held of its leg, if it is about one.
    pub fn push(&mut self, event: Event, before: Option<&Call>) {
        if let Subject::Call(id) = event.subject {
            let trail = self.trails.entry(id).or_insert_with(|| {
                let trail = Trail { base: before.cloned().map(Box::new), seqs: VecDeque::new() };
                self.bytes += trail.weight();
                trail
            });
            trail.seqs.push_back(event.seq);
        }
        self.newest = event.seq;
        self.bytes += weight::of_event(&event);
        let before = event.at.plus_millis(-self.events_ms);
        self.events.push_back(event);
        while self.is_over() || self.events.front().is_some_and(|oldest| oldest.at < before) {
            self.forget_oldest();
        }
    }

    /// Whether more is kept than there is room for.
    fn is_over(&self) -> bool {
        self.events.len() > self.events_max || (self.bytes > self.bytes_max && !self.events.is_empty())
    }

    fn forget_oldest(&mut self) {
        let Some(event) = self.events.pop_front() else { return };
        self.bytes = self.bytes.saturating_sub(weight::of_event(&event));
        let Subject::Call(id) = event.subject else { return };
        let Some(trail) = self.trails.get_mut(&id) else { return };
        trail.seqs.pop_front();
        self.bytes = self.bytes.saturating_sub(trail.weight());
        if trail.seqs.is_empty() {
            self.trails.remove(&id);
            return;
        }
        match &mut trail.base {
            Some(base) => leg::apply(base, &event),
            base @ None => *base = leg::begin(&event).map(Box::new),
        }
        self.bytes += trail.weight();
    }

    /// Bytes of memory that it takes, roughly.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The last event.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// The first place after which everything can be read.
    pub fn oldest(&self) -> u64 {
        self.newest - self.events.len() as u64
    }

    /// Every event that is kept, in order.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator {
        self.events.iter()
    }

    /// Looks whether everything after a place can be read.
    ///
    /// # Errors
    /// [`Unreadable::TooOld`] and [`Unreadable::Future`].
    pub fn reaches(&self, seq: u64) -> Result<(), Unreadable> {
        if seq < self.oldest() {
            return Err(Unreadable::TooOld);
        }
        if seq > self.newest {
            return Err(Unreadable::Future);
        }
        Ok(())
    }

    /// Events after a place, in order.
    ///
    /// # Errors
    /// [`Unreadable::TooOld`] and [`Unreadable::Future`].
    pub fn after_seq(&self, seq: u64) -> Result<impl ExactSizeIterator<Item = &Event>, Unreadable> {
        self.reaches(seq)?;
        let from = usize::try_from(seq - self.oldest()).unwrap_or(usize::MAX);
        Ok(self.events.range(from.min(self.events.len())..))
    }

    /// An event; none if it is not kept.
    pub fn event(&self, seq: u64) -> Option<&Event> {
        let place = seq.checked_sub(self.oldest() + 1)?;
        self.events.get(usize::try_from(place).ok()?)
    }

    /// Events about a leg that are kept, in order.
    pub fn events_of_call(&self, id: CallId) -> impl Iterator<Item = &Event> {
        self.trail(id).into_iter().flat_map(|trail| &trail.seqs).filter_map(|seq| self.event(*seq))
    }

    /// How many events about a leg are kept.
    pub fn event_count_of_call(&self, id: CallId) -> usize {
        self.trail(id).map_or(0, |trail| trail.seqs.len())
    }

    pub(super) fn trail(&self, id: CallId) -> Option<&Trail> {
        self.trails.get(&id)
    }

    /// What held of a leg after event `seq`; none if it had not begun. `now` is what holds.
    pub fn call_at(&self, id: CallId, seq: u64, now: Option<&Call>) -> Option<Call> {
        let Some(trail) = self.trails.get(&id).filter(|trail| trail.seqs.back().is_some_and(|last| *last > seq)) else {
            return now.cloned();
        };
        let mut call = trail.base.as_deref().cloned();
        for event in trail.seqs.iter().take_while(|other| **other <= seq).filter_map(|seq| self.event(*seq)) {
            match &mut call {
                Some(call) => leg::apply(call, event),
                None => call = leg::begin(event),
            }
        }
        call
    }

    /// Legs that have changed after event `seq`.
    pub fn calls_changed_after(&self, seq: u64) -> impl Iterator<Item = CallId> {
        self.trails
            .iter()
            .filter(move |(_, trail)| trail.seqs.back().is_some_and(|last| *last > seq))
            .map(|(id, _)| *id)
    }

    /// What held after event `seq`, and since when, of agents of whom something else holds now.
    ///
    /// # Errors
    /// [`Unreadable::TooOld`] and [`Unreadable::Future`].
    pub fn agents_at(&self, seq: u64) -> Result<HashMap<AgentId, (AgentStatus, model::Instant)>, Unreadable> {
        let mut held = HashMap::new();
        // Once through the log for all of them.
        for event in self.after_seq(seq)? {
            if let (Subject::Agent(id), Body::AgentChanged { previous, previous_since, .. }) =
                (event.subject, &event.body)
            {
                held.entry(id).or_insert((*previous, *previous_since));
            }
        }
        Ok(held)
    }

    /// Legs as they were before the first event about them that is kept; for a journal that is written anew.
    pub(crate) fn bases(&self) -> impl Iterator<Item = &Call> {
        self.events
            .iter()
            .filter_map(|event| match event.subject {
                Subject::Call(id) => self.trails.get(&id).filter(|trail| trail.seqs.front() == Some(&event.seq)),
                _ => None,
            })
            .filter_map(|trail| trail.base.as_deref())
    }

    /// Takes in an event of before, when a journal is read. `base` is its leg before it, where it is the first that is kept.
    pub(crate) fn restore(&mut self, event: Event, bases: &mut HashMap<CallId, Call>) {
        let base = match event.subject {
            Subject::Call(id) => bases.remove(&id),
            _ => None,
        };
        self.push(event, base.as_ref());
    }
}
