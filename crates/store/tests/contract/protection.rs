//! Changes that the database itself refuses, whichever program asks.

use std::collections::BTreeSet;

use store::{on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::fixture::{at, installation, key_id, put_names, secret, two_installations};

on_both_databases!(
    the_default_key_is_refused_to_everyone,
    the_default_keys_secret_is_refused_to_everyone,
    the_default_keys_secret_follows_to_another_pepper_and_changes_in_no_other_way,
    the_default_keys_installation_is_refused_to_everyone,
    the_default_key_is_rotated_all_the_same,
    a_rotation_that_is_left_half_way_leaves_one_secret,
    columns_that_keydesk_itself_updates_stay_writable,
    issued_keys_stay_writable,
    the_audit_log_only_grows
);

const PROTECTED: &str = "default_key_protected";
/// Columns that move when the Default API Key is rotated or used, and one that says how another was written.
const FREE: [&str; 7] = ["hint", "last_used_at", "last_address", "updated_at", "version", "epoch", "fold_version"];

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
        format!("name_order = {}", raw.bytes(&[1])),
        "owner_folded = 'mine'".to_owned(),
        "notes_folded = 'mine'".to_owned(),
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
        "contact_centre = '{\"max_streams\":1}'".to_owned(),
        "sandbox_world = 'mine'".to_owned(),
        format!("import_id = {fresh}"),
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
            format!("UPDATE OR REPLACE api_key SET installation_id = {foreign}, kind = 'default' WHERE id = {issued}"),
        ]);
        // A row's number has four names.
        for name in ["rowid", "oid", "_rowid_", "ROWID"] {
            statements.push(format!(
                "UPDATE OR REPLACE api_key SET {name} = (SELECT seq FROM api_key WHERE id = {default}) WHERE id = {issued}"
            ));
        }
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

/// Columns of a secret that move when it is used, or when another master key wraps its copy.
const FREE_OF_SECRET: [&str; 5] = ["last_used_at", "last_address", "master_key_id", "wrapped_key", "sealed_secret"];
/// The end of a secret that is about to take the place of another.
const NOT_YET: i64 = i64::MAX;

