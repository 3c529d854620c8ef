use model::{Administrator, AdministratorId, PersonStatus, Role, SessionId};
use store::{
    Change, SessionsEnded, Store, StoreError, StoredAdministrator, StoredInvitation, on_both_databases,
    testing::TestDatabase,
};
use uuid::Uuid;

use crate::fixture::{at, digest, installation, two_installations};

on_both_databases!(
    an_invitation_is_accepted_once_and_in_time,
    a_link_for_a_new_password_is_replaced_and_withdrawn,
    owners_who_can_sign_in_are_counted,
    a_removed_administrator_leaves_nothing,
    sessions_of_a_person_end,
    people_are_listed_with_their_living_sessions
);

const NONE_OVER: SessionsEnded = SessionsEnded { idle: at(0), begun: at(0) };

fn id(number: u128) -> AdministratorId {
    AdministratorId(Uuid::from_u128(number))
}

fn session_id(number: u128) -> SessionId {
    SessionId(Uuid::from_u128(number))
}

fn owner(number: u128) -> StoredAdministrator {
    let email = format!("{number}@example.com");
    StoredAdministrator {
        installation: installation(1),
        administrator: Administrator {
            id: id(number),
            email: email.clone(),
            name: "Ada".to_owned(),
            role: Role::Owner,
        },
        email_folded: email,
        password_hash: "$argon2id$".to_owned(),
        created_at: at(i64::try_from(number).unwrap()),
        disabled_at: None,
    }
}

fn invitation(number: u128, place: u128) -> StoredInvitation {
    StoredInvitation {
        id: id(number),
        installation: installation(place),
        email: "Grace@example.com".to_owned(),
        email_folded: "grace@example.com".to_owned(),
        name: "Grace".to_owned(),
        role: Role::Viewer,
        created_at: at(10),
        expires_at: at(100),
    }
}

async fn with_owners(database: &TestDatabase, owners: &[u128]) -> Store {
    let store = two_installations(database).await;
    let mut change = store.change().await.unwrap();
    for number in owners {
        change.insert_administrator(&owner(*number)).await.unwrap();
    }
    change.commit().await.unwrap();
    store
}

async fn begin(change: &mut Change, number: u128, person: u128, when: i64) {
    change.insert_session(&digest(number), session_id(number), id(person), at(when)).await.unwrap();
}

async fn an_invitation_is_accepted_once_and_in_time(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    change.insert_invitation(&invitation(1, 1), &digest(1)).await.unwrap();
    change.insert_invitation(&invitation(2, 2), &digest(2)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.invitation_by_token(&digest(1), at(99)).await.unwrap(), Some(invitation(1, 1)));
    assert_eq!(store.invitation_by_token(&digest(1), at(100)).await.unwrap(), None);
    assert_eq!(store.invitation_by_token(&digest(3), at(50)).await.unwrap(), None);
    assert_eq!(store.invitations(installation(1), at(99)).await.unwrap(), [invitation(1, 1)]);
    assert_eq!(store.invitations(installation(1), at(100)).await.unwrap(), []);
    let mut change = store.change().await.unwrap();
    assert_eq!(change.accept_invitation(&digest(1), at(100)).await.unwrap(), None);
    assert_eq!(change.accept_invitation(&digest(1), at(99)).await.unwrap(), Some(invitation(1, 1)));
    assert_eq!(change.accept_invitation(&digest(1), at(99)).await.unwrap(), None);
    assert_eq!(change.withdraw_invitation(installation(1), "grace@example.com").await.unwrap(), None);
    change.commit().await.unwrap();
    store.purge_account_links(at(99)).await.unwrap();
    let mut change = store.change().await.unwrap();
    let withdrawn = change.withdraw_invitation(installation(2), "grace@example.com").await.unwrap();
    assert_eq!(withdrawn, Some(invitation(2, 2)));
    change.insert_invitation(&invitation(3, 2), &digest(3)).await.unwrap();
    change.commit().await.unwrap();
    store.purge_account_links(at(100)).await.unwrap();
    assert_eq!(database.raw().await.number("SELECT COUNT(*) FROM invitation").await, 0);
    let mut change = store.change().await.unwrap();
    change.insert_invitation(&invitation(4, 1), &digest(4)).await.unwrap();
    let twice = change.insert_invitation(&invitation(5, 1), &digest(5)).await;
    assert!(matches!(twice, Err(StoreError::Database(_))), "an address is invited once: {twice:?}");
}

