//! What the gateway answers itself, below the same base: who asks there asks the same API.

use serde_json::{Value, json};

/// Its path.
pub(super) const PATH: &str = "/v1/live/tokens";

/// `POST /v1/live/tokens`.
pub(super) fn described() -> Value {
    let content = |schema: &str, example: Value| json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") }, "example": example } });
    let form = json!({
        "queue_ids": ["0199c7a0-0000-7000-8000-000000000001"], "origin": "https://www.example.com", "minutes": 15,
    });
    json!({
        "post": {
            "operationId": "post_live_tokens",
            "summary": "Make a token for a web page that shows the waiting times of some queues",
            "description": "The gateway answers it. The token has live:read and queues:read, as far as the key has them, and is sent as a key \
                is. The site's server asks for one; a page never sees the key. A key that is bound to web origins is asked for one of them in \
                the header `Origin`, also from a server: else 403 `origin_not_allowed`.",
            "tags": ["live"],
            "x-scope": "live:read",
            "x-sandbox": false,
            "parameters": [],
            "requestBody": { "content": content("LiveTokenForm", form) },
            "responses": {
                "201": {
                    "description": "The token, which is told once.",
                    "content": content("LiveToken", json!({ "token": "kdd_...", "expires_at": "2026-03-04T02:15:00.000Z" })),
                },
                "default": {
                    "description": "A problem document.",
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
                },
            },
        },
    })
}
