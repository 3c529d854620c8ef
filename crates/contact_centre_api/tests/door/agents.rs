use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{ALL, Door, KEY, OTHER_KEY, WFM};

const MINUTE_MS: i64 = 60_000;

async fn begin(door: &Door, agent: &str, minutes: u32) -> Value {
    let told =
        door.ask(ALL, "POST", "/sessions/proxy").json(&json!({"agent_id": agent, "minutes": minutes})).send().await;
    assert_eq!((told.status.as_u16(), told.header("cache-control")), (201, Some("no-store")), "{}", told.text());
    told.json()
}

/// Case 5 of the design, of what was written into the log.
#[tokio::test]
async fn from_reason_to_reason_is_one_change_and_the_same_reason_none() {
    let door = Door::open(5);
    let agent = door.free_agent();
    let put = async |reason: &str| {
        let body = json!({"routing_state": "not_ready", "reason": reason, "on_behalf_of": agent});
        let told = door.ask(ALL, "PUT", &format!("/agents/{agent}/state")).json(&body).send().await;
        assert_eq!(told.status, 200, "{}", told.text());
        told.json()
    };
    let first = put("break").await;
    assert_eq!((&first["state"], &first["reason"]), (&json!("not_ready"), &json!("break")));
    assert_eq!(first["actor"], json!({"kind": "api_key", "agent_id": agent, "key_id": KEY}));
    let seq = door.world(|world| world.state().seq());
    assert_eq!(put("meal").await["reason"], "meal");
    assert_eq!(door.world(|world| world.state().seq()), seq + 1);
    put("meal").await;
    assert_eq!(door.world(|world| world.state().seq()), seq + 1);
    let states = door.get(WFM, &format!("/agents/{agent}/states")).await;
    let states = states["items"].as_array().unwrap();
    let last: Vec<_> = states.iter().rev().take(2).map(|state| state["reason"].as_str().unwrap()).collect();
    assert_eq!(last, ["meal", "break"]);
    for pair in states.windows(2) {
        assert_eq!(pair[0]["ended_at"], pair[1]["started_at"]);
    }
}

/// Case 6 of the design.
#[tokio::test]
async fn the_last_wish_wins() {
    let door = Door::open(5);
    let agent = door.until(|world| {
        let wrapping = |agent: &&contact_centre::objects::Agent| agent.status.state().as_str() == "wrapping";
        world.state().agents().find(wrapping).map(|agent| agent.id)
    });
    let put = async |body: Value| {
        let told = door.ask(ALL, "PUT", &format!("/agents/{agent}/state")).json(&body).send().await;
        assert_eq!(told.status, 200, "{}", told.text());
        told.json()
    };
    let first = put(json!({"routing_state": "offline", "on_behalf_of": agent})).await;
    assert_eq!((&first["state"], &first["pending_state"]["routing_state"]), (&json!("wrapping"), &json!("offline")));
    let second = put(json!({"routing_state": "not_ready", "reason": "meeting", "on_behalf_of": agent})).await;
    assert_eq!(second["pending_state"]["reason"], "meeting");
    let state = door.until(|world| {
        let status = world.state().agent(agent).unwrap().status;
        (status.state().as_str() != "wrapping").then_some(status)
    });
    assert_eq!(state.routing.reason().map(|reason| reason.as_str()), Some("meeting"));
}

