//! A key is refused from the moment at which its revocation is answered, while others verify all the time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use domain::{Issued, NewKey};
use model::{Code, Instant, KeyId, Overlap, ScopeSet, SettingsPatch};
use store::testing::TestDatabase;
use tokio::task::JoinSet;
use verify::Call;

use crate::test_keydesk::{START, TestKeydesk, breathe, new_key, scopes, settings};

/// How many revoked keys are verified again.
const BEFORE: usize = 16;

struct Keys {
    issued: Vec<Issued>,
    /// Set once the change that revokes the key has been answered.
    answered: Vec<AtomicBool>,
    /// The first key of the batch that is being revoked: verifications are made around it.
    at: AtomicU64,
    over: AtomicBool,
}

/// Revokes keys in batches, and counts verifications that began after the answer and were still allowed.
async fn refused_at_once(
    database: TestDatabase,
    batches: usize,
    batch: usize,
    expected: Code,
    new: impl Fn(usize) -> NewKey,
    take_away: impl AsyncFn(&TestKeydesk, usize, &[KeyId]),
) {
    let desk = TestKeydesk::open(database).await;
    let mut issued = Vec::with_capacity(batches * batch);
    for number in 0..batches {
        let drafts = (0..batch).map(|_| new(number)).collect();
        issued.extend(desk.keydesk.issue_many(&desk.operator, drafts).await.unwrap());
    }
    let answered = issued.iter().map(|_| AtomicBool::new(false)).collect();
    let keys = Arc::new(Keys { issued, answered, at: AtomicU64::new(0), over: AtomicBool::new(false) });
    let wanted = Arc::new([scopes(&["contacts:read"]).iter().next().unwrap().clone()]);
    let (asked, allowed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut verifiers = JoinSet::new();
    for stride in [7_usize, 11] {
        let (keydesk, keys, wanted) = (desk.keydesk.clone(), Arc::clone(&keys), Arc::clone(&wanted));
        let (asked, allowed) = (Arc::clone(&asked), Arc::clone(&allowed));
        verifiers.spawn(async move {
            let mut step = 0;
            while !keys.over.load(SeqCst) {
                step += stride;
                // Those of the batch, and the last ones before it.
                let (number, first) = (keys.issued.len(), usize::try_from(keys.at.load(SeqCst)).unwrap());
                let at = (first + number + step % (batch + BEFORE) - BEFORE) % number;
                let before = keys.answered[at].load(SeqCst);
                let call = Call { scopes: &wanted[..], ..Call::with(keys.issued[at].secret.expose()) };
                let verdict = keydesk.verifier().verify(call, keydesk.now()).await.unwrap();
                asked.fetch_add(u64::from(before), SeqCst);
                allowed.fetch_add(u64::from(before && verdict.allowed()), SeqCst);
                breathe(step / stride).await;
            }
        });
    }
    for number in 0..batches {
        let range = number * batch..(number + 1) * batch;
        keys.at.store(range.start as u64, SeqCst);
        let ids: Vec<KeyId> = keys.issued[range.clone()].iter().map(|issued| issued.key.id).collect();
        take_away(&desk, number, &ids).await;
        keys.answered[range.clone()].iter().for_each(|answered| answered.store(true, SeqCst));
        for issued in &keys.issued[range] {
            let call = Call { scopes: &wanted[..], ..Call::with(issued.secret.expose()) };
            assert_eq!(desk.keydesk.verifier().verify(call, desk.keydesk.now()).await.unwrap().code, expected);
        }
    }
    // Expiring takes no time: the verifiers may not have come to it yet.
    let asked_once = async {
        while asked.load(SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asked_once).await.expect("no verification fell after an answer");
    keys.over.store(true, SeqCst);
    verifiers.join_all().await;
    assert_eq!(allowed.load(SeqCst), 0, "of {asked:?} verifications after an answer");
}

fn usual(_: usize) -> NewKey {
    new_key("Acme")
}

/// Each batch expires a second after the one before it.
fn expiring(number: usize) -> NewKey {
    NewKey::of(SettingsPatch { expires_at: Some(Some(end(number))), ..settings("Acme") })
}

fn end(number: usize) -> Instant {
    Instant::from_millis(START + 1_000 * (i64::try_from(number).unwrap() + 1))
}

async fn delete(desk: &TestKeydesk, _: usize, ids: &[KeyId]) {
    assert_eq!(desk.keydesk.bulk_delete(&desk.operator, ids).await.unwrap().deleted.len(), ids.len());
}

async fn disable(desk: &TestKeydesk, _: usize, ids: &[KeyId]) {
    assert_eq!(desk.keydesk.bulk_set_enabled(&desk.operator, ids, false).await.unwrap().changed.len(), ids.len());
}

async fn expire(desk: &TestKeydesk, number: usize, _: &[KeyId]) {
    desk.clock.set(end(number).as_millis());
}

/// A call for each key, all at once, so that several are committed together.
async fn take_scopes(desk: &TestKeydesk, _: usize, ids: &[KeyId]) {
    let mut calls = JoinSet::new();
    for id in ids.iter().copied() {
        let (keydesk, operator) = (desk.keydesk.clone(), desk.operator.clone());
        let none = SettingsPatch { scopes: Some(ScopeSet::default()), ..SettingsPatch::default() };
        calls.spawn(async move { keydesk.update(&operator, id, none, None).await.unwrap() });
    }
    calls.join_all().await;
}

async fn rotate(desk: &TestKeydesk, _: usize, ids: &[KeyId]) {
    let mut calls = JoinSet::new();
    for id in ids.iter().copied() {
        let (keydesk, operator) = (desk.keydesk.clone(), desk.operator.clone());
        calls.spawn(async move { keydesk.rotate(&operator, id, Overlap::NONE, None).await.unwrap() });
    }
    calls.join_all().await;
}

/// The call was let in before its key was revoked, and its change had to wait until after that.
async fn a_change_that_waited_checks_its_caller_again(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let held = ["keys:write", "keys:reveal", "contacts:*", "calls:*", "wraps:*"];
    let target = desk.issue("Target").await.key.id;
    let less = SettingsPatch { scopes: Some(scopes(&["keys:write", "contacts:read"])), ..SettingsPatch::default() };
    for (what, taken) in ["deleted", "disabled", "given less", "left alone"].into_iter().enumerate() {
        let caller = desk.caller(&held).await;
        let model::Actor::Key { id } = caller.actor else { panic!("a key calls") };
        match what {
            0 => desk.keydesk.delete(&desk.operator, id, None).await.unwrap(),
            1 => drop(desk.keydesk.set_enabled(&desk.operator, id, false, None).await.unwrap()),
            2 => drop(desk.keydesk.update(&desk.operator, id, less.clone(), None).await.unwrap()),
            _ => {}
        }
        let new =
            || NewKey::of(SettingsPatch { preset: None, scopes: Some(scopes(&["contacts:read"])), ..settings("Made") });
        let refused = [
            desk.keydesk.issue(&caller, new()).await.is_err(),
            desk.keydesk.issue_many(&caller, vec![new()]).await.is_err(),
            desk.keydesk.update(&caller, target, SettingsPatch::name(taken), None).await.is_err(),
            desk.keydesk.rotate(&caller, target, Overlap::NONE, None).await.is_err(),
            desk.keydesk.reveal(&caller, target).await.is_err(),
        ];
        assert_eq!(refused, [taken != "left alone"; 5], "{taken}");
    }
}

store::on_both_databases!(a_change_that_waited_checks_its_caller_again);

macro_rules! trials {
    ($($name:ident: $sqlite:literal / $postgres:literal of $batch:literal, $code:ident, $new:ident, $verb:ident;)*) => {$(
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
            async fn on_sqlite() {
                refused_at_once(TestDatabase::sqlite().await, $sqlite, $batch, Code::$code, $new, $verb).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
            async fn on_postgres() {
                refused_at_once(TestDatabase::postgres().await, $postgres, $batch, Code::$code, $new, $verb).await;
            }
        }
    )*};
}

trials! {
    ten_thousand_deletions: 200 / 20 of 50, Revoked, usual, delete;
    ten_thousand_disablings: 200 / 20 of 50, Disabled, usual, disable;
    ten_thousand_expiries: 200 / 20 of 50, Expired, expiring, expire;
    ten_thousand_removals_of_scopes: 500 / 10 of 20, InsufficientScope, usual, take_scopes;
    ten_thousand_rotations_without_overlap: 500 / 10 of 20, Revoked, usual, rotate;
}
