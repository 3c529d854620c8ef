//! Databases that are not Keydesk's, not this release's, or not of a kind that it can use: nothing in them is touched.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use store::testing::{Raw, TestDatabase};

use crate::support::{Program, init, keydesk, ran, request, wait_until};

const COMMANDS: [&[&str]; 8] = [
    &["key", "list"],
    &["key", "create", "--client-name", "Acme"],
    &["doctor"],
    &["init"],
    &["serve", "--listen", "127.0.0.1:0"],
    &["migrate"],
    &["migrate", "--check"],
    &["restore", "--after"],
];

/// Each file of a folder: its bytes, its mode, and when it was changed.
fn everything(folder: &Path) -> BTreeMap<String, (Vec<u8>, u32, i64, i64)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let entry = |path: std::path::PathBuf| {
        let metadata = fs::metadata(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, (fs::read(&path).unwrap(), metadata.mode(), metadata.mtime(), metadata.mtime_nsec()))
    };
    entries.filter(|path| path.is_file()).map(entry).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_another_program_stays_as_it_is() {
    let keydesks = tempfile::tempdir().unwrap();
    init(keydesks.path(), &[]).await;
    let backup = keydesks.path().join("backup.db").display().to_string();
    assert!(keydesk(keydesks.path(), &["backup", &backup]).await.status.success());
    for (sql, words) in [
        ("CREATE TABLE notes (text)", "is another program's database"),
        ("CREATE VIEW notes AS SELECT 1", "is another program's database"),
        ("PRAGMA journal_mode = WAL; CREATE TABLE notes (text)", "is another program's database"),
        // Named as ours, and another's; and another's that uses the same library.
        ("CREATE TABLE installation (id INTEGER)", "is another program's database"),
        ("CREATE TABLE _sqlx_migrations (version INTEGER); CREATE TABLE api_key (id)", "is another program's database"),
        ("", "is not a SQLite database"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.db");
        let address = format!("sqlite:{}", file.display());
        fs::write(&file, if sql.is_empty() { "Dear diary,\n".repeat(1_000) } else { String::new() }).unwrap();
        if !sql.is_empty() {
            let mut raw = Raw::connect(&address).await;
            raw.execute(sql).await.unwrap();
            raw.close().await;
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let before = everything(folder.path());
        let data = keydesks.path().display().to_string();
        for command in COMMANDS {
            let refused = ran(&[], &[command, &["--database", &address, "--data-dir", &data]].concat()).await;
            refused.is_refused(words);
            assert!(refused.err.contains("stays as it is"), "{command:?} {}", refused.err);
        }
        if words.contains("another") {
            let restore = ["restore", &backup, "--database", &address, "--data-dir", &data];
            ran(&[], &restore).await.is_refused(words);
        }
        assert_eq!(everything(folder.path()), before, "{sql}");
        // Nor is a data directory made for it.
        let new = keydesks.path().join("new/data").display().to_string();
        for command in [&["init"][..], &["serve", "--listen", "127.0.0.1:0"]] {
            ran(&[], &[command, &["--database", &address, "--data-dir", &new]].concat()).await.is_refused(words);
            assert!(!keydesks.path().join("new").exists(), "{command:?}");
        }
    }
}

/// A socket stands for all that is no file: devices, pipes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_file_stays_as_it_is() {
    let keydesks = tempfile::tempdir().unwrap();
    init(keydesks.path(), &[]).await;
    let data = keydesks.path().display().to_string();
    let backup = keydesks.path().join("backup.db").display().to_string();
    assert!(keydesk(keydesks.path(), &["backup", &backup]).await.status.success());
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o644)).unwrap();
    let address = format!("sqlite:{}", socket.display());
    let restore = ["restore", &backup];
    for command in COMMANDS.into_iter().chain([&restore[..]]) {
        let refused = ran(&[], &[command, &["--database", &address, "--data-dir", &data]].concat()).await;
        refused.is_refused("socket is not a regular file");
    }
    assert_eq!(fs::metadata(&socket).unwrap().mode() & 0o777, 0o644);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_another_program_in_postgres_stay_as_they_are() {
    let theirs = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
         installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, \
         execution_time BIGINT NOT NULL); \
         INSERT INTO _sqlx_migrations VALUES (1, 'theirs', now(), TRUE, '\\x00', 0)";
    for (sql, words) in [
        ("CREATE TABLE installation (id INT); CREATE TABLE epoch (id INT)", "(epoch and 1 more)"),
        ("CREATE VIEW api_key AS SELECT 1", "(api_key)"),
        (theirs, "the tables in it are another program's"),
    ] {
        let database = TestDatabase::empty_postgres().await;
        let mut raw = database.raw().await;
        raw.execute(sql).await.unwrap();
        let before = (raw.tables().await, raw.dump().await);
        let data = database.dir().join("data").display().to_string();
        for command in COMMANDS {
            let args = [command, &["--database", database.address(), "--data-dir", &data]].concat();
            let refused = ran(&[], &args).await;
            refused.is_refused(words);
        }
        assert_eq!((raw.tables().await, raw.dump().await), before, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_can_not_hold_every_name_is_refused() {
    let database = TestDatabase::postgres_as("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0").await;
    let data = database.dir().join("data").display().to_string();
    for command in COMMANDS {
        let refused = ran(&[], &[command, &["--database", database.address(), "--data-dir", &data]].concat()).await;
        refused.is_refused("its encoding is LATIN1");
    }
    assert_eq!(database.raw().await.tables().await, Vec::<String>::new());
}

async fn tables_of_a_newer_release_stay_as_they_are(database: TestDatabase) {
    let data = database.dir().join("data");
    init(&data, &["--database", database.address()]).await;
    let newer = if database.is_postgres() { "'\\x00'::bytea, now()" } else { "x'00', CURRENT_TIMESTAMP" };
    let insert = format!(
        "INSERT INTO _sqlx_migrations (version, description, success, execution_time, checksum, installed_on) \
         VALUES (9999, 'of tomorrow', TRUE, 0, {newer})"
    );
    let mut raw = database.raw().await;
    raw.execute(&insert).await.unwrap();
    let before = raw.dump().await;
    let data = data.display().to_string();
    for command in COMMANDS {
        let refused = ran(&[], &[command, &["--database", database.address(), "--data-dir", &data]].concat()).await;
        refused.is_refused("its tables are those of a newer Keydesk (migration 9999)");
    }
    assert_eq!(raw.dump().await, before);
}

store::on_both_databases!(
    tables_of_a_newer_release_stay_as_they_are,
    a_key_of_the_keyring_that_is_missing_is_said_at_the_start,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_file_under_a_running_server_is_noticed_and_not_mixed_with_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let backup = data.join("backup.db");
    assert!(keydesk(data, &["backup", &backup.display().to_string()]).await.status.success());
    let mut program = Program::serve(data, &[]).await;
    let data_dir = data.display().to_string();
    let on = |command: &'static [&'static str]| [command, &["--data-dir", data_dir.as_str()]].concat();
    assert_eq!(ran(&[], &on(&["doctor"])).await.code, Some(0));
    let (file, aside) = (data.join("keydesk.db"), data.join("aside.db"));
    fs::rename(&file, &aside).unwrap();
    ran(&[], &on(&["doctor"])).await.is_refused("was moved away while a `keydesk` is at work on it");
    for command in COMMANDS {
        // Where its log lies, and where those at work noted it.
        ran(&[], &on(command)).await.is_refused("keydesk restore");
    }
    assert!(!file.exists(), "none was made in its place");
    fs::copy(&backup, &file).unwrap();
    let before = fs::read(&file).unwrap();
    for command in COMMANDS {
        if command[0] != "restore" {
            ran(&[], &on(command)).await.is_refused("is not the file that a running `keydesk` has open");
        }
    }
    assert!(fs::read(&file).unwrap() == before, "the log of the other was not written into it");
    program.signal("TERM").await;
    assert_eq!(program.end().await, Some(0));
    let backup = backup.display().to_string();
    assert_eq!(ran(&[], &["restore", &backup, "--data-dir", &data_dir]).await.code, Some(0));
    assert_eq!(ran(&[], &on(&["doctor"])).await.code, Some(0), "nobody is at work on another one now");
}

/// What a change wrote to a new log would be lost when the server, which has the old one, writes that back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_removed_under_a_running_server_is_noticed_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let data_dir = data.display().to_string();
    let on = |command: &[&'static str]| [command, &["--data-dir"]].concat();
    let run = async |command: &[&'static str]| ran(&[], &[on(command).as_slice(), &[data_dir.as_str()]].concat()).await;
    let mut program = Program::serve(data, &[]).await;
    let made = run(&["key", "create", "--client-name", "Acme", "--json"]).await;
    let made: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    let secret = made["key"].as_str().unwrap();
    for name in ["keydesk.db-wal", "keydesk.db-shm"] {
        fs::remove_file(data.join(name)).unwrap();
    }
    for command in [&["key", "create", "--client-name", "Lost"][..], &["doctor"], &["key", "list"]] {
        run(command).await.is_refused("is not the one that a running `keydesk` has open");
    }
    program.line("was removed or replaced while Keydesk was at work").await;
    let not_ready = async || {
        let (status, answer) = request(&program.address, "GET", "/readyz", None, None).await.unwrap();
        status == 503 && answer.contains("was removed or replaced")
    };
    assert!(wait_until(not_ready).await);
    let (status, _) = request(&program.address, "GET", "/api/v1/whoami", Some(secret), None).await.unwrap();
    assert_eq!(status, 503);
    program.signal("TERM").await;
    assert_eq!(program.end().await, Some(0));
    let listed = run(&["key", "list"]).await;
    assert!(listed.code == Some(0) && listed.out.contains("Acme"), "{listed:?}");
    assert_eq!(run(&["doctor"]).await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_removed_under_a_running_server_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let mut program = Program::serve(data, &[]).await;
    fs::remove_file(data.join("keydesk.db.lock")).unwrap();
    program.line("keydesk.db.lock was removed or replaced while Keydesk was at work").await;
    let not_ready =
        async || request(&program.address, "GET", "/readyz", None, None).await.is_ok_and(|(status, _)| status == 503);
    assert!(wait_until(not_ready).await);
    program.signal("TERM").await;
    assert_eq!(program.end().await, Some(0));
}

/// By the link and by its own name it is one database, also where the link was there first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_behind_a_link_is_not_restored_under_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(folder.path().join("volume")).unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink("volume/keydesk.db", &link).unwrap();
    let (by_link, by_name) =
        (format!("sqlite:{}", link.display()), format!("sqlite:{}", folder.path().join("volume/keydesk.db").display()));
    let program = Program::serve(&data, &["--database", &by_link]).await;
    let backup = folder.path().join("backup.db").display().to_string();
    assert!(keydesk(&data, &["backup", &backup, "--database", &by_link]).await.status.success());
    let data_dir = data.display().to_string();
    for address in [&by_link, &by_name] {
        let restore = ["restore", &backup, "--database", address, "--data-dir", &data_dir];
        ran(&[], &restore).await.is_refused("Keydesk is at work on this database");
    }
    program.kill().await;
}

/// Each secret that rests on it can't be opened any more, which nobody would notice until somebody asks for one.
async fn a_key_of_the_keyring_that_is_missing_is_said_at_the_start(database: TestDatabase) {
    let data = database.dir().join("data");
    let on_it = ["--database", database.address()];
    init(&data, &on_it).await;
    assert!(keydesk(&data, &[&["key", "create", "--client-name", "Acme"][..], &on_it].concat()).await.status.success());
    let file = data.join("master.key");
    let keyring = fs::read_to_string(&file).unwrap();
    let other = "master n1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let changed = keyring.lines().map(|line| if line.starts_with("master m1 ") { other } else { line });
    let changed: Vec<_> = changed.collect();
    assert!(changed.contains(&other), "the master key is m1");
    fs::write(&file, changed.join("\n")).unwrap();
    let program = Program::serve(&data, &on_it).await;
    let said = program.line("rest on the master key m1, which this keyring lacks").await;
    assert_eq!(said["level"].as_str().map(str::to_lowercase).as_deref(), Some("error"), "{said}");
    assert!(!program.printed().contains("rest on the pepper"), "{}", program.printed());
    program.kill().await;
}
