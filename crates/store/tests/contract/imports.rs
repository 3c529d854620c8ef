//! Keys of an import are in no answer before it is live, and in all of them from then on.

use model::{Actor, Environment, ImportId, Instant, Key, KeySettings};
use store::{
    Change, ImportForms, ImportState, ImportedKinds, KeyFilter, KnownBy, NewDigest, NewImported, NewSecret, Store,
    StoredKey, on_both_databases, testing::TestDatabase,
};
use uuid::Uuid;

use crate::{
    fixture::{at, digest, installation, key, key_id, search_of, secret, two_installations},
    list::{all, numbers},
};

on_both_databases!(
    keys_are_hidden_until_their_import_is_live,
    a_search_finds_them_from_then_on_and_no_sooner,
    an_import_goes_its_way_once,
    what_was_given_up_is_removed_and_what_is_live_is_not,
    keys_are_known_again_by_each_of_their_digests,
    slow_hashes_are_found_by_the_beginning_of_a_key,
    a_used_secret_is_known_by_itself,
);

const IMPORT: ImportId = ImportId(Uuid::from_u128(7));

/// A key of the import, which ends, with what is known of its secret.
fn row(change: &Change, number: u128, imported: NewImported) -> (StoredKey, NewSecret, NewImported) {
    let key = key(number, "Acme");
    let settings =
        KeySettings { expires_at: Some(at(500)), owner_email: "ada@example.com".parse().ok(), ..key.settings };
    let key = Key { imported: true, settings, ..key };
    (StoredKey::imported(installation(1), key, change.epoch(), IMPORT), secret(number, false), imported)
}

fn by(known_by: KnownBy, number: u128) -> NewImported {
    let own = Some(digest(number));
    match known_by {
        KnownBy::Sha256 => NewImported { known_by: Some(known_by), sha256: own, ..NewImported::default() },
        KnownBy::Sha512 => NewImported { known_by: Some(known_by), sha512: own, ..NewImported::default() },
        KnownBy::Slow => NewImported {
            known_by: Some(known_by),
            slow: Some((format!("hash {number}"), "acme_".to_owned())),
            slow_digest: own,
            ..NewImported::default()
        },
    }
}

async fn staged(store: &Store, rows: &[(u128, NewImported)]) {
    let mut change = store.change().await.unwrap();
    if store.imports_not_live().await.unwrap().is_empty() {
        change.begin_import(installation(1), IMPORT, Actor::Operator, at(1)).await.unwrap();
    }
    assert!(change.stage_import(IMPORT).await.unwrap());
    let rows: Vec<_> = rows.iter().map(|(number, imported)| row(&change, *number, imported.clone())).collect();
    change.insert_imported(&rows).await.unwrap();
    change.commit().await.unwrap();
}

async fn live(store: &Store, at: Instant) -> bool {
    let mut change = store.change().await.unwrap();
    let done = change.make_import_live(installation(1), IMPORT, "{}", at).await.unwrap();
    change.commit().await.unwrap();
    done
}

/// Whether the key 20 is in each answer that lists keys or their secrets.
async fn is_known(store: &Store) -> [bool; 9] {
    let own = installation(1);
    let listed = store.list(&all(), model::Sort::default(), None, 10).await.unwrap();
    let mut change = store.change().await.unwrap();
    let (in_change, records) =
        (change.key(own, key_id(20)).await.unwrap(), change.records_of_keys(own, &[key_id(20)]).await.unwrap());
    drop(change);
    let page = store.records_after(model::SecretId(Uuid::nil()), 100).await.unwrap();
    let ending = store.ending_first(own, at(100), at(1_000), 10).await.unwrap();
    let unmailed = store.keys_ending_unmailed((at(100), at(1_000)), "mail:", 10).await.unwrap();
    [
        listed.iter().any(|key| key.id() == key_id(20)),
        store.key(own, key_id(20)).await.unwrap().is_some(),
        !store.keys(own, &[key_id(20)]).await.unwrap().is_empty(),
        store.record_by_digest(&digest(20)).await.unwrap().is_some(),
        in_change.is_some(),
        !records.read.is_empty(),
        page.read.iter().any(|record| record.key == key_id(20)),
        ending.iter().any(|key| key.id == key_id(20)),
        unmailed.iter().any(|key| key.id == key_id(20)),
    ]
}

