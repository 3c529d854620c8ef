//! Signing in with an account of one's organisation, at a provider that the test runs.

use std::collections::BTreeMap;

use domain::{
    Keydesk, NewAdministrator, NewInvitation, OpenOptions, Proof, ProviderOptions, SignOnAnswer, SignOnDone,
    SignOnOptions, SignedIn, SigningIn, Via, Ways,
};
use model::{Action, Actor, AdminError, KeyError, PROOF_LIFE_MS, PersonStatus, Role, SignOnProblem};
use oidc::testing::{CLIENT, FakeProvider, Flaw};
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};
use zeroize::Zeroizing;

use crate::{
    people::{HOME, OTHER, PASSWORD, add, in_at_once, lives, secret, sign_in},
    second_factor::{session, with_app},
    test_keydesk::{SECOND, TestKeydesk, options},
};

on_both_databases!(
    whoever_is_new_gets_an_account_and_is_known_by_their_subject,
    an_address_leads_to_an_account_only_where_it_is_confirmed,
    an_address_of_another_subject_or_installation_leads_nowhere,
    an_invitation_is_accepted_by_signing_in,
    the_role_is_the_one_of_this_sign_in,
    whoever_is_disabled_stays_out,
    an_answer_that_another_has_begun_signs_nobody_in,
    the_session_of_before_ends,
    a_provider_that_fails_changes_nothing,
    a_second_factor_is_asked_for_whatever_an_organisation_has_asked_for,
    whoever_has_no_password_proves_who_they_are_by_signing_in_again,
    where_passwords_are_off_none_lets_anybody_in_but_by_the_operator
);

const BACK: &str = "http://127.0.0.1:3000/login/oidc/callback";

struct Desk {
    desk: TestKeydesk,
    keydesk: Keydesk,
    provider: FakeProvider,
}

fn via() -> Via {
    Via::from(HOME)
}

fn sign_on(provider: &FakeProvider) -> SignOnOptions {
    SignOnOptions {
        provider: ProviderOptions {
            issuer: provider.issuer(),
            client_id: CLIENT.0.to_owned(),
            client_secret: Some(Zeroizing::new(CLIENT.1.to_owned())),
            scopes: vec!["email".to_owned()],
            role_claim: "groups".to_owned(),
            roots: Vec::new(),
        },
        roles: BTreeMap::from([
            ("owners".to_owned(), Role::Owner),
            ("managers".to_owned(), Role::Manager),
            ("viewers".to_owned(), Role::Viewer),
        ]),
        button: "Continue with Example".to_owned(),
        passwords: true,
        installation: "default".to_owned(),
        trust_email: false,
    }
}

async fn node(desk: &TestKeydesk, sign_on: SignOnOptions) -> Keydesk {
    let options = OpenOptions { sign_on: Some(sign_on), ..options(&desk.database, &desk.clock) };
    Keydesk::open(options).await.unwrap()
}

impl Desk {
    async fn open(database: TestDatabase) -> Self {
        let (desk, provider) = (TestKeydesk::open(database).await, FakeProvider::start().await);
        let keydesk = node(&desk, sign_on(&provider)).await;
        Self { desk, keydesk, provider }
    }

    /// Somebody goes to their organisation and comes back, of whom it says this.
    async fn come(&self, claims: Value) -> Result<Came, AdminError> {
        come_to(&self.keydesk, &self.provider, claims).await
    }

    async fn actions(&self) -> Vec<String> {
        self.desk.audit(&self.desk.operator).await.into_iter().map(|entry| entry.action).collect()
    }
}

/// Somebody who is signed in, without a second factor.
struct Came {
    signed_in: SignedIn,
    next: String,
}

fn came(SignOnDone { signed_in, next }: SignOnDone) -> Came {
    Came { signed_in: in_at_once(signed_in), next }
}

async fn come_to(keydesk: &Keydesk, provider: &FakeProvider, claims: Value) -> Result<Came, AdminError> {
    go(keydesk, provider, claims).await.map(came)
}

async fn go(keydesk: &Keydesk, provider: &FakeProvider, claims: Value) -> Result<SignOnDone, AdminError> {
    let begun = keydesk.begin_sign_on(BACK.to_owned(), "/keys", false, None, &via()).await?;
    let answer = answer(&provider.grant(&begun.address, claims, json!({})));
    keydesk.finish_sign_on(Some(begun.cookie.expose()), answer, &via()).await
}

