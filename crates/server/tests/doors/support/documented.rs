//! In every test, each answer of a described call must be in its description.

use std::sync::LazyLock;

use axum::http::Method;
use edge::{Routes, Template};
use serde_json::Value;

use super::Answer;

struct Description {
    document: Value,
    routes: Routes,
}

static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| {
    let endpoints = server::endpoints();
    let templates: Vec<Template> = api::templates(&endpoints).collect();
    let document = api::reference::json(&endpoints);
    Description { document, routes: Routes::new(templates) }
});

/// Fails when the answer's status, or the code of its problem, is not described. `/authz` answers nginx in other statuses than
/// those that are described.
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    let Description { document, routes } = &*DESCRIPTION;
    let template = routes.template(routes.find(path));
    let operation = &document["paths"][template][method.as_str().to_lowercase()];
    if template == "/authz" || operation.is_null() {
        return;
    }
    let is_deprecated = operation["deprecated"] == true;
    for name in ["deprecation", "sunset"] {
        assert_eq!(answer.headers.contains_key(name), is_deprecated, "{method} {template}: {name}");
    }
    let described = &operation["responses"][answer.status.as_str()];
    assert!(described.is_object(), "{method} {template} answers {} and does not say so", answer.status);
    if answer.status.is_client_error() || answer.status.is_server_error() {
        let code = answer.code();
        let words = described["description"].as_str().unwrap_or_default();
        assert!(words.contains(&format!("`{code}`")), "{method} {template} does not say {code}: {words}");
    }
}
