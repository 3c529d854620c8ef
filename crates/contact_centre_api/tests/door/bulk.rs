//! Who writes many rows may do no more with each than with one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contact_centre::id::{AgentId, CallId};
use serde_json::{Value, json};

use crate::support::{ALL, Ask, Door};

/// A leg that is over, and its agent, who is not this one.
fn noted_of_another(door: &Door, than: Option<AgentId>) -> (CallId, AgentId) {
    let id = door.leg(|leg| {
        let noted = leg.noted().is_some_and(|wrap| &*wrap.code != "complaint");
        noted && leg.closed_at.is_some() && leg.agent_id.is_some_and(|agent| Some(agent) != than)
    });
    (id, door.world(|world| world.state().call(id).unwrap().agent_id.unwrap()))
}

/// The wrap of one leg, written with others.
fn rows(ask: Ask, call: CallId) -> Ask {
    ask.raw("application/x-ndjson", json!({ "call_id": call, "code": "complaint" }).to_string())
}

async fn first_line(ask: Ask) -> Value {
    let told = ask.send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    serde_json::from_str(told.text().lines().next().unwrap()).unwrap()
}

#[tokio::test]
async fn a_key_that_may_act_for_no_agent_notes_nothing_in_bulk_either() {
    let door = Door::open(51);
    let (call, agent) = noted_of_another(&door, None);
    let revision = || door.world(|world| world.state().call(call).unwrap().noted().unwrap().revision);
    let before = revision();
    let limited = |method: &str, path: &str, limits: Value| {
        door.ask(ALL, method, path).header("x-keydesk-contact-centre", &URL_SAFE_NO_PAD.encode(limits.to_string()))
    };
    let none = json!({ "agent_ids": [] });
    let one = limited("PUT", &format!("/calls/{call}/wrap"), none.clone()).json(&json!({ "code": "complaint" }));
    assert_eq!(one.send().await.code(403), "agent_not_allowed");
    let told = first_line(rows(limited("POST", "/data/wraps", none), call)).await;
    assert_eq!((&told["result"], &told["code"]), (&json!("refused"), &json!("agent_not_allowed")), "{told}");
    assert_eq!(revision(), before);
    let own = json!({ "agent_ids": [agent] });
    let told = first_line(rows(limited("POST", "/data/wraps", own), call)).await;
    assert_eq!((&told["result"], revision()), (&json!("updated"), before + 1), "{told}");
}

#[tokio::test]
async fn a_proxy_session_notes_its_agent_s_calls_alone() {
    let door = Door::open(52);
    let agent = door.free_agent();
    let form = json!({ "agent_id": agent, "minutes": 5 });
    let session = door.ask("users:impersonate", "POST", "/sessions/proxy").json(&form).send().await.json();
    let (call, _) = noted_of_another(&door, Some(agent));
    let by = || door.world(|world| world.state().call(call).unwrap().noted().unwrap().by);
    let before = by();
    let ask = door.ask(ALL, "POST", "/data/wraps").header("x-proxy-session", session["token"].as_str().unwrap());
    let told = first_line(rows(ask, call)).await;
    assert_eq!(told["code"], "agent_not_allowed", "{told}");
    assert_eq!(by(), before);
}

/// Blank lines cost nothing but are counted, and a lead that comes twice in one body is one.
#[tokio::test]
async fn lines_are_numbered_as_they_were_sent() {
    let door = Door::open(53);
    let campaign = door.get(ALL, "/campaigns").await["items"][0]["id"].clone();
    let row = |name: &str, phone: &str| json!({"campaign_id": campaign, "external_id": name, "phones": [phone]});
    let blank = "\n".repeat(40_000);
    let rows = [row("A", "0491570006"), row("B", "0491570006"), row("A", "0491570156")];
    let body = format!("{blank}{}\n{blank}{}\n \r\n{}", rows[0], rows[1], rows[2]);
    let told = door.ask(ALL, "POST", "/data/leads").raw("application/x-ndjson", body).send().await;
    let told: Vec<Value> = told.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lines: Vec<_> =
        told.iter().filter_map(|line| Some((line["line"].as_u64()?, line["result"].as_str()?))).collect();
    assert_eq!(lines, [(40_001, "created"), (80_002, "created"), (80_004, "updated")]);
    assert_eq!(told[0]["id"], told[2]["id"]);
    assert_eq!(told[3]["summary"], json!({"lines": 80_004, "created": 2, "updated": 1, "unchanged": 0, "refused": 0}));
}
