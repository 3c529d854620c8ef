//! What a token for some queues gets, and what it does not.

use contact_centre::{
    id::{CallId, QueueId, RecordingId},
    objects::{Agent, Call, RecordingStatus},
};
use contact_centre_api::OPERATIONS;
use serde_json::{Value, json};

use crate::support::{ALL, Ask, Door};

const SUBSCRIBED: &str = "contacts:* calls:* wraps:* recordings:* agents:* metrics:* queues:* live:* reports:* users:* data:* \
                          agent-states:subscribe";

fn ask(door: &Door, queue: QueueId, method: &str, path: &str) -> Ask {
    door.ask(SUBSCRIBED, method, path).header("x-keydesk-resources", &format!("queue={queue}"))
}

async fn items(door: &Door, queue: QueueId, path: &str) -> Vec<Value> {
    let told = ask(door, queue, "GET", path).send().await;
    assert_eq!(told.status, 200, "{path}: {}", told.text());
    told.json()["items"].as_array().unwrap().clone()
}

/// Two queues that both have answered calls with recordings.
fn two_queues(door: &Door) -> [QueueId; 2] {
    door.world(|world| {
        let recorded = |call: &&Call| call.recording_id.is_some() && call.noted().is_some() && call.closed_at.is_some();
        let mut queues: Vec<_> = world.state().calls().filter(recorded).filter_map(|call| call.queue_id).collect();
        queues.sort_unstable();
        queues.dedup();
        [queues[0], queues[1]]
    })
}

fn recorded(door: &Door, queue: QueueId) -> (CallId, RecordingId) {
    door.world(|world| {
        let available = |call: &&Call| {
            let recording = call.recording_id.and_then(|id| world.state().recording(id));
            recording.is_some_and(|recording| recording.status == RecordingStatus::Available)
        };
        let mut calls = world.state().calls().filter(|call| call.queue_id == Some(queue) && call.noted().is_some());
        let call = calls.find(available).unwrap();
        (call.id, call.recording_id.unwrap())
    })
}

#[tokio::test]
async fn lists_have_what_is_of_its_queues_alone() {
    let door = Door::open(41);
    let [own, other] = two_queues(&door);
    let all = door.get(ALL, "/calls?limit=500").await["items"].as_array().unwrap().clone();
    let calls = items(&door, own, "/calls?limit=500").await;
    let of_own = |call: &&Value| call["queue"]["id"] == own.to_string();
    assert!(!calls.is_empty() && calls.iter().all(|call| of_own(&call)));
    assert!(all.iter().any(|call| !of_own(&call)), "there are others");
    let of_calls = |id: &Value| {
        let id: CallId = id.as_str().unwrap().parse().unwrap();
        door.world(|world| world.state().call(id).unwrap().queue_id) == Some(own)
    };
    for path in ["/wraps?limit=500", "/recordings?limit=500"] {
        let found = items(&door, own, path).await;
        assert!(!found.is_empty() && found.iter().all(|one| of_calls(&one["call_id"])), "{path}");
        assert!(door.get(ALL, path).await["items"].as_array().unwrap().iter().any(|one| !of_calls(&one["call_id"])));
    }
    let changes = door.get(ALL, "/calls?limit=1").await["changes_cursor"].as_str().unwrap().to_owned();
    door.pass(600_000);
    let changed = items(&door, own, &format!("/calls?changed_since={changes}&limit=500")).await;
    assert!(changed.iter().all(|call| of_own(&call)));
    let agents = items(&door, own, "/agents?limit=500").await;
    let serves =
        |agent: &Value| agent["skills"].as_array().unwrap().iter().any(|one| one["queue_id"] == own.to_string());
    assert!(!agents.is_empty() && agents.iter().all(serves));
    let date = "/reports/wrap-codes?date=2026-03-03";
    assert!(items(&door, own, date).await.iter().all(|row| row["queue_id"] == own.to_string()));
    let accuracy = items(&door, own, "/live/accuracy").await;
    assert_eq!(accuracy.len(), 1);
    let refused = ask(&door, own, "GET", &format!("/calls?queue_id={other}")).send().await;
    assert_eq!(refused.code(403), "resource_not_allowed");
}

