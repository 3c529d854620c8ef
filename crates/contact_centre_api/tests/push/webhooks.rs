use std::{
    pin::Pin,
    sync::{Arc, Mutex, atomic::Ordering::SeqCst},
    time::Duration,
};

use contact_centre::webhooks::{MasterKey, QUESTION, Webhooks};
use contact_centre_api::{KeyNow, Keys};
use delivery::{
    Client, Policy, SystemResolver,
    testing::{Receiver, Reply},
};
use model::{Instant, Scope};
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use crate::support::Door;

/// Keys as they are told to be, and what is told of their webhooks: whose, which, and why it was switched off.
pub(crate) struct Told(Mutex<KeyNow>, Mutex<Vec<(Uuid, Uuid, Box<str>)>>);

impl Keys for Told {
    fn now(&self, _: Uuid) -> Pin<Box<dyn Future<Output = KeyNow> + Send + '_>> {
        let now = self.0.lock().unwrap().clone();
        Box::pin(async move { now })
    }

    fn switched_off(&self, key: Uuid, webhook: Uuid, why: Box<str>) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        let mut told = self.1.lock().unwrap();
        told.push((key, webhook, why));
        // The first time nobody can be told.
        let done = told.len() > 1;
        Box::pin(async move { done })
    }
}

fn works(scopes: &[&str]) -> KeyNow {
    KeyNow::Works(scopes.iter().map(|scope| Scope::parse(scope).unwrap()).collect())
}

/// A door behind which webhooks are sent, and what says whether keys live.
pub(crate) async fn sending(seed: u64) -> (Door, Arc<Told>, watch::Sender<bool>) {
    let door = Door::open(seed).await;
    let policy = Policy { allow_http: true, allow_networks: vec!["127.0.0.0/8".parse().unwrap()] };
    let client = Client::new(policy, Arc::new(SystemResolver), &[]).unwrap();
    let time = door.time.clone();
    let now = Box::new(move || Instant::from_millis(time.load(SeqCst)));
    let webhooks = Webhooks::open(client, MasterKey::new(&[5; 32]), now, None, door.centre.worlds().main()).unwrap();
    assert!(door.centre.with_webhooks(webhooks));
    let keys = Arc::new(Told(Mutex::new(works(&["calls:read"])), Mutex::default()));
    let (stopping, stop) = watch::channel(false);
    let (centre, asked) = (door.centre.clone(), keys.clone());
    tokio::spawn(async move { centre.deliver(asked, stop).await });
    (door, keys, stopping)
}

/// Waits until so many requests have come.
pub(crate) async fn come(receiver: &Receiver, count: usize) -> Vec<Value> {
    let came = async {
        while receiver.received().len() < count {
            receiver.arrival().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), came).await.expect("they should have come");
    receiver.received().iter().map(|one| serde_json::from_slice(&one.body).unwrap()).collect()
}

#[tokio::test]
async fn a_key_makes_a_webhook_which_ends_with_it() {
    let (door, keys, _stopping) = sending(31).await;
    let receiver = Receiver::start().await.unwrap();
    let form = json!({ "url": receiver.url(), "types": ["call.*"] });
    let (status, head, made) = door.ask("POST /v1/call-webhooks", "calls:read", Some(&form)).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().unwrap().to_owned();
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    assert!(
        head.contains(&format!("location: /v1/call-webhooks/{id}\r\n")) && head.contains("cache-control: no-store")
    );
    door.pass(60_000);
    let came = come(&receiver, 3).await;
    assert_eq!(came[0]["type"], QUESTION);
    assert!(came[1..].iter().all(|event| event["subject"]["kind"] == "call"));
    let (_, _, shown) = door.ask(&format!("GET /v1/call-webhooks/{id}"), "calls:read", None).await;
    assert!(shown.get("secret").is_none() && shown["enabled"] == true);
    *keys.0.lock().unwrap() = KeyNow::Ended;
    // It is asked twice a second.
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (status, _, _) = door.ask(&format!("GET /v1/call-webhooks/{id}"), "calls:read", None).await;
        if status == 404 {
            return;
        }
    }
    panic!("it has not ended");
}

