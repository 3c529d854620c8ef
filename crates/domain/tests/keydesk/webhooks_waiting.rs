//! Events that wait: what receivers do not take, what they missed, and what becomes of it in time; and the event log.

use std::time::Duration;

use delivery::testing::{Receiver, Reply};
use domain::{EventLog, EventOptions, Redelivery};
use model::{DeliveryState, WebhookPatch};
use serde_json::Value;
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    test_keydesk::{SECOND, within},
    webhooks::{DAY, DONE, bodies, events, hook, local, node, open, open_with, states},
};

on_both_databases!(
    what_is_not_taken_for_three_days_is_parked_and_can_be_delivered_again,
    a_receiver_that_is_gone_is_switched_off,
    one_that_is_switched_on_again_gets_what_happens_from_then_on,
    events_are_written_to_the_log_once,
    what_is_old_is_removed_and_what_waits_is_not,
    a_clock_that_was_set_back_puts_nothing_off,
);

async fn what_is_not_taken_for_three_days_is_parked_and_can_be_delivered_again(database: TestDatabase) {
    let test = open(database).await;
    let receiver = Receiver::start().await.unwrap();
    receiver.answer(|_| Reply::with(503, "", "out of order"));
    let id = hook(&test, &receiver, &["key.created"]).await.webhook.id;
    let from = test.keydesk.now();
    test.issue("Acme").await;
    let mut tries = 0;
    while states(&test, id).await != [DeliveryState::Parked] {
        test.keydesk.deliver_due().await;
        let page = test.keydesk.deliveries(&test.operator, id, None, 10, None).await.unwrap();
        tries += 1;
        let delivery = &page.items[0];
        assert_eq!((delivery.attempts, delivery.kind.as_str()), (tries, "key.created"));
        let attempt = delivery.last_attempt.as_ref().unwrap();
        assert_eq!((attempt.status, attempt.answer.as_str()), (Some(503), "out of order"));
        if let Some(next) = delivery.next_attempt_at {
            test.clock.set(next.as_millis());
        }
    }
    assert!((11..=13).contains(&tries), "{tries}");
    assert_eq!(test.keydesk.now().as_millis() - from.as_millis(), 3 * DAY);
    assert_eq!(test.keydesk.webhook(&test.operator, id).await.unwrap().health.parked, 1);
    assert_eq!(test.keydesk.webhook_counters().parked, 1);
    test.clock.advance(DAY);
    test.keydesk.deliver_due().await;
    assert_eq!(receiver.received().len(), tries as usize, "what is parked is left alone");
    receiver.answer(|_| Reply::status(200));
    let range = Redelivery::Between(from, test.keydesk.now());
    assert_eq!(test.keydesk.redeliver(&test.operator, id, range).await, Ok(1));
    test.keydesk.deliver_due().await;
    assert_eq!(states(&test, id).await, [DeliveryState::Delivered]);
    // By id, and of what was delivered, too.
    let event = test.keydesk.deliveries(&test.operator, id, None, 10, None).await.unwrap().items[0].event_id;
    let named = Redelivery::Events(vec![event]);
    assert_eq!(test.keydesk.redeliver(&test.operator, id, named).await, Ok(1));
    test.keydesk.deliver_due().await;
    assert_eq!(receiver.received().len(), tries as usize + 2);
    let none = Redelivery::Between(test.keydesk.now(), test.keydesk.now().plus_millis(1));
    assert_eq!(test.keydesk.redeliver(&test.operator, id, none).await, Ok(0));
}

async fn a_receiver_that_is_gone_is_switched_off(database: TestDatabase) {
    let test = open(database).await;
    let (receiver, other) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    receiver.answer(|_| Reply::status(410));
    let id = hook(&test, &receiver, &["key.*"]).await.webhook.id;
    hook(&test, &other, &["webhook.disabled"]).await;
    test.issue("One").await;
    test.keydesk.deliver_due().await;
    assert!(!test.keydesk.webhook(&test.operator, id).await.unwrap().enabled);
    assert_eq!(states(&test, id).await, [DeliveryState::Parked]);
    test.issue("Two").await;
    test.keydesk.deliver_due().await;
    assert_eq!(receiver.received().len(), 1);
    assert_eq!(bodies(&other)[0]["subject"]["id"], id.to_string());
    assert_eq!(test.keydesk.send_test_event(&test.operator, id).await.unwrap_err().kind().code, "invalid_setting");
}

