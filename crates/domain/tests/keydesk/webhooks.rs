//! Events out: what receivers are told, in which order, and what becomes of what they do not take.

use std::{sync::Arc, time::Duration};

use delivery::{
    Policy,
    testing::{Rebinding, Received, Receiver, Reply},
};
use domain::{Caller, EventOptions, Keydesk, NewKey, NewWebhook, Redelivery, WebhookSecret};
use model::{
    Action, DeliveryState, Environment, EventPatterns, KeyError, KeyId, Overlap, PlainSecret, SettingsPatch, WebhookId,
    WebhookOrder, WebhookPatch,
};
use serde_json::Value;
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{HOUR, SECOND, StoppedClock, TestKeydesk, new_key, once, options, settings, verify, within};

on_both_databases!(
    every_change_of_a_key_is_told_in_order_and_without_a_secret,
    a_webhook_of_a_key_that_was_switched_off_is_told,
    nothing_is_kept_where_nobody_listens,
    the_events_of_one_subject_wait_for_each_other_and_for_nobody_else,
    receivers_do_not_wait_for_each_other,
    a_former_secret_signs_for_a_day,
    a_test_key_sees_receivers_of_test_events_alone,
    two_nodes_deliver_each_event_once,
    a_key_that_ends_soon_is_told_once_for_each_step,
    many_changes_at_once_are_told_one_by_one,
    a_creation_that_is_sent_twice_makes_one_receiver,
);

pub(crate) const DAY: i64 = 24 * HOUR;
pub(crate) const DONE: Duration = Duration::from_secs(60);

pub(crate) fn local() -> EventOptions {
    let policy = Policy { allow_networks: vec!["127.0.0.0/8".parse().unwrap()], allow_http: true };
    EventOptions { policy, ..EventOptions::default() }
}

pub(crate) async fn open_with(database: TestDatabase, events: EventOptions) -> TestKeydesk {
    let mut test = TestKeydesk::open(database).await;
    let clock = Arc::clone(&test.clock);
    test.keydesk = node(&test.database, &clock, events).await;
    test
}

pub(crate) async fn node(database: &TestDatabase, clock: &Arc<StoppedClock>, events: EventOptions) -> Keydesk {
    let mut options = options(database, clock);
    options.events = events;
    Keydesk::open(options).await.unwrap()
}

pub(crate) async fn open(database: TestDatabase) -> TestKeydesk {
    open_with(database, local()).await
}

pub(crate) fn patterns(texts: &[&str]) -> EventPatterns {
    EventPatterns::new(texts.iter().map(|text| (*text).to_owned()).collect()).unwrap()
}

pub(crate) fn new(receiver: &Receiver, types: &[&str]) -> NewWebhook {
    NewWebhook { url: receiver.url(), types: patterns(types), ..NewWebhook::default() }
}

pub(crate) async fn hook(test: &TestKeydesk, receiver: &Receiver, types: &[&str]) -> WebhookSecret {
    test.keydesk.create_webhook(&test.operator, new(receiver, types), None).await.unwrap()
}

pub(crate) fn bodies(receiver: &Receiver) -> Vec<Value> {
    receiver.received().iter().map(|of| serde_json::from_slice(&of.body).unwrap()).collect()
}

