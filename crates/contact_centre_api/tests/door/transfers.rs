use std::collections::BTreeSet;

use contact_centre::{id::CallId, objects::LegState};
use serde_json::{Value, json};

use crate::{
    calls::connected,
    support::{ALL, Door},
};

/// Passes the customer on to somebody else; the leg in which they speak then, if they do.
async fn passed_on(door: &Door, leg: CallId) -> Option<CallId> {
    let to = json!({ "agent_id": door.free_agent() });
    let told = door.ask(ALL, "POST", &format!("/calls/{leg}/transfer")).json(&to).send().await;
    if told.status != 200 {
        // They hung up while somebody was waited for.
        return None;
    }
    let child = door.leg(|other| other.parent_id == Some(leg));
    let state = door.until(|world| {
        let state = world.state().call(child).unwrap().state;
        matches!(state, LegState::Connected | LegState::Closed).then_some(state)
    });
    door.pass(3_000);
    (state == LegState::Connected).then_some(child)
}

/// Case 7 of the design: passed on twice, so three agents speak with the customer.
#[tokio::test]
async fn three_agents_deep_each_has_their_own_talk() {
    for seed in 60..90 {
        let door = Door::open(seed);
        let root = connected(&door).await;
        let Some(second) = passed_on(&door, root).await else { continue };
        let Some(third) = passed_on(&door, second).await else { continue };
        door.ask(ALL, "POST", &format!("/calls/{third}/hangup")).json(&json!({})).send().await;
        door.until(|world| world.state().calls_of_root(root).all(|leg| leg.closed_at.is_some()).then_some(()));
        let told = door.get(ALL, &format!("/calls/by-root/{root}")).await;
        let legs: Vec<_> =
            told["items"].as_array().unwrap().iter().filter(|leg| leg["relation"] != "consult").collect();
        if legs.len() != 3 {
            // Somebody asked yet another colleague.
            continue;
        }
        let ids: Vec<_> = legs.iter().map(|leg| leg["id"].clone()).collect();
        assert_eq!(ids, [json!(root), json!(second), json!(third)]);
        let parents: Vec<_> = legs.iter().map(|leg| leg["parent_id"].clone()).collect();
        assert_eq!(parents, [Value::Null, json!(root), json!(second)]);
        let agents: BTreeSet<_> = legs.iter().map(|leg| leg["agent"]["id"].to_string()).collect();
        assert_eq!(agents.len(), 3, "each leg has an agent of its own");
        let at = |leg: &Value, name: &str| {
            leg["instants"][name].as_str().unwrap().parse::<model::Instant>().unwrap().as_millis()
        };
        let joined = |leg: &Value| at(leg, "disconnected_at") - at(leg, "answered_at");
        let spoken =
            |leg: &Value| leg["durations"]["talk_ms"].as_i64().unwrap() + leg["durations"]["hold_ms"].as_i64().unwrap();
        assert!(legs.iter().all(|leg| spoken(leg) == joined(leg)));
        // The customer was connected from the first answer to the end, but for the time in which it rang at the next agent.
        let rang: i64 = legs.windows(2).map(|two| at(two[1], "answered_at") - at(two[0], "disconnected_at")).sum();
        assert!(legs.windows(2).all(|two| at(two[1], "answered_at") >= at(two[0], "disconnected_at")));
        let whole = at(legs[2], "disconnected_at") - at(legs[0], "answered_at");
        assert_eq!(legs.iter().map(|leg| spoken(leg)).sum::<i64>(), whole - rang);
        return;
    }
    panic!("nobody was passed on twice");
}
