use store::{
    EndingKey, LetterCounts, LetterKind, SealedCopy, Store, StoredLetter, on_both_databases, testing::TestDatabase,
};
use uuid::Uuid;

use crate::fixture::{at, installation, key, key_id, put, two_installations};

on_both_databases!(
    a_letter_is_taken_by_one_and_goes_when_it_is_sent,
    a_letter_that_is_given_up_says_nothing_any_more,
    letters_go_with_what_they_are_about,
    keys_that_end_are_told_to_their_owners_once
);

fn letter(number: u128, about: u128, ms: i64) -> StoredLetter {
    StoredLetter {
        id: Uuid::from_u128(number),
        installation: installation(1),
        kind: LetterKind::Reset,
        about: Uuid::from_u128(about),
        copy: SealedCopy { master_key_id: "m1".to_owned(), wrapped_key: vec![1, 2], sealed_secret: vec![3, 4] },
        created_at: at(ms),
        expires_at: at(ms + 1_000),
        attempts: 0,
    }
}

async fn with_letters(database: &TestDatabase, letters: &[StoredLetter]) -> Store {
    let store = two_installations(database).await;
    let mut change = store.change().await.unwrap();
    for letter in letters {
        change.insert_letter(letter).await.unwrap();
    }
    change.commit().await.unwrap();
    store
}

async fn due(store: &Store, ms: i64) -> Vec<u128> {
    let due = store.letters_due(at(ms), at(ms + 100_000), 10).await.unwrap();
    due.iter().map(|letter| letter.id.as_u128()).collect()
}

async fn a_letter_is_taken_by_one_and_goes_when_it_is_sent(database: TestDatabase) {
    let store = with_letters(&database, &[letter(1, 11, 10), letter(2, 12, 20)]).await;
    assert_eq!(due(&store, 9).await, [] as [u128; 0]);
    assert_eq!(due(&store, 10).await, [1]);
    assert_eq!(due(&store, 20).await, [1, 2]);
    let read = store.letters_due(at(20), at(1_000), 10).await.unwrap().remove(0);
    assert_eq!((read.kind, read.about, read.expires_at), (LetterKind::Reset, Uuid::from_u128(11), at(1_010)));
    assert_eq!((read.copy.wrapped_key, read.copy.sealed_secret), (vec![1, 2], vec![3, 4]));
    assert!(store.claim_letter(Uuid::from_u128(1), 0, at(500)).await.unwrap());
    assert!(!store.claim_letter(Uuid::from_u128(1), 0, at(500)).await.unwrap(), "another node has read the same");
    assert_eq!(due(&store, 499).await, [2]);
    assert_eq!(due(&store, 500).await, [2, 1], "its node has died");
    assert!(store.claim_letter(Uuid::from_u128(1), 1, at(900_000)).await.unwrap());
    store.put_letter_off(Uuid::from_u128(1), "no connection").await.unwrap();
    assert_eq!(due(&store, 500).await, [2, 1], "it was put off by a clock that was far ahead");
    assert_eq!(store.count_letters().await.unwrap(), LetterCounts { waiting: 2, given_up: 0 });
    store.drop_letter(Uuid::from_u128(1)).await.unwrap();
    assert_eq!(store.count_letters().await.unwrap(), LetterCounts { waiting: 1, given_up: 0 });
    assert!(!store.claim_letter(Uuid::from_u128(1), 2, at(500)).await.unwrap());
}

async fn a_letter_that_is_given_up_says_nothing_any_more(database: TestDatabase) {
    let store = with_letters(&database, &[letter(1, 11, 10), letter(2, 12, 20)]).await;
    assert_eq!(store.why_given_up().await.unwrap(), None);
    assert!(store.claim_letter(Uuid::from_u128(1), 0, at(500)).await.unwrap());
    store.give_letter_up(Uuid::from_u128(1), at(600), "the mail server answered 550").await.unwrap();
    store.put_letter_off(Uuid::from_u128(1), "later").await.unwrap();
    assert!(!store.claim_letter(Uuid::from_u128(1), 1, at(700)).await.unwrap());
    assert_eq!(due(&store, 10_000).await, [2]);
    assert_eq!(store.count_letters().await.unwrap(), LetterCounts { waiting: 1, given_up: 1 });
    assert_eq!(store.why_given_up().await.unwrap().as_deref(), Some("the mail server answered 550"));
    let mut raw = database.raw().await;
    let left =
        "SELECT COUNT(*) FROM letter WHERE given_up_at IS NOT NULL AND sealed_letter IS NULL AND wrapped_key IS NULL";
    assert_eq!(raw.number(left).await, 1);
    let kept = store.keyring_uses(at(0)).await.unwrap();
    let letters: Vec<u64> = kept.iter().filter(|of| of.what == "letters").map(|of| of.count).collect();
    assert_eq!(letters, [1], "it rests on no key any more");
    store.purge_letters(at(599)).await.unwrap();
    assert_eq!(store.count_letters().await.unwrap().given_up, 1);
    store.purge_letters(at(600)).await.unwrap();
    assert_eq!(store.count_letters().await.unwrap(), LetterCounts { waiting: 1, given_up: 0 });
}

async fn letters_go_with_what_they_are_about(database: TestDatabase) {
    let store = with_letters(&database, &[letter(1, 11, 10), letter(2, 11, 20), letter(3, 12, 30)]).await;
    let mut change = store.change().await.unwrap();
    change.drop_letters_about(Uuid::from_u128(11)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(due(&store, 100).await, [3]);
    let mut change = store.change().await.unwrap();
    assert_eq!(change.withdraw_all_account_links().await.unwrap(), 0, "a letter is no link");
    change.commit().await.unwrap();
    assert_eq!(store.count_letters().await.unwrap(), LetterCounts::default());
}

async fn keys_that_end_are_told_to_their_owners_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    for (number, place, owner, end) in [
        (1, 1, Some("bo@example.com"), 100),
        (2, 1, Some("ada@example.com"), 120),
        (3, 1, Some("bo@example.com"), 90),
        (4, 1, None, 100),
        (5, 1, Some("ada@example.com"), 50),
        (6, 1, Some("ada@example.com"), 151),
        (7, 2, Some("ada@example.com"), 150),
        (8, 1, Some("off@example.com"), 100),
        (9, 1, Some("gone@example.com"), 100),
    ] {
        let mut new = key(number, "Acme");
        new.settings.expires_at = Some(at(end));
        new.settings.owner_email = owner.map(|owner| owner.parse().unwrap());
        new.settings.enabled = number != 8;
        put(&mut change, installation(place), new).await.unwrap();
    }
    change.commit().await.unwrap();
    let mut raw = database.raw().await;
    let gone = format!("UPDATE api_key SET deleted_at = 40 WHERE id = {}", raw.id(key_id(9).0));
    assert_eq!(raw.execute(&gone).await, Ok(1));
    let found = async || store.keys_ending_unmailed((at(50), at(150)), "mail:", 10).await.unwrap();
    let numbers = |keys: Vec<EndingKey>| keys.iter().map(|key| key.id.0.as_u128()).collect::<Vec<_>>();
    let first = found().await;
    let expected = EndingKey {
        installation: installation(1),
        id: key_id(2),
        client_name: "Acme".to_owned(),
        owner_email: "ada@example.com".to_owned(),
        expires_at: at(120),
    };
    assert_eq!(first[0], expected);
    assert_eq!(numbers(first), [2, 3, 1, 7]);
    let mut change = store.change().await.unwrap();
    assert!(change.tell_once(installation(1), key_id(3).0, "mail:90", at(1)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(numbers(found().await), [2, 1, 7]);
}
