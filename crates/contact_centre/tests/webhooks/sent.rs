use std::collections::BTreeMap;

use contact_centre::{
    log::Cursor,
    push::{Audience, Feed, Filter, Kinds, pull},
};
use delivery::testing::{Receiver, Reply};
use model::DeliveryState;
use serde_json::json;

use crate::{
    made::signed_by,
    support::{Centre, KEY, body, events},
};

#[tokio::test]
async fn a_receiver_gets_each_event_with_the_bytes_of_the_stream() {
    let mut centre = Centre::new(11);
    let receiver = Receiver::start().await.unwrap();
    let (_, secret) = centre.make(Feed::Calls, &["call.*"], receiver.url()).await.unwrap();
    let from = Cursor { epoch: centre.world.read(|world| world.epoch().clone()), seq: centre.told() };
    centre.pass(1_800_000);
    centre.deliver().await;
    let kinds = Kinds::parse(["call.*"]).unwrap();
    let filter = Filter { kinds, ..Filter::default() };
    let page = centre.world.read(|world| pull(world, &Audience::all(Feed::Calls), &filter, Some(&from), 500)).unwrap();
    assert!(page.items.len() > 20 && !page.has_more);
    let sent: BTreeMap<_, _> = receiver
        .received()
        .into_iter()
        .filter(|one| body(one)["type"] != "endpoint.verify")
        .map(|one| (body(&one)["seq"].as_u64(), one))
        .collect();
    assert_eq!(sent.len(), page.items.len());
    for event in &page.items {
        let json: serde_json::Value = serde_json::from_slice(&event.json()).unwrap();
        let one = &sent[&json["seq"].as_u64()];
        assert_eq!(one.body, event.json());
        assert_eq!(one.header("webhook-id"), json["id"].as_str().unwrap());
        signed_by(one, secret.expose());
    }
}

#[tokio::test]
async fn what_is_tried_again_keeps_its_id_and_its_bytes() {
    let mut centre = Centre::new(12);
    let receiver = Receiver::start().await.unwrap();
    let (view, _) = centre.make(Feed::AgentStates, &["*"], receiver.url()).await.unwrap();
    receiver.answer(|_| Reply::status(503));
    centre.pass(120_000);
    centre.deliver().await;
    let first = events(&receiver);
    assert!(!first.is_empty());
    let page = centre.webhooks.deliveries(KEY, (Feed::AgentStates, view.id()), None, None, 200).unwrap();
    let page = serde_json::to_value(page).unwrap();
    let tried = |one: &&serde_json::Value| one["last_attempt"]["status"] == json!(503) && one["state"] == "pending";
    assert_eq!(page["items"].as_array().unwrap().iter().filter(tried).count(), first.len());
    receiver.answer(|_| Reply::status(204));
    centre.wait(10_000);
    centre.deliver().await;
    let all = events(&receiver);
    for event in &first {
        assert_eq!(all.iter().filter(|other| *other == event).count(), 2, "{event}");
    }
    let waits = Some(DeliveryState::Pending);
    let page = centre.webhooks.deliveries(KEY, (Feed::AgentStates, view.id()), waits, None, 200).unwrap();
    assert!(page.items.is_empty());
}

#[tokio::test]
async fn events_are_sent_again_when_they_are_asked_for_and_a_test_when_it_is() {
    let mut centre = Centre::new(13);
    let receiver = Receiver::start().await.unwrap();
    let (view, _) = centre.make(Feed::Calls, &["call.ended"], receiver.url()).await.unwrap();
    let of = (Feed::Calls, view.id());
    let from = centre.told();
    centre.pass(1_800_000);
    centre.deliver().await;
    let first = events(&receiver);
    let one = first[0]["seq"].as_u64().unwrap();
    assert_eq!(centre.webhooks.redeliver(KEY, of, (one, one)).unwrap(), 1);
    centre.deliver().await;
    let all = events(&receiver);
    assert_eq!((all.len(), &all[first.len()]), (first.len() + 1, &first[0]));
    assert_eq!(centre.webhooks.redeliver(KEY, of, (from + 1, u64::MAX)).unwrap(), first.len());
    centre.deliver().await;
    assert_eq!(events(&receiver).len(), 2 * first.len() + 1);
    centre.webhooks.test(KEY, Feed::Calls, view.id()).unwrap();
    centre.deliver().await;
    assert_eq!(events(&receiver).last().unwrap()["type"], "webhook.test");
}

#[tokio::test]
async fn during_a_rotation_both_secrets_sign() {
    let mut centre = Centre::new(14);
    let receiver = Receiver::start().await.unwrap();
    let (view, former) = centre.make(Feed::Calls, &["call.ended"], receiver.url()).await.unwrap();
    let (_, secret) = centre.webhooks.rotate(KEY, Feed::Calls, view.id()).await.unwrap();
    assert_ne!(former.expose(), secret.expose());
    centre.webhooks.test(KEY, Feed::Calls, view.id()).unwrap();
    centre.deliver().await;
    let sent = receiver.received().pop().unwrap();
    signed_by(&sent, former.expose());
    signed_by(&sent, secret.expose());
    centre.wait(86_400_000);
    centre.webhooks.test(KEY, Feed::Calls, view.id()).unwrap();
    centre.deliver().await;
    let sent = receiver.received().pop().unwrap();
    signed_by(&sent, secret.expose());
    assert_eq!(sent.header("webhook-signature").split(' ').count(), 1);
}
