use model::{Administrator, AdministratorId, Passkey, PasskeyId, Role, SessionId};
use store::{
    CodeGuesses, SealedCopy, SessionsEnded, Store, StoredAdministrator, StoredPasskey, StoredTotp, on_both_databases,
    testing::TestDatabase,
};
use uuid::Uuid;

use crate::fixture::{at, digest, installation, two_installations};

on_both_databases!(
    a_code_is_used_once_whichever_node_is_first,
    recovery_codes_are_replaced_and_each_is_used_once,
    a_passkey_is_one_persons_and_its_counter_moves_on,
    a_challenge_is_answered_once,
    wrong_codes_are_counted_until_one_is_right,
    a_session_tells_of_proof_time_zone_and_second_factor,
    a_removed_person_leaves_no_second_factor,
    a_person_has_the_name_that_they_gave_themselves_last
);

const NONE_OVER: SessionsEnded = SessionsEnded { idle: at(0), begun: at(0) };

fn id(number: u128) -> AdministratorId {
    AdministratorId(Uuid::from_u128(number))
}

fn passkey_id(number: u128) -> PasskeyId {
    PasskeyId(Uuid::from_u128(number))
}

fn person(number: u128) -> StoredAdministrator {
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
        created_at: at(1),
        disabled_at: None,
    }
}

fn sealed(master: &str) -> SealedCopy {
    SealedCopy { master_key_id: master.to_owned(), wrapped_key: master.as_bytes().to_vec(), sealed_secret: vec![7; 40] }
}

fn app(number: u128) -> StoredTotp {
    StoredTotp {
        installation: installation(1),
        administrator: id(number),
        secret: sealed("m1"),
        created_at: at(10),
        last_step: 100,
    }
}

fn passkey(number: u128, whose: u128) -> StoredPasskey {
    let name = format!("Key {number}");
    StoredPasskey {
        administrator: id(whose),
        passkey: Passkey {
            id: passkey_id(number),
            name,
            created_at: at(i64::try_from(number).unwrap()),
            last_used_at: None,
        },
        credential_id: number.to_be_bytes().to_vec(),
        public_key: vec![4; 77],
        sign_count: 0,
    }
}

async fn with_people(database: &TestDatabase) -> Store {
    let store = two_installations(database).await;
    let mut change = store.change().await.unwrap();
    for number in [1, 2] {
        change.insert_administrator(&person(number)).await.unwrap();
    }
    change.commit().await.unwrap();
    store
}

