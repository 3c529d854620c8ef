//! The command line, as a person or a script runs it.

use std::{
    path::Path,
    process::{Output, Stdio},
};

use serde_json::Value;
use store::testing::TestDatabase;

use crate::support::{command, init, keydesk, redact};

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

async fn run(data: &Path, args: &[&str]) -> Ran {
    keydesk(data, args).await.into()
}

async fn json(data: &Path, args: &[&str]) -> Value {
    let ran = run(data, &[args, &["--json"]].concat()).await;
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{args:?}");
    serde_json::from_str(&ran.out).expect("one JSON document")
}

async fn a_story_in_json(database: TestDatabase) {
    let (dir, address) = (database.dir(), database.address().to_owned());
    let on = |args: &[&str]| -> Vec<String> {
        args.iter().map(|arg| (*arg).to_owned()).chain(["--database".to_owned(), address.clone()]).collect()
    };
    let call = async |args: &[&str]| {
        let args = on(args);
        json(&dir, &args.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    init(&dir, &["--database", &address]).await;
    let created =
        call(&["key", "create", "--client-name", "Acme CRM", "--preset", "crm", "--environment", "test"]).await;
    let shape = |value: &Value| redact(&serde_json::to_string_pretty(value).expect("JSON"));
    insta::assert_snapshot!("key_create", shape(&created));
    insta::assert_snapshot!("key_list", shape(&call(&["key", "list", "--search", "acme"]).await));
    insta::assert_snapshot!("key_default", shape(&call(&["key", "default"]).await));
    insta::assert_snapshot!("key_default_reveal", shape(&call(&["key", "default", "--reveal"]).await));
    insta::assert_snapshot!(
        "installation_create",
        shape(&call(&["installation", "create", "second", "--title", "Second", "--show-once"]).await)
    );
    insta::assert_snapshot!("installation_disable", shape(&call(&["installation", "disable", "second"]).await));
    insta::assert_snapshot!("installation_list", shape(&call(&["installation", "list"]).await));
    let id = created["id"].as_str().unwrap();
    let updated = call(&[
        "key",
        "update",
        id,
        "--allow-ip",
        "10.0.0.0/8",
        "--allow-origin",
        "https://*.example.com",
        "--metadata",
        "crm=4711",
        "--owner-email",
        "ada@example.com",
        "--notes",
        "ring Ada",
        "--expires-at",
        "2099-01-31T00:00:00Z",
    ])
    .await;
    insta::assert_snapshot!("key_update", shape(&updated));
    let off = call(&["key", "disable", id]).await;
    assert_eq!(off, serde_json::json!({"changed": [id], "unchanged": [], "skipped": []}));
    assert_eq!(call(&["key", "list", "--status", "disabled"]).await["total"], 1);
    assert_eq!(call(&["key", "list", "--status", "active", "--preset", "crm"]).await["total"], 0);
    assert_eq!(call(&["key", "enable", id]).await["changed"][0], id);
    let rotated = call(&["key", "rotate", id, "--overlap", "24h"]).await;
    assert!(rotated["key"].as_str().is_some_and(|key| key.starts_with("ccc_test_")), "{rotated}");
    assert_eq!(call(&["key", "end-overlap", id]).await["version"], 6);
    assert_eq!(call(&["key", "handover", id]).await["key_id"], id);
    let free = call(&["key", "update", id, "--any-ip", "--any-origin", "--no-expiry", "--preset", "crm"]).await;
    assert_eq!((&free["allowed_ips"], &free["expires_at"]), (&serde_json::json!([]), &Value::Null));
    let bare = call(&["key", "update", id, "--no-scopes", "--no-metadata", "--no-owner-email", "--no-notes"]).await;
    assert_eq!((&bare["scopes"], &bare["metadata"]), (&serde_json::json!([]), &serde_json::json!({})));
    assert_eq!((&bare["owner_email"], &bare["notes"]), (&Value::Null, &Value::Null));
    let words = "calls=60/hour +=0/hour +61=any hours=9-20 streams=5 recordings=500MB/day agent=none";
    let limited = call(&["key", "update", id, "--contact-centre", words, "--sandbox-world", "acme-ci"]).await;
    let expected = serde_json::json!({
        "calls_per_hour": 60,
        "call_prefixes": [{"prefix": "+", "calls_per_hour": 0}, {"prefix": "+61", "calls_per_hour": null}],
        "dialling_hours": {"from_hour": 9, "to_hour": 20, "weekends": false},
        "max_streams": 5,
        "recording_bytes_per_day": 500_000_000,
        "agent_ids": [],
    });
    assert_eq!((&limited["contact_centre"], &limited["sandbox_world"]), (&expected, &Value::from("acme-ci")));
    let unlimited = call(&["key", "update", id, "--no-contact-centre", "--no-sandbox-world"]).await;
    assert_eq!((&unlimited["contact_centre"], &unlimited["sandbox_world"]), (&serde_json::json!({}), &Value::Null));
    let ruled = call(&["installation", "set", "second", "--leak-rule", "revoke"]).await;
    assert_eq!((&ruled["leak_rule"], &ruled["title"]), (&Value::from("revoke"), &Value::from("Second")));
    let report = call(&["doctor"]).await;
    assert_eq!(report["ok"], true, "{report}");
}

store::on_both_databases!(
    a_story_in_json,
    nothing_is_made_where_there_is_no_deployment,
    a_database_that_can_only_be_read_is_said_to_be_one,
);

#[tokio::test]
async fn a_key_is_made_disabled_and_expires_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let create = ["key", "create", "--client-name", "Acme"];
    let off = json(data, &[&create[..], &["--disabled"]].concat()).await;
    assert_eq!((&off["status"], off["key"].is_string()), (&Value::from("disabled"), true));
    let id = off["id"].as_str().unwrap();
    // Settings that an edit does not name stay; the key stays disabled too.
    let day = json(data, &["key", "update", id, "--expires-at", "2098-12-31"]).await;
    assert_eq!((&day["expires_at"], &day["status"]), (&"2099-01-01T00:00:00.000Z".into(), &"disabled".into()));
    assert_eq!(json(data, &["key", "enable", id]).await["changed"][0], id);
    let far = json(data, &["key", "update", id, "--expires-at", "9999-12-31"]).await;
    assert_eq!(far["expires_at"], "9999-12-30T21:59:59.999Z", "the last instant that there is");
    let days = json(data, &[&create[..], &["--expires-at", "90d"]].concat()).await;
    let at = |name: &str| days[name].as_str().unwrap().parse::<model::Instant>().unwrap().as_millis();
    // The clock is read twice, once for the end and then for the key.
    let past_90_days = at("created_at") - (at("expires_at") - 90 * 24 * 60 * 60 * 1000);
    assert!((0..30_000).contains(&past_90_days), "{days}");
    let table = run(data, &[&create[..], &["--disabled"]].concat()).await;
    assert!(table.out.contains("\nStatus       disabled\n"), "{}", table.out);
    let help = run(data, &["key", "update", "--help"]).await.out;
    // Lines end where a terminal of this width does.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["90d", "the last day on which it works", "--no-scopes", "--no-notes"] {
        assert!(help.contains(words), "{words}: {help}");
    }
}

