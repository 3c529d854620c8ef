//! Calls that are led by HTTP alone, where nobody else does anything: the hours after the golden example, with the clock standing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{desk::Desk, golden::golden};

/// Who takes calls there.
pub(super) async fn agents(desk: &Desk) -> [String; 3] {
    let agents = desk.all("/agents").await;
    ["Anna", "Ben", "Cara"].map(|name| {
        let agent = agents.iter().find(|agent| agent["display_name"] == name).unwrap();
        agent["id"].as_str().unwrap().to_owned()
    })
}

/// Has an agent want something. The agent as they are then.
pub(super) async fn wants(desk: &Desk, agent: &str, routing: &str, reason: Option<&str>) -> Value {
    let mut form = json!({ "routing_state": routing, "on_behalf_of": agent });
    if let Some(reason) = reason {
        form["reason"] = reason.into();
    }
    let told = desk.send(&desk.key, &format!("PUT /v1/agents/{agent}/state"), "", &form).await;
    assert_eq!(told.status, 200, "{}", told.json());
    told.json()
}

/// A call once it is in one of these states. Time passes until then.
async fn until(desk: &Desk, id: &str, states: &[&str]) -> Value {
    for _ in 0..2_000 {
        let call = desk.get(&format!("/calls/{id}")).await;
        if states.iter().any(|state| call["state"] == *state) {
            return call;
        }
        desk.pass(500).await;
    }
    panic!("{id} never was {states:?}");
}

/// Does something to a call. Whether that could be.
pub(super) async fn act(desk: &Desk, id: &str, verb: &str, form: &Value) -> bool {
    let told = desk.send(&desk.key, &format!("POST /v1/calls/{id}/{verb}"), "", form).await;
    assert!([200, 409].contains(&told.status), "{verb}: {}", told.json());
    told.status == 200
}

pub(super) async fn wrap(desk: &Desk, id: &str) {
    let told = desk.send(&desk.key, &format!("PUT /v1/calls/{id}/wrap"), "", &json!({ "code": "other" })).await;
    assert_eq!(told.status, 201, "{}", told.json());
}

/// Case 6: what an agent wanted last while wrapping holds then, and a call that reaches nobody leaves what held before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_wish_in_a_wrap_wins_and_a_call_that_nobody_answers_leaves_a_break() {
    let desk = golden().await;
    let [anna, ..] = agents(&desk).await;
    let (mut unanswered, mut wrapped) = (false, false);
    for number in 0..200 {
        wants(&desk, &anna, "not_ready", Some("break")).await;
        let form = json!({ "to": format!("+6149157{number:04}"), "agent_id": anna });
        let made = desk.send(&desk.key, "POST /v1/calls", "", &form).await;
        assert_eq!(made.status, 202, "{}", made.json());
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let call = until(&desk, &id, &["connected", "closed"]).await;
        let agent = desk.get(&format!("/agents/{anna}")).await;
        if call["state"] == "closed" {
            unanswered |= call["outcome"] == "no_answer";
            let back = (&agent["state"], &agent["reason"], &agent["pending_state"]);
            assert_eq!(back, (&json!("not_ready"), &json!("break"), &Value::Null), "{}", call["outcome"]);
        } else {
            assert!(act(&desk, &id, "hangup", &json!({})).await);
            for routing in ["offline", "ready"] {
                let agent = wants(&desk, &anna, routing, None).await;
                let both = (&agent["state"], &agent["pending_state"]["routing_state"]);
                assert_eq!(both, (&json!("wrapping"), &json!(routing)));
            }
            wrap(&desk, &id).await;
            let agent = desk.get(&format!("/agents/{anna}")).await;
            assert_eq!((&agent["state"], &agent["pending_state"]), (&json!("ready"), &Value::Null));
            wrapped = true;
        }
        if unanswered && wrapped {
            return;
        }
    }
    panic!("nobody ever answers, or somebody always does");
}

/// What the clock shows.
async fn now(desk: &Desk) -> model::Instant {
    desk.get("/sandbox/clock").await["at"].as_str().unwrap().parse().unwrap()
}

/// Has somebody call Sales who waits at most so long.
async fn calls_sales(desk: &Desk, patience_ms: i64) -> String {
    let queue = desk.all("/queues").await[0]["id"].clone();
    let form = json!({ "queue_id": queue, "from": "+61491570006", "patience_ms": patience_ms });
    let came = desk.send(&desk.key, "POST /v1/sandbox/calls", "", &form).await;
    assert_eq!(came.status, 201, "{}", came.json());
    came.json()["id"].as_str().unwrap().to_owned()
}

/// The figures from an instant until now, what happens now included.
async fn total(desk: &Desk, from: model::Instant, more: &str) -> Value {
    let to = now(desk).await.plus_millis(1);
    desk.get(&format!("/metrics/summary?from={from}&to={to}{more}")).await["total"].clone()
}

