use std::net::IpAddr;

use model::{Environment, Instant, Refusal, RefusalCode, SecretId};
use store::{RefusalFilter, Store, StoredGuessing, on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::fixture::{at, installation, key_id, put_names, two_installations};

on_both_databases!(
    a_refusal_is_found_as_it_was_written,
    refusals_are_listed_newest_first_and_filtered,
    a_key_with_many_loses_its_own_before_others_do,
    a_refusal_of_a_later_release_is_left_out,
    a_burst_of_guesses_is_new_once
);

fn refusal(number: u128, key: u128, ms: i64) -> Refusal {
    Refusal {
        request: Uuid::from_u128(number),
        number: 7,
        at: at(ms),
        installation: installation(1),
        key: key_id(key),
        secret: SecretId(Uuid::from_u128(key)),
        environment: Environment::Live,
        code: RefusalCode::InsufficientScope,
        method: "GET".to_owned(),
        path: "/v1/contacts".to_owned(),
        address: Some("198.51.100.4".parse().unwrap()),
        origin: Some("https://app.example.com".to_owned()),
        missing_scopes: vec!["calls:make".parse().unwrap()],
        ended_at: Some(at(3)),
        refused_by: Some("client:daily".to_owned()),
        retry_after_seconds: Some(12),
    }
}

fn all() -> RefusalFilter {
    RefusalFilter {
        installation: installation(1),
        after: at(0),
        before: None,
        key: None,
        client: None,
        code: None,
        address: None,
        request: None,
        past: None,
    }
}

async fn write(store: &Store, refusals: &[Refusal]) {
    store.write_refusals(&refusals.iter().collect::<Vec<_>>()).await.unwrap();
}

async fn listed(store: &Store, filter: RefusalFilter) -> Vec<u128> {
    let found = store.refusals(&filter, 50).await.unwrap();
    found.into_iter().map(|listed| listed.refusal.request.as_u128()).collect()
}

async fn a_refusal_is_found_as_it_was_written(database: TestDatabase) {
    let store = two_installations(&database).await;
    let whole = refusal(1, 1, 10);
    let bare = Refusal {
        number: 8,
        address: None,
        origin: None,
        missing_scopes: Vec::new(),
        ended_at: None,
        refused_by: None,
        retry_after_seconds: None,
        ..whole.clone()
    };
    write(&store, &[]).await;
    write(&store, &[bare.clone(), whole.clone(), refusal(1, 2, 10)]).await;
    write(&store, std::slice::from_ref(&whole)).await;
    assert_eq!(store.refusals_of(whole.request, key_id(1)).await.unwrap(), [whole.clone(), bare]);
    assert_eq!(store.refusals_of(whole.request, key_id(9)).await.unwrap(), []);
    assert_eq!(store.refusals_of(Uuid::from_u128(9), key_id(1)).await.unwrap(), []);
    store.purge_refusals(at(9)).await.unwrap();
    assert_eq!(store.count_refusals().await.unwrap(), 2, "one of two has the place of another");
    store.purge_refusals(at(10)).await.unwrap();
    assert_eq!(store.count_refusals().await.unwrap(), 0);
}

async fn refusals_are_listed_newest_first_and_filtered(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme 100%".to_owned(), "Beta".to_owned()]).await;
    let elsewhere: IpAddr = "203.0.113.9".parse().unwrap();
    write(
        &store,
        &[
            refusal(1, 1, 10),
            Refusal { code: RefusalCode::IpNotAllowed, address: Some(elsewhere), ..refusal(2, 1, 20) },
            refusal(3, 2, 30),
            Refusal { installation: installation(2), ..refusal(4, 3, 40) },
            refusal(5, 99, 30),
        ],
    )
    .await;
    assert_eq!(listed(&store, all()).await, [5, 3, 2, 1]);
    for (filter, expected) in [
        (RefusalFilter { installation: installation(2), ..all() }, &[4][..]),
        (RefusalFilter { after: at(10), ..all() }, &[5, 3, 2]),
        (RefusalFilter { before: Some(at(30)), ..all() }, &[2, 1]),
        (RefusalFilter { key: Some(key_id(1)), ..all() }, &[2, 1]),
        (RefusalFilter { key: Some(key_id(3)), ..all() }, &[]),
        (RefusalFilter { client: Some("0%".to_owned()), ..all() }, &[2, 1]),
        (RefusalFilter { client: Some("e%a".to_owned()), ..all() }, &[]),
        (RefusalFilter { client: Some("b_ta".to_owned()), ..all() }, &[]),
        (RefusalFilter { client: Some("eta".to_owned()), ..all() }, &[3]),
        (RefusalFilter { code: Some(RefusalCode::IpNotAllowed), ..all() }, &[2]),
        (RefusalFilter { address: Some(elsewhere), ..all() }, &[2]),
        (RefusalFilter { address: Some("::ffff:203.0.113.9".parse().unwrap()), ..all() }, &[2]),
        (RefusalFilter { request: Some(Uuid::from_u128(3)), ..all() }, &[3]),
        (RefusalFilter { past: Some((at(30), Uuid::from_u128(5), 7)), ..all() }, &[3, 2, 1]),
        (RefusalFilter { past: Some((at(20), Uuid::from_u128(2), 7)), ..all() }, &[1]),
    ] {
        assert_eq!(listed(&store, filter.clone()).await, expected, "{filter:?}");
    }
    let names: Vec<_> = store.refusals(&all(), 2).await.unwrap().into_iter().map(|listed| listed.client_name).collect();
    assert_eq!(names, [None, Some("Beta".to_owned())], "a key that is gone has no name");
}

async fn a_key_with_many_loses_its_own_before_others_do(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut refusals: Vec<_> = (0..30).map(|number| refusal(number, 1, 1_000 + number as i64)).collect();
    // A key that was refused once, long before.
    refusals.push(refusal(100, 2, 1));
    write(&store, &refusals).await;
    store.trim_refusals_to([20, 5], 1_000).await.unwrap();
    assert_eq!(store.count_refusals().await.unwrap(), 21, "the usual bound of one key");
    assert_eq!(listed(&store, all()).await.first(), Some(&29), "the newest stay");
    store.trim_refusals_to([20, 5], 10).await.unwrap();
    assert_eq!(listed(&store, all()).await, [29, 28, 27, 26, 25, 100]);
    store.trim_refusals_to([20, 5], 3).await.unwrap();
    assert_eq!(listed(&store, all()).await, [29, 28, 27], "where nothing else helps, the oldest go");
    store.trim_refusals().await.unwrap();
    assert_eq!(store.count_refusals().await.unwrap(), 3);
}

async fn a_refusal_of_a_later_release_is_left_out(database: TestDatabase) {
    let store = two_installations(&database).await;
    write(&store, &[refusal(1, 1, 10), refusal(2, 1, 20)]).await;
    let mut raw = database.raw().await;
    let request = raw.id(Uuid::from_u128(2));
    let sql = format!("UPDATE refusal SET code = 'moon_phase' WHERE request_id = {request}");
    assert_eq!(raw.execute(&sql).await, Ok(1));
    assert_eq!(listed(&store, all()).await, [1]);
}

fn burst(failed: u64, since: i64, last: i64) -> StoredGuessing {
    let network = "198.51.100.4".to_owned();
    StoredGuessing { installation: None, network, since: at(since), last: at(last), failed }
}

async fn a_burst_of_guesses_is_new_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    let note = async |seen: StoredGuessing, over: i64| store.note_guessing(&seen, at(over)).await.unwrap();
    assert!(note(burst(100, 10, 20), 0).await);
    assert!(!note(burst(5, 15, 30), 0).await, "another node sees it too");
    assert!(!note(burst(5, 15, 25), 0).await);
    let own = StoredGuessing { installation: Some(installation(1)), ..burst(100, 10, 40) };
    assert!(note(own.clone(), 0).await, "of one installation");
    let found = async |number: u128, after: i64| store.guessing_of(installation(number), at(after)).await.unwrap();
    assert_eq!(found(1, 0).await, [own.clone(), burst(110, 10, 30)]);
    assert_eq!(found(2, 0).await, [burst(110, 10, 30)], "another one's is not told");
    assert_eq!(found(2, 30).await, []);
    assert!(note(burst(100, 50, 60), 30).await, "the one before is over");
    assert_eq!(found(2, 0).await, [burst(100, 50, 60)]);
    store.purge_guessing(Instant::from_millis(40)).await.unwrap();
    assert_eq!(found(1, 0).await, [burst(100, 50, 60)]);
}
