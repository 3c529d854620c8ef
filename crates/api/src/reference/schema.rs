use serde_json::Value;

use super::html::Html;

/// Where a schema is described on the page.
pub(super) fn anchor(name: &str) -> String {
    format!("schema-{name}")
}

/// A schema's fields, or its type if it has none.
pub(super) fn write(html: &mut Html, schema: &Value) {
    let fields = fields(schema);
    for part in schema["allOf"].as_array().into_iter().flatten().filter(|part| part["$ref"].is_string()) {
        html.raw("<p>All fields of ");
        kind(html, part);
        html.raw(", and:</p>\n");
    }
    if fields.is_empty() {
        html.raw("<p>");
        kind(html, schema);
        html.raw("</p>\n");
        return;
    }
    html.open_table(&["Field", "Type", "Meaning"]);
    for (name, field, required) in fields {
        html.raw("<tr><th scope=\"row\">");
        html.code(name);
        if required {
            html.raw(" <span class=\"faint\">required</span>");
        }
        html.raw("</th><td>");
        kind(html, field);
        html.raw("</td><td>");
        html.inline(meaning(field));
        html.raw("</td></tr>\n");
    }
    html.close_table();
}

/// The description of a field. For a field that may be null it is with the other type.
fn meaning(field: &Value) -> &str {
    let parts = field["oneOf"].as_array().into_iter().flatten();
    [field].into_iter().chain(parts).find_map(|part| part["description"].as_str()).unwrap_or_default()
}

/// The schema's own fields, and those of the schemas that it is composed of and that are written out.
fn fields(schema: &Value) -> Vec<(&str, &Value, bool)> {
    let parts = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
    parts
        .flat_map(|part| {
            let required =
                move |name: &str| part["required"].as_array().is_some_and(|all| all.iter().any(|r| r == name));
            let own = part["properties"].as_object().into_iter().flatten();
            own.map(move |(name, field)| (name.as_str(), field, required(name)))
        })
        .collect()
}

/// What a value is, in a few words, with links to named schemas.
pub(super) fn kind(html: &mut Html, schema: &Value) {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return html.link(&format!("#{}", anchor(name)), name);
    }
    for combined in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[combined].as_array() {
            let separator = if combined == "allOf" { " and " } else { " or " };
            for (index, part) in parts.iter().enumerate() {
                html.raw(if index == 0 { "" } else { separator });
                kind(html, part);
            }
            return;
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        for (index, value) in values.iter().enumerate() {
            html.raw(if index == 0 { "" } else { " | " });
            html.code(value.as_str().unwrap_or("null"));
        }
        return;
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any"],
    };
    for (index, one) in types.into_iter().enumerate() {
        html.raw(if index == 0 { "" } else { " or " });
        match one {
            "array" => {
                html.raw("list of ");
                kind(html, &schema["items"]);
            }
            "object" if schema["additionalProperties"].is_object() => {
                html.raw("map of texts to ");
                kind(html, &schema["additionalProperties"]);
            }
            "string" => html.text(match schema["format"].as_str() {
                Some("date-time") => "instant",
                Some("uuid") => "UUID",
                _ => "text",
            }),
            other => html.text(other),
        }
    }
    limits(html, schema);
}

/// For example `1 to 255 characters`.
fn limits(html: &mut Html, schema: &Value) {
    for (least, most, unit) in
        [("minimum", "maximum", ""), ("minLength", "maxLength", " characters"), ("minItems", "maxItems", " entries")]
    {
        let (least, most) = (schema[least].as_f64(), schema[most].as_f64());
        let words = match (least, most) {
            (Some(least), Some(most)) => format!("{least} to {most}{unit}"),
            (Some(least), None) => format!("at least {least}{unit}"),
            (None, Some(most)) => format!("at most {most}{unit}"),
            (None, None) => continue,
        };
        html.raw(", <span class=\"faint\">");
        html.text(&words);
        html.raw("</span>");
    }
}
