use serde_json::Value;

use super::{html::Html, schema};

/// An operation, with its place in the description.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) path: &'a str,
    pub(super) method: &'a str,
    pub(super) operation: &'a Value,
}

impl<'a> Found<'a> {
    pub(super) fn id(&self) -> String {
        self.operation["operationId"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn summary(&self) -> &'a str {
        self.operation["summary"].as_str().unwrap_or(self.path)
    }
}

/// Every operation of the description.
pub(super) fn all(document: &Value) -> Vec<Found<'_>> {
    let items = document["paths"].as_object().into_iter().flatten();
    items
        .flat_map(|(path, item)| {
            let operations = item.as_object().into_iter().flatten().filter(|(_, value)| value["responses"].is_object());
            operations.map(move |(method, operation)| Found { path, method, operation })
        })
        .collect()
}

pub(super) fn write(html: &mut Html, document: &Value, found: &Found<'_>) {
    html.raw("<article class=\"docs-text\" id=\"");
    html.text(&found.id());
    html.raw("\">\n<h3>");
    html.text(found.summary());
    html.raw("</h3>\n<p class=\"docs-call\" translate=\"no\"><strong>");
    html.text(&found.method.to_uppercase());
    html.raw("</strong> ");
    html.code(found.path);
    html.raw("</p>\n");
    html.prose(found.operation["description"].as_str().unwrap_or_default());
    scope(html, found.operation);
    parameters(html, found.operation);
    body(html, found.operation);
    example(html, found);
    responses(html, document, found.operation);
    html.raw("</article>\n");
}

fn scope(html: &mut Html, operation: &Value) {
    let open = operation["security"].as_array().is_some_and(Vec::is_empty);
    html.raw("<p>");
    match operation["x-scope"].as_str() {
        Some(scope) => {
            html.raw("Needs a key with ");
            html.code(scope);
        }
        None if is_signed(operation) => html.raw("Needs a signature, and no key"),
        None => html.raw(if open { "Needs no key" } else { "Needs any valid key" }),
    }
    html.raw("</p>\n");
}

/// Whether a signature is asked for in place of a key.
fn is_signed(operation: &Value) -> bool {
    operation["security"][0]["signature"].is_array()
}

fn parameters(html: &mut Html, operation: &Value) {
    let Some(parameters) = operation["parameters"].as_array().filter(|all| !all.is_empty()) else { return };
    html.raw("<h4>Parameters</h4>\n");
    html.open_table(&["Parameter", "In", "Type", "Meaning"]);
    for parameter in parameters {
        html.raw("<tr><th scope=\"row\">");
        html.code(parameter["name"].as_str().unwrap_or_default());
        if parameter["required"] == true {
            html.raw(" <span class=\"faint\">required</span>");
        }
        html.raw("</th><td>");
        html.text(parameter["in"].as_str().unwrap_or_default());
        html.raw("</td><td>");
        schema::kind(html, &parameter["schema"]);
        html.raw("</td><td>");
        html.inline(parameter["description"].as_str().unwrap_or_default());
        html.raw("</td></tr>\n");
    }
    html.close_table();
}

fn body(html: &mut Html, operation: &Value) {
    let body = &operation["requestBody"];
    let content = &body["content"]["application/json"];
    if content.is_object() {
        html.raw("<h4>Body</h4>\n<p>");
        schema::kind(html, &content["schema"]);
        html.raw("</p>\n");
    } else if let Some(media) = body["content"].as_object() {
        let names: Vec<_> = media.keys().map(|name| format!("`{name}`")).collect();
        html.raw("<h4>Body</h4>\n<p>");
        html.inline(&format!("{}. {}", names.join(" or "), body["description"].as_str().unwrap_or_default()));
        html.raw("</p>\n");
    }
}

fn example(html: &mut Html, found: &Found<'_>) {
    let mut lines = vec!["curl".to_owned()];
    if found.method != "get" {
        lines.push(format!("-X {}", found.method.to_uppercase()));
    }
    let path = filled(found.path);
    if is_signed(found.operation) {
        lines
            .push("-H \"Github-Public-Key-Identifier: $ID\" -H \"Github-Public-Key-Signature: $SIGNATURE\"".to_owned());
    } else if found.operation["security"].as_array().is_none_or(|schemes| !schemes.is_empty()) {
        lines.push("-H \"Authorization: Bearer $KEYDESK_KEY\"".to_owned());
    }
    let body = &found.operation["requestBody"]["content"]["application/json"]["example"];
    if !body.is_null() {
        lines.push("-H 'Content-Type: application/json'".to_owned());
        lines.push(format!("-d '{body}'"));
    } else if let Some(all) = found.operation["requestBody"]["content"].as_object()
        && !all.contains_key("application/json")
        && let Some(media) = all.keys().next()
    {
        // Lines of a file, which a shell does not want in an argument.
        lines.push(format!("-H 'Content-Type: {media}'"));
        lines.push("--data-binary @FILE".to_owned());
    }
    lines.push(format!("\"$KEYDESK{path}\""));
    html.shell(&format!("code-{}", found.id()), found.summary(), &lines.join(" \\\n  "));
}

/// A path whose parameters are variables of a shell: `{id}` is `$KEY_ID`, and any other `{name}` is `$NAME_ID`.
fn filled(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        let parameter = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match parameter {
            Some("id") => "$KEY_ID".to_owned(),
            Some(name) => format!("${}_ID", name.to_uppercase()),
            None => segment.to_owned(),
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

fn responses(html: &mut Html, document: &Value, operation: &Value) {
    html.raw("<h4>Answers</h4>\n");
    html.open_table(&["Status", "Meaning", "Document"]);
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        html.raw("<tr><th scope=\"row\">");
        html.text(status);
        html.raw("</th><td>");
        html.inline(response["description"].as_str().unwrap_or_default());
        html.raw("</td><td>");
        for media in response["content"].as_object().into_iter().flatten().map(|(_, media)| media) {
            schema::kind(html, named(document, &media["schema"]));
        }
        html.raw("</td></tr>\n");
    }
    html.close_table();
}

/// Only schemas that the page describes are linked.
fn named<'a>(document: &Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    match name {
        Some(name) if document["components"]["schemas"].get(name).is_none() => &Value::Null,
        _ => schema,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_a_path_is_filled_in() {
        for (path, expected) in [
            ("/api/v1/keys", "/api/v1/keys"),
            ("/api/v1/keys/{id}/reveal", "/api/v1/keys/$KEY_ID/reveal"),
            ("/api/v1/keys/{id}/handover/{handover}", "/api/v1/keys/$KEY_ID/handover/$HANDOVER_ID"),
        ] {
            assert_eq!(filled(path), expected);
        }
    }
}
