use model::{
    Code, NetworkSet, OriginSet, Preset, Restriction, TRIAL_FINDINGS_MAX, Trial, TrialFinding, TrialFindingOf,
};
use store::{Store, StoredTrial, TrialDelta, on_both_databases, testing::TestDatabase};

use crate::fixture::{at, digest, installation, key_id, put_names, two_installations};

on_both_databases!(
    a_trial_is_read_with_its_key,
    what_is_counted_is_added_up,
    of_many_reasons_the_rest_is_kept_together,
    a_deleted_or_purged_key_takes_its_trial_along
);

fn trial(started: i64) -> Trial {
    let restriction = Restriction {
        scopes: Preset::Crm.scopes().iter().take(1).cloned().collect(),
        allowed_ips: NetworkSet::new(["192.0.2.0/24".parse().unwrap()]).unwrap(),
        allowed_origins: OriginSet::ANY,
    };
    Trial { started_at: at(started), ends_at: at(started + 1_000), restriction }
}

async fn start(store: &Store, key: u128, trial: &Trial) -> bool {
    let mut change = store.change().await.unwrap();
    let put = change.put_trial(installation(1), key_id(key), trial).await.unwrap();
    change.commit().await.unwrap();
    put
}

fn finding(about: &str, address: Option<&str>, calls: u64, ms: i64) -> TrialFinding {
    let of = TrialFindingOf { about: about.to_owned(), address: address.map(|address| address.parse().unwrap()) };
    TrialFinding { code: Code::InsufficientScope, of: Some(of), calls, first_at: at(ms), last_at: at(ms + 5) }
}

async fn count(store: &Store, started: i64, checked: u64, findings: Vec<TrialFinding>) {
    let delta = TrialDelta { key: key_id(1), started_at: at(started), checked, findings };
    store.count_tried(&delta).await.unwrap();
}

async fn keys(database: &TestDatabase) -> Store {
    let store = two_installations(database).await;
    put_names(&store, 1, &["Acme".to_owned(), "Beta".to_owned()]).await;
    store
}

