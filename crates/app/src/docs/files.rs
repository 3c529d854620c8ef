//! The same documentation for programs: Markdown, `llms.txt`, and the descriptions.

use axum::{
    body::Bytes,
    extract::State,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Redirect, Response},
};

use super::{
    page::{HOME, Page},
    state::Docs,
};
use crate::{ApiError, web::guard::sign_in};

const MARKDOWN: HeaderValue = HeaderValue::from_static("text/markdown; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A page as Markdown.
pub(super) fn markdown(page: &Page) -> Response {
    ([(CONTENT_TYPE, MARKDOWN)], page.markdown.clone()).into_response()
}

/// What there is, for programs that read: llmstxt.org.
pub(super) async fn llms(State(docs): State<Docs>, parts: Parts) -> Response {
    if let Some(refusal) = refusal(&docs, &parts).await {
        return refusal;
    }
    let base = &docs.documentation().workspace;
    let mut text = "# Keydesk\n\n> API keys of a contact centre, and how programs use them: how each kind of system calls the contact centre through \
                    the gateway, with a key that may do what it needs and no more.\n"
        .to_owned();
    for (title, pages) in docs.library().groups() {
        text.push_str(&format!("\n## {title}\n\n"));
        for page in pages {
            text.push_str(&format!("- [{}]({base}{HOME}/{}.md): {}\n", page.title, page.name, page.lead));
        }
    }
    text.push_str(&format!(
        "\n## Descriptions\n\n\
         - [OpenAPI of the contact centre]({base}{HOME}/openapi.json)\n\
         - [AsyncAPI of its streams and webhooks]({base}{HOME}/asyncapi.json)\n\
         - [OpenAPI of Keydesk]({base}/api/openapi.json)\n"
    ));
    ([(CONTENT_TYPE, TEXT)], text).into_response()
}

pub(super) async fn openapi(State(docs): State<Docs>, parts: Parts) -> Response {
    if let Some(refusal) = refusal(&docs, &parts).await {
        return refusal;
    }
    match (docs.documentation().openapi)().await {
        Some(document) => json("contact-centre.openapi.json", document),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

pub(super) async fn asyncapi(State(docs): State<Docs>, parts: Parts) -> Response {
    match refusal(&docs, &parts).await {
        Some(refusal) => refusal,
        None => json("contact-centre.asyncapi.json", (docs.documentation().asyncapi)()),
    }
}

fn json(name: &str, document: Bytes) -> Response {
    let named = format!("inline; filename=\"{name}\"");
    let named = HeaderValue::try_from(named).unwrap_or(HeaderValue::from_static("inline"));
    ([(CONTENT_TYPE, JSON), (CONTENT_DISPOSITION, named)], document).into_response()
}

/// The answer to whoever may not read.
async fn refusal(docs: &Docs, parts: &Parts) -> Option<Response> {
    match docs.reader(parts).await {
        Ok(_) => None,
        Err(ApiError::SignedOut) => Some(Redirect::to(&sign_in(HOME)).into_response()),
        Err(error) => Some(error.status().into_response()),
    }
}
