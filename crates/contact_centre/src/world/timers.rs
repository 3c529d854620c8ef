use std::cmp::Reverse;

use model::Instant;

use super::World;
use crate::{
    id::{AgentId, CallId, RecordingId},
    sim::{
        arrivals_in, callback_due, next_dial, next_minute, next_of_agent, next_of_call, next_of_recording, next_wish,
        opening,
    },
    state::Revisions,
};

/// When something has to be looked at. What is found then follows from what holds then; so a timer too many does no harm.
/// Those of one instant come in the order of their kinds and ids, whenever they were set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timer {
    pub(super) at: Instant,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// Queues open or close.
    Opening(usize),
    /// An agent's roster wants something.
    Roster(AgentId),
    /// An agent who missed a call is ready again.
    Recover(AgentId),
    /// A leg goes on.
    Call(CallId),
    /// A recording becomes available or is deleted.
    Recording(RecordingId),
    /// Somebody calls: a queue's place, and one of its callers of this minute.
    Arrive(usize, usize),
    /// Somebody is called back.
    Callback(CallId),
    /// An agent dials for a campaign.
    Dial(AgentId),
    /// The callers of a minute become known.
    Minute(usize),
    /// An interval is over.
    Interval,
}

impl World {
    pub(super) fn set(&mut self, at: Instant, what: What) {
        self.timers.push(Reverse(Timer { at, what }));
    }

    /// Sets every timer that what holds asks for, strictly after the present.
    pub(super) fn set_all(&mut self) {
        self.timers.clear();
        let after = self.now;
        for place in 0..self.queue_ids.len() {
            self.load_minute(place, next_minute(after).plus_millis(-60_000));
            self.set(next_minute(after), What::Minute(place));
            self.set_opening(place, after);
        }
        self.set(Revisions::start_of(after).plus_millis(Revisions::INTERVAL_MS), What::Interval);
        let agents: Vec<_> = self.state.agents().map(|agent| agent.id).collect();
        for agent in agents {
            self.set_roster(agent, after);
            self.set_agent(agent);
        }
        let calls: Vec<_> = self.state.live_calls().map(|call| call.id).collect();
        for call in calls {
            self.set_call(call);
        }
        let recordings: Vec<_> = self.state.recordings().map(|recording| recording.id).collect();
        for recording in recordings {
            self.set_recording(recording);
        }
        let callbacks: Vec<_> = self.state.callbacks().collect();
        for (call, since) in callbacks {
            self.set(callback_due(self.seed(), call, since, after), What::Callback(call));
        }
    }

    /// Reads who calls a queue in a minute, and sets a timer for each who is still to come.
    pub(super) fn load_minute(&mut self, place: usize, minute: Instant) {
        let Some(queue) = self.queue_ids.get(place).and_then(|id| self.state.queue(*id)) else { return };
        let arrivals = arrivals_in(&self.config, queue, place, minute);
        let after = self.now;
        let timers = arrivals.iter().enumerate().filter(|(_, arrival)| arrival.at > after);
        self.timers.extend(timers.map(|(n, arrival)| Reverse(Timer { at: arrival.at, what: What::Arrive(place, n) })));
        if let Some(minute) = self.minutes.get_mut(place) {
            *minute = arrivals;
        }
    }

    pub(super) fn set_opening(&mut self, place: usize, after: Instant) {
        if let Some(queue) = self.queue_ids.get(place).and_then(|id| self.state.queue(*id)) {
            let (_, next) = opening(&queue.hours, &queue.timezone, after);
            self.set(next, What::Opening(place));
        }
    }

    pub(super) fn set_roster(&mut self, id: AgentId, after: Instant) {
        let next = self.state.agent(id).and_then(|agent| next_wish(self.seed(), agent, after));
        if let Some((at, _)) = next {
            self.set(at, What::Roster(id));
        }
    }

    /// Sets what an agent does by themselves as things are.
    pub(super) fn set_agent(&mut self, id: AgentId) {
        let Some(agent) = self.state.agent(id) else { return };
        let recovers = next_of_agent(self.seed(), agent);
        let dials = next_dial(self.seed(), agent, self.now);
        if let Some(at) = recovers {
            self.set(at.max(self.now.plus_millis(1)), What::Recover(id));
        }
        if let Some(at) = dials {
            self.set(at, What::Dial(id));
        }
    }

    pub(super) fn set_call(&mut self, id: CallId) {
        let next = self.state.call(id).and_then(|call| next_of_call(self.seed(), &self.state, call));
        if let Some((at, _)) = next {
            self.set(at.max(self.now.plus_millis(1)), What::Call(id));
        }
    }

    pub(super) fn set_recording(&mut self, id: RecordingId) {
        let next = self.state.recording(id).and_then(|recording| next_of_recording(self.seed(), recording));
        if let Some((at, _)) = next {
            self.set(at.max(self.now.plus_millis(1)), What::Recording(id));
        }
    }
}
