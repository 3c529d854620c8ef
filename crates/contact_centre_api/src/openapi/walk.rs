//! What is asked for the examples: a world is made, read, and something is done in it.

use std::{collections::VecDeque, sync::Arc};

use contact_centre::{
    objects::{LegState, Recording, RecordingStatus},
    shared::Shared,
    state::State,
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::{centre::Centre, operation::Operation, operations::OPERATIONS};

/// One request.
pub(super) struct Step {
    pub(super) operation: &'static Operation,
    /// Below `/v1`.
    pub(super) path: String,
    /// Null for none.
    pub(super) body: Value,
}

/// Requests that are still to be made. Some are known once others are answered.
pub(super) struct Walk<'a> {
    centre: &'a Centre,
    world: &'static str,
    rest: VecDeque<(&'static str, &'static str)>,
    contact: Option<String>,
    call: Option<String>,
    session: Option<String>,
}

/// Methods and templates in the order in which they are asked.
const ORDER: &[(&str, &str)] = &[
    ("POST", "/sandbox/worlds"),
    ("GET", "/sandbox/worlds"),
    ("GET", "/sandbox"),
    ("GET", "/sandbox/clock"),
    ("POST", "/sandbox/clock"),
    ("GET", "/contacts"),
    ("POST", "/contacts"),
    ("GET", "/contacts/lookup"),
    ("GET", "/contacts/{id}"),
    ("PATCH", "/contacts/{id}"),
    ("PUT", "/contacts/by-external-id/{system}/{external_id}"),
    ("GET", "/campaigns"),
    ("GET", "/leads"),
    ("POST", "/leads/batch"),
    ("PATCH", "/leads/{id}"),
    ("GET", "/calls"),
    ("GET", "/calls/{id}"),
    ("GET", "/calls/{id}/events"),
    ("GET", "/calls/by-root/{root_id}"),
    ("GET", "/wrap-codes"),
    ("GET", "/wraps"),
    ("GET", "/calls/{id}/wrap"),
    ("PUT", "/calls/{id}/wrap"),
    ("GET", "/recordings"),
    ("GET", "/recordings/{id}"),
    ("GET", "/agents"),
    ("GET", "/agents/{id}"),
    ("GET", "/agents/{id}/states"),
    ("GET", "/queues"),
    ("GET", "/queues/{id}"),
    ("GET", "/live/queues"),
    ("GET", "/live/queues/{id}"),
    ("GET", "/live/queues/{id}/expected-wait"),
    ("GET", "/live/accuracy"),
    ("GET", "/metrics/queues"),
    ("GET", "/metrics/agents"),
    ("GET", "/metrics/summary"),
    ("GET", "/reports"),
    ("GET", "/reports/{name}"),
    ("GET", "/data"),
    ("GET", "/changes"),
    ("POST", "/sandbox/calls"),
    ("PUT", "/agents/{id}/state"),
    ("POST", "/sessions/proxy"),
    ("DELETE", "/sessions/proxy/{id}"),
    ("POST", "/calls"),
    ("POST", "/calls/{id}/hangup"),
    ("POST", "/calls/{id}/recording/pause"),
    ("POST", "/calls/{id}/recording/resume"),
    ("POST", "/calls/{id}/hold"),
    ("POST", "/calls/{id}/resume"),
    ("POST", "/calls/{id}/transfer"),
    ("POST", "/sandbox/conformance"),
    ("GET", "/sandbox/conformance"),
    ("POST", "/sandbox/reset"),
];

impl<'a> Walk<'a> {
    pub(super) fn new(centre: &'a Centre, world: &'static str) -> Self {
        Self { centre, world, rest: ORDER.iter().copied().collect(), contact: None, call: None, session: None }
    }

    /// Remembers what later requests are about.
    pub(super) fn told(&mut self, operation: &Operation, status: StatusCode, answer: &Value) {
        let told = |field: &str| answer.get(field).and_then(Value::as_str).map(str::to_owned);
        match (operation.method, operation.path) {
            _ if !status.is_success() => {}
            ("POST", "/contacts") => self.contact = told("id"),
            ("POST", "/calls") => self.call = told("id"),
            ("POST", "/sessions/proxy") => self.session = told("session_id"),
            _ => {}
        }
    }

    /// The next request; what nothing in the world is like is left out.
    pub(super) fn next(&mut self) -> Option<Step> {
        while let Some((method, template)) = self.rest.pop_front() {
            let known = OPERATIONS.iter().find(|operation| (operation.method, operation.path) == (method, template));
            let Some(operation) = known else { continue };
            let world = self.centre.worlds().get(self.world, self.centre.now());
            if let Some((path, body)) = self.filled(operation, world.as_ref()) {
                return Some(Step { operation, path, body });
            }
        }
        None
    }

    /// The path and the body of a request.
    fn filled(&self, operation: &Operation, world: Option<&Arc<Shared>>) -> Option<(String, Value)> {
        if operation.path == "/sandbox/worlds" && operation.method == "POST" {
            return Some((operation.path.to_owned(), json!({ "seed": 7 })));
        }
        world?.read(|world| {
            let state = world.state();
            let id = self.subject(operation, state);
            let path = match operation.path.split_once('{') {
                None => operation.path.to_owned(),
                Some((before, rest)) => {
                    let (_, after) = rest.split_once('}')?;
                    let (id, after) = match after.strip_prefix("/{external_id}") {
                        Some(after) => ("crm/C-000002".to_owned(), after),
                        None => (id?, after),
                    };
                    format!("{before}{id}{after}")
                }
            };
            Some((format!("{path}{}", query(operation)), self.body(operation, state)?))
        })
    }

