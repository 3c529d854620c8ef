//! What is known of the past as time goes on, against what follows from the legs that were closed at each instant.

use contact_centre::{
    metrics::{History, Leg, Past},
    sim::Config,
    world::World,
};

use crate::script::at;

const LOOK_BACK_MS: i64 = 6 * 3_600_000;

#[test]
fn the_past_at_each_instant_is_the_history_of_the_legs_of_then() {
    let mut config = Config::new(11);
    (config.agents, config.contacts, config.leads) = (60, 300, 60);
    (config.calls_per_day, config.history_days) = (5_000, 1);
    let world = World::ephemeral(config, at("2026-03-04T02:00:00.000Z"));
    let state = world.state();
    let legs: Vec<_> = state.calls().map(|call| Leg::new(call, |id| state.call(id))).collect();
    let (mut compared, mut abandoned, mut full) = (0, 0, 0);
    for queue in state.queues() {
        let own: Vec<_> = legs.iter().filter(|leg| leg.queue_id() == Some(queue.id)).copied().collect();
        let mut instants: Vec<_> = own
            .iter()
            .flat_map(|leg| leg.visit().map(|visit| visit.enqueued_at).into_iter().chain(leg.call().closed_at))
            .collect();
        instants.sort_unstable();
        let mut past = Past::new(queue, legs.iter().copied(), LOOK_BACK_MS);
        for now in instants {
            let since = now.plus_millis(-LOOK_BACK_MS);
            let then = |leg: &&Leg<'_>| leg.call().closed_at.is_some_and(|closed| since <= closed && closed <= now);
            let history = History::of(queue, own.iter().filter(then).copied(), now);
            assert_eq!(past.at(now), history, "{} at {now}", queue.name);
            compared += 1;
            abandoned += usize::from(history.abandons_a_ms > 0.0);
            full += usize::from(history.legs == 200);
        }
    }
    assert!(compared > 1_000 && abandoned > 0, "{compared} instants, {abandoned} of them after somebody hung up");
    assert!(full > 0, "somewhere there were more legs than count");
}
