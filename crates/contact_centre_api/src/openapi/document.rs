use serde_json::{Map, Value, json};

use super::{examples::Example, tokens};
use crate::{operation::Operation, operations::all, protocol::kinds::KINDS, push};

/// Schemas and parameters.
const WRITTEN: &str = include_str!("schemas.json");

/// The description, with these examples.
///
/// # Errors
/// What is written by hand is no JSON.
pub(super) fn written(examples: &[Example]) -> Result<Vec<u8>, serde_json::Error> {
    let mut written: Value = serde_json::from_str(WRITTEN)?;
    let of_push: Value = serde_json::from_str(push::SCHEMAS)?;
    for name in ["schemas", "parameters"] {
        if let Some(Value::Object(all)) = written.get_mut(name) {
            all.extend(members(&of_push, name).map(|(name, schema)| (name.clone(), schema.clone())));
        }
    }
    let given = written.get("parameters").unwrap_or(&Value::Null);
    let mut paths = Map::new();
    for operation in all() {
        let of = examples.iter().find(|one| one.method == operation.method && one.template == operation.path);
        let item = paths.entry(format!("/v1{}", operation.path)).or_insert_with(|| json!({}));
        if let Value::Object(item) = item {
            item.insert(operation.method.to_lowercase(), described(operation, given, of));
        }
    }
    paths.insert(tokens::PATH.to_owned(), tokens::described());
    let problems: Map<_, _> = KINDS
        .iter()
        .map(|kind| (kind.code.to_owned(), json!({ "status": kind.status, "title": kind.title })))
        .collect();
    let parameters: Map<_, _> = members(&written, "parameters")
        .map(|(name, written)| (name.clone(), Value::Object(in_query(name, written))))
        .chain([headers()])
        .collect();
    serde_json::to_vec(&json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Contact centre",
            "version": "1",
            "description": "The contact centre behind the gateway. A key comes in `Authorization: Bearer <key>` or `X-API-Key: <key>`, never in a URL. \
                Instants are RFC 3339 in UTC with milliseconds, durations are milliseconds, ids are UUIDs of version 7. Errors are problem \
                documents (RFC 9457). Request bodies refuse unknown fields; answers may gain fields. Every answer that is true at a moment says \
                so in `as_of`.",
        },
        "security": [{ "bearer": [] }, { "key": [] }],
        "paths": paths,
        "webhooks": push::described_webhooks(),
        "components": {
            "schemas": written.get("schemas"),
            "parameters": parameters,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "key": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
            },
        },
        "x-problems": problems,
    }))
}

fn members<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(name).and_then(Value::as_object).into_iter().flatten()
}

/// A parameter of the query. What it means stands at the parameter, and not in its schema.
fn in_query(name: &str, written: &Value) -> Map<String, Value> {
    let mut schema = written.clone();
    let description = schema.as_object_mut().and_then(|fields| fields.remove("description"));
    let parts =
        [("name", name.into()), ("in", "query".into()), ("description", description.into()), ("schema", schema)];
    parts.into_iter().map(|(part, value)| (part.to_owned(), value)).collect()
}

/// What a parameter of a path names.
fn named_by(path: &str, parameter: &str) -> &'static str {
    match parameter {
        "root_id" => "The id of the first leg of an interaction.",
        "system" => "The name of the other system, such as crm.",
        "external_id" => "The id that the contact has there.",
        "name" => "The name of a report, such as daily-queue.",
        "table" => "The name of a table, such as calls.",
        _ => match path.split('/').take_while(|part| !part.starts_with('{')).last() {
            Some("contacts") => "The id of a contact.",
            Some("leads") => "The id of a lead.",
            Some("calls") => "The id of a leg.",
            Some("recordings") => "The id of a recording.",
            Some("agents") => "The id of an agent.",
            Some("queues") => "The id of a queue.",
            Some("proxy") => "The id of a proxy session.",
            _ => "The id of a webhook.",
        },
    }
}

/// The parameters that come in a header.
fn headers() -> (String, Value) {
    let key = json!({
        "name": "Idempotency-Key", "in": "header", "schema": { "type": "string" },
        "description": "The same answer for the same request for 24 hours, with Idempotency-Replayed: true; 409 for another request.",
    });
    ("idempotency_key".to_owned(), key)
}

/// Whether nothing is answered without a parameter of the query. Such a one is described where it is asked for: elsewhere it may be left out.
fn is_required(operation: &Operation, name: &str) -> bool {
    (operation.path, name) == ("/contacts/lookup", "phone")
}

/// What a summary has no room for.
fn details(operation: &Operation) -> Option<&'static str> {
    match (operation.method, operation.path) {
        ("GET", "/data/{table}") => Some(
            "`format` says the form, else `Accept`, which names it first: application/x-ndjson, text/csv or \
             application/vnd.apache.parquet. Without either it is NDJSON, and another `Accept` is 406.\n\n\
             `from`, `to` and `changed_since` hold together. Of agent_states those spans have changed that began or ended since; the \
             same may come twice. Of queue_intervals and agent_intervals those rows have changed that were revised, as by a wrap that was \
             written late: ask for newer intervals, and for those that were not `final`, by `from` and `to`.",
        ),
        ("GET", "/metrics/queues" | "/metrics/agents") => Some(
            "With `changed_since` only rows come that were revised since, as by a wrap that was written late. Newer intervals, and those \
             that were not `final`, are asked for by `from` and `to`.",
        ),
        ("GET", "/recordings") => Some(
            "`sha256` is null here unless the recording or its content was asked for by itself lately: to make it, the whole file is read. \
             GET /v1/recordings/{id} always has it, once there is a file.",
        ),
        _ => None,
    }
}

