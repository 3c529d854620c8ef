use std::collections::{BTreeMap, BTreeSet};

use contact_centre::{
    event::{Body, Event, EventType, Subject},
    leg,
    objects::{Direction, LegState, OfferResult, Relation},
    sim::genesis,
    state::State,
    world::World,
};
use proptest::prelude::*;

use crate::support::{small, world};

fn of_subjects(world: &World) -> BTreeMap<Subject, Vec<&Event>> {
    let mut of: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for event in world.window().events() {
        of.entry(event.subject).or_default().push(event);
    }
    of
}

#[test]
fn subjects_are_counted_without_a_gap_and_their_time_never_falls() {
    let world = world(11);
    let subjects = of_subjects(&world);
    assert!(subjects.len() > 500, "{}", subjects.len());
    for (subject, events) in subjects {
        for (n, event) in (1..).zip(&events) {
            assert_eq!(event.subject_seq, n, "{subject:?}");
        }
        assert!(events.is_sorted_by_key(|event| event.at), "{subject:?}");
    }
}

#[test]
fn a_leg_ends_once_and_nothing_follows_its_end() {
    let world = world(12);
    let ends = [EventType::CallAbandoned, EventType::CallFlowedOut, EventType::CallFailed, EventType::CallEnded];
    let mut closed = 0;
    for (subject, events) in of_subjects(&world) {
        let Subject::Call(id) = subject else { continue };
        let kinds: Vec<_> = events.iter().map(|event| event.kind()).collect();
        assert_eq!(kinds[0], EventType::CallStarted, "{id}");
        let ended = kinds.iter().filter(|kind| ends.contains(kind)).count();
        if let Some(end) = kinds.iter().position(|kind| *kind == EventType::CallClosed) {
            assert_eq!((end, ended), (kinds.len() - 1, 1), "{id}: {kinds:?}");
            closed += 1;
        } else {
            assert!(ended <= 1 && world.state().call(id).unwrap().closed_at.is_none(), "{id}: {kinds:?}");
        }
    }
    assert!(closed > 500, "{closed}");
}

/// Which events a leg must have had, by what became of it.
fn prescribed(call: &contact_centre::objects::Call) -> BTreeMap<EventType, usize> {
    let of = &call.instants;
    let rings = call.offers.len();
    let answered = usize::from(of.answered_at.is_some());
    let unanswered = call.offers.iter().filter(|offer| offer.result != Some(OfferResult::Answered)).count();
    let outbound = call.direction == Direction::Outbound;
    let exit = |outcome: &str| usize::from(call.outcome.is_some_and(|own| own.as_str() == outcome));
    let failed = usize::from(answered == 0 && (outbound || call.relation == Relation::Consult));
    let wraps = answered * usize::from(call.relation != Relation::Consult);
    let held = call.holds.len();
    let hung_up_on_hold = call.holds.last().filter(|hold| hold.resumed_at == of.disconnected_at).is_some();
    BTreeMap::from([
        (EventType::CallStarted, 1),
        (EventType::CallQueued, usize::from(of.enqueued_at.is_some())),
        (EventType::CallOffered, rings),
        (EventType::CallOfferEnded, unanswered),
        (EventType::CallAnswered, answered),
        (EventType::CallHeld, held),
        (EventType::CallResumed, held - usize::from(hung_up_on_hold)),
        (EventType::CallTransferred, exit("transferred")),
        (EventType::CallAbandoned, exit("abandoned")),
        (EventType::CallFlowedOut, exit("flowed_out")),
        (EventType::CallFailed, failed),
        (EventType::CallEnded, answered),
        (EventType::WrapWritten, wraps),
        (EventType::CallWrapped, wraps),
        (EventType::CallClosed, 1),
    ])
}

#[test]
fn no_kind_of_event_goes_missing() {
    let world = world(13);
    let mut legs = 0;
    for (subject, events) in of_subjects(&world) {
        let Subject::Call(id) = subject else { continue };
        let call = world.state().call(id).unwrap();
        if call.closed_at.is_none() {
            continue;
        }
        let mut had: BTreeMap<_, usize> = BTreeMap::new();
        for event in events {
            *had.entry(event.kind()).or_default() += 1;
        }
        for dialled in [EventType::CallDialing, EventType::CallAlerting] {
            let times = had.remove(&dialled).unwrap_or_default();
            assert!(times == 0 || times == 1 && call.direction == Direction::Outbound, "{id}");
        }
        let wanted: BTreeMap<_, _> = prescribed(call).into_iter().filter(|(_, times)| *times > 0).collect();
        assert_eq!(had, wanted, "{call:#?}");
        legs += 1;
    }
    assert!(legs > 500, "{legs}");
}

