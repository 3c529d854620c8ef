//! The router, made from the list of routes.

use axum::{
    Router,
    http::{Method, header},
    response::IntoResponse,
    routing::any,
};
use edge::{Problem, problem};

use crate::{App, endpoint::Endpoint};

/// The endpoints, beside `others`. An unknown path is refused with a problem document.
pub fn router(app: App, endpoints: Vec<Endpoint>, others: Router) -> Router {
    let routed = endpoints.into_iter().fold(Router::new(), |router, endpoint| {
        let path = endpoint.place().0.to_owned();
        // Endpoints that are answered before the router come here only with a wrong method.
        router.route(&path, endpoint.into_handler().unwrap_or_else(|| any(only_posted)))
    });
    with_errors(routed.with_state(app).merge(others))
        .route("/api", any(not_found))
        .route("/api/{*rest}", any(not_found))
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

/// Answers an unknown path.
pub async fn not_found() -> Problem {
    Problem::new(&problem::NOT_FOUND).detail("Nothing is served at this address.")
}