fn described(operation: &Operation, given: &Value, example: Option<&Example>) -> Value {
    let mut parameters: Vec<_> = in_path(operation.path)
        .map(|name| {
            let description = named_by(operation.path, name);
            json!({ "name": name, "in": "path", "required": true, "description": description, "schema": { "type": "string" } })
        })
        .collect();
    let named = |name: &str| json!({ "$ref": format!("#/components/parameters/{name}") });
    let required = |name: &str| {
        let mut parameter = in_query(name, given.get(name).unwrap_or(&Value::Null));
        parameter.insert("required".to_owned(), true.into());
        Value::Object(parameter)
    };
    let query = operation.query.iter();
    parameters.extend(query.map(|name| if is_required(operation, name) { required(name) } else { named(name) }));
    // Rows are the same however often they are sent.
    if operation.method == "POST" && operation.path != "/data/{table}" {
        parameters.push(named("idempotency_key"));
    }
    let mut described = json!({
        "operationId": id(operation),
        "summary": operation.summary,
        "tags": [operation.path.split('/').nth(1).unwrap_or_default()],
        "x-scope": operation.scope,
        "x-sandbox": operation.sandbox,
        "parameters": parameters,
        "responses": answers(operation, example),
    });
    if let (Value::Object(fields), Some(details)) = (&mut described, details(operation)) {
        fields.insert("description".to_owned(), details.into());
    }
    if let Value::Object(fields) = &mut described
        && !operation.body.is_empty()
    {
        let mut content = json!({ "schema": { "$ref": format!("#/components/schemas/{}", operation.body) } });
        put_example(&mut content, example.map(|example| &example.body));
        fields.insert("requestBody".to_owned(), json!({ "content": { "application/json": content } }));
    }
    described
}

/// `get_calls_id_events`.
fn id(operation: &Operation) -> String {
    let words = operation.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(operation.method.to_lowercase().as_str()).chain(words).collect::<Vec<_>>().join("_")
}

/// The names in a path.
fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn answers(operation: &Operation, example: Option<&Example>) -> Value {
    let problem = json!({
        "description": "A problem document.",
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    // A form without a schema is none to what makes clients and collections: they would accept problem documents alone.
    let text = json!({ "type": "string" });
    let bytes = json!({ "type": "string", "format": "binary" });
    let status = example.map_or_else(|| usual(operation), |example| example.status).to_string();
    let answer = match (operation.answer, operation.method, operation.path) {
        ("", "DELETE", _) | ("", "POST", "/sandbox/faults") => json!({ "description": "Done." }),
        ("", _, path) if path.ends_with("/content") => {
            json!({ "description": "The file, or a range of it.", "content": { "audio/wav": { "schema": bytes } } })
        }
        ("", "GET", path) if path.starts_with("/stream/") => json!({
            "description": "Events, as asyncapi.json describes them; or a WebSocket, where the client asks for one.",
            "content": { "text/event-stream": { "schema": text } },
        }),
        ("", "GET", "/asyncapi.json") => {
            json!({ "description": operation.summary, "content": { "application/json": { "schema": { "type": "object" } } } })
        }
        ("", "POST", path) if path.ends_with("/test") => {
            return json!({ "202": { "description": "It is on its way." }, "default": problem });
        }
        ("", "GET", _) => json!({
            "description": "The table, with the trailers X-Row-Count and X-As-Of-Seq for clients that send `TE: trailers`.",
            "headers": {
                "X-As-Of-Seq": { "schema": { "type": "integer" }, "description": "Up to which event the table is true." },
                "X-Changes-Cursor": {
                    "schema": { "type": "string" },
                    "description": "For changed_since: what changes after this table.",
                },
            },
            "content": {
                "application/x-ndjson": { "schema": text },
                "text/csv": { "schema": text },
                "application/vnd.apache.parquet": { "schema": bytes },
            },
        }),
        ("", _, _) => {
            json!({ "description": "A line for each row.", "content": { "application/x-ndjson": { "schema": text } } })
        }
        (schema, _, _) => {
            let mut content = json!({ "schema": { "$ref": format!("#/components/schemas/{schema}") } });
            put_example(&mut content, example.map(|example| &example.answer));
            let mut content = json!({ "application/json": content });
            if let (Value::Object(content), "/reports/{name}") = (&mut content, operation.path) {
                content.insert("text/csv".to_owned(), json!({ "schema": text }));
            }
            json!({ "description": operation.summary, "content": content })
        }
    };
    json!({ (status): answer, "default": problem })
}

/// The status where no example tells it.
fn usual(operation: &Operation) -> u16 {
    match (operation.method, operation.path) {
        ("DELETE", _) | ("POST", "/sandbox/faults") => 204,
        ("POST", path) if path.ends_with("webhooks") => 201,
        ("POST", path) if path.ends_with("/redeliver") => 202,
        _ => 200,
    }
}

fn put_example(content: &mut Value, example: Option<&Value>) {
    if let (Value::Object(content), Some(example)) = (content, example.filter(|example| !example.is_null())) {
        content.insert("example".to_owned(), example.clone());
    }
}
