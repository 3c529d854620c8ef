//! People and their accounts: who is let in, who is kept out, and who decides it.

use std::net::{IpAddr, Ipv4Addr};

use domain::{
    AuditFormat, Caller, Keydesk, NewAccountLink, NewAdministrator, NewInvitation, Removed, SignedIn, SigningIn, Via,
};
use model::{
    AccountLink, AccountLinkKind, Actor, AdminError, Administrator, AdministratorId, AuditQuery, KeyError, Person,
    PersonStatus, PlainSecret, Role, Selection, SettingsPatch,
};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{HOUR, SECOND, TestKeydesk, new_key};

on_both_databases!(
    an_invitation_makes_an_administrator_once,
    inviting_again_withdraws_the_earlier_link,
    an_invitation_belongs_to_its_installation,
    a_link_for_a_new_password_works_once_within_the_hour,
    a_disabled_administrator_stops_at_the_next_request,
    a_removed_administrator_stops_at_the_next_request,
    a_role_is_another_at_the_next_request,
    the_last_owner_who_can_sign_in_stays,
    of_two_owners_who_act_against_each_other_one_stays,
    only_owners_and_the_operator_manage_people,
    what_is_done_to_people_is_written_down,
    whoever_was_disabled_while_they_signed_in_is_out,
    whoever_lost_their_permission_while_their_change_waited_changes_nothing,
);

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const OTHER: &str = "another horse battery";
pub(crate) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub(crate) fn secret(text: &str) -> PlainSecret {
    PlainSecret::new(text.to_owned())
}

pub(crate) async fn add(desk: &TestKeydesk, email: &str, role: Role) -> Administrator {
    let new =
        NewAdministrator { email: email.to_owned(), name: "Ada Lovelace".to_owned(), role, password: secret(PASSWORD) };
    desk.keydesk.create_administrator(Actor::Operator, desk.operator.installation, new).await.unwrap()
}

pub(crate) async fn sign_in(keydesk: &Keydesk, email: &str, password: &str) -> Result<SignedIn, AdminError> {
    keydesk.sign_in(email, secret(password), HOME, None).await.map(in_at_once)
}

/// Whoever is signed in without a second factor.
pub(crate) fn in_at_once(entered: SigningIn) -> SignedIn {
    entered.signed_in().expect("a second factor is asked for")
}

/// Whether the session goes on.
pub(crate) async fn lives(keydesk: &Keydesk, signed_in: &SignedIn) -> bool {
    keydesk.session(signed_in.token.expose()).await.unwrap().is_some()
}

/// The caller that a signed-in person is at their next request.
pub(crate) async fn caller(keydesk: &Keydesk, email: &str) -> Caller {
    let signed_in = sign_in(keydesk, email, PASSWORD).await.unwrap();
    keydesk.session(signed_in.token.expose()).await.unwrap().unwrap().caller()
}

async fn invite(desk: &TestKeydesk, caller: &Caller, email: &str) -> NewAccountLink {
    let new = NewInvitation { email: email.to_owned(), name: " Grace Hopper ".to_owned(), role: Role::Manager };
    desk.keydesk.invite(caller, new).await.unwrap()
}

async fn accept(keydesk: &Keydesk, link: &NewAccountLink, password: &str) -> Result<SignedIn, AdminError> {
    keydesk.accept_account_link(link.token.clone(), None, secret(password), None, HOME).await.map(in_at_once)
}

async fn shown(keydesk: &Keydesk, link: &NewAccountLink) -> Option<AccountLink> {
    keydesk.account_link(link.token.expose(), Via::default()).await.unwrap()
}

async fn person(desk: &TestKeydesk, email: &str) -> Option<Person> {
    let people = desk.keydesk.people(&desk.operator).await.unwrap();
    people.into_iter().find(|person| person.email == email)
}