async fn a_code_is_used_once_whichever_node_is_first(database: TestDatabase) {
    let store = with_people(&database).await;
    let other = database.store().await;
    let mut change = store.change().await.unwrap();
    assert!(change.insert_totp(&app(1)).await.unwrap());
    assert!(!change.insert_totp(&app(1)).await.unwrap(), "one each");
    change.commit().await.unwrap();
    assert_eq!(other.totp(id(1)).await.unwrap(), Some(app(1)));
    assert_eq!(store.totp(id(2)).await.unwrap(), None);
    for (node, step, used) in [(&store, 101, true), (&other, 101, false), (&other, 100, false), (&other, 102, true)] {
        let mut change = node.change().await.unwrap();
        assert_eq!(change.use_totp(id(1), step).await.unwrap(), used, "{step}");
        change.commit().await.unwrap();
    }
    let mut change = store.change().await.unwrap();
    assert!(!change.use_totp(id(2), 500).await.unwrap(), "of nobody");
    assert!(!change.reseal_totp(id(1), b"m0", &sealed("m2")).await.unwrap(), "somebody was faster");
    assert!(change.reseal_totp(id(1), b"m1", &sealed("m2")).await.unwrap());
    change.commit().await.unwrap();
    let all = store.all_totp().await.unwrap();
    assert_eq!(all, [StoredTotp { secret: sealed("m2"), last_step: 102, ..app(1) }]);
    let uses = store.keyring_uses(at(50)).await.unwrap();
    assert!(uses.iter().any(|of| (of.id.as_str(), of.what.as_str(), of.count) == ("m2", "authenticator apps", 1)));
    let mut change = store.change().await.unwrap();
    assert!(change.delete_totp(id(1)).await.unwrap());
    assert!(!change.delete_totp(id(1)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(store.totp(id(1)).await.unwrap(), None);
}

async fn recovery_codes_are_replaced_and_each_is_used_once(database: TestDatabase) {
    let store = with_people(&database).await;
    let mut change = store.change().await.unwrap();
    change.put_recovery_codes(id(1), &[digest(1), digest(2), digest(3)]).await.unwrap();
    change.put_recovery_codes(id(2), &[digest(1)]).await.unwrap();
    change.commit().await.unwrap();
    let mut change = store.change().await.unwrap();
    assert!(change.use_recovery_code(id(1), &digest(1)).await.unwrap());
    assert!(!change.use_recovery_code(id(1), &digest(1)).await.unwrap());
    assert!(!change.use_recovery_code(id(1), &digest(4)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!((store.recovery_codes(id(1)).await.unwrap(), store.recovery_codes(id(2)).await.unwrap()), (2, 1));
    let mut change = store.change().await.unwrap();
    change.put_recovery_codes(id(1), &[digest(5)]).await.unwrap();
    assert!(!change.use_recovery_code(id(1), &digest(2)).await.unwrap(), "those of before are gone");
    assert!(change.use_recovery_code(id(1), &digest(5)).await.unwrap());
    change.delete_recovery_codes(id(2)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!((store.recovery_codes(id(1)).await.unwrap(), store.recovery_codes(id(2)).await.unwrap()), (0, 0));
}

async fn a_passkey_is_one_persons_and_its_counter_moves_on(database: TestDatabase) {
    let store = with_people(&database).await;
    let mut change = store.change().await.unwrap();
    assert!(change.insert_passkey(&passkey(2, 1)).await.unwrap());
    assert!(change.insert_passkey(&passkey(1, 1)).await.unwrap());
    let taken = StoredPasskey { passkey: passkey(3, 2).passkey, ..passkey(1, 2) };
    assert!(!change.insert_passkey(&taken).await.unwrap(), "somebody has it");
    change.commit().await.unwrap();
    assert_eq!(store.passkeys(id(1)).await.unwrap(), [passkey(1, 1), passkey(2, 1)]);
    let mut change = store.change().await.unwrap();
    // An authenticator that does not count says 0 each time.
    for (whose, count, used) in [
        (2, 0, false),
        (1, 0, true),
        (1, 0, true),
        (1, 5, true),
        (1, 5, false),
        (1, 0, false),
        (1, 4_294_967_295, true),
    ] {
        assert_eq!(change.use_passkey(id(whose), passkey_id(1), count, at(50)).await.unwrap(), used, "{whose} {count}");
    }
    change.commit().await.unwrap();
    let used = store.passkeys(id(1)).await.unwrap().remove(0);
    assert_eq!((used.sign_count, used.passkey.last_used_at), (u32::MAX, Some(at(50))));
    let mut change = store.change().await.unwrap();
    assert!(!change.delete_passkey(id(2), passkey_id(1)).await.unwrap(), "another's");
    assert!(change.delete_passkey(id(1), passkey_id(1)).await.unwrap());
    assert_eq!(change.passkeys(id(1)).await.unwrap().len(), 1);
    assert_eq!(change.delete_passkeys(id(1)).await.unwrap(), 1);
    change.commit().await.unwrap();
    assert_eq!(store.passkeys(id(1)).await.unwrap(), []);
}

async fn a_challenge_is_answered_once(database: TestDatabase) {
    let (store, other) = (database.store().await, database.store().await);
    for (node, number, spent) in [(&store, 1, true), (&other, 1, false), (&other, 2, true)] {
        let mut change = node.change().await.unwrap();
        assert_eq!(change.spend_challenge(&digest(number), at(10 * number as i64)).await.unwrap(), spent);
        change.commit().await.unwrap();
    }
    store.purge_challenges(at(10)).await.unwrap();
    assert_eq!(database.raw().await.number("SELECT COUNT(*) FROM spent_challenge").await, 1);
}

async fn wrong_codes_are_counted_until_one_is_right(database: TestDatabase) {
    let store = with_people(&database).await;
    let mut change = store.change().await.unwrap();
    assert_eq!(change.code_guesses(id(1)).await.unwrap(), None);
    for failures in [1, 2] {
        let guesses = CodeGuesses { failures, failed_at: at(i64::from(failures)) };
        change.put_code_guesses(id(1), guesses).await.unwrap();
        assert_eq!(change.code_guesses(id(1)).await.unwrap(), Some(guesses));
    }
    assert_eq!(change.code_guesses(id(2)).await.unwrap(), None);
    change.forget_code_guesses(id(1)).await.unwrap();
    assert_eq!(change.code_guesses(id(1)).await.unwrap(), None);
}

async fn a_session_tells_of_proof_time_zone_and_second_factor(database: TestDatabase) {
    let store = with_people(&database).await;
    let session = |number| SessionId(Uuid::from_u128(number));
    let mut change = store.change().await.unwrap();
    for number in [1, 2, 3] {
        change.insert_session(&digest(number), session(number), id(1), at(100)).await.unwrap();
    }
    change.commit().await.unwrap();
    let read = async || {
        let found = store.session(&digest(1)).await.unwrap().unwrap();
        (found.proved_at, found.time_zone, found.second_factor)
    };
    assert_eq!(read().await, (at(100), None, false), "signing in is a proof");
    let mut change = store.change().await.unwrap();
    assert!(change.prove_session(id(1), session(1), at(200)).await.unwrap());
    assert!(!change.prove_session(id(2), session(1), at(300)).await.unwrap(), "another's");
    assert!(change.set_own_time_zone(installation(1), id(1), Some("Europe/Zurich")).await.unwrap());
    assert!(change.insert_passkey(&passkey(1, 1)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(read().await, (at(200), Some("Europe/Zurich".to_owned()), true));
    assert_eq!(store.session(&digest(2)).await.unwrap().unwrap().proved_at, at(100));
    let people = store.administrators(installation(1), NONE_OVER).await.unwrap();
    assert_eq!(people.iter().map(|who| who.second_factor).collect::<Vec<_>>(), [true, false]);
    let mut change = store.change().await.unwrap();
    assert!(change.set_own_time_zone(installation(1), id(1), None).await.unwrap());
    assert!(!change.set_own_time_zone(installation(2), id(1), None).await.unwrap());
    change.delete_passkeys(id(1)).await.unwrap();
    assert!(change.insert_totp(&app(1)).await.unwrap());
    assert_eq!(change.end_other_sessions(id(1), session(1)).await.unwrap(), 2);
    change.commit().await.unwrap();
    assert_eq!(read().await, (at(200), None, true));
    assert_eq!(store.session(&digest(2)).await.unwrap(), None);
}

async fn a_removed_person_leaves_no_second_factor(database: TestDatabase) {
    let store = with_people(&database).await;
    let mut change = store.change().await.unwrap();
    change.insert_totp(&app(1)).await.unwrap();
    change.insert_passkey(&passkey(1, 1)).await.unwrap();
    change.put_recovery_codes(id(1), &[digest(1)]).await.unwrap();
    change.put_code_guesses(id(1), CodeGuesses { failures: 1, failed_at: at(1) }).await.unwrap();
    assert!(change.remove_administrator(installation(1), id(1)).await.unwrap());
    change.commit().await.unwrap();
    let mut raw = database.raw().await;
    for table in ["totp", "passkey", "recovery_code", "code_guess"] {
        assert_eq!(raw.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}

async fn a_person_has_the_name_that_they_gave_themselves_last(database: TestDatabase) {
    let store = with_people(&database).await;
    let names = async || {
        let mut names: Vec<_> = store.administrator_names(installation(1)).await.unwrap().into_iter().collect();
        names.sort();
        let people = store.audit_people(installation(1)).await.unwrap();
        assert!(names.iter().map(|(id, name)| (*id, name)).eq(people.iter().map(|one| (one.id, &one.name))));
        names.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    for name in ["Augusta", "Ada King"] {
        let mut change = store.change().await.unwrap();
        assert!(change.set_name(installation(1), id(1), name).await.unwrap());
        assert!(!change.set_name(installation(2), id(1), name).await.unwrap());
        change.commit().await.unwrap();
        assert_eq!(names().await, [name, "Ada"]);
    }
    let mut change = store.change().await.unwrap();
    assert_eq!(change.administrator(installation(1), id(1)).await.unwrap().unwrap().administrator.name, "Ada King");
    change.forget_person(installation(2), id(1)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(names().await, ["Ada King", "Ada"], "another installation forgets nobody here");
    let mut change = store.change().await.unwrap();
    change.forget_person(installation(1), id(1)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(names().await, ["Ada"]);
    assert_eq!(database.raw().await.number("SELECT COUNT(*) FROM audit_rename").await, 0);
}