/// The query with which a provider sends somebody back.
fn answer(query: &str) -> SignOnAnswer {
    let of = |name: &str| {
        let found = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(own, _)| *own == name);
        found.map(|(_, value)| value.replace("%3A", ":").replace("%2F", "/"))
    };
    SignOnAnswer { state: of("state"), code: of("code"), issuer: of("iss"), error: of("error") }
}

fn person(subject: &str, email: &str, group: &str) -> Value {
    json!({ "sub": subject, "email": email, "email_verified": true, "name": "Ada Lovelace", "groups": [group] })
}

const fn problem(problem: SignOnProblem) -> AdminError {
    AdminError::SignOn { problem }
}

fn refused(came: Result<Came, AdminError>) -> AdminError {
    came.map(|came| came.signed_in.administrator).unwrap_err()
}

async fn whoever_is_new_gets_an_account_and_is_known_by_their_subject(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let done = desk.come(person("ada-1", "Ada@example.com", "managers")).await.unwrap();
    let made = done.signed_in.administrator;
    assert_eq!(
        (made.email.as_str(), made.name.as_str(), made.role),
        ("Ada@example.com", "Ada Lovelace", Role::Manager)
    );
    assert_eq!(done.next, "/keys");
    let session = desk.keydesk.session(done.signed_in.token.expose()).await.unwrap().unwrap();
    assert_eq!((session.administrator.id, session.installation.name.as_str()), (made.id, "default"));
    let actions = desk.actions().await;
    for action in [Action::AdministratorCreate, Action::AdministratorLinkIdentity, Action::SignIn] {
        assert_eq!(actions.iter().filter(|own| *own == action.as_str()).count(), 1, "{actions:?}");
    }
    // Their address is another by now, and says nothing: the subject is the same.
    let again = desk.come(json!({ "sub": "ada-1", "groups": "managers" })).await.unwrap().signed_in.administrator;
    assert_eq!((again.id, again.email.as_str()), (made.id, "Ada@example.com"));
    // They have no password, whatever is tried.
    for password in ["", PASSWORD, OTHER] {
        assert_eq!(sign_in(&desk.keydesk, "ada@example.com", password).await.err(), Some(AdminError::WrongCredentials));
    }
    let entries = desk.desk.audit(&desk.desk.operator).await;
    assert!(entries.iter().all(|entry| !entry.detail.contains("ada-1") && !entry.detail.contains('@')));
    let signed_in = entries.iter().rfind(|entry| entry.detail.contains("oidc")).unwrap();
    assert_eq!(signed_in.detail, json!({ "by": "oidc" }).to_string());
}

async fn an_address_leads_to_an_account_only_where_it_is_confirmed(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let ada = add(&desk.desk, "ada@example.com", Role::Manager).await;
    for unconfirmed in [
        json!({ "sub": "ada-1", "email": "ada@example.com", "groups": ["managers"] }),
        json!({ "sub": "ada-1", "email": "ada@example.com", "email_verified": false, "groups": ["managers"] }),
        json!({ "sub": "ada-1", "email": "no address", "email_verified": true, "groups": ["managers"] }),
        json!({ "sub": "ada-1", "groups": ["managers"] }),
    ] {
        assert_eq!(refused(desk.come(unconfirmed).await), problem(SignOnProblem::EmailUnverified));
    }
    let done = desk.come(person("ada-1", "ADA@example.com", "managers")).await.unwrap();
    assert_eq!(done.signed_in.administrator.id, ada.id);
    // The password goes on.
    sign_in(&desk.keydesk, "ada@example.com", PASSWORD).await.unwrap();
    // A provider that says nothing of addresses is believed where the operator says so, and one that denies it is not.
    let trusting = SignOnOptions { trust_email: true, ..sign_on(&desk.provider) };
    let trusting = node(&desk.desk, trusting).await;
    let unsaid = json!({ "sub": "grace-1", "email": "grace@example.com", "groups": ["viewers"] });
    come_to(&trusting, &desk.provider, unsaid).await.unwrap();
    let denied = json!({ "sub": "eve-1", "email": "eve@example.com", "email_verified": false, "groups": ["viewers"] });
    let denied = come_to(&trusting, &desk.provider, denied).await;
    assert_eq!(refused(denied), problem(SignOnProblem::EmailUnverified));
}

