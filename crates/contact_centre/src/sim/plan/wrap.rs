use std::collections::BTreeMap;

use crate::{
    objects::{Call, Direction, Wrap, WrittenBy},
    seed::Seed,
    sim::{Draws, WRAP_CODES},
};

const COMMENTS: [&str; 8] = [
    "Order confirmed, dispatch tomorrow.",
    "Invoice explained; customer will pay by transfer.",
    "Router restarted, line is stable.",
    "Wants an offer in writing.",
    "Address changed.",
    "Complaint noted, refund approved.",
    "Asked for the opening hours of the store.",
    "Will think about it.",
];

/// What a simulated agent notes of a leg. Who does so is known; when is the event's.
pub(crate) fn wrap_of(seed: Seed, call: &Call, at: model::Instant) -> Wrap {
    let mut draws = Draws::of(seed, "wrap", call.id.0);
    let outbound = call.direction == Direction::Outbound;
    let codes: Vec<_> = WRAP_CODES.iter().filter(|code| outbound || !code.code.starts_with("sale_")).collect();
    let code = codes.get(draws.below(codes.len())).map_or("other", |code| code.code);
    let comments =
        draws.chance(0.4).then(|| COMMENTS.get(draws.below(COMMENTS.len())).copied().unwrap_or_default().into());
    let callback_at = (code == "callback").then(|| at.plus_millis(draws.between_ms(1, 48) * 3_600_000));
    Wrap {
        code: code.into(),
        comments,
        data: BTreeMap::new(),
        callback_at,
        by: WrittenBy { agent_id: call.agent_id, key_id: None },
        late: false,
        revision: 0,
        created_at: at,
        written_at: at,
    }
}
