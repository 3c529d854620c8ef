use model::{CursorValue, Instant, Key, KeyId, Sort, SortColumn};
use store::{LastUse, Store, StoredKey, on_both_databases, testing::TestDatabase};

use crate::{
    fixture::{at, batch, installation, key, key_id, put, two_installations, used},
    list::all,
};

on_both_databases!(pages_show_every_key_once_in_order, pages_stay_true_while_keys_come_and_go);

const SORTS: [SortColumn; 3] = [SortColumn::ClientName, SortColumn::CreatedAt, SortColumn::LastUsedAt];

fn sorts() -> impl Iterator<Item = Sort> {
    SORTS.into_iter().flat_map(|column| [false, true].map(|descending| Sort { column, descending }))
}

/// Where a list goes on after `key`.
fn place(key: &StoredKey, sort: Sort) -> (CursorValue, KeyId) {
    let shown = key.clone().at(at(0));
    let value = match sort.column {
        SortColumn::ClientName => CursorValue::Text(key.folded_name().to_owned()),
        SortColumn::CreatedAt => CursorValue::Millis(shown.created_at.as_millis()),
        SortColumn::LastUsedAt => CursorValue::Millis(shown.last_used_at.map_or(0, Instant::as_millis)),
    };
    (value, key.id())
}

/// Keys with many ties in every order. Those from 100 on come later.
fn many(range: std::ops::Range<u128>) -> Vec<Key> {
    const NAMES: [&str; 7] = ["acme", "Acme", "ACME", "Äcme", "zebra", "Zebra", "100%"];
    range
        .map(|number| Key {
            created_at: at(i64::try_from(number / 4).unwrap()),
            ..key(number, NAMES[usize::try_from(number * 5 % 7).unwrap()])
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
            let key = |key| place(key, sort);
            let order = match (key(a), key(b)) {
                ((CursorValue::Text(a), a_id), (CursorValue::Text(b), b_id)) => (a, a_id).cmp(&(b, b_id)),
                ((CursorValue::Millis(a), a_id), (CursorValue::Millis(b), b_id)) => (a, a_id).cmp(&(b, b_id)),
                _ => unreachable!("one order, one kind of value"),
            };
            if sort.descending { order.reverse() } else { order }
        });
        assert_eq!((whole.len(), &whole), (59, &expected), "{sort}");
        for limit in [1, 7, 59, 60] {
            let (mut after, mut seen) = (None, Vec::new());
            loop {
                let page = store.list(&all(), sort, after.as_ref(), limit).await.unwrap();
                let Some(last) = page.last() else { break };
                assert!(page.len() <= usize::try_from(limit).unwrap());
                after = Some(place(last, sort));
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
            after = Some(place(last, sort));
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
