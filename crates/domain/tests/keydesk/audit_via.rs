//! Where calls came from, in the audit log; who may read it; and what is written down of reading it.

use std::net::IpAddr;

use domain::{AuditFormat, Caller, NewAdministrator, NewInvitation, UserAgent, Via};
use model::{Action, Actor, ActorFilter, AuditQuery, ClientName, Environment, KeyError, ListQuery, Role};
use store::{on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::{
    audit_tampering::{doctor, intruder},
    people::{OTHER, PASSWORD, in_at_once, secret},
    roles::person,
    test_keydesk::{SECOND, TestKeydesk, new_key, verify},
};

on_both_databases!(
    an_entry_says_where_the_call_came_from,
    what_people_do_with_their_accounts_says_where_they_were,
    the_log_is_read_in_pages_and_by_what_is_asked_for,
    a_test_key_sees_entries_about_test_keys_alone,
    exports_are_audited
);

fn via() -> Via {
    Via {
        address: Some(IpAddr::from([203, 0, 113, 9])),
        request_id: Some(Uuid::from_u128(77)),
        user_agent: UserAgent::of(b"curl/8.5"),
    }
}

async fn an_entry_says_where_the_call_came_from(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let from = Caller { via: via(), ..desk.operator.clone() };
    let new = domain::NewKey { environment: Some(Environment::Test), ..new_key("Acme") };
    let id = desk.keydesk.issue(&from, new).await.unwrap().key.id;
    let mapped = Via { address: Some("::ffff:203.0.113.9".parse().unwrap()), ..Via::default() };
    desk.keydesk.reveal(&Caller { via: mapped, ..from.clone() }, id).await.unwrap();
    desk.keydesk.delete(&desk.operator, id, None).await.unwrap();
    let made = desk.keydesk.create_handover(&desk.operator, desk.issue("Beta").await.key.id).await.unwrap();
    desk.keydesk.open_handover(&made.token, &via()).await.unwrap();
    let entries = desk.audit(&desk.operator).await;
    let told = |action: Action| {
        let entry = entries.iter().rev().find(|entry| entry.action == action.as_str()).unwrap();
        (entry.address.as_deref(), entry.request_id, entry.user_agent.as_deref(), entry.environment)
    };
    let (address, request, agent) = (Some("203.0.113.9"), Some(Uuid::from_u128(77)), Some("curl/8.5"));
    let (live, test) = (Some(Environment::Live), Some(Environment::Test));
    let issued = entries.iter().find(|entry| entry.key == Some(id)).unwrap();
    assert_eq!((issued.address.as_deref(), issued.request_id, issued.environment), (address, request, test));
    assert_eq!(told(Action::KeyReveal), (address, None, None, test));
    assert_eq!(told(Action::KeyDelete), (None, None, None, test), "the command line, on a key that is gone");
    assert_eq!(told(Action::HandoverOpen), (address, request, agent, live));
    assert!(doctor(&desk).await.0);
    let history = desk.keydesk.history(&desk.operator, id, None).await.unwrap();
    assert_eq!(
        history.entries.iter().map(|entry| entry.address.as_deref()).collect::<Vec<_>>(),
        [None, address, address]
    );
    let mut raw = intruder(&desk.database).await;
    for set in
        ["address = '203.0.113.10'", "user_agent = NULL", "address = NULL, user_agent = NULL", "request_id = NULL"]
    {
        raw.execute("CREATE TABLE kept AS SELECT * FROM audit_entry").await.unwrap();
        raw.execute(&format!("UPDATE audit_entry SET {set} WHERE user_agent IS NOT NULL")).await.unwrap();
        assert!(!doctor(&desk).await.0, "{set}");
        let back = "DELETE FROM audit_entry; INSERT INTO audit_entry SELECT * FROM kept; DROP TABLE kept";
        raw.execute(back).await.unwrap();
        assert!(doctor(&desk).await.0);
    }
}

async fn what_people_do_with_their_accounts_says_where_they_were(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let link = keydesk.set_up_link(Actor::Operator, desk.operator.installation).await.unwrap().unwrap();
    let ada = NewAdministrator {
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        role: Role::Owner,
        password: secret(PASSWORD),
    };
    let owner = keydesk.set_up(link.token.expose(), ada, None, &via()).await.unwrap();
    let token = owner.token.expose();
    let caller = Caller { via: via(), ..keydesk.session(token).await.unwrap().unwrap().caller() };
    let (email, name) = ("grace@example.com".to_owned(), "Grace".to_owned());
    let invited = keydesk.invite(&caller, NewInvitation { email, name, role: Role::Viewer }).await.unwrap();
    keydesk.accept_account_link(invited.token, None, secret(PASSWORD), None, &via()).await.unwrap();
    keydesk.set_role(&caller, "grace@example.com", Role::Manager).await.unwrap();
    keydesk.change_password(token, secret(PASSWORD), secret(OTHER), &via()).await.unwrap();
    let there = in_at_once(keydesk.sign_in("ada@example.com", secret(OTHER), &via(), None).await.unwrap());
    let sessions = keydesk.own_sessions(there.token.expose()).await.unwrap();
    let other = sessions.iter().find(|session| !session.current).unwrap();
    assert!(keydesk.end_own_session(there.token.expose(), other.id, &via()).await.unwrap());
    keydesk.sign_out(there.token.expose(), &via()).await.unwrap();
    let entries = desk.audit(&desk.operator).await;
    let people = [
        Action::SignIn,
        Action::AdministratorInvite,
        Action::AdministratorSetRole,
        Action::AdministratorChangePassword,
        Action::AdministratorEndSessions,
        Action::SignOut,
    ];
    for action in people {
        let entry = entries.iter().find(|entry| entry.action == action.as_str()).unwrap();
        let told = (entry.address.as_deref(), entry.request_id, entry.user_agent.as_deref());
        assert_eq!(told, (Some("203.0.113.9"), Some(Uuid::from_u128(77)), Some("curl/8.5")), "{action:?}");
    }
    // Theirs beside it says where they were, and can forget it.
    for made in entries.iter().filter(|entry| entry.action == Action::AdministratorCreate.as_str()) {
        assert_eq!((made.address.as_deref(), made.request_id), (None, Some(Uuid::from_u128(77))));
    }
    assert!(entries.iter().all(|entry| !entry.detail.contains('@') && !entry.detail.contains("Grace")));
    assert!(doctor(&desk).await.0);
}

async fn the_log_is_read_in_pages_and_by_what_is_asked_for(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let id = desk.issue("Acme").await.key.id;
    desk.clock.advance(SECOND);
    let late = keydesk.now();
    let from = Caller { via: via(), ..operator.clone() };
    for _ in 0..5 {
        keydesk.reveal(&from, id).await.unwrap();
    }
    let ask = async |query: AuditQuery| keydesk.audit(operator, &query).await.unwrap();
    let all = ask(AuditQuery { limit: 200, ..AuditQuery::default() }).await;
    assert_eq!((all.items.len(), all.next_cursor), (9, None));
    let newest = &all.items[0];
    assert_eq!((newest.number, newest.action.as_str(), newest.key_id), (9, "key.reveal", Some(id)));
    assert_eq!((newest.address.as_deref(), newest.environment), (Some("203.0.113.9"), Some(Environment::Live)));
    let (mut query, mut read) = (AuditQuery { limit: 3, ..AuditQuery::default() }, Vec::new());
    loop {
        let page = ask(query.clone()).await;
        read.extend(page.items);
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor.parse().unwrap()),
            None => break,
        }
    }
    assert_eq!(read, all.items);
    let count = async |query: AuditQuery| ask(AuditQuery { limit: 200, ..query }).await.items.len();
    let none = AuditQuery::default();
    assert_eq!(count(AuditQuery { action: Some(Action::KeyReveal), ..none.clone() }).await, 5);
    assert_eq!(count(AuditQuery { to: Some(late), ..none.clone() }).await, 4);
    assert_eq!(count(AuditQuery { from: Some(late), ..none.clone() }).await, 5);
    assert_eq!(count(AuditQuery { key: Some(id), ..none.clone() }).await, 6);
    assert_eq!(count(AuditQuery { actor: Some(ActorFilter::Kind(Actor::System)), ..none.clone() }).await, 2);
    assert_eq!(count(AuditQuery { actor: Some(ActorFilter::Id(id.0)), ..none.clone() }).await, 0);
    assert!(
        keydesk
            .audit(&desk.other, &AuditQuery { key: Some(id), limit: 9, ..none.clone() })
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let client = |name: &str| AuditQuery { client: Some(ClientName::parse(name).unwrap()), ..none.clone() };
    assert_eq!(count(client("ACME")).await, 6, "however it is written");
    assert_eq!(count(AuditQuery { action: Some(Action::KeyIssue), ..client("acme") }).await, 1);
    assert_eq!(count(client("Nobody")).await, 0);
    keydesk.delete(operator, id, None).await.unwrap();
    assert_eq!(count(client("Acme")).await, 7, "of deleted keys, too");
    let viewer = person(&desk, Role::Viewer).await;
    assert_eq!(keydesk.audit(&viewer, &none).await, Err(KeyError::Forbidden));
}