async fn the_default_keys_secret_is_refused_to_everyone(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let mut raw = database.raw().await;
    let [default, issued, foreign, fresh] =
        [key_id(1_000_001).0, key_id(1).0, installation(2).0, Uuid::from_u128(4_444)].map(|id| raw.id(id));
    let digest = if database.is_postgres() { "decode(repeat('00', 32), 'hex')" } else { "zeroblob(32)" };
    let edits = [
        format!("id = {fresh}"),
        format!("installation_id = {foreign}"),
        format!("key_id = {issued}"),
        format!("digest = {digest}"),
        format!("former_digest = {digest}"),
        "hint = 'x'".to_owned(),
        "pepper_id = 'p2'".to_owned(),
        "created_at = 1".to_owned(),
        "expires_at = 90".to_owned(),
    ];
    let edited: BTreeSet<_> = edits.iter().filter_map(|edit| Some(edit.split_once(" = ")?.0.to_owned())).collect();
    let columns =
        raw.schema().await.into_keys().filter(|(table, _)| table == "api_key_secret").map(|(_, column)| column);
    let protected: BTreeSet<_> = columns.filter(|column| !FREE_OF_SECRET.contains(&column.as_str())).collect();
    assert_eq!(edited, protected, "every column is protected, or moves by itself");
    let own = format!("(SELECT id FROM api_key_secret WHERE key_id = {default})");
    let theirs = format!("(SELECT id FROM api_key_secret WHERE key_id = {issued})");
    let mut statements: Vec<String> =
        edits.iter().map(|set| format!("UPDATE api_key_secret SET {set} WHERE key_id = {default}")).collect();
    statements.extend([
        format!("UPDATE api_key_secret SET expires_at = {NOT_YET} WHERE key_id = {default}"),
        format!("DELETE FROM api_key_secret WHERE key_id = {default}"),
        "DELETE FROM api_key_secret".to_owned(),
        "UPDATE api_key_secret SET expires_at = 90".to_owned(),
        format!("UPDATE api_key_secret SET key_id = {default}, expires_at = 90 WHERE id = {theirs}"),
    ]);
    let copy = |columns: &str, values: &str| {
        format!(
            "INTO api_key_secret (installation_id, hint, pepper_id, created_at, {columns}) \
             SELECT installation_id, 'x', 'p1', 5, {values} FROM api_key_secret WHERE id = {theirs}"
        )
    };
    let same_digest = copy(
        "id, key_id, digest, expires_at",
        &format!("{fresh}, key_id, (SELECT digest FROM api_key_secret WHERE id = {own}), 90"),
    );
    if database.is_postgres() {
        statements.extend(
            ["TRUNCATE api_key_secret CASCADE", "TRUNCATE handover, api_key_secret CASCADE"].map(str::to_owned),
        );
        for set in [format!("key_id = {issued}"), "expires_at = 90".to_owned()] {
            statements.push(format!("INSERT {same_digest} ON CONFLICT (digest) DO UPDATE SET {set}"));
        }
        // A table of the same name that would be found first.
        statements.push(format!(
            "CREATE TEMP TABLE api_key (id UUID, kind TEXT); DELETE FROM api_key_secret WHERE key_id = {default}"
        ));
    } else {
        let rowid = format!("(SELECT rowid FROM api_key_secret WHERE id = {own})");
        statements.extend([
            format!("INSERT {same_digest} ON CONFLICT (digest) DO UPDATE SET expires_at = 90"),
            format!("INSERT OR REPLACE {same_digest}"),
            format!("INSERT OR REPLACE {}", copy("id, key_id, digest", &format!("{own}, key_id, {digest}"))),
            format!("INSERT OR REPLACE {}", copy("id, key_id, digest", &format!("{fresh}, {default}, {digest}"))),
            format!(
                "REPLACE {}",
                copy("rowid, id, key_id, digest, expires_at", &format!("{rowid}, {fresh}, key_id, {digest}, 90"))
            ),
            format!("UPDATE OR REPLACE api_key_secret SET id = {own} WHERE id = {theirs}"),
            format!("UPDATE OR REPLACE api_key_secret SET rowid = {rowid} WHERE id = {theirs}"),
            format!("UPDATE OR REPLACE api_key_secret SET oid = {rowid} WHERE id = {theirs}"),
            format!(
                "UPDATE OR REPLACE api_key_secret SET digest = (SELECT digest FROM api_key_secret WHERE id = {own}) \
                 WHERE id = {theirs}"
            ),
            format!("UPDATE OR REPLACE api_key_secret SET key_id = {default} WHERE id = {theirs}"),
            format!("PRAGMA recursive_triggers = ON; INSERT OR REPLACE {same_digest}"),
            format!("PRAGMA ignore_check_constraints = ON; DELETE FROM api_key_secret WHERE key_id = {default}"),
        ]);
    }
    let before = store.records_of_key(installation(1), key_id(1_000_001)).await.unwrap();
    assert_eq!(before.len(), 1);
    for statement in statements {
        let refused = raw.execute(&statement).await;
        assert!(refused.as_ref().is_err_and(|error| error.contains(PROTECTED)), "{statement}: {refused:?}");
        let after = store.records_of_key(installation(1), key_id(1_000_001)).await.unwrap();
        assert_eq!(after, before, "{statement}");
    }
    for set in ["last_used_at = 9", "master_key_id = 'm2'"] {
        assert_eq!(raw.execute(&format!("UPDATE api_key_secret SET {set} WHERE id = {own}")).await, Ok(1), "{set}");
    }
}