async fn keys_are_hidden_until_their_import_is_live(database: TestDatabase) {
    let store = two_installations(&database).await;
    staged(&store, &[(20, NewImported::default())]).await;
    assert_eq!(is_known(&store).await, [false; 9]);
    assert_eq!(store.recount_keys().await.unwrap(), 0, "it is not counted either");
    let before = store.look().await.unwrap().newest.epoch;
    assert!(live(&store, at(50)).await);
    assert_eq!(is_known(&store).await, [true; 9]);
    let epoch = store.look().await.unwrap().newest.epoch;
    assert_eq!(store.imports_live(before, epoch).await.unwrap(), [IMPORT]);
    assert!(store.imports_live(epoch, epoch).await.unwrap().is_empty());
    let of_key = store.import_of_key(installation(1), key_id(20)).await.unwrap().unwrap();
    assert_eq!((of_key.id, of_key.state, of_key.live_at), (IMPORT, ImportState::Live, Some(at(50))));
    let key = store.key(installation(1), key_id(20)).await.unwrap().unwrap();
    assert_eq!((key.import(), key.environment()), (Some(IMPORT), Environment::Live));
    assert!(key.at(at(60)).imported);
    assert_eq!(store.recount_keys().await.unwrap(), 1, "whoever made it live has not counted it here");
}

/// An import goes live by a row of its own, and no epoch of its keys moves: what searches skip by must know them before.
async fn a_search_finds_them_from_then_on_and_no_sooner(database: TestDatabase) {
    let store = two_installations(&database).await;
    assert_eq!(store.fold_some_anew(Uuid::nil()).await.unwrap(), None);
    store.keep_search_map().await.unwrap();
    staged(&store, &[(20, NewImported::default())]).await;
    // The first has no trigram.
    let searches = ["ac", "acme"].map(|text| KeyFilter { search: search_of(text), ..all() });
    for filter in &searches {
        assert_eq!(numbers(&store, filter).await, [0_u128; 0]);
    }
    store.keep_search_map().await.unwrap();
    assert!(live(&store, at(50)).await);
    for filter in &searches {
        assert_eq!(numbers(&store, filter).await, [20]);
    }
}

async fn an_import_goes_its_way_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    assert!(change.import_under_way(installation(1)).await.unwrap().is_none());
    change.begin_import(installation(1), IMPORT, Actor::Operator, at(1)).await.unwrap();
    let pending = change.import_under_way(installation(1)).await.unwrap().unwrap();
    assert_eq!((pending.state, pending.actor, pending.beats), (ImportState::Staging, Actor::Operator, 0));
    assert!(change.import_under_way(installation(2)).await.unwrap().is_none());
    change.commit().await.unwrap();
    store.beat_import(IMPORT).await.unwrap();
    assert_eq!(store.imports_not_live().await.unwrap()[0].beats, 1);
    let mut change = store.change().await.unwrap();
    assert!(change.ready_import(IMPORT, "report").await.unwrap());
    assert!(!change.ready_import(IMPORT, "report").await.unwrap());
    assert!(!change.stage_import(IMPORT).await.unwrap(), "nothing is added any more");
    change.commit().await.unwrap();
    let found = store.import(installation(1), IMPORT).await.unwrap().unwrap();
    assert_eq!((found.state, found.report.as_deref()), (ImportState::Ready, Some("report")));
    assert!(store.import(installation(2), IMPORT).await.unwrap().is_none());
    assert!(live(&store, at(2)).await && !live(&store, at(3)).await);
    let mut change = store.change().await.unwrap();
    assert!(!change.abandon_import(IMPORT).await.unwrap());
    assert!(change.remove_staged(IMPORT, 10).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(store.import(installation(1), IMPORT).await.unwrap().unwrap().live_at, Some(at(2)));
    assert!(store.imports_not_live().await.unwrap().is_empty());
}

