//! What a role of PostgreSQL may do to us, and what ours may do.

use store::{
    Store, StoreError, Tables, on_both_databases,
    testing::{POSTGRES_STATEMENTS, Raw, STATEMENTS, TestDatabase},
};

use crate::fixture::{installation, key, put, two_installations};

on_both_databases!(tables_tell_what_is_pending, tables_of_a_newer_release_are_refused);

async fn tables_tell_what_is_pending(database: TestDatabase) {
    database.remove_tables().await;
    let fresh = Store::tables(database.address()).await.unwrap();
    let newest = fresh.newest;
    assert_eq!(fresh.applied, 0);
    if !database.is_postgres() {
        assert!(!database.dir().join("keydesk.db").exists(), "to ask made a file");
    }
    database.migrate_to(2).await;
    let before = Store::migrate(database.address()).await.unwrap();
    assert_eq!((before.applied, before.newest), (2, newest));
    assert_eq!(before.pending, fresh.pending[2..]);
    assert!(before.stops_older_nodes() && !fresh.stops_older_nodes(), "nodes that write columns which are gone");
    let [third, ..] = &before.pending[..] else { panic!("{before:?}") };
    assert_eq!((third.number, third.name.as_str(), third.noticed), (3, "rights", None));
    assert_eq!(third.what, "What administrators say about keys, rotation and hand-overs.");
    let after = Store::tables(database.address()).await.unwrap();
    assert_eq!(after, Tables { applied: newest, newest, pending: Vec::new() });
    database.migrate_to(store::OLDEST_BESIDE).await;
    assert!(!Store::tables(database.address()).await.unwrap().stops_older_nodes());
}

async fn tables_of_a_newer_release_are_refused(database: TestDatabase) {
    database.store().await.close().await;
    let newer = if database.is_postgres() { "'\\x00'::bytea, now()" } else { "x'00', CURRENT_TIMESTAMP" };
    let insert = format!(
        "INSERT INTO _sqlx_migrations (version, description, success, execution_time, checksum, installed_on) \
         VALUES (9999, 'of tomorrow', TRUE, 0, {newer})"
    );
    database.raw().await.execute(&insert).await.unwrap();
    let error = Store::tables(database.address()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unsuitable(why) if why.contains("newer Keydesk (migration 9999)")), "{error}");
    if database.is_postgres() {
        assert_eq!(Store::open(database.address()).await.unwrap_err().to_string(), error.to_string());
    }
}

/// Two nodes change at once, each change after reading what the one before wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_isolation_level_is_ours_whatever_a_role_has() {
    const CHANGES: u128 = 40;
    let (database, roles) = TestDatabase::with_roles().await;
    Store::migrate(&roles.owner).await.unwrap();
    roles.restrict().await;
    for level in ["repeatable read", "serializable"] {
        let alter = format!("ALTER ROLE keydesk_server SET default_transaction_isolation = '{level}'");
        database.raw().await.execute(&roles.named(&alter)).await.unwrap();
        assert_eq!(roles.raw().await.texts("SHOW default_transaction_isolation").await, [level]);
        let nodes = [Store::open(&roles.server).await.unwrap(), Store::open(&roles.server).await.unwrap()];
        let before = nodes[0].epoch().await.unwrap();
        let changes = |store: Store| {
            tokio::spawn(async move {
                let mut epochs = Vec::new();
                for _ in 0..CHANGES {
                    let mut change = store.change().await?;
                    // A statement after the one that waited: it must see the change it waited for.
                    change.deployment().await?;
                    epochs.push(change.epoch());
                    change.commit().await?;
                }
                Ok::<_, StoreError>(epochs)
            })
        };
        let [first, second] = nodes.each_ref().map(|store| changes(store.clone()));
        let mut epochs = first.await.unwrap().unwrap();
        epochs.extend(second.await.unwrap().unwrap());
        epochs.sort_unstable();
        let expected = before + 1..=before + 2 * i64::try_from(CHANGES).unwrap();
        assert_eq!(epochs, expected.collect::<Vec<_>>(), "{level}");
        for store in nodes {
            store.close().await;
        }
    }
}

