//! Whose key is this? And what a list finds besides Client Names.

use axum::http::Method;
use serde_json::{Value, json};
use store::testing::TestDatabase;

use crate::support::{Client, FULL, TestApp};

/// The Client Names that a look-up finds.
async fn look_up(client: &Client<'_>, asked: Value) -> Vec<String> {
    let answer = client.post("/api/v1/keys/lookup", asked).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let names = answer.json()["items"].as_array().unwrap().clone();
    names.iter().map(|key| key["client_name"].as_str().unwrap().to_owned()).collect()
}

async fn a_key_is_looked_up_by_itself_and_by_the_end_of_its_hint(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let made = client.post("/api/v1/keys", json!({"client_name": "Acme CRM", "notes": "Ticket 4711"})).await.json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let end = &key[key.len() - 4..];
    for asked in [
        json!({"key": key}),
        json!({"key": format!(" {key}\n")}),
        json!({"key": format!("Authorization: Bearer {key}")}),
        json!({"key": format!("KEY=\"{}\n  {}\"", &key[..20], &key[20..])}),
        json!({"hint": end}),
        json!({"hint": format!("...{end}")}),
        json!({"hint": made["hint"]}),
        json!({"key": key, "hint": null}),
    ] {
        assert_eq!(look_up(&client, asked.clone()).await, ["Acme CRM"], "{asked}");
    }
    let found = client.post("/api/v1/keys/lookup", json!({"key": key})).await;
    assert_eq!(found.json()["items"][0], client.get(&format!("/api/v1/keys/{id}")).await.json());
    assert!(!found.text().contains(key));

    let mut mistyped = key.to_owned();
    let last = mistyped.pop();
    mistyped.push(if last == Some('0') { '1' } else { '0' });
    let foreign = format!("acme_live_{}", &key[9..]);
    for asked in [
        json!({"key": mistyped}),
        json!({"key": foreign}),
        json!({"key": &key[..30]}),
        json!({"key": ""}),
        json!({"key": "Acme"}),
        json!({"key": "x".repeat(60_000)}),
        json!({"hint": "Acme CRM"}),
        json!({"hint": ""}),
        json!({"hint": "…0"}),
    ] {
        assert_eq!(look_up(&client, asked).await, [""; 0]);
    }
    for asked in [
        json!({}),
        json!({"key": key, "hint": end}),
        json!({"key": null}),
        json!({"key": 5}),
        json!([]),
        json!({"id": id}),
    ] {
        assert_eq!(client.post("/api/v1/keys/lookup", asked).await.refusal(), (400, "invalid_request".to_owned()));
    }
    let in_address = client.call(Method::POST, &format!("/api/v1/keys/lookup?key={key}"), Some("{}"), &[]).await;
    assert_eq!(in_address.refusal(), (400, "invalid_request".to_owned()));
    assert_eq!(client.get("/api/v1/keys/lookup").await.status, 405, "never by GET");

    // A secret that was rotated away, one that is disabled, and one that is deleted are still somebody's.
    let path = format!("/api/v1/keys/{id}");
    let rotated = client.post(&format!("{path}/rotate"), json!({"overlap_seconds": 60})).await.json();
    for secret in [key, rotated["key"].as_str().unwrap()] {
        assert_eq!(look_up(&client, json!({"key": secret})).await, ["Acme CRM"]);
        assert_eq!(look_up(&client, json!({"hint": secret[secret.len() - 4..]})).await, ["Acme CRM"]);
    }
    client.delete(&path).await;
    let found = client.post("/api/v1/keys/lookup", json!({"key": key})).await.json();
    assert_eq!(found["items"][0]["status"], "revoked");
    assert_eq!(look_up(&client, json!({"hint": end})).await, ["Acme CRM"]);
}

async fn a_test_key_looks_up_test_keys_alone(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let made = async |name: &str, environment: &str, scopes: &[&str]| {
        let new = json!({"client_name": name, "environment": environment, "scopes": scopes});
        client.post("/api/v1/keys", new).await.json()["key"].as_str().unwrap().to_owned()
    };
    let (live, test) = (made("Live", "live", &[]).await, made("Trial", "test", &["keys:read"]).await);
    let trial = app.with_key(&test);
    for (secret, found) in [(&live, &[][..]), (&test, &["Trial"])] {
        assert_eq!(look_up(&trial, json!({"key": secret})).await, found);
        assert_eq!(look_up(&trial, json!({"hint": secret[secret.len() - 4..]})).await, found);
    }
}

async fn a_list_is_searched_by_everything_that_its_caller_may_read(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let made = client
        .post(
            "/api/v1/keys",
            json!({
                "client_name": "Acme CRM", "owner_email": "Zoe@Acme.example", "notes": "Renewed, ticket 4711",
                "metadata": {"cost_centre": "Süd"},
            }),
        )
        .await
        .json();
    client.post("/api/v1/keys", json!({"client_name": "Borealis"})).await;
    let (id, key) = (made["id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap());
    let end = &key[key.len() - 4..];
    let hint = format!("%E2%80%A6{end}");
    for search in [
        "zoe@acme.example",
        "4711",
        "sud",
        "cost_centre",
        "acme%204711",
        "ticket%20zoe",
        &id,
        &id.to_uppercase(),
        end,
        &hint,
    ] {
        let page = client.get(&format!("/api/v1/keys?search={search}")).await.json();
        assert_eq!((&page["total"], &page["items"][0]["client_name"]), (&json!(1), &json!("Acme CRM")), "{search}");
        let table = client.get(&format!("/api/v1/keys.csv?search={search}")).await.text();
        assert_eq!(table.lines().count(), 2, "{search}");
    }
    assert_eq!(client.get("/api/v1/keys?search=4711%20borealis").await.json()["total"], 0);
}

store::on_both_databases!(
    a_key_is_looked_up_by_itself_and_by_the_end_of_its_hint,
    a_test_key_looks_up_test_keys_alone,
    a_list_is_searched_by_everything_that_its_caller_may_read
);
