//! What people do with their own accounts: sessions and passwords.

use argon2::{Argon2, password_hash::PasswordHasher as _};
use domain::{SignedIn, Via};
use model::{Action, AdminError, Role, SessionId};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    audit_tampering::doctor,
    people::{HOME, OTHER, PASSWORD, add, in_at_once, lives, secret, sign_in},
    second_factor::session,
    test_keydesk::{HOUR, SECOND, TestKeydesk},
};

on_both_databases!(
    a_changed_password_ends_the_other_sessions,
    guessing_the_present_password_is_slowed_down,
    a_person_ends_their_own_sessions_and_no_others,
    the_oldest_session_ends_when_a_twenty_first_begins,
    signing_in_ends_the_session_that_the_browser_had,
    a_password_is_the_same_from_every_keyboard,
    a_password_that_was_hashed_as_it_was_typed_goes_on_working,
    a_person_gives_themselves_another_name,
    a_person_chooses_a_time_zone_and_ends_their_other_sessions,
);

async fn a_changed_password_ends_the_other_sessions(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, "ada@example.com", Role::Viewer).await;
    let here = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let there = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let link = keydesk.reset_password(&desk.operator, "ada@example.com").await.unwrap();
    let token = here.token.expose();
    let change =
        async |present: &str, new: &str| keydesk.change_password(token, secret(present), secret(new), HOME).await;
    assert_eq!(change(OTHER, OTHER).await, Err(AdminError::WrongCredentials));
    assert_eq!(change(PASSWORD, "short").await, Err(AdminError::WeakPassword));
    let easy = change(PASSWORD, "ada@example.com").await;
    assert!(matches!(easy, Err(AdminError::GuessablePassword { .. })), "{easy:?}");
    assert!(lives(keydesk, &there).await, "mistakes change nothing");
    assert_eq!(change(PASSWORD, OTHER).await, Ok(()));
    assert!(lives(keydesk, &here).await && !lives(keydesk, &there).await);
    assert_eq!(sign_in(keydesk, "ada@example.com", PASSWORD).await.err(), Some(AdminError::WrongCredentials));
    assert!(sign_in(keydesk, "ada@example.com", OTHER).await.is_ok());
    // An earlier link must not undo it.
    assert_eq!(keydesk.account_link(link.token.expose(), Via::default()).await, Ok(None));
    keydesk.sign_out(token, HOME).await.unwrap();
    assert_eq!(change(OTHER, PASSWORD).await, Err(AdminError::SignedOut));
}

async fn guessing_the_present_password_is_slowed_down(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, "ada@example.com", Role::Viewer).await;
    let stolen = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let mut refusals = Vec::new();
    for _ in 0..8 {
        let guess = keydesk.change_password(stolen.token.expose(), secret("a wrong guess"), secret(OTHER), HOME);
        refusals.push(guess.await.unwrap_err());
    }
    assert_eq!(refusals[0], AdminError::WrongCredentials);
    assert!(matches!(refusals.last(), Some(AdminError::TooManyAttempts { .. })), "{refusals:?}");
}

async fn a_person_ends_their_own_sessions_and_no_others(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    for email in ["ada@example.com", "eve@example.com"] {
        add(&desk, email, Role::Viewer).await;
    }
    let here = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    desk.clock.advance(SECOND);
    let there = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let eves = sign_in(keydesk, "eve@example.com", PASSWORD).await.unwrap();
    let of = async |who: &SignedIn| keydesk.own_sessions(who.token.expose()).await.unwrap();
    let listed = of(&here).await;
    let facts: Vec<_> = listed.iter().map(|session| (session.created_at, session.current)).collect();
    assert_eq!(facts, [(keydesk.now(), false), (keydesk.now().plus_millis(-SECOND), true)]);
    let end = async |who: &SignedIn, id: SessionId| keydesk.end_own_session(who.token.expose(), id, HOME).await;
    assert_eq!(end(&eves, listed[0].id).await, Ok(false));
    assert!(lives(keydesk, &there).await);
    assert_eq!(end(&here, listed[0].id).await, Ok(true));
    assert_eq!(end(&here, listed[0].id).await, Ok(false));
    assert!(!lives(keydesk, &there).await && lives(keydesk, &here).await);
    assert_eq!(end(&there, listed[1].id).await, Err(AdminError::SignedOut));
    assert_eq!(end(&here, listed[1].id).await, Ok(true), "one's own, too");
    assert_eq!(keydesk.own_sessions(here.token.expose()).await, Err(AdminError::SignedOut));
    assert_eq!(of(&eves).await.len(), 1);
}

async fn the_oldest_session_ends_when_a_twenty_first_begins(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, "ada@example.com", Role::Viewer).await;
    let mut sessions = Vec::new();
    for _ in 0..21 {
        desk.clock.advance(SECOND);
        sessions.push(sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap());
    }
    assert_eq!(keydesk.own_sessions(sessions[20].token.expose()).await.unwrap().len(), 20);
    assert!(!lives(keydesk, &sessions[0]).await);
    assert!(lives(keydesk, &sessions[1]).await);
    // Sessions that have ended by time go before one that lives.
    desk.clock.advance(HOUR / 4);
    assert!(lives(keydesk, &sessions[1]).await);
    desk.clock.advance(HOUR / 3);
    let newest = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    assert!(lives(keydesk, &sessions[1]).await && lives(keydesk, &newest).await);
    assert_eq!(keydesk.own_sessions(newest.token.expose()).await.unwrap().len(), 2);
}

