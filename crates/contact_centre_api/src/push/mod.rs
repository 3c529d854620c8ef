//! Push: what happens, as it happens, and the same log read by pulling.
//!
//! Each feed has paths, and so a right, of its own. A stream is server-sent events, or a WebSocket where the client asks for one.

mod asked_for;
mod handshake;
mod pulled;
mod socket;
mod sse;
mod streams;
mod words;

pub(crate) use streams::Pushed;

use crate::operation::{Operation, operations};

/// The routes of push.
pub(crate) const OPERATIONS: &[Operation] = operations! {
    GET "/stream/agent-states" "agent-states:subscribe" => streams::agent_states,
        "Follows what agents do, as server-sent events or by WebSocket.", ["agent_ids", "queue_ids", "types"], "" -> "";
    GET "/agent-states/snapshot" "agent-states:subscribe" => pulled::agents,
        "What every agent does at one place of the log.", ["agent_ids", "queue_ids", "as_of_seq"], "" -> "AgentStatesSnapshot";
    GET "/agent-states/events" "agent-states:subscribe" => pulled::agent_events,
        "Events of agents after a place of the log.", ["after", "limit", "agent_ids", "queue_ids", "types"], "" -> "EventPage";
    GET "/stream/calls" "calls:read" => streams::calls,
        "Follows calls, as server-sent events or by WebSocket.", ["agent_ids", "queue_ids", "types"], "" -> "";
    GET "/live-calls" "calls:read" => pulled::calls,
        "Every call that is not closed at one place of the log.", ["agent_ids", "queue_ids", "as_of_seq"], "" -> "LiveCallsSnapshot";
    GET "/call-events" "calls:read" => pulled::call_events,
        "Events of calls after a place of the log.", ["after", "limit", "agent_ids", "queue_ids", "types"], "" -> "EventPage";
    GET "/stream/queues" "live:read" => streams::queues,
        "Follows how queues stand, as server-sent events or by WebSocket.", ["queue_ids", "types"], "" -> "";
};
