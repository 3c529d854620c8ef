use store::{on_both_databases, testing::TestDatabase};

use crate::fixture::{at, digest, two_installations};

on_both_databases!(a_report_is_taken_once_and_known_for_a_time, one_of_two_nodes_takes_a_report);

async fn a_report_is_taken_once_and_known_for_a_time(database: TestDatabase) {
    let store = two_installations(&database).await;
    assert_eq!(store.leak_report(&digest(1)).await.unwrap(), None);
    assert!(store.note_leak_report(&digest(1), at(5)).await.unwrap());
    assert!(!store.note_leak_report(&digest(1), at(6)).await.unwrap());
    assert!(store.note_leak_report(&digest(2), at(7)).await.unwrap());
    assert_eq!(store.leak_report(&digest(1)).await.unwrap(), Some(at(5)), "the first time counts");
    store.purge_leak_reports(at(5)).await.unwrap();
    let known = [store.leak_report(&digest(1)).await.unwrap(), store.leak_report(&digest(2)).await.unwrap()];
    assert_eq!(known, [None, Some(at(7))]);
}

async fn one_of_two_nodes_takes_a_report(database: TestDatabase) {
    let one = two_installations(&database).await;
    let other = database.store().await;
    let (digest, now) = (digest(3), at(1));
    let both = tokio::join!(one.note_leak_report(&digest, now), other.note_leak_report(&digest, now));
    assert_eq!(u8::from(both.0.unwrap()) + u8::from(both.1.unwrap()), 1);
}