/// Another pepper took the place of the first, and its secret is to be found under that.
async fn the_default_keys_secret_follows_to_another_pepper_and_changes_in_no_other_way(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut raw = database.raw().await;
    let default = raw.id(key_id(1_000_001).0);
    let [new, other] = [[8; 32], [9; 32]].map(|digest| raw.bytes(&digest));
    let proof = raw.bytes(&[1; 32]);
    raw.execute(&format!(
        "INSERT INTO keyring_proof (kind, id, proof, since, retired_at) \
         VALUES ('pepper', 'p1', {proof}, 1, NULL), ('pepper', 'p2', {proof}, 2, NULL), ('pepper', 'p3', {proof}, 3, 4), \
         ('master', 'p4', {proof}, 5, NULL)"
    ))
    .await
    .unwrap();
    let before = store.records_of_key(installation(1), key_id(1_000_001)).await.unwrap();
    for set in [
        format!("digest = {new}, pepper_id = 'p2'"),
        format!("digest = {new}, former_digest = {other}, pepper_id = 'p2'"),
        format!("digest = {new}, former_digest = digest"),
        "former_digest = digest, pepper_id = 'p2'".to_owned(),
        format!("digest = {new}, former_digest = digest, pepper_id = 'p3'"),
        format!("digest = {new}, former_digest = digest, pepper_id = 'p4'"),
        format!("digest = {new}, former_digest = digest, pepper_id = 'p9'"),
        format!("digest = {new}, former_digest = digest, pepper_id = 'p2', hint = 'x'"),
        format!("digest = {new}, former_digest = digest, pepper_id = 'p2', expires_at = 90"),
    ] {
        let refused = raw.execute(&format!("UPDATE api_key_secret SET {set} WHERE key_id = {default}")).await;
        assert!(refused.as_ref().is_err_and(|error| error.contains(PROTECTED)), "{set}: {refused:?}");
        assert_eq!(store.records_of_key(installation(1), key_id(1_000_001)).await.unwrap(), before, "{set}");
    }
    let renewed = store::NewDigest {
        installation: installation(1),
        key: key_id(1_000_001),
        secret: before[0].secret,
        was: before[0].digest,
        digest: [8; 32],
        pepper_id: "p2".to_owned(),
        forms: [[1; 32], [2; 32]],
    };
    let mut change = store.change().await.unwrap();
    let epoch = change.epoch();
    assert_eq!(change.renew_digests(std::slice::from_ref(&renewed)).await.unwrap(), [key_id(1_000_001)]);
    change.commit().await.unwrap();
    let after = store.records_of_key(installation(1), key_id(1_000_001)).await.unwrap();
    let expected = store::StoredRecord { digest: [8; 32], former: Some(before[0].digest), epoch, ..before[0].clone() };
    assert_eq!(after, std::slice::from_ref(&expected));
    let found = store.record_by_digests(&[before[0].digest, [8; 32]]).await.unwrap();
    assert_eq!(found, Some(expected));
    // Whoever is late finds nothing to do.
    let mut change = store.change().await.unwrap();
    assert_eq!(change.renew_digests(&[renewed]).await.unwrap(), []);
}

async fn the_default_keys_installation_is_refused_to_everyone(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut raw = database.raw().await;
    let [own, other, fresh] = [installation(1).0, installation(2).0, Uuid::from_u128(4_444)].map(|id| raw.id(id));
    let mut statements = vec![
        format!("DELETE FROM installation WHERE id = {own}"),
        format!("UPDATE installation SET id = {fresh} WHERE id = {own}"),
        format!("UPDATE installation SET name = 'centre-1' WHERE id = {other}"),
    ];
    if database.is_postgres() {
        statements.push("TRUNCATE installation CASCADE".to_owned());
    } else {
        let replace = |columns: &str, values: &str| {
            format!(
                "INSERT OR REPLACE INTO installation (title, recoverable, created_at, {columns}) VALUES ('x', 0, 1, {values})"
            )
        };
        statements.extend([
            replace("id, name", &format!("{own}, 'mine'")),
            replace("id, name", &format!("{fresh}, 'centre-1'")),
            replace("rowid, id, name", &format!("1, {fresh}, 'mine'")),
            format!("UPDATE OR REPLACE installation SET id = {own} WHERE id = {other}"),
            format!("UPDATE OR REPLACE installation SET name = 'centre-1' WHERE id = {other}"),
            format!("UPDATE OR REPLACE installation SET rowid = 1 WHERE id = {other}"),
        ]);
    }
    let before = store.installations().await.unwrap();
    for statement in statements {
        let refused = raw.execute(&statement).await;
        assert!(refused.is_err(), "{statement}: {refused:?}");
        assert_eq!(store.installations().await.unwrap(), before, "{statement}");
    }
    let title = format!("UPDATE installation SET title = 'New' WHERE id = {own}");
    assert_eq!(raw.execute(&title).await, Ok(1), "its title is free");
}

