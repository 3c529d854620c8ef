use std::cmp::Reverse;

use super::{World, timers::What};
use crate::{
    event::{Actor, Body, Subject},
    id::{AgentId, CallId, QueueId},
    objects::{AgentStatus, Call},
    sim::callback_due,
    staff,
    state::State,
};

/// Rounds in which agents and calls are looked at. Each offers at least one call to an agent who was free, so more are never needed
/// than there are agents.
const ROUNDS_MAX: usize = 100_000;

impl World {
    /// Brings everything in line with what has happened: agents do what their legs have them do, free agents are offered calls, and
    /// what changed gets its next timer.
    pub(super) fn settle(&mut self, actor: Option<&Actor>) {
        for _ in 0..ROUNDS_MAX {
            while let Some(agent) = self.touched.agents.pop_first() {
                self.settle_agent(agent, actor);
            }
            if !std::mem::take(&mut self.touched.route) {
                break;
            }
            self.route();
        }
        while let Some(call) = self.touched.calls.pop_first() {
            self.set_call(call);
            if let Some(since) = self.state.callback_since(call) {
                self.set(callback_due(self.seed(), call, since, self.now), What::Callback(call));
            }
        }
        while let Some(recording) = self.touched.recordings.pop_first() {
            self.set_recording(recording);
        }
        self.touched.missed.clear();
    }

    fn settle_agent(&mut self, id: AgentId, actor: Option<&Actor>) {
        let missed = self.touched.missed.remove(&id);
        let Some(agent) = self.state.agent(id) else { return };
        let activity = self.state.activity_of(agent);
        let before = if missed { staff::after_missed(agent.status) } else { agent.status };
        let now = if activity == before.activity { before } else { staff::with_activity(before, activity) };
        self.change_agent(id, now, actor);
    }

    /// Makes an agent's change, if it is one.
    pub(super) fn change_agent(&mut self, id: AgentId, now: AgentStatus, actor: Option<&Actor>) {
        let Some(agent) = self.state.agent(id) else { return };
        if agent.status == now {
            return;
        }
        let call_id = agent.calls.last().copied();
        let body = Body::AgentChanged { now, previous: agent.status, previous_since: agent.state_since, call_id };
        // Only what is about a leg can be refused.
        let _ = self.emit(actor, Subject::Agent(id), body);
    }

    /// Offers waiting calls to free agents: queues of high priority first, in a queue who has waited longest, and to the agent who
    /// knows the queue best, of several to the one who has been idle longest.
    fn route(&mut self) {
        let free = self.state.agents().filter(|agent| agent.status.is_free() && agent.calls.is_empty());
        let mut free: Vec<_> = free.map(|agent| agent.id).collect();
        if free.is_empty() {
            return;
        }
        let mut queues: Vec<_> = self
            .state
            .queues()
            .filter_map(|queue| {
                let first = self.state.waiting(queue.id).next()?;
                Some((Reverse(queue.current().priority), first.instants.enqueued_at, queue.id))
            })
            .collect();
        queues.sort();
        for (_, _, queue) in queues {
            let knows =
                |state: &State, id: &AgentId| state.agent(*id).is_some_and(|agent| agent.level(queue).is_some());
            if !free.iter().any(|id| knows(&self.state, id)) {
                continue;
            }
            let waiting: Vec<_> = self.state.waiting(queue).map(|call| call.id).collect();
            for id in waiting {
                if let Some(agent) = self.best(&free, id, queue) {
                    self.offer(id, agent);
                    free.retain(|other| *other != agent);
                }
                if !free.iter().any(|id| knows(&self.state, id)) {
                    break;
                }
            }
        }
    }

    /// Who of the free agents is offered a call.
    fn best(&self, free: &[AgentId], call: CallId, queue: QueueId) -> Option<AgentId> {
        let call = self.state.call(call)?;
        let able = free.iter().filter_map(|id| self.state.agent(*id));
        let able = able.filter_map(|agent| Some((Reverse(agent.level(queue)?), agent.idle_since, agent.id)));
        able.filter(|(_, _, id)| !declined(call, *id)).min().map(|(_, _, id)| id)
    }

    fn offer(&mut self, call: CallId, agent: AgentId) {
        if self.emit(None, Subject::Call(call), Body::Offered(agent)).is_ok() {
            self.settle_agent(agent, None);
            self.touched.agents.remove(&agent);
        }
    }
}

/// Whether an agent was offered a call before and did not take it.
fn declined(call: &Call, agent: AgentId) -> bool {
    call.offers.iter().any(|offer| offer.agent_id == agent)
}
