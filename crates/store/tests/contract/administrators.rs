use model::{Administrator, AdministratorId, Role, SessionId};
use store::{SessionsEnded, StoreError, StoredAdministrator, StoredSession, on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::fixture::{at, installation, two_installations};

on_both_databases!(
    an_administrator_reads_back,
    an_address_is_taken_once,
    a_session_from_sign_in_to_sign_out,
    old_sessions_go
);

fn session_id(number: u128) -> SessionId {
    SessionId(Uuid::from_u128(number))
}

fn new(number: u128, email: &str) -> StoredAdministrator {
    StoredAdministrator {
        installation: installation(1),
        administrator: Administrator {
            id: AdministratorId(Uuid::from_u128(number)),
            email: email.to_owned(),
            name: "Ünï Côde".to_owned(),
            role: Role::Manager,
        },
        email_folded: email.to_lowercase(),
        password_hash: "$argon2id$v=19$...".to_owned(),
        created_at: at(8),
        disabled_at: None,
    }
}

async fn an_administrator_reads_back(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    change.insert_administrator(&new(1, "Ada@example.com")).await.unwrap();
    assert_eq!(change.count_administrators(installation(1)).await.unwrap(), 1);
    assert_eq!(change.count_administrators(installation(2)).await.unwrap(), 0);
    change.commit().await.unwrap();
    assert_eq!(store.count_administrators(installation(1)).await.unwrap(), 1);
    assert_eq!(store.count_administrators(installation(2)).await.unwrap(), 0);
    let found = store.administrator_by_email("ada@example.com").await.unwrap().unwrap();
    let expected = new(1, "Ada@example.com");
    assert_eq!((found.installation, found.administrator), (expected.installation, expected.administrator));
    assert_eq!((found.password_hash, found.created_at), (expected.password_hash, expected.created_at));
    assert!(store.administrator_by_email("Ada@example.com").await.unwrap().is_none(), "addresses come folded");
}

async fn an_address_is_taken_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    change.insert_administrator(&new(1, "ada@example.com")).await.unwrap();
    let again = StoredAdministrator { installation: installation(2), ..new(2, "ADA@example.com") };
    let refused = change.insert_administrator(&again).await;
    assert!(matches!(refused, Err(StoreError::AdministratorEmailTaken)), "{refused:?}");
}

async fn a_session_from_sign_in_to_sign_out(database: TestDatabase) {
    let store = two_installations(&database).await;
    let ada = new(1, "ada@example.com");
    let mut change = store.change().await.unwrap();
    change.insert_administrator(&ada).await.unwrap();
    change.insert_session(&[7; 32], session_id(7), ada.administrator.id, at(100)).await.unwrap();
    change.commit().await.unwrap();
    let session = |last_seen| StoredSession {
        id: session_id(7),
        installation: installation(1),
        administrator: ada.administrator.clone(),
        created_at: at(100),
        last_seen_at: at(last_seen),
        proved_at: at(100),
        time_zone: None,
        second_factor: false,
    };
    assert_eq!(store.session(&[7; 32]).await.unwrap(), Some(session(100)));
    assert_eq!(store.session(&[8; 32]).await.unwrap(), None);
    for (seen, expected) in [(160, 160), (150, 160)] {
        store.touch_session(&[7; 32], at(seen)).await.unwrap();
        assert_eq!(store.session(&[7; 32]).await.unwrap(), Some(session(expected)));
    }
    let mut change = store.change().await.unwrap();
    assert!(!change.end_session(&[8; 32]).await.unwrap());
    assert!(change.end_session(&[7; 32]).await.unwrap());
    assert!(!change.end_session(&[7; 32]).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(store.session(&[7; 32]).await.unwrap(), None);
}

async fn old_sessions_go(database: TestDatabase) {
    let store = two_installations(&database).await;
    let ada = new(1, "ada@example.com");
    let mut change = store.change().await.unwrap();
    change.insert_administrator(&ada).await.unwrap();
    for begun in [100, 200, 300] {
        change
            .insert_session(&[(begun / 100) as u8; 32], session_id(begun as u128), ada.administrator.id, at(begun))
            .await
            .unwrap();
    }
    change.commit().await.unwrap();
    store.touch_session(&[1; 32], at(900)).await.unwrap();
    let left = async || {
        let mut left = Vec::new();
        for number in 1..=3 {
            left.extend(store.session(&[number; 32]).await.unwrap().map(|_| number));
        }
        left
    };
    store.purge_sessions(SessionsEnded { idle: at(200), begun: at(99) }).await.unwrap();
    assert_eq!(left().await, [1, 3], "the idle one went");
    store.purge_sessions(SessionsEnded { idle: at(0), begun: at(100) }).await.unwrap();
    assert_eq!(left().await, [3], "the oldest went, however busy");
}
