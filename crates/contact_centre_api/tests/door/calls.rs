use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contact_centre::{
    id::CallId,
    objects::{Direction, LegState},
};
use serde_json::{Value, json};

use crate::support::{ALL, CRM, Door, HOUR_MS, id};

fn dial(door: &Door, to: &str) -> Value {
    json!({ "to": to, "agent_id": door.free_agent() })
}

/// A call of an agent that somebody answered.
pub(crate) async fn connected(door: &Door) -> CallId {
    for n in 0..100 {
        let body = dial(door, &format!("+6149157{n:04}"));
        let told = door.ask(ALL, "POST", "/calls").json(&body).send().await;
        assert_eq!(told.status, 202, "{}", told.text());
        let id = id(&told.json());
        let over = door.until(|world| {
            let state = world.state().call(id).unwrap().state;
            matches!(state, LegState::Connected | LegState::Closed).then_some(state)
        });
        if over == LegState::Connected {
            return id;
        }
    }
    panic!("nobody ever answers");
}

/// Case 17 of the design.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_that_ask_for_one_call_get_one() {
    let door = Door::open(3);
    let body = dial(&door, "+61491570156");
    let before = door.world(|world| world.state().calls_started());
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..20 {
        asking.spawn(door.ask(CRM, "POST", "/calls").header("idempotency-key", "once").json(&body).send());
    }
    let told = asking.join_all().await;
    assert_eq!(door.world(|world| world.state().calls_started()), before + 1);
    let ids: std::collections::BTreeSet<_> = told.iter().map(|told| id(&told.json())).collect();
    assert_eq!(ids.len(), 1);
    assert!(told.iter().all(|told| told.status == 202));
    assert_eq!(told.iter().filter(|told| told.header("idempotency-replayed") == Some("true")).count(), 19);
    let call = *ids.first().unwrap();
    assert_eq!(told[0].header("location"), Some(&*format!("/v1/calls/{call}")));
    let other = dial(&door, "+61491570157");
    let told = door.ask(CRM, "POST", "/calls").header("idempotency-key", "once").json(&other).send().await;
    assert_eq!(told.code(409), "idempotency_mismatch");
    // When it is over, another name dials again.
    door.until(|world| world.state().call(call).unwrap().closed_at);
    let again = door.ask(CRM, "POST", "/calls").header("idempotency-key", "twice").json(&dial(&door, "+61491570156"));
    assert_ne!(id(&again.send().await.json()), call);
}

#[tokio::test]
async fn a_call_is_there_before_it_is_dialled_and_the_agent_is_named_in_three_ways() {
    let door = Door::open(3);
    let agent = door.free_agent();
    let (extension, email) = door.world(|world| {
        let agent = world.state().agent(agent).unwrap();
        (agent.extension.to_string(), agent.email.to_uppercase())
    });
    let post = |body: Value| door.ask(CRM, "POST", "/calls").json(&body).send();
    let told = post(json!({"to": "0491 570 156", "agent_extension": extension})).await;
    let call = told.json();
    assert_eq!(
        (told.status.as_u16(), &call["state"], &call["direction"]),
        (202, &json!("requested"), &json!("outbound"))
    );
    assert_eq!((&call["to"]["e164"], &call["agent"]["id"]), (&json!("+61491570156"), &json!(agent)));
    assert_eq!(post(json!({"to": "0491 570 156", "agent_email": email})).await.code(409), "agent_busy");
    assert_eq!(post(json!({"to": "0491 570 156"})).await.code(422), "invalid_field");
    assert_eq!(
        post(json!({"to": "0491 570 156", "agent_id": agent, "agent_email": "x"})).await.code(422),
        "invalid_field"
    );
    assert_eq!(post(json!({"to": "0491 570 156", "agent_email": "x"})).await.code(404), "not_found");
    assert_eq!(post(json!({"to": "", "agent_id": agent})).await.code(422), "invalid_field");
}