async fn signing_in_ends_the_session_that_the_browser_had(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    for email in ["ada@example.com", "eve@example.com"] {
        add(&desk, email, Role::Viewer).await;
    }
    let adas = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let elsewhere = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let again = async |email: &str, password: &str| {
        keydesk.sign_in(email, secret(password), HOME, Some(adas.token.expose())).await.map(in_at_once)
    };
    assert!(again("eve@example.com", OTHER).await.is_err());
    assert!(lives(keydesk, &adas).await, "a wrong password ends nothing");
    let eves = again("eve@example.com", PASSWORD).await.unwrap();
    assert!(!lives(keydesk, &adas).await && lives(keydesk, &eves).await && lives(keydesk, &elsewhere).await);
    let entries = desk.audit(&desk.operator).await;
    let last: Vec<_> = entries.iter().rev().take(2).map(|entry| entry.action.as_str()).collect();
    assert_eq!(last, ["administrator.sign_in", "administrator.sign_out"]);
    assert_eq!(entries[entries.len() - 2].actor().unwrap(), model::Actor::Administrator { id: adas.administrator.id });
}

const COMPOSED: &str = "caf\u{e9} correct battery";
const DECOMPOSED: &str = "cafe\u{301} correct battery";

async fn a_password_is_the_same_from_every_keyboard(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, "ada@example.com", Role::Viewer).await;
    let mut present = PASSWORD;
    for (set, typed) in [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)] {
        let session = sign_in(keydesk, "ada@example.com", present).await.unwrap();
        keydesk.change_password(session.token.expose(), secret(present), secret(set), HOME).await.unwrap();
        sign_in(keydesk, "ada@example.com", typed).await.unwrap();
        present = typed;
    }
}

async fn a_password_that_was_hashed_as_it_was_typed_goes_on_working(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, "ada@example.com", Role::Viewer).await;
    let old = Argon2::default().hash_password_with_salt(DECOMPOSED.as_bytes(), &[7; 16]).unwrap().to_string();
    desk.database.raw().await.execute(&format!("UPDATE administrator SET password_hash = '{old}'")).await.unwrap();
    assert_eq!(sign_in(keydesk, "ada@example.com", COMPOSED).await.err(), Some(AdminError::WrongCredentials));
    sign_in(keydesk, "ada@example.com", DECOMPOSED).await.unwrap();
    // Once known, it is right from every keyboard.
    sign_in(keydesk, "ada@example.com", COMPOSED).await.unwrap();
    sign_in(keydesk, "ada@example.com", DECOMPOSED).await.unwrap();
}

async fn a_person_gives_themselves_another_name(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, "ada@example.com", Role::Viewer).await;
    let signed_in = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let here = session(keydesk, &signed_in).await;
    assert_eq!(keydesk.rename_self(&here, " ").await, Err(AdminError::InvalidName));
    for name in ["Ada King", "Ada Byron", "Ada Byron"] {
        assert_eq!(keydesk.rename_self(&here, name).await, Ok(()));
    }
    assert_eq!(session(keydesk, &signed_in).await.administrator.name, "Ada Byron");
    assert!(doctor(&desk).await.0, "the name beside the log is the one that was signed");
    let mut raw = desk.database.raw().await;
    assert_eq!(raw.number("SELECT COUNT(*) FROM audit_rename").await, 2, "what is so already makes no entry");
    let entries = desk.audit(&desk.operator).await;
    let renamed: Vec<_> =
        entries.iter().filter(|entry| entry.action().ok() == Some(Action::AdministratorRename)).collect();
    assert!(renamed.len() == 2 && !renamed.iter().any(|entry| entry.detail.contains("Ada")), "{renamed:?}");
    assert_eq!(raw.execute("UPDATE audit_rename SET name = 'Eve' WHERE name = 'Ada Byron'").await, Ok(1));
    let (sound, found) = doctor(&desk).await;
    assert!(!sound && found.contains("the name that it gave a person was altered"), "{found}");
    assert_eq!(raw.execute("UPDATE audit_rename SET name = 'Ada Byron' WHERE name = 'Eve'").await, Ok(1));
    // Whoever is forgotten is so under each of their names.
    add(&desk, "grace@example.com", Role::Owner).await;
    keydesk.forget(&desk.operator, "ada@example.com").await.unwrap();
    assert_eq!(raw.number("SELECT COUNT(*) FROM audit_rename").await, 0);
    assert!(doctor(&desk).await.0);
    assert_eq!(keydesk.rename_self(&here, "Ada").await, Err(AdminError::SignedOut));
}

async fn a_person_chooses_a_time_zone_and_ends_their_other_sessions(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, "ada@example.com", Role::Viewer).await;
    let signed_in = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let elsewhere = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let zone = async || session(keydesk, &signed_in).await.time_zone;
    assert_eq!(zone().await, None);
    for wanted in [Some("Pacific/Auckland".parse().unwrap()), None] {
        let here = session(keydesk, &signed_in).await;
        keydesk.set_own_time_zone(&here, wanted.clone()).await.unwrap();
        assert_eq!(zone().await, wanted);
    }
    let here = session(keydesk, &signed_in).await;
    assert_eq!(keydesk.end_other_sessions(&here).await, Ok(1));
    assert_eq!(keydesk.end_other_sessions(&here).await, Ok(0));
    assert!(lives(keydesk, &signed_in).await && !lives(keydesk, &elsewhere).await);
}
