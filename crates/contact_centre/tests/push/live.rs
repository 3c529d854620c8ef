use std::{collections::HashMap, time::Duration};

use contact_centre::push::{Audience, Feed, Filter, Next, Start};
use tokio::time::Instant;

use crate::support::{Centre, json, kind, place, rest};

#[tokio::test(start_paused = true)]
async fn a_queue_is_told_when_it_changes_and_no_more_than_once_a_second() {
    let mut centre = Centre::new(81);
    let mut stream = centre.follow(Audience::all(Feed::Queues), Filter::default(), Start::Now);
    let mut told: HashMap<String, Vec<Instant>> = HashMap::new();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(120) {
        centre.pass(250);
        if let Ok(Next::Frame(frame)) = tokio::time::timeout(Duration::from_millis(250), stream.next()).await
            && kind(&frame) == "queue.live"
        {
            assert_eq!((place(&frame), json(&frame)["subject_seq"].as_u64()), (None, None));
            let data = &json(&frame)["data"];
            assert!(data["waiting_count"].is_u64() && data["open"].is_boolean(), "{data:#}");
            told.entry(json(&frame)["subject"]["id"].to_string()).or_default().push(Instant::now());
        }
    }
    assert_eq!(told.len(), centre.world.read(|world| world.state().queues().count()));
    for times in told.values() {
        let between: Vec<_> = times.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(between.iter().all(|passed| *passed <= Duration::from_secs(20)), "{between:?}");
        // A frame may be taken a little later than it was told.
        assert!(between.iter().all(|passed| *passed >= Duration::from_millis(500)), "{between:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_who_does_nothing_is_told_of_too() {
    let centre = Centre::new(82);
    let mut stream = centre.follow(Audience::all(Feed::AgentStates), Filter::default(), Start::Now);
    rest(&mut stream).await;
    let begun = Instant::now();
    let mut told: HashMap<String, usize> = HashMap::new();
    while begun.elapsed() < Duration::from_secs(240) {
        if let Next::Frame(frame) = stream.next().await {
            assert_eq!((kind(&frame).as_str(), place(&frame)), ("agent.heartbeat", None));
            *told.entry(json(&frame)["subject"]["id"].to_string()).or_default() += 1;
        }
    }
    let there = centre.world.read(|world| {
        let offline = |agent: &&contact_centre::objects::Agent| {
            agent.status.state() != contact_centre::objects::AgentState::Offline
        };
        world.state().agents().filter(offline).count()
    });
    assert_eq!(told.len(), there);
    assert!(told.values().all(|times| (1..=3).contains(times)), "{told:?}");
}