async fn one_that_is_switched_on_again_gets_what_happens_from_then_on(database: TestDatabase) {
    let test = open(database).await;
    let receiver = Receiver::start().await.unwrap();
    let id = hook(&test, &receiver, &["key.created"]).await.webhook.id;
    let from = test.keydesk.now();
    let switch = async |enabled| {
        let patch = WebhookPatch { enabled: Some(enabled), ..WebhookPatch::default() };
        test.keydesk.update_webhook(&test.operator, id, patch, None).await.unwrap()
    };
    assert_eq!(switch(false).await.version, 2);
    test.issue("Meanwhile").await;
    test.keydesk.deliver_due().await;
    assert_eq!(switch(true).await.version, 3);
    test.issue("Then").await;
    test.keydesk.deliver_due().await;
    let names = || -> Vec<String> {
        let name = |body: &Value| body["data"]["key"]["client_name"].as_str().unwrap().to_owned();
        bodies(&receiver).iter().map(name).collect()
    };
    assert_eq!(names(), ["Then"]);
    test.clock.advance(SECOND);
    let range = Redelivery::Between(from, test.keydesk.now());
    assert_eq!(test.keydesk.redeliver(&test.operator, id, range).await, Ok(2));
    test.keydesk.deliver_due().await;
    // In the order of each key, and the keys in any.
    let mut again = names().split_off(1);
    again.sort_unstable();
    assert_eq!(again, ["Meanwhile", "Then"]);
}

async fn events_are_written_to_the_log_once(database: TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    let with_log = || EventOptions { log: Some(EventLog::File(file.clone())), ..local() };
    let test = open_with(database, with_log()).await;
    let other = node(&test.database, &test.clock, with_log()).await;
    let backgrounds = [test.keydesk.start(), other.start()];
    let lines = || -> Vec<Value> {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let listens = async || test.database.store().await.event_reader("log").await.unwrap().is_some();
    within(DONE, "the log listens", listens).await;
    for number in 0..20 {
        test.issue(&format!("Key {number}")).await;
    }
    within(DONE, "all are written", async || lines().len() >= 20).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    for background in backgrounds {
        background.stop().await;
    }
    let names: Vec<_> = lines().iter().map(|line| line["data"]["key"]["client_name"].clone()).collect();
    let expected: Vec<Value> = (0..20).map(|number| format!("Key {number}").into()).collect();
    assert_eq!(names, expected);
    other.close().await;
}

async fn what_is_old_is_removed_and_what_waits_is_not(database: TestDatabase) {
    let test = open(database).await;
    let (good, bad) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    bad.answer(|_| Reply::status(500));
    hook(&test, &good, &["key.*"]).await;
    test.issue("Delivered").await;
    test.keydesk.deliver_due().await;
    hook(&test, &bad, &["key.created"]).await;
    test.issue("Waiting").await;
    test.keydesk.deliver_due().await;
    let purged = async |days: i64| {
        for _ in 0..days {
            test.clock.advance(DAY);
            test.keydesk.purge().await;
        }
        events(&test).await
    };
    let before = events(&test).await;
    assert_eq!(purged(6).await, before);
    assert_eq!(purged(3).await, 1, "one is still to be delivered");
    test.keydesk.deliver_due().await;
    assert_eq!(test.keydesk.webhook_counters().parked, 1);
    assert_eq!(purged(20).await, 1, "and what is parked stays");
    assert_eq!(test.keydesk.webhook_counters().given_up, 0);
    assert_eq!(purged(3).await, 0);
    assert_eq!(test.keydesk.webhook_counters().given_up, 1);
}

async fn a_clock_that_was_set_back_puts_nothing_off(database: TestDatabase) {
    let test = open(database).await;
    let receiver = Receiver::start().await.unwrap();
    receiver.answer(|_| Reply::status(500));
    hook(&test, &receiver, &["key.created"]).await;
    test.issue("Acme").await;
    test.keydesk.deliver_due().await;
    test.clock.advance(-30 * DAY);
    receiver.answer(|_| Reply::status(200));
    test.keydesk.deliver_due().await;
    assert_eq!(receiver.received().len(), 2);
}