async fn an_invitation_makes_an_administrator_once(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let link = invite(&desk, &desk.operator, "Grace@example.com").await;
    assert_eq!(link.expires_at, keydesk.now().plus_millis(72 * HOUR));
    let expected = AccountLink {
        kind: AccountLinkKind::Invitation,
        email: "Grace@example.com".to_owned(),
        name: "Grace Hopper".to_owned(),
    };
    assert_eq!((&link.link, shown(keydesk, &link).await), (&expected, Some(expected.clone())));
    let invited = person(&desk, "Grace@example.com").await.unwrap();
    assert_eq!(
        (invited.status, invited.role, invited.expires_at),
        (PersonStatus::Invited, Role::Manager, Some(link.expires_at))
    );
    assert_eq!(sign_in(keydesk, "grace@example.com", PASSWORD).await.err(), Some(AdminError::WrongCredentials));
    // Nothing of the database accepts anything.
    let cells = desk.database.raw().await.dump().await;
    let token = link.token.expose().as_bytes();
    assert!(!cells.iter().any(|cell| cell.bytes.windows(token.len()).any(|window| window == token)));

    // Mistakes leave the link as it was.
    let easy = accept(keydesk, &link, "Grace@example.com").await.map(drop).unwrap_err();
    assert!(matches!(easy, AdminError::GuessablePassword { .. }), "{easy:?}");
    assert_eq!(accept(keydesk, &link, "short").await.err(), Some(AdminError::WeakPassword));
    let nameless =
        keydesk.accept_account_link(link.token.clone(), Some(" ".to_owned()), secret(PASSWORD), None, HOME).await;
    assert_eq!(nameless.err(), Some(AdminError::InvalidName));

    let name = Some("Admiral Hopper".to_owned());
    let entered = keydesk.accept_account_link(link.token.clone(), name, secret(PASSWORD), None, HOME).await;
    let signed_in = in_at_once(entered.unwrap());
    assert_eq!((signed_in.administrator.id, signed_in.administrator.role), (invited.id, Role::Manager));
    assert!(lives(keydesk, &signed_in).await);
    assert_eq!(shown(keydesk, &link).await, None);
    assert_eq!(accept(keydesk, &link, OTHER).await.err(), Some(AdminError::LinkOver));
    let grace = person(&desk, "Grace@example.com").await.unwrap();
    assert_eq!((grace.status, grace.expires_at, grace.sessions), (PersonStatus::Active, None, 1));
    assert_eq!(grace.last_seen_at, Some(keydesk.now()));
    assert_eq!(sign_in(keydesk, "grace@example.com", PASSWORD).await.unwrap().administrator.name, "Admiral Hopper");
    for forged in ["", "x", &link.token.expose()[1..], &link.token.expose().to_ascii_uppercase()] {
        assert_eq!(keydesk.account_link(forged, Via::default()).await.unwrap(), None, "{forged}");
        let refused = keydesk.accept_account_link(secret(forged), None, secret(PASSWORD), None, HOME).await;
        assert_eq!(refused.err(), Some(AdminError::LinkOver), "{forged}");
    }
}

async fn inviting_again_withdraws_the_earlier_link(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let first = invite(&desk, &desk.operator, "grace@example.com").await;
    let second = invite(&desk, &desk.operator, "GRACE@example.com").await;
    assert_eq!(shown(keydesk, &first).await, None);
    assert_eq!(accept(keydesk, &first, PASSWORD).await.err(), Some(AdminError::LinkOver));
    assert_eq!(keydesk.people(&desk.operator).await.unwrap().len(), 1);
    assert_eq!(keydesk.remove_administrator(&desk.operator, "grace@example.com").await, Ok(Removed::Invitation));
    assert_eq!(accept(keydesk, &second, PASSWORD).await.err(), Some(AdminError::LinkOver));
    assert_eq!(keydesk.people(&desk.operator).await.unwrap(), []);
    let again = keydesk.remove_administrator(&desk.operator, "grace@example.com").await;
    assert_eq!(again, Err(AdminError::NoAdministrator));

    let third = invite(&desk, &desk.operator, "grace@example.com").await;
    desk.clock.advance(72 * HOUR - 1);
    assert!(shown(keydesk, &third).await.is_some());
    desk.clock.advance(1);
    assert_eq!(shown(keydesk, &third).await, None);
    assert_eq!(accept(keydesk, &third, PASSWORD).await.err(), Some(AdminError::LinkOver));
    assert_eq!(keydesk.people(&desk.operator).await.unwrap(), []);

    // An account that is made otherwise takes the place of the invitation; afterwards nobody can be invited to it.
    let fourth = invite(&desk, &desk.operator, "grace@example.com").await;
    add(&desk, "grace@example.com", Role::Viewer).await;
    assert_eq!(accept(keydesk, &fourth, OTHER).await.err(), Some(AdminError::LinkOver));
    let new = NewInvitation { email: "Grace@Example.com".to_owned(), name: "Grace".to_owned(), role: Role::Owner };
    assert_eq!(keydesk.invite(&desk.operator, new).await.err(), Some(AdminError::EmailTaken));
}

