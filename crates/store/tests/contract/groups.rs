//! Changes that wait for each other are committed together, and fail alone.

use std::{sync::Arc, time::Duration};

use model::{Action, Actor, AuditId};
use store::{
    AuditEntry, AuditHead, CallingKey, Change, HASH_LEN, Store, StoreError, StoredKey, Turn, on_both_databases,
    testing::TestDatabase,
};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::fixture::{at, digest, installation, key, key_id, put, secret, two_installations};

on_both_databases!(
    changes_that_wait_are_committed_together,
    a_change_that_fails_takes_no_other_with_it,
    a_reader_waits_for_the_commit_of_what_it_saw,
    rows_that_the_database_refuses_refuse_the_group,
    a_caller_is_known_until_something_changes,
    after_a_failed_statement_nothing_is_committed,
    a_commit_that_fails_refuses_all_its_changes,
    more_changes_than_may_wait_are_refused,
    a_change_of_many_rows_is_committed_by_itself,
    the_number_of_keys_is_right_at_once
);

/// Waits until this many changes wait for their turn.
pub(crate) async fn until_waiting(store: &Store, changes: usize) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while store.changes_waiting() < changes {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    waited.await.unwrap();
}

/// Spawns tasks that wait for their turn, one after the other, so that turns come in this order.
pub(crate) async fn lined_up<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    store: &Store,
    work: impl IntoIterator<Item = F>,
) -> Vec<JoinHandle<T>> {
    let mut tasks = Vec::new();
    for work in work {
        let before = store.changes_waiting();
        tasks.push(tokio::spawn(work));
        until_waiting(store, before + 1).await;
    }
    tasks
}

/// Writes a key with its audit entry, as the domain does. The number is that of the key; the row of an even one is kept, to
/// be written with those of other changes.
pub(crate) async fn write(change: &mut Change, number: u128) -> Result<(), StoreError> {
    if number.is_multiple_of(2) {
        let stored = StoredKey::new(installation(1), key(number, "Acme"), change.epoch());
        change.insert_keys_later(&[(stored, secret(number, true))]);
        change.count_keys(installation(1), 1).await?;
    } else {
        put(change, installation(1), key(number, "Acme")).await?;
    }
    let (seq, previous_hash) = change.audit_end(installation(1)).await?.last.unwrap_or((0, [0; HASH_LEN]));
    let mut hash = [0; HASH_LEN];
    hash[..16].copy_from_slice(&number.to_be_bytes());
    let entry = AuditEntry {
        seq: seq + 1,
        id: AuditId(Uuid::from_u128(number)),
        at: at(7),
        actor: serde_json::to_string(&Actor::System).unwrap(),
        action: Action::KeyIssue.as_str().to_owned(),
        key: Some(key_id(number)),
        environment: None,
        detail: "{}".to_owned(),
        address: None,
        request_id: None,
        user_agent: None,
        via_digest: None,
        audit_key: Some("a1".to_owned()),
        previous_hash,
        hash,
    };
    let head = AuditHead { entries: entry.seq, hash, at: at(7), audit_key: "a1".to_owned(), mac: hash };
    change.append_audit(installation(1), &[entry], head).await
}

pub(crate) async fn write_and_commit(store: Store, number: u128) -> Result<i64, StoreError> {
    let mut change = store.change().await?;
    write(&mut change, number).await?;
    let epoch = change.epoch();
    change.commit().await?;
    Ok(epoch)
}

/// Fails at its second key, whose digest is taken.
pub(crate) async fn write_and_fail(store: Store, number: u128) -> Result<i64, StoreError> {
    let mut change = store.change().await?;
    write(&mut change, number).await?;
    let stored = StoredKey::new(installation(1), key(number + 500_000, "Acme"), change.epoch());
    let mut taken = secret(number + 500_000, false);
    taken.digest = digest(number);
    change.insert_keys(&[(stored, taken)]).await?;
    change.commit().await?;
    Ok(0)
}

/// Checks that the log is one chain, and returns its keys in order.
pub(crate) async fn logged(store: &Store) -> Vec<u128> {
    let entries = store.audit_after(installation(1), 0, 100_000).await.unwrap();
    let mut previous = [0; HASH_LEN];
    for (entry, seq) in entries.iter().zip(1..) {
        assert_eq!((entry.seq, entry.previous_hash), (seq, previous));
        previous = entry.hash;
    }
    let head = store.audit_head(installation(1)).await.unwrap().map(|head| (head.entries, head.hash));
    assert_eq!(head, entries.last().map(|last| (last.seq, last.hash)), "one row, as the last change left it");
    entries.iter().map(|entry| entry.key.unwrap().0.as_u128()).collect()
}

