//! Passkeys: they are added, prove who somebody is, and nobody else's answer is good.

use domain::{Keydesk, PasskeyAnswer, Proof, Removal, SecondStep, Session, SignedIn, SigningIn};
use model::{AdminError, PASSKEYS_MAX, PlainSecret, Role};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    authenticator::{Authenticator, ORIGIN},
    people::{HOME, PASSWORD, add, secret, sign_in},
    second_factor::session,
    test_keydesk::{SECOND, TestKeydesk},
};

on_both_databases!(
    a_passkey_is_added_and_asked_for_from_then_on,
    an_answer_is_accepted_once_on_all_nodes,
    an_answer_is_good_for_what_it_was_asked_for_alone,
    a_passkey_that_was_copied_is_refused,
    a_passkey_is_one_of_few,
);

const ADA: &str = "ada@example.com";

async fn signed_in(desk: &TestKeydesk, email: &str) -> Session {
    add(desk, email, Role::Owner).await;
    session(&desk.keydesk, &sign_in(&desk.keydesk, email, PASSWORD).await.unwrap()).await
}

async fn asked_to_add(keydesk: &Keydesk, session: &Session) -> String {
    keydesk.asked_of_new_passkey(session).await.unwrap()
}

async fn added(keydesk: &Keydesk, session: &Session, key: &Authenticator) -> Vec<PlainSecret> {
    let asked = asked_to_add(keydesk, session).await;
    keydesk.add_passkey(session, "Laptop", key.create(&asked, ORIGIN)).await.unwrap()
}

async fn first_step(keydesk: &Keydesk) -> (SecondStep, String) {
    match keydesk.sign_in(ADA, secret(PASSWORD), HOME, None).await.unwrap() {
        SigningIn::Second(step) => {
            let asked = step.ways.passkey.clone().unwrap();
            (step, asked)
        }
        SigningIn::In(_) => panic!("no second factor is asked for"),
    }
}

async fn second_step(keydesk: &Keydesk, step: &SecondStep, answer: PasskeyAnswer) -> Result<SignedIn, AdminError> {
    keydesk.sign_in_second(step.token.expose(), Proof::Passkey(answer), None, HOME).await
}

