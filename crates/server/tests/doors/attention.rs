//! Keys that want attention, over REST and in the Workspace: of each kind there are keys, and others that are none.

use domain::Via;
use model::Role;
use serde_json::json;
use store::{on_both_databases, testing::TestDatabase};

use crate::support::{Client, FULL, Person, StoppedClock, TestApp, TestKey};

on_both_databases!(each_kind_of_attention_names_its_keys_in_every_list_and_table);

const NAMES: [&str; 9] = ["Disabled", "Ended", "Ending", "Handed", "Later", "Linked", "New", "Unused", "Used"];

async fn key(manager: &Client<'_>, name: &str, expires_at: Option<&str>) -> TestKey {
    let body = json!({"client_name": format!("Acme {name}"), "scopes": ["calls:read"], "expires_at": expires_at});
    let made = manager.post("/api/v1/keys", body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let of = |field: &str| made.json()[field].as_str().unwrap().to_owned();
    TestKey { id: of("id"), secret: of("key") }
}

/// The names of keys that stand in a text.
fn named(text: &str) -> Vec<&'static str> {
    NAMES.into_iter().filter(|name| text.contains(&format!("Acme {name}"))).collect()
}

async fn each_kind_of_attention_names_its_keys_in_every_list_and_table(database: TestDatabase) {
    let clock = StoppedClock::at("2026-01-01T00:00:00Z");
    let app = TestApp::by_clock(&database, &clock).await;
    let manager = app.client(FULL).await;
    let mut keys = Vec::new();
    for name in NAMES {
        let expires_at = match name {
            "Ended" => Some("2026-04-10T00:00:00Z"),
            "Ending" => Some("2026-04-16T00:00:00Z"),
            "Later" => Some("2026-04-26T00:00:00Z"),
            _ => None,
        };
        keys.push(key(&manager, name, expires_at).await);
    }
    let key = |name: &str| &keys[NAMES.iter().position(|one| *one == name).unwrap()];
    let operator = app.operator("default").await;
    for (name, is_opened) in [("Linked", false), ("Handed", true)] {
        let link = app.keydesk.create_handover(&operator, key(name).id.parse().unwrap()).await.unwrap();
        if is_opened {
            app.keydesk.open_handover(&link.token, &Via::default()).await.unwrap();
        }
    }
    // 90 days before the list is asked for, and a second later.
    for (name, at) in
        [("Unused", "2026-01-11T00:00:00Z"), ("Used", "2026-01-11T00:00:01Z"), ("Later", "2026-04-01T00:00:00Z")]
    {
        clock.set(at);
        assert_eq!(app.with_key(&key(name).secret).get("/authz?scope=calls:read").await.status, 200, "{name}");
    }
    app.keydesk.verifier().flush_usage().await;
    clock.set("2026-04-11T00:00:00Z");
    let off = json!({"enabled": false});
    assert_eq!(manager.patch(&format!("/api/v1/keys/{}", key("Disabled").id), off).await.status, 200);

    let reader = app.client(&["keys:read"]).await;
    let ada = Person::sign_in(&app, Role::Owner).await;
    for (attention, state, expected) in [
        ("ending_soon", "expiring", &["Ending"][..]),
        ("unused", "unused", &["Unused"]),
        ("never_used", "never_used", &["Ending", "Handed", "Linked", "New"]),
        ("never_handed_over", "never_handed_over", &["Ending", "Linked", "New"]),
    ] {
        let query = format!("attention={attention}&search=acme");
        let page = reader.get(&format!("/api/v1/keys?{query}")).await;
        assert_eq!(named(&page.text()), expected, "{query}");
        assert_eq!(page.json()["total"], expected.len(), "{query}");
        let table = reader.get(&format!("/api/v1/keys.csv?{query}")).await;
        assert_eq!((table.status.as_u16(), named(&table.text()).as_slice()), (200, expected), "{query}");
        // In the Workspace it stands in place of a status.
        let query = format!("status={state}&search=acme");
        assert_eq!(named(&ada.page(&format!("/keys?{query}")).await), expected, "{query}");
        let table = ada.open(&format!("/keys.csv?{query}")).await;
        assert_eq!((table.status.as_u16(), named(&table.text()).as_slice()), (200, expected), "{query}");
        assert!(table.text().contains("owner_email,client_name,"), "for letters to owners: {}", table.text());
    }
    assert_eq!(named(&ada.page("/keys?search=acme").await), NAMES, "all of them without it");
}