#[tokio::test]
async fn a_thing_of_another_queue_is_refused_and_one_of_its_own_is_not() {
    let door = Door::open(42);
    let [own, other] = two_queues(&door);
    let ((mine, my_recording), (theirs, their_recording)) = (recorded(&door, own), recorded(&door, other));
    let root = |id: CallId| door.world(|world| world.state().call(id).unwrap().root_id);
    for path in ["/calls/{}", "/calls/{}/events", "/calls/{}/wrap"] {
        let told = ask(&door, own, "GET", &path.replace("{}", &mine.to_string())).send().await;
        assert_eq!(told.status, 200, "{path}: {}", told.text());
        let refused = ask(&door, own, "GET", &path.replace("{}", &theirs.to_string())).send().await;
        assert_eq!(refused.code(403), "resource_not_allowed", "{path}");
    }
    assert_eq!(ask(&door, own, "GET", &format!("/calls/by-root/{}", root(mine))).send().await.status, 200);
    for path in ["/recordings/{}", "/recordings/{}/content"] {
        let told = ask(&door, own, "GET", &path.replace("{}", &my_recording.to_string())).send().await;
        assert_eq!(told.status, 200, "{path}");
        let refused = ask(&door, own, "GET", &path.replace("{}", &their_recording.to_string())).send().await;
        assert_eq!(refused.code(403), "resource_not_allowed", "{path}");
    }
    for verb in ["hangup", "hold", "resume"] {
        let refused = ask(&door, own, "POST", &format!("/calls/{theirs}/{verb}")).json(&json!({})).send().await;
        assert_eq!(refused.code(403), "resource_not_allowed", "{verb}");
    }
    let moved = json!({ "queue_id": other });
    let refused = ask(&door, own, "POST", &format!("/calls/{mine}/transfer")).json(&moved).send().await;
    assert_eq!(refused.code(403), "resource_not_allowed");
    let colleague = door.world(|world| {
        let serves = |agent: &&Agent| agent.skills.iter().any(|skill| skill.queue_id == own);
        world.state().agents().find(|agent| !serves(agent)).map(|agent| agent.id)
    });
    let moved = json!({ "agent_id": colleague.expect("somebody serves other queues alone") });
    let refused = ask(&door, own, "POST", &format!("/calls/{mine}/transfer")).json(&moved).send().await;
    assert_eq!(refused.code(403), "resource_not_allowed");
    let wrap = json!({ "code": "other" });
    let refused = ask(&door, own, "PUT", &format!("/calls/{theirs}/wrap")).json(&wrap).send().await;
    assert_eq!(refused.code(403), "resource_not_allowed");
    let arriving = |queue: QueueId| json!({ "queue_id": queue });
    let refused = ask(&door, own, "POST", "/sandbox/calls").json(&arriving(other)).send().await;
    assert_eq!(refused.code(403), "resource_not_allowed");
    let unknown = ask(&door, own, "GET", "/calls/0199c7a0-0000-7000-8000-00000000000f").send().await;
    assert_eq!(unknown.code(404), "not_found");
}

#[tokio::test]
async fn what_is_of_no_queue_is_refused_before_anything_is_looked_at() {
    let door = Door::open(43);
    let [own, _] = two_queues(&door);
    let agent = door.world(|world| world.state().agents().next().unwrap().id);
    for (method, path) in [
        ("GET", "/contacts/lookup?phone=0491570006".to_owned()),
        ("GET", "/contacts".to_owned()),
        ("POST", "/contacts".to_owned()),
        ("GET", "/leads".to_owned()),
        ("GET", "/campaigns".to_owned()),
        ("POST", "/calls".to_owned()),
        ("POST", "/sessions/proxy".to_owned()),
        ("PUT", format!("/agents/{agent}/state")),
        ("GET", "/metrics/agents".to_owned()),
        ("GET", "/reports/daily-agent".to_owned()),
        ("GET", "/data".to_owned()),
        ("GET", "/data/calls".to_owned()),
        ("POST", "/data/contacts".to_owned()),
        ("GET", "/call-webhooks".to_owned()),
        ("POST", "/call-webhooks".to_owned()),
        ("POST", "/agent-states/webhooks/0199c7a0-0000-7000-8000-00000000000f/rotate-secret".to_owned()),
        ("POST", "/sandbox/reset".to_owned()),
        ("POST", "/sandbox/clock".to_owned()),
        ("POST", "/sandbox/faults".to_owned()),
        ("POST", "/sandbox/conformance".to_owned()),
        ("POST", "/sandbox/worlds".to_owned()),
    ] {
        let refused = ask(&door, own, method, &path).json(&json!({})).send().await;
        assert_eq!(refused.code(403), "resource_not_allowed", "{method} {path}");
    }
}