#[tokio::test]
async fn whoever_administers_the_key_is_told_that_its_webhook_was_switched_off() {
    let (door, keys, _stopping) = sending(36).await;
    let receiver = Receiver::start().await.unwrap();
    let form = json!({ "url": receiver.url(), "types": ["call.*"] });
    let (_, _, made) = door.ask("POST /v1/call-webhooks", "calls:read", Some(&form)).await;
    receiver.answer(|_| Reply::status(410));
    door.pass(60_000);
    let told = || keys.1.lock().unwrap().clone();
    // It is asked twice a second, told again while that can't be, and then no more.
    for _ in 0..200 {
        if told().len() > 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let told = told();
    assert_eq!((told.len(), &told[0]), (2, &told[1]), "{told:?}");
    assert_eq!((told[0].1.to_string(), &*told[0].2), (made["id"].as_str().unwrap().to_owned(), "gone"));
    let (_, _, shown) =
        door.ask(&format!("GET /v1/call-webhooks/{}", made["id"].as_str().unwrap()), "calls:read", None).await;
    assert_eq!((&shown["enabled"], &shown["disabled_by"]), (&json!(false), &json!("gone")));
}

#[tokio::test]
async fn webhooks_are_managed() {
    let (door, _keys, _stopping) = sending(32).await;
    let receiver = Receiver::start().await.unwrap();
    let form = json!({ "url": receiver.url(), "types": ["call.ended"] });
    let (_, _, made) = door.ask("POST /v1/call-webhooks", "calls:read", Some(&form)).await;
    let path = format!("/v1/call-webhooks/{}", made["id"].as_str().unwrap());
    let (_, _, all) = door.ask("GET /v1/call-webhooks", "calls:read", None).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
    let (_, _, others) = door.ask("GET /v1/agent-states/webhooks", "agent-states:subscribe", None).await;
    assert_eq!(others["items"], json!([]));
    let change = json!({ "types": ["call.answered"], "order": "none" });
    let (status, head, changed) = door.ask(&format!("PATCH {path}"), "calls:read", Some(&change)).await;
    assert_eq!((status, &changed["types"], &changed["order"]), (200, &json!(["call.answered"]), &json!("none")));
    assert!(head.contains("etag: \"2\""));
    let (status, _, _) = door.ask(&format!("POST {path}/test"), "calls:read", None).await;
    assert_eq!(status, 202);
    assert_eq!(come(&receiver, 2).await[1]["type"], "webhook.test");
    let (status, _, rotated) = door.ask(&format!("POST {path}/rotate-secret"), "calls:read", None).await;
    assert!(status == 200 && rotated["secret"] != made["secret"] && rotated["former_secret_ends_at"].is_string());
    let stretch = json!({ "from_seq": door.told() - 300, "to_seq": door.told() });
    let (status, _, again) = door.ask(&format!("POST {path}/redeliver"), "calls:read", Some(&stretch)).await;
    assert!(status == 202 && again["events"].as_u64() > Some(0), "{again}");
    come(&receiver, 2 + again["events"].as_u64().unwrap() as usize).await;
    let (_, _, page) = door.ask(&format!("GET {path}/deliveries?limit=1"), "calls:read", None).await;
    assert!(page["items"].as_array().unwrap().len() == 1 && page["next_cursor"].is_string());
    let (status, _, _) = door.ask(&format!("DELETE {path}"), "calls:read", None).await;
    let (gone, _, _) = door.ask(&format!("GET {path}"), "calls:read", None).await;
    assert_eq!((status, gone), (204, 404));
}

#[tokio::test]
async fn a_webhook_is_made_and_rotated_once_however_often_that_is_asked_for() {
    let (door, _keys, _stopping) = sending(35).await;
    let receiver = Receiver::start().await.unwrap();
    let form = json!({ "url": receiver.url() });
    let named = "idempotency-key: one\r\n";
    let make = || door.ask_with("POST /v1/call-webhooks", "calls:read", named, Some(&form));
    let (first, second, third) = tokio::join!(make(), make(), make());
    let all = [first, second, third];
    for (status, _, made) in &all {
        assert_eq!((*status, made), (201, &all[0].2));
    }
    let replayed = |head: &str| head.contains("idempotency-replayed: true");
    assert_eq!(all.iter().filter(|(_, head, _)| replayed(head)).count(), 2);
    let (_, _, listed) = door.ask("GET /v1/call-webhooks", "calls:read", None).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let other = json!({ "url": receiver.url(), "types": ["call.ended"] });
    let (status, _, problem) = door.ask_with("POST /v1/call-webhooks", "calls:read", named, Some(&other)).await;
    assert_eq!((status, problem["code"].as_str()), (409, Some("idempotency_mismatch")));
    let path = format!("POST /v1/call-webhooks/{}/rotate-secret", all[0].2["id"].as_str().unwrap());
    let rotate = || door.ask_with(&path, "calls:read", "idempotency-key: two\r\n", None);
    let ((_, _, once), (_, head, again)) = (rotate().await, rotate().await);
    assert!(once["secret"].is_string() && once == again && replayed(&head));
    // What was refused was not done, and is tried again.
    receiver.answer(|_| Reply::status(500));
    let make = || door.ask_with("POST /v1/call-webhooks", "calls:read", "idempotency-key: three\r\n", Some(&form));
    assert_eq!(make().await.0, 422);
    receiver.answer(|_| Reply::status(204));
    assert_eq!(make().await.0, 201);
}

#[tokio::test]
async fn what_can_be_no_webhook_is_refused() {
    let (door, _keys, _stopping) = sending(33).await;
    let receiver = Receiver::start().await.unwrap();
    receiver.answer(|_| Reply::status(500));
    for (form, status, field) in [
        (json!({ "url": receiver.url() }), 422, "url"),
        (json!({ "url": "http://10.0.0.1/" }), 422, "url"),
        (json!({ "url": receiver.url(), "types": ["key.created"] }), 422, "types"),
        (json!({ "url": receiver.url(), "more": 1 }), 400, "more"),
    ] {
        let (found, _, problem) = door.ask("POST /v1/call-webhooks", "calls:read", Some(&form)).await;
        assert_eq!((found, problem["errors"][0]["field"].as_str()), (status, Some(field)), "{problem}");
    }
    let without = Door::open(34).await;
    let (status, _, problem) = without.ask("GET /v1/call-webhooks", "calls:read", None).await;
    assert_eq!((status, problem["code"].as_str()), (503, Some("webhooks_unavailable")));
}
