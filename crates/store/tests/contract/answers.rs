use model::Actor;
use store::{StoredAnswer, on_both_databases, testing::TestDatabase};

use crate::fixture::{at, installation, key_id, two_installations};

on_both_databases!(
    a_kept_answer_is_found_by_the_same_caller_until_it_expires,
    a_new_answer_takes_the_place_of_an_old_one
);

const CALLER: Actor = Actor::Operator;

fn answer(body: u8) -> StoredAnswer {
    StoredAnswer {
        installation: installation(1),
        caller: serde_json::to_string(&CALLER).unwrap(),
        idempotency_key: "a".to_owned(),
        fingerprint: [body; 32],
        master_key_id: "m1".to_owned(),
        sealed_answer: vec![body, 0, 255],
    }
}

async fn a_kept_answer_is_found_by_the_same_caller_until_it_expires(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    change.keep_answer(&answer(1), at(100)).await.unwrap();
    change.commit().await.unwrap();
    let mut change = store.change().await.unwrap();
    let other = Actor::Key { id: key_id(1) };
    let rows = [
        (installation(1), CALLER, "a", 99, Some(answer(1))),
        (installation(1), CALLER, "a", 100, None),
        (installation(1), CALLER, "b", 99, None),
        (installation(1), other, "a", 99, None),
        (installation(2), CALLER, "a", 99, None),
    ];
    for (place, caller, key, oldest, expected) in rows {
        let found = change.find_answer(place, &caller, key, at(oldest)).await.unwrap();
        assert_eq!(found, expected, "{place} {caller:?} {key} {oldest}");
    }
}

async fn a_new_answer_takes_the_place_of_an_old_one(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    change.keep_answer(&answer(1), at(100)).await.unwrap();
    change.keep_answer(&answer(2), at(200)).await.unwrap();
    let found = change.find_answer(installation(1), &CALLER, "a", at(150)).await.unwrap();
    assert_eq!(found, Some(answer(2)));
}
