use model::{Administrator, AdministratorId, Role};
use store::{Store, StoredAdministrator, StoredIdentity, on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::fixture::{at, installation, two_installations};

on_both_databases!(
    a_subject_is_one_account_and_an_account_one_subject,
    whose_account_is_removed_is_known_no_more,
    an_administrator_anywhere_is_found
);

const ISSUER: &str = "https://id.example.com";

fn id(number: u128) -> AdministratorId {
    AdministratorId(Uuid::from_u128(number))
}

fn identity(subject: &str, number: u128) -> StoredIdentity {
    StoredIdentity {
        issuer: ISSUER.to_owned(),
        subject: subject.to_owned(),
        administrator: id(number),
        created_at: at(5),
    }
}

async fn with_people(database: &TestDatabase) -> Store {
    let store = two_installations(database).await;
    add_people(&store).await;
    store
}

async fn add_people(store: &Store) {
    let mut change = store.change().await.unwrap();
    for (number, place) in [(1, 1), (2, 2)] {
        let email = format!("{number}@example.com");
        let name = "Ada".to_owned();
        let new = StoredAdministrator {
            installation: installation(place),
            administrator: Administrator { id: id(number), email: email.clone(), name, role: Role::Owner },
            email_folded: email,
            password_hash: "$argon2id$".to_owned(),
            created_at: at(1),
            disabled_at: None,
        };
        change.insert_administrator(&new).await.unwrap();
    }
    change.commit().await.unwrap();
}

async fn a_subject_is_one_account_and_an_account_one_subject(database: TestDatabase) {
    let store = with_people(&database).await;
    let mut change = store.change().await.unwrap();
    assert_eq!(change.identity(ISSUER, "ada").await.unwrap(), None);
    change.insert_identity(&identity("ada", 1)).await.unwrap();
    change.commit().await.unwrap();
    let mut change = store.change().await.unwrap();
    assert_eq!(change.identity(ISSUER, "ada").await.unwrap(), Some((installation(1), id(1))));
    // Subjects and issuers are compared byte for byte.
    for (issuer, subject) in [(ISSUER, "Ada"), (ISSUER, "ada "), ("https://id.example.com/", "ada")] {
        assert_eq!(change.identity(issuer, subject).await.unwrap(), None, "{issuer} {subject}");
    }
    assert!(change.has_identity(ISSUER, id(1)).await.unwrap());
    assert!(!change.has_identity("https://other.example.com", id(1)).await.unwrap());
    assert!(!change.has_identity(ISSUER, id(2)).await.unwrap());
    drop(change);
    for twice in [identity("ada", 2), identity("grace", 1)] {
        let mut change = store.change().await.unwrap();
        assert!(change.insert_identity(&twice).await.is_err(), "{twice:?}");
    }
    let mut change = store.change().await.unwrap();
    let elsewhere = StoredIdentity { issuer: "https://other.example.com".to_owned(), ..identity("ada", 1) };
    change.insert_identity(&elsewhere).await.unwrap();
    change.commit().await.unwrap();
}

async fn whose_account_is_removed_is_known_no_more(database: TestDatabase) {
    let store = with_people(&database).await;
    let mut change = store.change().await.unwrap();
    change.insert_identity(&identity("ada", 1)).await.unwrap();
    change.commit().await.unwrap();
    let mut change = store.change().await.unwrap();
    change.remove_administrator(installation(1), id(1)).await.unwrap();
    change.commit().await.unwrap();
    let mut change = store.change().await.unwrap();
    assert_eq!(change.identity(ISSUER, "ada").await.unwrap(), None);
    change.insert_identity(&identity("ada", 2)).await.unwrap();
    change.commit().await.unwrap();
}

async fn an_administrator_anywhere_is_found(database: TestDatabase) {
    let store = two_installations(&database).await;
    assert!(!store.has_administrators().await.unwrap());
    add_people(&store).await;
    assert!(store.has_administrators().await.unwrap());
}
