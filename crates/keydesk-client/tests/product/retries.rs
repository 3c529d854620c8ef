use std::time::{Duration, Instant};

use keydesk_client::{Client, ContactCentre, Error, KeySearch, NewCall, Retries};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::program::Program;

#[tokio::test]
async fn a_call_over_the_limit_waits_as_long_as_it_is_told_to() {
    let program = Program::start().await;
    let key = program.key("live", &["keys:read"], &["--rate", "default=1/2s"]).await;
    let list = async |client: &Client| client.keys().list(&KeySearch::default()).await;
    let hasty = Client::builder(&program.address(), &key).retries(Retries::none()).build().unwrap();
    list(&hasty).await.unwrap();
    let error = list(&hasty).await.unwrap_err();
    let Error::Refused(problem) = &error else { panic!("{error}") };
    assert_eq!((problem.status, problem.code.as_str()), (429, "rate_limited"));
    assert!(problem.retry_after.is_some_and(|wait| wait <= Duration::from_secs(2)), "{problem:?}");

    let begun = Instant::now();
    let client = program.client(&key);
    list(&client).await.unwrap();
    list(&client).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_server_that_starts_again_is_waited_for_and_one_that_is_gone_is_told() {
    let mut program = Program::start().await;
    let key = program.key("live", &["keys:read"], &[]).await;
    let hasty = Client::builder(&program.address(), &key).retries(Retries::none()).build().unwrap();
    program.kill().await;
    assert!(matches!(hasty.whoami().await, Err(Error::Unreachable(_) | Error::Broken(_))));
    let mut patient = Retries::default();
    (patient.attempts, patient.longest_backoff) = (100, Duration::from_millis(300));
    let client = Client::builder(&program.address(), &key).retries(patient).build().unwrap();
    let asking = tokio::spawn(async move { client.whoami().await });
    program.again().await;
    assert_eq!(asking.await.unwrap().unwrap().key.client_name, "Tests");
}

#[tokio::test]
async fn a_call_that_is_asked_for_twice_is_made_once() {
    let program = Program::start().await;
    let key = program.key("test", &["calls:make", "calls:read", "agents:read", "contacts:read"], &[]).await;
    program.opened(&key).await;
    let centre = program.gateway_with(&key).contact_centre();
    let agent = ready(&centre).await;
    let new = NewCall {
        to: "+61 491 570 156".to_owned(),
        agent_id: Some(agent),
        named: Some("tests-1".to_owned()),
        ..NewCall::default()
    };
    let first = centre.make_call(&new).await.unwrap();
    let second = centre.make_call(&new).await.unwrap();
    assert_eq!((first.call.id, first.replayed, second.replayed), (second.call.id, false, true));
    assert_eq!(centre.call(first.call.id).await.unwrap().to.e164.as_deref(), Some("+61491570156"));
    let found = centre.look_up("anonymous").await.unwrap();
    assert!(found.matches.is_empty());
    let figures = centre.read::<Value>("/v1/metrics/queues").await.unwrap_err();
    assert_eq!(figures.code(), Some("insufficient_scope"));
}

/// An agent who can be called for. Where it is night, the clock goes on until somebody works; then it stands still.
async fn ready(centre: &ContactCentre) -> Uuid {
    let clock = async |body: Value| centre.post::<Value>("/v1/sandbox/clock", &body, None).await.unwrap();
    clock(json!({ "action": "pause" })).await;
    for _ in 0..200 {
        let agents = centre.agents(None).await.unwrap();
        if let Some(agent) = agents.items.iter().find(|agent| agent.state == "ready") {
            return agent.id;
        }
        clock(json!({ "action": "step", "ms": 1_200_000 })).await;
    }
    panic!("nobody works in three days")
}
