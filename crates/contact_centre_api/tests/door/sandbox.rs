use serde_json::{Value, json};

use crate::support::{Door, NOW};

async fn post(door: &Door, world: &str, path: &str, body: Value) -> crate::support::Told {
    door.ask("", "POST", &format!("/sandbox{path}")).header("x-keydesk-world", world).json(&body).send().await
}

async fn get(door: &Door, world: &str, path: &str) -> Value {
    door.ask("", "GET", &format!("/sandbox{path}")).header("x-keydesk-world", world).send().await.json()
}

#[tokio::test]
async fn nobody_sets_the_clock_that_everybody_shares() {
    let door = Door::open(12);
    let main = |path: &str, body: Value| door.ask("", "POST", &format!("/sandbox{path}")).json(&body).send();
    for (path, body) in [("/clock", json!({"action": "pause"})), ("/reset", json!({})), ("/worlds", json!({"seed": 1}))]
    {
        assert_eq!(main(path, body).await.code(403), "shared_world", "{path}");
    }
    assert_eq!(door.get("", "/sandbox").await["world"], "main");
    let queue = door.open_queue();
    let told = main("/calls", json!({"queue_id": queue, "from": "0491 570 006", "patience_ms": 1_000})).await;
    assert_eq!((told.status.as_u16(), &told.json()["from"]["e164"]), (201, &json!("+61491****06")));
    let live = door.ask("", "GET", "/sandbox").header("x-keydesk-environment", "live").send().await;
    assert_eq!(live.code(403), "not_the_gateway", "a header that comes twice is nobody's");
}

#[tokio::test]
async fn a_world_of_its_own_is_made_by_its_seed_and_led() {
    let door = Door::open(12);
    let told = post(&door, "mine", "/worlds", json!({"seed": 99})).await;
    assert_eq!(told.status, 201, "{}", told.text());
    assert_eq!(told.json()["world"], "mine");
    assert_eq!(post(&door, "mine", "/worlds", json!({"seed": 99})).await.code(409), "world_taken");
    assert_eq!(post(&door, "NO", "/worlds", json!({"seed": 1})).await.code(422), "invalid_field");
    let before = get(&door, "mine", "").await;
    assert_eq!((&before["seed"], &before["clock"]["speed"]), (&json!(99), &json!(1.0)));
    let clock = post(&door, "mine", "/clock", json!({"action": "pause"})).await.json();
    assert_eq!(clock, json!({"at": NOW, "speed": 0.0, "paused": true}));
    door.pass(60_000);
    assert_eq!(get(&door, "mine", "/clock").await["at"], NOW);
    let stepped = post(&door, "mine", "/clock", json!({"action": "step", "ms": 3_600_000})).await.json();
    assert_eq!(stepped["at"], "2026-03-04T03:00:00.000Z");
    let after = get(&door, "mine", "").await;
    assert!(after["as_of"]["seq"].as_u64() > before["as_of"]["seq"].as_u64(), "what falls between has happened");
    for (body, status, code) in [
        (json!({"action": "jump", "to": "2026-03-01T00:00:00Z"}), 422, "invalid_field"),
        (json!({"action": "step", "ms": 3_000_000_000_i64}), 422, "invalid_field"),
        (json!({"action": "speed", "speed": 0}), 422, "invalid_field"),
        (json!({"action": "turn"}), 400, "invalid_request"),
    ] {
        assert_eq!(post(&door, "mine", "/clock", body).await.code(status), code);
    }
    let fast = post(&door, "mine", "/clock", json!({"action": "speed", "speed": 60})).await.json();
    assert_eq!(fast["paused"], true, "a clock that stands runs so when it runs again");
    post(&door, "mine", "/clock", json!({"action": "resume"})).await;
    door.pass(1_000);
    assert_eq!(get(&door, "mine", "/clock").await["at"], "2026-03-04T03:01:00.000Z");
    // The shared one has gone on as clocks do.
    assert_eq!(door.get("", "/sandbox/clock").await["at"], "2026-03-04T02:01:01.000Z");
}