/// Answered by Anna, held for 30 s after 102 s, hung up after 240 s and wrapped for 40 s, as the first leg of the golden example. None if
/// nobody took it or the customer hung up before.
async fn held_and_wrapped(desk: &Desk) -> Option<Value> {
    let id = calls_sales(desk, 600_000).await;
    let call = until(desk, &id, &["connected", "closed"]).await;
    if call["state"] == "closed" {
        return None;
    }
    let answered = call["instants"]["answered_at"].as_str().unwrap().parse::<model::Instant>().unwrap();
    let later = async |ms: i64| desk.clock(&json!({ "action": "jump", "to": answered.plus_millis(ms) })).await;
    // At once and for no time: from then on the simulated agent leaves it alone.
    let mut led = act(desk, &id, "hold", &json!({})).await && act(desk, &id, "resume", &json!({})).await;
    for (ms, verb) in [(102_000, "hold"), (132_000, "resume"), (240_000, "hangup")] {
        later(ms).await;
        led = led && act(desk, &id, verb, &json!({})).await;
    }
    if !led {
        return None;
    }
    later(280_000).await;
    wrap(desk, &id).await;
    Some(desk.get(&format!("/calls/{id}")).await)
}

/// What of the golden example can be led by HTTP to the millisecond: c2 and c3 give up after 3 s and 45 s; c1 is held, ended and wrapped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_give_up_and_agents_hold_and_wrap_as_they_are_told() {
    let desk = golden().await;
    let agents = agents(&desk).await;
    for agent in &agents {
        wants(&desk, agent, "offline", None).await;
    }
    let from = now(&desk).await;
    for patience_ms in [3_000, 45_000] {
        let mut waited = None;
        // A few give up in the menu, before they wait.
        for _ in 0..10 {
            let id = calls_sales(&desk, patience_ms).await;
            let call = until(&desk, &id, &["closed"]).await;
            assert_eq!(call["outcome"], "abandoned");
            waited = call["durations"]["wait_ms"].as_i64();
            if waited.is_some() {
                break;
            }
        }
        assert_eq!(waited, Some(patience_ms));
    }
    let gone = total(&desk, from, "").await;
    let counts = ["offered_count", "abandoned_count", "short_abandoned_count"].map(|name| gone[name].as_i64());
    assert_eq!(counts, [Some(2), Some(2), Some(1)]);
    assert_eq!(gone["average_time_to_abandon_ms"], 45_000);
    let with_short = total(&desk, from, "&short_abandons=include").await;
    assert_eq!(with_short["average_time_to_abandon_ms"], 24_000);
    wants(&desk, &agents[0], "ready", None).await;
    for _ in 0..15 {
        let from = now(&desk).await;
        if let Some(call) = held_and_wrapped(&desk).await {
            let of = |name: &str| call["durations"][name].as_i64().unwrap();
            assert_eq!(["talk_ms", "hold_ms", "wrap_ms", "handle_ms"].map(of), [210_000, 30_000, 40_000, 280_000]);
            let total = total(&desk, from, "").await;
            assert_eq!((&total["handled_count"], &total["average_handle_time_ms"]), (&json!(1), &json!(280_000)));
            return;
        }
        desk.pass(600_000).await;
        // Whoever missed a call is not ready for a while.
        wants(&desk, &agents[0], "ready", None).await;
    }
    panic!("nobody ever talks for 210 s");
}

/// A caller of Sales who was passed on twice.
struct Passed {
    /// When the caller came.
    from: model::Instant,
    /// The legs with the customer, in order.
    legs: [String; 3],
}

/// Takes a leg over from the simulated agent, who would go on as they like: the customer is on hold for 2 s.
async fn lead(desk: &Desk, id: &str) -> bool {
    if !act(desk, id, "hold", &json!({})).await {
        return false;
    }
    desk.pass(2_000).await;
    act(desk, id, "resume", &json!({})).await
}

/// The youngest leg of an interaction that came from another.
async fn child(desk: &Desk, root: &str, parent: &str, relation: &str) -> String {
    let legs = desk.get(&format!("/calls/by-root/{root}")).await;
    let is_child = |leg: &&Value| leg["parent_id"] == parent && leg["relation"] == relation;
    legs["items"].as_array().unwrap().iter().rev().find(is_child).unwrap()["id"].as_str().unwrap().to_owned()
}

/// Once a leg is joined that rings at an agent, leads it; `false` if nobody took it.
async fn taken(desk: &Desk, id: &str) -> bool {
    until(desk, id, &["connected", "closed"]).await["state"] == "connected" && lead(desk, id).await
}

