//! A second factor: who is asked for it, what is accepted, how often, and how it is lost and taken away.

use domain::{InstallationPatch, Keydesk, NewApp, Proof, Removal, SecondStep, Session, SignedIn, SigningIn};
use model::{
    Action, Actor, AdminError, Instant, KeyError, ListQuery, PlainSecret, RECOVERY_CODES, RequiredSecondFactor, Role,
    SecondFactors,
};
use store::{on_both_databases, testing::TestDatabase};
use totp_rs::{Builder, Secret};

use crate::{
    people::{HOME, OTHER, PASSWORD, add, in_at_once, lives, secret, sign_in},
    test_keydesk::{DONE, HOUR, SECOND, TestKeydesk, within},
};

on_both_databases!(
    an_app_is_added_with_a_code_and_asked_for_from_then_on,
    a_code_is_used_once_on_all_nodes,
    a_recovery_code_is_used_once,
    wrong_codes_are_counted_by_all_nodes_together,
    the_second_step_ends,
    a_link_for_a_new_password_asks_for_the_second_factor,
    the_last_factor_goes_with_the_recovery_codes,
    who_must_have_a_second_factor_does_nothing_without_one,
    whoever_has_lost_all_is_let_in_by_an_owner,
    no_secret_of_a_second_factor_is_in_the_database,
    the_secret_of_an_app_follows_the_master_key,
);

const ADA: &str = "ada@example.com";
/// Between two codes.
const STEP: i64 = 30 * SECOND;
const MINUTE: i64 = 60 * SECOND;

/// The code that an app shows.
pub(crate) fn code_of(app: &PlainSecret, now: Instant) -> PlainSecret {
    let secret = Secret::try_from_base32(app.expose()).unwrap();
    let seconds = u64::try_from(now.as_millis() / 1_000).unwrap();
    PlainSecret::new(Builder::new().with_secret(secret).build().unwrap().generate(seconds).to_string())
}

pub(crate) async fn session(keydesk: &Keydesk, signed_in: &SignedIn) -> Session {
    keydesk.session(signed_in.token.expose()).await.unwrap().unwrap()
}

/// Somebody with an authenticator app: its secret, and their recovery codes. The next code is good.
pub(crate) async fn with_app(desk: &TestKeydesk, email: &str, role: Role) -> (PlainSecret, Vec<PlainSecret>) {
    let keydesk = &desk.keydesk;
    add(desk, email, role).await;
    let here = session(keydesk, &sign_in(keydesk, email, PASSWORD).await.unwrap()).await;
    let NewApp { secret, ticket, .. } = keydesk.new_app(&here);
    let codes = keydesk.add_app(&here, ticket.expose(), &code_of(&secret, keydesk.now())).await.unwrap();
    desk.clock.advance(STEP);
    (secret, codes)
}

/// The first step of a sign-in.
async fn first_step(keydesk: &Keydesk) -> SecondStep {
    match keydesk.sign_in(ADA, secret(PASSWORD), HOME, None).await.unwrap() {
        SigningIn::Second(step) => step,
        SigningIn::In(_) => panic!("no second factor is asked for"),
    }
}

async fn second_step(keydesk: &Keydesk, step: &SecondStep, code: &PlainSecret) -> Result<SignedIn, AdminError> {
    keydesk.sign_in_second(step.token.expose(), Proof::Code(code.clone()), None, HOME).await
}

async fn factors(desk: &TestKeydesk, signed_in: &SignedIn) -> SecondFactors {
    desk.keydesk.second_factors(&session(&desk.keydesk, signed_in).await).await.unwrap()
}

