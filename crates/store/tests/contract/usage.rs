use model::{Code, Instant, KeyId};
use store::{Store, on_both_databases, testing::TestDatabase};

use crate::fixture::{at, batch, calls as delta, digest, installation, key_id, put_names, two_installations, used};

on_both_databases!(
    calls_add_up_in_their_bucket,
    the_last_use_moves_forward_only,
    usage_is_written_whole_or_not_at_all,
    nodes_that_write_the_same_keys_at_once_do_not_block_each_other,
    rows_that_are_too_old_are_purged
);

async fn buckets(database: &TestDatabase) -> Vec<String> {
    let sql =
        "SELECT bucket_start || ' ' || code || ' ' || calls FROM usage_bucket ORDER BY key_id, bucket_start, code";
    database.raw().await.texts(sql).await
}

async fn last_used(store: &Store, number: u128) -> Option<Instant> {
    let record = store.record_by_digest(&digest(number)).await.unwrap().unwrap();
    let key = store.key(installation(1), key_id(number)).await.unwrap().unwrap();
    assert_eq!(key.clone().at(at(0)).last_used_at, record.last_used_at);
    assert_eq!(key.version(), 1, "a use is no edit");
    record.last_used_at
}

async fn calls_add_up_in_their_bucket(database: TestDatabase) {
    let store = two_installations(&database).await;
    store.record_usage(&batch(&[], &[])).await.unwrap();
    // A bucket may come twice at once: two secrets of one key.
    let deltas = [
        delta(1, 0, Code::Valid, 2),
        delta(1, 0, Code::Revoked, 1),
        delta(1, 0, Code::Valid, 3),
        delta(1, 1, Code::Valid, 1),
        delta(2, 0, Code::Valid, 1),
    ];
    store.record_usage(&batch(&deltas, &[])).await.unwrap();
    store.record_usage(&batch(&deltas[..2], &[])).await.unwrap();
    assert_eq!(buckets(&database).await, ["0 REVOKED 2", "0 VALID 7", "3600000 VALID 1", "0 VALID 1"]);
}

async fn the_last_use_moves_forward_only(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned(), "Beta".to_owned()]).await;
    assert_eq!(last_used(&store, 1).await, None);
    for (place, number, ms, expected) in [(1, 1, 50, 50), (1, 1, 40, 50), (2, 1, 90, 50), (1, 1, 60, 60)] {
        store.record_usage(&batch(&[], &[used(place, number, ms)])).await.unwrap();
        assert_eq!(last_used(&store, 1).await, Some(at(expected)));
    }
    assert_eq!(last_used(&store, 2).await, None);
    store.record_usage(&batch(&[], &[used(1, 1_000_001, 70)])).await.unwrap();
    let default = store.default_key(installation(1)).await.unwrap().unwrap();
    assert_eq!(default.at(at(0)).last_used_at, Some(at(70)));
}

async fn usage_is_written_whole_or_not_at_all(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    // A bucket of no calls breaks a CHECK.
    let deltas = [delta(1, 0, Code::Valid, 1), delta(1, 0, Code::Expired, 0)];
    assert!(store.record_usage(&batch(&deltas, &[used(1, 1, 50)])).await.is_err());
    assert_eq!(buckets(&database).await, [""; 0]);
    assert_eq!(last_used(&store, 1).await, None);
}

async fn nodes_that_write_the_same_keys_at_once_do_not_block_each_other(database: TestDatabase) {
    let one = two_installations(&database).await;
    put_names(&one, 1, &(0..60).map(|number| format!("Client {number}")).collect::<Vec<_>>()).await;
    let other = database.store().await;
    let ids: Vec<KeyId> = (1..=60).map(key_id).collect();
    let write = async |store: Store, mut numbers: Vec<u128>, reverse: bool| {
        if reverse {
            numbers.reverse();
        }
        let deltas: Vec<_> = numbers.iter().map(|number| delta(*number, 0, Code::Valid, 1)).collect();
        for round in 1..=10 {
            let used: Vec<_> = numbers.iter().map(|number| used(1, *number, round)).collect();
            store.record_usage(&batch(&deltas, &used)).await.expect("no deadlock");
        }
    };
    let edit = async |store: Store, ids: Vec<KeyId>| {
        for round in 0..10 {
            let mut change = store.change().await.unwrap();
            change.delete_keys(installation(1), &ids, at(100 + round)).await.expect("no deadlock");
            for id in ids.iter().rev() {
                change.restore_key(installation(1), *id, at(100 + round)).await.expect("no deadlock");
            }
            change.commit().await.unwrap();
        }
    };
    let numbers: Vec<u128> = (1..=60).collect();
    tokio::join!(
        write(one.clone(), numbers.clone(), false),
        write(other.clone(), numbers, true),
        edit(other, ids.clone()),
        edit(one, ids)
    );
    let calls = "SELECT CAST(SUM(calls) AS BIGINT) FROM usage_bucket";
    assert_eq!(database.raw().await.number(calls).await, 2 * 10 * 60);
}

async fn rows_that_are_too_old_are_purged(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned(), "Beta".to_owned(), "Gamma".to_owned()]).await;
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(1)], at(50)).await.unwrap();
    change.delete_keys(installation(1), &[key_id(2)], at(51)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.purge(at(0), at(49)).await.unwrap(), 0);
    assert_eq!(store.purge(at(0), at(50)).await.unwrap(), 1);
    assert_eq!(store.key(installation(1), key_id(1)).await.unwrap(), None);
    assert_eq!(store.record_by_digest(&digest(1)).await.unwrap(), None);
    assert!(store.key(installation(1), key_id(2)).await.unwrap().is_some());
    assert_eq!(store.purge(at(1_000), at(1_000)).await.unwrap(), 1);
    assert!(store.key(installation(1), key_id(3)).await.unwrap().is_some());
    assert!(store.default_key(installation(1)).await.unwrap().is_some());
}
