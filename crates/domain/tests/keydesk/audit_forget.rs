//! A person is forgotten, and the log holds.

use domain::{Caller, ForgetError, Forgotten, NewAdministrator, NewInvitation, NewKey, Via};
use model::{Action, Actor, AdminError, PlainSecret, Role, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    audit_tampering::{chained, doctor, intruder, replace},
    people::in_at_once,
    test_keydesk::{TestKeydesk, settings},
};

on_both_databases!(
    a_person_is_forgotten_and_the_log_holds,
    whoever_came_by_a_link_is_forgotten_too,
    the_last_owner_stays,
    unsigned_entries_forget_the_person_too
);

const PASSWORD: &str = "correct horse battery";

impl TestKeydesk {
    async fn add(&self, email: &str, role: Role) -> model::Administrator {
        let password = PlainSecret::new(PASSWORD.to_owned());
        let new = NewAdministrator { email: email.to_owned(), name: format!("Name of {email}"), role, password };
        self.keydesk.create_administrator(Actor::Operator, self.operator.installation, new).await.unwrap()
    }

    /// Values of the database that hold this text.
    async fn holding(&self, text: &str) -> Vec<String> {
        let cells = self.database.raw().await.dump().await;
        let holds = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase().contains(text);
        let held = cells.into_iter().filter(|cell| holds(&cell.bytes));
        held.map(|cell| format!("{}.{}", cell.table, cell.column)).collect()
    }
}

async fn a_person_is_forgotten_and_the_log_holds(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    desk.add("ada@example.com", Role::Owner).await;
    let grace = desk.add("Grace@Example.com", Role::Owner).await;
    let home =
        Via { user_agent: domain::UserAgent::of(b"Lynx"), ..Via::from(std::net::IpAddr::from([203, 0, 113, 9])) };
    let password = || PlainSecret::new(PASSWORD.to_owned());
    let token = in_at_once(keydesk.sign_in("grace@example.com", password(), &home, None).await.unwrap()).token;
    let session = keydesk.session(token.expose()).await.unwrap().unwrap();
    let caller = Caller { via: home.clone(), ..session.caller() };
    let owned = SettingsPatch { owner_email: Some(Some("grace@EXAMPLE.com".parse().unwrap())), ..settings("Acme") };
    let id = keydesk.issue(&caller, NewKey::of(owned)).await.unwrap().key.id;
    let other =
        SettingsPatch { owner_email: Some(Some("ada@example.com".parse().unwrap())), ..SettingsPatch::default() };
    let kept = desk.issue("Beta").await.key.id;
    keydesk.update(&caller, kept, other, None).await.unwrap();
    let before = desk.audit(&desk.operator).await;
    assert!(before.iter().all(|entry| !entry.detail.contains('@')), "entries never hold an address");
    assert_eq!(desk.holding("203.0.113.9").await.len(), 3);

    let forgotten = keydesk.forget(&desk.operator, " GRACE@example.com").await.unwrap();
    assert_eq!(forgotten, Forgotten { accounts: 1, invitations: 0, keys: 1, entries: 3, redacted: 0 });
    for gone in ["grace@", "name of grace", "203.0.113.9", "lynx"] {
        assert_eq!(desk.holding(gone).await, Vec::<String>::new(), "{gone}");
    }
    assert!(keydesk.session(token.expose()).await.unwrap().is_none());
    assert!(keydesk.sign_in("grace@example.com", password(), &home, None).await.is_err());
    assert!(keydesk.sign_in("ada@example.com", password(), &home, None).await.is_ok());
    let owner = keydesk.get(&desk.operator, kept).await.unwrap().settings.owner_email.unwrap();
    assert_eq!(owner.as_str(), "ada@example.com");
    // The entries are those that there were, and name somebody whom nobody knows.
    let after = desk.audit(&desk.operator).await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((before.hash, &before.actor, &before.detail), (after.hash, &after.actor, &after.detail));
    }
    assert!(doctor(&desk).await.0);
    let history = keydesk.history(&desk.operator, id, None).await.unwrap();
    assert_eq!((history.entries[0].actor, &history.entries[0].name), (Actor::Administrator { id: grace.id }, &None));
    let told = after.iter().find(|entry| entry.action == Action::AdministratorForget.as_str()).unwrap();
    assert!(told.detail.contains(&grace.id.to_string()) && told.actor().unwrap() == Actor::Operator);
    // Where somebody else came from can't be erased in the same way.
    let mut raw = intruder(&desk.database).await;
    let erased =
        raw.execute("UPDATE audit_entry SET address = NULL, user_agent = NULL WHERE address IS NOT NULL").await;
    assert_eq!(erased, Ok(1));
    assert!(!doctor(&desk).await.0);
}