#[tokio::test]
async fn a_key_calls_as_often_and_where_and_when_it_may() {
    let door = Door::open(3);
    let post = async |limits: &Value, to: &str| {
        let limits = URL_SAFE_NO_PAD.encode(limits.to_string());
        let body = dial(&door, to);
        door.ask(CRM, "POST", "/calls").header("x-keydesk-contact-centre", &limits).json(&body).send().await
    };
    let hourly = json!({"calls_per_hour": 1});
    assert_eq!(post(&hourly, "+61491570156").await.status, 202);
    let told = post(&hourly, "+61491570157").await;
    assert_eq!(told.code(429), "calls_per_hour_reached");
    let wait: i64 = told.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3_600).contains(&wait));
    door.pass(wait * 1_000);
    assert_eq!(post(&hourly, "+61491570157").await.status, 202, "whoever waits that long is let in");
    let home = json!({"call_prefixes": [{"prefix": "+", "calls_per_hour": 0}, {"prefix": "+61"}]});
    assert_eq!(post(&home, "+12015550123").await.code(403), "call_not_allowed");
    assert_eq!(post(&home, "+61491570158").await.status, 202);
    // Half past two in Sydney, half past three in the morning in Germany.
    let day = json!({"dialling_hours": {"from_hour": 9, "to_hour": 20}});
    let told = post(&day, "+49711123456").await;
    assert_eq!(told.code(403), "outside_dialling_hours");
    assert_eq!(told.json()["next_allowed_at"], "2026-03-04T08:00:00.000Z");
    assert_eq!(post(&day, "+61491570159").await.status, 202);
}

#[tokio::test]
async fn a_call_is_held_passed_on_and_ended_and_says_what_state_forbids_it() {
    let door = Door::open(3);
    let call = connected(&door).await;
    let act = async |verb: &str, body: Value| {
        door.ask(ALL, "POST", &format!("/calls/{call}/{verb}")).json(&body).send().await
    };
    let wrong = act("resume", json!({})).await;
    assert_eq!((wrong.code(409), &wrong.json()["state"]), ("wrong_state".to_owned(), &json!("connected")));
    assert_eq!(act("hold", json!({})).await.json()["state"], "held");
    assert_eq!(act("hold", json!({})).await.code(409), "wrong_state");
    door.pass(5_000);
    assert_eq!(act("resume", json!({})).await.json()["state"], "connected");
    assert_eq!(act("hold", json!({"x": 1})).await.code(400), "invalid_request");
    assert_eq!(act("transfer", json!({})).await.code(422), "invalid_field");
    let colleague = door.free_agent();
    let told = act("transfer", json!({"agent_id": colleague, "mode": "attended"})).await;
    assert_eq!(told.status, 200, "{}", told.text());
    // The colleague answers after a while, and the customer goes there.
    let asked = door.leg(|leg| leg.parent_id == Some(call));
    door.until(|world| {
        world.state().call(asked).filter(|leg| leg.state == LegState::Connected || leg.closed_at.is_some()).map(|_| ())
    });
    if door.state(asked) == LegState::Connected {
        assert_eq!(act("transfer", json!({"complete": true})).await.status, 200);
    } else {
        assert_eq!(act("hangup", json!({})).await.status, 200);
    }
    door.until(|world| world.state().call(call).unwrap().closed_at);
    assert_eq!(act("hangup", json!({})).await.code(409), "wrong_state");
    // Case 7: all legs by the root, in one answer, with links that lead back to it.
    let legs = door.get(ALL, &format!("/calls/by-root/{call}")).await;
    let legs = legs["items"].as_array().unwrap();
    assert_eq!(legs[0]["id"], json!(call));
    assert!(
        legs.len() >= 2 && legs[1..].iter().all(|leg| leg["parent_id"] == json!(call) && leg["root_id"] == json!(call))
    );
}

