use axum::http::Method;
use serde_json::json;
use store::testing::TestDatabase;

use crate::support::{FULL, TestApp};

async fn a_change_happens_only_in_the_version_that_was_meant(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let path = format!("/api/v1/keys/{}", app.key_in("default", "Acme", &[]).await.id);
    assert_eq!(client.get(&path).await.header("etag"), "\"1\"");
    for (if_match, expected, etag) in [
        ("\"7\"", 412, ""),
        ("\"7\", \"8\"", 412, ""),
        ("W/\"7\"", 412, ""),
        ("\"7-gzip\"", 412, ""),
        ("\"1-other\"", 412, ""),
        ("\"opaque\"", 412, ""),
        ("1", 400, ""),
        ("\"1\"", 200, "\"2\""),
        ("\"1\"", 412, ""),
        ("\"1\", \"2\"", 200, "\"3\""),
        ("*", 200, "\"4\""),
        // As proxies that compress alter the tag.
        ("W/\"4\"", 200, "\"5\""),
        ("\"5-gzip\"", 200, "\"6\""),
        ("\"6-br\"", 200, "\"7\""),
        ("\"8\", W/\"7;gzip\"", 200, "\"8\""),
        ("\"7-zstd\"", 412, ""),
    ] {
        // A new name each time: a change that changes nothing makes no new version.
        let body = json!({"client_name": format!("Acme {}", if_match.replace('"', ""))}).to_string();
        let answer = client.call(Method::PATCH, &path, Some(&body), &[("if-match", if_match)]).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (expected, etag), "{if_match} {}", answer.text());
        if expected == 412 {
            assert_eq!(answer.code(), "version_moved");
        }
    }
    let stale = client.call(Method::DELETE, &path, None, &[("if-match", "\"1\"")]).await;
    assert_eq!(stale.refusal(), (412, "version_moved".to_owned()));
    assert_eq!(client.call(Method::DELETE, &path, None, &[("if-match", "W/\"8-zstd\"")]).await.status, 204);
    let nowhere = "/api/v1/keys/01981d2c-9e5b-7c3a-8b1d-0123456789ab";
    let missing = client.call(Method::DELETE, nowhere, None, &[("if-match", "\"1\", \"2\"")]).await;
    assert_eq!(missing.refusal(), (404, "not_found".to_owned()));
}

store::on_both_databases!(a_change_happens_only_in_the_version_that_was_meant);