/// Every operation, asked for things of another queue, tells nothing of that queue.
#[tokio::test]
async fn no_operation_tells_of_another_queue() {
    let door = Door::open(44);
    let [own, other] = two_queues(&door);
    let (call, recording) = recorded(&door, other);
    let names = [("{root_id}", call.to_string()), ("{name}", "wrap-codes".to_owned()), ("{table}", "calls".to_owned())];
    let named = door.world(|world| world.state().queue(other).unwrap().name.to_string());
    for operation in OPERATIONS.iter().filter(|operation| operation.method == "GET") {
        let id = match operation.path.split('/').nth(1) {
            Some("calls") => call.to_string(),
            Some("recordings") => recording.to_string(),
            _ => other.to_string(),
        };
        let path = names.iter().fold(operation.path.replace("{id}", &id), |path, (name, id)| path.replace(name, id));
        // Agents who serve both say so, and that is all.
        if operation.path.starts_with("/agents") {
            continue;
        }
        let told = ask(&door, own, "GET", &path).send().await;
        assert!(told.status.as_u16() < 500, "{path}");
        let text = told.text();
        assert!(!text.contains(&other.to_string()) && !text.contains(&format!("\"{named}\"")), "{path}: {text}");
    }
}

#[tokio::test]
async fn an_answer_to_the_key_is_not_replayed_to_its_token() {
    let door = Door::open(45);
    let [own, other] = two_queues(&door);
    let named = |ask: Ask| ask.header("idempotency-key", "one").json(&json!({ "queue_id": other }));
    let arrived = named(door.ask(ALL, "POST", "/sandbox/calls")).send().await;
    assert!([201, 409].contains(&arrived.status.as_u16()), "{}", arrived.text());
    let refused = named(ask(&door, own, "POST", "/sandbox/calls")).send().await;
    assert_eq!(refused.code(403), "resource_not_allowed");
    let verb = |ask: Ask| ask.header("idempotency-key", "two").json(&json!({}));
    let call = door.leg(|call| call.queue_id == Some(other) && call.state.is_joined());
    let held = verb(door.ask(ALL, "POST", &format!("/calls/{call}/hold"))).send().await;
    assert!(held.status == 200 || held.status == 409, "{}", held.text());
    let refused = verb(ask(&door, own, "POST", &format!("/calls/{call}/hold"))).send().await;
    assert!([403, 409].contains(&refused.status.as_u16()), "{}", refused.text());
    assert!(!refused.text().contains("\"queue\""));
}

#[tokio::test]
async fn a_token_for_queues_that_none_can_be_reaches_nothing() {
    let door = Door::open(4);
    for path in ["/queues", "/calls", "/live/queues", "/sandbox"] {
        let told = door.ask(SUBSCRIBED, "GET", path).header("x-keydesk-resources", "queue=x,sales").send().await;
        assert_eq!(told.code(403), "resource_not_allowed", "{path}");
    }
    let queue = door.open_queue();
    let resources = format!("queue=x,{queue}");
    let told = door.ask(SUBSCRIBED, "GET", "/queues").header("x-keydesk-resources", &resources).send().await.json();
    let ids: Vec<_> = told["items"].as_array().unwrap().iter().map(|queue| queue["id"].clone()).collect();
    assert_eq!(json!(ids), json!([queue]));
}
