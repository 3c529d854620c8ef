//! How people sign in: the link of the first owner, and a browser that is known.

use std::{net::IpAddr, os::unix::fs::PermissionsExt as _};

use domain::{DEVICE_LIFE_MS, Keydesk, NewAdministrator, SET_UP_LIFE_MS, SignedIn, Via, Visitor};
use model::{Action, Actor, AdminError, PlainSecret, Role};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    people::in_at_once,
    test_keydesk::{HOUR, SECOND, START, TestKeydesk, options},
};

on_both_databases!(
    the_set_up_link_is_one_for_all_nodes_and_starts_until_it_ends,
    a_set_up_link_from_a_clock_far_ahead_is_made_anew,
    two_nodes_that_start_at_once_show_one_set_up_link,
    a_backup_from_before_the_first_owner_opens_no_old_set_up_link,
    a_known_browser_is_let_in_whatever_others_guess,
    a_known_browser_is_bound_to_its_account_and_ends,
    a_known_browser_stays_known_under_a_new_master_key
);

const PASSWORD: &str = "correct horse battery staple";
const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn ada() -> NewAdministrator {
    NewAdministrator {
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        role: Role::Owner,
        password: PlainSecret::new(PASSWORD.to_owned()),
    }
}

/// The token of the set-up link, if one works.
async fn link(keydesk: &Keydesk, desk: &TestKeydesk) -> Option<String> {
    let link = keydesk.set_up_link(Actor::System, desk.operator.installation).await.unwrap();
    link.map(|link| link.token.expose().to_owned())
}

async fn opens(keydesk: &Keydesk, token: &str) -> bool {
    keydesk.set_up_of(token, &Via::default()).await.unwrap().is_some()
}

