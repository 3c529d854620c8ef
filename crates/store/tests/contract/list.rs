use model::{Environment, KeyStatus, Preset, RESTORE_WINDOW_MS, Search, Sort};
use store::{KeyFilter, Store, TOTAL_COUNTED, on_both_databases, testing::TestDatabase};

use crate::fixture::{at, installation, key_id, put_names, search_of, two_installations};

on_both_databases!(
    every_status_filter_lists_its_own_keys,
    every_filter_narrows_the_list,
    an_installation_lists_only_its_own_keys
);

/// All keys of installation 1.
pub(crate) fn all() -> KeyFilter {
    KeyFilter {
        installation: installation(1),
        search: Search::default(),
        search_notes: true,
        environment: None,
        status: None,
        preset: None,
        expiring_before: None,
        attention: None,
        disabled: None,
        now: at(100),
    }
}

/// The numbers of the keys that match, after checking that the count agrees.
pub(crate) async fn numbers(store: &Store, filter: &KeyFilter) -> Vec<u128> {
    let keys = store.list(filter, Sort::default(), None, 10_000).await.unwrap();
    let counted = (keys.len() as u64).min(TOTAL_COUNTED + 1);
    assert_eq!(store.count(filter).await.unwrap(), counted, "{filter:?}");
    keys.iter().map(|key| key.id().0.as_u128()).collect()
}

async fn every_status_filter_lists_its_own_keys(database: TestDatabase) {
    let store = two_installations(&database).await;
    let names = ["active", "expires later", "expired now", "disabled", "disabled and expired", "deleted"];
    put_names(&store, 1, &names.map(str::to_owned)).await;
    let mut raw = database.raw().await;
    for (number, set) in [
        (2, "expires_at = 101"),
        (3, "expires_at = 100"),
        (4, "disabled_at = 50"),
        (5, "disabled_at = 50, expires_at = 60"),
        (6, "deleted_at = 60, disabled_at = 50, expires_at = 55"),
    ] {
        let id = raw.id(key_id(number).0);
        raw.execute(&format!("UPDATE api_key SET {set} WHERE id = {id}")).await.unwrap();
    }
    for (status, expected) in [
        (None, vec![1, 2, 3, 4, 5]),
        (Some(KeyStatus::Active), vec![1, 2]),
        (Some(KeyStatus::Expired), vec![3]),
        (Some(KeyStatus::Disabled), vec![4, 5]),
        (Some(KeyStatus::Revoked), vec![6]),
    ] {
        let filter = KeyFilter { status, ..all() };
        let mut found = numbers(&store, &filter).await;
        found.sort_unstable();
        assert_eq!(found, expected, "{status:?}");
        for key in store.list(&filter, Sort::default(), None, 10).await.unwrap() {
            assert!(status.is_none_or(|status| key.at(filter.now).status == status));
        }
    }
    // A deleted key is listed as long as it can be restored, to the millisecond.
    for (now, expected) in [(60 + RESTORE_WINDOW_MS - 1, vec![6]), (60 + RESTORE_WINDOW_MS, vec![])] {
        let filter = KeyFilter { status: Some(KeyStatus::Revoked), now: at(now), ..all() };
        assert_eq!(numbers(&store, &filter).await, expected, "{now}");
    }
}

async fn every_filter_narrows_the_list(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme one", "Acme two", "Beta one", "Beta two"].map(str::to_owned)).await;
    let mut raw = database.raw().await;
    raw.execute("UPDATE api_key SET environment = 'test' WHERE client_name LIKE '%two'").await.unwrap();
    raw.execute("UPDATE api_key SET preset = 'custom' WHERE client_name LIKE 'Acme%'").await.unwrap();
    let rows = [
        (KeyFilter { environment: Some(Environment::Test), ..all() }, vec![2, 4]),
        (KeyFilter { preset: Some(Preset::Custom), ..all() }, vec![1, 2]),
        (KeyFilter { environment: Some(Environment::Live), preset: Some(Preset::Crm), ..all() }, vec![3]),
        (KeyFilter { environment: Some(Environment::Live), search: search_of("one"), ..all() }, vec![1, 3]),
        (KeyFilter { preset: Some(Preset::LiveWidget), ..all() }, vec![]),
    ];
    for (filter, expected) in rows {
        assert_eq!(numbers(&store, &filter).await, expected, "{filter:?}");
    }
}

async fn an_installation_lists_only_its_own_keys(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    for search in ["", "acme", "ac"] {
        let filter = KeyFilter { search: search_of(search), ..all() };
        assert_eq!(numbers(&store, &filter).await, [1]);
        assert_eq!(numbers(&store, &KeyFilter { installation: installation(2), ..filter }).await, [0; 0]);
    }
}