#[tokio::test]
async fn people_read_tables() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let created =
        run(data, &["key", "create", "--client-name", "東京 CRM", "--scope", "calls:read", "--scope", "agents:read"])
            .await;
    insta::assert_snapshot!("table_key_create", redact(&created.out));
    insta::assert_snapshot!("table_key_list", redact(&run(data, &["key", "list"]).await.out));
    insta::assert_snapshot!("table_installation_list", redact(&run(data, &["installation", "list"]).await.out));
    let id = created.out.split_whitespace().nth(1).unwrap().to_owned();
    let deleted = run(data, &["key", "delete", &id]).await;
    assert_eq!((deleted.code, deleted.out), (Some(0), format!("{id}  deleted\n")));
}

#[tokio::test]
async fn a_failure_is_one_sentence_and_misuse_exits_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let default = json(data, &["key", "default"]).await["id"].as_str().unwrap().to_owned();
    let missing = "01981d2c-9e5b-7c3a-8b1d-0123456789ab";
    std::fs::write(data.join("bad.toml"), "listen = \"127.0.0.1:1\"\ndatabse = \"x\"\n").unwrap();
    let config = data.join("bad.toml").display().to_string();
    for (args, code, words) in [
        (&["key", "create", "--client-name", ""][..], 1, "enter a Client Name"),
        (&["key", "create", "--client-name", "a\u{202E}b"], 1, "bidirectional-override"),
        (&["key", "create", "--client-name", "a", "--scope", "nope:read"], 1, "nope:read"),
        (&["key", "delete", &default], 1, "Default API Key"),
        (&["key", "delete", missing], 1, "there is no such key"),
        (&["key", "list", "--installation", "nowhere"], 1, "There is no installation named \"nowhere\"."),
        (&["installation", "disable", "nowhere"], 1, "no such installation"),
        (&["installation", "create", "Bad Name"], 1, "keydesk: "),
        (&["key", "list", "--config", &config], 1, "bad.toml, line 2: unknown field `databse`"),
        (&["key", "list", "--database", "mysql://x"], 1, "keydesk: "),
        (&["key", "list", "--database", "postgres://127.0.0.1:1/none"], 1, "keydesk: "),
        (&["serve", "--listen", "nonsense"], 1, "can't listen on nonsense"),
        (&["key", "disable", &default], 1, "Default API Key"),
        (&["key", "update", &default, "--client-name", "Mine"], 1, "Default API Key"),
        (&["key", "create", "--client-name", "a", "--expires-at", "2020-01-01T00:00:00Z"], 1, "in the future"),
        (&["key", "create", "--client-name", "a", "--metadata", "=x"], 1, "The metadata must have a name"),
        (
            &["key", "create", "--client-name", "a", "--metadata", "crm=1", "--metadata", "crm=2"],
            1,
            "The metadata has the name \"crm\" twice.",
        ),
        (&["key", "update", missing, "--metadata", "a=1", "--metadata", "a=1"], 1, "the name \"a\" twice"),
        (&["key", "update", missing, "--metadata", "a=1", "--no-metadata"], 2, "cannot be used with"),
        (&["key", "update", missing, "--contact-centre", "streams=1", "--no-contact-centre"], 2, "cannot be used with"),
        (&["key", "update", missing, "--contact-centre", "calls=60"], 2, "calls=60 must end with /hour"),
        (&["key", "create", "--client-name", "a", "--sandbox-world", "main"], 2, "not main"),
        (&["key", "create", "--client-name", "a", "--sandbox-world", "ci"], 1, "A live key reaches no world"),
        (&["key", "update", missing, "--owner-email", "a@b.de", "--no-owner-email"], 2, "cannot be used with"),
        (&["key", "update", missing, "--notes", "a", "--no-notes"], 2, "cannot be used with"),
        (&["key", "update", missing, "--scope", "calls:read", "--no-scopes"], 2, "cannot be used with"),
        (&["key", "create", "--client-name", "a", "--expires-at", "soon"], 2, "a number of days such as 90d"),
        (&["key", "update", missing, "--expires-at", "0d"], 2, "the last day such as 2027-01-31"),
        (&["key", "create", "--client-name", "a", "--expires-at", "2020-01-01"], 1, "in the future"),
        (&["key", "rotate", missing, "--overlap", "0"], 1, "no such API key"),
        (&["key", "rotate", missing, "--overlap", "31d"], 2, "at most 30d"),
        (&["key", "create", "--client-name", "a", "--allow-ip", "010.0.0.1"], 2, "begins with 0"),
        (&["key", "create", "--client-name", "a", "--allow-origin", "*"], 2, "https://"),
        (&["key", "create", "--client-name", "a", "--metadata", "x"], 2, "NAME=VALUE"),
        (&["key", "create"], 2, "--client-name"),
        (
            &["key", "create", "--client-name", "a", "--preset", "crm", "--scope", "calls:read"],
            2,
            "cannot be used with",
        ),
        (&["key", "create", "--client-name", "a", "--scope", "nonsense"], 2, "a scope is"),
        (&["key", "delete", "nonsense"], 2, "nonsense"),
        (&["nonsense"], 2, "nonsense"),
        (&[], 2, "Usage"),
    ] {
        let ran = run(data, args).await;
        assert_eq!(ran.code, Some(code), "{args:?} {} {}", ran.out, ran.err);
        assert!(ran.err.contains(words), "{args:?} {}", ran.err);
        assert!(code == 2 || ran.err.trim_end().lines().count() == 1, "{args:?} {}", ran.err);
    }
}

