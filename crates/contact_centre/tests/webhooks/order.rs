use std::collections::HashMap;

use contact_centre::{push::Feed, webhooks::Faults};
use delivery::testing::{Receiver, Reply};
use model::WebhookOrder;
use serde_json::Value;

use crate::support::{Centre, KEY, body, events};

/// The events of each subject, in the order in which they were accepted.
fn by_subject(events: &[Value]) -> HashMap<String, Vec<u64>> {
    let mut by_subject: HashMap<String, Vec<u64>> = HashMap::new();
    for event in events {
        let seqs = by_subject.entry(event["subject"]["id"].to_string()).or_default();
        seqs.push(event["subject_seq"].as_u64().unwrap());
    }
    by_subject
}

#[tokio::test]
async fn the_next_event_of_a_subject_waits_and_others_do_not() {
    let mut centre = Centre::new(21);
    let receiver = Receiver::start().await.unwrap();
    centre.make(Feed::Calls, &["call.*"], receiver.url()).await.unwrap();
    centre.pass(1_800_000);
    // Of one call the first event is not accepted.
    let stuck = centre.world.read(|world| {
        let told = world.told();
        let first = world.events_after(told - 200, 200).unwrap().find(|event| event.kind().as_str() == "call.started");
        first.unwrap().subject.id().to_string()
    });
    let refused = stuck.clone();
    receiver.answer(move |received| {
        Reply::status(if body(received)["subject"]["id"] == refused.as_str() { 500 } else { 204 })
    });
    centre.deliver().await;
    let first = events(&receiver);
    assert_eq!(first.iter().filter(|event| event["subject"]["id"] == stuck.as_str()).count(), 1);
    assert!(first.len() > 20);
    receiver.answer(|_| Reply::status(204));
    centre.wait(10_000);
    centre.deliver().await;
    for (subject, mut seqs) in by_subject(&events(&receiver)) {
        // What was refused came twice.
        seqs.dedup();
        assert!(seqs.is_sorted(), "{subject}: {seqs:?}");
    }
    assert!(events(&receiver).iter().filter(|event| event["subject"]["id"] == stuck.as_str()).count() > 2);
}

#[tokio::test]
async fn without_an_order_nothing_waits() {
    let mut centre = Centre::new(22);
    let receiver = Receiver::start().await.unwrap();
    centre.make_so(Feed::AgentStates, &["*"], receiver.url(), WebhookOrder::None).await.unwrap();
    receiver.answer(|_| Reply::status(500));
    let from = centre.told();
    centre.pass(300_000);
    centre.deliver().await;
    let happened = centre.world.read(|world| {
        let of_agents = |event: &&contact_centre::event::Event| Feed::of(event.subject.kind()) == Feed::AgentStates;
        world.events_after(from, usize::MAX).unwrap().filter(of_agents).count()
    });
    assert!(happened > 0);
    assert_eq!(events(&receiver).len(), happened);
}

/// Case 10 of the design.
#[tokio::test]
async fn a_receiver_that_was_down_for_ten_minutes_and_then_slow_gets_everything_in_order() {
    let mut centre = Centre::new(24);
    let receiver = Receiver::start().await.unwrap();
    centre.make(Feed::AgentStates, &["*"], receiver.url()).await.unwrap();
    receiver.answer(|_| Reply::status(503));
    let from = centre.told();
    for _ in 0..20 {
        centre.pass(30_000);
        centre.deliver().await;
    }
    receiver.answer(|_| Reply { after: std::time::Duration::from_millis(5), ..Reply::status(204) });
    for _ in 0..60 {
        centre.wait(120_000);
        centre.deliver().await;
    }
    let came = events(&receiver);
    let happened: Vec<_> = centre.world.read(|world| {
        let of_agents = |event: &&contact_centre::event::Event| Feed::of(event.subject.kind()) == Feed::AgentStates;
        world.events_after(from, usize::MAX).unwrap().filter(of_agents).map(|event| event.seq).collect()
    });
    let mut seqs: Vec<_> = came.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    seqs.sort_unstable();
    seqs.dedup();
    assert_eq!(seqs, happened);
    for (subject, seqs) in by_subject(&came) {
        assert!(seqs.is_sorted(), "{subject}: {seqs:?}");
    }
    // Whatever came more than once came with the same id.
    let ids: std::collections::HashSet<_> = came.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), happened.len());
}

#[tokio::test]
async fn what_is_to_go_wrong_does() {
    let mut centre = Centre::new(23);
    let receiver = Receiver::start().await.unwrap();
    centre.make(Feed::Calls, &["call.ended"], receiver.url()).await.unwrap();
    centre.webhooks.fail(KEY, Faults { duplicates: 2, delay_ms: 60_000 });
    centre.pass(1_800_000);
    centre.deliver().await;
    assert!(events(&receiver).is_empty(), "they come later");
    centre.wait(60_000);
    centre.deliver().await;
    let came = events(&receiver);
    let mut ids: Vec<_> = came.iter().map(|event| event["id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(came.len(), ids.len() + 2);
}
