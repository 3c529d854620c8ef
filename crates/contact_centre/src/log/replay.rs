use std::collections::HashMap;

use super::window::Window;
use crate::{
    event::{Event, Subject},
    id::CallId,
    leg,
    objects::Call,
};

/// Legs as they were after one event and another, in the order of the log. Each leg is followed through its events once, however many of them are
/// asked for: [`Window::call_at`] of each would begin at the first of them again.
#[derive(Debug)]
pub struct Replay<'a> {
    window: &'a Window,
    legs: HashMap<CallId, Followed>,
    steps: usize,
}

/// A leg after some of its events that are kept.
#[derive(Debug)]
struct Followed {
    call: Option<Box<Call>>,
    next: usize,
}

impl<'a> Replay<'a> {
    /// Through the events of a window.
    pub fn of(window: &'a Window) -> Self {
        Self { window, legs: HashMap::new(), steps: 0 }
    }

    /// The leg of an event as it was after it; none if it is about no leg. `now` is what holds of it. An event is not older than one of the same
    /// leg that was asked for before.
    pub fn after<'s>(&'s mut self, event: &Event, now: Option<&'s Call>) -> Option<&'s Call> {
        let Subject::Call(id) = event.subject else { return None };
        let trail = self.window.trail(id).filter(|trail| trail.seqs.back().is_some_and(|last| *last > event.seq));
        let Some(trail) = trail else { return now };
        let followed = self.legs.entry(id).or_insert_with(|| Followed { call: trail.base.clone(), next: 0 });
        while let Some(seq) = trail.seqs.get(followed.next).filter(|seq| **seq <= event.seq) {
            if let Some(event) = self.window.event(*seq) {
                match &mut followed.call {
                    Some(call) => leg::apply(call, event),
                    None => followed.call = leg::begin(event).map(Box::new),
                }
            }
            followed.next += 1;
            self.steps += 1;
        }
        followed.call.as_deref()
    }

    /// How many events were gone through: no more than are kept of the legs that were asked for.
    pub fn steps(&self) -> usize {
        self.steps
    }
}
