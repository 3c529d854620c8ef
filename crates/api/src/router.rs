//! What answers where.

use axum::{
    Router,
    http::{Method, header},
    response::IntoResponse,
    routing::{any, delete, get, post},
};
use edge::{Problem, problem};

use crate::{App, endpoints};

/// The REST API and its description. Errors of all that is merged with it are problem documents.
pub fn routes(app: App, description: Router) -> Router {
    with_errors(keys().merge(health_routes()).with_state(app).merge(description))
        .route("/api", any(not_found))
        .route("/api/{*rest}", any(not_found))
}

fn keys() -> Router<App> {
    Router::new()
        // POST is answered before the router.
        .route("/api/v1/keys/verify", any(only_posted))
        .route("/api/v1/keys/verify-batch", post(endpoints::verify_batch::verify_keys))
        .route("/api/v1/keys", get(endpoints::list::list_keys).post(endpoints::create::create_key))
        .route(
            "/api/v1/keys/{id}",
            get(endpoints::get::get_key).patch(endpoints::change::change_key).delete(endpoints::delete::delete_key),
        )
        .route("/api/v1/keys/bulk-delete", post(endpoints::bulk_delete::delete_keys))
        .route("/api/v1/keys.csv", get(endpoints::export::export_keys))
        .route("/api/v1/keys/bulk-disable", post(endpoints::switch::disable_keys))
        .route("/api/v1/keys/bulk-enable", post(endpoints::switch::enable_keys))
        .route("/api/v1/keys/{id}/disable", post(endpoints::switch::disable_key))
        .route("/api/v1/keys/{id}/enable", post(endpoints::switch::enable_key))
        .route("/api/v1/keys/{id}/rotate", post(endpoints::rotate::rotate_key))
        .route("/api/v1/keys/{id}/end-overlap", post(endpoints::rotate::end_overlap))
        .route("/api/v1/keys/{id}/secrets", get(endpoints::rotate::list_secrets))
        .route(
            "/api/v1/keys/{id}/handover",
            post(endpoints::handover::hand_over_key).get(endpoints::handover::list_handovers),
        )
        .route("/api/v1/keys/{id}/handover/{handover}", delete(endpoints::handover::withdraw_handover))
        .route("/api/v1/keys/{id}/restore", post(endpoints::restore::restore_key))
        .route("/api/v1/keys/{id}/reveal", post(endpoints::reveal::reveal_key))
        .route("/api/v1/whoami", get(endpoints::whoami::whoami))
        .route("/api/v1/scopes", get(endpoints::scopes::list_scopes))
        .route("/api/v1/presets", get(endpoints::presets::list_presets))
}

/// Whether the process lives and can answer.
pub fn health_routes() -> Router<App> {
    Router::new().route("/healthz", get(endpoints::health::healthz)).route("/readyz", get(endpoints::health::readyz))
}

/// Answers a method that a route does not know.
pub fn with_errors(router: Router) -> Router {
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

/// Answers where nothing is.
pub async fn not_found() -> Problem {
    Problem::new(&problem::NOT_FOUND).detail("Nothing is served at this address.")
}