#[tokio::test]
async fn without_its_module_an_installation_has_no_keys_to_manage() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &[]).await;
    run(folder.path(), &["installation", "disable", "default"]).await;
    let ran = run(folder.path(), &["key", "list"]).await;
    let said = "keydesk: The API Keys module is off for this installation; `keydesk installation enable NAME` switches it on.\n";
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), said), "nobody else is to be asked");
    run(folder.path(), &["installation", "enable", "default"]).await;
    assert_eq!(run(folder.path(), &["key", "list"]).await.code, Some(0));
}

#[tokio::test]
async fn a_reader_that_leaves_early_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &[]).await;
    let mut child = command()
        .args(["key", "list", "--data-dir"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().await.unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_leaves_early_hides_nothing_that_was_found() {
    let database = TestDatabase::sqlite().await;
    let (dir, address) = (database.dir(), database.address().to_owned());
    init(&dir, &["--database", &address]).await;
    assert_eq!(run(&dir, &["key", "create", "--client-name", "Acme", "--database", &address]).await.code, Some(0));
    let mut raw = database.raw().await;
    raw.execute("DROP TRIGGER audit_entry_not_deleted").await.unwrap();
    raw.execute("DELETE FROM audit_entry WHERE seq >= 3").await.unwrap();
    raw.close().await;
    for (args, verdict) in [
        (&["audit", "verify"][..], "One problem was found in the audit logs."),
        (&["audit", "verify", "--json"], "One problem was found in the audit logs."),
        (&["doctor"], "attention."),
    ] {
        let mut command = command();
        command.args(args).args(["--database", &address, "--data-dir"]).arg(&dir);
        // Nobody reads, from the beginning.
        command.stdout(std::io::pipe().unwrap().1).stderr(Stdio::piped());
        let ended: Ran = command.spawn().unwrap().wait_with_output().await.unwrap().into();
        assert_eq!(ended.code, Some(1), "{args:?} {}", ended.err);
        assert!(ended.err.contains(verdict) && ended.err.lines().count() == 1, "{args:?} {}", ended.err);
    }
}

async fn a_database_that_can_only_be_read_is_said_to_be_one(database: TestDatabase) {
    let (dir, address) = (database.dir(), database.address().to_owned());
    init(&dir, &["--database", &address]).await;
    let mut raw = database.raw().await;
    let (close, words) = if database.is_postgres() {
        let sql = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$";
        (sql, "the database can only be read.")
    } else {
        ("BEGIN IMMEDIATE", "another program holds the database's write lock.")
    };
    raw.execute(close).await.unwrap();
    let refused = run(&dir, &["key", "create", "--client-name", "Acme", "--database", &address]).await;
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{}", refused.err);
    let said = format!("{words} Mend that, then run the command again.");
    assert!(refused.err.contains(&said) && refused.err.lines().count() == 1, "{}", refused.err);
}

#[tokio::test]
async fn the_doctor_finds_what_is_wrong_and_says_what_to_do() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    assert_eq!(run(data, &["doctor"]).await.code, Some(0));
    std::fs::set_permissions(data.join("master.key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = run(data, &["doctor"]).await;
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.err.contains("chmod 600"), "{}", ran.err);
}

/// Every command but `serve` and `init`, where there is nothing, and in a database that is somebody else's.
async fn nothing_is_made_where_there_is_no_deployment(database: TestDatabase) {
    database.remove_tables().await;
    let data = database.dir().join("dtaa");
    let backup = database.dir().join("backup.db").display().to_string();
    let commands: [&[&str]; 14] = [
        &["audit", "verify"],
        &["audit", "head"],
        &["audit", "export"],
        &["doctor"],
        &["backup", &backup],
        &["forget", "ada@example.com"],
        &["restore", "--after"],
        &["key", "list"],
        &["key", "create", "--client-name", "Acme"],
        &["key", "default"],
        &["admin", "list"],
        &["admin", "invite", "--email", "ada@example.com", "--name", "Ada", "--role", "owner"],
        &["installation", "list"],
        &["installation", "create", "other"],
    ];
    let on = |args: &[&str]| -> Vec<String> {
        let database = database.is_postgres().then(|| vec!["--database".to_owned(), database.address().to_owned()]);
        args.iter().map(|arg| (*arg).to_owned()).chain(database.into_iter().flatten()).collect()
    };
    let run = async |args: &[&str]| -> Ran {
        let args = on(args);
        run(&data, &args.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    for args in commands {
        let ran = run(args).await;
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{args:?}");
        assert!(ran.err.starts_with("keydesk: there is no deployment ") && ran.err.lines().count() == 1, "{}", ran.err);
    }
    assert!(!data.exists());
    if database.is_postgres() {
        assert_eq!(database.raw().await.tables().await, Vec::<String>::new());
    }
    let made = run(&["init", "--json"]).await;
    assert_eq!((made.code, made.out.as_str()), (Some(0), "{\n  \"made\": true\n}\n"), "{}", made.err);
    assert_eq!(run(&["doctor"]).await.code, Some(0));
    let again = run(&["init"]).await;
    assert_eq!((again.code, again.out.as_str()), (Some(0), "A deployment exists already; nothing was changed.\n"));
    assert_eq!(
        run(&["audit", "verify"]).await.out,
        "ok   default: 3 entries, unbroken\n",
        "two, and the set-up link of the doctor"
    );
}
