//! Whether the database's past is the one that is known, also while a release of before goes on writing; and hints of changes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use store::{HintsEnded, Store, on_both_databases, testing::TestDatabase};
use tokio::{task::JoinHandle, time::timeout};

on_both_databases!(
    a_release_of_before_goes_on_writing_the_same_history,
    a_set_back_epoch_is_another_history_whatever_comes_after,
    marks_are_bounded
);

/// As the release before migration 10 writes a change, and a group of changes.
const CHANGE: &str = "UPDATE epoch SET value = value + 1 WHERE id = 1";
const GROUP: &str =
    "BEGIN; UPDATE epoch SET value = value + 1 WHERE id = 1; UPDATE epoch SET value = 40 WHERE id = 1; COMMIT";

async fn begin(store: &Store) {
    store.begin_anew(store.look().await.unwrap().newest);
}

/// Looks, and goes on. Gives the epoch, if the history goes on.
async fn go_on(store: &Store) -> Option<i64> {
    let look = store.look().await.unwrap();
    store.go_on(look.newest);
    look.continues.then_some(look.newest.epoch)
}

async fn a_release_of_before_goes_on_writing_the_same_history(database: TestDatabase) {
    database.migrate_to(9).await;
    let mut before = database.raw().await;
    before.execute(CHANGE).await.unwrap();
    // The new release starts beside it, and brings the tables up to date.
    let (store, other) = (database.store().await, database.store().await);
    begin(&store).await;
    begin(&other).await;
    assert_eq!(store.seen(), 1);
    before.execute(CHANGE).await.unwrap();
    assert_eq!((go_on(&store).await, go_on(&other).await), (Some(2), Some(2)));
    // Changes of both in turn, alone and together.
    store.change().await.unwrap().commit().await.unwrap();
    assert_eq!(store.seen(), 3, "its own change counts as seen");
    before.execute(GROUP).await.unwrap();
    other.change().await.unwrap().commit().await.unwrap();
    before.execute(CHANGE).await.unwrap();
    assert_eq!((go_on(&store).await, go_on(&other).await), (Some(42), Some(42)));
    let marks = "SELECT COUNT(*) FROM epoch_mark m JOIN epoch e ON e.value = m.epoch AND e.mark = m.mark";
    assert_eq!(before.number(marks).await, 1);
}

async fn a_set_back_epoch_is_another_history_whatever_comes_after(database: TestDatabase) {
    let store = database.store().await;
    let mut raw = database.raw().await;
    for (then, to) in [("lower", 3), ("equal", 5), ("higher", 9)] {
        raw.execute("UPDATE epoch SET value = 5").await.unwrap();
        begin(&store).await;
        assert_eq!(go_on(&store).await, Some(5), "{then}");
        raw.execute("UPDATE epoch SET value = 2").await.unwrap();
        for _ in 2..to {
            raw.execute(CHANGE).await.unwrap();
        }
        let look = store.look().await.unwrap();
        assert!(!look.continues && look.newest.epoch == to, "{then}: {look:?}");
        store.begin_anew(look.newest);
        assert_eq!(go_on(&store).await, Some(to), "{then}");
    }
}

async fn marks_are_bounded(database: TestDatabase) {
    let store = database.store().await;
    let mut raw = database.raw().await;
    begin(&store).await;
    for value in [1, 2, 60_000, 100_001, 100_002, 500_000] {
        raw.execute(&format!("UPDATE epoch SET value = {value}")).await.unwrap();
    }
    let marks = raw.number("SELECT COUNT(*) FROM epoch_mark").await;
    assert_eq!(marks, 1);
    assert!(!store.look().await.unwrap().continues, "what was seen is too long ago to be told");
}

fn listen(store: &Store) -> (Arc<AtomicU64>, JoinHandle<Result<HintsEnded, store::StoreError>>) {
    let hints = Arc::new(AtomicU64::new(0));
    let (counted, store) = (Arc::clone(&hints), store.clone());
    let hint = move || {
        counted.fetch_add(1, SeqCst);
    };
    (hints, tokio::spawn(async move { store.listen(hint).await }))
}

async fn until(hints: &AtomicU64, least: u64) {
    let reached = timeout(Duration::from_secs(30), async {
        while hints.load(SeqCst) < least {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    reached.await.unwrap_or_else(|_| panic!("{hints:?} of {least} hints"));
}

#[tokio::test]
async fn postgresql_tells_of_every_change_when_it_is_committed() {
    let database = TestDatabase::postgres().await;
    let (store, other) = (database.store().await, database.store().await);
    let (hints, listening) = listen(&other);
    until(&hints, 1).await;
    let before = hints.load(SeqCst);
    store.change().await.unwrap().commit().await.unwrap();
    until(&hints, before + 1).await;
    // Of one that a release of before makes, too.
    database.raw().await.execute(CHANGE).await.unwrap();
    until(&hints, before + 2).await;
    // A connection that is cut is told, so that it is listened anew.
    let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() \
               AND application_name = 'keydesk'";
    database.raw().await.number(cut).await;
    let ended = timeout(Duration::from_secs(30), listening).await.unwrap().unwrap();
    assert!(ended.is_err() || ended.as_ref().is_ok_and(|ended| *ended == HintsEnded::Lost), "{ended:?}");
}

#[tokio::test]
async fn sqlite_gives_no_hints() {
    let store = TestDatabase::sqlite().await.store().await;
    assert_eq!(store.listen(|| ()).await.unwrap(), HintsEnded::Never);
}
