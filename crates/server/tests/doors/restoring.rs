//! Backups, made while the server works, and restored.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use serde_json::{Value, json};
use store::testing::TestDatabase;
use tokio::process::Command;

use crate::support::{Program, command, init, keydesk, request, terminal, wait_until};

async fn ran(data: &Path, args: &[&str]) -> String {
    let output = keydesk(data, args).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{args:?} {} {}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

async fn json_of(data: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&ran(data, &[args, &["--json"]].concat()).await).unwrap()
}

async fn refusal(data: &Path, args: &[&str]) -> String {
    let output = keydesk(data, args).await;
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_whole() {
    const WRITERS: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data, &[]).await;
    let caller = json_of(&data, &["key", "create", "--client-name", "Caller", "--scope", "keys:*"]).await;
    let key = caller["key"].as_str().unwrap().to_owned();
    let program = Program::serve(&data, &[]).await;
    let (go_on, answered) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (address, key) = (program.address.clone(), key.clone());
            let (go_on, answered) = (Arc::clone(&go_on), Arc::clone(&answered));
            tokio::spawn(async move {
                let mut made = Vec::new();
                while go_on.load(SeqCst) {
                    let body = json!({"client_name": format!("{writer} {}", made.len())}).to_string();
                    let (status, answer) =
                        request(&address, "POST", "/api/v1/keys", Some(&key), Some(&body)).await.unwrap();
                    assert_eq!(status, 201, "{answer}");
                    let created: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
                    made.push((created["id"].as_str().unwrap().to_owned(), answered.fetch_add(1, SeqCst)));
                }
                made
            })
        })
        .collect();
    let backup = folder.path().join("backup.db").display().to_string();
    let passed = async |count: usize| assert!(wait_until(async || answered.load(SeqCst) >= count).await);
    passed(50).await;
    let before = answered.load(SeqCst);
    ran(&data, &["backup", &backup]).await;
    passed(answered.load(SeqCst) + 50).await;
    go_on.store(false, SeqCst);
    let mut made = Vec::new();
    for writer in writers {
        made.extend(writer.await.unwrap());
    }
    program.kill().await;

    // Onto the database that the killed server left, and into an empty place.
    let fresh = folder.path().join("fresh");
    std::fs::create_dir(&fresh).unwrap();
    std::fs::copy(data.join("master.key"), fresh.join("master.key")).unwrap();
    for data in [&data, &fresh] {
        let report = json_of(data, &["restore", &backup]).await;
        assert_eq!(report["revoked_since"], if data == &fresh { Value::Null } else { json!([]) }, "{report}");
        let doctor = json_of(data, &["doctor"]).await;
        assert_eq!(doctor["ok"], true, "{doctor}");
        let listed = json_of(data, &["key", "list"]).await;
        let total = usize::try_from(listed["total"].as_u64().unwrap()).unwrap();
        // Each key that was answered before the backup began is in it, and each that is in it is whole, as the doctor says.
        assert!((before..=made.len() + 2).contains(&total), "{before} {total} {}", made.len());
        for (id, number) in &made {
            if *number < before {
                let found = ran(data, &["key", "update", id, "--notes", "found"]).await;
                assert!(found.contains(id), "{found}");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_restored_and_what_was_revoked_since_is_revoked_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let create = async |name: &str| json_of(data, &["key", "create", "--client-name", name, "--preset", "crm"]).await;
    let (kept, gone) = (create("Kept").await, create("Gone").await);
    let id = |key: &Value| key["id"].as_str().unwrap().to_owned();
    let backup = data.join("backup.db").display().to_string();
    ran(data, &["backup", &backup]).await;
    ran(data, &["key", "delete", &id(&gone)]).await;

    let program = Program::serve(data, &[]).await;
    let error = refusal(data, &["restore", &backup]).await;
    assert!(error.contains("stop every `keydesk`"), "{error}");
    let mut program = program;
    program.signal("TERM").await;
    assert_eq!(program.end().await, Some(0));

    // There is no terminal to ask at.
    let said = ran(data, &["restore", &backup]).await;
    for words in ["Revoked since the backup:", "Gone", "deleted", "no terminal to ask at", "revoked again", "kept as"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let program = Program::serve(data, &[]).await;
    let status = async |key: &Value| {
        let secret = key["key"].as_str().unwrap();
        request(&program.address, "GET", "/api/v1/whoami", Some(secret), None).await.unwrap().0
    };
    assert_eq!((status(&kept).await, status(&gone).await), (200, 401));
    program.kill().await;

    // A script that says no; the backup is as it was.
    let report = json_of(data, &["restore", &backup, "--revoke-again", "no"]).await;
    assert_eq!(report["revoked_since"][0]["key_id"], gone["id"], "{report}");
    assert_eq!((&report["revoked_since"][0]["how"], &report["revoked_again"]), (&json!("deleted"), &json!(0)));
    assert!(Path::new(report["replaced"].as_str().unwrap()).is_file(), "{report}");
    let program = Program::serve(data, &[]).await;
    let secret = gone["key"].as_str().unwrap();
    assert_eq!(request(&program.address, "GET", "/api/v1/whoami", Some(secret), None).await.unwrap().0, 200);
    program.kill().await;
}

#[tokio::test]
async fn a_restore_needs_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let own = data.join("keydesk.db").display().to_string();
    let keyring = data.join("master.key").display().to_string();
    // Nobody will ever write to it.
    let pipe = data.join("pipe").display().to_string();
    assert!(Command::new("mkfifo").arg(&pipe).status().await.unwrap().success());
    for (file, words) in [
        ("nowhere.db", "No such file"),
        (&*pipe, "not a regular file"),
        (&keyring, "not a SQLite database"),
        (&own, "the database itself"),
    ] {
        let error = refusal(data, &["restore", file]).await;
        assert!(error.contains(words) && error.lines().count() == 1, "{error}");
    }
    for args in [&["restore"][..], &["restore", "a.db", "--after"], &["restore", "a.db", "--revoke-again", "maybe"]] {
        let output = keydesk(data, args).await;
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}

#[tokio::test]
async fn a_backup_that_was_altered_is_restored_only_if_somebody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    ran(data, &["key", "create", "--client-name", "Acme"]).await;
    let backup = data.join("backup.db").display().to_string();
    ran(data, &["backup", &backup]).await;
    let mut raw = store::testing::Raw::connect(&format!("sqlite:{backup}")).await;
    let forge = "DROP TRIGGER audit_entry_not_updated; UPDATE audit_entry SET actor = 'x' WHERE action = 'key.issue'";
    raw.execute(forge).await.unwrap();
    drop(raw);
    for args in [&["restore", &backup][..], &["restore", &backup, "--altered", "no"], &["restore", &backup, "--json"]] {
        let error = refusal(data, args).await;
        for words in
            ["the audit log of default is broken at entry", "audit_entry_not_updated is missing", "--altered yes"]
        {
            assert!(error.contains(words) && error.lines().count() == 1, "{error}");
        }
    }
    assert!(ran(data, &["doctor"]).await.contains("entries, unbroken"), "nothing was restored");
    let report = json_of(data, &["restore", &backup, "--altered", "yes"]).await;
    assert_eq!(report["altered"].as_array().unwrap().len(), 2, "{report}");
    let output = keydesk(data, &["audit", "verify"]).await;
    assert_eq!(output.status.code(), Some(1), "it stays broken");
}

/// A person at a terminal is asked, and nothing happens before the answer.
#[tokio::test]
async fn a_terminal_is_asked() {
    use std::io::{Read as _, Write as _};

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let gone = json_of(data, &["key", "create", "--client-name", "Gone"]).await;
    let backup = data.join("backup.db").display().to_string();
    ran(data, &["backup", &backup]).await;
    for (answer, expected) in [("n", "They work again"), ("perhaps\ny", "They are revoked again")] {
        ran(data, &["key", "delete", gone["id"].as_str().unwrap()]).await;
        let (mut ours, theirs) = terminal();
        let mut command = command();
        command.args(["restore", &backup, "--data-dir"]).arg(data).stdin(theirs.try_clone().unwrap()).stdout(theirs);
        let child = command.spawn().unwrap();
        drop(command);
        let told = tokio::task::spawn_blocking(move || {
            let (mut told, mut bytes) = (String::new(), [0; 4_096]);
            let mut answer = Some(answer);
            // Reading fails when the program has closed its end.
            while let Ok(length @ 1..) = ours.read(&mut bytes) {
                told.push_str(&String::from_utf8_lossy(&bytes[..length]));
                if told.contains("[Y/n]")
                    && let Some(answer) = answer.take()
                {
                    ours.write_all(format!("{answer}\n").as_bytes()).unwrap();
                }
            }
            told
        });
        let output = child.wait_with_output().await.unwrap();
        let told = told.await.unwrap();
        assert!(output.status.success() && told.contains(expected), "{told}");
    }
}

async fn after_another_tool(database: TestDatabase) {
    let data = database.dir();
    let on = |args: &[&str]| -> Vec<String> {
        args.iter()
            .map(|arg| (*arg).to_owned())
            .chain(["--database".to_owned(), database.address().to_owned()])
            .collect()
    };
    let run = async |args: &[&str]| {
        let args = on(args);
        keydesk(&data, &args.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    assert!(run(&["init"]).await.status.success());
    assert!(run(&["key", "create", "--client-name", "Acme"]).await.status.success());
    let created = run(&["key", "create", "--client-name", "Handed over", "--json"]).await;
    let created: Value = serde_json::from_slice(&created.stdout).unwrap();
    assert!(run(&["key", "handover", created["id"].as_str().unwrap()]).await.status.success());
    let program = Program::serve(&data, &["--database", database.address()]).await;
    let refused = run(&["restore", "--after"]).await;
    assert!(String::from_utf8_lossy(&refused.stderr).contains("stop every `keydesk`"));
    program.kill().await;
    let done = run(&["restore", "--after", "--json"]).await;
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(report["links_withdrawn"], 1, "{report}");
    let doctor = run(&["doctor", "--json"]).await;
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
    let entries = "SELECT action FROM audit_entry WHERE action LIKE 'backup.%'";
    assert_eq!(database.raw().await.texts(entries).await, ["backup.restore"]);
    if database.is_postgres() {
        let refused = run(&["restore", "keydesk.dump"]).await;
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(1) && error.contains("pg_restore"), "{error}");
    }
}

store::on_both_databases!(after_another_tool);
