use super::{World, record::Record};
use crate::{
    event::{Actor, Body, Event, Subject},
    id::{AgentId, CallId},
    leg::{self, WrongState},
    log::{Cursor, JournalError},
    objects::{OfferResult, Relation},
};

impl World {
    /// Makes something happen at the present instant.
    ///
    /// # Errors
    /// [`WrongState`] if it can't happen to the leg that it is about; then it has not.
    pub(super) fn emit(&mut self, actor: Option<&Actor>, subject: Subject, body: Body) -> Result<(), WrongState> {
        if let Subject::Call(id) = subject
            && let Some(call) = self.state.call(id)
        {
            leg::check(call, &body)?;
        }
        let event = Event {
            seq: self.state.seq() + 1,
            at: self.now,
            subject,
            subject_seq: self.state.subject_seq(subject).unwrap_or_default() + 1,
            actor: actor.copied().map(Box::new),
            body,
        };
        self.touch_before(&event);
        let before = if let Subject::Call(id) = subject { self.state.call(id) } else { None };
        self.window.push(event.clone(), before);
        self.state.apply(&event);
        self.touch_after(&event);
        if self.journal.is_some() {
            self.batch.push(event);
        }
        Ok(())
    }

    /// Remembers whom an event concerns as things are before it.
    fn touch_before(&mut self, event: &Event) {
        if let Subject::Call(id) = event.subject {
            self.touch_agents_of(id);
            if let Body::OfferEnded(OfferResult::NoAnswer) = event.body {
                self.touched.missed.extend(self.state.call(id).and_then(|call| call.agent_id));
            }
        }
    }

    fn touch_after(&mut self, event: &Event) {
        match event.subject {
            Subject::Call(id) => {
                self.touched.calls.insert(id);
                self.touch_agents_of(id);
                let Some(call) = self.state.call(id) else { return };
                if let Body::Queued(_) | Body::OfferEnded(_) = event.body {
                    self.touched.route = true;
                }
                if let Body::Ended(_) = event.body {
                    self.touched.recordings.extend(call.recording_id);
                }
                // What an agent does with the customer depends on the colleague whom they ask, and the other way round.
                self.touched.calls.extend(call.consult_id);
                if call.relation == Relation::Consult {
                    self.touched.calls.extend(call.parent_id);
                }
            }
            Subject::Agent(id) => {
                if let Body::AgentChanged { now, .. } = event.body {
                    self.touched.route |= now.is_free();
                    self.set_agent(id);
                }
            }
            Subject::Recording(id) => {
                self.touched.recordings.insert(id);
            }
            Subject::Queue(id) => {
                // What becomes of its calls follows from its settings.
                if let Body::QueueUpdated(_) = event.body {
                    let live = self.state.live_calls().filter(|call| call.queue_id == Some(id));
                    self.touched.calls.extend(live.map(|call| call.id));
                    self.touched.route = true;
                }
            }
            Subject::Contact(_) | Subject::Lead(_) => {}
        }
    }

    fn touch_agents_of(&mut self, id: CallId) {
        let Some(call) = self.state.call(id) else { return };
        let asking = call.parent_id.filter(|_| call.relation == Relation::Consult);
        let asking: Option<AgentId> = asking.and_then(|parent| self.state.call(parent)).and_then(|call| call.agent_id);
        self.touched.agents.extend(call.agent_id.into_iter().chain(asking));
    }

    /// Puts what has happened at this instant into one line of the journal.
    ///
    /// # Errors
    /// [`JournalError::Form`].
    pub(super) fn seal(&mut self) -> Result<(), JournalError> {
        if let Some(journal) = &mut self.journal
            && !self.batch.is_empty()
        {
            journal.add(&Record::Events(std::mem::take(&mut self.batch)))?;
        }
        Ok(())
    }

    /// Hands what has happened to the operating system, and then how far that goes. Nobody is told of it before.
    ///
    /// # Errors
    /// [`JournalError::Io`]; then it waits on.
    pub(super) fn flush(&mut self) -> Result<(), JournalError> {
        if let Some(journal) = &mut self.journal {
            journal.flush()?;
        }
        let told = self.state.seq();
        if told > self.told {
            self.mark_told(told)?;
        }
        self.told = told;
        Ok(())
    }

    /// Writes beside the journal that everything up to an event may be told.
    pub(super) fn mark_told(&mut self, seq: u64) -> Result<(), JournalError> {
        let Some(mark) = &mut self.mark else { return Ok(()) };
        mark.tell(&Cursor { epoch: self.epoch.clone(), seq })
    }
}
