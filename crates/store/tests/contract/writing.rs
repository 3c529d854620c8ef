//! What a failed write leaves behind: nothing, also not in the connection.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use model::Code;
use store::{Store, StoreError, UsageBatch, on_both_databases, testing::TestDatabase};
use tokio::time::timeout;
use uuid::Uuid;

use crate::fixture::{at, batch, calls, installation, key, put, two_installations};

on_both_databases!(writing_is_tried_without_a_change);

fn many_calls(keys: u128) -> UsageBatch {
    batch(&(0..keys).map(|key| calls(key, 0, Code::Valid, 1)).collect::<Vec<_>>(), &[])
}

/// A disk that is full for a moment: SQLite rolls back by itself, and everything works again when there is room.
#[tokio::test]
async fn a_full_disk_stops_writing_for_as_long_as_it_is_full() {
    let database = TestDatabase::sqlite().await;
    let store = two_installations(&database).await;
    let before = store.epoch().await.unwrap();
    for round in 0..3 {
        // A limit of the writing connection: it goes with it.
        let pages = database.raw().await.number("PRAGMA page_count").await;
        let writer = store.pragma(&format!("max_page_count = {pages}")).await;
        assert_eq!(writer[0], pages);
        let full = store.record_usage(&many_calls(20_000)).await.unwrap_err().to_string();
        assert!(full.contains("disk is full"), "{full}");
        timeout(Duration::from_secs(30), store.doubted()).await.expect("whoever watches is woken");
        store.record_usage(&many_calls(5)).await.unwrap();
        store.change().await.unwrap().commit().await.unwrap();
        assert_eq!(store.epoch().await.unwrap(), before + round + 1);
        store.purge(at(0), at(0)).await.unwrap();
        store.try_writing().await.unwrap();
    }
    assert_eq!(database.raw().await.number("SELECT SUM(calls) FROM usage_bucket").await, 15, "all or nothing");
}

/// The same in the middle of a change.
#[tokio::test]
async fn a_change_that_finds_the_disk_full_is_refused_and_the_next_is_made() {
    let database = TestDatabase::sqlite().await;
    let store = two_installations(&database).await;
    let before = store.epoch().await.unwrap();
    for _ in 0..3 {
        let pages = database.raw().await.number("PRAGMA page_count").await;
        store.pragma(&format!("max_page_count = {pages}")).await;
        let mut change = store.change().await.unwrap();
        let names: Vec<_> = (0..500).map(|number| format!("Acme {number}")).collect();
        let mut refused = false;
        for (number, name) in (1..).zip(&names) {
            refused |= put(&mut change, installation(1), key(number, name)).await.is_err();
        }
        refused |= change.commit().await.is_err();
        assert!(refused);
    }
    store.change().await.unwrap().commit().await.unwrap();
    assert_eq!(store.epoch().await.unwrap(), before + 1);
}

#[tokio::test]
async fn a_connection_that_is_cut_in_the_middle_is_not_used_again() {
    let database = TestDatabase::postgres().await;
    let store = two_installations(&database).await;
    let before = store.epoch().await.unwrap();
    let change = store.change().await.unwrap();
    let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() \
               AND application_name = 'keydesk'";
    assert!(database.raw().await.number(cut).await > 0);
    change.commit().await.unwrap_err();
    timeout(Duration::from_secs(30), store.doubted()).await.expect("whoever watches is woken");
    store.record_usage(&many_calls(3)).await.unwrap();
    store.change().await.unwrap().commit().await.unwrap();
    assert_eq!(store.epoch().await.unwrap(), before + 1);
}

async fn writing_is_tried_without_a_change(database: TestDatabase) {
    let store = two_installations(&database).await;
    store.begin_anew(store.look().await.unwrap().newest);
    let look = store.look().await.unwrap();
    store.try_writing().await.unwrap();
    assert_eq!(store.look().await.unwrap(), look);
    assert!(look.continues);
    store.close().await;
    store.try_writing().await.unwrap_err();
}

/// Known long before those who wait for the lock give up, and over when one of them has it.
async fn is_known_while_it_is_waited_for(writes: impl AsyncFnOnce(Store) -> Result<(), StoreError>) {
    let database = TestDatabase::sqlite().await;
    let store = two_installations(&database).await;
    assert!(!store.is_locked_out());
    let mut other = database.raw().await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let is_over = AtomicBool::new(false);
    let writing = async {
        writes(store.clone()).await.unwrap();
        is_over.store(true, Relaxed);
    };
    let looking = async {
        timeout(Duration::from_secs(30), store.locked_out()).await.expect("it is told");
        assert!(store.is_locked_out());
        assert!(!is_over.load(Relaxed), "it waits for the lock");
        timeout(Duration::from_secs(30), store.doubted()).await.expect("whoever watches is woken");
        other.execute("ROLLBACK").await.unwrap();
    };
    tokio::join!(writing, looking);
    assert!(!store.is_locked_out());
}

#[tokio::test]
async fn a_lock_that_another_program_holds_is_known_while_a_change_waits_for_it() {
    is_known_while_it_is_waited_for(async |store| store.change().await?.commit().await).await;
}

#[tokio::test]
async fn a_lock_that_another_program_holds_is_known_from_writes_outside_of_changes() {
    is_known_while_it_is_waited_for(async |store| store.move_purge_clock(at(9)).await).await;
}