async fn an_invitation_belongs_to_its_installation(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let ours = invite(&desk, &desk.operator, "grace@example.com").await;
    let theirs = invite(&desk, &desk.other, "grace@example.com").await;
    assert!(shown(keydesk, &ours).await.is_some(), "another's invitation withdraws none of ours");
    assert_eq!(keydesk.remove_administrator(&desk.other, "grace@example.com").await, Ok(Removed::Invitation));
    assert_eq!(shown(keydesk, &theirs).await, None);
    let theirs = invite(&desk, &desk.other, "grace@example.com").await;
    accept(keydesk, &ours, PASSWORD).await.unwrap();
    assert_eq!(accept(keydesk, &theirs, PASSWORD).await.err(), Some(AdminError::EmailTaken));

    // Nobody manages the people of another installation.
    let other = &desk.other;
    assert_eq!(
        keydesk.set_role(other, "grace@example.com", Role::Owner).await.err(),
        Some(AdminError::NoAdministrator)
    );
    assert_eq!(keydesk.reset_password(other, "grace@example.com").await.err(), Some(AdminError::NoAdministrator));
    let disabled = keydesk.set_administrator_enabled(other, "grace@example.com", false).await;
    assert_eq!(disabled.err(), Some(AdminError::NoAdministrator));
    assert_eq!(keydesk.end_sessions(other, "grace@example.com").await, Err(AdminError::NoAdministrator));
    // There is an invitation of theirs left to be withdrawn, and then nothing.
    assert_eq!(keydesk.remove_administrator(other, "grace@example.com").await, Ok(Removed::Invitation));
    assert_eq!(keydesk.remove_administrator(other, "grace@example.com").await, Err(AdminError::NoAdministrator));
    assert_eq!(keydesk.people(other).await.unwrap(), []);
}

async fn a_link_for_a_new_password_works_once_within_the_hour(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, "ada@example.com", Role::Owner).await;
    let before = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let first = keydesk.reset_password(&desk.operator, "ADA@example.com").await.unwrap();
    assert_eq!(first.expires_at, keydesk.now().plus_millis(HOUR));
    assert_eq!(shown(keydesk, &first).await.unwrap().kind, AccountLinkKind::Reset);
    // A link that nobody asked for locks nobody out.
    assert!(lives(keydesk, &before).await);
    let old = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let second = keydesk.reset_password(&desk.operator, "ada@example.com").await.unwrap();
    assert_eq!(accept(keydesk, &first, OTHER).await.err(), Some(AdminError::LinkOver));

    // A name can't be changed by it.
    let name = Some("Eve".to_owned());
    let entered = keydesk.accept_account_link(second.token.clone(), name, secret(OTHER), None, HOME).await;
    let after = in_at_once(entered.unwrap());
    assert_eq!(after.administrator.name, "Ada Lovelace");
    assert!(lives(keydesk, &after).await);
    assert!(!lives(keydesk, &before).await && !lives(keydesk, &old).await);
    assert_eq!(sign_in(keydesk, "ada@example.com", PASSWORD).await.err(), Some(AdminError::WrongCredentials));
    sign_in(keydesk, "ada@example.com", OTHER).await.unwrap();
    assert_eq!(accept(keydesk, &second, PASSWORD).await.err(), Some(AdminError::LinkOver));

    let third = keydesk.reset_password(&desk.operator, "ada@example.com").await.unwrap();
    desk.clock.advance(HOUR);
    assert_eq!(shown(keydesk, &third).await, None);
    assert_eq!(accept(keydesk, &third, PASSWORD).await.err(), Some(AdminError::LinkOver));
    sign_in(keydesk, "ada@example.com", OTHER).await.unwrap();
}