/// Those of these keys that exist.
pub(crate) async fn there(store: &Store, numbers: impl IntoIterator<Item = u128>) -> Vec<u128> {
    let mut there = Vec::new();
    for number in numbers {
        if store.key(installation(1), key_id(number)).await.unwrap().is_some() {
            assert!(store.record_by_digest(&digest(number)).await.unwrap().is_some());
            there.push(number);
        }
    }
    there
}

async fn changes_that_wait_are_committed_together(database: TestDatabase) {
    let store = two_installations(&database).await;
    let before = store.epoch().await.unwrap();
    let mut first = store.change().await.unwrap();
    write(&mut first, 1).await.unwrap();
    let second = {
        let store = store.clone();
        tokio::spawn(async move { store.change().await.unwrap() })
    };
    until_waiting(&store, 1).await;
    let later = lined_up(&store, (3..=40).map(|number| write_and_commit(store.clone(), number))).await;
    let first_epoch = first.epoch();
    let first = tokio::spawn(first.commit());
    let mut second = second.await.unwrap();
    // The second is at work, and so the first is not committed.
    write(&mut second, 2).await.unwrap();
    assert!(!first.is_finished());
    assert_eq!(store.epoch().await.unwrap(), before);
    assert_eq!(there(&store, 1..=40).await, []);
    let mut epochs = vec![first_epoch, second.epoch()];
    second.commit().await.unwrap();
    first.await.unwrap().unwrap();
    for later in later {
        epochs.push(later.await.unwrap().unwrap());
    }
    assert_eq!(epochs, (before + 1..=before + 40).collect::<Vec<_>>());
    assert_eq!(store.epoch().await.unwrap(), before + 40);
    assert_eq!(there(&store, 1..=41).await, (1..=40).collect::<Vec<_>>());
    assert_eq!(logged(&store).await, (1..=40).collect::<Vec<_>>());
    assert_eq!(store.key_count(installation(1)).await.unwrap(), 40);
    for (number, epoch) in (1..).zip(epochs) {
        assert_eq!(store.key(installation(1), key_id(number)).await.unwrap().unwrap().epoch, epoch);
    }
}

async fn a_change_that_fails_takes_no_other_with_it(database: TestDatabase) {
    let store = two_installations(&database).await;
    let before = store.epoch().await.unwrap();
    // The first of a group fails, others, several in a row, and the last.
    for (round, fails) in [(0, [0, 2, 3, 6]), (1, [1, 2, 4, 5])] {
        let held = store.change().await.unwrap();
        let work = (0..7).map(|place| {
            let (store, number) = (store.clone(), 100 * (round + 1) + place);
            async move {
                if fails.contains(&place) {
                    assert!(write_and_fail(store, number).await.is_err());
                    None
                } else {
                    Some(write_and_commit(store, number).await.unwrap())
                }
            }
        });
        let tasks = lined_up(&store, work).await;
        drop(held);
        let mut epochs = Vec::new();
        for task in tasks {
            epochs.extend(task.await.unwrap());
        }
        assert!(epochs.is_sorted_by(|a, b| a < b), "{epochs:?}");
        assert_eq!(store.epoch().await.unwrap(), *epochs.last().unwrap());
    }
    let stayed = [101, 104, 105, 200, 203, 206];
    assert_eq!(there(&store, (100..107).chain(200..207)).await, stayed);
    assert_eq!(logged(&store).await, stayed);
    assert_eq!(store.key_count(installation(1)).await.unwrap(), 6);
    assert_eq!(store.epoch().await.unwrap(), before + 6, "what failed left a gap");
}

async fn a_reader_waits_for_the_commit_of_what_it_saw(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut first = store.change().await.unwrap();
    write(&mut first, 2).await.unwrap();
    let reader = {
        let store = store.clone();
        tokio::spawn(async move {
            let mut change = store.change().await.unwrap();
            let seen = change.key(installation(1), key_id(2)).await.unwrap();
            (seen.is_some(), change.settled().unwrap())
        })
    };
    until_waiting(&store, 1).await;
    let third = {
        let store = store.clone();
        tokio::spawn(async move { store.change().await.unwrap() })
    };
    until_waiting(&store, 2).await;
    let first = tokio::spawn(first.commit());
    let (seen, settled) = reader.await.unwrap();
    assert!(seen, "a change sees what those before it in its group have done");
    let third = third.await.unwrap();
    let settled = tokio::spawn(settled.wait());
    assert_eq!(there(&store, [2]).await, []);
    assert!(!settled.is_finished());
    drop(third);
    settled.await.unwrap().unwrap();
    assert_eq!(there(&store, [2]).await, [2]);
    first.await.unwrap().unwrap();
}