    /// The id in a path.
    fn subject(&self, operation: &Operation, state: &State) -> Option<String> {
        let call = |find: &dyn Fn(&contact_centre::objects::Call) -> bool| {
            state.calls().rev().find(|call| find(call)).map(|call| call.id.to_string())
        };
        match operation.path {
            "/contacts/{id}" => self.contact.clone(),
            "/leads/{id}" => state.leads().next().map(|lead| lead.id.to_string()),
            "/calls/{id}/hangup" => self.call.clone(),
            "/calls/{id}/recording/resume" => {
                call(&|call| call.recording_id.and_then(|id| state.recording(id)).is_some_and(|one| one.is_paused()))
            }
            "/calls/{id}/resume" => call(&|call| call.state == LegState::Held && call.consult_id.is_none()),
            "/calls/{id}/recording/pause" => {
                let goes_on = |one: &Recording| one.status == RecordingStatus::Recording && !one.is_paused();
                call(&|call| call.recording_id.and_then(|id| state.recording(id)).is_some_and(goes_on))
            }
            "/calls/{id}/hold" | "/calls/{id}/transfer" => {
                call(&|call| call.state == LegState::Connected && call.has_wrap() && call.consult_id.is_none())
            }
            "/calls/by-root/{root_id}" => {
                let passed_on = state.calls().rev().find(|call| call.parent_id.is_some() && call.closed_at.is_some());
                passed_on.or(state.calls().next()).map(|call| call.root_id.to_string())
            }
            path if path.starts_with("/calls/") => call(&|call| call.wrap.is_some() && call.closed_at.is_some()),
            path if path.starts_with("/recordings/") => {
                let ready = state.recordings().rev().find(|one| one.status == RecordingStatus::Available);
                ready.map(|recording| recording.id.to_string())
            }
            path if path.starts_with("/agents/") => state.agents().next().map(|agent| agent.id.to_string()),
            path if path.starts_with("/sessions/") => self.session.clone(),
            "/reports/{name}" => Some("daily-queue".to_owned()),
            _ => state.queues().next().map(|queue| queue.id.to_string()),
        }
    }

    /// What is sent; null for nothing. None if the request can't be made.
    fn body(&self, operation: &Operation, state: &State) -> Option<Value> {
        let agent = || state.agents().next().map(|agent| agent.id);
        Some(match (operation.method, operation.path) {
            ("POST", "/sandbox/clock") => json!({ "action": "pause" }),
            ("POST", "/sandbox/calls") => {
                let queue = state.queues().find(|queue| queue.open)?;
                json!({ "queue_id": queue.id, "from": "0491 570 006", "patience_ms": 60_000 })
            }
            ("POST", "/contacts") => json!({
                "display_name": "Ada Example",
                "phones": [{ "type": "mobile", "raw": "0491 570 006", "primary": true }],
                "external_ids": { "crm": "C-900001" },
            }),
            ("PATCH", "/contacts/{id}") => json!({ "company": "Example Works" }),
            ("PUT", path) if path.starts_with("/contacts/") => json!({ "display_name": "Grace Example" }),
            ("POST", "/leads/batch") => {
                let campaign = state.campaigns().next()?;
                json!({ "leads": [{ "campaign_id": campaign.id, "external_id": "L-90001", "phones": ["0491 570 156"] }] })
            }
            ("PATCH", "/leads/{id}") => json!({ "excluded": true }),
            ("PUT", "/calls/{id}/wrap") => json!({ "code": "resolved", "comments": "Called back by mail." }),
            ("PUT", "/agents/{id}/state") => {
                json!({ "routing_state": "not_ready", "reason": "break", "on_behalf_of": agent()? })
            }
            ("POST", "/sessions/proxy") => json!({ "agent_id": agent()?, "minutes": 60 }),
            ("POST", "/calls") => {
                let free = state.agents().find(|agent| agent.status.is_free() && agent.calls.is_empty())?;
                json!({ "to": "+61 491 570 156", "agent_id": free.id })
            }
            ("POST", "/calls/{id}/recording/pause") => json!({ "reason": "payment" }),
            ("POST", "/calls/{id}/transfer") => {
                let queue = state.queues().find(|queue| queue.open)?;
                json!({ "queue_id": queue.id })
            }
            ("POST", "/sandbox/conformance") => json!({ "uses": ["stream", "calls", "changes"] }),
            ("POST", "/sandbox/reset") => json!({ "seed": 8 }),
            ("POST", _) => json!({}),
            _ => Value::Null,
        })
    }
}

/// The parameters of a request.
fn query(operation: &Operation) -> &'static str {
    if operation.method != "GET" {
        return "";
    }
    match operation.path {
        "/contacts/lookup" => "?phone=0491%20570%20006&region=AU",
        "/contacts" | "/leads" | "/calls" | "/wraps" | "/recordings" | "/agents" => "?limit=2",
        "/agents/{id}/states" => "?limit=3",
        "/live/queues/{id}/expected-wait" => "?position=3",
        "/metrics/queues" => "?queue=Sales&length=15m",
        "/metrics/agents" => "?length=60m&limit=2",
        _ => "",
    }
}
