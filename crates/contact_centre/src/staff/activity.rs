use crate::objects::{Activity, Call, LegState, Relation};

/// The part that an agent has in a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Speaks in it, or is rung for it.
    Own,
    /// Asked for the consultation.
    Asks,
}

/// What legs have an agent do. Who speaks with a colleague does that, whoever waits meanwhile.
pub fn activity<'a>(legs: impl Iterator<Item = (&'a Call, Part)>) -> Activity {
    legs.map(|(call, part)| of_leg(call, part)).max_by_key(|activity| rank(*activity)).unwrap_or(Activity::Idle)
}

fn of_leg(call: &Call, part: Part) -> Activity {
    let consult = call.relation == Relation::Consult;
    match call.state {
        LegState::Closed => Activity::Idle,
        LegState::Wrapping => Activity::Wrapping,
        _ if part == Part::Asks => Activity::Consulting,
        LegState::Connected | LegState::Held if consult => Activity::Consulting,
        LegState::Alerting if consult => Activity::Offered,
        LegState::Connected => Activity::Talking,
        LegState::Held => Activity::Held,
        LegState::Requested | LegState::Dialing | LegState::Alerting => Activity::Dialing,
        LegState::Offered => Activity::Offered,
        LegState::Ivr | LegState::Queued => Activity::Idle,
    }
}

const fn rank(activity: Activity) -> u8 {
    match activity {
        Activity::Idle => 0,
        Activity::Offered => 1,
        Activity::Dialing => 2,
        Activity::Talking => 3,
        Activity::Held => 4,
        Activity::Wrapping => 5,
        Activity::Consulting => 6,
    }
}
