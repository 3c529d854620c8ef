//! JSON Schema, as much of it as the description uses.

use serde_json::{Map, Value};

/// What is wrong with a value by a schema; also a member that the schema does not name.
pub(crate) fn wrong(value: &Value, schema: &Value, schemas: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        let Some(schema) = schemas.get(name) else { return vec![format!("{at}: there is no schema {name}")] };
        return wrong(value, schema, schemas, at);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let found: Vec<_> = any.iter().map(|one| wrong(value, one, schemas, at)).collect();
        return if found.iter().any(Vec::is_empty) { Vec::new() } else { found.into_iter().next().unwrap_or_default() };
    }
    let mut found = Vec::new();
    let types: Vec<_> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one.as_str()],
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|one| is(value, one)) {
        found.push(format!("{at}: {value} is not {types:?}"));
    }
    if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
        found.push(format!("{at}: {value} is none of {words:?}"));
    }
    if let Some(text) = value.as_str() {
        match schema["format"].as_str() {
            Some("uuid") if text.parse::<uuid::Uuid>().is_err() => found.push(format!("{at}: {text} is no id")),
            Some("date-time") if text.parse::<model::Instant>().is_err() => {
                found.push(format!("{at}: {text} is no instant"));
            }
            _ => {}
        }
    }
    if let Some(items) = value.as_array() {
        for (place, item) in items.iter().enumerate() {
            found.extend(wrong(item, &schema["items"], schemas, &format!("{at}/{place}")));
        }
    }
    if let Some(members) = value.as_object() {
        let none = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(required) {
                found.push(format!("{at}: {required} is missing"));
            }
        }
        for (name, member) in members {
            let at = format!("{at}/{name}");
            match (properties.get(name), &schema["additionalProperties"]) {
                (Some(schema), _) => found.extend(wrong(member, schema, schemas, &at)),
                (None, Value::Object(_)) => found.extend(wrong(member, &schema["additionalProperties"], schemas, &at)),
                (None, Value::Bool(true)) => {}
                (None, _) => found.push(format!("{at} is not described")),
            }
        }
    }
    found
}

fn is(value: &Value, of: &str) -> bool {
    match of {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

#[test]
fn what_does_not_fit_is_found() {
    use serde_json::json;

    let schemas =
        json!({"A": {"type": "object", "properties": {"a": {"type": ["integer", "null"]}}, "required": ["a"]}});
    let of = |value: Value| wrong(&value, &json!({"$ref": "#/components/schemas/A"}), &schemas, "");
    assert_eq!(of(json!({"a": 1})), Vec::<String>::new());
    assert_eq!(of(json!({"a": null})).len(), 0);
    for bad in [json!({}), json!({"a": "1"}), json!({"a": 1, "b": 2}), json!([])] {
        assert_eq!(of(bad.clone()).len(), 1, "{bad}");
    }
}
