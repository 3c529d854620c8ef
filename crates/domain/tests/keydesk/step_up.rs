//! What can do most harm asks people for a proof of who they are that is not older than 10 minutes.

use domain::{Caller, CeilingOf, InstallationPatch, Keydesk, NewInvitation, Proof, Session, SignedIn, SigningIn};
use model::{
    Action, Actor, AdminError, Ceiling, ClientName, Environment, KeyError, KeyId, Overlap, PROOF_LIFE_MS, PlainSecret,
    Role, Selection, SettingsPatch,
};
use serde_json::json;
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    people::{HOME, OTHER, PASSWORD, add, secret, sign_in},
    second_factor::{code_of, session, with_app},
    test_keydesk::{SECOND, TestKeydesk, overlap},
};

on_both_databases!(
    each_verb_that_can_do_most_harm_asks_for_a_proof,
    what_is_done_every_day_asks_for_none,
    keys_and_the_operator_are_never_asked,
    a_proof_counts_for_ten_minutes_on_every_node_and_in_one_session,
    guesses_at_a_proof_are_slowed_down,
);

const ADA: &str = "ada@example.com";

/// Every verb that asks, in an order in which each can be carried out.
const VERBS: [&str; 20] = [
    "reveal",
    "hand over",
    "delete many",
    "delete selected",
    "delete matching",
    "disable many",
    "disable selected",
    "disable matching",
    "rotate the default key",
    "end the default key's overlap",
    "set a ceiling",
    "set a client's ceiling",
    "set settings",
    "invite",
    "set a role",
    "disable a person",
    "end sessions",
    "reset a password",
    "reset a second factor",
    "remove a person",
];

const GRACE: &str = "grace@example.com";

/// Keys to do something to.
struct Keys {
    default: KeyId,
    issued: Vec<KeyId>,
}

async fn keys(desk: &TestKeydesk) -> Keys {
    let mut issued = Vec::new();
    for number in 0..12 {
        issued.push(desk.issue(&format!("Client {number}")).await.key.id);
    }
    Keys { default: desk.keydesk.default_key(&desk.operator).await.unwrap().id, issued }
}

fn matching(search: &str) -> Selection {
    Selection::Matching {
        search: search.to_owned(),
        environment: None,
        status: None,
        preset: None,
        expiring_before: None,
        attention: None,
    }
}

fn ceiling() -> Ceiling {
    let limits = json!([{ "name": "default", "limit": 6, "window_seconds": 60 }]);
    serde_json::from_value(json!({ "rate_limits": limits, "quotas": [] })).unwrap()
}

async fn attempt(keydesk: &Keydesk, caller: &Caller, verb: &str, keys: &Keys) -> Result<(), String> {
    let ids = |of: std::ops::Range<usize>| keys.issued[of].to_vec();
    let key = |done: Result<(), KeyError>| done.map_err(|error| error.to_string());
    let people = |done: Result<(), AdminError>| done.map_err(|error| error.to_string());
    match verb {
        "reveal" => key(keydesk.reveal(caller, keys.issued[0]).await.map(drop)),
        "hand over" => key(keydesk.create_handover(caller, keys.issued[0]).await.map(drop)),
        "delete many" => key(keydesk.bulk_delete(caller, &ids(1..3)).await.map(drop)),
        "delete selected" => key(keydesk.delete_selected(caller, &Selection::Ids(ids(3..5))).await.map(drop)),
        "delete matching" => key(keydesk.delete_selected(caller, &matching("client 5")).await.map(drop)),
        "disable many" => key(keydesk.bulk_set_enabled(caller, &ids(6..8), false).await.map(drop)),
        "disable selected" => {
            key(keydesk.set_enabled_selected(caller, &Selection::Ids(ids(8..10)), false).await.map(drop))
        }
        "disable matching" => key(keydesk.set_enabled_selected(caller, &matching("client 10"), false).await.map(drop)),
        "rotate the default key" => key(keydesk.rotate(caller, keys.default, overlap(3_600), None).await.map(drop)),
        "end the default key's overlap" => key(keydesk.end_overlap(caller, keys.default, None).await.map(drop)),
        "set a ceiling" => key(keydesk.set_ceiling(caller, CeilingOf::Installation, ceiling(), None).await.map(drop)),
        "set a client's ceiling" => {
            let of = CeilingOf::Client(ClientName::parse("Client 0").unwrap(), Environment::Live);
            key(keydesk.set_ceiling(caller, of, ceiling(), None).await.map(drop))
        }
        "set settings" => {
            let patch = InstallationPatch { title: Some("Acme Desk".to_owned()), ..InstallationPatch::default() };
            key(keydesk.set_settings(caller, patch, None).await.map(drop))
        }
        "invite" => {
            let (email, name) = ("new@example.com".to_owned(), "New".to_owned());
            people(keydesk.invite(caller, NewInvitation { email, name, role: Role::Viewer }).await.map(drop))
        }
        "set a role" => people(keydesk.set_role(caller, GRACE, Role::Viewer).await.map(drop)),
        "disable a person" => people(keydesk.set_administrator_enabled(caller, GRACE, false).await.map(drop)),
        "end sessions" => people(keydesk.end_sessions(caller, GRACE).await.map(drop)),
        "reset a password" => {
            people(keydesk.set_administrator_enabled(caller, GRACE, true).await.map(drop))?;
            people(keydesk.reset_password(caller, GRACE).await.map(drop))
        }
        "reset a second factor" => people(keydesk.reset_second_factor(caller, GRACE).await.map(drop)),
        "remove a person" => people(keydesk.remove_administrator(caller, GRACE).await.map(drop)),
        other => panic!("no such verb: {other}"),
    }
}

