//! The columns of limits: how they migrate keys of an earlier release, and what the database itself refuses.

use store::{on_both_databases, testing::TestDatabase};

use crate::fixture::{installation, key_id, put_names, two_installations};

on_both_databases!(keys_from_before_there_were_limits_have_none, a_column_holds_a_list_of_limits_and_not_too_many);

async fn keys_from_before_there_were_limits_have_none(database: TestDatabase) {
    database.migrate_to(3).await;
    let mut raw = database.raw().await;
    let [own, default, issued] = [installation(1).0, key_id(1).0, key_id(2).0].map(|id| raw.id(id));
    let make = format!(
        "INSERT INTO installation (id, name, title, recoverable, created_at) VALUES ({own}, 'default', 'Default', 1, 5)"
    );
    assert_eq!(raw.execute(&make).await, Ok(1));
    for (id, kind) in [(&default, "default"), (&issued, "issued")] {
        let make = format!(
            "INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, \
             scopes, notes, created_at, updated_at, version, epoch) \
             VALUES ({id}, {own}, '{kind}', 'Acme', 'acme', 'x', 'live', 'crm', '[\"calls:read\"]', 'kept', 7, 8, 3, 1)"
        );
        assert_eq!(raw.execute(&make).await, Ok(1));
    }
    let store = database.store().await;
    for id in [key_id(1), key_id(2)] {
        let key = store.key(installation(1), id).await.unwrap().unwrap();
        assert!(key.settings().rate_limits.is_empty() && key.settings().quotas.is_empty());
        assert_eq!((key.scopes().len(), key.version()), (1, 3));
        assert_eq!(key.settings().notes.as_ref().map(|notes| notes.as_str()), Some("kept"));
    }
    for column in ["rate_limits", "quotas", "scopes", "notes"] {
        let edit = format!("UPDATE api_key SET {column} = '[{{}}]' WHERE id = {default}");
        let refused = raw.execute(&edit).await;
        assert!(refused.as_ref().is_err_and(|error| error.contains("default_key_protected")), "{edit}: {refused:?}");
    }
    let renamed = format!("UPDATE api_key SET client_name_folded = 'beta' WHERE id = {issued}");
    assert_eq!(raw.execute(&renamed).await, Ok(1), "search follows as before");
}

async fn a_column_holds_a_list_of_limits_and_not_too_many(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let mut raw = database.raw().await;
    let id = raw.id(key_id(1).0);
    for (column, most) in [("rate_limits", 5), ("quotas", 3)] {
        let set = |text: &str| format!("UPDATE api_key SET {column} = {text} WHERE id = {id}");
        let list = |count: usize| format!("'[{}]'", vec!["{}"; count].join(","));
        assert_eq!(raw.execute(&set(&list(most))).await, Ok(1));
        for refused in [list(most + 1).as_str(), "'{}'", "'none'", "'\"a\"'", "''", "NULL"] {
            assert!(raw.execute(&set(refused)).await.is_err(), "{column} {refused}");
        }
        assert!(store.key(installation(1), key_id(1)).await.is_err(), "what can't be read is no key");
        assert_eq!(raw.execute(&set("'[]'")).await, Ok(1));
    }
    assert!(store.key(installation(1), key_id(1)).await.unwrap().is_some());
}