async fn the_set_up_link_is_one_for_all_nodes_and_starts_until_it_ends(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let first = link(&desk.keydesk, &desk).await.unwrap();
    let (there, other) = (desk.second_node().await, desk.other.installation);
    assert_ne!(there.set_up_link(Actor::System, other).await.unwrap().unwrap().token.expose(), first);
    desk.clock.advance(SET_UP_LIFE_MS - 1);
    assert_eq!(link(&there, &desk).await.unwrap(), first);
    assert!(opens(&there, &first).await);
    desk.clock.advance(1);
    for keydesk in [&desk.keydesk, &there] {
        assert!(!opens(keydesk, &first).await, "24 hours are over");
        assert_eq!(keydesk.set_up(&first, ada(), None, PROXY).await.err(), Some(AdminError::SetUpOver));
    }
    // The operator asks for another.
    let second = there.set_up_link(Actor::Operator, desk.operator.installation).await.unwrap().unwrap();
    assert_ne!(second.token.expose(), first);
    assert_eq!(second.ends_at.as_millis(), START + 2 * SET_UP_LIFE_MS);
    assert_eq!(link(&desk.keydesk, &desk).await.as_deref(), Some(second.token.expose()));
    assert!(!opens(&desk.keydesk, &first).await);
    let log = desk.audit(&desk.operator).await;
    let made: Vec<_> = log.iter().filter(|entry| entry.action().ok() == Some(Action::SetUpLinkCreate)).collect();
    let actors: Vec<_> = made.iter().map(|entry| entry.actor.as_str()).collect();
    assert_eq!(actors, [r#"{"kind":"system"}"#, r#"{"kind":"operator"}"#]);
    desk.keydesk.set_up(second.token.expose(), ada(), None, PROXY).await.unwrap();
    assert_eq!(link(&there, &desk).await, None);
    assert!(!opens(&there, second.token.expose()).await);
}

async fn a_set_up_link_from_a_clock_far_ahead_is_made_anew(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    desk.clock.advance(365 * 24 * HOUR);
    let ahead = link(&desk.keydesk, &desk).await.unwrap();
    // Clocks of nodes differ a little.
    desk.clock.advance(-30 * SECOND);
    assert_eq!(link(&desk.keydesk, &desk).await.unwrap(), ahead);
    desk.clock.set(START);
    assert!(!opens(&desk.keydesk, &ahead).await);
    let now = link(&desk.keydesk, &desk).await.unwrap();
    assert_ne!(now, ahead);
    assert!(opens(&desk.keydesk, &now).await);
}

async fn two_nodes_that_start_at_once_show_one_set_up_link(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let there = desk.second_node().await;
    let (one, other) = tokio::join!(link(&desk.keydesk, &desk), link(&there, &desk));
    assert!(one.is_some());
    assert_eq!(one, other);
}

async fn a_backup_from_before_the_first_owner_opens_no_old_set_up_link(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let old = link(&desk.keydesk, &desk).await.unwrap();
    let store = desk.database.store().await;
    let backed_up = store.set_up_link(desk.operator.installation).await.unwrap().unwrap();
    desk.keydesk.set_up(&old, ada(), None, PROXY).await.unwrap();
    // What a restore does to these tables.
    let mut raw = desk.database.raw().await;
    raw.execute("DELETE FROM admin_session").await.unwrap();
    raw.execute("DELETE FROM administrator").await.unwrap();
    assert_eq!(store.set_up_link(desk.operator.installation).await.unwrap(), Some(backed_up));
    let again = desk.second_node().await;
    assert!(again.needs_set_up(desk.operator.installation).await.unwrap());
    assert!(!opens(&again, &old).await);
    let new = link(&again, &desk).await.unwrap();
    assert_ne!(new, old);
    assert!(opens(&again, &new).await && !opens(&again, &old).await);
    // An owner that the command line made ends the link too, when the next start looks for one.
    again.create_administrator(Actor::Operator, desk.operator.installation, ada()).await.unwrap();
    assert_eq!(link(&again, &desk).await, None);
    raw.execute("DELETE FROM administrator").await.unwrap();
    assert!(!opens(&again, &new).await);
    let mode = std::fs::metadata(desk.database.dir().join("set-up.over")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

async fn sign_in(keydesk: &Keydesk, email: &str, password: &str, device: Option<&str>) -> Result<SignedIn, AdminError> {
    let from = Visitor { via: PROXY.into(), device };
    keydesk.sign_in(email, PlainSecret::new(password.to_owned()), from, None).await.map(in_at_once)
}

async fn with_ada(database: TestDatabase) -> (TestKeydesk, String) {
    let desk = TestKeydesk::open(database).await;
    desk.keydesk.create_administrator(Actor::Operator, desk.operator.installation, ada()).await.unwrap();
    let device = desk.keydesk.device_token("ada@example.com", None).expose().to_owned();
    (desk, device)
}

async fn is_told_to_wait(keydesk: &Keydesk, password: &str, device: Option<&str>) -> bool {
    let attempt = sign_in(keydesk, "ada@example.com", password, device).await;
    matches!(attempt, Err(AdminError::TooManyAttempts { .. }))
}

async fn a_known_browser_is_let_in_whatever_others_guess(database: TestDatabase) {
    let (desk, device) = with_ada(database).await;
    let keydesk = &desk.keydesk;
    for _ in 0..6 {
        let _ = sign_in(keydesk, "ada@example.com", "wrong", None).await;
    }
    assert!(is_told_to_wait(keydesk, PASSWORD, None).await);
    sign_in(keydesk, "ADA@example.com", PASSWORD, Some(&device)).await.unwrap();
    let wrong = sign_in(keydesk, "ada@example.com", "wrong", Some(&device)).await;
    assert_eq!(wrong.err(), Some(AdminError::WrongCredentials), "it needs the password all the same");
    // A stolen token guesses no longer than any place does, also when it was renewed.
    let stolen = keydesk.device_token("ada@example.com", Some(&device));
    for _ in 0..10 {
        let _ = sign_in(keydesk, "ada@example.com", "wrong", Some(stolen.expose())).await;
    }
    for token in [&device, stolen.expose()] {
        assert!(is_told_to_wait(keydesk, PASSWORD, Some(token)).await);
    }
    let fresh = keydesk.device_token("ada@example.com", None);
    sign_in(keydesk, "ada@example.com", PASSWORD, Some(fresh.expose())).await.unwrap();
}

async fn a_known_browser_is_bound_to_its_account_and_ends(database: TestDatabase) {
    let (desk, device) = with_ada(database).await;
    let keydesk = &desk.keydesk;
    for _ in 0..6 {
        let _ = sign_in(keydesk, "ada@example.com", "wrong", None).await;
    }
    let of_another = keydesk.device_token("eve@example.com", None);
    let changed = format!("{}{}", if device.starts_with('A') { 'B' } else { 'A' }, &device[1..]);
    for forged in [of_another.expose(), &changed, "", "x", &device[..device.len() - 4], &"A".repeat(75)] {
        assert!(is_told_to_wait(keydesk, PASSWORD, Some(forged)).await, "{forged}");
    }
    assert!(!is_told_to_wait(keydesk, PASSWORD, Some(&device)).await);
    desk.clock.advance(DEVICE_LIFE_MS - 1);
    for _ in 0..6 {
        let _ = sign_in(keydesk, "ada@example.com", "wrong", None).await;
    }
    assert!(!is_told_to_wait(keydesk, PASSWORD, Some(&device)).await);
    desk.clock.advance(1);
    assert!(is_told_to_wait(keydesk, PASSWORD, Some(&device)).await);
}

async fn a_known_browser_stays_known_under_a_new_master_key(database: TestDatabase) {
    let (desk, device) = with_ada(database).await;
    let keyring = std::fs::read_to_string(desk.database.dir().join("master.key")).unwrap();
    let another = "master m2 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    let mut rotated = options(&desk.database, &desk.clock);
    rotated.keyring = Some(format!("{another}{keyring}"));
    let rotated = Keydesk::open(rotated).await.unwrap();
    for _ in 0..6 {
        let _ = sign_in(&rotated, "ada@example.com", "wrong", None).await;
    }
    assert!(is_told_to_wait(&rotated, PASSWORD, None).await);
    assert!(!is_told_to_wait(&rotated, PASSWORD, Some(&device)).await);
}
