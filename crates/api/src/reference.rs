//! The description, and the text of its page, which is made once. The page around it is the Workspace's.

mod html;
mod operation;
mod schema;

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use edge::problem::KINDS;
use http::{HeaderName, header};
use serde_json::Value;

use self::html::{Html, slug};
use crate::{Endpoint, openapi, places::DESCRIPTION};

const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A heading of the page: how deep it is (2 or 3), its id, its words.
pub type Heading = (u8, String, String);

/// The description of these endpoints as JSON. It is large: whoever starts a server makes it once, for the file, its page, and whatever else
/// tells of it.
pub fn json(endpoints: &[Endpoint]) -> Value {
    // The description consists of strings, lists and maps with string keys.
    serde_json::to_value(openapi::document(endpoints)).expect("the description is JSON")
}

/// Where the description is answered, which is this text.
pub fn routes(description: Bytes) -> Router {
    Router::new().route(DESCRIPTION, get(move || std::future::ready(file(description.clone()))))
}

fn file(json: Bytes) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, json).into_response()
}

/// The page of a description: markup without a script, below a title; and its headings.
pub fn page(document: &Value) -> (String, Vec<Heading>) {
    let mut html = Html::default();
    let tags = tags(document);
    html.prose(document["info"]["description"].as_str().unwrap_or_default());
    html.raw("<p class=\"faint\">Version ");
    html.text(document["info"]["version"].as_str().unwrap_or_default());
    html.raw(" · <a href=\"/api/openapi.json\" rel=\"external\">OpenAPI 3.1 document</a></p>\n");
    quick_start(&mut html);
    for tag in &tags {
        html.open_section(&slug(tag.name), tag.name, "h2");
        html.prose(tag.description);
        for found in &tag.operations {
            operation::write(&mut html, document, found);
        }
        html.raw("</section>\n");
    }
    errors(&mut html);
    schemas(&mut html, document);
    (html.finish(), headings(&tags))
}

struct Tag<'a> {
    name: &'a str,
    description: &'a str,
    operations: Vec<operation::Found<'a>>,
}

fn tags(document: &Value) -> Vec<Tag<'_>> {
    let all = operation::all(document);
    let tags = document["tags"].as_array().into_iter().flatten();
    tags.map(|tag| {
        let name = tag["name"].as_str().unwrap_or_default();
        let operations = all.iter().filter(|found| found.operation["tags"][0] == name).copied().collect();
        Tag { name, description: tag["description"].as_str().unwrap_or_default(), operations }
    })
    .collect()
}

fn headings(tags: &[Tag<'_>]) -> Vec<Heading> {
    let section = |id: &str, words: &str| (2, id.to_owned(), words.to_owned());
    let mut headings = vec![section("quick-start", "Quick start")];
    for tag in tags {
        headings.push(section(&slug(tag.name), tag.name));
        headings.extend(tag.operations.iter().map(|found| (3, found.id(), found.summary().to_owned())));
    }
    headings.extend([section("errors", "Errors"), section("schemas", "Schemas")]);
    headings
}

/// The first call, and where a call has a page of its own.
fn quick_start(html: &mut Html) {
    html.open_section("quick-start", "Quick start", "h2");
    html.prose(
        "Ask who a key is. `$KEYDESK` is the address of this page up to its path, and `$KEYDESK_KEY` an API key.",
    );
    let call = "curl -H \"Authorization: Bearer $KEYDESK_KEY\" \"$KEYDESK/api/v1/whoami\"";
    html.shell("code-quick-start", "Quick start", call);
    html.raw("<p>Each operation also has a page of its own, beside those of the contact centre: ");
    html.link("/docs/reference", "API reference");
    html.raw(".</p>\n</section>\n");
}

fn errors(html: &mut Html) {
    html.open_section("errors", "Errors", "h2");
    html.prose("The `code` of a problem document is stable; its words may change.");
    html.open_table(&["Code", "Status", "Meaning"]);
    for kind in KINDS {
        html.raw("<tr><th scope=\"row\" id=\"");
        html.text(kind.code);
        html.raw("\"><code>");
        html.text(kind.code);
        html.raw("</code></th><td>");
        html.text(&kind.status.to_string());
        html.raw("</td><td>");
        html.text(kind.title);
        html.raw("</td></tr>\n");
    }
    html.close_table();
    html.raw("</section>\n");
}

fn schemas(html: &mut Html, document: &Value) {
    html.open_section("schemas", "Schemas", "h2");
    for (name, described) in document["components"]["schemas"].as_object().into_iter().flatten() {
        html.open_section(&schema::anchor(name), name, "h3");
        html.prose(described["description"].as_str().unwrap_or_default());
        schema::write(html, described);
        html.raw("</section>\n");
    }
    html.raw("</section>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real() -> (Value, String, Vec<Heading>) {
        let document = json(&crate::endpoints());
        let (html, headings) = page(&document);
        (document, html, headings)
    }

    #[test]
    fn every_operation_schema_and_error_has_one_anchor_on_the_page() {
        let (document, html, headings) = real();
        let operations = operation::all(&document).into_iter().map(|found| found.id());
        let schemas = document["components"]["schemas"].as_object().unwrap().keys().map(|name| schema::anchor(name));
        let errors = KINDS.iter().map(|kind| kind.code.to_owned());
        for id in operations.chain(schemas).chain(errors) {
            assert_eq!(html.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
        }
        for (_, id, words) in &headings {
            assert_eq!(html.matches(&format!(" id=\"{id}\"")).count(), 1, "{words}");
        }
    }

    #[test]
    fn every_internal_link_resolves_and_nothing_is_loaded_from_elsewhere() {
        let (_, html, _) = real();
        for target in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(html.contains(&format!("id=\"{target}\"")), "{target}");
        }
        for forbidden in ["<script", " style=", "src=\"", "href=\"http", "href=\"//"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
    }
}
