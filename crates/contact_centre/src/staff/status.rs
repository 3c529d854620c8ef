use crate::objects::{Activity, AgentStatus, Reason, RoutingState};

/// What holds when an agent wants something: at once if they are idle, else when the call is over. The last wish wins.
pub fn wished(status: AgentStatus, wish: RoutingState) -> AgentStatus {
    if status.activity == Activity::Idle {
        AgentStatus { routing: wish, pending: None, ..status }
    } else {
        // Whoever wants what holds already takes an earlier wish back.
        AgentStatus { pending: (wish != status.routing).then_some(wish), ..status }
    }
}

/// What holds when the system has an agent do something else. A wish comes true when nothing is left to do.
pub fn with_activity(status: AgentStatus, activity: Activity) -> AgentStatus {
    let status = AgentStatus { activity, ..status };
    if activity == Activity::Idle { after_call(status) } else { status }
}

/// What holds when the call is over.
pub fn after_call(status: AgentStatus) -> AgentStatus {
    AgentStatus { routing: status.pending.unwrap_or(status.routing), activity: Activity::Idle, pending: None }
}

/// What holds when an offer was not answered: no more calls, unless the agent wanted something else before.
pub fn after_missed(status: AgentStatus) -> AgentStatus {
    let missed = RoutingState::NotReady(Reason::AutoNoAnswer);
    AgentStatus { pending: status.pending.or(Some(missed)), ..status }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAK: RoutingState = RoutingState::NotReady(Reason::Break);

    fn busy(routing: RoutingState, activity: Activity) -> AgentStatus {
        AgentStatus { routing, activity, pending: None }
    }

    #[test]
    fn the_last_wish_wins() {
        let wrapping = busy(BREAK, Activity::Wrapping);
        let asked = wished(wished(wrapping, RoutingState::Offline), RoutingState::Ready);
        assert_eq!(asked.routing, BREAK);
        assert_eq!(after_call(asked), busy(RoutingState::Ready, Activity::Idle));
    }

    #[test]
    fn a_wish_for_what_holds_takes_the_earlier_one_back() {
        let talking = busy(RoutingState::Ready, Activity::Talking);
        let asked = wished(wished(talking, BREAK), RoutingState::Ready);
        assert_eq!(asked.pending, None);
        assert_eq!(after_call(asked).routing, RoutingState::Ready);
    }

    #[test]
    fn a_call_that_nobody_took_leaves_what_the_agent_wanted_before() {
        let dialing = busy(BREAK, Activity::Dialing);
        assert_eq!(with_activity(dialing, Activity::Idle).routing, BREAK);
        let offered = busy(RoutingState::Ready, Activity::Offered);
        let missed = with_activity(after_missed(offered), Activity::Idle);
        assert_eq!(missed.routing, RoutingState::NotReady(Reason::AutoNoAnswer));
        let wanted = with_activity(after_missed(wished(offered, BREAK)), Activity::Idle);
        assert_eq!(wanted.routing, BREAK);
    }
}
