//! What answers where.

use axum::{
    Router,
    http::{Method, header},
    response::IntoResponse,
    routing::{any, delete, get, post},
};
use domain::Keydesk;

use crate::{
    app_state::App,
    assets,
    authz::Gateway,
    docs_page,
    edge::Edge,
    health, metrics, openapi,
    problem::{self, Problem},
    rest,
};

/// Everything that the public listener serves, reached by plain http.
pub fn edge(keydesk: &Keydesk) -> Edge {
    edge_behind(keydesk, Gateway::default())
}

/// The same behind proxies, whose questions it answers.
pub fn edge_behind(keydesk: &Keydesk, gateway: Gateway) -> Edge {
    edge_for(keydesk, app::BrowserAccess::default(), gateway)
}

/// Everything that the public listener serves.
pub(crate) fn edge_for(keydesk: &Keydesk, settings: app::BrowserAccess, gateway: Gateway) -> Edge {
    Edge::new(router(keydesk, settings), keydesk.clone(), gateway)
}

/// What the operations listener serves, about the same process.
pub(crate) fn operations(public: &Edge) -> Edge {
    let app = App { keydesk: public.keydesk().clone() };
    let counted = public.clone();
    let metrics = move || std::future::ready(metrics::page(&counted));
    let router = health_routes().with_state(app).route("/metrics", get(metrics));
    public.with_router(with_errors(router).fallback(not_found))
}

fn router(keydesk: &Keydesk, settings: app::BrowserAccess) -> Router {
    let app = App { keydesk: keydesk.clone() };
    let document = openapi::document();
    let api = with_errors(keys().merge(health_routes()).with_state(app).merge(docs_page::routes(&document)))
        .route("/api", any(not_found))
        .route("/api/{*rest}", any(not_found));
    let pages = app::routes(keydesk.clone(), site(), settings);
    api.merge(assets::routes()).merge(pages)
}

fn keys() -> Router<App> {
    Router::new()
        // The edge answers POST itself.
        .route("/api/v1/keys/verify", any(only_posted))
        .route("/api/v1/keys/verify-batch", post(rest::verify_batch::verify_keys))
        .route("/api/v1/keys", get(rest::list::list_keys).post(rest::create::create_key))
        .route(
            "/api/v1/keys/{id}",
            get(rest::get::get_key).patch(rest::change::change_key).delete(rest::delete::delete_key),
        )
        .route("/api/v1/keys/bulk-delete", post(rest::bulk_delete::delete_keys))
        .route("/api/v1/keys.csv", get(rest::export::export_keys))
        .route("/api/v1/keys/bulk-disable", post(rest::switch::disable_keys))
        .route("/api/v1/keys/bulk-enable", post(rest::switch::enable_keys))
        .route("/api/v1/keys/{id}/disable", post(rest::switch::disable_key))
        .route("/api/v1/keys/{id}/enable", post(rest::switch::enable_key))
        .route("/api/v1/keys/{id}/rotate", post(rest::rotate::rotate_key))
        .route("/api/v1/keys/{id}/end-overlap", post(rest::rotate::end_overlap))
        .route("/api/v1/keys/{id}/secrets", get(rest::rotate::list_secrets))
        .route("/api/v1/keys/{id}/handover", post(rest::handover::hand_over_key).get(rest::handover::list_handovers))
        .route("/api/v1/keys/{id}/handover/{handover}", delete(rest::handover::withdraw_handover))
        .route("/api/v1/keys/{id}/restore", post(rest::restore::restore_key))
        .route("/api/v1/keys/{id}/reveal", post(rest::reveal::reveal_key))
        .route("/api/v1/whoami", get(rest::whoami::whoami))
        .route("/api/v1/scopes", get(rest::scopes::list_scopes))
        .route("/api/v1/presets", get(rest::presets::list_presets))
}

fn health_routes() -> Router<App> {
    Router::new().route("/healthz", get(health::healthz)).route("/readyz", get(health::readyz))
}

fn with_errors(router: Router) -> Router {
    router.method_not_allowed_fallback(method_not_allowed)
}

async fn method_not_allowed(method: Method) -> impl IntoResponse {
    // A method that the caller made up is not repeated.
    let method = if method.as_str().len() <= 7 { method.as_str().to_owned() } else { "This method".to_owned() };
    Problem::new(&problem::METHOD_NOT_ALLOWED).detail(format!("{method} is not allowed here; Allow says what is."))
}

async fn only_posted(method: Method) -> impl IntoResponse {
    ([(header::ALLOW, "POST")], method_not_allowed(method).await)
}

async fn not_found() -> Problem {
    Problem::new(&problem::NOT_FOUND).detail("Nothing is served at this address.")
}

/// Where pages find their scripts and styles.
fn site() -> app::Assets {
    let path = |name: &str| assets::path(name).unwrap_or_default().to_owned();
    app::Assets {
        js: path("keydesk.js"),
        wasm: path("keydesk.wasm"),
        css: path("keydesk.css"),
        icon: path("favicon.svg"),
        rights: path("rights.js"),
        document: path("document.js"),
    }
}
