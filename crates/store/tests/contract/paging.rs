use model::{Key, KeyId, KeyStatus, Preset, Sort, SortColumn};
use store::{KeyFilter, LastUse, Store, StoredKey, on_both_databases, testing::TestDatabase};

use crate::{
    fixture::{at, batch, installation, key, key_id, put, put_names, two_installations, used},
    list::{all, numbers},
};

on_both_databases!(
    pages_show_every_key_once_in_order,
    pages_stay_true_while_keys_come_and_go,
    names_are_ordered_as_people_sort_them,
    states_are_ordered_by_what_needs_a_look,
    the_keys_of_one_preset_are_ordered_by_presets_as_by_name,
    every_order_is_served_by_an_index,
);

fn sorts() -> impl Iterator<Item = Sort> {
    SortColumn::ALL.into_iter().flat_map(|column| [false, true].map(|descending| Sort { column, descending }))
}

/// Keys with many ties in every order. Those from 100 on come later.
fn many(range: std::ops::Range<u128>) -> Vec<Key> {
    const NAMES: [&str; 7] = ["acme", "Acme", "ACME", "Äcme", "zebra", "Zebra", "100%"];
    range
        .map(|number| {
            let mut key = key(number, NAMES[usize::try_from(number * 5 % 7).unwrap()]);
            let settings = &mut key.settings;
            settings.preset = Preset::ALL[usize::try_from(number % 3).unwrap()];
            settings.enabled = number % 6 != 0;
            settings.expires_at = [None, Some(at(50)), Some(at(5_000))][usize::try_from(number / 2 % 3).unwrap()];
            Key { created_at: at(i64::try_from(number / 4).unwrap()), ..key }
        })
        .collect()
}

async fn put_all(store: &Store, keys: Vec<Key>) {
    let used: Vec<LastUse> = keys
        .iter()
        .map(|key| key.id.0.as_u128())
        .filter(|number| number % 3 != 0)
        .map(|number| used(1, number, i64::try_from(number % 5 + 1).unwrap()))
        .collect();
    let mut change = store.change().await.unwrap();
    for key in keys {
        put(&mut change, installation(1), key).await.unwrap();
    }
    change.commit().await.unwrap();
    store.record_usage(&batch(&[], &used)).await.unwrap();
}

async fn pages_show_every_key_once_in_order(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_all(&store, many(1..60)).await;
    for sort in sorts() {
        let whole = store.list(&all(), sort, None, 1_000).await.unwrap();
        let mut expected = whole.clone();
        expected.sort_by(|a, b| {
            let order = a.place(sort.column).cmp(&b.place(sort.column));
            if sort.descending { order.reverse() } else { order }
        });
        assert_eq!((whole.len(), &whole), (59, &expected), "{sort}");
        for limit in [1, 7, 59, 60] {
            let (mut after, mut seen) = (None, Vec::new());
            loop {
                let page = store.list(&all(), sort, after.as_ref(), limit).await.unwrap();
                let Some(last) = page.last() else { break };
                assert!(page.len() <= usize::try_from(limit).unwrap());
                after = Some(last.place(sort.column));
                seen.extend(page);
            }
            assert_eq!(seen, whole, "{sort} in pages of {limit}");
        }
    }
}

async fn pages_stay_true_while_keys_come_and_go(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_all(&store, many(1..40)).await;
    let mut fresh = 100;
    // These are deleted on the way, and restored for the next order.
    let leaving: Vec<KeyId> = (1..40).filter(|number| number % 4 == 0).map(key_id).collect();
    for sort in sorts() {
        let (mut after, mut seen, mut round) = (None, Vec::new(), 0);
        loop {
            let page = store.list(&all(), sort, after.as_ref(), 5).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.place(sort.column));
            seen.extend(page.iter().map(StoredKey::id));
            // Only this often, or an order with the newest last would never end.
            let Some(one) = leaving.get(round) else { continue };
            put_all(&store, many(fresh..fresh + 2)).await;
            let mut change = store.change().await.unwrap();
            change.delete_keys(installation(1), &[*one], at(500)).await.unwrap();
            change.commit().await.unwrap();
            (fresh, round) = (fresh + 2, round + 1);
        }
        let mut once = seen.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), seen.len(), "{sort}: a key was shown twice");
        let stayed: Vec<KeyId> = (1..40).map(key_id).filter(|id| !leaving.contains(id)).collect();
        let missed: Vec<_> = stayed.iter().filter(|id| !once.contains(id)).collect();
        assert!(missed.is_empty(), "{sort}: {missed:?}");
        assert!(round > 5, "{sort}: too few pages");
        let mut change = store.change().await.unwrap();
        for id in &leaving {
            change.restore_key(installation(1), *id, at(600)).await.unwrap();
        }
        // Deletes the keys that came, or each order would have more to show than the one before.
        let came: Vec<KeyId> = (100..fresh).map(key_id).collect();
        change.delete_keys(installation(1), &came, at(600)).await.unwrap();
        change.commit().await.unwrap();
    }
}

