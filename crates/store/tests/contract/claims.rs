use model::ClaimKind;
use store::{StoredClaim, on_both_databases, testing::TestDatabase};

use crate::fixture::{at, installation, two_installations};

on_both_databases!(what_a_file_holds_is_held_by_it_alone);

fn claim(kind: ClaimKind, object: &str, file: &str, name: &str) -> StoredClaim {
    StoredClaim {
        kind,
        object: object.to_owned(),
        file: file.to_owned(),
        name: name.to_owned(),
        settings: vec!["scopes".to_owned(), "notes".to_owned()],
        version: 3,
        at: at(7),
    }
}

async fn what_a_file_holds_is_held_by_it_alone(database: TestDatabase) {
    let store = two_installations(&database).await;
    let key = claim(ClaimKind::Key, "1", "crm", "acme");
    let limits = claim(ClaimKind::Limits, "client:live:acme", "crm", "client:live:acme");
    let mut change = store.change().await.unwrap();
    for held in [&limits, &key] {
        change.put_claim(installation(1), held).await.unwrap();
    }
    assert_eq!(change.claims(installation(1)).await.unwrap(), [key.clone(), limits.clone()]);
    change.commit().await.unwrap();
    assert_eq!(store.claims(installation(1)).await.unwrap(), [key.clone(), limits.clone()]);
    assert!(store.claims(installation(2)).await.unwrap().is_empty());

    // Neither another file, nor another entry of the same name.
    for other in [claim(ClaimKind::Key, "1", "wfm", "acme"), claim(ClaimKind::Key, "2", "crm", "acme")] {
        let mut change = store.change().await.unwrap();
        assert!(change.put_claim(installation(1), &other).await.is_err(), "{other:?}");
        drop(change);
    }
    // The same ids in another installation are others.
    let mut change = store.change().await.unwrap();
    change.put_claim(installation(2), &key).await.unwrap();
    assert!(change.drop_claim(installation(1), ClaimKind::Key, "1").await.unwrap());
    assert!(!change.drop_claim(installation(1), ClaimKind::Key, "1").await.unwrap());
    change.put_claim(installation(1), &claim(ClaimKind::Key, "1", "wfm", "acme")).await.unwrap();
    change.commit().await.unwrap();
    let held = store.claims(installation(1)).await.unwrap();
    assert_eq!(held.iter().map(|held| held.file.as_str()).collect::<Vec<_>>(), ["wfm", "crm"]);
    assert_eq!(store.claims(installation(2)).await.unwrap(), [key]);
}
