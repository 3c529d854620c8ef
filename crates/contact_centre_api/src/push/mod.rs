//! Push: what happens, as it happens, and the same log read by pulling.
//!
//! Each feed has paths, and so a right, of its own. A stream is server-sent events, or a WebSocket where the client asks for one.

mod asked_for;
mod asyncapi;
mod faults;
mod handshake;
mod keys;
mod line;
mod pulled;
mod socket;
mod sse;
mod streams;
mod webhooks;
mod words;

pub use asyncapi::asyncapi_document;
pub(crate) use asyncapi::{SCHEMAS, webhooks as described_webhooks};
pub use keys::{KeyNow, Keys};

use crate::operation::{Operation, operations};

/// The routes of push.
#[rustfmt::skip]
pub(crate) static OPERATIONS: &[Operation] = operations! {
    GET "/stream/agent-states" "agent-states:subscribe" => streams::agent_states, "Follow what agents do, as server-sent events or by WebSocket", ["agent_ids", "queue_ids", "types"], "" -> "";
    GET "/agent-states/snapshot" "agent-states:subscribe" => pulled::agents, "Read what every agent does at one place of the log", ["agent_ids", "queue_ids", "as_of_seq"], "" -> "AgentStatesSnapshot";
    GET "/agent-states/events" "agent-states:subscribe" => pulled::agent_events, "Read events of agents after a place of the log", ["after", "limit", "agent_ids", "queue_ids", "types"], "" -> "EventPage";
    GET "/stream/calls" "calls:read" => streams::calls, "Follow calls, as server-sent events or by WebSocket", ["agent_ids", "queue_ids", "types"], "" -> "";
    GET "/live-calls" "calls:read" => pulled::calls, "Read every call that is not closed at one place of the log", ["agent_ids", "queue_ids", "as_of_seq"], "" -> "LiveCallsSnapshot";
    GET "/call-events" "calls:read" => pulled::call_events, "Read events of calls after a place of the log", ["after", "limit", "agent_ids", "queue_ids", "types"], "" -> "EventPage";
    GET "/stream/queues" "live:read" => streams::queues, "Follow how queues stand, as server-sent events or by WebSocket", ["queue_ids", "types"], "" -> "";
    GET "/agent-states/webhooks" "agent-states:subscribe" => webhooks::list, "List the webhooks of the key", [], "" -> "WebhookList";
    POST "/agent-states/webhooks" "agent-states:subscribe" => webhooks::create, "Send events to an address, which is first asked whether it wants them", [], "WebhookForm" -> "WebhookWithSecret";
    GET "/agent-states/webhooks/{id}" "agent-states:subscribe" => webhooks::get, "Read a webhook, and how its deliveries go", [], "" -> "Webhook";
    PATCH "/agent-states/webhooks/{id}" "agent-states:subscribe" => webhooks::patch, "Change a webhook", [], "WebhookPatch" -> "Webhook";
    DELETE "/agent-states/webhooks/{id}" "agent-states:subscribe" => webhooks::delete, "End a webhook", [], "" -> "";
    POST "/agent-states/webhooks/{id}/rotate-secret" "agent-states:subscribe" => webhooks::rotate, "Give a webhook another secret; both sign for a day", [], "" -> "WebhookWithSecret";
    POST "/agent-states/webhooks/{id}/test" "agent-states:subscribe" => webhooks::test, "Send a webhook an event of the type webhook.test", [], "" -> "";
    GET "/agent-states/webhooks/{id}/deliveries" "agent-states:subscribe" => webhooks::deliveries, "List deliveries to a webhook, the newest first", ["delivery_state", "limit", "cursor"], "" -> "DeliveryPage";
    POST "/agent-states/webhooks/{id}/redeliver" "agent-states:subscribe" => webhooks::redeliver, "Deliver a stretch of the log again", [], "RedeliverForm" -> "Redelivered";
    GET "/call-webhooks" "calls:read" => webhooks::list, "List the webhooks of the key", [], "" -> "WebhookList";
    POST "/call-webhooks" "calls:read" => webhooks::create, "Send events to an address, which is first asked whether it wants them", [], "WebhookForm" -> "WebhookWithSecret";
    GET "/call-webhooks/{id}" "calls:read" => webhooks::get, "Read a webhook, and how its deliveries go", [], "" -> "Webhook";
    PATCH "/call-webhooks/{id}" "calls:read" => webhooks::patch, "Change a webhook", [], "WebhookPatch" -> "Webhook";
    DELETE "/call-webhooks/{id}" "calls:read" => webhooks::delete, "End a webhook", [], "" -> "";
    POST "/call-webhooks/{id}/rotate-secret" "calls:read" => webhooks::rotate, "Give a webhook another secret; both sign for a day", [], "" -> "WebhookWithSecret";
    POST "/call-webhooks/{id}/test" "calls:read" => webhooks::test, "Send a webhook an event of the type webhook.test", [], "" -> "";
    GET "/call-webhooks/{id}/deliveries" "calls:read" => webhooks::deliveries, "List deliveries to a webhook, the newest first", ["delivery_state", "limit", "cursor"], "" -> "DeliveryPage";
    POST "/call-webhooks/{id}/redeliver" "calls:read" => webhooks::redeliver, "Deliver a stretch of the log again", [], "RedeliverForm" -> "Redelivered";
    POST "/sandbox/faults" "" sandbox => faults::post, "Have streams cut, and webhooks come twice or late", [], "FaultsForm" -> "";
    GET "/asyncapi.json" "" => asyncapi::get, "Read the description of streams and webhooks", [], "" -> "";
};