/// PostgreSQL asks for privileges when it executes, and EXPLAIN goes as far as that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_servers_role_may_run_every_statement() {
    let (_database, roles) = TestDatabase::with_roles().await;
    Store::migrate(&roles.owner).await.unwrap();
    roles.restrict().await;
    let mut raw = roles.raw().await;
    for (name, sql) in STATEMENTS.iter().chain(POSTGRES_STATEMENTS) {
        raw.execute(&format!("PREPARE asked AS {sql}")).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let values = "SELECT cardinality(parameter_types)::bigint FROM pg_prepared_statements WHERE name = 'asked'";
        let values = vec!["NULL"; usize::try_from(raw.number(values).await).unwrap()].join(", ");
        let explain = if values.is_empty() { "asked".to_owned() } else { format!("asked ({values})") };
        let may = raw.execute(&format!("EXPLAIN EXECUTE {explain}")).await;
        // To forget a person in the audit log is the owner's.
        let of_owner = ["UPDATE audit_entry", "DELETE FROM audit_person", "DELETE FROM audit_rename"];
        if of_owner.iter().any(|begins| sql.starts_with(begins)) {
            assert!(may.is_err_and(|error| error.contains("permission denied")), "{name} is not for the server");
        } else {
            may.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        raw.execute("DEALLOCATE asked").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_servers_role_can_neither_rewrite_the_log_nor_change_tables() {
    let (database, roles) = TestDatabase::with_roles().await;
    Store::migrate(&roles.owner).await.unwrap();
    roles.restrict().await;
    // A table that a later migration makes is covered, and the role stays as narrow on it.
    let mut owner = Raw::connect(&roles.owner).await;
    owner.execute("CREATE TABLE of_tomorrow (id BIGINT NOT NULL PRIMARY KEY)").await.unwrap();
    let store = Store::open(&roles.server).await.unwrap();
    let mut raw = roles.raw().await;
    raw.execute("INSERT INTO of_tomorrow (id) VALUES (1); UPDATE of_tomorrow SET id = 2; DELETE FROM of_tomorrow")
        .await
        .unwrap();
    for forbidden in [
        "UPDATE audit_entry SET detail = '{}'",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_head",
        "UPDATE audit_key SET proof = ''",
        "UPDATE audit_person SET name = 'x'",
        "DELETE FROM audit_person",
        "UPDATE audit_rename SET name = 'x'",
        "DELETE FROM audit_rename",
        "TRUNCATE audit_entry",
        "TRUNCATE of_tomorrow",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "ALTER TABLE api_key ADD COLUMN more TEXT",
        "DROP TRIGGER audit_entry_append_only_row ON audit_entry",
        "DROP TRIGGER api_key_protect_default_row ON api_key",
        "CREATE OR REPLACE FUNCTION audit_entry_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "DROP FUNCTION api_key_protect_default() CASCADE",
        "DROP TABLE handover",
        "CREATE TABLE mine (id BIGINT)",
        "CREATE TEMPORARY TABLE mine (id BIGINT)",
        "CREATE SCHEMA mine",
        "CREATE TRIGGER mine BEFORE INSERT ON api_key EXECUTE FUNCTION audit_entry_append_only()",
        "SET session_replication_role = 'replica'",
        "UPDATE deployment SET key_prefix = 'x'",
        "DELETE FROM deployment",
        "DELETE FROM epoch",
        "DELETE FROM installation",
        "UPDATE _sqlx_migrations SET success = FALSE",
        "SET ROLE keydesk_owner",
    ] {
        let said = raw.execute(&roles.named(forbidden)).await.expect_err(forbidden);
        assert!(
            said.contains("permission denied") || said.contains("must be owner"),
            "{forbidden} was refused for another reason: {said}"
        );
    }
    // PostgreSQL takes this, gives nothing, and says so in a notice.
    raw.execute("GRANT ALL ON audit_entry TO PUBLIC").await.unwrap();
    let granted = "SELECT COUNT(*) FROM information_schema.role_table_grants WHERE table_schema = 'public' AND \
                   (grantee = 'PUBLIC' OR grantee LIKE 'keydesk_server%' \
                    AND privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER'))";
    assert_eq!(database.raw().await.number(granted).await, 0);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_not_make_tables_is_sent_to_the_one_that_may() {
    let (database, roles) = TestDatabase::with_roles().await;
    database.raw().await.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC").await.unwrap();
    let error = Store::open(&roles.server).await.unwrap_err().to_string();
    assert!(error.contains("run `keydesk migrate` with the role that owns them"), "{error}");
    Store::migrate(&roles.owner).await.unwrap();
    // Migrated, and nothing granted.
    let error = Store::open(&roles.server).await.unwrap_err().to_string();
    assert!(error.contains("docs/postgres/least-privilege.sql"), "{error}");
    roles.restrict().await;
    let store = Store::open(&roles.server).await.unwrap();
    assert_eq!(store.exposure(), None, "the tests' server is on this machine");
    store.close().await;
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    put(&mut change, installation(1), key(1, "Acme")).await.unwrap();
    change.commit().await.unwrap();
}
