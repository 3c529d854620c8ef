use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use delivery::testing::{Received, Receiver, Reply};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::desk::Desk;
use crate::support::wait_until;

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

/// How much later others may get what happens while somebody fails or hangs.
const OTHERS: Duration = Duration::from_secs(5);

/// A webhook of the calls' feed for everything of some types, at a receiver: its secret, and from where on it tells.
async fn hooked(desk: &Desk, receiver: &Receiver, types: &str) -> (String, String) {
    let form = json!({ "url": receiver.url(), "types": [types] });
    let made = desk.send(&desk.key, "POST /v1/call-webhooks", "", &form).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let text = |name: &str| made.json()[name].as_str().unwrap().to_owned();
    (text("secret"), text("cursor"))
}

fn event(received: &Received) -> Value {
    serde_json::from_slice(&received.body).unwrap()
}

/// The ids of what happened to calls after a place, and the place after it.
async fn happened(desk: &Desk, after: &str) -> (Vec<Value>, String) {
    let page = desk.get(&format!("/call-events?after={after}&types=call.*&limit=500")).await;
    assert_eq!(page["has_more"], false);
    (page["items"].as_array().unwrap().clone(), page["next_cursor"].as_str().unwrap().to_owned())
}

fn has(events: &[Value], wanted: &[Value]) -> bool {
    wanted.iter().all(|one| events.iter().any(|event| event["id"] == one["id"]))
}

/// Case 10: whatever is in a body, it is signed as it is sent; and what follows an event that failed comes after it, of others at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_signed_byte_by_byte_and_one_contact_s_failure_holds_up_no_other() {
    let desk = Desk::open().await;
    desk.clock(&json!({ "action": "pause" })).await;
    let receiver = Receiver::start().await.unwrap();
    let (secret, _) = hooked(&desk, &receiver, "contact.*").await;
    // What happens first is not taken the first time.
    let failed = AtomicBool::new(false);
    receiver.answer(move |_| Reply::status(if failed.swap(true, SeqCst) { 204 } else { 500 }));
    let create = async |name: &str, number: u64| {
        let ids = json!({ "crm": number.to_string() });
        let form = json!({ "display_name": name, "notes": "one\u{2028}two", "external_ids": ids });
        let told = desk.send(&desk.key, "POST /v1/contacts", "", &form).await;
        assert_eq!(told.status, 201, "{}", told.json());
        told.json()["id"].clone()
    };
    let of = |events: &[Value], id: &Value| -> Vec<u64> {
        let own = events.iter().filter(|event| event["subject"]["id"] == *id);
        own.map(|event| event["subject_seq"].as_u64().unwrap()).collect()
    };
    let one = create("Zoé", u64::MAX).await;
    come(&receiver, |events| !of(events, &one).is_empty()).await;
    let change = async |id: &Value, company: &str| {
        let path = format!("PATCH /v1/contacts/{}", id.as_str().unwrap());
        let told = desk.send(&desk.key, &path, "", &json!({ "company": company })).await;
        assert_eq!(told.status, 200, "{}", told.json());
    };
    for company in ["A", "B", "C"] {
        change(&one, company).await;
    }
    let other = create("André", u64::MAX - 1).await;
    change(&other, "D").await;
    let written = Instant::now();
    let events = come(&receiver, |events| of(events, &other).len() == 2).await;
    assert!(written.elapsed() < OTHERS, "{:?}", written.elapsed());
    assert_eq!(of(&events, &other), [1, 2]);
    // It is tried again after 5 seconds or so, and what followed after that.
    let events = come(&receiver, |events| of(events, &one).len() >= 5).await;
    assert_eq!(of(&events, &one), [1, 1, 2, 3, 4]);
    let webhook = Webhook::new(&secret).unwrap();
    let received = receiver.received();
    let own: Vec<_> = received.iter().filter(|one| event(one)["subject"]["kind"] == "contact").collect();
    assert_eq!(own.len(), 7);
    let mut ids: BTreeMap<&str, &[u8]> = BTreeMap::new();
    for one in own {
        let text = std::str::from_utf8(&one.body).unwrap();
        assert!(text.contains('é') && text.contains('\u{2028}') && text.contains("\"184467440737095516"), "{text}");
        let (id, timestamp) = (one.header("webhook-id"), one.header("webhook-timestamp").parse().unwrap());
        let signed = |body: &[u8]| {
            let expected = webhook.sign(id, timestamp, body).unwrap();
            one.header("webhook-signature").split(' ').any(|one| one == expected)
        };
        assert!(signed(&one.body), "{text}");
        // The same document in other bytes, as a program writes it that has read it.
        let written_anew = text.replace('é', "\\u00e9");
        assert_eq!(serde_json::from_str::<Value>(&written_anew).unwrap(), event(one));
        assert!(!signed(written_anew.as_bytes()));
        // Whatever comes twice is the same.
        assert_eq!(*ids.entry(id).or_insert(&one.body), &one.body[..]);
    }
    assert_eq!(ids.len(), 6);
}

/// Case 10: whoever hangs is waited for by nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_hangs_holds_up_no_other() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    let (hanging, other) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    hooked(&desk, &hanging, "call.*").await;
    let (_, mut cursor) = hooked(&desk, &other, "call.*").await;
    let asked = hanging.received().len();
    hanging.answer(|_| Reply::status(204).after(Duration::from_secs(120)));
    for _ in 0..3 {
        desk.pass(60_000).await;
        let told = Instant::now();
        let (wanted, next) = happened(&desk, &cursor).await;
        assert!(!wanted.is_empty(), "nobody calls");
        come(&other, |events| has(events, &wanted)).await;
        assert!(told.elapsed() < OTHERS, "{:?}", told.elapsed());
        cursor = next;
    }
    let hangs = wait_until(async || hanging.received().len() > asked);
    assert!(hangs.await, "it was asked nothing");
}

/// Case 10: one call's event for which a receiver takes long holds up what follows of that call, and of no other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_for_which_a_receiver_hangs_holds_up_no_other_call() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    let receiver = Receiver::start().await.unwrap();
    let (_, mut cursor) = hooked(&desk, &receiver, "call.*").await;
    // The call of which it is told first.
    let slow = Arc::new(OnceLock::<Value>::new());
    let first = Arc::clone(&slow);
    receiver.answer(move |received| {
        let subject = event(received)["subject"].clone();
        let is_slow = *first.get_or_init(|| subject.clone()) == subject;
        Reply::status(204).after(Duration::from_secs(if is_slow { 120 } else { 0 }))
    });
    for _ in 0..3 {
        desk.pass(60_000).await;
        let told = Instant::now();
        let (wanted, next) = happened(&desk, &cursor).await;
        assert!(wait_until(async || slow.get().is_some()).await, "it is told nothing");
        let others: Vec<_> = wanted.into_iter().filter(|event| Some(&event["subject"]) != slow.get()).collect();
        assert!(!others.is_empty(), "nobody else calls");
        come(&receiver, |events| has(events, &others)).await;
        assert!(told.elapsed() < OTHERS, "{:?}", told.elapsed());
        cursor = next;
    }
    // What it does not answer is tried again, and what follows of that call waits.
    let received = receiver.received();
    let of_slow = received.iter().filter(|one| Some(&event(one)["subject"]) == slow.get());
    assert_eq!(of_slow.map(|one| one.header("webhook-id")).collect::<BTreeSet<_>>().len(), 1);
}
