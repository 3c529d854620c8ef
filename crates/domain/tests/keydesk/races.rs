use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::Poll,
};

use domain::Keydesk;
use model::{Code, KeyId};
use store::testing::TestDatabase;

use crate::test_keydesk::{KNOWN, TestKeydesk, breathe, call, code, within};

/// Deletes and restores one key over and over while others verify it. A verification that began after the deletion had
/// answered, and ended before the restoring began, must be refused.
async fn delete_then_verify(database: TestDatabase, trials: u64) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let (id, key) = (issued.key.id, Arc::<str>::from(issued.secret.expose()));
    // Even: the key may work. Odd: a deletion has answered.
    let phase = Arc::new(AtomicU64::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let (asked, accepted) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut verifiers = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (keydesk, key, phase, over) = (desk.keydesk.clone(), key.clone(), phase.clone(), over.clone());
        let (asked, accepted) = (asked.clone(), accepted.clone());
        verifiers.spawn(async move {
            for number in 0.. {
                if over.load(SeqCst) {
                    break;
                }
                let before = phase.load(SeqCst);
                let allowed = keydesk.verifier().verify(call(&key), keydesk.now()).await.unwrap().allowed();
                if before % 2 == 1 && phase.load(SeqCst) == before {
                    asked.fetch_add(1, SeqCst);
                    accepted.fetch_add(u64::from(allowed), SeqCst);
                }
                breathe(number).await;
            }
        });
    }
    for _ in 0..trials {
        desk.keydesk.delete(&desk.operator, id, None).await.unwrap();
        phase.fetch_add(1, SeqCst);
        assert_eq!(code(&desk.keydesk, &key).await, Code::Revoked);
        // The key stays deleted until a verification has fallen between, however slow the machine is.
        let so_far = asked.load(SeqCst);
        while asked.load(SeqCst) == so_far {
            tokio::task::yield_now().await;
        }
        phase.fetch_add(1, SeqCst);
        desk.keydesk.restore(&desk.operator, id).await.unwrap();
        assert_eq!(code(&desk.keydesk, &key).await, Code::Valid);
    }
    over.store(true, SeqCst);
    verifiers.join_all().await;
    assert!(asked.load(SeqCst) >= trials, "too few verifications fell between: {asked:?}");
    assert_eq!(accepted.load(SeqCst), 0, "of {asked:?} verifications after a deletion had answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn two_thousand_deletions_on_sqlite() {
    delete_then_verify(TestDatabase::sqlite().await, 2_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn two_hundred_deletions_on_postgres() {
    delete_then_verify(TestDatabase::postgres().await, 200).await;
}

/// A second node reads keys for the first time in the very moment in which the first node deletes them. Once it has
/// applied that change, nothing that it read before may bring a key back.
async fn a_cold_read_against_a_deletion(database: TestDatabase) {
    const ROUNDS: usize = 4;
    const KEYS: usize = 40;
    let desk = TestKeydesk::open(database).await;
    let background = desk.keydesk.start();
    for _ in 0..ROUNDS {
        let mut issued = Vec::new();
        for _ in 0..KEYS {
            issued.push(desk.issue("Acme").await);
        }
        // Opened now, so it has seen all of these changes and has none of them in memory.
        let other = desk.second_node().await;
        let others_background = other.start();
        let deleted_at = Arc::new(AtomicU64::new(u64::MAX));
        let mut readers = tokio::task::JoinSet::new();
        for issued in &issued {
            let (other, key) = (other.clone(), issued.secret.expose().to_owned());
            let deleted_at = deleted_at.clone();
            readers.spawn(async move { read_until_refused(&other, &key, &deleted_at).await });
        }
        let ids: Vec<KeyId> = issued.iter().map(|issued| issued.key.id).collect();
        let deleted = desk.keydesk.bulk_delete(&desk.operator, &ids).await.unwrap();
        assert_eq!(deleted.deleted.len(), KEYS);
        let epoch = desk.database.store().await.epoch().await.unwrap();
        deleted_at.store(u64::try_from(epoch).unwrap(), SeqCst);
        within(KNOWN, "the other node refuses", async || {
            let known = other.verifier().counters().epoch;
            known >= epoch
        })
        .await;
        let late = readers.join_all().await.into_iter().sum::<u64>();
        assert_eq!(late, 0, "accepted after the change was known");
        for issued in &issued {
            assert_eq!(code(&other, issued.secret.expose()).await, Code::Revoked);
        }
        others_background.stop().await;
    }
    background.stop().await;
}

/// Verifies until the deletion is known; returns how often a call that began after that accepted the key.
async fn read_until_refused(node: &Keydesk, key: &str, deleted_at: &AtomicU64) -> u64 {
    let mut late = 0;
    for after in 0.. {
        let known = u64::try_from(node.verifier().counters().epoch).unwrap() >= deleted_at.load(SeqCst);
        let allowed = node.verifier().verify(call(key), node.now()).await.unwrap().allowed();
        late += u64::from(known && allowed);
        if known && after > 3 {
            break;
        }
        tokio::task::yield_now().await;
    }
    late
}

/// Drives `future` until it has waited `times` times and its last wait is over. `Some`: it finished before that.
async fn paused<F: Future + Unpin>(future: &mut F, times: usize) -> Option<F::Output> {
    let mut polls = 0;
    poll_fn(|cx| {
        if polls == times {
            return Poll::Ready(None);
        }
        polls += 1;
        Pin::new(&mut *future).poll(cx).map(Some)
    })
    .await
}

/// Pauses the filling of a cache wherever it waits for the database, deletes the key, and lets the filling go on with
/// what it had read.
async fn a_paused_fill_brings_no_deleted_key_back(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    // How often it waits differs: a quick database, or a slow test, leaves nothing to wait for.
    let (mut times, mut paused_at) = (0, 0);
    for _ in 0..100 {
        let issued = desk.issue("Acme").await;
        let key = issued.secret.expose();
        let cold = desk.second_node().await;
        let mut filling = Box::pin(cold.verifier().verify(call(key), cold.now()));
        let done = paused(&mut filling, times).await;
        cold.delete(&desk.operator, issued.key.id, None).await.unwrap();
        if let Some(verdict) = done {
            assert!(verdict.unwrap().allowed(), "it was done before the deletion");
            if paused_at > 0 {
                return;
            }
            continue;
        }
        // This one began before the deletion was answered, so it may go either way.
        filling.await.unwrap();
        assert_eq!(code(&cold, key).await, Code::Revoked, "paused when it had waited {times} times");
        paused_at = times;
        times += 1;
    }
    panic!("it never waited for the database, or never ended");
}

store::on_both_databases!(a_cold_read_against_a_deletion, a_paused_fill_brings_no_deleted_key_back);