async fn a_link_for_a_new_password_is_replaced_and_withdrawn(database: TestDatabase) {
    let store = with_owners(&database, &[1, 2]).await;
    let mut change = store.change().await.unwrap();
    change.put_password_reset(id(1), &digest(1), at(10), at(100)).await.unwrap();
    change.put_password_reset(id(2), &digest(2), at(10), at(100)).await.unwrap();
    change.commit().await.unwrap();
    let found = store.password_reset_by_token(&digest(1), at(99)).await.unwrap().unwrap();
    assert_eq!((found.installation, found.administrator), (installation(1), owner(1).administrator));
    assert_eq!(store.password_reset_by_token(&digest(1), at(100)).await.unwrap(), None);
    let mut change = store.change().await.unwrap();
    change.put_password_reset(id(1), &digest(3), at(20), at(120)).await.unwrap();
    assert_eq!(change.password_reset_by_token(&digest(1), at(50)).await.unwrap(), None);
    assert!(change.password_reset_by_token(&digest(3), at(119)).await.unwrap().is_some());
    assert!(change.set_disabled(installation(1), id(2), Some(at(30))).await.unwrap());
    assert_eq!(change.password_reset_by_token(&digest(2), at(50)).await.unwrap(), None, "of a disabled one");
    change.withdraw_password_reset(id(1)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.password_reset_by_token(&digest(3), at(50)).await.unwrap(), None);
    store.purge_account_links(at(99)).await.unwrap();
    assert_eq!(database.raw().await.number("SELECT COUNT(*) FROM password_reset").await, 1);
    store.purge_account_links(at(100)).await.unwrap();
    assert_eq!(database.raw().await.number("SELECT COUNT(*) FROM password_reset").await, 0);
}

async fn owners_who_can_sign_in_are_counted(database: TestDatabase) {
    let store = with_owners(&database, &[1, 2, 3]).await;
    let (here, elsewhere) = (installation(1), installation(2));
    let mut change = store.change().await.unwrap();
    assert_eq!(change.count_other_owners(here, id(1)).await.unwrap(), 2);
    assert_eq!(change.count_other_owners(elsewhere, id(1)).await.unwrap(), 0);
    assert!(!change.set_role(elsewhere, id(2), Role::Viewer).await.unwrap());
    assert!(!change.set_disabled(elsewhere, id(2), Some(at(9))).await.unwrap());
    assert!(!change.set_password(elsewhere, id(2), "x").await.unwrap());
    assert!(change.set_role(here, id(2), Role::Manager).await.unwrap());
    assert_eq!(change.count_other_owners(here, id(1)).await.unwrap(), 1);
    assert!(change.set_disabled(here, id(3), Some(at(9))).await.unwrap());
    assert_eq!(change.count_other_owners(here, id(1)).await.unwrap(), 0);
    assert!(change.set_password(here, id(3), "$argon2id$other").await.unwrap());
    let found = change.administrator(here, id(3)).await.unwrap().unwrap();
    assert_eq!((found.disabled_at, found.password_hash.as_str()), (Some(at(9)), "$argon2id$other"));
    assert!(change.administrator(elsewhere, id(3)).await.unwrap().is_none());
    assert!(change.set_disabled(here, id(3), None).await.unwrap());
    assert_eq!(change.count_other_owners(here, id(1)).await.unwrap(), 1);
    let found = change.administrator_by_email("2@example.com").await.unwrap().unwrap();
    assert_eq!((found.administrator.id, found.administrator.role), (id(2), Role::Manager));
}