async fn names_are_ordered_as_people_sort_them(database: TestDatabase) {
    let store = two_installations(&database).await;
    let names = [
        "Zürich",
        "Client 10",
        "Évora",
        "client 2",
        "eBay",
        "Fjord",
        "Échelle",
        "Client 2 b",
        "東京",
        "100",
        "Öl",
        "20",
    ];
    put_names(&store, 1, &names.map(str::to_owned)).await;
    let ordered = [
        "20",
        "100",
        "client 2",
        "Client 2 b",
        "Client 10",
        "eBay",
        "Échelle",
        "Évora",
        "Fjord",
        "Öl",
        "Zürich",
        "東京",
    ];
    let found = store.list(&all(), Sort::default(), None, 20).await.unwrap();
    assert_eq!(found.iter().map(|key| key.client_name().as_str()).collect::<Vec<_>>(), ordered);
    // A key of an earlier release stands first until it is folded anew.
    let mut raw = database.raw().await;
    let id = raw.id(key_id(1).0);
    let empty = raw.bytes(&[]);
    raw.execute(&format!("UPDATE api_key SET name_order = {empty}, fold_version = 3 WHERE id = {id}")).await.unwrap();
    assert_eq!(numbers(&store, &all()).await[0], 1);
    assert!(store.fold_some_anew(uuid::Uuid::nil()).await.unwrap().is_some());
    assert_eq!(numbers(&store, &all()).await, [12, 10, 4, 8, 2, 5, 7, 3, 6, 11, 1, 9]);
}

async fn states_are_ordered_by_what_needs_a_look(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(
        &store,
        1,
        &["active", "ends later", "expired", "disabled", "ends soon", "disabled, too"].map(str::to_owned),
    )
    .await;
    let mut raw = database.raw().await;
    for (number, set) in [
        (2, "expires_at = 900"),
        (3, "expires_at = 100"),
        (4, "disabled_at = 50"),
        (5, "expires_at = 200"),
        (6, "disabled_at = 50, expires_at = 60"),
    ] {
        let id = raw.id(key_id(number).0);
        raw.execute(&format!("UPDATE api_key SET {set} WHERE id = {id}")).await.unwrap();
    }
    for (column, expected) in [(SortColumn::Status, [3, 5, 2, 1, 4, 6]), (SortColumn::ExpiresAt, [6, 3, 5, 2, 1, 4])] {
        for descending in [false, true] {
            let found = store.list(&all(), Sort { column, descending }, None, 10).await.unwrap();
            let mut found: Vec<u128> = found.iter().map(|key| key.id().0.as_u128()).collect();
            if descending {
                found.reverse();
            }
            assert_eq!(found, expected, "{column:?} {descending}");
        }
    }
    let status = store.list(&all(), Sort { column: SortColumn::Status, descending: false }, None, 10).await.unwrap();
    let status: Vec<KeyStatus> = status.into_iter().map(|key| key.at(all().now).status).collect();
    assert!(status.is_sorted_by_key(|status| {
        [KeyStatus::Expired, KeyStatus::Active, KeyStatus::Disabled].iter().position(|of| of == status)
    }));
}

async fn the_keys_of_one_preset_are_ordered_by_presets_as_by_name(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_all(&store, many(1..60)).await;
    // By their names in the database this one stands between the two others.
    let [before, of, behind] = [Preset::ALL[0], Preset::ALL[2], Preset::ALL[1]];
    let filter = KeyFilter { preset: Some(of), ..all() };
    for descending in [false, true] {
        let [by_preset, by_name] =
            [SortColumn::Preset, SortColumn::ClientName].map(|column| Sort { column, descending });
        let whole = store.list(&filter, by_name, None, 100).await.unwrap();
        assert_eq!(whole.len(), 20);
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = store.list(&filter, by_preset, after.as_ref(), 7).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.place(by_preset.column));
            seen.extend(page);
        }
        assert_eq!(seen, whole);
        for (other, expected) in [(before, if descending { 0 } else { 20 }), (behind, if descending { 20 } else { 0 })]
        {
            let others = KeyFilter { preset: Some(other), ..all() };
            let place = store.list(&others, by_preset, None, 1).await.unwrap()[0].place(SortColumn::Preset);
            let found = store.list(&filter, by_preset, Some(&place), 100).await.unwrap();
            assert_eq!(found.len(), expected, "{other:?} {descending}");
        }
    }
}

/// With a million keys nothing else would be soon enough.
async fn every_order_is_served_by_an_index(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_all(&store, many(1..20)).await;
    for sort in sorts() {
        let place = store.list(&all(), sort, None, 1).await.unwrap()[0].place(sort.column);
        for (preset, after) in
            [None, Some(Preset::Crm)].into_iter().flat_map(|preset| [(preset, None), (preset, Some(&place))])
        {
            let plan = store.explain_list(&KeyFilter { preset, ..all() }, sort, after).await.unwrap();
            let indexes: &[&str] = match sort.column {
                SortColumn::ClientName => &["api_key_by_name", "api_key_by_preset"],
                SortColumn::Preset => &["api_key_by_preset", "api_key_by_name"],
                SortColumn::Status => &["api_key_by_status"],
                SortColumn::ExpiresAt => &["api_key_by_expiry"],
                SortColumn::CreatedAt => &["api_key_by_created"],
                SortColumn::LastUsedAt => &["api_key_by_last_used"],
            };
            assert!(indexes.iter().any(|index| plan.contains(index)), "{sort} {preset:?}: {plan}");
            assert!(!plan.contains("Sort") && !plan.contains("ORDER BY"), "{sort} {preset:?}: {plan}");
            // A list goes on in the index, from its place.
            let range = if database.is_postgres() { "(ROW(" } else { ",id)" };
            assert_eq!(plan.contains(range), after.is_some(), "{sort} {preset:?}: {plan}");
        }
    }
}
