use crate::objects::{Activity, Call, LegState, Relation};

/// The part that an agent has in a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Speaks in it, or is rung for it.
    Own,
    /// Asked for the consultation.
    Asks,
}

/// What legs have an agent do: of several the first in the published order. So whoever asks a colleague while the customer waits has the
/// customer on hold, as the leg says, and each moment counts as one thing.
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
        Activity::Consulting => 3,
        Activity::Talking => 4,
        Activity::Held => 5,
        Activity::Wrapping => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::{AgentState, AgentStatus, RoutingState};

    #[test]
    fn of_several_the_first_holds_that_the_published_order_names() {
        let state = |activity| AgentStatus { routing: RoutingState::Ready, activity, pending: None }.state();
        let mut ranked = Activity::ALL.to_vec();
        ranked.sort_by_key(|activity| std::cmp::Reverse(rank(*activity)));
        let states: Vec<_> = ranked.into_iter().map(state).filter(|state| *state != AgentState::Ready).collect();
        let order = AgentState::ALL.iter().copied();
        let published: Vec<_> = order.filter(|state| states.contains(state)).collect();
        assert_eq!((states.len(), &states), (6, &published));
    }
}