async fn an_app_is_added_with_a_code_and_asked_for_from_then_on(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, ADA, Role::Manager).await;
    add(&desk, "eve@example.com", Role::Owner).await;
    let signed_in = sign_in(keydesk, ADA, PASSWORD).await.unwrap();
    let (here, eve) =
        (session(keydesk, &signed_in).await, sign_in(keydesk, "eve@example.com", PASSWORD).await.unwrap());
    let eve = session(keydesk, &eve).await;
    let app = keydesk.new_app(&here);
    assert!(app.uri.expose().contains(app.secret.expose()));
    let code = || code_of(&app.secret, keydesk.now());
    for (session, ticket, code, expected) in [
        (&here, app.ticket.expose(), secret("000000x"), AdminError::WrongCode),
        (&here, app.ticket.expose(), code_of(&app.secret, keydesk.now().plus_millis(HOUR)), AdminError::WrongCode),
        (&here, "forged", code(), AdminError::SetupOver),
        (&eve, app.ticket.expose(), code(), AdminError::SetupOver),
    ] {
        assert_eq!(keydesk.add_app(session, ticket, &code).await.err(), Some(expected));
    }
    assert_eq!(factors(&desk, &signed_in).await, SecondFactors::default());
    assert_eq!(keydesk.same_app(&here, app.ticket.expose()).secret.expose(), app.secret.expose());

    let used = code();
    let codes = keydesk.add_app(&here, app.ticket.expose(), &used).await.unwrap();
    assert_eq!(codes.len(), RECOVERY_CODES);
    let has = factors(&desk, &signed_in).await;
    assert_eq!((has.app, has.recovery_codes, has.any()), (Some(keydesk.now()), 10, true));
    let again = keydesk.new_app(&here);
    let twice = keydesk.add_app(&here, again.ticket.expose(), &code_of(&again.secret, keydesk.now())).await;
    assert_eq!(twice.err(), Some(AdminError::AppThere));

    // Neither the words nor what follows tell whether the password was wrong.
    assert_eq!(sign_in(keydesk, ADA, OTHER).await.err(), Some(AdminError::WrongCredentials));
    let step = first_step(keydesk).await;
    assert_eq!((step.ways.code, step.ways.password, step.ways.passkey.is_some()), (true, false, false));
    assert_eq!(
        second_step(keydesk, &step, &used).await.err(),
        Some(AdminError::WrongCode),
        "it was used to add the app"
    );
    desk.clock.advance(STEP);
    let spaced = code().expose().split_at(3).0.to_owned() + " " + code().expose().split_at(3).1;
    let there = second_step(keydesk, &step, &secret(&spaced)).await.unwrap();
    assert!(lives(keydesk, &there).await && lives(keydesk, &signed_in).await);
    assert_eq!(second_step(keydesk, &step, &code()).await.err(), Some(AdminError::WrongCode));
    let entries = desk.audit(&desk.operator).await;
    let of = |action: Action| entries.iter().rev().find(|entry| entry.action().ok() == Some(action)).unwrap();
    assert_eq!(of(Action::SignIn).detail, r#"{"second_factor":"app"}"#);
    assert!(of(Action::SecondFactorAdd).detail.contains(r#""kind":"app""#));

    // A page that stood open for too long begins anew.
    let late = keydesk.new_app(&here);
    desk.clock.advance(HOUR);
    let fresh = Session { proved_at: keydesk.now(), ..here };
    let refused = keydesk.add_app(&fresh, late.ticket.expose(), &code_of(&late.secret, keydesk.now())).await;
    assert_eq!(refused.err(), Some(AdminError::SetupOver));
}

async fn a_code_is_used_once_on_all_nodes(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (here, there) = (&desk.keydesk, desk.second_node().await);
    let (app, codes) = with_app(&desk, ADA, Role::Owner).await;
    let step = first_step(here).await;
    for code in [code_of(&app, here.now()), codes[0].clone()] {
        let both = tokio::join!(second_step(here, &step, &code), second_step(&there, &step, &code));
        let outcomes = [both.0.map(drop), both.1.map(drop)];
        assert!(outcomes.contains(&Ok(())) && outcomes.contains(&Err(AdminError::WrongCode)), "{outcomes:?}");
        assert_eq!(second_step(&there, &step, &code).await.err(), Some(AdminError::WrongCode));
    }
    // Codes of before are over, too.
    let early = code_of(&app, here.now().plus_millis(-STEP));
    assert_eq!(second_step(here, &step, &early).await.err(), Some(AdminError::WrongCode));
}

async fn a_recovery_code_is_used_once(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (_, codes) = with_app(&desk, ADA, Role::Owner).await;
    let (_, of_eve) = with_app(&desk, "eve@example.com", Role::Owner).await;
    let step = first_step(keydesk).await;
    assert_eq!(second_step(keydesk, &step, &of_eve[0]).await.err(), Some(AdminError::WrongCode));
    let typed = secret(&codes[3].expose().replace('-', " ").to_uppercase());
    let signed_in = second_step(keydesk, &step, &typed).await.unwrap();
    assert_eq!(factors(&desk, &signed_in).await.recovery_codes, 9);
    assert_eq!(second_step(keydesk, &step, &codes[3]).await.err(), Some(AdminError::WrongCode));
    let new = keydesk.renew_recovery_codes(&session(keydesk, &signed_in).await).await.unwrap();
    assert_eq!((new.len(), factors(&desk, &signed_in).await.recovery_codes), (RECOVERY_CODES, 10));
    assert_eq!(second_step(keydesk, &step, &codes[4]).await.err(), Some(AdminError::WrongCode));
    assert!(second_step(keydesk, &step, &new[0]).await.is_ok());
}

async fn wrong_codes_are_counted_by_all_nodes_together(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (here, there) = (&desk.keydesk, desk.second_node().await);
    let (app, codes) = with_app(&desk, ADA, Role::Owner).await;
    let (step, wrong) = (first_step(here).await, secret("abcd-efgh-jkmn-2345"));
    for _ in 0..5 {
        assert_eq!(second_step(here, &step, &wrong).await.err(), Some(AdminError::WrongCode));
    }
    // Now the right one has to wait as well, on each node.
    let waits = Some(AdminError::TooManyAttempts { retry_after_seconds: 30 });
    assert_eq!(second_step(&there, &step, &codes[0]).await.err(), waits);
    desk.clock.advance(STEP - 1);
    let waits = Some(AdminError::TooManyAttempts { retry_after_seconds: 1 });
    assert_eq!(second_step(&there, &step, &code_of(&app, there.now())).await.err(), waits);
    desk.clock.advance(1);
    assert_eq!(second_step(&there, &step, &wrong).await.err(), Some(AdminError::WrongCode));
    let waits = Some(AdminError::TooManyAttempts { retry_after_seconds: 60 });
    assert_eq!(second_step(&there, &step, &codes[0]).await.err(), waits);
    desk.clock.advance(MINUTE);
    let last = desk.second_node().await;
    assert!(second_step(&last, &step, &codes[0]).await.is_ok());
    // Whoever is right begins afresh.
    assert_eq!(second_step(&last, &step, &wrong).await.err(), Some(AdminError::WrongCode));
    assert!(second_step(&last, &step, &codes[1]).await.is_ok());
}

async fn the_second_step_ends(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (_, codes) = with_app(&desk, ADA, Role::Manager).await;
    let try_with = async |step: &SecondStep| second_step(keydesk, step, &codes[0]).await.err();
    let over = Some(AdminError::SignInOver);
    let forged = SecondStep { token: secret("forged"), ..first_step(keydesk).await };
    assert_eq!(try_with(&forged).await, over);
    let step = first_step(keydesk).await;
    let password = keydesk.sign_in_second(step.token.expose(), Proof::Password(secret(PASSWORD)), None, HOME).await;
    assert_eq!(password.err(), Some(AdminError::WrongCode), "the same factor twice");
    desk.clock.advance(10 * MINUTE);
    assert_eq!(try_with(&step).await, over);
    let step = first_step(keydesk).await;
    keydesk.set_administrator_enabled(&desk.operator, ADA, false).await.unwrap();
    assert_eq!(try_with(&step).await, Some(AdminError::AccountDisabled));
    keydesk.set_administrator_enabled(&desk.operator, ADA, true).await.unwrap();
    let link = keydesk.reset_password(&desk.operator, ADA).await.unwrap();
    keydesk.accept_account_link(link.token, None, secret(OTHER), None, HOME).await.unwrap();
    assert_eq!(try_with(&step).await, over, "the password is another one");
    // None of this has used the code up, nor begun a session.
    let again = keydesk.sign_in(ADA, secret(OTHER), HOME, None).await.unwrap();
    let SigningIn::Second(step) = again else { panic!("no second factor is asked for") };
    assert_eq!(try_with(&step).await, None);
}

async fn a_link_for_a_new_password_asks_for_the_second_factor(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (app, _) = with_app(&desk, ADA, Role::Owner).await;
    let link = keydesk.reset_password(&desk.operator, ADA).await.unwrap();
    let entered = keydesk.accept_account_link(link.token, None, secret(OTHER), None, HOME).await.unwrap();
    let SigningIn::Second(step) = entered else { panic!("the link lets in without the second factor") };
    assert!(second_step(keydesk, &step, &code_of(&app, keydesk.now())).await.is_ok());
}

async fn the_last_factor_goes_with_the_recovery_codes(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (app, _) = with_app(&desk, ADA, Role::Owner).await;
    let step = first_step(keydesk).await;
    let signed_in = second_step(keydesk, &step, &code_of(&app, keydesk.now())).await.unwrap();
    let here = session(keydesk, &signed_in).await;
    require(&desk, RequiredSecondFactor::Owners).await;
    assert_eq!(keydesk.remove_second_factor(&here, Removal::App).await, Err(AdminError::LastSecondFactor));
    require(&desk, RequiredSecondFactor::None).await;
    assert_eq!(keydesk.remove_second_factor(&here, Removal::App).await, Ok(()));
    assert_eq!(keydesk.remove_second_factor(&here, Removal::App).await, Err(AdminError::NoSecondFactor));
    assert_eq!(keydesk.renew_recovery_codes(&here).await.err(), Some(AdminError::NoSecondFactor));
    assert_eq!(factors(&desk, &signed_in).await, SecondFactors::default());
    assert!(sign_in(keydesk, ADA, PASSWORD).await.is_ok());
}

async fn require(desk: &TestKeydesk, who: RequiredSecondFactor) {
    let patch = InstallationPatch { required_second_factor: Some(who), ..InstallationPatch::default() };
    let set = desk.keydesk.set_installation(Actor::Operator, "default", patch).await.unwrap();
    assert_eq!(set.required_second_factor, who);
}

async fn who_must_have_a_second_factor_does_nothing_without_one(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let key = desk.issue("Acme").await.key.id;
    for (email, role) in [(ADA, Role::Owner), ("vera@example.com", Role::Viewer)] {
        add(&desk, email, role).await;
    }
    let ada = sign_in(keydesk, ADA, PASSWORD).await.unwrap();
    let vera = sign_in(keydesk, "vera@example.com", PASSWORD).await.unwrap();
    let before = session(keydesk, &ada).await;
    require(&desk, RequiredSecondFactor::Owners).await;
    let due = session(keydesk, &ada).await;
    assert!(due.second_factor_due && !session(keydesk, &vera).await.second_factor_due);
    let query = ListQuery { limit: 50, ..ListQuery::default() };
    let list = async |session: &Session| keydesk.list(&session.caller(), &query).await.map(drop);
    assert_eq!(list(&due).await, Err(KeyError::SecondFactorDue));
    assert_eq!(list(&session(keydesk, &vera).await).await, Ok(()));
    assert_eq!(keydesk.people(&due.caller()).await, Err(AdminError::SecondFactorDue));
    // Also whoever was on their way.
    assert_eq!(keydesk.delete(&before.caller(), key, None).await, Err(KeyError::SecondFactorDue));
    assert_eq!(keydesk.end_sessions(&before.caller(), ADA).await, Err(AdminError::SecondFactorDue));
    require(&desk, RequiredSecondFactor::Everyone).await;
    assert!(session(keydesk, &vera).await.second_factor_due);
    // Their own account is open to them.
    keydesk.rename_self(&due, "Ada King").await.unwrap();
    let app = keydesk.new_app(&due);
    keydesk.add_app(&due, app.ticket.expose(), &code_of(&app.secret, keydesk.now())).await.unwrap();
    let done = session(keydesk, &ada).await;
    assert!(!done.second_factor_due && done.second_factor);
    assert_eq!(list(&done).await, Ok(()));
    assert_eq!(keydesk.delete(&before.caller(), key, None).await, Ok(()));
}

async fn whoever_has_lost_all_is_let_in_by_an_owner(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (app, codes) = with_app(&desk, ADA, Role::Manager).await;
    add(&desk, "grace@example.com", Role::Owner).await;
    let step = first_step(keydesk).await;
    let signed_in = second_step(keydesk, &step, &code_of(&app, keydesk.now())).await.unwrap();
    let grace = session(keydesk, &sign_in(keydesk, "grace@example.com", PASSWORD).await.unwrap()).await;
    let ada = session(keydesk, &signed_in).await;
    assert_eq!(keydesk.reset_second_factor(&ada.caller(), ADA).await, Err(AdminError::Forbidden));
    assert!(keydesk.people(&grace.caller()).await.unwrap().iter().any(|person| person.second_factor));
    assert_eq!(keydesk.reset_second_factor(&grace.caller(), ADA).await, Ok(true));
    assert_eq!(keydesk.reset_second_factor(&grace.caller(), ADA).await, Ok(false));
    assert!(!lives(keydesk, &signed_in).await);
    assert_eq!(second_step(keydesk, &step, &codes[0]).await.err(), Some(AdminError::WrongCode));
    assert!(!keydesk.people(&grace.caller()).await.unwrap().iter().any(|person| person.second_factor));
    assert!(lives(keydesk, &in_at_once(keydesk.sign_in(ADA, secret(PASSWORD), HOME, None).await.unwrap())).await);
    let entries = desk.audit(&desk.operator).await;
    let reset = entries.iter().find(|entry| entry.action().ok() == Some(Action::SecondFactorReset)).unwrap();
    assert!(reset.detail.contains(r#""sessions_ended":2"#), "{}", reset.detail);
}

async fn no_secret_of_a_second_factor_is_in_the_database(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (app, codes) = with_app(&desk, ADA, Role::Owner).await;
    let step = first_step(&desk.keydesk).await;
    second_step(&desk.keydesk, &step, &codes[0]).await.unwrap();
    let raw = Secret::try_from_base32(app.expose()).unwrap();
    let plain: Vec<String> = codes.iter().map(|code| code.expose().replace('-', "")).collect();
    let mut secrets = vec![app.expose().as_bytes(), raw.as_bytes(), step.token.expose().as_bytes()];
    secrets.extend(codes.iter().map(|code| code.expose().as_bytes()));
    secrets.extend(plain.iter().map(String::as_bytes));
    let cells = desk.database.raw().await.dump().await;
    for secret in secrets {
        assert!(!cells.iter().any(|cell| cell.bytes.windows(secret.len()).any(|window| window == secret)));
    }
    let printed = format!("{step:?} {codes:?} {:?}", Proof::Code(codes[1].clone()));
    assert!(!printed.contains(codes[1].expose()) && !printed.contains(step.token.expose()), "{printed}");
}

async fn the_secret_of_an_app_follows_the_master_key(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (app, _) = with_app(&desk, ADA, Role::Owner).await;
    let background = keydesk.start();
    assert_eq!(keydesk.add_keyring_key(domain::KeyringKind::Master).await.unwrap(), "m2");
    assert!(keydesk.use_keyring_key(domain::KeyringKind::Master, "m2").await.unwrap());
    let moved = async || desk.database.raw().await.number("SELECT COUNT(*) FROM totp WHERE master_key_id = 'm2'").await;
    within(DONE, "the secret is sealed under the new master key", async || moved().await == 1).await;
    let step = first_step(keydesk).await;
    assert!(second_step(keydesk, &step, &code_of(&app, keydesk.now())).await.is_ok());
    background.stop().await;
}
