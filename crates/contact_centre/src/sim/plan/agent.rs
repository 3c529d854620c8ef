use model::Instant;

use crate::{
    id::CallId,
    objects::{Agent, Reason, RoutingState},
    seed::Seed,
    sim::Draws,
};

/// Between two attempts to call somebody back for whom nobody was free.
const AGAIN_MS: i64 = 60_000;

/// When an agent who missed a call is ready again; none of others.
pub(crate) fn next_of_agent(seed: Seed, agent: &Agent) -> Option<Instant> {
    let missed = agent.status.routing == RoutingState::NotReady(Reason::AutoNoAnswer);
    (missed && agent.calls.is_empty()).then(|| {
        let mut draws =
            Draws::of(Seed(seed.number("recovers", agent.state_since.as_millis().unsigned_abs())), "agent", agent.id.0);
        agent.state_since.plus_millis(draws.lognormal_ms(60_000, 0.7))
    })
}

/// When somebody who left a queue to be called back is called, strictly after an instant. Then it is tried once a minute.
pub(crate) fn callback_due(seed: Seed, call: CallId, since: Instant, after: Instant) -> Instant {
    let first = since.plus_millis(Draws::of(seed, "callback", call.0).between_ms(600_000, 2_400_000));
    if first > after {
        return first;
    }
    let tries = (after.as_millis() - first.as_millis()) / AGAIN_MS + 1;
    first.plus_millis(tries * AGAIN_MS)
}
