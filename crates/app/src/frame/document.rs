//! Answers that are plain documents.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, Uri, request::Parts, uri::PathAndQuery},
    response::Response,
};
use leptos::prelude::*;
use leptos_axum::render_app_async_with_context;
use leptos_router::components::Router;

use super::{
    around::Frame,
    shell::{document, linked_document},
};
use crate::{
    ApiError,
    ui::{EmptyState, Glyph},
    web::{WebState, origin},
};

/// Makes a document of a title and what stands in it.
type Around = fn(&str, AnyView) -> AnyView;
type View = Arc<dyn Fn() -> AnyView + Send + Sync>;

/// A page of the Workspace, in its frame.
pub(crate) async fn framed(
    web: &WebState,
    parts: Parts,
    status: StatusCode,
    title: String,
    view: impl Fn() -> AnyView + Send + Sync + 'static,
) -> Response {
    let view: View = Arc::new(view);
    let framed = move || {
        let view = view.clone();
        view! {
            <Router>
                <Frame>{view()}</Frame>
            </Router>
        }
        .into_any()
    };
    render(web, parts, status, title, document, Arc::new(framed)).await
}

/// A page outside of the Workspace.
pub(crate) async fn bare(
    web: &WebState,
    mut parts: Parts,
    status: StatusCode,
    title: &str,
    view: impl Fn() -> AnyView + Send + Sync + 'static,
) -> Response {
    // The address may be a secret, and nothing here depends on it.
    parts.uri = Uri::from_static("/");
    render(web, parts, status, title.to_owned(), linked_document, Arc::new(view)).await
}

/// Answers in place of a page that does not exist or can't be shown.
pub(crate) async fn failed(web: &WebState, parts: Parts, error: ApiError) -> Response {
    let status = error.status();
    let (title, address, link) = match &error {
        ApiError::SomebodyElse { .. } => ("Somebody else is signed in", "/keys", "Reload"),
        _ if status == StatusCode::NOT_FOUND => ("Not found", "/keys", "Show all keys"),
        _ => ("Not available", "/keys", "Show all keys"),
    };
    framed(web, parts, status, title.to_owned(), move || {
        let text = error.to_string();
        view! {
            <EmptyState glyph=Glyph::Key title=title>
                <p>{text}</p>
                <p>
                    <a href=address rel="external">{link}</a>
                </p>
            </EmptyState>
        }
        .into_any()
    })
    .await
}

/// The same, outside of the Workspace.
pub(crate) async fn failed_bare(web: &WebState, parts: Parts, error: &ApiError) -> Response {
    let text = error.to_string();
    bare(web, parts, error.status(), "Not available", move || {
        let text = text.clone();
        view! {
            <main class="page">
                <EmptyState glyph=Glyph::Key title="Not available">
                    <p>{text}</p>
                </EmptyState>
            </main>
        }
        .into_any()
    })
    .await
}

async fn render(
    web: &WebState,
    mut parts: Parts,
    status: StatusCode,
    title: String,
    around: Around,
    view: View,
) -> Response {
    // The answer to a form is a page like any other.
    parts.method = Method::GET;
    parts.uri = Uri::from(parts.uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")));
    origin::forget(&mut parts.headers);
    let web = web.clone();
    let context = move || web.provide();
    let page = move || around(&title, view());
    let mut answer = render_app_async_with_context(context, page)(Request::from_parts(parts, Body::empty())).await;
    *answer.status_mut() = status;
    answer
}