/// Has somebody call Sales, whom Anna passes on to Ben after she has spoken with him, and Ben to Cara without a word. None if one of them
/// did not take it or the customer hung up in between.
async fn passed_on_twice(desk: &Desk, [anna, ben, cara]: &[String; 3]) -> Option<Passed> {
    for agent in [anna, ben, cara] {
        wants(desk, agent, "offline", None).await;
    }
    wants(desk, anna, "ready", None).await;
    let from = now(desk).await;
    let first = calls_sales(desk, 600_000).await;
    if !taken(desk, &first).await {
        return None;
    }
    desk.pass(20_000).await;
    wants(desk, ben, "ready", None).await;
    if !act(desk, &first, "transfer", &json!({ "agent_id": ben, "mode": "attended" })).await {
        return None;
    }
    let consult = child(desk, &first, &first, "consult").await;
    if until(desk, &consult, &["connected", "closed"]).await["state"] == "closed" {
        return None;
    }
    desk.pass(10_000).await;
    if !act(desk, &first, "transfer", &json!({ "complete": true })).await {
        return None;
    }
    let second = child(desk, &first, &first, "transfer").await;
    wants(desk, cara, "ready", None).await;
    if !lead(desk, &second).await {
        return None;
    }
    desk.pass(15_000).await;
    if !act(desk, &second, "transfer", &json!({ "agent_id": cara })).await {
        return None;
    }
    let third = child(desk, &first, &second, "transfer").await;
    if !taken(desk, &third).await {
        return None;
    }
    desk.pass(12_000).await;
    if !act(desk, &third, "hangup", &json!({})).await {
        return None;
    }
    let legs = [first, second, third];
    for leg in &legs {
        // Whose time for it is over has not noted anything.
        wrap(desk, leg).await;
    }
    Some(Passed { from, legs })
}

/// Case 7: blind and attended, three agents deep.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_agents_deep_each_has_their_own_talk_and_the_queue_no_more() {
    let desk = golden().await;
    let agents = agents(&desk).await;
    let mut passed = None;
    for _ in 0..10 {
        passed = passed_on_twice(&desk, &agents).await;
        if passed.is_some() {
            break;
        }
        // Until all who took part are done.
        desk.pass(1_800_000).await;
    }
    let Passed { from, legs: ids } = passed.expect("somebody should have been passed on twice");
    let told = desk.get(&format!("/calls/by-root/{}", ids[0])).await;
    let all = told["items"].as_array().unwrap();
    let legs: Vec<_> = all.iter().filter(|leg| leg["relation"] != "consult").collect();
    assert_eq!(legs.iter().map(|leg| leg["id"].clone()).collect::<Vec<_>>(), ids.clone().map(Value::from));
    let parents: Vec<_> = legs.iter().map(|leg| leg["parent_id"].clone()).collect();
    assert_eq!(parents, [Value::Null, json!(ids[0]), json!(ids[1])]);
    let spoke: Vec<_> = legs.iter().map(|leg| leg["agent"]["id"].clone()).collect();
    assert_eq!(spoke, agents.clone().map(Value::from), "each leg has an agent of its own");
    let outcomes: Vec<_> = legs.iter().map(|leg| leg["outcome"].clone()).collect();
    assert_eq!(outcomes, ["transferred", "transferred", "completed"]);
    let roots: BTreeSet<_> = all.iter().map(|leg| leg["root_id"].to_string()).collect();
    assert_eq!((all.len(), roots.len()), (4, 1), "and the consultation");
    let at = |leg: &Value, name: &str| {
        leg["instants"][name].as_str().unwrap().parse::<model::Instant>().unwrap().as_millis()
    };
    let talk = |leg: &Value| leg["durations"]["talk_ms"].as_i64().unwrap();
    let spoken = |leg: &Value| talk(leg) + leg["durations"]["hold_ms"].as_i64().unwrap();
    assert!(legs.iter().all(|leg| spoken(leg) == at(leg, "disconnected_at") - at(leg, "answered_at")));
    // From the first answer to the end, but for the time in which it rang at the next agent.
    let rang: Vec<_> = legs.windows(2).map(|two| at(two[1], "answered_at") - at(two[0], "disconnected_at")).collect();
    assert!(rang[0] == 0 && rang[1] > 0, "who was asked before has the customer at once: {rang:?}");
    let whole = at(legs[2], "disconnected_at") - at(legs[0], "answered_at");
    assert_eq!(legs.iter().map(|leg| spoken(leg)).sum::<i64>(), whole - rang.iter().sum::<i64>());
    // The queue has the one caller, and the talk of the three.
    let figures = total(&desk, from, "").await;
    let count = |name: &str| figures[name].as_i64().unwrap();
    assert_eq!(["offered_count", "answered_count", "handled_count"].map(count), [1, 1, 3]);
    assert_eq!(count("talk_sum_ms"), legs.iter().map(|leg| talk(leg)).sum::<i64>());
    // And each agent the own, by the clock.
    let range = format!("from={from}&to={}", now(&desk).await.plus_millis(1));
    for (agent, leg) in agents.iter().zip(&legs) {
        let rows = desk.all(&format!("/metrics/agents?agent_id={agent}&{range}")).await;
        let talked: i64 = rows.iter().map(|row| row["time"]["talk_ms"].as_i64().unwrap()).sum();
        assert_eq!(talked, talk(leg), "{agent}");
    }
}