async fn the_default_key_is_rotated_all_the_same(database: TestDatabase) {
    let store = two_installations(&database).await;
    let (place, key) = (installation(1), key_id(1_000_001));
    for (number, end, now) in [(2_001, 90, 50), (2_002, 99, 60)] {
        let mut change = store.change().await.unwrap();
        assert!(change.rotate_key(place, key, &secret(number, true), at(end), at(now)).await.unwrap());
        change.commit().await.unwrap();
    }
    let ends = async || {
        let secrets = store.secrets_of_key(place, key).await.unwrap();
        secrets.iter().map(|secret| (secret.id.0.as_u128(), secret.expires_at)).collect::<Vec<_>>()
    };
    assert_eq!(ends().await, [(2_002, None), (2_001, Some(at(99))), (1_000_001, Some(at(60)))]);
    let mut raw = database.raw().await;
    let [old, oldest] = [Uuid::from_u128(2_001), key.0].map(|id| raw.id(id));
    // What has ended, or is to end, does not last longer again.
    for set in [format!("expires_at = 100 WHERE id = {old}"), format!("expires_at = NULL WHERE id = {oldest}")] {
        let refused = raw.execute(&format!("UPDATE api_key_secret SET {set}")).await;
        assert!(refused.as_ref().is_err_and(|error| error.contains(PROTECTED)), "{set}: {refused:?}");
    }
    let mut change = store.change().await.unwrap();
    assert_eq!(change.end_overlap(place, key, at(70)).await.unwrap(), 1);
    change.commit().await.unwrap();
    store.purge(at(0), at(1_000)).await.unwrap();
    assert_eq!(ends().await, [(2_002, None)]);
}

async fn a_rotation_that_is_left_half_way_leaves_one_secret(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut raw = database.raw().await;
    let [key, own, new] = [key_id(1_000_001).0, key_id(1_000_001).0, Uuid::from_u128(9)].map(|id| raw.id(id));
    let digest = if database.is_postgres() { "decode(repeat('00', 32), 'hex')" } else { "zeroblob(32)" };
    let staged = format!(
        "INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, created_at, expires_at) \
         SELECT {new}, installation_id, key_id, {digest}, 'p1', 5, {NOT_YET} FROM api_key_secret WHERE id = {own}"
    );
    assert_eq!(raw.execute(&staged).await, Ok(1));
    let lasting = format!("SELECT COUNT(*) FROM api_key_secret WHERE key_id = {key} AND expires_at IS NULL");
    // Not while there is another, and not by pushing that one out of its place.
    let verb = if database.is_postgres() { "UPDATE" } else { "UPDATE OR REPLACE" };
    assert!(raw.execute(&format!("{verb} api_key_secret SET expires_at = NULL WHERE id = {new}")).await.is_err());
    assert_eq!(raw.number(&lasting).await, 1);
    assert_eq!(raw.execute(&format!("UPDATE api_key_secret SET expires_at = 90 WHERE id = {own}")).await, Ok(1));
    assert_eq!(raw.number(&lasting).await, 1, "the new one lasts as soon as the old one ends");
    let ended = store.secrets_of_key(installation(1), key_id(1_000_001)).await.unwrap();
    assert_eq!(ended.len(), 2);
}

async fn columns_that_keydesk_itself_updates_stay_writable(database: TestDatabase) {
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

async fn issued_keys_stay_writable(database: TestDatabase) {
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
            "INTO audit_entry (installation_id, seq, id, at, actor, action, detail, address, user_agent, audit_key_id, \
             previous_hash, hash) VALUES ({own}, {seq}, {id}, 5, '{{}}', 'key.issue', '{{}}', '::1', 'curl', 'a1', {hash}, {hash})"
        )
    };
    assert_eq!(raw.execute(&format!("INSERT {}", insert(1, &id))).await, Ok(1));
    let before = store.audit_after(installation(1), 0, 10).await.unwrap();
    let mut statements = vec![
        "UPDATE audit_entry SET detail = 'x'".to_owned(),
        "UPDATE audit_entry SET at = at".to_owned(),
        "UPDATE audit_entry SET address = '::2'".to_owned(),
        "UPDATE audit_entry SET address = NULL, user_agent = 'wget'".to_owned(),
        "UPDATE audit_entry SET address = NULL, detail = 'x'".to_owned(),
        "UPDATE audit_entry SET address = NULL, audit_key_id = ''".to_owned(),
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
    let forget = "UPDATE audit_entry SET address = NULL, user_agent = NULL";
    assert_eq!(raw.execute(forget).await, Ok(2), "a person can be forgotten");
    assert!(raw.execute(forget).await.is_err(), "there is nothing to forget");
}
