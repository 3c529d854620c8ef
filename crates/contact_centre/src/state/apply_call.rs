use model::Instant;

use super::State;
use crate::{
    event::{Body, Event},
    id::{AgentId, CallId, RecordingId},
    leg,
    objects::{FlowedOutTo, OfferResult, Recording, RecordingStatus, Relation},
};

impl State {
    pub(super) fn apply_to_call(&mut self, id: CallId, event: &Event) {
        if let Some(call) = leg::begin(event) {
            self.calls_started += 1;
            self.live.insert(id);
            if let Some(parent) = call.parent_id {
                self.callbacks.remove(&parent);
                if call.relation == Relation::Consult {
                    self.begin_consult(parent, id);
                }
            }
            if let Some(agent) = call.agent_id {
                self.join(agent, id);
            }
            self.calls.insert(id, call);
            self.forget_calls();
            return;
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        let agent_before = call.agent_id;
        leg::apply(call, event);
        let (agent, queue, since) = (call.agent_id, call.queue_id, call.instants.enqueued_at);
        let recording = call.recording_id;
        let consult_of = if Self::is_consult(call) { call.parent_id } else { None };
        match &event.body {
            Body::Queued(_) => self.wait(queue, since, id),
            Body::Offered(agent) => {
                self.wait_no_more(queue, since, id);
                self.join(*agent, id);
            }
            Body::OfferEnded(result) => {
                if let Some(agent) = agent_before {
                    self.leave(agent, id);
                }
                if matches!(result, OfferResult::NoAnswer | OfferResult::Rejected) {
                    self.wait(queue, since, id);
                }
            }
            Body::Abandoned => self.wait_no_more(queue, since, id),
            Body::FlowedOut(to) => {
                self.wait_no_more(queue, since, id);
                if *to == FlowedOutTo::Callback {
                    self.callbacks.insert(id, event.at);
                }
            }
            Body::Ended(_) => self.end_recording(recording, event),
            Body::Closed => {
                self.live.remove(&id);
                if let Some(agent) = agent {
                    self.leave(agent, id);
                }
                if let Some(parent) = consult_of {
                    self.end_consult(parent, id);
                }
            }
            _ => {}
        }
    }

    pub(super) fn begin_recording(&mut self, id: RecordingId, call_id: CallId, event: &Event) {
        let Some(call) = self.calls.get(&call_id) else { return };
        let recording = Recording {
            id,
            call_id,
            root_id: call.root_id,
            agent_id: call.agent_id,
            status: RecordingStatus::Recording,
            started_at: event.at,
            ended_at: None,
            pauses: Vec::new(),
            retain_until: None,
            seq: event.seq,
            subject_seq: event.subject_seq,
            updated_at: event.at,
        };
        self.recordings.insert(id, recording);
    }

    /// Ends a recording with its leg. It has no event of its own then, but has changed.
    fn end_recording(&mut self, id: Option<RecordingId>, event: &Event) {
        if let Some(recording) = id.and_then(|id| self.recordings.get_mut(&id)) {
            recording.end_pause(event.at);
            recording.ended_at = Some(event.at);
            recording.status = RecordingStatus::Processing;
            recording.seq = event.seq;
            recording.updated_at = event.at;
        }
    }

    fn begin_consult(&mut self, parent: CallId, id: CallId) {
        let Some(call) = self.calls.get_mut(&parent) else { return };
        call.consult_id = Some(id);
        call.consults = call.consults.saturating_add(1);
        if let Some(asking) = call.agent_id {
            self.join(asking, id);
        }
    }

    fn end_consult(&mut self, parent: CallId, id: CallId) {
        let Some(call) = self.calls.get_mut(&parent) else { return };
        call.consult_id = None;
        if let Some(asking) = call.agent_id {
            self.leave(asking, id);
        }
    }

    fn join(&mut self, agent: AgentId, call: CallId) {
        if let Some(agent) = self.agents.get_mut(&agent)
            && !agent.calls.contains(&call)
        {
            agent.calls.push(call);
        }
    }

    fn leave(&mut self, agent: AgentId, call: CallId) {
        if let Some(agent) = self.agents.get_mut(&agent) {
            agent.calls.retain(|other| *other != call);
        }
    }

    fn wait(&mut self, queue: Option<crate::id::QueueId>, since: Option<Instant>, id: CallId) {
        if let (Some(queue), Some(since)) = (queue, since) {
            self.waiting.entry(queue).or_default().insert((since, id));
        }
    }

    fn wait_no_more(&mut self, queue: Option<crate::id::QueueId>, since: Option<Instant>, id: CallId) {
        if let (Some(waiting), Some(since)) = (queue.and_then(|queue| self.waiting.get_mut(&queue)), since) {
            waiting.remove(&(since, id));
        }
    }
}