async fn a_trial_is_read_with_its_key(database: TestDatabase) {
    let store = keys(&database).await;
    let before = store.record_by_digest(&digest(1)).await.unwrap().unwrap();
    let version = store.key(installation(1), key_id(1)).await.unwrap().unwrap().version();
    assert_eq!(before.trial, None);
    assert!(start(&store, 1, &trial(10)).await);
    assert!(!start(&store, 99, &trial(10)).await, "there is no such key");
    let record = store.record_by_digest(&digest(1)).await.unwrap().unwrap();
    assert_eq!(record.trial, Some(trial(10)));
    let changed = store.records_changed(before.epoch, record.epoch).await.unwrap().read;
    assert_eq!(changed, std::slice::from_ref(&record), "other nodes learn of it");
    assert_eq!(store.key(installation(1), key_id(1)).await.unwrap().unwrap().version(), version);
    assert_eq!(store.record_by_digest(&digest(2)).await.unwrap().unwrap().trial, None);
    let stored = StoredTrial { trial: trial(10), checked: 0, refused: 0 };
    assert_eq!(store.trial(installation(1), key_id(1)).await.unwrap(), Some(stored));
    assert_eq!(store.trial(installation(2), key_id(1)).await.unwrap(), None, "it is another's");
    // One takes the place of another.
    assert!(start(&store, 1, &trial(20)).await);
    let mut change = store.change().await.unwrap();
    assert_eq!(change.trial(installation(1), key_id(1)).await.unwrap().map(|stored| stored.trial), Some(trial(20)));
    assert!(!change.end_trial(installation(1), key_id(1), at(10)).await.unwrap(), "that is another");
    assert!(change.end_trial(installation(1), key_id(1), at(20)).await.unwrap());
    assert!(!change.end_trial(installation(1), key_id(1), at(20)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(store.record_by_digest(&digest(1)).await.unwrap().unwrap().trial, None);
    // What only a later release can read is tried by that alone, and refuses no key.
    assert!(start(&store, 1, &trial(30)).await);
    let mut raw = database.raw().await;
    assert_eq!(raw.execute("UPDATE trial SET restriction = '{\"moons\":1}'").await, Ok(1));
    raw.close().await;
    assert_eq!(store.record_by_digest(&digest(1)).await.unwrap().unwrap().trial, None);
    assert_eq!(store.trial(installation(1), key_id(1)).await.unwrap(), None);
}

async fn what_is_counted_is_added_up(database: TestDatabase) {
    let store = keys(&database).await;
    start(&store, 1, &trial(10)).await;
    let scope = finding("data:read", Some("198.51.100.4"), 2, 100);
    count(&store, 10, 7, vec![scope.clone(), finding("", None, 1, 100)]).await;
    count(&store, 10, 4, vec![finding("data:read", Some("198.51.100.4"), 3, 90)]).await;
    count(&store, 10, 2, Vec::new()).await;
    // Of a trial that is no longer this one.
    count(&store, 9, 50, vec![scope]).await;
    let stored = store.trial(installation(1), key_id(1)).await.unwrap().unwrap();
    assert_eq!((stored.checked, stored.refused), (13, 6));
    let expected = TrialFinding { last_at: at(105), ..finding("data:read", Some("198.51.100.4"), 5, 90) };
    assert_eq!(store.trial_findings(key_id(1)).await.unwrap(), [expected, finding("", None, 1, 100)]);
    start(&store, 1, &trial(20)).await;
    assert_eq!(store.trial_findings(key_id(1)).await.unwrap(), [], "the next begins anew");
    store.purge_trials(at(1_019)).await.unwrap();
    assert!(store.trial(installation(1), key_id(1)).await.unwrap().is_some());
    store.purge_trials(at(1_020)).await.unwrap();
    assert_eq!(store.trial(installation(1), key_id(1)).await.unwrap(), None);
}

async fn of_many_reasons_the_rest_is_kept_together(database: TestDatabase) {
    let store = keys(&database).await;
    start(&store, 1, &trial(10)).await;
    let of = |number: usize| finding("data:read", Some(&format!("198.51.{}.{}", number / 250, number % 250)), 1, 100);
    count(&store, 10, 150, (0..150).map(of).collect()).await;
    count(&store, 10, 151, (0..150).map(of).chain([TrialFinding { of: None, ..of(0) }]).collect()).await;
    let found = store.trial_findings(key_id(1)).await.unwrap();
    assert_eq!(found.len(), TRIAL_FINDINGS_MAX + 1);
    let rest: Vec<_> = found.iter().filter(|finding| finding.of.is_none()).map(|finding| finding.calls).collect();
    assert_eq!(rest, [101]);
    let stored = store.trial(installation(1), key_id(1)).await.unwrap().unwrap();
    assert_eq!((stored.checked, stored.refused), (301, 301));
}

async fn a_deleted_or_purged_key_takes_its_trial_along(database: TestDatabase) {
    let store = keys(&database).await;
    for key in [1, 2] {
        start(&store, key, &trial(10)).await;
    }
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(1)], at(60)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.trial(installation(1), key_id(1)).await.unwrap(), None);
    assert!(store.trial(installation(1), key_id(2)).await.unwrap().is_some());
    // A release of before deletes a key, and knows of no trial.
    let mut raw = database.raw().await;
    let id = raw.id(key_id(2).0);
    assert_eq!(raw.execute(&format!("UPDATE api_key SET deleted_at = 60 WHERE id = {id}")).await, Ok(1));
    raw.close().await;
    assert_eq!(store.purge(at(0), at(60)).await.unwrap(), 2);
    assert_eq!(store.trial(installation(1), key_id(2)).await.unwrap(), None);
}
