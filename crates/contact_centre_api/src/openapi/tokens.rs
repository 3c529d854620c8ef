//! What the gateway answers itself, below the same base: who asks there asks the same API.

use serde_json::{Value, json};

/// Its path.
pub(super) const PATH: &str = "/v1/live/tokens";

/// A token of the form that the gateway makes, signed by a key that everybody knows and no installation has: 32 times the byte 1. The tests
/// check it.
static TOKEN: &str = "eyJhbGciOiJFZERTQSIsImtpZCI6InQxIiwidHlwIjoia2V5ZGVzaytqd3QifQ.eyJpc3MiOiJodHRwczovL2Rlc2suZXhhbXBsZSIsImF1ZCI6ImtleWRlc2siLCJzdWIiOiIwMTk5YzdhMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDIiLCJqdGkiOiIwMTk5YzdhMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDMiLCJpYXQiOjE3NzI1ODk2MDAsImV4cCI6MTc3MjU5MDUwMCwic2NvcGUiOiJsaXZlOnJlYWQgcXVldWVzOnJlYWQiLCJlbnYiOiJ0ZXN0IiwiaW5zdCI6ImRlZmF1bHQiLCJzZWNyZXRfaWQiOiIwMTk5YzdhMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDQiLCJvcmlnaW4iOiJodHRwczovL3d3dy5leGFtcGxlLmNvbSIsInJlc291cmNlcyI6eyJxdWV1ZSI6WyIwMTk5YzdhMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDEiXX19.2oZgl2IQege__6gjTiG9FODnNB1ndjD0CMMxIaYhVYixxDoB-NE4HR4Wv56GFMCpja_LT0_n1EyfPW2dbvmeBg";

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
            "requestBody": { "required": true, "content": content("LiveTokenForm", form) },
            "responses": {
                "201": {
                    "description": "The token, which is told once.",
                    "content": content("LiveToken", json!({ "token": TOKEN, "expires_at": "2026-03-04T02:15:00.000Z" })),
                },
                "default": {
                    "description": "A problem document.",
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
                },
            },
        },
    })
}
