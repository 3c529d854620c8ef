//! Databases that are not Keydesk's, not this release's, or not of a kind that it can use: nothing in them is touched.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use store::testing::{Raw, TestDatabase};

use crate::support::{Program, init, keydesk, ran};

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
    }
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

store::on_both_databases!(tables_of_a_newer_release_stay_as_they_are);

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
