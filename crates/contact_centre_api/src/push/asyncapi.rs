//! The description of streams and webhooks (AsyncAPI 3.1.0), made of the types of events and of the schemas that all answers have.

use std::sync::LazyLock;

use bytes::Bytes;
use contact_centre::{
    event::EventType,
    push::Feed,
    webhooks::{BATCH, QUESTION, TEST},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::{
    asked::Asked,
    protocol::{Answer, Problem},
};

/// Schemas and parameters of push.
pub(crate) const SCHEMAS: &str = include_str!("schemas.json");
/// Schemas of what only streams say.
const MESSAGES: &str = include_str!("messages.json");
/// Those of everything else.
const OTHERS: &str = include_str!("../openapi/schemas.json");

/// What a stream says of itself.
const WORDS: [(&str, &str); 4] = [
    ("stream.hello", "StreamHello"),
    ("stream.snapshot", "StreamSnapshot"),
    ("stream.caught_up", "StreamCaughtUp"),
    ("stream.reset", "StreamReset"),
];

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
    let written = serde_json::to_vec(&document());
    written.map_or_else(|error| missing("streams and webhooks", &error), Bytes::from)
});

/// Nothing, in place of what can't be written or read. The log says so.
fn missing<T: Default>(what: &str, error: &serde_json::Error) -> T {
    tracing::error!(what, %error, "a description is missing");
    T::default()
}

/// The description of streams and webhooks, as JSON.
pub fn asyncapi_document() -> Bytes {
    DOCUMENT.clone()
}

/// The description.
pub(super) async fn get(asked: Asked) -> Result<Answer, Problem> {
    asked.no_query()?;
    let json = HeaderValue::from_static("application/json");
    Ok(Answer::of(StatusCode::OK, DOCUMENT.clone()).with(header::CONTENT_TYPE, json))
}

/// A feed, by the names that it has here.
struct Named {
    feed: Feed,
    name: &'static str,
    address: &'static str,
    /// The path below which its webhooks are; none if it has none.
    webhooks: Option<&'static str>,
    scope: &'static str,
}

const FEEDS: [Named; 3] = [
    Named {
        feed: Feed::AgentStates,
        name: "agentStates",
        address: "/stream/agent-states",
        webhooks: Some("/agent-states/webhooks"),
        scope: "agent-states:subscribe",
    },
    Named {
        feed: Feed::Calls,
        name: "calls",
        address: "/stream/calls",
        webhooks: Some("/call-webhooks"),
        scope: "calls:read",
    },
    Named { feed: Feed::Queues, name: "queues", address: "/stream/queues", webhooks: None, scope: "live:read" },
];

/// Which feed a type is of. Intervals are of queues and of agents.
fn is_of(kind: EventType, feed: Feed) -> bool {
    let group = kind.as_str().split('.').next().unwrap_or_default();
    match feed {
        Feed::AgentStates => matches!(group, "agent" | "interval"),
        Feed::Queues => matches!(group, "queue" | "interval"),
        Feed::Calls => matches!(group, "call" | "wrap" | "recording" | "contact" | "lead"),
    }
}

/// Whether it is in no log.
const fn is_live(kind: EventType) -> bool {
    matches!(kind, EventType::QueueLive | EventType::AgentHeartbeat)
}

/// The schema of an event's data.
fn data_of(kind: EventType) -> &'static str {
    match kind {
        EventType::QueueLive => "LiveQueueData",
        EventType::AgentHeartbeat => "Agent",
        EventType::WrapWritten => "WrapEventData",
        kind => match kind.as_str().split('.').next().unwrap_or_default() {
            "agent" => "AgentEventData",
            "call" => "CallEventData",
            "recording" => "RecordingEventData",
            "queue" => "Queue",
            "contact" => "Contact",
            "lead" => "Lead",
            _ => "IntervalEventData",
        },
    }
}

fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn message(name: &str, payload: &Value) -> Value {
    json!({ "name": name, "title": name, "contentType": "application/json", "payload": payload })
}

/// The schema of an event.
fn payload(kind: EventType) -> Value {
    let envelope = if is_live(kind) { "LiveEvent" } else { "Event" };
    let mut data = schema(data_of(kind));
    data["description"] = "What holds since then.".into();
    let happened = json!({ "const": kind.as_str(), "description": "What happened." });
    let own = json!({ "properties": { "type": happened, "data": data } });
    json!({ "allOf": [schema(envelope), own] })
}

/// Webhooks, as OpenAPI describes them.
pub(crate) fn webhooks() -> Value {
    let sent = EventType::ALL.iter().filter(|kind| {
        !is_live(**kind) && FEEDS.iter().any(|named| named.webhooks.is_some() && is_of(**kind, named.feed))
    });
    let of = |kind: &EventType| {
        let body = json!({ "content": { "application/json": { "schema": payload(*kind) } } });
        let accepted = json!({ "2XX": { "description": "It is accepted. Anything else is tried again, but 410." } });
        let post = json!({ "summary": kind.as_str(), "requestBody": body, "responses": accepted });
        (kind.as_str().to_owned(), json!({ "post": post }))
    };
    Value::Object(sent.map(of).collect())
}