async fn whoever_came_by_a_link_is_forgotten_too(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    desk.add("ada@example.com", Role::Owner).await;
    let home =
        Via { user_agent: domain::UserAgent::of(b"Lynx"), ..Via::from(std::net::IpAddr::from([203, 0, 113, 9])) };
    let invite = async || {
        let (email, name) = ("grace@example.com".to_owned(), "Name of Grace".to_owned());
        keydesk.invite(&desk.operator, NewInvitation { email, name, role: Role::Manager }).await.unwrap().token
    };
    let password = || PlainSecret::new(PASSWORD.to_owned());
    // An invitation that nobody has accepted.
    let invited = invite().await;
    let forgotten = keydesk.forget(&desk.operator, "grace@example.com").await.unwrap();
    assert_eq!(forgotten, Forgotten { invitations: 1, ..Forgotten::default() });
    let refused = keydesk.accept_account_link(invited, None, password(), None, &home).await;
    assert_eq!(refused.err(), Some(AdminError::LinkOver));
    // One that was accepted, and a password that was set with a link.
    keydesk.accept_account_link(invite().await, None, password(), None, &home).await.unwrap();
    let reset = keydesk.reset_password(&desk.operator, "grace@example.com").await.unwrap().token;
    keydesk.accept_account_link(reset, None, password(), None, &home).await.unwrap();
    let forgotten = keydesk.forget(&desk.operator, "grace@example.com").await.unwrap();
    assert_eq!(forgotten, Forgotten { accounts: 1, entries: 2, ..Forgotten::default() });
    for gone in ["grace@", "name of grace", "203.0.113.9", "lynx"] {
        assert_eq!(desk.holding(gone).await, Vec::<String>::new(), "{gone}");
    }
    assert!(doctor(&desk).await.0);
}

async fn the_last_owner_stays(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    desk.add("ada@example.com", Role::Owner).await;
    desk.add("vera@example.com", Role::Viewer).await;
    let before = desk.database.raw().await.dump().await;
    let refused = desk.keydesk.forget(&desk.operator, "ada@example.com").await;
    assert_eq!(refused, Err(ForgetError::Account(AdminError::LastOwner)));
    assert_eq!(desk.keydesk.forget(&desk.operator, "ada").await, Err(ForgetError::Account(AdminError::InvalidEmail)));
    assert_eq!(desk.keydesk.forget(&desk.operator, "nobody@example.com").await, Ok(Forgotten::default()));
    assert_eq!(desk.keydesk.forget(&desk.other, "ada@example.com").await, Ok(Forgotten::default()), "elsewhere");
    assert_eq!(desk.database.raw().await.dump().await, before);
    assert_eq!(desk.keydesk.forget(&desk.operator, "vera@example.com").await.unwrap().accounts, 1);
}

async fn unsigned_entries_forget_the_person_too(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    desk.add("ada@example.com", Role::Owner).await;
    let grace = desk.add("grace@example.com", Role::Manager).await;
    let id = desk.issue("Acme").await.key.id;
    desk.keydesk.update(&desk.operator, id, SettingsPatch::name("Beta"), None).await.unwrap();
    // As they were before entries were signed, with names and addresses in their details.
    let mut entries = desk.audit(&desk.operator).await;
    for entry in &mut entries {
        (entry.audit_key, entry.environment) = (None, None);
        if entry.action == "administrator.create" {
            let email =
                if entry.detail.contains(&grace.id.to_string()) { "Grace@example.com" } else { "ada@example.com" };
            entry.detail =
                entry.detail.replace("\"role\"", &format!("\"email\":\"{email}\",\"name\":\"N of {email}\",\"role\""));
        }
        if entry.action == "key.rename" {
            entry.action = "key.update".to_owned();
            entry.detail = r#"{"owner_email":{"from":"ada@example.com","to":"grace@example.com"}}"#.to_owned();
        }
    }
    let entries = chained(desk.operator.installation.0, entries);
    let mut raw = intruder(&desk.database).await;
    replace(&mut raw, desk.operator.installation.0, &entries).await;
    let own = raw.id(desk.operator.installation.0);
    let unsign = format!("DELETE FROM audit_head WHERE installation_id = {own}; DELETE FROM audit_key");
    raw.execute(&unsign).await.unwrap();
    let path = desk.database.dir().join("master.key");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text
        .lines()
        .map(|line| if line.starts_with("audit ") { format!("{line} adopts\n") } else { format!("{line}\n") });
    std::fs::write(&path, text.collect::<String>()).unwrap();
    let desk = TestKeydesk { keydesk: desk.second_node().await, ..desk };
    assert_eq!(desk.holding("grace@").await.len(), 8);
    let forgotten = desk.keydesk.forget(&desk.operator, "grace@example.com").await.unwrap();
    assert_eq!((forgotten.accounts, forgotten.redacted), (1, 2));
    assert_eq!(desk.holding("grace@").await, Vec::<String>::new());
    assert!(doctor(&desk).await.0, "{:?}", doctor(&desk).await);
    // Another person in the same entry is forgotten later.
    desk.add("eve@example.com", Role::Owner).await;
    assert_eq!(desk.keydesk.forget(&desk.operator, "ada@example.com").await.unwrap().redacted, 2);
    assert_eq!(desk.holding("ada@").await, Vec::<String>::new());
    assert!(doctor(&desk).await.0);
    raw.execute(&format!(
        "UPDATE audit_entry SET detail = '{{}}' WHERE installation_id = {own} AND action = 'key.update'"
    ))
    .await
    .unwrap();
    assert!(!doctor(&desk).await.0, "what was redacted is held as well");
}