/// An owner who was signed in so long ago that they must prove who they are.
async fn stale(desk: &TestKeydesk) -> Session {
    add(desk, ADA, Role::Owner).await;
    let signed_in = sign_in(&desk.keydesk, ADA, PASSWORD).await.unwrap();
    desk.clock.advance(PROOF_LIFE_MS);
    session(&desk.keydesk, &signed_in).await
}

async fn again(keydesk: &Keydesk, of: &Session) -> Session {
    assert_eq!(keydesk.confirm(of, Proof::Password(secret(PASSWORD))).await, Ok(()));
    Session { proved_at: keydesk.now(), ..of.clone() }
}

async fn each_verb_that_can_do_most_harm_asks_for_a_proof(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let keys = keys(&desk).await;
    with_app(&desk, GRACE, Role::Owner).await;
    let stale = stale(&desk).await;
    let before = desk.audit(&desk.operator).await.len();
    let asked = Err(KeyError::StepUpNeeded.to_string());
    assert_eq!(asked, Err(AdminError::StepUpNeeded.to_string()));
    for verb in VERBS {
        assert_eq!(attempt(keydesk, &stale.caller(), verb, &keys).await, asked, "{verb}");
    }
    assert_eq!(desk.audit(&desk.operator).await.len(), before, "what was refused changed nothing");
    let fresh = again(keydesk, &stale).await;
    for verb in VERBS {
        assert_eq!(attempt(keydesk, &fresh.caller(), verb, &keys).await, Ok(()), "{verb}");
    }
}

async fn what_is_done_every_day_asks_for_none(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let keys = keys(&desk).await;
    let caller = stale(&desk).await.caller();
    let [one, other, gone] = [keys.issued[0], keys.issued[1], keys.issued[2]];
    keydesk.update(&caller, one, SettingsPatch::name("Acme"), None).await.unwrap();
    keydesk.rotate(&caller, one, Overlap::NONE, None).await.unwrap();
    keydesk.set_enabled(&caller, other, false, None).await.unwrap();
    keydesk.set_enabled_selected(&caller, &Selection::Ids(vec![one]), false).await.unwrap();
    keydesk.set_enabled_selected(&caller, &Selection::Ids(vec![one, other]), true).await.unwrap();
    keydesk.bulk_set_enabled(&caller, &[one, other], true).await.unwrap();
    keydesk.delete(&caller, gone, None).await.unwrap();
    let deleted = keydesk.delete_selected(&caller, &Selection::Ids(vec![other])).await.unwrap();
    keydesk.undo_delete(&caller, &deleted.changes).await.unwrap();
    keydesk.people(&caller).await.unwrap();
    // Whoever may not do it at all is not asked first.
    add(&desk, "vera@example.com", Role::Viewer).await;
    let vera = sign_in(keydesk, "vera@example.com", PASSWORD).await.unwrap();
    desk.clock.advance(PROOF_LIFE_MS);
    let vera = session(keydesk, &vera).await.caller();
    let forbidden = [KeyError::Forbidden.to_string(), AdminError::Forbidden.to_string()];
    for verb in VERBS {
        let refused = attempt(keydesk, &vera, verb, &keys).await.unwrap_err();
        assert!(forbidden.contains(&refused), "{verb}: {refused}");
    }
}

