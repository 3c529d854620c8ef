use std::borrow::Cow;

use serde::Serialize;

use super::World;
use crate::{
    event::{Event, Subject},
    id::AgentId,
    log::{Replay, Unreadable},
    objects::{AgentStatus, Call},
    view::{EventView, Rights},
};

impl World {
    /// Events after a place, in order, at most `limit`, and none that is not written yet.
    ///
    /// # Errors
    /// [`Unreadable`] if the log does not reach back so far, or not so far yet.
    pub fn events_after(&self, seq: u64, limit: usize) -> Result<impl Iterator<Item = &Event>, Unreadable> {
        let told = self.told;
        Ok(self.window.after_seq(seq)?.take_while(move |event| event.seq <= told).take(limit))
    }

    /// An event as a caller with these rights sees it, in the form of the wire.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn write_event<S: serde::Serializer>(
        &self,
        event: &Event,
        rights: Rights,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        self.write_next_event(&mut self.replay(), event, rights, serializer)
    }

    /// [`Self::write_event`] of one of several, each later than the one before.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn write_next_event<S: serde::Serializer>(
        &self,
        replay: &mut Replay<'_>,
        event: &Event,
        rights: Rights,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let call = self.call_after_next(replay, event);
        EventView::of(&self.state, &self.epoch, event, call, rights).serialize(serializer)
    }

    /// For [`Self::call_after_next`], from the oldest event that is kept.
    pub fn replay(&self) -> Replay<'_> {
        Replay::of(&self.window)
    }

    /// [`Self::call_after`] of one of several events, each later than the one before.
    pub fn call_after_next<'a>(&'a self, replay: &'a mut Replay<'_>, event: &Event) -> Option<&'a Call> {
        let now = match event.subject {
            Subject::Call(id) => self.state.call(id),
            _ => None,
        };
        replay.after(event, now)
    }

    /// The leg of an event as it was after it; none if it is about no leg.
    pub fn call_after(&self, event: &Event) -> Option<Call> {
        match event.subject {
            Subject::Call(id) => self.window.call_at(id, event.seq, self.state.call(id)),
            _ => None,
        }
    }

    /// Every leg that is remembered, as it was after event `seq`.
    ///
    /// # Errors
    /// [`Unreadable`] if the log does not reach back so far.
    pub fn calls_at(&self, seq: u64) -> Result<impl Iterator<Item = Cow<'_, Call>>, Unreadable> {
        self.window.reaches(seq)?;
        Ok(self.state.calls().filter_map(move |call| {
            if call.seq <= seq {
                return Some(Cow::Borrowed(call));
            }
            self.window.call_at(call.id, seq, Some(call)).map(Cow::Owned)
        }))
    }

    /// Legs that were not closed after event `seq`.
    ///
    /// # Errors
    /// [`Unreadable`] if the log does not reach back so far.
    pub fn live_calls_at(&self, seq: u64) -> Result<Vec<Call>, Unreadable> {
        self.window.reaches(seq)?;
        // What was live then is live now or has changed since.
        let changed = self.window.calls_changed_after(seq);
        let mut ids: Vec<_> = self.state.live_calls().map(|call| call.id).chain(changed).collect();
        ids.sort();
        ids.dedup();
        let calls = ids.into_iter().filter_map(|id| self.window.call_at(id, seq, self.state.call(id)));
        Ok(calls.filter(|call| call.closed_at.is_none()).collect())
    }

    /// What held of every agent after event `seq`, and since when.
    ///
    /// # Errors
    /// [`Unreadable`] if the log does not reach back so far.
    pub fn agents_at(&self, seq: u64) -> Result<Vec<(AgentId, AgentStatus, model::Instant)>, Unreadable> {
        let held = self.window.agents_at(seq)?;
        let of = |agent: &crate::objects::Agent| {
            let (status, since) = held.get(&agent.id).copied().unwrap_or((agent.status, agent.state_since));
            (agent.id, status, since)
        };
        Ok(self.state.agents().map(of).collect())
    }
}
