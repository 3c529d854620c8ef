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
