//! Names that read the same, and keys with white space around them: at every door they are what they look like.

use axum::http::Method;
use serde_json::json;
use store::testing::TestDatabase;

use crate::support::{FULL, TestApp};

async fn names_that_read_the_same_are_found_alike(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    for name in [
        "Acme\u{a0}CRM",
        "Acme  CRM",
        "Acme\u{2009}CRM",
        "東京\u{3000}支社",
        "İstanbul Çağrı",
        "Straßenbahn AG",
        "ΟΔΟΣ ΑΕ",
    ] {
        let made = client.post("/api/v1/keys", json!({"client_name": name})).await;
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(made.json()["client_name"], name.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    for (search, found) in [
        ("acme%20crm", 3),
        ("crm%20%20acme", 3),
        ("Acme%C2%A0CRM", 3),
        ("%E6%9D%B1%E4%BA%AC%20%E6%94%AF%E7%A4%BE", 1),
        ("istanbul", 1),
        ("%C4%B0STANBUL", 1),
        ("cagri", 1),
        ("STRASSENBAHN", 1),
        ("stra%C3%9Fe", 1),
        ("%CE%BF%CE%B4%CE%BF%CF%82", 1),
    ] {
        let page = client.get(&format!("/api/v1/keys?search={search}")).await.json();
        assert_eq!(page["total"], found, "{search}");
        let table = client.get(&format!("/api/v1/keys.csv?search={search}")).await.text();
        assert_eq!(table.lines().count(), 1 + found, "{search}");
    }
    let invisible = client.post("/api/v1/keys", json!({"client_name": "Ac\u{200B}me"})).await;
    assert_eq!(invisible.refusal(), (422, "invalid_client_name".to_owned()));
    assert!(invisible.text().contains("U+200B, character 3"), "{}", invisible.text());
}

async fn white_space_around_a_key_is_no_part_of_it(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let key = app.key_in("default", "Acme", &["contacts:read"]).await.secret;
    for (before, after) in [("", " "), ("", "\n"), ("", "\r\n"), ("\t", "\t"), ("\u{a0}", "\u{3000}")] {
        let spaced = format!("{before}{key}{after}");
        let verdict = client.post("/api/v1/keys/verify", json!({"key": spaced})).await.json();
        assert_eq!(verdict["code"], "VALID", "{before:?} {after:?}");
        let batch = client.post("/api/v1/keys/verify-batch", json!({"calls": [{"key": spaced}]})).await;
        assert!(batch.text().contains("\"VALID\""), "{before:?} {after:?} {}", batch.text());
        // The tests' client sends no other headers.
        if spaced.is_ascii() && !spaced.contains('\n') {
            for path in ["/api/v1/whoami", "/authz?scope=contacts:read"] {
                let answer = app.anonymous().call(Method::GET, path, None, &[("x-api-key", &spaced)]).await;
                assert_eq!(answer.status, 200, "{path} {before:?} {after:?} {}", answer.text());
            }
        }
    }
    for other in [format!("{key}x"), format!("x{key}"), format!("{key}\u{200B}"), key.replacen('_', " _", 1)] {
        let verdict = client.post("/api/v1/keys/verify", json!({"key": other})).await.json();
        assert_eq!(verdict["code"], "NOT_FOUND");
    }
}

/// A key used meanwhile moves within the order by use, and pages miss it; those by creation stay.
async fn a_sweep_by_creation_misses_no_key_that_is_used_meanwhile(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(app.key_in("default", &format!("N{number:02}"), &[]).await.id.to_string());
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    let mut raw = database.raw().await;
    loop {
        let page = client.get(&format!("/api/v1/keys?sort=created_at&limit=5&cursor={cursor}")).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()));
        raw.execute("UPDATE api_key SET last_used_at = last_used_at + 1 WHERE kind = 'issued'").await.unwrap();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert!(ids.iter().all(|id| seen.contains(id)));
    seen.sort_unstable();
    let all = seen.len();
    seen.dedup();
    assert_eq!(seen.len(), all);
}

async fn the_end_of_9999_is_a_far_end(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    for far in ["9999-12-31T23:59:59Z", "9999-12-31T00:00:00.000Z", "9999-12-31T23:59:59.999+01:00"] {
        let made = client.post("/api/v1/keys", json!({"client_name": "Acme", "expires_at": far})).await;
        assert_eq!(made.status, 201, "{far} {}", made.text());
        assert!(made.json()["expires_at"].as_str().unwrap().starts_with("9999-12-3"), "{far}");
        let verdict = client.post("/api/v1/keys/verify", json!({"key": made.json()["key"]})).await.json();
        assert_eq!(verdict["code"], "VALID");
    }
}

store::on_both_databases!(
    names_that_read_the_same_are_found_alike,
    white_space_around_a_key_is_no_part_of_it,
    a_sweep_by_creation_misses_no_key_that_is_used_meanwhile,
    the_end_of_9999_is_a_far_end,
);