async fn what_was_given_up_is_removed_and_what_is_live_is_not(database: TestDatabase) {
    let store = two_installations(&database).await;
    staged(&store, &[(20, NewImported::default()), (21, by(KnownBy::Sha256, 21)), (22, NewImported::default())]).await;
    let remove = async || {
        let mut change = store.change().await.unwrap();
        let done = change.remove_staged(IMPORT, 2).await.unwrap();
        change.commit().await.unwrap();
        done
    };
    let rows = async || database.raw().await.number("SELECT COUNT(*) FROM imported_secret").await;
    assert!(remove().await, "it was not given up");
    assert_eq!(rows().await, 3);
    let mut change = store.change().await.unwrap();
    assert!(change.abandon_import(IMPORT).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!([remove().await, remove().await, remove().await], [false, false, true]);
    assert_eq!(rows().await, 0);
    assert!(store.import(installation(1), IMPORT).await.unwrap().is_none());
    assert_eq!(database.raw().await.number("SELECT COUNT(*) FROM api_key WHERE kind = 'issued'").await, 0);
}

async fn keys_are_known_again_by_each_of_their_digests(database: TestDatabase) {
    let store = two_installations(&database).await;
    let whole = NewImported { sha256: Some(digest(120)), sha512: Some(digest(220)), ..NewImported::default() };
    staged(&store, &[(20, whole), (21, by(KnownBy::Slow, 321))]).await;
    let found = async |forms: ImportForms| {
        let found = store.import_matches(&forms).await.unwrap();
        let found = found.into_iter();
        found.map(|of| (of.key.0.as_u128(), of.form == digest(0), of.imported, of.deleted)).collect::<Vec<_>>()
    };
    let one = |number| vec![digest(number), digest(999)];
    for forms in [
        ImportForms { secrets: one(20), ..ImportForms::default() },
        ImportForms { sha256: one(120), ..ImportForms::default() },
        ImportForms { sha512: one(220), ..ImportForms::default() },
    ] {
        assert_eq!(found(forms).await, [(20, false, true, false)]);
    }
    assert_eq!(found(ImportForms { slow: one(321), ..ImportForms::default() }).await, [(21, false, true, false)]);
    assert!(
        found(ImportForms { sha256: one(220), sha512: one(120), slow: one(20), ..ImportForms::default() })
            .await
            .is_empty()
    );
    let default = ImportForms { secrets: one(1_000_002), ..ImportForms::default() };
    let matches = store.import_matches(&default).await.unwrap();
    assert_eq!((matches[0].installation, matches[0].imported), (installation(2), false));
}

async fn slow_hashes_are_found_by_the_beginning_of_a_key(database: TestDatabase) {
    let store = two_installations(&database).await;
    assert_eq!(store.imported_kinds().await.unwrap(), ImportedKinds::default());
    staged(&store, &[(20, by(KnownBy::Slow, 20)), (21, by(KnownBy::Slow, 21)), (22, by(KnownBy::Sha512, 22))]).await;
    assert!(store.slow_candidates(&["acme_", "a"]).await.unwrap().is_empty(), "they do not work yet");
    assert_eq!(store.crowded_prefixes(&["acme_".to_owned(), "a".to_owned()]).await.unwrap(), [("acme_".to_owned(), 2)]);
    assert!(live(&store, at(2)).await);
    let mut found = store.slow_candidates(&["acme_", "a"]).await.unwrap();
    found.sort_by_key(|of| of.secret);
    let found: Vec<_> = found.iter().map(|of| (of.digest, of.hash.as_str(), of.prefix.as_str())).collect();
    assert_eq!(found, [(digest(20), "hash 20", "acme_"), (digest(21), "hash 21", "acme_")]);
    let mut kinds = store.imported_kinds().await.unwrap();
    kinds.left.sort_by_key(|(by, _)| by.as_str());
    assert_eq!(
        kinds,
        ImportedKinds { any: true, left: vec![(KnownBy::Sha512, 1), (KnownBy::Slow, 2)], prefix_lengths: vec![5] }
    );
}

async fn a_used_secret_is_known_by_itself(database: TestDatabase) {
    let store = two_installations(&database).await;
    staged(&store, &[(20, by(KnownBy::Slow, 20)), (21, by(KnownBy::Slow, 21))]).await;
    assert!(live(&store, at(2)).await);
    let new = |number: u128, was: u128| NewDigest {
        installation: installation(1),
        key: key_id(number),
        secret: model::SecretId(Uuid::from_u128(number)),
        was: digest(was),
        digest: digest(number + 500),
        pepper_id: "p1".to_owned(),
        forms: [digest(number + 600), digest(number + 700)],
    };
    let mut change = store.change().await.unwrap();
    // One whose digest is another meanwhile stays as it is.
    let moved = change.renew_digests(&[new(20, 20), new(21, 77)]).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(moved, [key_id(20)]);
    let kinds = store.imported_kinds().await.unwrap();
    assert_eq!(kinds.left, [(KnownBy::Slow, 1)]);
    let slow: Vec<_> = store.slow_candidates(&["acme_"]).await.unwrap().iter().map(|of| of.digest).collect();
    assert_eq!(slow, [digest(21)]);
    assert!(store.record_by_digest(&digest(520)).await.unwrap().is_some());
    for forms in [
        ImportForms { secrets: vec![digest(520)], ..ImportForms::default() },
        ImportForms { sha256: vec![digest(620)], ..ImportForms::default() },
        ImportForms { sha512: vec![digest(720)], ..ImportForms::default() },
        ImportForms { slow: vec![digest(20)], ..ImportForms::default() },
    ] {
        let found = store.import_matches(&forms).await.unwrap();
        assert_eq!(found.iter().map(|of| of.key).collect::<Vec<_>>(), [key_id(20)], "{forms:?}");
    }
}