async fn a_passkey_is_added_and_asked_for_from_then_on(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let here = signed_in(&desk, ADA).await;
    let mut key = Authenticator::new(1, 0);
    let asked = asked_to_add(keydesk, &here).await;
    assert!(asked.contains(r#""excludeCredentials":[]"#), "{asked}");
    let made = key.create(&asked, ORIGIN);
    assert_eq!(keydesk.add_passkey(&here, " ", made.clone()).await.err(), Some(AdminError::InvalidName));
    let elsewhere = PasskeyAnswer { origin: "https://evil.example".to_owned(), ..made.clone() };
    assert_eq!(keydesk.add_passkey(&here, "Evil", elsewhere).await.err(), Some(AdminError::WrongPasskey));
    let codes = keydesk.add_passkey(&here, "Laptop", made.clone()).await.unwrap();
    assert_eq!(codes.len(), model::RECOVERY_CODES);
    assert_eq!(keydesk.add_passkey(&here, "Again", made).await.err(), Some(AdminError::WrongPasskey));
    let has = keydesk.second_factors(&here).await.unwrap();
    assert_eq!((has.passkeys.len(), has.passkeys[0].name.as_str(), has.passkeys[0].last_used_at), (1, "Laptop", None));
    assert!(!asked_to_add(keydesk, &here).await.contains(r#""excludeCredentials":[]"#));

    let (step, asked) = first_step(keydesk).await;
    assert!(step.ways.code, "with a recovery code");
    desk.clock.advance(SECOND);
    let there = second_step(keydesk, &step, key.get(&asked, ORIGIN)).await.unwrap();
    let there = session(keydesk, &there).await;
    let has = keydesk.second_factors(&there).await.unwrap();
    assert_eq!(has.passkeys[0].last_used_at, Some(keydesk.now()));
    let id = has.passkeys[0].id;
    keydesk.remove_second_factor(&there, Removal::Passkey(id)).await.unwrap();
    assert!(sign_in(keydesk, ADA, PASSWORD).await.is_ok());
    let gone = second_step(keydesk, &step, key.get(&asked, ORIGIN)).await;
    assert_eq!(gone.err(), Some(AdminError::WrongPasskey));
}

async fn an_answer_is_accepted_once_on_all_nodes(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (here, there) = (&desk.keydesk, desk.second_node().await);
    let session = signed_in(&desk, ADA).await;
    let mut key = Authenticator::new(1, 0);
    added(here, &session, &key).await;
    let (step, asked) = first_step(here).await;
    let answer = key.get(&asked, ORIGIN);
    let both = tokio::join!(second_step(here, &step, answer.clone()), second_step(&there, &step, answer.clone()));
    let outcomes = [both.0.map(drop), both.1.map(drop)];
    assert!(outcomes.contains(&Ok(())) && outcomes.contains(&Err(AdminError::WrongPasskey)), "{outcomes:?}");
    assert_eq!(desk.database.raw().await.number("SELECT COUNT(*) FROM spent_challenge").await, 2);
    assert_eq!(second_step(&there, &step, answer).await.err(), Some(AdminError::WrongPasskey));
}

async fn an_answer_is_good_for_what_it_was_asked_for_alone(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let ada = signed_in(&desk, ADA).await;
    let eve = signed_in(&desk, "eve@example.com").await;
    let (mut of_ada, mut of_eve) = (Authenticator::new(1, 0), Authenticator::new(2, 0));
    added(keydesk, &ada, &of_ada).await;
    added(keydesk, &eve, &of_eve).await;
    let (step, to_sign_in) = first_step(keydesk).await;
    let to_confirm = keydesk.ways_to_confirm(&ada).await.unwrap().passkey.unwrap();
    let of_eves = keydesk.ways_to_confirm(&eve).await.unwrap().passkey.unwrap();
    let to_add = asked_to_add(keydesk, &ada).await;
    let wrong = Some(AdminError::WrongPasskey);
    for (asked, key) in [(&to_confirm, 1), (&to_add, 1), (&of_eves, 1), (&to_sign_in, 2)] {
        let key = if key == 1 { &mut of_ada } else { &mut of_eve };
        let refused = second_step(keydesk, &step, key.get(asked, ORIGIN)).await;
        assert_eq!(refused.err(), wrong, "{asked}");
    }
    for asked in [&to_sign_in, &to_add, &of_eves] {
        let proof = Proof::Passkey(of_ada.get(asked, ORIGIN));
        assert_eq!(keydesk.confirm(&ada, proof).await.err(), wrong, "{asked}");
    }
    // Another site has asked the same, and sends us what it got.
    let elsewhere = of_ada.get(&to_confirm, "https://keydesk.example.org");
    let relayed = Proof::Passkey(PasskeyAnswer { origin: ORIGIN.to_owned(), ..elsewhere });
    assert_eq!(keydesk.confirm(&ada, relayed).await.err(), wrong);
    for odd in ["", "{}", "null", "[]"] {
        let answer = PasskeyAnswer { answer: odd.to_owned(), origin: ORIGIN.to_owned() };
        assert_eq!(keydesk.confirm(&ada, Proof::Passkey(answer)).await.err(), wrong, "{odd}");
    }
    // A challenge is good for ten minutes.
    let asked = keydesk.ways_to_confirm(&ada).await.unwrap().passkey.unwrap();
    desk.clock.advance(10 * 60 * SECOND);
    assert_eq!(keydesk.confirm(&ada, Proof::Passkey(of_ada.get(&asked, ORIGIN))).await.err(), wrong);
}

async fn a_passkey_that_was_copied_is_refused(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let here = signed_in(&desk, ADA).await;
    let mut key = Authenticator::new(1, 7);
    added(keydesk, &here, &key).await;
    let confirm = async |key: &mut Authenticator| {
        let asked = keydesk.ways_to_confirm(&here).await.unwrap().passkey.unwrap();
        keydesk.confirm(&here, Proof::Passkey(key.get(&asked, ORIGIN))).await
    };
    assert_eq!(confirm(&mut key).await, Ok(()));
    key.count = 7;
    assert_eq!(confirm(&mut key).await, Err(AdminError::WrongPasskey), "its counter has not moved");
    assert_eq!(confirm(&mut key).await, Ok(()));
}

async fn a_passkey_is_one_of_few(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (here, eve) = (signed_in(&desk, ADA).await, signed_in(&desk, "eve@example.com").await);
    for number in 0..u8::try_from(PASSKEYS_MAX).unwrap() {
        let codes = added(keydesk, &here, &Authenticator::new(number, 0)).await;
        assert_eq!(codes.is_empty(), number > 0, "recovery codes come with the first");
    }
    let one_more = Authenticator::new(99, 0).create(&asked_to_add(keydesk, &here).await, ORIGIN);
    let refused = keydesk.add_passkey(&here, "One more", one_more).await;
    assert_eq!(refused.err(), Some(AdminError::TooManyPasskeys));
    // Of an authenticator that says it has made one which is somebody else's.
    let taken = Authenticator::new(0, 0).create(&asked_to_add(keydesk, &eve).await, ORIGIN);
    assert_eq!(keydesk.add_passkey(&eve, "Taken", taken).await.err(), Some(AdminError::WrongPasskey));
}
