//! What the store tells of itself: how long the database takes, its connections, and what waits.

use store::{on_both_databases, testing::TestDatabase};

use crate::{
    fixture::{digest, two_installations},
    groups::{lined_up, until_waiting},
};

on_both_databases!(what_the_database_was_asked_is_counted, changes_that_wait_are_counted_beside_their_bound);

async fn what_the_database_was_asked_is_counted(database: TestDatabase) {
    let store = two_installations(&database).await;
    let count = |of: &str| {
        let metrics = store.metrics();
        metrics.times.iter().find(|(name, _)| *name == of).unwrap().1.count()
    };
    let before = ["read", "lookup", "poll", "turn", "commit"].map(count);
    let changes = store.metrics().changes;
    store.change().await.unwrap().commit().await.unwrap();
    // Left, and so no change.
    drop(store.change().await.unwrap());
    store.epoch().await.unwrap();
    store.record_by_digest(&digest(9)).await.unwrap();
    let after = ["read", "lookup", "poll", "turn", "commit"].map(count);
    let more: Vec<_> = after.iter().zip(before).map(|(after, before)| after - before).collect();
    assert_eq!(more, [0, 1, 1, 2, 1]);
    assert_eq!(store.metrics().changes, changes + 1);
    for pool in store.metrics().pools {
        assert!(pool.bound >= 1 && pool.busy + pool.idle <= pool.bound, "{pool:?}");
    }
    assert_eq!(store.metrics().pools.map(|pool| pool.of), ["read", "lookup", "poll", "write"]);
}

async fn changes_that_wait_are_counted_beside_their_bound(database: TestDatabase) {
    let store = two_installations(&database).await;
    let held = store.change().await.unwrap();
    let others: Vec<_> = (0..2).map(|_| store.clone()).collect();
    let waiting = lined_up(&store, others.into_iter().map(|store| async move { drop(store.change().await) })).await;
    until_waiting(&store, 2).await;
    let [revoking, others] = store.occupancy();
    assert_eq!((revoking.of, revoking.used, revoking.bound), ("revoking_changes", 0, 1_000));
    assert_eq!((others.of, others.used, others.bound), ("changes", 2, 1_000));
    drop(held);
    for waited in waiting {
        waited.await.unwrap();
    }
    assert_eq!(store.occupancy().map(|room| room.used), [0, 0]);
}
