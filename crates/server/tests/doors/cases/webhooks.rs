use std::{collections::BTreeMap, time::Duration};

use delivery::testing::{Receiver, Reply};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::desk::Desk;

async fn come(receiver: &Receiver, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let came = async {
        loop {
            let events: Vec<Value> =
                receiver.received().iter().map(|one| serde_json::from_slice(&one.body).unwrap()).collect();
            if enough(&events) {
                return events;
            }
            receiver.arrival().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), came).await.expect("they should have come")
}

/// Cases 3 and 10: each event comes, in the order of its call, whatever becomes of others; the same ids as by pulling, signed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_survive_a_receiver_that_fails() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    let receiver = Receiver::start().await.unwrap();
    let form = json!({ "url": receiver.url(), "types": ["call.*"] });
    let crm = desk.new_key(&["--preset", "crm"]).await;
    let made = desk.send(&crm, "POST /v1/call-webhooks", "Idempotency-Key: one\r\n", &form).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let cursor = made.json()["cursor"].as_str().unwrap().to_owned();
    // The first deliveries fail, of every call.
    receiver.answer(|_| Reply::status(500));
    desk.pass(60_000).await;
    come(&receiver, |events| events.len() > 3).await;
    receiver.answer(|_| Reply::status(204));
    desk.pass(120_000).await;
    let page = desk.get(&format!("/call-events?after={cursor}&types=call.*&limit=500")).await;
    let wanted: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    assert!(page["has_more"] == false && wanted.len() > 5, "{}", wanted.len());
    let has_all = |events: &[Value]| wanted.iter().all(|id| events.iter().any(|event| event["id"] == id.as_str()));
    let events = come(&receiver, has_all).await;
    let mut of_calls: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for event in events.iter().filter(|event| event["subject"].is_object()) {
        let seqs = of_calls.entry(event["subject"]["id"].to_string()).or_default();
        seqs.push(event["subject_seq"].as_u64().unwrap());
    }
    for (call, seqs) in of_calls {
        assert!(seqs.is_sorted(), "{call}: {seqs:?}");
    }
    let last = receiver.received().pop().unwrap();
    let webhook = Webhook::new(&secret).unwrap();
    let timestamp = last.header("webhook-timestamp").parse().unwrap();
    let expected = webhook.sign(last.header("webhook-id"), timestamp, &last.body).unwrap();
    assert!(last.header("webhook-signature").split(' ').any(|one| one == expected));
    assert_eq!(serde_json::from_slice::<Value>(&last.body).unwrap()["id"], last.header("webhook-id"));
}
