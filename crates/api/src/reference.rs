//! The reference page, made once from the published description. It runs no script and loads nothing from elsewhere.

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
use utoipa::openapi::OpenApi;

use self::html::{Html, slug};

/// Where the description is.
pub(crate) const DESCRIPTION: &str = "/api/openapi.json";
/// Where its page is.
pub(crate) const PAGE: &str = "/api/docs";
/// Where the style of the page is.
pub(crate) const STYLE_SHEET: &str = "/api/docs.css";

const STYLE: &str = include_str!("reference/docs.css");

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The description and its page.
pub fn routes(document: &OpenApi, icon: &str) -> Router {
    // The description consists of strings, lists and maps with string keys.
    let json = serde_json::to_value(document).expect("the description is JSON");
    let page = Bytes::from(page(&json, icon));
    let json = Bytes::from(json.to_string());
    Router::new()
        .route(DESCRIPTION, get(move || std::future::ready(file("application/json", json.clone()))))
        .route(PAGE, get(move || std::future::ready(file("text/html; charset=utf-8", page.clone()))))
        .route(STYLE_SHEET, get(|| std::future::ready(file("text/css; charset=utf-8", STYLE.into()))))
}

fn file(content_type: &'static str, bytes: Bytes) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, bytes).into_response()
}

fn page(document: &Value, icon: &str) -> String {
    let mut html = Html::default();
    html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<title>Keydesk API</title>\n");
    html.raw("<link rel=\"icon\" href=\"");
    html.text(icon);
    html.raw("\">\n<link rel=\"stylesheet\" href=\"/api/docs.css\">\n</head>\n<body>\n");
    html.raw("<a class=\"skip\" href=\"#main\">Skip to the reference</a>\n");
    let tags = tags(document);
    navigation(&mut html, &tags);
    html.raw("<main id=\"main\">\n<header>\n<h1>Keydesk API</h1>\n<p class=\"version\">Version ");
    html.text(document["info"]["version"].as_str().unwrap_or_default());
    html.raw(" · <a href=\"/api/openapi.json\">OpenAPI 3.1 document</a></p>\n");
    html.prose(document["info"]["description"].as_str().unwrap_or_default());
    html.raw("</header>\n");
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
    html.raw("</main>\n</body>\n</html>\n");
    html.finish()
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

fn navigation(html: &mut Html, tags: &[Tag<'_>]) {
    html.raw("<nav aria-label=\"Contents\">\n<p class=\"product\">Keydesk</p>\n<p>");
    for (to, words) in [("/keys", "Back to the Workspace"), ("/docs", "Integration Documentation")] {
        html.link(to, words);
        html.raw("<br>\n");
    }
    html.raw("</p>\n<p><a href=\"#quick-start\">Quick start</a></p>\n");
    for tag in tags {
        html.raw("<p>");
        html.link(&format!("#{}", slug(tag.name)), tag.name);
        html.raw("</p>\n<ul>\n");
        for found in &tag.operations {
            html.raw("<li>");
            html.link(&format!("#{}", found.id()), found.summary());
            html.raw("</li>\n");
        }
        html.raw("</ul>\n");
    }
    html.raw("<p><a href=\"#errors\">Errors</a></p>\n<p><a href=\"#schemas\">Schemas</a></p>\n</nav>\n");
}

/// The first call, and where a call has a page of its own.
fn quick_start(html: &mut Html) {
    html.open_section("quick-start", "Quick start", "h2");
    html.prose("Ask who a key is. `$KEYDESK` is the address of this page up to its path, and `$KEY` an API key.");
    html.raw("<pre tabindex=\"0\"><code>curl -H &quot;Authorization: Bearer $KEY&quot; &quot;$KEYDESK/api/v1/whoami&quot;</code></pre>\n<p>");
    html.link("/docs/reference", "Each operation on a page of its own");
    html.raw(", with buttons that copy, and the contact centre beside it.</p>\n</section>\n");
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

    fn real() -> (Value, String) {
        let document = serde_json::to_value(crate::document(&crate::endpoints())).unwrap();
        let page = page(&document, "data:,");
        (document, page)
    }

    #[test]
    fn every_operation_schema_and_error_has_one_anchor_on_the_page() {
        let (document, page) = real();
        let operations = operation::all(&document).into_iter().map(|found| found.id());
        let schemas = document["components"]["schemas"].as_object().unwrap().keys().map(|name| schema::anchor(name));
        let errors = KINDS.iter().map(|kind| kind.code.to_owned());
        for id in operations.chain(schemas).chain(errors) {
            assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
        }
    }

    #[test]
    fn every_internal_link_resolves_and_nothing_is_loaded_from_elsewhere() {
        let (_, page) = real();
        for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
        }
        for forbidden in ["<script", " style=", "src=\"", "href=\"http", "href=\"//"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
    }
}