async fn an_address_of_another_subject_or_installation_leads_nowhere(database: TestDatabase) {
    let desk = Desk::open(database).await;
    desk.come(person("ada-1", "ada@example.com", "managers")).await.unwrap();
    // The address was given to somebody else.
    let other = desk.come(person("ada-2", "ada@example.com", "owners")).await;
    assert_eq!(refused(other), problem(SignOnProblem::Elsewhere));
    let new = NewAdministrator {
        email: "grace@example.com".to_owned(),
        name: "Grace".to_owned(),
        role: Role::Owner,
        password: secret(PASSWORD),
    };
    desk.keydesk.create_administrator(Actor::Operator, desk.desk.other.installation, new).await.unwrap();
    let elsewhere = desk.come(person("grace-1", "grace@example.com", "owners")).await;
    assert_eq!(refused(elsewhere), problem(SignOnProblem::Elsewhere));
    // The operator now names the other installation: whom the first knows is not one of its people.
    let there = SignOnOptions { installation: "other".to_owned(), ..sign_on(&desk.provider) };
    let there = node(&desk.desk, there).await;
    let moved = come_to(&there, &desk.provider, person("ada-1", "ada@example.com", "managers")).await;
    assert_eq!(refused(moved), problem(SignOnProblem::Elsewhere));
    come_to(&there, &desk.provider, person("grace-1", "grace@example.com", "owners")).await.unwrap();
}

async fn an_invitation_is_accepted_by_signing_in(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let new =
        NewInvitation { email: "Grace@example.com".to_owned(), name: "Admiral Hopper".to_owned(), role: Role::Viewer };
    let link = desk.keydesk.invite(&desk.desk.operator, new).await.unwrap();
    let people = desk.keydesk.people(&desk.desk.operator).await.unwrap();
    let invited = people.iter().find(|person| person.status == PersonStatus::Invited).unwrap().id;
    let done = desk.come(person("grace-1", "grace@example.com", "managers")).await.unwrap();
    let made = done.signed_in.administrator;
    // The name is that of the invitation, and the role is that of the claim.
    assert_eq!((made.id, made.name.as_str(), made.role), (invited, "Admiral Hopper", Role::Manager));
    assert_eq!(desk.keydesk.account_link(link.token.expose(), via()).await.unwrap(), None, "it is used up");
}

async fn the_role_is_the_one_of_this_sign_in(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let people = async || desk.keydesk.people(&desk.desk.operator).await.unwrap().len();
    for none in [json!(["others"]), json!([]), json!("Owners"), json!(null), json!({ "owners": true })] {
        let claims = json!({ "sub": "ada-1", "email": "ada@example.com", "email_verified": true, "groups": none });
        assert_eq!(refused(desk.come(claims).await), problem(SignOnProblem::NoRole));
    }
    assert_eq!(people().await, 0, "nothing was made");
    let ada = desk.come(person("ada-1", "ada@example.com", "owners")).await.unwrap();
    let role = async |group: &str| {
        desk.come(person("ada-1", "ada@example.com", group)).await.map(|done| done.signed_in.administrator.role)
    };
    // Somebody who may do everything stays, and the refused sign-in changes nothing.
    assert_eq!(role("viewers").await, Err(AdminError::LastOwner));
    assert_eq!(role("owners").await, Ok(Role::Owner));
    desk.come(person("grace-1", "grace@example.com", "owners")).await.unwrap();
    assert_eq!(role("viewers").await, Ok(Role::Viewer));
    // Sessions go on with the role of now.
    let session = desk.keydesk.session(ada.signed_in.token.expose()).await.unwrap().unwrap();
    assert_eq!(session.administrator.role, Role::Viewer);
    let entries = desk.desk.audit(&desk.desk.operator).await;
    let set = entries.iter().rfind(|entry| entry.action == Action::AdministratorSetRole.as_str()).unwrap();
    let detail: Value = serde_json::from_str(&set.detail).unwrap();
    assert_eq!((&detail["from"], &detail["to"], &detail["by"]), (&json!("owner"), &json!("viewer"), &json!("oidc")));
    assert_eq!(refused(desk.come(person("ada-1", "ada@example.com", "others")).await), problem(SignOnProblem::NoRole));
}