pub(crate) fn types(receiver: &Receiver) -> Vec<String> {
    bodies(receiver).iter().map(|body| body["type"].as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn states(test: &TestKeydesk, id: WebhookId) -> Vec<DeliveryState> {
    let page = test.keydesk.deliveries(&test.operator, id, None, 200, None).await.unwrap();
    page.items.iter().map(|delivery| delivery.state).collect()
}

/// Whether the library for Rust, which checks the time by the machine's clock, takes the signature: it is asked with the timestamp
/// that was signed, so for that of now it gets the same bytes.
fn is_signed(received: &Received, secret: &PlainSecret) -> bool {
    let named = |(name, value): &(String, String)| {
        (http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse::<http::HeaderValue>().unwrap())
    };
    let library = standardwebhooks::Webhook::new(secret.expose()).unwrap();
    let at = received.header("webhook-timestamp").parse().unwrap();
    let expected = library.sign(received.header("webhook-id"), at, &received.body).unwrap();
    let headers: Vec<_> = received.headers.iter().map(named).collect();
    assert!(headers.iter().any(|(name, _)| name == "webhook-signature"));
    received.header("webhook-signature").split(' ').any(|one| one == expected)
}

async fn every_change_of_a_key_is_told_in_order_and_without_a_secret(database: TestDatabase) {
    let test = open(database).await;
    let (keydesk, operator) = (&test.keydesk, &test.operator);
    let receiver = Receiver::start().await.unwrap();
    let made = hook(&test, &receiver, &["key.*"]).await;
    let secret = made.secret.unwrap();
    let noted = SettingsPatch {
        notes: Some(Some("a plan".parse().unwrap())),
        owner_email: Some(Some("ada@example.com".parse().unwrap())),
        ..settings("Müller & Söhne")
    };
    let issued = keydesk.issue(operator, NewKey::of(noted)).await.unwrap();
    let id = issued.key.id;
    keydesk.update(operator, id, SettingsPatch::name("Acme"), None).await.unwrap();
    keydesk.set_enabled(operator, id, false, None).await.unwrap();
    keydesk.set_enabled(operator, id, true, None).await.unwrap();
    let rotated = keydesk.rotate(operator, id, Overlap::try_from(60).unwrap(), None).await.unwrap();
    keydesk.reveal(operator, id).await.unwrap();
    keydesk.delete(operator, id, None).await.unwrap();
    keydesk.restore(operator, id).await.unwrap();
    keydesk.deliver_due().await;
    let told = ["created", "updated", "disabled", "enabled", "rotated", "revealed", "deleted", "restored"];
    assert_eq!(types(&receiver), told.map(|told| format!("key.{told}")));
    let mut seq = 0;
    for (number, body) in bodies(&receiver).iter().enumerate() {
        assert_eq!(body["subject"], serde_json::json!({ "kind": "key", "id": id }));
        assert_eq!(body["subject_seq"], number + 1);
        assert!(body["seq"].as_i64().unwrap() > seq, "{body}");
        seq = body["seq"].as_i64().unwrap();
        assert_eq!((&body["installation"], &body["environment"]), (&"default".into(), &"live".into()));
        assert_eq!(body["actor"]["kind"], "operator");
        assert_eq!(body["data"]["key"]["id"], id.to_string());
    }
    assert_eq!(bodies(&receiver)[1]["data"]["changes"]["client_name"]["to"], "Acme");
    assert_eq!(bodies(&receiver)[6]["data"]["key"]["status"], "revoked");
    for received in receiver.received() {
        assert_eq!(received.header("webhook-id"), serde_json::from_slice::<Value>(&received.body).unwrap()["id"]);
        assert!(is_signed(&received, &secret), "{received:?}");
        let text = received.text();
        for hidden in [issued.secret.expose(), rotated.secret.expose(), secret.expose(), "a plan", "ada@example.com"] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
    // Nothing is sent twice.
    keydesk.deliver_due().await;
    assert_eq!(receiver.received().len(), told.len());
    assert!(states(&test, made.webhook.id).await.iter().all(|state| *state == DeliveryState::Delivered));
    let health = keydesk.webhook(operator, made.webhook.id).await.unwrap().health;
    assert_eq!((health.pending, health.parked, health.last_delivered_at), (0, 0, Some(keydesk.now())));
}

pub(crate) async fn events(test: &TestKeydesk) -> usize {
    test.database.store().await.event_bodies(0, 100_000).await.unwrap().len()
}

async fn a_webhook_of_a_key_that_was_switched_off_is_told(database: TestDatabase) {
    let test = open(database).await;
    let receiver = Receiver::start().await.unwrap();
    hook(&test, &receiver, &["key.webhook_disabled"]).await;
    let id = test.issue("Acme").await.key.id;
    let webhook = uuid::Uuid::from_u128(7);
    test.keydesk.tell_webhook_off(test.operator.installation, id, webhook, "failing").await.unwrap();
    let entries = test.audit(&test.operator).await;
    let last = entries.last().unwrap();
    assert_eq!(last.action, Action::KeyWebhookDisable.as_str());
    test.keydesk.deliver_due().await;
    let told = bodies(&receiver);
    assert_eq!(told.len(), 1, "{told:?}");
    let data = &told[0]["data"];
    assert_eq!((&data["webhook"], &data["by"]), (&webhook.to_string().into(), &"failing".into()));
    assert_eq!((&data["key"]["id"], &told[0]["actor"]["kind"]), (&id.to_string().into(), &"system".into()));
}

async fn nothing_is_kept_where_nobody_listens(database: TestDatabase) {
    let test = open(database).await;
    test.issue("Acme").await;
    assert_eq!(events(&test).await, 0);
    let receiver = Receiver::start().await.unwrap();
    let made = hook(&test, &receiver, &["*"]).await;
    // Another installation is not listened to.
    test.keydesk.issue(&test.other, new_key("Beta")).await.unwrap();
    assert_eq!(events(&test).await, 1);
    test.issue("Acme").await;
    assert_eq!(events(&test).await, 2);
    test.keydesk.delete_webhook(&test.operator, made.webhook.id, None).await.unwrap();
    let left = events(&test).await;
    test.issue("Acme").await;
    assert_eq!(events(&test).await, left);
}

/// The key that an event is about.
fn key_of(body: &Value) -> String {
    body["subject"]["id"].as_str().unwrap().to_owned()
}

async fn the_events_of_one_subject_wait_for_each_other_and_for_nobody_else(database: TestDatabase) {
    let test = open(database).await;
    let receiver = Receiver::start().await.unwrap();
    hook(&test, &receiver, &["key.*"]).await;
    let (one, other) = (test.issue("One").await.key.id, test.issue("Other").await.key.id);
    let refused = one.to_string();
    receiver.answer(move |received| {
        let body: Value = serde_json::from_slice(&received.body).unwrap();
        Reply::status(if key_of(&body) == refused { 500 } else { 200 })
    });
    for number in 0..3 {
        for id in [one, other] {
            let name = format!("Name {number}");
            test.keydesk.update(&test.operator, id, SettingsPatch::name(&name), None).await.unwrap();
        }
    }
    test.keydesk.deliver_due().await;
    let of = |id: KeyId| -> Vec<i64> {
        let own = bodies(&receiver).into_iter().filter(|body| key_of(body) == id.to_string());
        own.map(|body| body["subject_seq"].as_i64().unwrap()).collect()
    };
    assert_eq!((of(one), of(other)), (vec![1], vec![1, 2, 3, 4]));
    receiver.answer(|_| Reply::status(200));
    test.keydesk.deliver_due().await;
    assert_eq!(of(one), [1], "it is not due yet");
    test.clock.advance(10 * SECOND);
    test.keydesk.deliver_due().await;
    assert_eq!(of(one), [1, 1, 2, 3, 4]);
    let ids: Vec<_> = receiver.received().iter().map(|of| of.header("webhook-id").to_owned()).collect();
    let first: Vec<_> = bodies(&receiver).iter().map(|body| body["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, first, "a retry has the id of its event");
}

async fn receivers_do_not_wait_for_each_other(database: TestDatabase) {
    let test = open(database).await;
    let (slow, quick) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    slow.answer(|_| Reply::status(200).after(Duration::from_secs(3_600)));
    hook(&test, &slow, &["*"]).await;
    hook(&test, &quick, &["key.*"]).await;
    let background = test.keydesk.start();
    test.issue("One").await;
    within(DONE, "the slow one is asked", async || !slow.received().is_empty()).await;
    for number in 0..10 {
        test.issue(&format!("Key {number}")).await;
    }
    // Far sooner than the slow one is given up.
    within(Duration::from_secs(12), "the quick one has all", async || quick.received().len() == 11).await;
    background.stop().await;
}

async fn a_former_secret_signs_for_a_day(database: TestDatabase) {
    let test = open(database).await;
    let receiver = Receiver::start().await.unwrap();
    let WebhookSecret { webhook, secret, .. } = hook(&test, &receiver, &["key.created"]).await;
    let former = secret.unwrap();
    let rotated = test.keydesk.rotate_webhook_secret(&test.operator, webhook.id, None).await.unwrap();
    assert_eq!(rotated.webhook.former_secret_ends_at, Some(test.keydesk.now().plus_millis(DAY)));
    let newest = rotated.secret.unwrap();
    for (after, both) in [(0, true), (DAY - 1, true), (1, false)] {
        test.clock.advance(after);
        test.issue("Acme").await;
        test.keydesk.deliver_due().await;
        let received = receiver.received().pop().unwrap();
        assert_eq!((is_signed(&received, &newest), is_signed(&received, &former)), (true, both), "{after}");
    }
    assert_eq!(test.keydesk.webhook(&test.operator, webhook.id).await.unwrap().former_secret_ends_at, None);
}

async fn a_test_key_sees_receivers_of_test_events_alone(database: TestDatabase) {
    let test = open(database).await;
    let (all, tests) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let live = hook(&test, &all, &["*"]).await.webhook;
    let held = SettingsPatch { scopes: Some(crate::test_keydesk::scopes(&["webhooks:write"])), ..settings("Tester") };
    let issued = NewKey { environment: Some(Environment::Test), ..NewKey::of(held) };
    let issued = test.keydesk.issue(&test.operator, issued).await.unwrap();
    let tester = Caller::key(&verify(&test.keydesk, issued.secret.expose()).await.record.unwrap());
    let own = test.keydesk.create_webhook(&tester, new(&tests, &["*"]), None).await.unwrap().webhook;
    assert_eq!(own.environment, Environment::Test);
    let escalated = NewWebhook { environment: Some(Environment::Live), ..new(&tests, &["*"]) };
    let escalated = test.keydesk.create_webhook(&tester, escalated, None).await;
    assert_eq!(escalated.map(drop), Err(KeyError::EnvironmentEscalation));
    let seen: Vec<_> = test.keydesk.webhooks(&tester).await.unwrap().iter().map(|of| of.id).collect();
    assert_eq!(seen, [own.id]);
    for refused in [
        test.keydesk.webhook(&tester, live.id).await.map(drop),
        test.keydesk.update_webhook(&tester, live.id, WebhookPatch::default(), None).await.map(drop),
        test.keydesk.rotate_webhook_secret(&tester, live.id, None).await.map(drop),
        test.keydesk.send_test_event(&tester, live.id).await,
        test.keydesk.deliveries(&tester, live.id, None, 1, None).await.map(drop),
        test.keydesk.redeliver(&tester, live.id, Redelivery::Events(Vec::new())).await.map(drop),
        test.keydesk.delete_webhook(&tester, live.id, None).await,
    ] {
        assert_eq!(refused, Err(KeyError::NotFound));
    }
    test.issue("Live").await;
    let new_test = NewKey { environment: Some(Environment::Test), ..new_key("Test") };
    test.keydesk.issue(&test.operator, new_test).await.unwrap();
    test.keydesk.send_test_event(&tester, own.id).await.unwrap();
    test.keydesk.deliver_due().await;
    let of = |receiver: &Receiver, kind: &str| -> Vec<String> {
        let created = bodies(receiver).into_iter().filter(|body| body["type"] == kind);
        created.map(|body| body["environment"].as_str().unwrap_or("none").to_owned()).collect()
    };
    // In the order of each key, and the keys in any.
    let mut created = of(&all, "key.created");
    created.sort_unstable();
    assert_eq!(created, ["live", "test", "test"]);
    assert_eq!(of(&tests, "key.created"), ["test"]);
    assert_eq!((of(&all, "webhook.test").len(), of(&tests, "webhook.test").len()), (0, 1));
}

async fn two_nodes_deliver_each_event_once(database: TestDatabase) {
    let test = open(database).await;
    let other = node(&test.database, &test.clock, local()).await;
    let receiver = Receiver::start().await.unwrap();
    receiver.answer(|_| Reply::status(200).after(Duration::from_millis(20)));
    hook(&test, &receiver, &["key.created"]).await;
    let backgrounds = [test.keydesk.start(), other.start()];
    for number in 0..60 {
        test.issue(&format!("Key {number}")).await;
    }
    within(DONE, "all are told", async || receiver.received().len() >= 60).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    for background in backgrounds {
        background.stop().await;
    }
    let mut ids: Vec<_> = receiver.received().iter().map(|of| of.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 60);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 60);
    other.close().await;
}

async fn a_key_that_ends_soon_is_told_once_for_each_step(database: TestDatabase) {
    let test = open(database).await;
    let receiver = Receiver::start().await.unwrap();
    hook(&test, &receiver, &["key.expiring"]).await;
    let ending = |name: &str, days: i64| {
        NewKey::of(SettingsPatch {
            expires_at: Some(Some(test.keydesk.now().plus_millis(days * DAY))),
            ..settings(name)
        })
    };
    let far = test.keydesk.issue(&test.operator, ending("Far", 20)).await.unwrap().key.id;
    let near = test.keydesk.issue(&test.operator, ending("Near", 3)).await.unwrap().key.id;
    test.issue("Endless").await;
    let mut told = Vec::new();
    for _ in 0..22 {
        test.keydesk.tell_ending().await.unwrap();
        assert_eq!(test.keydesk.tell_ending().await, Ok(0));
        test.keydesk.deliver_due().await;
        test.clock.advance(DAY);
    }
    for body in bodies(&receiver) {
        told.push((key_of(&body), body["data"]["days"].as_i64().unwrap()));
    }
    // A key that ends in three days is not told to end in a week: within a week it does.
    let expected = [(near, 7), (near, 1), (far, 14), (far, 7), (far, 1)].map(|(id, days)| (id.to_string(), days));
    assert_eq!(told, expected);
    assert!(bodies(&receiver)[0]["data"]["key"]["client_name"] == "Near");
}

async fn many_changes_at_once_are_told_one_by_one(database: TestDatabase) {
    let test = open(database).await;
    let receiver = Receiver::start().await.unwrap();
    let id = hook(&test, &receiver, &["key.deleted"]).await.webhook.id;
    let keys: Vec<NewKey> = (0..1_500).map(|number| new_key(&format!("Key {number}"))).collect();
    let issued = test.keydesk.issue_many(&test.operator, keys).await.unwrap();
    let ids: Vec<KeyId> = issued.iter().map(|issued| issued.key.id).collect();
    test.keydesk.bulk_delete(&test.operator, &ids).await.unwrap();
    test.keydesk.deliver_due().await;
    // More than wait at once: the rest stays in the outbox meanwhile.
    test.keydesk.deliver_due().await;
    let mut told: Vec<String> = bodies(&receiver).iter().map(key_of).collect();
    told.sort();
    let mut expected: Vec<String> = ids.iter().map(ToString::to_string).collect();
    expected.sort();
    assert_eq!(told, expected);
    assert_eq!(test.keydesk.webhook(&test.operator, id).await.unwrap().health.pending, 0);
}

async fn a_creation_that_is_sent_twice_makes_one_receiver(database: TestDatabase) {
    let test = open(database).await;
    let receiver = Receiver::start().await.unwrap();
    let create = async |token: &str| {
        test.keydesk.create_webhook(&test.operator, new(&receiver, &["*"]), once(token, "a body")).await.unwrap()
    };
    let (first, again, other) = (create("one").await, create("one").await, create("two").await);
    assert_eq!((first.webhook.id, first.replayed), (again.webhook.id, false));
    assert!(again.replayed && first.webhook.id != other.webhook.id);
    assert_eq!(first.secret.unwrap().expose(), again.secret.unwrap().expose());
    assert_eq!(test.keydesk.webhooks(&test.operator).await.unwrap().len(), 2);
}

/// The name is public when somebody registers it, and leads to this machine when it is dialled.
#[tokio::test]
async fn a_name_that_leads_elsewhere_later_is_not_dialled() {
    let receiver = Receiver::start().await.unwrap();
    let resolver = Rebinding::new(&[&["8.8.8.8"], &["127.0.0.1"]]);
    let policy = Policy { allow_http: true, ..Policy::default() };
    let events = EventOptions { policy, resolver: Arc::new(resolver), ..EventOptions::default() };
    let test = open_with(TestDatabase::sqlite().await, events).await;
    let url = format!("http://rebind.example:{}/", receiver.port());
    let new = NewWebhook { url, order: WebhookOrder::None, ..NewWebhook::default() };
    let id = test.keydesk.create_webhook(&test.operator, new.clone(), None).await.unwrap().webhook.id;
    test.issue("Acme").await;
    test.keydesk.deliver_due().await;
    let page = test.keydesk.deliveries(&test.operator, id, None, 1, None).await.unwrap();
    let attempt = page.items[0].last_attempt.clone().unwrap();
    assert!(attempt.status.is_none() && attempt.answer.contains("127.0.0.1"), "{attempt:?}");
    assert_eq!(receiver.received(), []);
    // By now it is refused where it is registered, too.
    let refused = test.keydesk.create_webhook(&test.operator, new, None).await.unwrap_err();
    assert!(matches!(&refused, KeyError::InvalidSetting { field, .. } if field == "url"), "{refused:?}");
}
