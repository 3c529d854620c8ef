use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{
    desk::Desk,
    golden::golden,
    led::{act, agents, wants, wrap},
};

/// An agent who is free, once there is one.
async fn free_agent(desk: &Desk) -> String {
    for _ in 0..200 {
        let agents = desk.all("/agents").await;
        if let Some(agent) = agents.iter().find(|agent| agent["state"] == "ready") {
            return agent["id"].as_str().unwrap().to_owned();
        }
        desk.pass(5_000).await;
    }
    panic!("nobody is ever free");
}

async fn call(desk: &Desk, id: &str) -> Value {
    desk.get(&format!("/calls/{id}")).await
}

/// A call that somebody answered.
async fn connected(desk: &Desk) -> String {
    for number in 0..60 {
        let form = json!({ "to": format!("+6149157{number:04}"), "agent_id": free_agent(desk).await });
        let told = desk.send(&desk.key, "POST /v1/calls", "", &form).await;
        // Somebody may have been faster to the agent.
        if told.status != 202 {
            continue;
        }
        let id = told.json()["id"].as_str().unwrap().to_owned();
        for _ in 0..120 {
            match call(desk, &id).await["state"].as_str() {
                Some("connected") => return id,
                Some("closed") => break,
                _ => desk.pass(1_000).await,
            }
        }
    }
    panic!("nobody ever answers");
}

