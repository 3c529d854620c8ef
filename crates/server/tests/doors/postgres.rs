//! PostgreSQL as it should be run: one role owns the tables, another serves.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use store::testing::TestDatabase;

use crate::support::{Program, init, keydesk, request};

/// A configuration file that names a database, so that no password stands in a flag.
fn configured(data: &Path, name: &str, database: &str) -> PathBuf {
    let file = data.join(name);
    std::fs::write(&file, format!("database = {database:?}\n")).unwrap();
    file
}

/// Runs a command to its end: its status, and what it said.
async fn run(data: &Path, config: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = keydesk(data, &[args, &["--config", config.to_str().unwrap()]].concat()).await;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_migrates_and_the_server_serves() {
    let (database, roles) = TestDatabase::with_roles().await;
    database.raw().await.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC").await.unwrap();
    let data = database.dir();
    let (owner, server) =
        (configured(&data, "owner.toml", &roles.owner), configured(&data, "server.toml", &roles.server));

    let (code, out, err) = run(&data, &server, &["migrate", "--check"]).await;
    assert_eq!(code, Some(1));
    assert!(err.ends_with(" migrations are to be applied; run `keydesk migrate`.\n"), "{err}");
    assert!(out.starts_with("0001 keys: The first schema.\n") && out.contains("so no older nodes."), "{out}");
    let (code, out, _) = run(&data, &server, &["migrate", "--check", "--json"]).await;
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["applied"], &report["done"]), (Some(1), &json!(0), &json!(false)));
    assert_eq!(report["pending"][0]["name"], "keys");
    let (code, _, err) = run(&data, &server, &["serve", "--listen", "127.0.0.1:0"]).await;
    assert_eq!(code, Some(1));
    let expected = "keydesk: the database can't be used: its tables are not up to date, and this role may not change them; \
                    run `keydesk migrate` with the role that owns them\n";
    assert!(err.ends_with(expected), "{err}");

    let (code, out, _) = run(&data, &owner, &["migrate"]).await;
    assert_eq!(code, Some(0));
    assert!(out.contains(" applied; the tables are up to date (migration "), "{out}");
    roles.restrict().await;
    for (config, args) in [(&owner, &["migrate"][..]), (&server, &["migrate"]), (&server, &["migrate", "--check"])] {
        let (code, out, err) = run(&data, config, args).await;
        assert_eq!((code, err.as_str()), (Some(0), ""), "{args:?}");
        assert!(out.starts_with("The tables are up to date (migration "), "{out}");
    }

    let program = Program::serve(&data, &["--config", server.to_str().unwrap()]).await;
    assert!(!program.printed().contains("sslmode"), "the tests' server is on this machine");
    every_verb(&data, &server, &program).await;
    let (_, out, _) = run(&data, &server, &["doctor"]).await;
    assert!(out.contains("ok   database role: reads and writes rows, and may not change tables"), "{out}");
    assert!(out.contains("ok   audit log: "), "{out}");
    let (_, out, _) = run(&data, &owner, &["doctor"]).await;
    assert!(out.contains("ok   database role: owns the tables"), "{out}");
}