async fn whoever_is_disabled_stays_out(database: TestDatabase) {
    let desk = Desk::open(database).await;
    desk.come(person("ada-1", "ada@example.com", "managers")).await.unwrap();
    let operator = &desk.desk.operator;
    desk.keydesk.set_administrator_enabled(operator, "ada@example.com", false).await.unwrap();
    let out = desk.come(person("ada-1", "ada@example.com", "managers")).await;
    assert_eq!(refused(out), AdminError::AccountDisabled);
    add(&desk.desk, "grace@example.com", Role::Viewer).await;
    desk.keydesk.set_administrator_enabled(operator, "grace@example.com", false).await.unwrap();
    let out = desk.come(person("grace-1", "grace@example.com", "owners")).await;
    assert_eq!(refused(out), AdminError::AccountDisabled, "nor is it a way to be known");
    // Whoever is removed is new when they come again.
    desk.keydesk.remove_administrator(operator, "ada@example.com").await.unwrap();
    desk.come(person("ada-1", "ada@example.com", "viewers")).await.unwrap();
}

async fn an_answer_that_another_has_begun_signs_nobody_in(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let (keydesk, provider) = (&desk.keydesk, &desk.provider);
    let begin = async || keydesk.begin_sign_on(BACK.to_owned(), "/keys", false, None, &via()).await.unwrap();
    let ada = || person("ada-1", "ada@example.com", "managers");
    let again = problem(SignOnProblem::Again);
    // Somebody gets a person to open the answer that they were given themselves.
    let (theirs, own) = (begin().await, begin().await);
    let answer_to = |begun: &domain::SignOnBegun| answer(&provider.grant(&begun.address, ada(), json!({})));
    let finish = async |cookie: Option<&str>, answer: SignOnAnswer| {
        keydesk.finish_sign_on(cookie, answer, &via()).await.map(|done| done.next)
    };
    for cookie in [None, Some(""), Some("a.b.c"), Some(own.cookie.expose())] {
        assert_eq!(finish(cookie, answer_to(&theirs)).await, Err(again.clone()));
    }
    let cookie = own.cookie.expose();
    assert_eq!(keydesk.sign_on_next(Some(cookie)).as_deref(), Some("/keys"));
    for wrong in [
        SignOnAnswer { state: None, ..answer_to(&own) },
        SignOnAnswer { state: Some(String::new()), ..answer_to(&own) },
        SignOnAnswer { issuer: Some("https://other.example.com".to_owned()), ..answer_to(&own) },
        SignOnAnswer { issuer: None, ..answer_to(&own) },
        SignOnAnswer { code: None, ..answer_to(&own) },
        SignOnAnswer { code: Some("code-of-nobody".to_owned()), ..answer_to(&own) },
    ] {
        assert_eq!(finish(Some(cookie), wrong).await, Err(again.clone()));
    }
    let denied = SignOnAnswer { error: Some("access_denied".to_owned()), code: None, ..answer_to(&own) };
    assert_eq!(finish(Some(cookie), denied).await, Err(problem(SignOnProblem::Denied)));
    // Another node opens what one has sealed, and a code works once.
    let other = node(&desk.desk, sign_on(provider)).await;
    let good = answer_to(&own);
    other.finish_sign_on(Some(cookie), good.clone(), &via()).await.unwrap();
    assert_eq!(finish(Some(cookie), good).await, Err(again.clone()));
    let late = answer_to(&own);
    desk.desk.clock.advance(600 * SECOND);
    assert_eq!(finish(Some(cookie), late).await, Err(again));
    // Whoever asks without end waits.
    for _ in 0..30 {
        let _ = finish(None, SignOnAnswer::default()).await;
    }
    let waits = finish(None, SignOnAnswer::default()).await.unwrap_err();
    assert!(matches!(waits, AdminError::TooManyAttempts { .. }), "{waits:?}");
}