async fn a_disabled_administrator_stops_at_the_next_request(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, "ada@example.com", Role::Viewer).await;
    let live = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    let link = keydesk.reset_password(&desk.operator, "ada@example.com").await.unwrap();
    keydesk.set_administrator_enabled(&desk.operator, "ada@example.com", false).await.unwrap();
    assert!(!lives(keydesk, &live).await);
    assert_eq!(accept(keydesk, &link, OTHER).await.err(), Some(AdminError::LinkOver));
    let link = keydesk.reset_password(&desk.operator, "ada@example.com").await;
    assert_eq!(link.err(), Some(AdminError::AccountDisabled));
    // Only whoever has the password learns that the account is disabled.
    assert_eq!(sign_in(keydesk, "ada@example.com", PASSWORD).await.err(), Some(AdminError::AccountDisabled));
    assert_eq!(sign_in(keydesk, "ada@example.com", OTHER).await.err(), Some(AdminError::WrongCredentials));
    assert_eq!(person(&desk, "ada@example.com").await.unwrap().status, PersonStatus::Disabled);
    keydesk.set_administrator_enabled(&desk.operator, "ada@example.com", true).await.unwrap();
    assert!(!lives(keydesk, &live).await, "what has ended stays ended");
    assert!(lives(keydesk, &sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap()).await);
}

async fn a_removed_administrator_stops_at_the_next_request(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let ada = add(&desk, "ada@example.com", Role::Manager).await;
    let live = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    keydesk.reset_password(&desk.operator, "ada@example.com").await.unwrap();
    assert_eq!(keydesk.remove_administrator(&desk.operator, "ada@example.com").await, Ok(Removed::Administrator));
    assert!(!lives(keydesk, &live).await);
    assert_eq!(sign_in(keydesk, "ada@example.com", PASSWORD).await.err(), Some(AdminError::WrongCredentials));
    assert_eq!(keydesk.people(&desk.operator).await.unwrap(), []);
    // Another account with the address is another person.
    let again = add(&desk, "ada@example.com", Role::Viewer).await;
    assert_ne!(again.id, ada.id);
    assert!(!lives(keydesk, &live).await);
}

async fn a_role_is_another_at_the_next_request(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, "ada@example.com", Role::Viewer).await;
    let live = sign_in(keydesk, "ada@example.com", PASSWORD).await.unwrap();
    for role in [Role::Manager, Role::Owner] {
        assert_eq!(keydesk.set_role(&desk.operator, "ada@example.com", role).await.unwrap().role, role);
        let session = keydesk.session(live.token.expose()).await.unwrap().unwrap();
        assert_eq!(session.administrator.role, role);
    }
}

async fn the_last_owner_who_can_sign_in_stays(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator, ada) = (&desk.keydesk, &desk.operator, "ada@example.com");
    add(&desk, ada, Role::Owner).await;
    add(&desk, "vera@example.com", Role::Manager).await;
    add(&desk, "eve@example.com", Role::Owner).await;
    keydesk.set_administrator_enabled(operator, "eve@example.com", false).await.unwrap();
    invite(&desk, operator, "grace@example.com").await;
    let last = Some(AdminError::LastOwner);
    assert_eq!(keydesk.remove_administrator(operator, ada).await.err(), last);
    assert_eq!(keydesk.set_administrator_enabled(operator, ada, false).await.err(), last);
    assert_eq!(keydesk.set_role(operator, ada, Role::Manager).await.err(), last);
    // It is no change.
    keydesk.set_role(operator, ada, Role::Owner).await.unwrap();
    // Whoever can't sign in is no loss.
    keydesk.set_role(operator, "eve@example.com", Role::Viewer).await.unwrap();
    keydesk.remove_administrator(operator, "eve@example.com").await.unwrap();
    keydesk.set_role(operator, "vera@example.com", Role::Owner).await.unwrap();
    keydesk.remove_administrator(operator, ada).await.unwrap();
    assert_eq!(keydesk.remove_administrator(operator, "vera@example.com").await.err(), last);
}

