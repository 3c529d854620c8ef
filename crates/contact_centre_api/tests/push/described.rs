use serde_json::Value;

use crate::support::Door;

/// Whether a value has the form that a schema says: what the published schemas use of JSON Schema, and no more.
fn wrong(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.strip_prefix('#')?).unwrap_or(&Value::Null);
        return if target.is_null() { Some(format!("{reference} is missing")) } else { wrong(root, target, value, at) };
    }
    let each = |name: &str| schema[name].as_array().cloned().unwrap_or_default();
    if let Some(found) = each("allOf").iter().find_map(|one| wrong(root, one, value, at)) {
        return Some(found);
    }
    let any = [each("anyOf"), each("oneOf")].concat();
    if !any.is_empty() && any.iter().all(|one| wrong(root, one, value, at).is_some()) {
        return Some(format!("{at} is none of what it may be: {value}"));
    }
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => value.is_null(),
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is(name)) {
        return Some(format!("{at} is no {types:?}: {value}"));
    }
    let listed = schema["enum"].as_array();
    if listed.is_some_and(|listed| !listed.contains(value)) || schema.get("const").is_some_and(|one| one != value) {
        return Some(format!("{at} is no value that it may have: {value}"));
    }
    if let Some(members) = value.as_object() {
        let missing =
            each("required").into_iter().find(|name| !members.contains_key(name.as_str().unwrap_or_default()));
        if let Some(missing) = missing {
            return Some(format!("{at} lacks {missing}"));
        }
        return members
            .iter()
            .find_map(|(name, member)| wrong(root, schema["properties"].get(name)?, member, &format!("{at}.{name}")));
    }
    let items = schema.get("items")?;
    value.as_array()?.iter().find_map(|item| wrong(root, items, item, &format!("{at}[]")))
}

#[tokio::test]
async fn every_event_of_a_day_has_the_form_that_is_published() {
    let door = Door::open(41).await;
    let (status, _, document) = door.ask("GET /v1/asyncapi.json", "calls:read", None).await;
    assert_eq!((status, document["asyncapi"].as_str()), (200, Some("3.1.0")));
    let from = door.told();
    door.pass(2 * 3_600_000);
    let everything = "calls:read contacts:read wraps:read recordings:read agent-states:subscribe live:read";
    for (path, channel) in
        [("/v1/stream/agent-states", "agentStates"), ("/v1/stream/calls", "calls"), ("/v1/stream/queues", "queues")]
    {
        let more = format!("last-event-id: {}-{from}\r\n", door.epoch());
        for more in ["", more.as_str()] {
            let mut stream = door.follow(path, everything, more).await;
            let last = if more.is_empty() { "stream.snapshot" } else { "stream.caught_up" };
            for event in stream.until(last).await {
                let message = document["channels"][channel]["messages"].get(&event.kind);
                assert!(message.is_some(), "{channel} has no {}", event.kind);
                let payload = &document["components"]["messages"][&event.kind]["payload"];
                let found = wrong(&document, payload, &event.data, &event.kind);
                assert!(found.is_none(), "{found:?} of {:#}", event.data);
            }
        }
    }
}
