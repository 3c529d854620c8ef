use std::{collections::HashMap, time::Duration};

use contact_centre::push::{Audience, Feed, Filter, Next, Start};
use model::Instant;

use crate::support::{Centre, json, kind, place, rest};

#[tokio::test(start_paused = true)]
async fn a_queue_is_told_when_it_changes_and_no_more_than_once_a_second() {
    let mut centre = Centre::new(81);
    let mut stream = centre.follow(Audience::all(Feed::Queues), Filter::default(), Start::Now);
    let mut told: HashMap<String, Vec<Instant>> = HashMap::new();
    // The machine's time and that of the timers go on together: two minutes.
    for _ in 0..480 {
        centre.pass(250);
        // Not `advance`: what is due meanwhile comes in its order, and when it is due.
        tokio::time::sleep(Duration::from_millis(250)).await;
        while let Ok(Next::Frame(frame)) = tokio::time::timeout(Duration::ZERO, stream.next()).await {
            if kind(&frame) != "queue.live" {
                continue;
            }
            assert_eq!((place(&frame), json(&frame)["subject_seq"].as_u64()), (None, None));
            let frame = json(&frame);
            assert!(frame["data"]["waiting_count"].is_u64() && frame["data"]["open"].is_boolean(), "{frame:#}");
            let at = frame["timestamp"].as_str().unwrap().parse().unwrap();
            told.entry(frame["subject"]["id"].to_string()).or_default().push(at);
        }
    }
    assert_eq!(told.len(), centre.world.read(|world| world.state().queues().count()));
    for times in told.values() {
        let between: Vec<_> = times.windows(2).map(|two| two[1].as_millis() - two[0].as_millis()).collect();
        // A step of either time more or less.
        assert!(between.iter().all(|ms| (500..=16_000).contains(ms)), "{between:?}");
        assert!(times.len() >= 7, "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_who_does_nothing_is_told_of_too() {
    let centre = Centre::new(82);
    let mut stream = centre.follow(Audience::all(Feed::AgentStates), Filter::default(), Start::Now);
    rest(&mut stream).await;
    let mut told: HashMap<String, usize> = HashMap::new();
    let mut heartbeats = 0;
    // Of 15 seconds each.
    while heartbeats < 16 {
        match stream.next().await {
            Next::Heartbeat => heartbeats += 1,
            Next::Frame(frame) => {
                assert_eq!((kind(&frame).as_str(), place(&frame)), ("agent.heartbeat", None));
                *told.entry(json(&frame)["subject"]["id"].to_string()).or_default() += 1;
            }
            Next::Ended(why) => panic!("{why:?}"),
        }
    }
    let there = centre.world.read(|world| {
        let offline = |agent: &&contact_centre::objects::Agent| {
            agent.status.state() != contact_centre::objects::AgentState::Offline
        };
        world.state().agents().filter(offline).count()
    });
    assert!(there > 0);
    assert_eq!(told.len(), there);
    assert!(told.values().all(|times| (1..=3).contains(times)), "{told:?}");
}