/// On two nodes, so that nothing but the database can decide.
async fn of_two_owners_who_act_against_each_other_one_stays(database: TestDatabase) {
    const ROUNDS: usize = 6;
    let desk = TestKeydesk::open(database).await;
    let second = desk.second_node().await;
    let (ada, eve) = ("ada@example.com", "eve@example.com");
    for address in [ada, eve] {
        add(&desk, address, Role::Owner).await;
    }
    for round in 0..ROUNDS {
        let turn = |keydesk: Keydesk, caller: Caller, on: &'static str| async move {
            match round % 3 {
                0 => keydesk.set_role(&caller, on, Role::Viewer).await.map(drop),
                1 => keydesk.set_administrator_enabled(&caller, on, false).await.map(drop),
                _ => keydesk.remove_administrator(&caller, on).await.map(drop),
            }
        };
        let (by_ada, by_eve) = (caller(&desk.keydesk, ada).await, caller(&desk.keydesk, eve).await);
        let one = tokio::spawn(turn(desk.keydesk.clone(), by_ada, eve));
        let other = tokio::spawn(turn(second.clone(), by_eve, ada));
        let outcomes = [one.await.unwrap(), other.await.unwrap()];
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        // Whoever came second is no owner any more.
        assert!(outcomes.contains(&Err(AdminError::Forbidden)), "{outcomes:?}");
        make_owners(&desk, [ada, eve]).await;
        // The operator turns on both at once.
        let one = tokio::spawn(turn(desk.keydesk.clone(), desk.operator.clone(), ada));
        let other = tokio::spawn(turn(second.clone(), desk.operator.clone(), eve));
        let outcomes = [one.await.unwrap(), other.await.unwrap()];
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.contains(&Err(AdminError::LastOwner)), "{outcomes:?}");
        let people = desk.keydesk.people(&desk.operator).await.unwrap();
        let owners = people.iter().filter(|who| who.role == Role::Owner && who.status == PersonStatus::Active);
        assert_eq!(owners.count(), 1, "{people:?}");
        make_owners(&desk, [ada, eve]).await;
    }
}

/// Makes both owners who can sign in, whatever became of them.
async fn make_owners(desk: &TestKeydesk, addresses: [&str; 2]) {
    for address in addresses {
        if person(desk, address).await.is_none() {
            add(desk, address, Role::Owner).await;
        }
        desk.keydesk.set_role(&desk.operator, address, Role::Owner).await.unwrap();
        desk.keydesk.set_administrator_enabled(&desk.operator, address, true).await.unwrap();
    }
}