async fn the_session_of_before_ends(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let (keydesk, provider) = (&desk.keydesk, &desk.provider);
    add(&desk.desk, "grace@example.com", Role::Owner).await;
    let before = sign_in(keydesk, "grace@example.com", PASSWORD).await.unwrap();
    let brought = Some(before.token.expose());
    let begun = keydesk.begin_sign_on(BACK.to_owned(), "/", false, brought, &via()).await.unwrap();
    assert!(
        keydesk.session(before.token.expose()).await.unwrap().is_some(),
        "nothing ends before it is known who comes"
    );
    let answer = answer(&provider.grant(&begun.address, person("ada-1", "ada@example.com", "viewers"), json!({})));
    let came = keydesk.finish_sign_on(Some(begun.cookie.expose()), answer, &via()).await.map(came).unwrap();
    assert_ne!(came.signed_in.token.expose(), before.token.expose());
    assert!(keydesk.session(before.token.expose()).await.unwrap().is_none());
}

async fn a_provider_that_fails_changes_nothing(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let begun = desk.keydesk.begin_sign_on(BACK.to_owned(), "/", false, None, &via()).await.unwrap();
    let ada = person("ada-1", "ada@example.com", "owners");
    let answer = answer(&desk.provider.grant(&begun.address, ada, json!({})));
    desk.provider.set_flaw(Flaw::Down);
    let failed = desk.keydesk.finish_sign_on(Some(begun.cookie.expose()), answer, &via()).await.map(came);
    assert_eq!(refused(failed), problem(SignOnProblem::Provider));
    for flaw in [Flaw::Signature, Flaw::Audience, Flaw::Issuer, Flaw::Nonce, Flaw::Over] {
        desk.provider.set_flaw(flaw);
        let failed = desk.come(person("ada-1", "ada@example.com", "owners")).await;
        assert_eq!(refused(failed), problem(SignOnProblem::Again), "{flaw:?}");
    }
    assert_eq!(desk.keydesk.people(&desk.desk.operator).await.unwrap(), []);
    let off = desk.desk.keydesk.begin_sign_on(BACK.to_owned(), "/", false, None, &via()).await.map(drop);
    assert_eq!(off, Err(problem(SignOnProblem::Off)));
}

async fn a_second_factor_is_asked_for_whatever_an_organisation_has_asked_for(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let keydesk = &desk.keydesk;
    let (_, codes) = with_app(&desk.desk, "ada@example.com", Role::Owner).await;
    let mut claims = person("ada-1", "ada@example.com", "owners");
    claims["amr"] = json!(["pwd", "otp", "mfa"]);
    let SignOnDone { signed_in: SigningIn::Second(step), next } = go(keydesk, &desk.provider, claims).await.unwrap()
    else {
        panic!("no second factor is asked for")
    };
    assert_eq!((next.as_str(), step.ways.code, step.ways.any_here()), ("/keys", true, true));
    let sessions = async || keydesk.people(&desk.desk.operator).await.unwrap()[0].sessions;
    let before = sessions().await;
    let wrong = keydesk.sign_in_second(step.token.expose(), Proof::Code(secret("123456")), None, HOME).await;
    assert_eq!((wrong.err(), sessions().await), (Some(AdminError::WrongCode), before));
    let code = Proof::Code(codes[0].clone());
    let signed_in = keydesk.sign_in_second(step.token.expose(), code, None, HOME).await.unwrap();
    assert!(lives(keydesk, &signed_in).await);
    let entries = desk.desk.audit(&desk.desk.operator).await;
    let entry = entries.iter().rfind(|entry| entry.action == Action::SignIn.as_str()).unwrap();
    let detail: Value = serde_json::from_str(&entry.detail).unwrap();
    assert_eq!(detail, json!({ "by": "oidc", "second_factor": "recovery_code" }));
}

