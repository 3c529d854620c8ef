use model::{AdministratorId, Handover, HandoverId};
use store::{NewHandover, on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::fixture::{at, installation, key_id, put_names, two_installations};

on_both_databases!(
    a_hand_over_is_opened_once,
    a_hand_over_is_withdrawn,
    one_is_withdrawn_by_itself,
    the_secrets_of_expired_hand_overs_are_erased,
    a_hand_over_goes_with_its_key
);

/// The hand-over with this number, of the key with this number, made at 10 and good until 100.
fn new(number: u128) -> NewHandover {
    NewHandover {
        id: HandoverId(Uuid::from_u128(number)),
        installation: installation(1),
        key: key_id(number),
        administrator: (number == 1).then_some(AdministratorId(Uuid::from_u128(7))),
        token_hash: crate::fixture::digest(number),
        master_key_id: "m1".to_owned(),
        sealed_secret: vec![7, 8, 9],
        expires_at: at(100),
    }
}

async fn a_hand_over_is_opened_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let made = new(1);
    let mut change = store.change().await.unwrap();
    change.insert_handover(&made, at(10)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.handover_by_token(&made.token_hash, at(100)).await.unwrap(), None);
    assert_eq!(store.handover_by_token(&[0; 32], at(50)).await.unwrap(), None);
    let found = store.handover_by_token(&made.token_hash, at(99)).await.unwrap().unwrap();
    assert_eq!((found.installation, found.key, found.sealed_secret), (installation(1), key_id(1), vec![7, 8, 9]));
    assert_eq!(found.administrator, made.administrator);
    let mut change = store.change().await.unwrap();
    assert!(change.handover_by_token(&made.token_hash, at(50)).await.unwrap().is_some());
    assert!(!change.open_handover(made.id, at(100)).await.unwrap());
    assert!(change.open_handover(made.id, at(50)).await.unwrap());
    assert!(!change.open_handover(made.id, at(51)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(store.handover_by_token(&made.token_hash, at(50)).await.unwrap(), None);
    let expected = Handover {
        id: made.id,
        key_id: made.key,
        created_at: at(10),
        expires_at: at(100),
        opened_at: Some(at(50)),
        withdrawn_at: None,
    };
    assert_eq!(store.handovers(installation(1), key_id(1), 10).await.unwrap(), [expected]);
    assert_eq!(store.handovers(installation(2), key_id(1), 10).await.unwrap(), []);
}

async fn a_hand_over_is_withdrawn(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned(), "Beta".to_owned()]).await;
    let mut change = store.change().await.unwrap();
    change.insert_handover(&new(1), at(10)).await.unwrap();
    change.insert_handover(&new(2), at(10)).await.unwrap();
    let by_nobody = change.handover_by_token(&new(2).token_hash, at(50)).await.unwrap();
    assert_eq!(by_nobody.map(|found| found.administrator), Some(None));
    change.withdraw_handovers(installation(2), &[key_id(1)], at(20)).await.unwrap();
    assert!(change.handover_by_token(&new(1).token_hash, at(50)).await.unwrap().is_some(), "another's");
    change.open_handover(new(2).id, at(20)).await.unwrap();
    change.withdraw_handovers(installation(1), &[key_id(1), key_id(2)], at(30)).await.unwrap();
    change.commit().await.unwrap();
    let times = async |number| {
        let listed = store.handovers(installation(1), key_id(number), 10).await.unwrap();
        (listed[0].opened_at, listed[0].withdrawn_at)
    };
    assert_eq!((times(1).await, times(2).await), ((None, Some(at(30))), (Some(at(20)), None)));
}

async fn one_is_withdrawn_by_itself(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned(), "Beta".to_owned()]).await;
    let made = new(1);
    let mut change = store.change().await.unwrap();
    change.insert_handover(&made, at(10)).await.unwrap();
    for (place, key, id, now) in [
        (2, 1, made.id, 20),
        (1, 2, made.id, 20),
        (1, 1, HandoverId(Uuid::from_u128(2)), 20),
        // It has expired.
        (1, 1, made.id, 100),
    ] {
        let done = change.withdraw_handover(installation(place), key_id(key), id, at(now)).await.unwrap();
        assert!(!done, "{place} {key} {now}");
    }
    assert!(change.withdraw_handover(installation(1), key_id(1), made.id, at(20)).await.unwrap());
    assert!(!change.withdraw_handover(installation(1), key_id(1), made.id, at(21)).await.unwrap());
    let found = change.handover(installation(1), key_id(1), made.id).await.unwrap().unwrap();
    assert_eq!((found.id, found.withdrawn_at, found.opened_at), (made.id, Some(at(20)), None));
    assert_eq!(change.handover(installation(2), key_id(1), made.id).await.unwrap(), None);
    assert_eq!(change.handover(installation(1), key_id(2), made.id).await.unwrap(), None);
    assert_eq!(change.handover_by_token(&made.token_hash, at(20)).await.unwrap(), None);
    change.commit().await.unwrap();
    assert_eq!(sealed(&database).await, 0);
}

async fn the_secrets_of_expired_hand_overs_are_erased(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let mut change = store.change().await.unwrap();
    change.insert_handover(&new(1), at(10)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.erase_expired_handovers(at(99)).await.unwrap(), 0);
    assert_eq!((sealed(&database).await, store.erase_expired_handovers(at(100)).await.unwrap()), (1, 1));
    assert_eq!((sealed(&database).await, store.erase_expired_handovers(at(100)).await.unwrap()), (0, 0));
    // It has expired, and was not withdrawn, whatever becomes of the key.
    let mut change = store.change().await.unwrap();
    change.withdraw_handovers(installation(1), &[key_id(1)], at(101)).await.unwrap();
    change.commit().await.unwrap();
    let left = store.handovers(installation(1), key_id(1), 10).await.unwrap();
    assert_eq!((left[0].expires_at, left[0].opened_at, left[0].withdrawn_at), (at(100), None, None));
}

async fn sealed(database: &TestDatabase) -> i64 {
    database.raw().await.number("SELECT COUNT(*) FROM handover WHERE sealed_secret IS NOT NULL").await
}

async fn a_hand_over_goes_with_its_key(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let mut change = store.change().await.unwrap();
    change.insert_handover(&new(1), at(10)).await.unwrap();
    change.delete_keys(installation(1), &[key_id(1)], at(20)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.purge(at(0), at(20)).await.unwrap(), 1);
    assert_eq!(database.raw().await.number("SELECT COUNT(*) FROM handover").await, 0);
}
