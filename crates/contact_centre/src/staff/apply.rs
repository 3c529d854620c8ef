use crate::{
    event::{Body, Event},
    objects::{Agent, Stay},
};

/// Makes an event's change to an agent.
pub fn apply(agent: &mut Agent, event: &Event) {
    if let Body::AgentChanged { now, previous, .. } = &event.body {
        let word = |status: &crate::objects::AgentStatus| (status.state(), status.routing.reason());
        if word(now) != word(previous) {
            agent.state_since = event.at;
        }
        if now.is_free() && !previous.is_free() {
            agent.idle_since = event.at;
        }
        agent.status = *now;
        agent.stays.push(Stay { since: event.at, status: *now });
    }
    agent.seq = event.seq;
    agent.subject_seq = event.subject_seq;
    agent.updated_at = event.at;
}