async fn whoever_has_no_password_proves_who_they_are_by_signing_in_again(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let keydesk = &desk.keydesk;
    let key = desk.desk.issue("Acme").await.key.id;
    let reveals = async |came: &Came| {
        let caller = session(keydesk, &came.signed_in).await.caller();
        keydesk.reveal(&caller, key).await.map(drop)
    };
    let ada = || person("ada-1", "ada@example.com", "owners");
    let first = desk.come(ada()).await.unwrap();
    assert_eq!(reveals(&first).await, Ok(()), "signing in is a proof");
    desk.desk.clock.advance(PROOF_LIFE_MS);
    assert_eq!(reveals(&first).await, Err(KeyError::StepUpNeeded));
    let here = session(keydesk, &first.signed_in).await;
    let ways = keydesk.ways_to_confirm(&here).await.unwrap();
    assert_eq!(ways, Ways { organisation: Some("Continue with Example".to_owned()), ..Ways::default() });
    assert!(!ways.any_here());
    let guess = keydesk.confirm(&here, Proof::Password(secret(PASSWORD))).await;
    assert_eq!(guess, Err(AdminError::WrongCredentials));
    // Whoever is signed in there since this morning is let in, and has not proved just now who they are.
    let said_at = |ago: i64| {
        let mut claims = ada();
        claims["auth_time"] = json!((keydesk.now().as_millis() - ago) / 1_000);
        claims
    };
    let silent = desk.come(said_at(PROOF_LIFE_MS)).await.unwrap();
    assert_eq!(reveals(&silent).await, Err(KeyError::StepUpNeeded));
    // They are asked anew there, and come back in time.
    let begun = keydesk.begin_sign_on(BACK.to_owned(), "/keys", true, None, &via()).await.unwrap();
    assert!(begun.address.contains("prompt=login") && begun.address.contains("max_age=600"), "{}", begun.address);
    let answer = answer(&desk.provider.grant(&begun.address, said_at(5 * SECOND), json!({})));
    let again = keydesk.finish_sign_on(Some(begun.cookie.expose()), answer, &via()).await.map(came).unwrap();
    assert_eq!(reveals(&again).await, Ok(()));
    // A clock there that is ahead makes no proof last longer.
    let ahead = desk.come(said_at(-24 * PROOF_LIFE_MS)).await.unwrap();
    assert_eq!(session(keydesk, &ahead.signed_in).await.proved_at, keydesk.now());
}

async fn where_passwords_are_off_none_lets_anybody_in_but_by_the_operator(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let ada = add(&desk.desk, "ada@example.com", Role::Owner).await;
    let before = sign_in(&desk.keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let without = SignOnOptions { passwords: false, ..sign_on(&desk.provider) };
    let keydesk = node(&desk.desk, without).await;
    assert!(!keydesk.sign_in_ways().passwords);
    for password in [PASSWORD, "wrong"] {
        assert_eq!(sign_in(&keydesk, "ada@example.com", password).await.err(), Some(AdminError::PasswordsOff));
    }
    let session = session(&keydesk, &before).await;
    // Nor does one prove anything.
    let ways = keydesk.ways_to_confirm(&session).await.unwrap();
    assert_eq!(ways, Ways { organisation: Some("Continue with Example".to_owned()), ..Ways::default() });
    let confirmed = keydesk.confirm(&session, Proof::Password(secret(PASSWORD))).await;
    assert_eq!(confirmed, Err(AdminError::PasswordsOff));
    let changed = keydesk.change_password(before.token.expose(), secret(PASSWORD), secret(OTHER), &via()).await;
    assert_eq!(changed, Err(AdminError::PasswordsOff));
    let reset = keydesk.reset_password(&session.caller(), "ada@example.com").await.map(drop);
    assert_eq!(reset, Err(AdminError::PasswordsOff));
    let new = NewInvitation { email: "grace@example.com".to_owned(), name: "Grace".to_owned(), role: Role::Viewer };
    let invited = keydesk.invite(&session.caller(), new).await.unwrap();
    let accepted = keydesk.accept_account_link(invited.token, None, secret(PASSWORD), None, via()).await;
    assert_eq!(accepted.err(), Some(AdminError::PasswordsOff));
    come_to(&keydesk, &desk.provider, person("grace-1", "grace@example.com", "viewers")).await.unwrap();
    // Their organisation lets nobody in: the operator does.
    let link = keydesk.reset_password(&desk.desk.operator, "ada@example.com").await.unwrap();
    let accepted = keydesk.accept_account_link(link.token, None, secret(OTHER), None, via()).await;
    let signed_in = in_at_once(accepted.unwrap());
    assert_eq!(signed_in.administrator.id, ada.id);
    assert!(keydesk.session(signed_in.token.expose()).await.unwrap().is_some());
}
