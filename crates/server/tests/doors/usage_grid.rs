//! What the grid of keys says of their use: a line of the calls of 30 days, and when each was used last.

use std::sync::Arc;

use model::{Instant, Role};
use serde_json::{Value, json};
use store::testing::TestDatabase;

use crate::support::{Client, Person, StoppedClock, TestApp, TestKey};

store::on_both_databases!(
    each_of_thirty_days_has_its_own_allowed_calls,
    the_last_use_goes_forwards_only_and_is_told_to_the_minute
);

struct Made {
    app: TestApp,
    clock: Arc<StoppedClock>,
    acme: TestKey,
}

impl Made {
    async fn at(database: &TestDatabase, begin: &str) -> Self {
        let clock = StoppedClock::at(begin);
        let app = TestApp::by_clock(database, &clock).await;
        let acme = app.key_in("default", "Acme", &["calls:read"]).await;
        Self { app, clock, acme }
    }

    /// So many calls at an instant, each of which is answered so. They are not written down yet.
    async fn calls(&self, at: &str, scope: &str, (number, status): (usize, u16)) {
        self.clock.set(at);
        for _ in 0..number {
            let answer = self.app.with_key(&self.acme.secret).get(&format!("/authz?scope={scope}")).await;
            assert_eq!(answer.status, status, "{at}");
        }
    }
}

async fn each_of_thirty_days_has_its_own_allowed_calls(database: TestDatabase) {
    let made = Made::at(&database, "2026-10-28T00:00:00Z").await;
    let unused = made.app.key_in("default", "Unused", &[]).await;
    for (at, scope, calls) in [
        // The day before the first of thirty; then the first moment of that.
        ("2026-10-28T23:59:59Z", "calls:read", (7, 200)),
        ("2026-10-29T00:00:00Z", "calls:read", (1, 200)),
        ("2026-11-10T12:00:00Z", "calls:read", (4, 200)),
        ("2026-11-10T12:00:00Z", "data:read", (3, 403)),
        // Yesterday's last moment, and today's first.
        ("2026-11-26T23:59:59Z", "calls:read", (2, 200)),
        ("2026-11-27T00:00:00Z", "calls:read", (6, 200)),
    ] {
        made.calls(at, scope, calls).await;
        made.app.keydesk.verifier().flush_usage().await;
    }
    made.clock.set("2026-11-27T23:59:59Z");
    let person = Person::sign_in(&made.app, Role::Viewer).await;
    let lines = person.ask("key_activity", &json!({"ids": [made.acme.id, unused.id]})).await;
    let mut days = [0; 30];
    for (day, calls) in [(0, 1), (12, 4), (28, 2), (29, 6)] {
        days[day] = calls;
    }
    assert_eq!(lines, json!([{"id": made.acme.id, "days": days}]), "of a key without a call there is no line");
    // The same days on the key's page, each call 8 high.
    let page = person.page(&format!("/keys/{}", made.acme.id)).await;
    let bars = "M0 48v-8.0h6v8.0zM96 48v-32.0h6v32.0zM224 48v-16.0h6v16.0zM232 48v-48.0h6v48.0z";
    assert!(page.contains(&format!("d=\"{bars}\"")), "{page}");
    assert!(page.contains("<dt>Calls in 30 days</dt><dd>13</dd>"), "{page}");
}

/// The last use as the grid has it, in milliseconds, which is that of REST.
async fn last_used(person: &Person<'_>, reader: &Client<'_>, key: &TestKey) -> Option<i64> {
    let filter = json!({"search": "acme", "sort": "client_name", "status": null, "environment": null, "preset": null,
        "expiring": false});
    let list = person.ask("list_keys", &json!({"filter": filter, "cursor": null, "limit": 50})).await;
    let rows = list["rows"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["id"]), (1, &json!(key.id)), "{list}");
    let used = rows[0]["used"].as_i64();
    let told = reader.get(&format!("/api/v1/keys/{}", key.id)).await.json()["last_used_at"].clone();
    assert_eq!(told, used.map_or(Value::Null, |ms| json!(Instant::from_millis(ms).to_string())));
    used
}

async fn the_last_use_goes_forwards_only_and_is_told_to_the_minute(database: TestDatabase) {
    let made = Made::at(&database, "2026-11-27T08:00:00Z").await;
    let (app, clock) = (&made.app, &made.clock);
    let reader = app.client(&["keys:read"]).await;
    // A session ends where nobody uses it for half an hour.
    clock.set("2026-11-27T09:59:00Z");
    let person = Person::sign_in(app, Role::Viewer).await;
    let used = async || last_used(&person, &reader, &made.acme).await;
    let at = |text: &str| Some(text.parse::<Instant>().unwrap().as_millis());
    // As a server does every few seconds.
    let due = async || app.keydesk.verifier().flush_due_usage(app.keydesk.now()).await;
    assert_eq!(used().await, None);
    made.calls("2026-11-27T10:00:00Z", "calls:read", (1, 200)).await;
    due().await;
    assert_eq!(used().await, at("2026-11-27T10:00:00Z"), "the first is written down at once");
    made.calls("2026-11-27T10:00:40Z", "calls:read", (1, 200)).await;
    due().await;
    assert_eq!(used().await, at("2026-11-27T10:00:00Z"), "and later ones once a minute");
    clock.set("2026-11-27T10:01:00Z");
    due().await;
    assert_eq!(used().await, at("2026-11-27T10:00:40Z"), "without another call");
    // Somebody sets the clock back, and it is noticed after a call.
    made.calls("2026-11-27T09:00:00Z", "calls:read", (1, 200)).await;
    app.keydesk.verifier().flush_usage().await;
    clock.set("2026-11-27T10:02:00Z");
    assert_eq!(used().await, at("2026-11-27T10:00:40Z"), "an earlier call is not the last");
    made.calls("2026-11-27T10:05:00Z", "calls:read", (1, 200)).await;
    made.calls("2026-11-27T10:06:00Z", "data:read", (1, 403)).await;
    app.keydesk.verifier().flush_usage().await;
    assert_eq!(used().await, at("2026-11-27T10:05:00Z"), "a refused call is no use");
}