async fn a_test_key_sees_entries_about_test_keys_alone(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issue = async |name: &str, environment| {
        let new = domain::NewKey { environment: Some(environment), ..new_key(name) };
        desk.keydesk.issue(&desk.operator, new).await.unwrap()
    };
    let (live, test) = (issue("Live", Environment::Live).await, issue("Test", Environment::Test).await);
    for id in [live.key.id, test.key.id] {
        desk.keydesk.delete(&desk.operator, id, None).await.unwrap();
        desk.keydesk.restore(&desk.operator, id).await.unwrap();
    }
    let caller = Caller::key(&verify(&desk.keydesk, test.secret.expose()).await.record.unwrap());
    let query = AuditQuery { limit: 200, ..AuditQuery::default() };
    let seen = desk.keydesk.audit(&caller, &query).await.unwrap().items;
    assert_eq!(
        seen.iter().map(|item| item.action.as_str()).collect::<Vec<_>>(),
        ["key.restore", "key.delete", "key.issue"]
    );
    assert!(seen.iter().all(|item| item.key_id == Some(test.key.id)));
    let mut export = desk.keydesk.export_audit(&caller, &query, AuditFormat::Ndjson);
    let lines = export.next().await.unwrap().unwrap();
    assert_eq!(lines.lines().count(), 3);
    let asked = AuditQuery { key: Some(live.key.id), ..query };
    assert!(desk.keydesk.audit(&caller, &asked).await.unwrap().items.is_empty());
}

