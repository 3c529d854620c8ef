use contact_centre::{
    event::{Body, Subject},
    id::AgentId,
    objects::{AgentState, Reason, RoutingState},
    world::{Refusal, World},
};

use crate::support::{call, connected, free_agent, key, now, pass, until, want, world};

const BREAK: RoutingState = RoutingState::NotReady(Reason::Break);
const MEAL: RoutingState = RoutingState::NotReady(Reason::Meal);

fn changes(world: &World, agent: AgentId) -> usize {
    let of = |event: &&contact_centre::event::Event| {
        event.subject == Subject::Agent(agent) && matches!(event.body, Body::AgentChanged { .. })
    };
    world.window().events().filter(of).count()
}

#[test]
fn from_reason_to_reason_is_one_event_and_the_same_reason_is_none() {
    let mut world = world(51);
    let agent = until(&mut world, &mut now(), free_agent);
    want(&mut world, agent, BREAK);
    let before = changes(&world, agent);
    want(&mut world, agent, MEAL);
    assert_eq!(changes(&world, agent), before + 1);
    let last = world.window().events().next_back().unwrap();
    let Body::AgentChanged { now, previous, .. } = last.body else { panic!("{last:?}") };
    assert_eq!((previous.routing, now.routing), (BREAK, MEAL));
    want(&mut world, agent, MEAL);
    assert_eq!(changes(&world, agent), before + 1);
}

#[test]
fn a_wish_during_a_call_waits_for_its_end_and_the_last_wins() {
    let mut world = world(52);
    let mut real = now();
    let (agent, id) = connected(&mut world, &mut real);
    let before = world.state().agent(agent).unwrap().status;
    assert_eq!(before.state(), AgentState::Talking);
    want(&mut world, agent, RoutingState::Offline);
    want(&mut world, agent, MEAL);
    let status = world.state().agent(agent).unwrap().status;
    assert_eq!((status.routing, status.pending), (before.routing, Some(MEAL)));
    world.hang_up(&key(), id).unwrap();
    assert_eq!(world.state().agent(agent).unwrap().status.state(), AgentState::Wrapping);
    until(&mut world, &mut real, |world| call(world, id).closed_at);
    let status = world.state().agent(agent).unwrap().status;
    assert_eq!((status.routing, status.pending), (MEAL, None));
}

#[test]
fn a_call_that_fails_leaves_the_agent_in_the_break() {
    let mut world = world(53);
    let mut real = now();
    let agent = until(&mut world, &mut real, free_agent);
    want(&mut world, agent, BREAK);
    let dialled = contact_centre::world::Dialled {
        agent_id: agent,
        // No valid number.
        to: contact_centre::objects::PhoneNumber::internal("12"),
        from: None,
        campaign_id: None,
        lead_id: None,
    };
    let id = world.make_call(&key(), dialled).unwrap();
    assert_eq!(world.state().agent(agent).unwrap().status.state(), AgentState::Dialing);
    until(&mut world, &mut real, |world| call(world, id).closed_at);
    assert_eq!(call(&world, id).outcome, Some(contact_centre::objects::Outcome::InvalidNumber));
    assert_eq!(world.state().agent(agent).unwrap().status.routing, BREAK);
}

#[test]
fn a_missed_offer_takes_the_agent_out_of_the_way_and_the_call_waits_on() {
    let world = world(54);
    let mut missed = 0;
    for call in world.state().calls() {
        for offer in
            call.offers.iter().filter(|offer| offer.result.is_some_and(|result| result.as_str() == "no_answer"))
        {
            let agent = world.state().agent(offer.agent_id).unwrap();
            let then = agent.stays.iter().find(|stay| Some(stay.since) == offer.ended_at).unwrap();
            let wish = then.status.routing;
            // Unless something else was wanted meanwhile.
            missed += usize::from(wish == RoutingState::NotReady(Reason::AutoNoAnswer));
            assert_ne!(wish, RoutingState::Ready);
            assert!(call.instants.dequeued_at.is_none_or(|left| Some(left) >= offer.ended_at));
        }
    }
    assert!(missed > 0);
}

#[test]
fn states_follow_each_other_without_a_gap_and_are_what_legs_say() {
    let mut world = world(55);
    let mut real = now();
    for _ in 0..200 {
        pass(&mut world, &mut real, 7_919);
        for agent in world.state().agents() {
            assert!(agent.stays.is_sorted_by_key(|stay| stay.since));
            assert_eq!(agent.stays.last().unwrap().status, agent.status);
            let busy = agent.calls.iter().any(|id| call(&world, *id).closed_at.is_none());
            let idle = agent.status.activity == contact_centre::objects::Activity::Idle;
            assert_eq!(busy, !idle, "{agent:#?}");
            assert!(!idle || agent.status.pending.is_none());
        }
    }
}

#[test]
fn reasons_of_the_system_are_the_systems() {
    let mut world = world(56);
    let agent = world.state().agents().next().unwrap().id;
    let refused = world.set_agent_state(&key(), agent, RoutingState::NotReady(Reason::AutoNoAnswer));
    assert!(matches!(refused, Err(Refusal::Invalid { field: "reason", .. })));
}
