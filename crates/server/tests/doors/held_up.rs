//! A node that stops in the middle of a change holds up no other for long.

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
    let waits = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'api_key'::regclass";
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
