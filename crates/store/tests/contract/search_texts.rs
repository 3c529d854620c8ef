//! What keys are found by besides their Client Name.

use model::{Hint, HintEnd, Key, KeyId, KeySettings, KeyStatus, Metadata};
use store::{KeyFilter, NewSecret, Store, on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::{
    fixture::{at, installation, key, key_id, put, search_of, secret, two_installations},
    list::{all, numbers},
};

on_both_databases!(
    owner_notes_and_metadata_are_found_by_those_who_may_read_them,
    an_edit_reaches_every_text,
    a_key_is_found_by_its_id_and_by_the_end_of_its_hint,
    what_an_earlier_release_wrote_is_found_once_it_is_folded_anew,
);

fn described(number: u128, name: &str, owner: &str, notes: &str, pair: (&str, &str)) -> Key {
    let mut key = key(number, name);
    key.settings.owner_email = Some(owner.parse().unwrap());
    key.settings.notes = Some(notes.parse().unwrap());
    key.settings.metadata = Metadata::new([(pair.0.to_owned(), pair.1.to_owned())].into()).unwrap();
    key
}

async fn three_keys(store: &Store) {
    let mut change = store.change().await.unwrap();
    for key in [
        described(1, "Acme CRM", "Ada@Acme.example", "Renewed for Zoë, ticket 4711", ("account", "A-17")),
        described(2, "Beta Dialer", "bob@beta.example", "Acme owns it since May", ("account", "B-18")),
        key(3, "Acme Reporting"),
    ] {
        put(&mut change, installation(1), key).await.unwrap();
    }
    change.commit().await.unwrap();
}

async fn find(store: &Store, text: &str, search_notes: bool, status: Option<KeyStatus>) -> Vec<u128> {
    let mut found = numbers(store, &KeyFilter { search: search_of(text), search_notes, status, ..all() }).await;
    found.sort_unstable();
    found
}

async fn owner_notes_and_metadata_are_found_by_those_who_may_read_them(database: TestDatabase) {
    let store = two_installations(&database).await;
    three_keys(&store).await;
    for (search, by_all, by_others) in [
        ("ada@acme.example", &[1][..], &[1][..]),
        ("ADA", &[1], &[1]),
        ("crm ada", &[1], &[1]),
        ("acme", &[1, 2, 3], &[1, 3]),
        ("zoe", &[1], &[]),
        ("beta may", &[2], &[]),
        ("a-17 acme", &[1], &[]),
        ("account=b-18", &[2], &[]),
        ("account", &[1, 2], &[]),
        // Of two words one is in the notes.
        ("dialer acme", &[2], &[]),
        ("az", &[], &[]),
        ("ël", &[], &[]),
        ("ob", &[2], &[2]),
    ] {
        assert_eq!(find(&store, search, true, None).await, by_all, "{search}");
        assert_eq!(find(&store, search, false, None).await, by_others, "{search}, without notes");
    }
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(1), key_id(2)], at(60)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(find(&store, "acme", true, None).await, [3]);
    assert_eq!(find(&store, "acme", true, Some(KeyStatus::Revoked)).await, [1, 2]);
    assert_eq!(find(&store, "acme", false, Some(KeyStatus::Revoked)).await, [1]);
    // What is counted, chosen and exported goes by the same rule.
    let filter = KeyFilter { search: search_of("acme"), search_notes: false, status: None, ..all() };
    assert_eq!(store.matching_ids(&filter, 10).await.unwrap(), [key_id(3)]);
    assert_eq!(store.deletion_impact(&filter, at(0), 10).await.unwrap().keys, 1);
}

async fn an_edit_reaches_every_text(database: TestDatabase) {
    let store = two_installations(&database).await;
    three_keys(&store).await;
    let settings = described(1, "Gamma", "eve@gamma.example", "handed to Eve", ("account", "C-19")).settings;
    let mut change = store.change().await.unwrap();
    assert!(change.update_key(installation(1), key_id(1), &settings, at(70)).await.unwrap());
    let bare = KeySettings { owner_email: None, notes: None, metadata: Metadata::default(), ..key(2, "Beta").settings };
    assert!(change.update_key(installation(1), key_id(2), &bare, at(70)).await.unwrap());
    change.commit().await.unwrap();
    for (search, expected) in [
        ("eve@gamma", &[1][..]),
        ("handed c-19", &[1]),
        ("ada@acme", &[]),
        ("4711", &[]),
        ("bob@beta", &[]),
        ("b-18", &[]),
        ("beta", &[2]),
    ] {
        assert_eq!(find(&store, search, true, None).await, expected, "{search}");
    }
}