fn messages() -> Map<String, Value> {
    let mut all = Map::new();
    for kind in EventType::ALL {
        all.insert(kind.as_str().to_owned(), message(kind.as_str(), &payload(*kind)));
    }
    for (name, of) in WORDS {
        all.insert(name.to_owned(), message(name, &schema(of)));
    }
    all.insert("said".to_owned(), message("said", &schema("Said")));
    all.insert("webhook.reset".to_owned(), message("stream.reset", &schema("WebhookReset")));
    all.insert("webhook.batch".to_owned(), message(BATCH, &schema("WebhookBatch")));
    all.insert("webhook.word".to_owned(), message(&format!("{QUESTION} or {TEST}"), &schema("WebhookWord")));
    all
}

/// References to messages, by their names.
fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Map<String, Value> {
    let of = |name: &str| json!({ "$ref": format!("#/components/messages/{name}") });
    names.into_iter().map(|name| (name.to_owned(), of(name))).collect()
}

fn in_channel<'a>(channel: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<Value> {
    let of = |name: &str| json!({ "$ref": format!("#/channels/{channel}/messages/{name}") });
    names.into_iter().map(of).collect()
}

fn query(feed: Feed) -> Value {
    let lists: &[&str] =
        if feed == Feed::Queues { &["queue_ids", "types"] } else { &["agent_ids", "queue_ids", "types"] };
    let given = parts(SCHEMAS, "parameters");
    let properties: Map<_, _> =
        lists.iter().filter_map(|name| Some(((*name).to_owned(), given.get(*name)?.clone()))).collect();
    json!({ "type": "object", "properties": properties })
}

/// A member of a file of schemas.
fn parts(file: &str, name: &str) -> Map<String, Value> {
    let read: Map<String, Value> = serde_json::from_str(file).unwrap_or_else(|error| missing(name, &error));
    match read.get(name) {
        Some(Value::Object(parts)) => parts.clone(),
        _ => Map::new(),
    }
}

/// The channels and operations of a feed.
fn describe(named_feed: &Named, channels: &mut Map<String, Value>, operations: &mut Map<String, Value>) {
    let Named { feed, name, address, webhooks, scope } = named_feed;
    let events: Vec<_> = EventType::ALL.iter().filter(|kind| is_of(**kind, *feed)).map(|kind| kind.as_str()).collect();
    let words = WORDS.map(|(name, _)| name);
    let sent: Vec<_> = events.iter().copied().chain(words).collect();
    channels.insert(
        (*name).to_owned(),
        json!({
            "address": address,
            "description": format!("Server-sent events, or a WebSocket by upgrade with the subprotocol keydesk.events.v1. Needs {scope}."),
            "messages": named(sent.iter().copied().chain(["said"])),
            "bindings": { "ws": { "method": "GET", "query": query(*feed), "bindingVersion": "0.1.0" } },
        }),
    );
    let channel = json!({ "$ref": format!("#/channels/{name}") });
    operations.insert(
        format!("follow_{name}"),
        json!({
            "action": "send",
            "channel": channel,
            "messages": in_channel(name, sent.iter().copied()),
            "bindings": { "http": { "method": "GET", "query": query(*feed), "bindingVersion": "0.3.0" } },
        }),
    );
    operations.insert(
        format!("say_{name}"),
        json!({ "action": "receive", "channel": channel, "messages": in_channel(name, ["said"]) }),
    );
    let Some(path) = webhooks else { return };
    let channel = format!("{name}Webhook");
    let logged = EventType::ALL.iter().filter(|kind| is_of(**kind, *feed) && !is_live(**kind));
    let sent: Vec<_> =
        logged.map(|kind| kind.as_str()).chain(["webhook.reset", "webhook.batch", "webhook.word"]).collect();
    channels.insert(
        channel.clone(),
        json!({
            "address": null,
            "description": format!("POST to the address of a webhook that was made at {path}, signed as Standard Webhooks 1.0.0."),
            "messages": named(sent.iter().copied()),
        }),
    );
    operations.insert(
        format!("deliver_{name}"),
        json!({
            "action": "send",
            "channel": { "$ref": format!("#/channels/{channel}") },
            "messages": in_channel(&channel, sent.iter().copied()),
            "bindings": { "http": { "method": "POST", "bindingVersion": "0.3.0" } },
        }),
    );
}

fn document() -> Value {
    let (mut channels, mut operations) = (Map::new(), Map::new());
    FEEDS.iter().for_each(|feed| describe(feed, &mut channels, &mut operations));
    let mut schemas = parts(OTHERS, "schemas");
    schemas.append(&mut parts(SCHEMAS, "schemas"));
    schemas.append(&mut parts(MESSAGES, "schemas"));
    json!({
        "asyncapi": "3.1.0",
        "info": {
            "title": "Keydesk contact centre: streams and webhooks",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "One log of events, the same bytes by every way. Answers and events may gain fields; ignore what you don't know.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "gateway": {
                "host": "{host}",
                "pathname": "/v1",
                "protocol": "https",
                "variables": { "host": { "default": "localhost:8080" } },
                "security": [{ "$ref": "#/components/securitySchemes/key" }],
            },
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages(),
            "schemas": schemas,
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn whatever_is_referred_to_is_there() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_type_is_of_a_feed_and_has_a_message() {
        let document = document();
        for kind in EventType::ALL {
            assert!(document["components"]["messages"][kind.as_str()].is_object(), "{kind}");
            assert!(Feed::ALL.iter().any(|feed| is_of(*kind, *feed)), "{kind}");
        }
        assert_eq!(FEEDS.len(), Feed::ALL.len());
        assert!(document["channels"]["callsWebhook"]["messages"]["call.ended"].is_object());
        assert!(document["channels"]["agentStatesWebhook"]["messages"].get("agent.heartbeat").is_none());
    }
}
