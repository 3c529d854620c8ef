//! Changes that take access away go before all others.

use store::{StoreError, Turn, on_both_databases, testing::TestDatabase};

use crate::{
    fixture::two_installations,
    groups::{lined_up, logged, until_waiting, write},
};

on_both_databases!(changes_that_revoke_go_first_and_are_committed_at_once, no_number_of_changes_keeps_a_revocation_out);

async fn changes_that_revoke_go_first_and_are_committed_at_once(database: TestDatabase) {
    let revokes = Turn { revokes: true, ..Turn::default() };
    let store = two_installations(&database).await;
    let mut first = store.change().await.unwrap();
    write(&mut first, 1).await.unwrap();
    let begun = |turn| {
        let store = store.clone();
        async move { store.change_in(turn).await.unwrap() }
    };
    let mut waiting = lined_up(&store, [begun(Turn::default()), begun(Turn { alone: true, ..revokes })]).await;
    waiting.extend(lined_up(&store, [begun(revokes)]).await);
    let [usual, many, one] = <[_; 3]>::try_from(waiting).unwrap();
    first.commit().await.unwrap();
    let mut many = many.await.unwrap();
    write(&mut many, 3).await.unwrap();
    assert!(!one.is_finished() && !usual.is_finished());
    many.commit().await.unwrap();
    let mut one = one.await.unwrap();
    write(&mut one, 5).await.unwrap();
    // Answered although the other waits: it does not join.
    one.commit().await.unwrap();
    let mut usual = usual.await.unwrap();
    write(&mut usual, 7).await.unwrap();
    // One that comes now joins the group that is open.
    let late = lined_up(&store, [begun(revokes)]).await.remove(0);
    let usual = tokio::spawn(usual.commit());
    let mut late = late.await.unwrap();
    assert!(!usual.is_finished());
    write(&mut late, 9).await.unwrap();
    late.commit().await.unwrap();
    usual.await.unwrap().unwrap();
    assert_eq!(logged(&store).await, [1, 3, 5, 7, 9]);
}

async fn no_number_of_changes_keeps_a_revocation_out(database: TestDatabase) {
    const MAY: usize = 1_000;
    let store = two_installations(&database).await;
    let held = store.change().await.unwrap();
    let mut others = tokio::task::JoinSet::new();
    for _ in 0..MAY {
        let store = store.clone();
        others.spawn(async move { store.change().await?.commit().await });
    }
    until_waiting(&store, MAY).await;
    assert!(matches!(store.change().await, Err(StoreError::Busy)));
    assert_eq!(store.changes_refused(), 1);
    let revoking = {
        let store = store.clone();
        tokio::spawn(async move { store.change_in(Turn { revokes: true, ..Turn::default() }).await.unwrap() })
    };
    until_waiting(&store, MAY + 1).await;
    drop(held);
    let revoking = revoking.await.unwrap();
    assert_eq!(store.changes_waiting(), MAY, "none of the others has begun");
    revoking.commit().await.unwrap();
    assert!(others.join_all().await.into_iter().all(|done| done.is_ok()));
}