async fn a_removed_administrator_leaves_nothing(database: TestDatabase) {
    let store = with_owners(&database, &[1, 2]).await;
    let mut change = store.change().await.unwrap();
    begin(&mut change, 1, 1, 10).await;
    change.put_password_reset(id(1), &digest(1), at(10), at(100)).await.unwrap();
    assert!(change.remove_administrator(installation(1), id(1)).await.unwrap());
    assert!(!change.remove_administrator(installation(1), id(1)).await.unwrap());
    assert!(!change.remove_administrator(installation(2), id(2)).await.unwrap());
    // The address is free again.
    let again = StoredAdministrator { email_folded: "1@example.com".to_owned(), ..owner(3) };
    change.insert_administrator(&again).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.session(&digest(1)).await.unwrap(), None);
    assert_eq!(store.password_reset_by_token(&digest(1), at(50)).await.unwrap(), None);
    assert_eq!(store.count_administrators(installation(1)).await.unwrap(), 2);
}

async fn sessions_of_a_person_end(database: TestDatabase) {
    let store = with_owners(&database, &[1, 2]).await;
    let mut change = store.change().await.unwrap();
    for number in 1..=5 {
        begin(&mut change, number, 1, 100 * number as i64).await;
    }
    begin(&mut change, 6, 2, 100).await;
    change.commit().await.unwrap();
    let left = async || {
        let sessions = store.sessions_of(id(1), NONE_OVER).await.unwrap();
        sessions.iter().map(|session| session.id.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(left().await, [5, 4, 3, 2, 1]);
    // The first is used still; the second and third have ended by time, so neither of the others has to go.
    store.touch_session(&digest(1), at(900)).await.unwrap();
    let mut change = store.change().await.unwrap();
    let over = SessionsEnded { idle: at(300), begun: at(0) };
    change.end_oldest_sessions(id(1), over, 3).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(left().await, [5, 4, 1]);
    let mut change = store.change().await.unwrap();
    change.end_oldest_sessions(id(1), NONE_OVER, 2).await.unwrap();
    assert!(!change.end_session_of(id(2), session_id(5)).await.unwrap(), "another's");
    assert!(change.end_session_of(id(1), session_id(5)).await.unwrap());
    assert_eq!(change.session(&digest(4)).await.unwrap().unwrap().id, session_id(4));
    begin(&mut change, 7, 1, 700).await;
    assert_eq!(change.end_sessions(id(1), Some(&digest(7))).await.unwrap(), 1);
    assert_eq!(change.end_sessions(id(1), None).await.unwrap(), 1);
    change.commit().await.unwrap();
    assert_eq!(left().await, Vec::<u128>::new());
    assert!(store.session(&digest(6)).await.unwrap().is_some());
    let mut change = store.change().await.unwrap();
    change.set_disabled(installation(1), id(2), Some(at(9))).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.session(&digest(6)).await.unwrap(), None, "a disabled person has none");
}

async fn people_are_listed_with_their_living_sessions(database: TestDatabase) {
    let store = with_owners(&database, &[1, 2]).await;
    let mut change = store.change().await.unwrap();
    for (number, when) in [(1, 100), (2, 200), (3, 300)] {
        begin(&mut change, number, 1, when).await;
    }
    change.set_disabled(installation(1), id(2), Some(at(9))).await.unwrap();
    change.commit().await.unwrap();
    let over = SessionsEnded { idle: at(100), begun: at(50) };
    let people = store.administrators(installation(1), over).await.unwrap();
    let facts: Vec<_> = people.iter().map(|who| (who.id, who.status, who.sessions, who.last_seen_at)).collect();
    assert_eq!(facts, [(id(1), PersonStatus::Active, 2, Some(at(300))), (id(2), PersonStatus::Disabled, 0, None)]);
    assert_eq!(store.administrators(installation(2), over).await.unwrap(), []);
}