async fn rows_that_the_database_refuses_refuse_the_group(database: TestDatabase) {
    let store = two_installations(&database).await;
    write_and_commit(store.clone(), 1).await.unwrap();
    let mut first = store.change().await.unwrap();
    let mut taken = secret(4, false);
    taken.digest = digest(1);
    let stored = StoredKey::new(installation(1), key(4, "Acme"), first.epoch());
    first.insert_keys_later(&[(stored, taken)]);
    let asks = |number| {
        let store = store.clone();
        async move {
            let mut change = store.change().await?;
            change.key(installation(1), key_id(number)).await?;
            change.commit().await
        }
    };
    let tasks = lined_up(&store, [asks(1), asks(4)]).await;
    assert!(first.commit().await.is_err());
    let [second, third] = <[_; 2]>::try_from(tasks).unwrap();
    assert!(second.await.unwrap().is_err(), "it met the refusal");
    third.await.unwrap().unwrap();
    assert_eq!(there(&store, [1, 4]).await, [1]);
    write_and_commit(store.clone(), 6).await.unwrap();
    assert_eq!(logged(&store).await, [1, 6]);
}

async fn a_caller_is_known_until_something_changes(database: TestDatabase) {
    let store = two_installations(&database).await;
    write_and_commit(store.clone(), 1).await.unwrap();
    let lives = |found: Option<Arc<CallingKey>>| found.map(|key| key.life.disabled_at.is_none());
    let caller = async |change: &mut Change| lives(change.caller(installation(1), key_id(1)).await.unwrap());
    let mut first = store.change().await.unwrap();
    assert_eq!(caller(&mut first).await, Some(true));
    let [disables, keeps, asks] = [(); 3].map(|()| {
        let store = store.clone();
        async move { store.change().await.unwrap() }
    });
    let mut waiting = lined_up(&store, [disables]).await;
    waiting.extend(lined_up(&store, [keeps]).await);
    waiting.extend(lined_up(&store, [asks]).await);
    let [disables, keeps, asks] = <[_; 3]>::try_from(waiting).unwrap();
    let first = tokio::spawn(first.commit());
    let mut disables = disables.await.unwrap();
    assert_eq!(caller(&mut disables).await, Some(true));
    disables.switch_keys(installation(1), &[key_id(1)], false, at(9)).await.unwrap();
    assert_eq!(caller(&mut disables).await, Some(false));
    // It fails, and so the key is enabled again.
    drop(disables);
    let mut keeps = keeps.await.unwrap();
    assert_eq!(caller(&mut keeps).await, Some(true));
    write(&mut keeps, 2).await.unwrap();
    let keeps = tokio::spawn(keeps.commit());
    let mut asks = asks.await.unwrap();
    assert_eq!(caller(&mut asks).await, Some(true));
    assert_eq!(lives(asks.caller(installation(1), key_id(2)).await.unwrap()), Some(true), "it was kept, and is found");
    asks.commit().await.unwrap();
    first.await.unwrap().unwrap();
    keeps.await.unwrap().unwrap();
}

async fn after_a_failed_statement_nothing_is_committed(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    write(&mut change, 1).await.unwrap();
    assert!(put(&mut change, installation(1), key(1, "Acme")).await.is_err());
    assert!(change.commit().await.is_err());
    assert_eq!(there(&store, [1]).await, []);
}

/// Makes the end of a group of three and more fail, on PostgreSQL its COMMIT itself.
const BREAK_SQLITE: &str = "CREATE TRIGGER broken BEFORE UPDATE ON epoch WHEN NEW.value > OLD.value + 1 \
     BEGIN SELECT RAISE(ROLLBACK, 'broken'); END";
const BREAK_POSTGRES: &str = "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.value > OLD.value + 1 \
     THEN RAISE EXCEPTION ''broken''; END IF; RETURN NULL; END'; CREATE CONSTRAINT TRIGGER broken AFTER UPDATE ON epoch \
     DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION broken()";