/// Case 2 of the design.
#[tokio::test]
async fn the_end_is_the_end() {
    let door = Door::open(3);
    let call = connected(&door).await;
    door.pass(30_000);
    let ended = door.ask(ALL, "POST", &format!("/calls/{call}/hangup")).json(&json!({})).send().await.json();
    assert_eq!(
        (&ended["state"], &ended["outcome"], &ended["disconnected_by"]),
        (&json!("wrapping"), &json!("completed"), &json!("agent"))
    );
    assert!(ended["instants"]["disconnected_at"].is_string());
    door.until(|world| world.state().call(call).unwrap().closed_at);
    let events = door.get(ALL, &format!("/calls/{call}/events")).await;
    let types: Vec<_> =
        events["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    let place = |of: &str| types.iter().position(|kind| *kind == of).unwrap();
    assert!(place("call.ended") < place("call.wrapped") && place("call.wrapped") < place("call.closed"), "{types:?}");
    assert_eq!(events["complete"], true);
    let seqs: Vec<_> =
        events["items"].as_array().unwrap().iter().map(|event| event["subject_seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    let (mut paged, mut path) = (Vec::new(), format!("/calls/{call}/events?limit=3"));
    loop {
        let page = door.get(ALL, &path).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3 && page["complete"] == true);
        paged.extend(items.clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("/calls/{call}/events?limit=3&cursor={next}");
    }
    assert_eq!(json!(paged), events["items"]);
    let refused = door.ask(ALL, "GET", &format!("/calls/{call}/events?limit=501")).send().await;
    assert_eq!(refused.code(400), "invalid_request");
    let told = &events["items"][place("call.ended")]["data"];
    assert_eq!(
        (&told["outcome"], &told["instants"]["disconnected_at"]),
        (&json!("completed"), &ended["instants"]["disconnected_at"])
    );
}

/// Case 1 of the design, of what REST answers.
#[tokio::test]
async fn durations_are_differences_of_instants() {
    let door = Door::open(3);
    let mut path = "/calls?limit=500".to_owned();
    let (mut count, mut handled) = (0, 0);
    loop {
        let page = door.get(ALL, &path).await;
        for call in page["items"].as_array().unwrap() {
            handled += usize::from(check_durations(call));
            count += 1;
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("/calls?limit=500&cursor={next}");
    }
    assert_eq!(count, door.world(|world| world.state().calls().count()));
    assert!(count > 800 && handled > 100, "{count}, {handled}");
}

/// Each identity of the design, section 1.2. Whether the call was handled to its end, so that all of them were checked.
pub(crate) fn check_durations(call: &Value) -> bool {
    let at = |name: &str| {
        let text = call["instants"][name].as_str()?;
        Some(text.parse::<model::Instant>().unwrap().as_millis())
    };
    let ms = |name: &str| call["durations"][name].as_i64();
    let span = |from: &str, to: &str| Some(at(to)? - at(from)?);
    assert_eq!(ms("wait_ms"), span("enqueued_at", "dequeued_at"), "{call}");
    assert_eq!(ms("ivr_ms"), span("started_at", "ivr_ended_at"), "{call}");
    assert_eq!(ms("wrap_ms"), span("disconnected_at", "wrap_ended_at"), "{call}");
    let Some(joined) = span("answered_at", "disconnected_at") else { return false };
    assert_eq!(ms("talk_ms").unwrap() + ms("hold_ms").unwrap(), joined, "{call}");
    let Some(wrap) = ms("wrap_ms") else { return false };
    assert_eq!(ms("handle_ms"), Some(ms("dial_ms").unwrap_or_default() + joined + wrap), "{call}");
    true
}

#[tokio::test]
async fn legs_are_found_by_what_is_known_of_them() {
    let door = Door::open(3);
    let call = door.leg(|leg| {
        let is_known = leg.direction == Direction::Inbound && leg.from.e164.is_some() && leg.queue_id.is_some();
        is_known && leg.closed_at.is_some() && leg.wrap.is_some()
    });
    let found = door.get(ALL, &format!("/calls/{call}")).await;
    for (name, value) in [
        ("queue_id", &found["queue"]["id"]),
        ("agent_id", &found["agent"]["id"]),
        ("from", &found["instants"]["started_at"]),
        ("state", &found["state"]),
    ] {
        let value = value.as_str().unwrap();
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = door.get(ALL, &format!("/calls?limit=500&{name}={value}{cursor}")).await;
            ids.extend(page["items"].as_array().unwrap().iter().map(id));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert!(ids.contains(&call), "{name}");
        assert!(ids.is_sorted());
        let all = door.world(|world| world.state().calls().count());
        assert!(ids.len() < all, "{name} finds all");
    }
    let ended = found["instants"]["disconnected_at"].as_str().unwrap();
    let after = ended.parse::<model::Instant>().unwrap().plus_millis(1);
    let page = door.get(ALL, &format!("/calls?by=ended&from={ended}&to={after}")).await;
    assert!(page["items"].as_array().unwrap().iter().any(|item| id(item) == call));
    let number = found["from"]["e164"].as_str().unwrap().replace('+', "%2B");
    let page = door.get(ALL, &format!("/calls?limit=500&phone={number}")).await;
    assert!(page["items"].as_array().unwrap().iter().any(|item| id(item) == call));
    door.pass(HOUR_MS);
}