/// What the command line and REST can do, under the role of the configuration.
async fn every_verb(data: &Path, config: &Path, program: &Program) {
    let did = async |args: &[&str]| {
        let (code, out, err) = run(data, config, args).await;
        assert_eq!((code, err.as_str()), (Some(0), ""), "{args:?}: {out}");
        out
    };
    let made = async |args: &[&str]| -> Value {
        serde_json::from_str(&did(&[args, &["--json"]].concat()).await).expect("one JSON document")
    };
    let password = data.join("password");
    std::fs::write(&password, "four rare words of one owner 4711\n").unwrap();
    did(&[
        "admin",
        "create",
        "--email",
        "ada@example.com",
        "--name",
        "Ada",
        "--role",
        "owner",
        "--password-file",
        password.to_str().unwrap(),
    ])
    .await;
    for args in [
        &["installation", "create", "second", "--title", "Second"][..],
        &["installation", "disable", "second"],
        &["installation", "enable", "second"],
        &["installation", "list"],
        &["key", "default", "--reveal"],
        &["key", "list", "--search", "nobody"],
    ] {
        did(args).await;
    }
    let manager =
        made(&["key", "create", "--client-name", "Manager", "--scope", "keys:*", "--scope", "usage:read"]).await;
    let id =
        made(&["key", "create", "--client-name", "Acme", "--preset", "crm"]).await["id"].as_str().unwrap().to_owned();
    for args in [
        &["key", "update", &id, "--notes", "ring Ada"][..],
        &["key", "disable", &id],
        &["key", "enable", &id],
        &["key", "rotate", &id, "--overlap", "1h"],
        &["key", "end-overlap", &id],
        &["key", "handover", &id],
    ] {
        did(args).await;
    }
    let secret = manager["key"].as_str().unwrap();
    let call = async |method: &str, path: &str, body: Option<Value>, expected: u16| {
        let body = body.map(|body| body.to_string());
        let (status, answer) = request(&program.address, method, path, Some(secret), body.as_deref()).await.unwrap();
        assert_eq!(status, expected, "{method} {path}: {answer}");
        answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str::<Value>(body).ok()).unwrap_or_default()
    };
    let created = call("POST", "/api/v1/keys", Some(json!({"client_name": "Over REST"})), 201).await;
    let own = created["id"].as_str().unwrap();
    let at = |verb: &str| format!("/api/v1/keys/{own}{verb}");
    call("GET", "/api/v1/whoami", None, 200).await;
    call("GET", "/api/v1/keys?search=acme", None, 200).await;
    call("GET", &at(""), None, 200).await;
    call("PATCH", &at(""), Some(json!({"notes": "read by few"})), 200).await;
    call("POST", &at("/disable"), None, 200).await;
    call("POST", &at("/enable"), None, 200).await;
    call("POST", &at("/rotate"), Some(json!({"overlap_seconds": 60})), 200).await;
    call("POST", &at("/reveal"), None, 200).await;
    let verified = call("POST", "/api/v1/keys/verify", Some(json!({"key": created["key"]})), 200).await;
    assert_eq!(verified["code"], "VALID");
    call("DELETE", &at(""), None, 204).await;
    call("POST", &at("/restore"), None, 200).await;
    call("POST", "/api/v1/keys/bulk-delete", Some(json!({"ids": [own]})), 200).await;
    did(&["key", "delete", &id]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_not_proved_is_told_at_the_start_and_by_doctor() {
    let database = TestDatabase::postgres().await;
    let data = database.dir();
    // Another way to write 127.0.0.1 that is not known to be this machine, as a name in a network would not be.
    let far = database.address().replace("127.0.0.1", "127.1").replace("localhost", "127.1");
    assert!(far.contains("127.1"), "the tests' server is on this machine");
    let config = configured(&data, "keydesk.toml", &far);
    let program = Program::serve(&data, &["--config", config.to_str().unwrap()]).await;
    let warned = program.line("sslmode=").await;
    assert_eq!(warned["level"], "WARN");
    let (code, out, _) = run(&data, &config, &["doctor"]).await;
    assert_eq!(code, Some(1));
    assert!(
        out.contains("BAD  database connection: the connection to PostgreSQL at 127.1 has sslmode=prefer"),
        "{out}"
    );
    let near = configured(&data, "near.toml", database.address());
    let (_, out, _) = run(&data, &near, &["doctor"]).await;
    assert!(out.contains("ok   database connection: on this machine"), "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrate_makes_no_sqlite_database() {
    let folder = tempfile::tempdir().unwrap();
    for args in [&["migrate"][..], &["migrate", "--check"]] {
        let output = keydesk(folder.path(), args).await;
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("keydesk: There is no database at ") && said.contains("keydesk.db"), "{said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    init(folder.path(), &[]).await;
    let output = keydesk(folder.path(), &["migrate", "--check"]).await;
    assert!(output.status.success() && output.stdout.starts_with(b"The tables are up to date"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_says_what_would_happen_and_changes_nothing() {
    let database = TestDatabase::sqlite().await;
    for (release, words) in [
        (8, "Stop all older nodes first"),
        (
            16,
            "0017 ceilings: What all keys of a client, or of the installation, may do together.\n     an index of keys",
        ),
        (16, "Older nodes go on while they are replaced one by one"),
    ] {
        database.migrate_to(release).await;
        let output = keydesk(&database.dir(), &["migrate", "--check"]).await;
        let out = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(out.contains(words), "{words:?} is not in\n{out}");
        assert!(!out.contains("0008 ") && out.contains("0033 claims"), "{out}");
        let again = keydesk(&database.dir(), &["migrate", "--check", "--json"]).await;
        let report: Value = serde_json::from_slice(&again.stdout).unwrap();
        assert_eq!((&report["applied"], &report["stop_older_nodes"]), (&json!(release), &json!(release < 9)));
    }
    let output = keydesk(&database.dir(), &["migrate"]).await;
    assert!(output.status.success() && String::from_utf8(output.stdout).unwrap().contains(" applied; the tables"));
}