async fn a_commit_that_fails_refuses_all_its_changes(database: TestDatabase) {
    let store = two_installations(&database).await;
    let before = store.epoch().await.unwrap();
    let mut raw = database.raw().await;
    raw.execute(if database.is_postgres() { BREAK_POSTGRES } else { BREAK_SQLITE }).await.unwrap();
    let held = store.change().await.unwrap();
    let tasks = lined_up(&store, (1..=5).map(|number| write_and_commit(store.clone(), number))).await;
    held.commit().await.unwrap_err();
    for task in tasks {
        assert!(task.await.unwrap().is_err());
    }
    assert_eq!(there(&store, 1..=5).await, []);
    assert_eq!(store.epoch().await.unwrap(), before);
    // A change that comes alone does not fail.
    assert_eq!(write_and_commit(store.clone(), 6).await.unwrap(), before + 1);
    raw.execute(if database.is_postgres() { "DROP TRIGGER broken ON epoch" } else { "DROP TRIGGER broken" })
        .await
        .unwrap();
    assert_eq!(write_and_commit(store.clone(), 7).await.unwrap(), before + 2);
    assert_eq!(logged(&store).await, [6, 7]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_refuses_all_its_changes_on_postgres() {
    let database = TestDatabase::postgres().await;
    let store = two_installations(&database).await;
    let mut first = store.change().await.unwrap();
    write(&mut first, 1).await.unwrap();
    let second = {
        let store = store.clone();
        tokio::spawn(async move { store.change().await.unwrap() })
    };
    until_waiting(&store, 1).await;
    let first = tokio::spawn(first.commit());
    let mut second = second.await.unwrap();
    let sql = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'keydesk'";
    database.raw().await.texts(sql).await;
    assert!(write(&mut second, 3).await.is_err());
    assert!(second.commit().await.is_err());
    assert!(first.await.unwrap().is_err(), "it can't be said that it was committed");
    write_and_commit(store.clone(), 5).await.unwrap();
    assert_eq!(there(&store, 1..=5).await, [5]);
    assert_eq!(logged(&store).await, [5]);
}

async fn more_changes_than_may_wait_are_refused(database: TestDatabase) {
    const MAY: usize = 1_000;
    let store = two_installations(&database).await;
    let before = store.epoch().await.unwrap();
    let held = store.change().await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..MAY {
        let store = store.clone();
        tasks.spawn(async move { store.change().await?.commit().await });
    }
    until_waiting(&store, MAY).await;
    assert!(matches!(store.change().await, Err(StoreError::Busy)));
    drop(held);
    assert!(tasks.join_all().await.into_iter().all(|done| done.is_ok()));
    assert_eq!(store.epoch().await.unwrap(), before + 1_000);
}

async fn a_change_of_many_rows_is_committed_by_itself(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut first = store.change().await.unwrap();
    write(&mut first, 1).await.unwrap();
    let many = {
        let store = store.clone();
        tokio::spawn(async move { store.change_in(Turn { alone: true, ..Turn::default() }).await.unwrap() })
    };
    until_waiting(&store, 1).await;
    let last = lined_up(&store, [write_and_commit(store.clone(), 3)]).await.remove(0);
    first.commit().await.unwrap();
    let mut many = many.await.unwrap();
    assert_eq!(there(&store, [1]).await, [1], "nobody before it waits for it");
    write(&mut many, 2).await.unwrap();
    many.commit().await.unwrap();
    last.await.unwrap().unwrap();
    assert_eq!(logged(&store).await, [1, 2, 3]);
}

async fn the_number_of_keys_is_right_at_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    let held = store.change().await.unwrap();
    let fewer = async |store: Store, number| {
        let mut change = store.change().await?;
        change.delete_keys(installation(1), &[key_id(number)], at(60)).await?;
        change.count_keys(installation(1), -1).await?;
        change.commit().await
    };
    // Made and taken back in one group, by two changes; then once too often.
    let tasks = lined_up(
        &store,
        (0..4).map(|place| {
            let store = store.clone();
            async move {
                match place {
                    0 => write_and_commit(store, 1).await.map(drop),
                    1 => fewer(store, 1).await,
                    2 => {
                        let mut change = store.change().await?;
                        change.count_keys(installation(1), -1).await
                    }
                    _ => write_and_commit(store, 2).await.map(drop),
                }
            }
        }),
    )
    .await;
    held.commit().await.unwrap();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap().is_ok());
    }
    assert_eq!(done, [true; 4], "a number that is too low makes no change fail");
    assert_eq!(store.key_count(installation(1)).await.unwrap(), 1);
}