#[test]
fn durations_are_differences_of_published_instants() {
    let mut legs = 0;
    for seed in 20..23 {
        for call in world(seed).state().calls().filter(|call| call.closed_at.is_some()) {
            let (of, took) = (&call.instants, call.durations());
            let between =
                |from: Option<model::Instant>, to: Option<model::Instant>| Some(to?.as_millis() - from?.as_millis());
            let plus = |one: Option<i64>, other: Option<i64>| Some(one? + other?);
            assert_eq!(took.wait_ms, between(of.enqueued_at, of.dequeued_at));
            assert_eq!(plus(took.talk_ms, took.hold_ms), between(of.answered_at, of.disconnected_at));
            assert_eq!(took.wrap_ms, between(of.disconnected_at, of.wrap_ended_at));
            assert_eq!(took.ivr_ms, between(Some(of.started_at), of.ivr_ended_at));
            let joined = plus(plus(took.talk_ms, took.hold_ms), took.wrap_ms);
            let handle = if call.direction == Direction::Outbound { plus(joined, took.dial_ms) } else { joined };
            assert_eq!(took.handle_ms, handle);
            let all = [took.ivr_ms, took.wait_ms, took.ring_ms, took.dial_ms, took.talk_ms, took.hold_ms, took.wrap_ms];
            assert!(all.into_iter().flatten().all(|ms| ms >= 0), "{call:#?}");
            legs += 1;
        }
    }
    assert!(legs > 2_000, "{legs}");
}

#[test]
fn what_holds_is_the_fold_of_the_log() {
    let config = small(14);
    let world = world(14);
    let begins_at = world.state().queues().next().unwrap().created_at;
    let mut state = State::new(config.bounds.keep, genesis(&config, begins_at));
    for event in world.window().events() {
        state.apply(event);
    }
    assert!(state == *world.state(), "the fold is another state");
}

#[test]
fn legs_of_an_interaction_form_a_tree() {
    let world = world(15);
    let mut transferred = 0;
    for call in world.state().calls() {
        let mut seen = BTreeSet::from([call.id]);
        let mut up = call;
        while let Some(parent) = up.parent_id {
            assert!(seen.insert(parent), "{} is its own ancestor", call.id);
            up = world.state().call(parent).unwrap();
            assert_eq!(up.root_id, call.root_id);
            transferred += 1;
        }
        assert_eq!(up.id, call.root_id);
    }
    assert!(transferred > 20, "{transferred}");
}

#[test]
fn what_held_of_a_leg_after_each_event_can_be_said() {
    let world = world(16);
    let subjects = of_subjects(&world).into_iter();
    let calls = subjects.filter_map(|(subject, events)| match subject {
        Subject::Call(id) => Some((id, events)),
        _ => None,
    });
    let calls: Vec<_> = calls.take(400).collect();
    assert_eq!(calls.len(), 400);
    for (id, events) in calls {
        let mut call = leg::begin(events[0]).unwrap();
        for event in &events[1..] {
            leg::apply(&mut call, event);
            let then = world.window().call_at(id, event.seq, world.state().call(id)).unwrap();
            assert_eq!((then.state, then.outcome, then.subject_seq), (call.state, call.outcome, call.subject_seq));
            assert_eq!(then.instants, call.instants);
        }
    }
}

#[test]
fn a_leg_is_followed_through_its_events_once() {
    let world = world(17);
    let (mut replay, mut asked) = (world.replay(), 0);
    for event in world.window().events().filter(|event| matches!(event.subject, Subject::Call(_))) {
        asked += 1;
        assert_eq!(world.call_after_next(&mut replay, event), world.call_after(event).as_ref());
    }
    assert!(replay.steps() > 1_000 && replay.steps() <= asked, "{} steps for {asked} events", replay.steps());
}

fn bodies() -> impl Strategy<Value = Vec<Body>> {
    let world = world(17);
    let all = world.window().events().filter(|event| matches!(event.subject, Subject::Call(_))).take(5_000);
    let kinds: BTreeMap<_, _> = all.map(|event| (format!("{:?}", event.kind()), event.body.clone())).collect();
    let kinds: Vec<_> = kinds.into_values().filter(|body| !matches!(body, Body::Started(_))).collect();
    prop::collection::vec(prop::sample::select(kinds), 0..40)
}

#[test]
fn whatever_is_tried_a_leg_keeps_to_its_machine() {
    let world = world(18);
    let begun = world.window().events().find(|event| matches!(event.body, Body::Started(_))).unwrap().clone();
    proptest!(|(bodies in bodies())| {
        let mut call = leg::begin(&begun).unwrap();
        let mut outcome = None;
        for (seq, body) in (2..).zip(bodies) {
            let event = Event { seq, subject_seq: u32::try_from(seq).unwrap(), body, ..begun.clone() };
            let before = call.clone();
            let allowed = leg::check(&call, &event.body);
            leg::apply(&mut call, &event);
            match allowed {
                Ok(next) => prop_assert_eq!(call.state, next),
                Err(_) => prop_assert_eq!((call.state, &call.instants), (before.state, &before.instants)),
            }
            if outcome.is_some() {
                prop_assert_eq!(call.outcome, outcome);
            }
            outcome = call.outcome;
            if before.closed_at.is_some() {
                prop_assert_eq!(call.state, LegState::Closed);
            }
        }
    });
}