async fn only_owners_and_the_operator_manage_people(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let ada = add(&desk, "ada@example.com", Role::Owner).await;
    add(&desk, "eve@example.com", Role::Owner).await;
    add(&desk, "mae@example.com", Role::Manager).await;
    add(&desk, "vera@example.com", Role::Viewer).await;
    let owner = caller(keydesk, "ada@example.com").await;
    let key = desk.caller(&["keys:read", "keys:write", "keys:reveal", "audit:read"]).await;
    let nobody = Caller {
        actor: Actor::Administrator { id: AdministratorId(keydesk.request_id(keydesk.now())) },
        ..owner.clone()
    };
    let (manager, viewer) = (caller(keydesk, "mae@example.com").await, caller(keydesk, "vera@example.com").await);
    let before = desk.database.raw().await.dump().await;
    for caller in [&manager, &viewer, &key] {
        assert_eq!(keydesk.people(caller).await, Err(AdminError::Forbidden));
    }
    let new = || NewInvitation { email: "new@example.com".to_owned(), name: "New".to_owned(), role: Role::Owner };
    for (who, caller) in [("manager", manager), ("viewer", viewer), ("key", key), ("nobody", nobody)] {
        let outcomes = [
            ("invite", keydesk.invite(&caller, new()).await.map(drop)),
            ("set_role", keydesk.set_role(&caller, "vera@example.com", Role::Owner).await.map(drop)),
            ("reset_password", keydesk.reset_password(&caller, "ada@example.com").await.map(drop)),
            ("disable", keydesk.set_administrator_enabled(&caller, "ada@example.com", false).await.map(drop)),
            ("enable", keydesk.set_administrator_enabled(&caller, "ada@example.com", true).await.map(drop)),
            ("remove", keydesk.remove_administrator(&caller, "ada@example.com").await.map(drop)),
            ("end_sessions", keydesk.end_sessions(&caller, "ada@example.com").await.map(drop)),
        ];
        for (verb, outcome) in outcomes {
            assert_eq!(outcome, Err(AdminError::Forbidden), "{who} {verb}");
        }
    }
    assert_eq!(desk.database.raw().await.dump().await, before);

    for caller in [&desk.operator, &owner] {
        keydesk.invite(caller, new()).await.unwrap();
        keydesk.remove_administrator(caller, "new@example.com").await.unwrap();
        keydesk.set_role(caller, "vera@example.com", Role::Manager).await.unwrap();
        keydesk.set_role(caller, "vera@example.com", Role::Viewer).await.unwrap();
        keydesk.reset_password(caller, "vera@example.com").await.unwrap();
        keydesk.set_administrator_enabled(caller, "vera@example.com", false).await.unwrap();
        keydesk.set_administrator_enabled(caller, "vera@example.com", true).await.unwrap();
        assert_eq!(keydesk.end_sessions(caller, "vera@example.com").await, Ok(0));
        assert_eq!(keydesk.people(caller).await.unwrap().len(), 4);
    }
    // A request that was on its way when its person was demoted does nothing.
    keydesk.set_role(&desk.operator, "ada@example.com", Role::Manager).await.unwrap();
    assert_eq!(keydesk.set_role(&owner, "ada@example.com", Role::Owner).await.err(), Some(AdminError::Forbidden));
    let ada_now = person(&desk, "ada@example.com").await.unwrap();
    assert_eq!((ada_now.id, ada_now.role), (ada.id, Role::Manager));
}

async fn what_is_done_to_people_is_written_down(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator, grace) = (&desk.keydesk, &desk.operator, "grace@example.com");
    add(&desk, "ada@example.com", Role::Owner).await;
    let seen = desk.audit(operator).await.len();
    invite(&desk, operator, grace).await;
    keydesk.remove_administrator(operator, grace).await.unwrap();
    let link = invite(&desk, operator, grace).await;
    let signed_in = accept(keydesk, &link, PASSWORD).await.unwrap();
    keydesk.set_role(operator, grace, Role::Owner).await.unwrap();
    let link = keydesk.reset_password(operator, grace).await.unwrap();
    accept(keydesk, &link, OTHER).await.unwrap();
    keydesk.end_sessions(operator, grace).await.unwrap();
    keydesk.set_administrator_enabled(operator, grace, false).await.unwrap();
    keydesk.set_administrator_enabled(operator, grace, false).await.unwrap();
    keydesk.set_administrator_enabled(operator, grace, true).await.unwrap();
    let own = sign_in(keydesk, grace, OTHER).await.unwrap();
    let changed = keydesk.change_password(own.token.expose(), secret(OTHER), secret(PASSWORD), HOME).await;
    changed.unwrap();
    keydesk.remove_administrator(operator, grace).await.unwrap();
    let entries = desk.audit(operator).await;
    let written: Vec<_> = entries[seen..]
        .iter()
        .map(|entry| (entry.action.strip_prefix("administrator.").unwrap(), entry.actor().unwrap()))
        .collect();
    let id = signed_in.administrator.id;
    let grace = Actor::Administrator { id };
    let expected = [
        ("invite", Actor::Operator),
        ("withdraw_invitation", Actor::Operator),
        ("invite", Actor::Operator),
        ("create", Actor::Bearer),
        ("sign_in", grace),
        ("set_role", Actor::Operator),
        ("reset_password", Actor::Operator),
        ("change_password", Actor::Bearer),
        ("sign_in", grace),
        ("end_sessions", Actor::Operator),
        ("disable", Actor::Operator),
        ("enable", Actor::Operator),
        ("sign_in", grace),
        ("change_password", grace),
        ("remove", Actor::Operator),
    ];
    assert_eq!(written, expected);
    let details: Vec<_> = entries[seen..].iter().filter(|entry| entry.action == "administrator.set_role").collect();
    assert_eq!(details[0].detail, format!("{{\"from\":\"manager\",\"id\":\"{id}\",\"to\":\"owner\"}}"));
    let all: String = entries.iter().map(|entry| entry.detail.as_str()).collect();
    for secret in [PASSWORD, OTHER, link.token.expose(), own.token.expose()] {
        assert!(!all.contains(secret));
    }
    let findings = keydesk.examine().await;
    assert!(findings.iter().all(|finding| finding.ok), "{findings:?}");
}