async fn exports_are_audited(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    desk.issue("=Acme").await;
    let viewer = Caller { via: via(), ..person(&desk, Role::Viewer).await };
    let manager = person(&desk, Role::Manager).await;
    assert!(keydesk.audit(&manager, &AuditQuery::default()).await.is_ok());
    let mut keys = keydesk.export(&viewer, ListQuery::default());
    while keys.next().await.unwrap().is_some() {}
    let entries = desk.audit(operator).await;
    let last = entries.last().unwrap();
    assert_eq!((last.action().unwrap(), last.address.as_deref()), (Action::KeyExport, Some("203.0.113.9")));
    for caller in [&viewer, &manager] {
        let mut export = keydesk.export_audit(caller, &AuditQuery::default(), AuditFormat::Csv);
        assert_eq!(export.next().await, Err(KeyError::Forbidden));
    }
    let read = async |format| {
        let mut export = keydesk.export_audit(operator, &AuditQuery::default(), format);
        let mut text = String::new();
        while let Some(part) = export.next().await.unwrap() {
            text.push_str(&part);
        }
        text
    };
    let lines = read(AuditFormat::Ndjson).await;
    let numbers: Vec<_> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["number"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=entries.len() as i64 + 1).collect::<Vec<_>>(), "with its own entry, which came first");
    let table = read(AuditFormat::Csv).await;
    assert_eq!(table.lines().count(), entries.len() + 3);
    assert!(table.starts_with("number,at,actor,"), "{table}");
    let last = desk.audit(operator).await.pop().unwrap();
    assert_eq!((last.action().unwrap(), last.actor().unwrap()), (Action::AuditExport, Actor::Operator));
    assert!(doctor(&desk).await.0);
}
