//! What searches by name skip by: it never hides a key, whatever happens to keys and to the database.

use model::{Environment, Key, KeySettings, Sort, SortColumn, fold_name, name_order};
use store::{KeyFilter, Store, on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::{
    fixture::{at, installation, key, key_id, name, put, put_names, search_of, two_installations},
    list::{all, numbers},
};

on_both_databases!(
    texts_that_stand_late_in_the_order_are_found_in_every_order_and_in_pages,
    what_changes_is_found_at_once,
    another_history_is_noticed,
    keys_of_an_earlier_release_are_found,
);

/// First words of names, and how many begin so.
const FIRST: [(&str, usize); 5] =
    [("Acme", 900), ("Borealis", 900), ("Évora", 900), ("Northwind", 2_500), ("Tamarind", 900)];

/// Of those that begin alike there are more than SQLite sorts.
fn names() -> Vec<String> {
    FIRST.into_iter().flat_map(|(first, many)| (0..many).map(move |number| format!("{first} {number}"))).collect()
}

/// A store that knows where texts can be.
async fn with_map(database: &TestDatabase) -> Store {
    let store = two_installations(database).await;
    for (at, names) in names().chunks(1_000).enumerate() {
        put_names(&store, at as u128 * 1_000 + 1, names).await;
    }
    assert_eq!(store.fold_some_anew(Uuid::nil()).await.unwrap(), None);
    store.keep_search_map().await.unwrap();
    store
}

fn slowly(search: &str) -> Vec<u128> {
    let words: Vec<String> = fold_name(search).split(' ').map(str::to_owned).collect();
    let names = (1..).zip(names()).map(|(number, name): (u128, String)| (fold_name(&name), number));
    let mut found: Vec<(Vec<u8>, u128)> = names
        .filter(|(name, _)| words.iter().all(|word| name.contains(word.as_str())))
        .map(|(name, number)| (name_order(&name), number))
        .collect();
    found.sort();
    found.into_iter().map(|(_, number)| number).collect()
}

async fn texts_that_stand_late_in_the_order_are_found_in_every_order_and_in_pages(database: TestDatabase) {
    let store = with_map(&database).await;
    for search in ["nor", "tam", "ora", "é", "v", "nd", "d 77", "northwind 1199", "vora 81", "zz", "777", "1"] {
        let filter = KeyFilter { search: search_of(search), ..all() };
        let expected = slowly(search);
        assert_eq!(numbers(&store, &filter).await, expected, "{search}");
        for column in SortColumn::ALL {
            let sort = Sort { column, descending: true };
            let found = store.list(&filter, sort, None, 10_000).await.unwrap();
            let mut found: Vec<u128> = found.iter().map(|key| key.id().0.as_u128()).collect();
            found.sort_unstable();
            let mut expected = expected.clone();
            expected.sort_unstable();
            assert_eq!(found, expected, "{search}: {sort}");
        }
        for descending in [false, true] {
            let sort = Sort { column: SortColumn::ClientName, descending };
            let (mut after, mut seen) = (None, Vec::new());
            loop {
                let page = store.list(&filter, sort, after.as_ref(), 150).await.unwrap();
                let Some(last) = page.last() else { break };
                after = Some(last.place(sort.column));
                seen.extend(page.iter().map(|key| key.id().0.as_u128()));
            }
            if descending {
                seen.reverse();
            }
            assert_eq!(seen, expected, "{search}: {sort} in pages");
        }
        // A filter besides, which none or all pass.
        let none = KeyFilter { environment: Some(Environment::Test), ..filter };
        assert_eq!(numbers(&store, &none).await, [0; 0], "{search}");
    }
}

async fn what_changes_is_found_at_once(database: TestDatabase) {
    let store = with_map(&database).await;
    let find = async |text: &str| numbers(&store, &KeyFilter { search: search_of(text), ..all() }).await;
    assert_eq!(find("qu").await, [0; 0]);
    // A new key, a renamed one, an owner, and one that is restored.
    let mut change = store.change().await.unwrap();
    put(&mut change, installation(1), key(9_001, "Quartz")).await.unwrap();
    let renamed = KeySettings { client_name: name("Aqua"), ..key(1, "Acme 0").settings };
    assert!(change.update_key(installation(1), key_id(1), &renamed, at(70)).await.unwrap());
    let owned = KeySettings { owner_email: "quentin@x.yz".parse().ok(), ..key(2, "Acme 1").settings };
    assert!(change.update_key(installation(1), key_id(2), &owned, at(70)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(find("qu").await, [2, 1, 9_001]);
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(9_001)], at(80)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(find("qu").await, [2, 1]);
    let mut change = store.change().await.unwrap();
    assert!(change.restore_key(installation(1), key_id(9_001), at(90)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(find("qu").await, [2, 1, 9_001]);
    // Another process writes, and crowded blocks are divided.
    let other = database.store().await;
    let late: Vec<String> = (0..900).map(|number| format!("Northwind new {number}")).collect();
    put_names(&other, 10_001, &late).await;
    for _ in 0..8 {
        store.keep_search_map().await.unwrap();
        assert_eq!(find("new").await.len(), 900);
    }
    assert_eq!(find("qu").await, [2, 1, 9_001]);
    assert_eq!(find("nor").await.len(), 3_400);
}

/// As after a failover to a standby that lags: the same number of changes, and other ones.
async fn another_history_is_noticed(database: TestDatabase) {
    let store = with_map(&database).await;
    let find = async |text: &str| numbers(&store, &KeyFilter { search: search_of(text), ..all() }).await;
    assert_eq!(find("qu").await, [0; 0]);
    let mut raw = database.raw().await;
    let id = raw.id(key_id(5).0);
    let order: String = raw.bytes(&name_order("quartz"));
    let renamed = format!(
        "UPDATE api_key SET client_name = 'Quartz', client_name_folded = 'quartz', name_order = {order} WHERE id = {id}"
    );
    assert_eq!(raw.execute(&renamed).await, Ok(1));
    let epoch = raw.number("SELECT value FROM epoch").await;
    raw.execute(&format!("UPDATE epoch SET value = {}", epoch - 1)).await.unwrap();
    raw.execute(&format!("UPDATE epoch SET value = {epoch}")).await.unwrap();
    assert_eq!(find("qu").await, [5]);
    store.keep_search_map().await.unwrap();
    assert_eq!(find("qu").await, [5]);
}

/// While nodes are replaced one by one, one of before writes keys beside this one.
async fn keys_of_an_earlier_release_are_found(database: TestDatabase) {
    let store = with_map(&database).await;
    let find = async |text: &str| numbers(&store, &KeyFilter { search: search_of(text), ..all() }).await;
    let mut raw = database.raw().await;
    let (id, empty) = (raw.id(key_id(5).0), raw.bytes(&[]));
    let mut change = store.change().await.unwrap();
    let epoch = change.epoch();
    put(&mut change, installation(1), key(9_001, "Later")).await.unwrap();
    change.commit().await.unwrap();
    let written = format!(
        "UPDATE api_key SET client_name = 'Quartz', client_name_folded = 'quartz', name_order = {empty}, fold_version = 3, epoch = {epoch} \
         WHERE id = {id}"
    );
    assert_eq!(raw.execute(&written).await, Ok(1));
    assert_eq!(find("qu").await, [5]);
    // It is folded anew without an epoch, and found in its new place.
    assert!(store.fold_some_anew(Uuid::nil()).await.unwrap().is_some());
    assert_eq!(store.fold_some_anew(Uuid::nil()).await.unwrap(), None);
    assert_eq!(find("qu").await, [5]);
    store.keep_search_map().await.unwrap();
    assert_eq!(find("qu").await, [5]);
    let keys: Vec<Key> = store
        .list(&KeyFilter { search: search_of("qu"), ..all() }, Sort::default(), None, 5)
        .await
        .unwrap()
        .into_iter()
        .map(|key| key.at(at(100)))
        .collect();
    assert_eq!(keys[0].settings.client_name.as_str(), "Quartz");
}
