//! Changes that the database itself refuses, whichever program asks.

use std::collections::BTreeSet;

use store::{on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::fixture::{at, installation, key_id, put_names, two_installations};

on_both_databases!(
    the_default_key_is_refused_to_everyone,
    columns_that_move_by_themselves_stay_free,
    issued_keys_are_free,
    the_audit_log_only_grows
);

const PROTECTED: &str = "default_key_protected";
/// Columns that move when the Default API Key is rotated or used.
const FREE: [&str; 5] = ["hint", "last_used_at", "updated_at", "version", "epoch"];

async fn the_default_key_is_refused_to_everyone(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let mut raw = database.raw().await;
    let [default, issued, own, foreign, fresh] =
        [key_id(1_000_001).0, key_id(1).0, installation(1).0, installation(2).0, Uuid::from_u128(4_444)]
            .map(|id| raw.id(id));
    let identity = if database.is_postgres() { "DEFAULT" } else { "4444" };
    let edits = [
        format!("seq = {identity}"),
        format!("id = {fresh}"),
        format!("installation_id = {foreign}"),
        "kind = 'issued'".to_owned(),
        "client_name = 'Mine'".to_owned(),
        "client_name_folded = 'mine'".to_owned(),
        "environment = 'test'".to_owned(),
        "preset = 'live-widget'".to_owned(),
        "scopes = '[]'".to_owned(),
        "allowed_ips = '[\"::1\"]'".to_owned(),
        "allowed_origins = '[\"https://x\"]'".to_owned(),
        "rate_limits = '[{}]'".to_owned(),
        "quotas = '[{}]'".to_owned(),
        "metadata = '{\"a\":\"b\"}'".to_owned(),
        "owner_email = 'a@b.cd'".to_owned(),
        "notes = 'mine'".to_owned(),
        "issue_bounds = '{}'".to_owned(),
        "disabled_at = 1".to_owned(),
        "expires_at = 1".to_owned(),
        "deleted_at = 1".to_owned(),
        "created_at = 1".to_owned(),
    ];
    let edited: BTreeSet<_> = edits.iter().filter_map(|edit| Some(edit.split_once(" = ")?.0.to_owned())).collect();
    let columns = raw.schema().await.into_keys().filter(|(table, _)| table == "api_key").map(|(_, column)| column);
    let protected: BTreeSet<_> = columns.filter(|column| !FREE.contains(&column.as_str())).collect();
    assert_eq!(edited, protected, "every column is protected, or moves by itself");
    let mut statements: Vec<String> =
        edits.iter().map(|set| format!("UPDATE api_key SET {set} WHERE id = {default}")).collect();
    statements.push(format!("DELETE FROM api_key WHERE id = {default}"));
    statements.push("DELETE FROM api_key".to_owned());
    statements.push("UPDATE api_key SET deleted_at = 1".to_owned());
    statements.push(format!("UPDATE api_key SET kind = 'default' WHERE id = {issued}"));
    let insert = |seq: &str, id: &str, kind: &str| {
        format!(
            "INTO api_key ({seq} id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, \
             scopes, created_at, updated_at, version, epoch) \
             SELECT {seq} {id}, installation_id, '{kind}', 'Mine', 'mine', 'x', 'live', 'custom', '[]', 1, 1, 1, 1 \
             FROM api_key WHERE installation_id = {own} AND kind = 'default'"
        )
    };
    if database.is_postgres() {
        statements.extend(["TRUNCATE api_key CASCADE", "TRUNCATE installation CASCADE"].map(str::to_owned));
        let upsert = insert("", &default, "default");
        let set = "ON CONFLICT (id) DO UPDATE SET client_name = excluded.client_name";
        statements.push(format!("INSERT {upsert} {set}"));
    } else {
        statements.extend([
            format!("INSERT OR REPLACE {}", insert("", &default, "issued")),
            format!("INSERT OR REPLACE {}", insert("seq,", &fresh, "issued")),
            format!("INSERT OR REPLACE {}", insert("", &fresh, "default")),
            format!("REPLACE {}", insert("", &default, "default")),
            format!("UPDATE OR REPLACE api_key SET id = {default} WHERE id = {issued}"),
            format!(
                "UPDATE OR REPLACE api_key SET seq = (SELECT seq FROM api_key WHERE id = {default}) WHERE id = {issued}"
            ),
            format!("UPDATE OR REPLACE api_key SET kind = 'default' WHERE id = {issued}"),
        ]);
    }
    let before = store.default_key(installation(1)).await.unwrap();
    for statement in statements {
        let refused = raw.execute(&statement).await;
        assert!(refused.as_ref().is_err_and(|error| error.contains(PROTECTED)), "{statement}: {refused:?}");
        assert_eq!(store.default_key(installation(1)).await.unwrap(), before, "{statement}");
    }
    // A second one, beside the first, is refused by the index or by the trigger.
    assert!(raw.execute(&format!("INSERT {}", insert("", &fresh, "default"))).await.is_err());
    assert_eq!(raw.number("SELECT COUNT(*) FROM api_key WHERE kind = 'default'").await, 2);
}

async fn columns_that_move_by_themselves_stay_free(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut raw = database.raw().await;
    let default = raw.id(key_id(1_000_001).0);
    for set in ["last_used_at = 9", "hint = 'ccc_live_new…0000'", "updated_at = 9, version = version + 1, epoch = 9"]
    {
        assert_eq!(raw.execute(&format!("UPDATE api_key SET {set} WHERE id = {default}")).await, Ok(1), "{set}");
    }
    let key = store.default_key(installation(1)).await.unwrap().unwrap();
    assert_eq!((key.version(), key.epoch, key.at(at(10)).last_used_at), (2, 9, Some(at(9))));
}

async fn issued_keys_are_free(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let mut raw = database.raw().await;
    let issued = raw.id(key_id(1).0);
    for set in ["client_name = 'B', client_name_folded = 'b'", "disabled_at = 5", "expires_at = 6", "scopes = '[]'"] {
        assert_eq!(raw.execute(&format!("UPDATE api_key SET {set} WHERE id = {issued}")).await, Ok(1), "{set}");
    }
    let secrets = format!("DELETE FROM api_key_secret WHERE key_id = {issued}");
    assert_eq!(raw.execute(&secrets).await, Ok(1));
    assert_eq!(raw.execute(&format!("DELETE FROM api_key WHERE id = {issued}")).await, Ok(1));
}

async fn the_audit_log_only_grows(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut raw = database.raw().await;
    let [own, id, fresh] = [installation(1).0, Uuid::from_u128(31), Uuid::from_u128(32)].map(|id| raw.id(id));
    let zeros = |raw: &store::testing::Raw| match raw {
        store::testing::Raw::Sqlite(_) => "zeroblob(32)",
        store::testing::Raw::Postgres(_) => "decode(repeat('00', 32), 'hex')",
    };
    let hash = zeros(&raw);
    let insert = |seq: i64, id: &str| {
        format!(
            "INTO audit_entry (installation_id, seq, id, at, actor, action, detail, previous_hash, hash) \
             VALUES ({own}, {seq}, {id}, 5, '{{}}', 'key.issue', '{{}}', {hash}, {hash})"
        )
    };
    assert_eq!(raw.execute(&format!("INSERT {}", insert(1, &id))).await, Ok(1));
    let before = store.audit_after(installation(1), 0, 10).await.unwrap();
    let mut statements = vec![
        "UPDATE audit_entry SET detail = 'x'".to_owned(),
        "UPDATE audit_entry SET at = at".to_owned(),
        "DELETE FROM audit_entry".to_owned(),
        format!("INSERT {} ON CONFLICT (id) DO UPDATE SET action = 'x'", insert(2, &id)),
    ];
    if database.is_postgres() {
        statements.extend(["TRUNCATE audit_entry", "TRUNCATE installation CASCADE"].map(str::to_owned));
    } else {
        statements.extend([
            format!("INSERT OR REPLACE {}", insert(1, &fresh)),
            format!("INSERT OR REPLACE {}", insert(2, &id)),
            format!("UPDATE OR REPLACE audit_entry SET id = {fresh}"),
        ]);
    }
    for statement in statements {
        let refused = raw.execute(&statement).await;
        assert!(refused.is_err(), "{statement}: {refused:?}");
        assert_eq!(store.audit_after(installation(1), 0, 10).await.unwrap(), before, "{statement}");
    }
    assert_eq!(raw.execute(&format!("INSERT {}", insert(2, &fresh))).await, Ok(1));
}
