use std::cmp::Reverse;

use model::Instant;

use super::{
    World,
    timers::{Timer, What},
};
use crate::{
    event::{Body, Subject},
    log::JournalError,
    objects::{AgentState, RecordingStatus},
    sim::{candidate, next_minute, next_of_agent, next_of_call, next_of_recording, next_wish, opening},
    staff,
    state::Revisions,
};

/// Lines that wait for the file, in bytes, before they are written within a long way.
const WRITE_AT: usize = 1 << 18;

impl World {
    /// Has everything happen that is due by the machine's time, at most `steps` instants of it. Says whether the world has caught up.
    ///
    /// # Errors
    /// [`JournalError`]: what has happened since the last time that it could be written is not written yet. Nobody is to be told
    /// of it; the next call tries again.
    pub fn advance(&mut self, real: Instant, steps: usize) -> Result<bool, JournalError> {
        self.flush()?;
        let target = self.clock.at(real).max(self.now);
        for _ in 0..steps {
            let Some(next) = self.timers.peek().map(|timer| timer.0.at).filter(|at| *at <= target) else {
                self.now = target;
                self.flush()?;
                self.keep_journal_short()?;
                return Ok(true);
            };
            self.now = next.max(self.now);
            self.happen(next);
            self.settle(None);
            self.seal()?;
            if self.journal.as_ref().is_some_and(|journal| journal.waiting() >= WRITE_AT) {
                self.flush()?;
            }
        }
        self.flush()?;
        Ok(false)
    }

    /// Everything that is due at one instant.
    fn happen(&mut self, at: Instant) {
        while let Some(Reverse(timer)) = self.timers.peek().copied().filter(|timer| timer.0.at <= at) {
            self.timers.pop();
            self.look(timer);
        }
    }

    fn look(&mut self, timer: Timer) {
        let at = timer.at;
        match timer.what {
            What::Opening(place) => self.open_or_close(place, at),
            What::Roster(agent) => self.follow_roster(agent, at),
            What::Recover(id) => {
                let due = self.state.agent(id).and_then(|agent| next_of_agent(self.seed(), agent));
                if due.is_some_and(|due| due <= at)
                    && let Some(agent) = self.state.agent(id)
                {
                    let now = staff::wished(agent.status, crate::objects::RoutingState::Ready);
                    self.change_agent(id, now, None);
                }
            }
            What::Call(id) => {
                let next = self.state.call(id).and_then(|call| next_of_call(self.seed(), &self.state, call));
                if let Some((_, step)) = next.filter(|(due, _)| *due <= at) {
                    self.step(id, step);
                }
            }
            What::Recording(id) => self.look_at_recording(id, at),
            What::Arrive(place, n) => self.arrive(place, n),
            What::Callback(id) => self.call_back(id, at),
            What::Dial(id) => self.dial(id, at),
            What::Minute(place) => {
                self.load_minute(place, at);
                self.set(next_minute(at), What::Minute(place));
            }
            What::Interval => self.close_interval(at),
        }
    }

    fn open_or_close(&mut self, place: usize, at: Instant) {
        let Some(queue) = self.queue_ids.get(place).and_then(|id| self.state.queue(*id)) else { return };
        let (open, _) = opening(&queue.hours, &queue.timezone, at);
        if open != queue.open {
            let body = if open { Body::QueueOpened } else { Body::QueueClosed };
            let _ = self.emit(None, Subject::Queue(queue.id), body);
        }
        self.set_opening(place, at);
    }

    fn follow_roster(&mut self, id: crate::id::AgentId, at: Instant) {
        let Some(agent) = self.state.agent(id) else { return };
        if let Some((_, wish)) = next_wish(self.seed(), agent, at.plus_millis(-1)).filter(|(due, _)| *due == at) {
            let actor = crate::event::Actor::agent(id);
            self.change_agent(id, staff::wished(agent.status, wish), Some(&actor));
        }
        self.set_roster(id, at);
    }

    fn look_at_recording(&mut self, id: crate::id::RecordingId, at: Instant) {
        let next = self.state.recording(id).and_then(|recording| next_of_recording(self.seed(), recording));
        let body = match next.filter(|(due, _)| *due <= at) {
            Some((_, RecordingStatus::Available)) => {
                Body::RecordingAvailable(at.plus_millis(self.config.bounds.recordings_ms))
            }
            Some((_, RecordingStatus::Deleted)) => Body::RecordingDeleted,
            _ => return,
        };
        let _ = self.emit(None, Subject::Recording(id), body);
    }

    fn dial(&mut self, id: crate::id::AgentId, at: Instant) {
        let Some(agent) = self.state.agent(id).filter(|agent| agent.status.is_free() && agent.calls.is_empty()) else {
            return;
        };
        match candidate(&self.state, at) {
            Some(dial) => self.dial_lead(id, &dial),
            None => {
                if let Some(next) = crate::sim::next_dial(self.seed(), agent, at) {
                    self.set(next, What::Dial(id));
                }
            }
        }
    }

    /// Tells that an interval is over: of every queue, and of every agent who was there.
    fn close_interval(&mut self, at: Instant) {
        let start = at.plus_millis(-Revisions::INTERVAL_MS);
        let there =
            |agent: &&crate::objects::Agent| agent.status.state() != AgentState::Offline || agent.state_since > start;
        let agents = self.state.agents().filter(there).map(|agent| Subject::Agent(agent.id));
        let subjects: Vec<_> = self.state.queues().map(|queue| Subject::Queue(queue.id)).chain(agents).collect();
        for subject in subjects {
            let revision = self.state.revisions().get(subject, start).map_or(0, |last| last.revision);
            let _ = self.emit(None, subject, Body::IntervalClosed { start, revision });
        }
        self.set(at.plus_millis(Revisions::INTERVAL_MS), What::Interval);
    }
}