#[tokio::test]
async fn the_same_seed_and_clock_give_the_same_world_byte_for_byte() {
    let read = async || {
        let door = Door::open(12);
        post(&door, "mine", "/worlds", json!({"seed": 5})).await;
        post(&door, "mine", "/clock", json!({"action": "step", "ms": 1_800_000})).await;
        let told = door.ask("data:read", "GET", "/data/calls").header("x-keydesk-world", "mine").send().await;
        (told.bytes, told.trailers)
    };
    assert_eq!(read().await, read().await);
}

#[tokio::test]
async fn what_is_to_go_wrong_does_so_as_often_and_in_no_other_world() {
    let door = Door::open(12);
    post(&door, "mine", "/worlds", json!({"seed": 5})).await;
    let ask = || door.ask("queues:read", "GET", "/queues").header("x-keydesk-world", "mine").send();
    let wraps = async |query: String| {
        door.ask("wraps:read", "GET", &format!("/wraps?{query}")).header("x-keydesk-world", "mine").send().await.json()
    };
    let since = wraps("limit=1".to_owned()).await["changes_cursor"].as_str().unwrap().to_owned();
    assert_eq!(post(&door, "mine", "/faults", json!({"rate_limited": 1_001})).await.code(422), "invalid_field");
    assert_eq!(post(&door, "mine", "/faults", json!({"rate_limited": 2, "late_wrap": true})).await.status, 204);
    assert_eq!(door.get("queues:read", "/queues").await["items"].as_array().unwrap().len(), 6);
    for _ in 0..2 {
        let told = ask().await;
        assert_eq!((told.code(429), told.header("retry-after")), ("rate_limited".to_owned(), Some("1")));
    }
    assert_eq!(ask().await.status, 200);
    let changed = wraps(format!("changed_since={since}")).await;
    let late: Vec<_> = changed["items"].as_array().unwrap().iter().filter(|wrap| wrap["late"] == true).collect();
    assert_eq!((late.len(), &late[0]["comments"]), (1, &json!("Noted late.")));
    let shared = door.ask("", "POST", "/sandbox/faults").json(&json!({"late_wrap": true})).send().await;
    assert_eq!(shared.code(403), "shared_world");
}

#[tokio::test]
async fn a_world_that_begins_anew_has_another_log() {
    let door = Door::open(12);
    post(&door, "mine", "/worlds", json!({"seed": 5})).await;
    let before = get(&door, "mine", "").await;
    door.pass(60_000);
    let after = post(&door, "mine", "/reset", json!({"seed": 6})).await;
    assert_eq!(after.status, 200, "{}", after.text());
    assert_eq!(after.json()["seed"], 6);
    assert_ne!(after.json()["epoch"], before["epoch"]);
}

#[tokio::test]
async fn a_caller_who_is_made_up_waits_as_long_as_was_said() {
    let door = Door::open(12);
    post(&door, "mine", "/worlds", json!({"seed": 5})).await;
    let queues = door.ask("queues:read", "GET", "/queues").header("x-keydesk-world", "mine").send().await.json();
    let queue = queues["items"].as_array().unwrap().iter().find(|queue| queue["open"] == true).unwrap()["id"].clone();
    assert_eq!(
        post(&door, "mine", "/calls", json!({"queue_id": queue, "patience_ms": -1})).await.code(422),
        "invalid_field"
    );
    let call = post(&door, "mine", "/calls", json!({"queue_id": queue, "patience_ms": 0})).await.json();
    let path = format!("/calls/{}", call["id"].as_str().unwrap());
    for _ in 0..600 {
        door.pass(1_000);
        let leg = door.ask("calls:read", "GET", &path).header("x-keydesk-world", "mine").send().await.json();
        if leg["state"] == "closed" {
            assert!(leg["outcome"].is_string() && leg["from"]["presentation"] == "restricted", "{leg}");
            return;
        }
    }
    panic!("it never ended");
}