/// The password is checked before the change begins, and that takes longer than to disable somebody.
async fn whoever_was_disabled_while_they_signed_in_is_out(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, "ada@example.com", Role::Viewer).await;
    for _ in 0..5 {
        let at_the_door = keydesk.clone();
        let signing_in = tokio::spawn(async move { sign_in(&at_the_door, "ada@example.com", PASSWORD).await });
        tokio::task::yield_now().await;
        keydesk.set_administrator_enabled(&desk.operator, "ada@example.com", false).await.unwrap();
        let signed_in = signing_in.await.unwrap();
        keydesk.set_administrator_enabled(&desk.operator, "ada@example.com", true).await.unwrap();
        if let Ok(signed_in) = &signed_in {
            assert!(!lives(keydesk, signed_in).await);
        }
        desk.clock.advance(SECOND);
    }
}

/// The callers are those of changes that were let in before and wait for their turn.
async fn whoever_lost_their_permission_while_their_change_waited_changes_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let id = desk.issue("Acme").await.key.id;
    for email in ["demoted", "disabled", "removed", "ended", "left"].map(|name| format!("{name}@example.com")) {
        add(&desk, &email, Role::Manager).await;
        let signed_in = sign_in(keydesk, &email, PASSWORD).await.unwrap();
        let session = keydesk.session(signed_in.token.expose()).await.unwrap().unwrap();
        let waiting = session.caller();
        assert!(keydesk.update(&waiting, id, SettingsPatch::name(&email), None).await.is_ok(), "{email}");
        match email.split('@').next().unwrap() {
            "demoted" => drop(keydesk.set_role(operator, &email, Role::Viewer).await.unwrap()),
            "disabled" => drop(keydesk.set_administrator_enabled(operator, &email, false).await.unwrap()),
            "removed" => drop(keydesk.remove_administrator(operator, &email).await.unwrap()),
            "ended" => drop(keydesk.end_sessions(operator, &email).await.unwrap()),
            _ => keydesk.sign_out(signed_in.token.expose(), HOME).await.unwrap(),
        }
        let all = Selection::Ids(vec![id]);
        for (verb, outcome) in [
            ("issue", keydesk.issue(&waiting, new_key("Beta")).await.map(drop)),
            ("edit", keydesk.update(&waiting, id, SettingsPatch::name("Beta"), None).await.map(drop)),
            ("reveal", keydesk.reveal(&waiting, id).await.map(drop)),
            ("delete", keydesk.delete_selected(&waiting, &all).await.map(drop)),
        ] {
            assert_eq!(outcome, Err(KeyError::Forbidden), "{email}: {verb}");
        }
        let mut log = keydesk.export_audit(&waiting, &AuditQuery::default(), AuditFormat::Csv);
        assert_eq!(log.next().await, Err(KeyError::Forbidden), "{email}");
    }
    assert_eq!(keydesk.get(operator, id).await.unwrap().settings.client_name.as_str(), "left@example.com");
}
