//! Changes that nobody waits for any more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::FutureExt as _;
use store::{Store, on_both_databases, testing::TestDatabase};

use crate::{
    fixture::{installation, two_installations},
    groups::{lined_up, logged, there, write, write_and_commit, write_and_fail},
};

on_both_databases!(
    an_aborted_change_leaves_nothing_and_stops_no_other,
    a_change_aborted_at_its_first_statement_stops_no_other
);

async fn a_change_aborted_at_its_first_statement_stops_no_other(database: TestDatabase) {
    let store = two_installations(&database).await;
    let held = store.change().await.unwrap();
    let aborted = async |store: Store, number| {
        let mut change = store.change().await.unwrap();
        assert!(write(&mut change, number).now_or_never().is_none(), "the first statement is under way");
        drop(change);
        Ok(0)
    };
    let work = (1..=6).map(|number| {
        let store = store.clone();
        async move {
            if matches!(number, 3 | 5) { aborted(store, number).await } else { write_and_commit(store, number).await }
        }
    });
    let tasks = lined_up(&store, work).await;
    drop(held);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(there(&store, 1..=6).await, [1, 2, 4, 6]);
    assert_eq!(logged(&store).await, [1, 2, 4, 6]);
}

async fn an_aborted_change_leaves_nothing_and_stops_no_other(database: TestDatabase) {
    const CHANGES: u128 = 400;
    let store = two_installations(&database).await;
    let step = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for number in 1..=CHANGES {
        let store = store.clone();
        let work = async move {
            if number % 7 == 0 { write_and_fail(store, number).await } else { write_and_commit(store, number).await }
        };
        tasks.push((number, tokio::spawn(work)));
        // Now and then aborts an earlier one, wherever it is: in the queue, in the middle, or waiting for COMMIT.
        if number % 3 == 0 {
            let victim = step.fetch_add(7, Relaxed) % u64::try_from(tasks.len()).unwrap();
            tasks[usize::try_from(victim).unwrap()].1.abort();
        }
        if number % 5 == 0 {
            tokio::task::yield_now().await;
        }
        if number % 50 == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    let (mut committed, mut refused, mut aborted) = (Vec::new(), Vec::new(), Vec::new());
    for (number, task) in tasks {
        match task.await {
            Ok(Ok(epoch)) => committed.push((epoch, number)),
            Ok(Err(error)) => refused.push((number, error)),
            Err(_) => aborted.push(number),
        }
    }
    assert!(!aborted.is_empty() && committed.len() > 50, "{} and {}", aborted.len(), committed.len());
    assert!(refused.iter().all(|(number, _)| number % 7 == 0), "{refused:?}");
    committed.sort_unstable();
    assert!(committed.is_sorted_by(|a, b| a.0 < b.0), "two changes had one epoch");
    // An aborted one may have been committed, but then as a whole.
    let mut logged = logged(&store).await;
    assert_eq!(store.key_count(installation(1)).await.unwrap(), logged.len() as u64);
    logged.sort_unstable();
    assert_eq!(there(&store, 1..=CHANGES).await, logged);
    let told: Vec<_> = committed.iter().map(|(_, number)| *number).collect();
    assert!(told.iter().all(|number| logged.contains(number)));
    assert!(refused.iter().all(|(number, _)| !logged.contains(number)));
    write_and_commit(store.clone(), 9_000).await.unwrap();
}