async fn keys_and_the_operator_are_never_asked(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let keys = keys(&desk).await;
    with_app(&desk, GRACE, Role::Manager).await;
    add(&desk, ADA, Role::Owner).await;
    let reveals = desk.caller(&["keys:read", "keys:write", "keys:reveal"]).await;
    desk.clock.advance(24 * 60 * 60 * SECOND);
    let Actor::Key { id } = reveals.actor else { panic!("not a key") };
    keydesk.reveal(&reveals, id).await.unwrap();
    for verb in VERBS {
        assert_eq!(attempt(keydesk, &desk.operator, verb, &keys).await, Ok(()), "{verb}");
    }
}

async fn a_proof_counts_for_ten_minutes_on_every_node_and_in_one_session(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (here, there) = (&desk.keydesk, desk.second_node().await);
    let key = desk.issue("Acme").await.key.id;
    let (app, codes) = with_app(&desk, ADA, Role::Owner).await;
    let signs_in = async |code: &PlainSecret| {
        let entered = here.sign_in(ADA, secret(PASSWORD), HOME, None).await.unwrap();
        let SigningIn::Second(step) = entered else { panic!("no second factor is asked for") };
        let proof = Proof::Code(code.clone());
        here.sign_in_second(step.token.expose(), proof, None, HOME).await.unwrap()
    };
    let (one, other) = (signs_in(&codes[0]).await, signs_in(&codes[1]).await);
    let reveals =
        async |node: &Keydesk, of: &SignedIn| node.reveal(&session(node, of).await.caller(), key).await.map(drop);
    assert_eq!(reveals(here, &one).await, Ok(()), "signing in is a proof");
    desk.clock.advance(PROOF_LIFE_MS - 1);
    assert_eq!(reveals(&there, &one).await, Ok(()));
    desk.clock.advance(1);
    assert_eq!(reveals(&there, &one).await, Err(KeyError::StepUpNeeded));
    // Each way of proving it, here; and it counts there.
    let ways = here.ways_to_confirm(&session(here, &one).await).await.unwrap();
    assert!(ways.password && ways.code && ways.passkey.is_none() && ways.organisation.is_none());
    for (proof, way) in [
        (Proof::Code(code_of(&app, here.now())), "app"),
        (Proof::Code(codes[2].clone()), "recovery_code"),
        (Proof::Password(secret(PASSWORD)), "password"),
    ] {
        assert_eq!(reveals(&there, &one).await, Err(KeyError::StepUpNeeded));
        here.confirm(&session(here, &one).await, proof).await.unwrap();
        assert_eq!(reveals(&there, &one).await, Ok(()), "{way}");
        assert_eq!(reveals(here, &other).await, Err(KeyError::StepUpNeeded), "another session");
        let last = desk.audit(&desk.operator).await;
        let confirmed = last.iter().rev().find(|entry| entry.action().ok() == Some(Action::Confirm)).unwrap();
        assert_eq!(confirmed.detail, json!({ "by": way }).to_string());
        desk.clock.advance(PROOF_LIFE_MS);
        // It is used all the while, so it goes on.
        here.session(one.token.expose()).await.unwrap();
        here.session(other.token.expose()).await.unwrap();
    }
    here.sign_out(one.token.expose(), HOME).await.unwrap();
}

async fn guesses_at_a_proof_are_slowed_down(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let stale = stale(&desk).await;
    let guess = async |text: &str| keydesk.confirm(&stale, Proof::Password(secret(text))).await.unwrap_err();
    let mut refusals = Vec::new();
    for _ in 0..8 {
        refusals.push(guess(OTHER).await);
    }
    assert_eq!(refusals[0], AdminError::WrongCredentials);
    assert!(matches!(refusals.last(), Some(AdminError::TooManyAttempts { .. })), "{refusals:?}");
    // Codes wait by themselves, also of whoever has no second factor.
    for _ in 0..5 {
        let wrong = keydesk.confirm(&stale, Proof::Code(secret("123456"))).await;
        assert_eq!(wrong, Err(AdminError::WrongCode));
    }
    let waits = keydesk.confirm(&stale, Proof::Code(secret("123456"))).await;
    assert_eq!(waits, Err(AdminError::TooManyAttempts { retry_after_seconds: 30 }));
    keydesk.end_sessions(&desk.operator, ADA).await.unwrap();
    let gone = keydesk.confirm(&stale, Proof::Code(secret("123456"))).await;
    assert_eq!(gone, Err(AdminError::SignedOut));
}
