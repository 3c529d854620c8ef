//! What a token for some queues reaches. What does not stand here is refused to it, so that nothing is forgotten.
//!
//! Each of these looks at the queues itself: a list leaves out what is of others, and a thing of others is refused. Contacts, leads, tables and
//! the figures of agents are of no queue; webhooks outlive a token; a world, its clock and its faults are everybody's.

use crate::operation::Operation;

/// Methods and paths, as operations name them.
const REACHED: &[(&str, &str)] = &[
    ("GET", "/calls"),
    ("GET", "/calls/{id}"),
    ("GET", "/calls/{id}/events"),
    ("GET", "/calls/by-root/{root_id}"),
    ("POST", "/calls/{id}/hangup"),
    ("POST", "/calls/{id}/transfer"),
    ("POST", "/calls/{id}/hold"),
    ("POST", "/calls/{id}/resume"),
    ("POST", "/calls/{id}/recording/pause"),
    ("POST", "/calls/{id}/recording/resume"),
    ("GET", "/wrap-codes"),
    ("GET", "/wraps"),
    ("GET", "/calls/{id}/wrap"),
    ("PUT", "/calls/{id}/wrap"),
    ("GET", "/recordings"),
    ("GET", "/recordings/{id}"),
    ("GET", "/recordings/{id}/content"),
    ("GET", "/agents"),
    ("GET", "/agents/{id}"),
    ("GET", "/agents/{id}/states"),
    ("GET", "/queues"),
    ("GET", "/queues/{id}"),
    ("GET", "/live/queues"),
    ("GET", "/live/queues/{id}"),
    ("GET", "/live/queues/{id}/expected-wait"),
    ("GET", "/live/accuracy"),
    ("GET", "/metrics/queues"),
    ("GET", "/metrics/summary"),
    ("GET", "/reports"),
    ("GET", "/reports/{name}"),
    ("GET", "/stream/agent-states"),
    ("GET", "/agent-states/snapshot"),
    ("GET", "/agent-states/events"),
    ("GET", "/stream/calls"),
    ("GET", "/live-calls"),
    ("GET", "/call-events"),
    ("GET", "/stream/queues"),
    ("GET", "/sandbox"),
    ("GET", "/sandbox/worlds"),
    ("GET", "/sandbox/clock"),
    ("POST", "/sandbox/calls"),
    ("GET", "/sandbox/conformance"),
    ("GET", "/changes"),
    ("GET", "/asyncapi.json"),
];

/// Whether a token for some queues may ask for it at all.
pub(crate) fn reaches(operation: &Operation) -> bool {
    REACHED.contains(&(operation.method, operation.path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::all;

    #[test]
    fn what_is_reached_is_there() {
        for reached in REACHED {
            assert!(all().any(|operation| (operation.method, operation.path) == *reached), "{reached:?}");
        }
        assert_eq!(all().filter(|operation| reaches(operation)).count(), REACHED.len());
    }
}
