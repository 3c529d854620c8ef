//! Push: what happens, as it happens, and the same log read by pulling.
//!
//! Each feed has paths, and so a right, of its own. A stream is server-sent events, or a WebSocket where the client asks for one.

mod asked_for;
mod handshake;
mod keys;
mod pulled;
mod socket;
mod sse;
mod streams;
mod webhooks;
mod words;

pub use keys::{KeyNow, Keys};
pub(crate) use streams::Pushed;

use crate::operation::{Operation, operations};

/// The routes of push.
pub(crate) const OPERATIONS: &[Operation] = operations! {
    GET "/stream/agent-states" "agent-states:subscribe" => streams::agent_states,
        "Follows what agents do, as server-sent events or by WebSocket.", ["agent_ids", "queue_ids", "types"], "" -> "";
    GET "/agent-states/snapshot" "agent-states:subscribe" => pulled::agents,
        "What every agent does at one place of the log.", ["agent_ids", "queue_ids", "as_of_seq"], "" -> "AgentStatesSnapshot";
    GET "/agent-states/events" "agent-states:subscribe" => pulled::agent_events,
        "Events of agents after a place of the log.", ["after", "limit", "agent_ids", "queue_ids", "types"], "" -> "EventPage";
    GET "/stream/calls" "calls:read" => streams::calls,
        "Follows calls, as server-sent events or by WebSocket.", ["agent_ids", "queue_ids", "types"], "" -> "";
    GET "/live-calls" "calls:read" => pulled::calls,
        "Every call that is not closed at one place of the log.", ["agent_ids", "queue_ids", "as_of_seq"], "" -> "LiveCallsSnapshot";
    GET "/call-events" "calls:read" => pulled::call_events,
        "Events of calls after a place of the log.", ["after", "limit", "agent_ids", "queue_ids", "types"], "" -> "EventPage";
    GET "/stream/queues" "live:read" => streams::queues,
        "Follows how queues stand, as server-sent events or by WebSocket.", ["queue_ids", "types"], "" -> "";
    GET "/agent-states/webhooks" "agent-states:subscribe" => webhooks::list,
        "The webhooks of the key.", [], "" -> "WebhookList";
    POST "/agent-states/webhooks" "agent-states:subscribe" => webhooks::create,
        "Sends events to an address, which is first asked whether it wants them.", [], "NewWebhook" -> "WebhookWithSecret";
    GET "/agent-states/webhooks/{id}" "agent-states:subscribe" => webhooks::get,
        "One webhook, and how its deliveries go.", [], "" -> "Webhook";
    PATCH "/agent-states/webhooks/{id}" "agent-states:subscribe" => webhooks::patch,
        "Changes a webhook.", [], "WebhookPatch" -> "Webhook";
    DELETE "/agent-states/webhooks/{id}" "agent-states:subscribe" => webhooks::delete,
        "Ends a webhook.", [], "" -> "";
    POST "/agent-states/webhooks/{id}/rotate-secret" "agent-states:subscribe" => webhooks::rotate,
        "Gives a webhook another secret; both sign for a day.", [], "" -> "WebhookWithSecret";
    POST "/agent-states/webhooks/{id}/test" "agent-states:subscribe" => webhooks::test,
        "Sends a webhook an event of the type webhook.test.", [], "" -> "";
    GET "/agent-states/webhooks/{id}/deliveries" "agent-states:subscribe" => webhooks::deliveries,
        "How deliveries to a webhook went, the newest first.", ["state", "limit", "cursor"], "" -> "DeliveryPage";
    POST "/agent-states/webhooks/{id}/redeliver" "agent-states:subscribe" => webhooks::redeliver,
        "Delivers a stretch of the log again.", [], "Redeliver" -> "Redelivered";
    GET "/call-webhooks" "calls:read" => webhooks::list,
        "The webhooks of the key.", [], "" -> "WebhookList";
    POST "/call-webhooks" "calls:read" => webhooks::create,
        "Sends events to an address, which is first asked whether it wants them.", [], "NewWebhook" -> "WebhookWithSecret";
    GET "/call-webhooks/{id}" "calls:read" => webhooks::get,
        "One webhook, and how its deliveries go.", [], "" -> "Webhook";
    PATCH "/call-webhooks/{id}" "calls:read" => webhooks::patch,
        "Changes a webhook.", [], "WebhookPatch" -> "Webhook";
    DELETE "/call-webhooks/{id}" "calls:read" => webhooks::delete,
        "Ends a webhook.", [], "" -> "";
    POST "/call-webhooks/{id}/rotate-secret" "calls:read" => webhooks::rotate,
        "Gives a webhook another secret; both sign for a day.", [], "" -> "WebhookWithSecret";
    POST "/call-webhooks/{id}/test" "calls:read" => webhooks::test,
        "Sends a webhook an event of the type webhook.test.", [], "" -> "";
    GET "/call-webhooks/{id}/deliveries" "calls:read" => webhooks::deliveries,
        "How deliveries to a webhook went, the newest first.", ["state", "limit", "cursor"], "" -> "DeliveryPage";
    POST "/call-webhooks/{id}/redeliver" "calls:read" => webhooks::redeliver,
        "Delivers a stretch of the log again.", [], "Redeliver" -> "Redelivered";
};
