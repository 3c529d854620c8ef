//! A delivery that nobody takes for three days is parked: over REST and in the Workspace.

use std::sync::Arc;

use delivery::{
    Policy,
    testing::{Receiver, Reply},
};
use domain::{Clock, EventOptions, OpenOptions};
use model::Role;
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::support::{Person, StoppedClock, TestApp};

on_both_databases!(what_is_not_taken_for_three_days_is_shown_as_parked_until_it_is_delivered_again);

const DAY: i64 = 24 * 60 * 60 * 1_000;

async fn what_is_not_taken_for_three_days_is_shown_as_parked_until_it_is_delivered_again(database: TestDatabase) {
    let stopped = StoppedClock::at("2026-11-22T21:20:00Z");
    let policy = Policy { allow_networks: vec!["127.0.0.0/8".parse().unwrap()], allow_http: true };
    let events = EventOptions { policy, ..EventOptions::default() };
    let clock = Arc::clone(&stopped) as Arc<dyn Clock>;
    let app =
        TestApp::with(OpenOptions { clock, events, ..OpenOptions::founding(database.address(), database.dir()) }).await;
    let client = app.client(&["webhooks:read", "webhooks:write", "keys:write"]).await;
    let receiver = Receiver::start().await.unwrap();
    receiver.answer(|_| Reply::status(500));
    let made = client.post("/api/v1/webhooks", json!({ "url": receiver.url(), "types": ["key.created"] })).await;
    let path = format!("/api/v1/webhooks/{}", made.json()["id"].as_str().unwrap());
    let page = format!("/webhooks/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(client.post("/api/v1/keys", json!({ "client_name": "Acme" })).await.status, 201);
    let in_state = async |state: &str| -> Vec<Value> {
        let answer = client.get(&format!("{path}/deliveries?state={state}")).await;
        answer.json()["items"].as_array().unwrap().clone()
    };
    app.keydesk.deliver_due().await;
    let waiting = in_state("pending").await;
    assert_eq!((waiting.len(), &waiting[0]["attempts"]), (1, &json!(1)));
    assert!(waiting[0]["next_attempt_at"].is_string(), "{waiting:?}");
    assert!(in_state("parked").await.is_empty());

    stopped.advance(3 * DAY);
    app.keydesk.deliver_due().await;
    assert!(in_state("pending").await.is_empty());
    let parked = in_state("parked").await;
    assert_eq!(parked.len(), 1, "{parked:?}");
    let delivery = &parked[0];
    assert_eq!((&delivery["type"], &delivery["state"]), (&json!("key.created"), &json!("parked")));
    assert_eq!((&delivery["attempts"], &delivery["next_attempt_at"]), (&json!(2), &Value::Null));
    assert_eq!(delivery["last_attempt"]["status"], 500);
    assert_eq!(client.get(&path).await.json()["health"]["parked"], 1);
    // It is left alone.
    stopped.advance(DAY);
    app.keydesk.deliver_due().await;
    assert_eq!(receiver.received().len(), 2);

    let ada = Person::sign_in(&app, Role::Owner).await;
    assert!(ada.page("/webhooks").await.contains(">1 parked<"), "the list of receivers says so");
    let shown = ada.page(&format!("{page}?state=parked")).await;
    for words in ["\"badge bad\">Parked<", "Answer 500 in ", "2 tries"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let waiting = ada.page(&format!("{page}?state=pending")).await;
    assert!(waiting.contains("There are none.") && !waiting.contains("Answer 500"), "{waiting}");

    receiver.answer(|_| Reply::status(204));
    let again = client.post(&format!("{path}/redeliver"), json!({ "ids": [delivery["event_id"]] })).await;
    assert_eq!((again.status.as_u16(), again.json()), (202, json!({ "events": 1 })));
    app.keydesk.deliver_due().await;
    assert!(in_state("parked").await.is_empty());
    assert_eq!(in_state("delivered").await[0]["event_id"], delivery["event_id"]);
    assert!(!ada.page("/webhooks").await.contains("parked<"));
}