#[tokio::test]
async fn a_session_begins_once_however_often_that_is_asked_for() {
    let door = Door::open(5);
    let form = json!({"agent_id": door.free_agent(), "minutes": 5});
    let begin = || door.ask(ALL, "POST", "/sessions/proxy").header("idempotency-key", "one").json(&form).send();
    let (once, again) = (begin().await, begin().await);
    assert_eq!((once.status.as_u16(), once.json()), (201, again.json()));
    assert_eq!((once.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
}

#[tokio::test]
async fn a_proxy_session_acts_for_its_agent_and_ends() {
    let door = Door::open(5);
    let agent = door.free_agent().to_string();
    let session = begin(&door, &agent, 30).await;
    let token = session["token"].as_str().unwrap().to_owned();
    let put = |agent: &str, key: &'static str| {
        let path = format!("/agents/{agent}/state");
        let ask = door.ask(ALL, "PUT", &path).key(Some(key)).header("x-proxy-session", &token);
        ask.json(&json!({"routing_state": "not_ready", "reason": "admin"})).send()
    };
    assert_eq!(put(&agent, KEY).await.json()["reason"], "admin");
    assert_eq!(put(&agent, OTHER_KEY).await.code(403), "invalid_session");
    let other =
        door.world(|world| world.state().agents().find(|one| one.id.to_string() != agent).unwrap().id.to_string());
    assert_eq!(put(&other, KEY).await.code(403), "agent_not_allowed");
    // Without it the key says for whom it acts.
    let bare = door.ask(ALL, "PUT", &format!("/agents/{agent}/state")).json(&json!({"routing_state": "ready"}));
    assert_eq!(bare.send().await.code(422), "invalid_field");
    // A call of the session leaves both names.
    let ready = door.ask(ALL, "PUT", &format!("/agents/{agent}/state")).header("x-proxy-session", &token);
    assert_eq!(ready.json(&json!({"routing_state": "ready"})).send().await.status, 200);
    let call = door
        .ask(ALL, "POST", "/calls")
        .header("x-proxy-session", &token)
        .json(&json!({"to": "0491570156"}))
        .send()
        .await;
    if call.status == 202 {
        let call = call.json();
        assert_eq!(call["actor"], json!({"kind": "api_key", "agent_id": agent, "key_id": KEY}));
        let events = door.get(ALL, &format!("/calls/{}/events", call["id"].as_str().unwrap())).await;
        assert_eq!(events["items"][0]["actor"], call["actor"]);
    } else {
        // Somebody called the agent in the same instant.
        assert_eq!(call.code(409), "agent_busy");
    }
    let end =
        |id: &str, key: &'static str| door.ask(ALL, "DELETE", &format!("/sessions/proxy/{id}")).key(Some(key)).send();
    let id = session["session_id"].as_str().unwrap();
    assert_eq!(end(id, OTHER_KEY).await.code(404), "not_found");
    assert_eq!(end(id, KEY).await.status, 204);
    assert_eq!(end(id, KEY).await.code(404), "not_found");
    assert_eq!(put(&agent, KEY).await.code(403), "invalid_session");
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over() {
    let door = Door::open(5);
    let agent = door.free_agent().to_string();
    for minutes in [0, 481] {
        let told =
            door.ask(ALL, "POST", "/sessions/proxy").json(&json!({"agent_id": agent, "minutes": minutes})).send().await;
        assert_eq!(told.code(422), "invalid_field");
    }
    let token = begin(&door, &agent, 1).await["token"].as_str().unwrap().to_owned();
    let ask = || door.ask(ALL, "GET", "/agents").header("x-proxy-session", &token).send();
    door.pass(MINUTE_MS - 1);
    assert_eq!(ask().await.status, 200);
    door.pass(1);
    assert_eq!(ask().await.code(403), "invalid_session");
}

#[tokio::test]
async fn a_key_acts_only_for_agents_that_it_may_act_for() {
    let door = Door::open(5);
    let (one, other) = door.world(|world| {
        let mut agents = world.state().agents().map(|agent| agent.id.to_string());
        (agents.next().unwrap(), agents.next().unwrap())
    });
    let limits = URL_SAFE_NO_PAD.encode(json!({"agent_ids": [one]}).to_string());
    let begin = |agent: &str| {
        let ask = door.ask(ALL, "POST", "/sessions/proxy").header("x-keydesk-contact-centre", &limits);
        ask.json(&json!({"agent_id": agent, "minutes": 5})).send()
    };
    assert_eq!(begin(&one).await.status, 201);
    assert_eq!(begin(&other).await.code(403), "agent_not_allowed");
    let body = json!({"routing_state": "ready", "on_behalf_of": other});
    let told = door.ask(ALL, "PUT", &format!("/agents/{other}/state")).header("x-keydesk-contact-centre", &limits);
    assert_eq!(told.json(&body).send().await.code(403), "agent_not_allowed");
}

#[tokio::test]
async fn a_wish_is_one_that_can_be() {
    let door = Door::open(5);
    let agent = door.free_agent();
    for body in [
        json!({"routing_state": "gone", "on_behalf_of": agent}),
        json!({"routing_state": "not_ready", "on_behalf_of": agent}),
        json!({"routing_state": "ready", "reason": "break", "on_behalf_of": agent}),
        json!({"routing_state": "not_ready", "reason": "system", "on_behalf_of": agent}),
    ] {
        let told = door.ask(ALL, "PUT", &format!("/agents/{agent}/state")).json(&body).send().await;
        assert_eq!(told.code(422), "invalid_field", "{body}");
    }
}