/// Cases 2, 4 and 1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_is_the_end() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    let id = connected(&desk).await;
    desk.pass(1_000).await;
    let line = format!("POST /v1/calls/{id}/hangup");
    let ended = desk.send(&desk.key, &line, "", &json!({})).await;
    // The customer may have been faster.
    assert!([200, 409].contains(&ended.status), "{}", ended.json());
    let now = call(&desk, &id).await;
    assert!(now["outcome"].is_string() && now["instants"]["disconnected_at"].is_string(), "{now}");
    assert!(["wrapping", "closed"].contains(&now["state"].as_str().unwrap()), "{now}");
    for _ in 0..60 {
        if call(&desk, &id).await["state"] == "closed" {
            break;
        }
        desk.pass(60_000).await;
    }
    let events = desk.get(&format!("/calls/{id}/events")).await;
    let events = events["items"].as_array().unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let place = |kind: &str| kinds.iter().position(|one| *one == kind);
    assert!(place("call.ended") < place("call.wrapped") && place("call.wrapped") < place("call.closed"), "{kinds:?}");
    let of_ended = &events[place("call.ended").unwrap()]["data"];
    assert_eq!(of_ended["outcome"], now["outcome"]);
    assert_eq!(of_ended["instants"]["disconnected_at"], now["instants"]["disconnected_at"]);
    let seqs: Vec<_> = events.iter().map(|event| event["subject_seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    let times: Vec<_> = events.iter().map(|event| event["timestamp"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

/// Case 17.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_that_ask_for_one_call_get_one() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    let form = json!({ "to": "+61491570156", "agent_id": free_agent(&desk).await });
    let named = "Idempotency-Key: one\r\n";
    let told = join_all((0..20).map(|_| desk.send(&desk.key, "POST /v1/calls", named, &form))).await;
    let ids: BTreeSet<_> = told.iter().map(|one| one.json()["id"].to_string()).collect();
    assert!(told.iter().all(|one| one.status == 202), "{told:?}");
    assert_eq!(ids.len(), 1);
    assert_eq!(told.iter().filter(|one| one.header("idempotency-replayed") == Some("true")).count(), 19);
    let legs = desk.all("/calls?phone=%2B61491570156").await;
    let dialled = legs.iter().filter(|leg| ids.contains(&leg["id"].to_string())).count();
    assert_eq!(dialled, 1);
    let other = json!({ "to": "+61491570157", "agent_id": form["agent_id"] });
    let refused = desk.send(&desk.key, "POST /v1/calls", named, &other).await;
    assert_eq!((refused.status, refused.code()), (409, "idempotency_mismatch".to_owned()));
    // Outside of the hours in which the key may call.
    let args = ["--scope", "calls:make", "--scope", "agents:read", "--contact-centre", "hours=3-10"];
    let night = desk.new_key(&args).await;
    let refused = desk.send(&night, "POST /v1/calls", "", &form).await;
    assert_eq!((refused.status, refused.code()), (403, "outside_dialling_hours".to_owned()));
    assert!(refused.json()["next_allowed_at"].is_string());
}

/// Legs with a number.
async fn legs_with(desk: &Desk, phone: &str) -> Vec<Value> {
    desk.all(&format!("/calls?phone={}", phone.replace('+', "%2B"))).await
}

/// Asks for a call, and hangs up before any of the answer is read.
async fn cut_off(desk: &Desk, headers: &str, form: &Value) {
    let body = form.to_string();
    let request = format!(
        "POST /v1/calls HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        desk.key,
        body.len()
    );
    let mut connection = TcpStream::connect(&desk.gateway).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
}

/// Case 17: whoever is cut off once a call is asked for learns by asking again which one it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_was_asked_for_before_the_connection_broke_is_made_once() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    let form = json!({ "to": "+61491570158", "agent_id": free_agent(&desk).await });
    let from = desk.get("/live-calls").await["cursor"].as_str().unwrap().to_owned();
    let before = legs_with(&desk, "+61491570158").await.len();
    let named = "Idempotency-Key: cut\r\n";
    cut_off(&desk, named, &form).await;
    let mut told = Vec::new();
    for _ in 0..5 {
        told.push(desk.send(&desk.key, "POST /v1/calls", named, &form).await);
    }
    assert!(told.iter().all(|one| one.status == 202), "{told:?}");
    let ids: BTreeSet<_> = told.iter().map(|one| one.json()["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    // The first may have been faster than the one that was cut off.
    assert!(told[1..].iter().all(|one| one.header("idempotency-replayed") == Some("true")), "{told:?}");
    // Nobody else does anything while the clock stands.
    assert_eq!(legs_with(&desk, "+61491570158").await.len(), before + 1);
    let begun = desk.get(&format!("/call-events?after={from}&types=call.started&limit=500")).await;
    let begun: Vec<_> =
        begun["items"].as_array().unwrap().iter().map(|event| event["subject"]["id"].to_string()).collect();
    assert_eq!(begun, ids.into_iter().collect::<Vec<_>>());
}

/// Has agents call until the network fails a call: what was asked for under which key, and the leg. All others end before.
async fn failed(desk: &Desk, agents: &[String]) -> (String, Value, Value) {
    // One of a hundred comes to that.
    for number in 0..1_200 {
        let agent = &agents[number % agents.len()];
        let named = format!("Idempotency-Key: dial-{number}\r\n");
        let form = json!({ "to": format!("+6149157{number:04}"), "agent_id": agent });
        let made = desk.send(&desk.key, "POST /v1/calls", &named, &form).await;
        assert_eq!(made.status, 202, "{}", made.json());
        let id = made.json()["id"].as_str().unwrap().to_owned();
        // Until then it rings, or never will.
        desk.pass(7_000).await;
        let leg = call(desk, &id).await;
        if leg["outcome"] == "failed" {
            return (named, form, leg);
        }
        if leg["state"] != "closed" {
            act(desk, &id, "hangup", &json!({})).await;
            if call(desk, &id).await["state"] == "wrapping" {
                wrap(desk, &id).await;
            }
        }
    }
    panic!("the network never fails");
}

/// Case 17: a call that the network failed is over, and told again under its key; under another it is dialled again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_failed_is_dialled_again_under_another_key_alone() {
    let desk = golden().await;
    let agents = agents(&desk).await;
    for agent in &agents {
        wants(&desk, agent, "not_ready", Some("break")).await;
    }
    let (named, form, leg) = failed(&desk, &agents).await;
    assert_eq!((&leg["state"], &leg["cause_q850"]), (&json!("closed"), &json!(41)));
    assert!(leg["instants"]["answered_at"].is_null() && leg["instants"]["disconnected_at"].is_string(), "{leg}");
    let events = desk.get(&format!("/calls/{}/events", leg["id"].as_str().unwrap())).await;
    let kinds: Vec<_> =
        events["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["call.started", "call.dialing", "call.failed", "call.closed"]);
    let legs = legs_with(&desk, form["to"].as_str().unwrap()).await.len();
    let again = desk.send(&desk.key, "POST /v1/calls", &named, &form).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (202, Some("true")));
    assert_eq!(again.json()["id"], leg["id"], "it is the call that failed");
    assert_eq!(legs_with(&desk, form["to"].as_str().unwrap()).await.len(), legs);
    let anew = desk.send(&desk.key, "POST /v1/calls", "Idempotency-Key: anew\r\n", &form).await;
    assert_eq!((anew.status, anew.header("idempotency-replayed")), (202, None), "{}", anew.json());
    assert_ne!(anew.json()["id"], leg["id"]);
    assert_eq!(legs_with(&desk, form["to"].as_str().unwrap()).await.len(), legs + 1);
}

/// Cases 5 and 6.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_reason_to_reason_is_one_event_and_the_last_wish_wins() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    let agent = free_agent(&desk).await;
    let from = desk.get("/agent-states/snapshot").await["cursor"].as_str().unwrap().to_owned();
    let put = async |reason: &str| {
        let form = json!({ "routing_state": "not_ready", "reason": reason, "on_behalf_of": agent });
        let told = desk.send(&desk.key, &format!("PUT /v1/agents/{agent}/state"), "", &form).await;
        assert_eq!(told.status, 200, "{}", told.json());
    };
    for reason in ["training", "training", "meeting", "meeting"] {
        put(reason).await;
    }
    let page = desk.get(&format!("/agent-states/events?after={from}&agent_ids={agent}&limit=500")).await;
    let by_key = |event: &&Value| event["actor"]["kind"] == "api_key";
    let events: Vec<_> = page["items"].as_array().unwrap().iter().filter(by_key).collect();
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(
        (&events[1]["data"]["reason"], &events[1]["data"]["previous"]["reason"]),
        (&json!("meeting"), &json!("training"))
    );
    assert_eq!(events[1]["actor"]["agent_id"], json!(agent));
}