async fn a_key_is_found_by_its_id_and_by_the_end_of_its_hint(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    // One whose name says what another's hint does, one of another installation, and one that is rotated.
    for (place, number, name, end) in
        [(1, 1, "Acme", "c2Xa"), (1, 2, "The c2xa of Beta", "0001"), (2, 3, "Theirs", "c2Xa"), (1, 4, "Zeta", "9Z9Z")]
    {
        let hint = Hint(format!("ccc_live_7Qfx…{end}"));
        let secret = NewSecret { hint: hint.clone(), ..secret(number, true) };
        let stored = store::StoredKey::new(installation(place), Key { hint, ..key(number, name) }, change.epoch());
        change.insert_keys(&[(stored, secret)]).await.unwrap();
    }
    let next = NewSecret { hint: Hint("ccc_live_1111…NEWx".to_owned()), ..secret(40, true) };
    assert!(change.rotate_key(installation(1), key_id(4), &next, at(90), at(60)).await.unwrap());
    change.commit().await.unwrap();
    let id = |number: u128| key_id(number).to_string();
    for (search, expected) in [
        ("c2Xa", &[1, 2][..]),
        ("…c2Xa", &[1]),
        ("ccc_live_7Qfx…c2Xa", &[1]),
        ("ccc_live_8Qfx…c2Xa", &[]),
        ("c2XA", &[2]),
        ("NEWx", &[4]),
        ("9Z9Z", &[4]),
        (&id(1), &[1]),
        (&id(1).to_uppercase(), &[1]),
        (&id(3), &[]),
        (&id(9), &[]),
    ] {
        assert_eq!(find(&store, search, true, None).await, expected, "{search}");
        assert_eq!(find(&store, search, false, None).await, expected, "{search}, without notes");
    }
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(1)], at(60)).await.unwrap();
    change.commit().await.unwrap();
    for search in [&id(1), "c2Xa"] {
        assert!(!find(&store, search, true, None).await.contains(&1), "{search}");
        assert_eq!(find(&store, search, true, Some(KeyStatus::Revoked)).await, [1], "{search}");
    }
    let by_hint = async |place: u128, end: &str| -> Vec<KeyId> {
        store.keys_by_hint(installation(place), &HintEnd::parse(end).unwrap()).await.unwrap()
    };
    assert_eq!((by_hint(1, "c2Xa").await, by_hint(2, "c2Xa").await), (vec![key_id(1)], vec![key_id(3)]));
    assert_eq!((by_hint(1, "…9Z9Z").await, by_hint(1, "none").await), (vec![key_id(4)], vec![]));
}

/// Two releases: one that folded the names as this one does and knew no other text, and one before that.
async fn what_an_earlier_release_wrote_is_found_once_it_is_folded_anew(database: TestDatabase) {
    let store = two_installations(&database).await;
    three_keys(&store).await;
    let mut raw = database.raw().await;
    raw.execute("UPDATE api_key SET owner_folded = '', notes_folded = '', fold_version = 2 WHERE kind = 'issued'")
        .await
        .unwrap();
    let id = raw.id(key_id(3).0);
    raw.execute(&format!("UPDATE api_key SET fold_version = 1 WHERE id = {id}")).await.unwrap();
    for (search, before) in [("crm acme", &[1][..]), ("reporting acme", &[]), ("acme rep", &[3]), ("ada@", &[])] {
        assert_eq!(find(&store, search, true, None).await, before, "{search}");
    }
    assert!(store.fold_some_anew(Uuid::nil()).await.unwrap().is_some());
    assert_eq!(store.fold_some_anew(Uuid::nil()).await.unwrap(), None);
    for (search, after) in [("crm acme", &[1][..]), ("reporting acme", &[3]), ("ada@", &[1]), ("zoe a-17", &[1])] {
        assert_eq!(find(&store, search, true, None).await, after, "{search}");
    }
    assert_eq!(raw.number("SELECT COUNT(*) FROM api_key WHERE fold_version < 4").await, 0);
}
