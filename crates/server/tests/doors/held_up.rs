//! What waits for long holds up nothing else.

use serde_json::Value;
use store::testing::TestDatabase;

use crate::support::{Program, init, keydesk, request, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stopped_node_has_begun_is_rolled_back_and_others_go_on() {
    let database = TestDatabase::postgres().await;
    let data = database.dir().join("data");
    let on = ["--database", database.address()];
    init(&data, &on).await;
    let key = async |name: &str| -> Value {
        let made = ["key", "create", "--client-name", name, "--scope", "keys:*", "--json"];
        serde_json::from_slice(&keydesk(&data, &[&made, &on[..]].concat()).await.stdout).unwrap()
    };
    let manager = key("Manager").await["key"].as_str().unwrap().to_owned();
    let path = |key: &Value| format!("/api/v1/keys/{}", key["id"].as_str().unwrap());
    let (one, other) = (path(&key("One").await), path(&key("Other").await));
    let (stopped, running) = (Program::serve(&data, &on).await, Program::serve(&data, &on).await);

    // It has moved the epoch, and waits for the table of keys.
    let (mut holder, mut looker) = (database.raw().await, database.raw().await);
    holder.execute("BEGIN; LOCK TABLE api_key IN SHARE MODE").await.unwrap();
    let (address, caller, asked) = (stopped.address.clone(), manager.clone(), one.clone());
    let begun = tokio::spawn(async move { request(&address, "DELETE", &asked, Some(&caller), None).await });
    let waits = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'api_key'::regclass AND database = \
                 (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert!(wait_until(async || looker.number(waits).await == 1).await);
    stopped.signal("STOP").await;
    holder.execute("ROLLBACK").await.unwrap();

    let answer = request(&running.address, "DELETE", &other, Some(&manager), None).await.unwrap();
    assert_eq!(answer.0, 204, "{}", answer.1);

    stopped.signal("CONT").await;
    let (status, answer) = begun.await.unwrap().unwrap();
    assert!(status >= 500, "it was answered though it was rolled back: {answer}");
    let again = async || request(&stopped.address, "DELETE", &one, Some(&manager), None).await.unwrap().0;
    assert!(wait_until(async || again().await == 204).await, "{}", stopped.printed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_that_is_not_committed_does_not_keep_a_node_from_looking() {
    let database = TestDatabase::postgres().await;
    let data = database.dir().join("data");
    let on = ["--database", database.address()];
    init(&data, &on).await;
    // As with a synchronous standby that is gone: the notification with which a node tries whether any arrive is never committed.
    let mut holder = database.raw().await;
    let name = database.address().rsplit_once('/').unwrap().1;
    holder
        .execute(&format!(
            "CREATE FUNCTION public.pg_notify(channel text, payload text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN \
             IF payload = '' THEN PERFORM pg_advisory_xact_lock(4711); END IF; END $$; \
             ALTER DATABASE {name} SET search_path = public, pg_catalog; SELECT pg_advisory_lock(4711)"
        ))
        .await
        .unwrap();
    let made = ["key", "create", "--client-name", "Acme", "--scope", "keys:read", "--json"];
    let key: Value = serde_json::from_slice(&keydesk(&data, &[&made, &on[..]].concat()).await.stdout).unwrap();
    let (id, secret) = (key["id"].as_str().unwrap(), key["key"].as_str().unwrap());
    let node = Program::serve(&data, &on).await;
    let waits = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND database = \
                 (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert!(wait_until(async || holder.number(waits).await == 1).await, "nothing was notified");
    let call = async || request(&node.address, "GET", "/api/v1/whoami", Some(secret), None).await.unwrap().0;
    assert_eq!(call().await, 200);
    let deleted = keydesk(&data, &[&["key", "delete", id], &on[..]].concat()).await;
    assert!(deleted.status.success(), "{deleted:?}");
    assert!(wait_until(async || call().await == 401).await, "{}", node.printed());
}
