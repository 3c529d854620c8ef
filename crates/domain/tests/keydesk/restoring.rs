//! What a restore takes back, beside keys that were revoked, and what it says of logs that somebody has altered.

use domain::{Keydesk, NewAdministrator, NewInstallation, Restoring, Revocation};
use model::{Action, Actor, AdminError, AdministratorId, Instant, PlainSecret, Role, SettingsPatch};
use store::testing::{Raw, TestDatabase};

use crate::{
    backup::{file, is_well},
    people::in_at_once,
    test_keydesk::{HOUR, START, TestKeydesk, options, scopes, settings},
};

const PASSWORD: &str = "correct horse battery";
const OTHER: &str = "staple battery horse";

fn secret(text: &str) -> PlainSecret {
    PlainSecret::new(text.to_owned())
}

async fn add(desk: &TestKeydesk, email: &str, role: Role) -> AdministratorId {
    let new = NewAdministrator { email: email.to_owned(), name: email.to_owned(), role, password: secret(PASSWORD) };
    desk.keydesk.create_administrator(Actor::Operator, desk.operator.installation, new).await.unwrap().id
}

async fn signs_in(keydesk: &Keydesk, email: &str, password: &str) -> Result<(), AdminError> {
    let from = std::net::IpAddr::from([127, 0, 0, 1]);
    keydesk.sign_in(email, secret(password), from, None).await.map(drop)
}

async fn prepared(desk: &TestKeydesk) -> Restoring {
    desk.keydesk.clone().close().await;
    Restoring::prepare(options(&desk.database, &desk.clock), &file(desk)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_lost_something_since_lose_it_again_and_installations_too() {
    use Revocation::{
        AdministratorDemoted, AdministratorDisabled, AdministratorRemoved, Forgotten, InstallationDisabled,
        PasswordChanged,
    };
    for again in [true, false] {
        let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
        let (keydesk, operator) = (&desk.keydesk, &desk.operator);
        let [ada, bo, cleo, dora, eve, faye] = [
            add(&desk, "ada@example.com", Role::Owner).await,
            add(&desk, "bo@example.com", Role::Manager).await,
            add(&desk, "cleo@example.com", Role::Owner).await,
            add(&desk, "dora@example.com", Role::Viewer).await,
            add(&desk, "eve@example.com", Role::Viewer).await,
            add(&desk, "faye@example.com", Role::Viewer).await,
        ];
        keydesk.backup(&file(&desk)).await.unwrap();
        desk.clock.advance(HOUR);
        let from = std::net::IpAddr::from([127, 0, 0, 1]);
        let token = in_at_once(keydesk.sign_in("ada@example.com", secret(PASSWORD), from, None).await.unwrap()).token;
        keydesk.change_password(token.expose(), secret(PASSWORD), secret(OTHER), from).await.unwrap();
        keydesk.remove_administrator(operator, "bo@example.com").await.unwrap();
        keydesk.set_role(operator, "cleo@example.com", Role::Viewer).await.unwrap();
        keydesk.set_administrator_enabled(operator, "dora@example.com", false).await.unwrap();
        keydesk.forget(operator, "eve@example.com").await.unwrap();
        // What was given, or given back, is lost; nobody takes it away.
        keydesk.set_role(operator, "faye@example.com", Role::Manager).await.unwrap();
        keydesk.set_administrator_enabled(operator, "faye@example.com", false).await.unwrap();
        keydesk.set_administrator_enabled(operator, "faye@example.com", true).await.unwrap();
        keydesk.set_module(Actor::Operator, "other", false).await.unwrap();

        let restoring = prepared(&desk).await;
        assert_eq!((restoring.altered(), restoring.doubts()), (&[][..], &[][..]));
        let since = restoring.revoked_since().unwrap();
        assert!(since.iter().all(|one| one.key_id.is_none() && one.at == Instant::from_millis(START + HOUR)));
        let mut listed: Vec<_> = since.iter().map(|one| (one.administrator_id, one.how, one.by_hand)).collect();
        listed.sort_by_key(|(id, how, _)| (*id, format!("{how:?}")));
        let mut expected = vec![
            (None, InstallationDisabled, false),
            (Some(ada), PasswordChanged, false),
            (Some(bo), AdministratorRemoved, false),
            (Some(cleo), AdministratorDemoted, false),
            (Some(dora), AdministratorDisabled, false),
            (Some(eve), AdministratorRemoved, false),
            (Some(eve), Forgotten, true),
        ];
        expected.sort_by_key(|(id, how, _)| (*id, format!("{how:?}")));
        assert_eq!(listed, expected);
        assert!(since.iter().any(|one| one.name == "eve@example.com" && one.by_hand));
        let cleaned = restoring.finish(again).await.unwrap().cleaned;
        assert_eq!((cleaned.revoked, cleaned.not_revoked), (if again { 6 } else { 0 }, 0));

        let keydesk = Keydesk::open(options(&desk.database, &desk.clock)).await.unwrap();
        is_well(&keydesk).await;
        for (email, there) in [("ada", !again), ("bo", !again), ("cleo", true), ("dora", !again), ("eve", !again)] {
            let in_ = signs_in(&keydesk, &format!("{email}@example.com"), PASSWORD).await;
            assert_eq!(in_.is_ok(), there, "{email} {in_:?}");
        }
        let people = keydesk.people(operator).await.unwrap();
        let cleo = people.iter().find(|person| person.id == cleo).unwrap();
        assert_eq!(cleo.role, if again { Role::Viewer } else { Role::Owner });
        assert_eq!(people.iter().find(|person| person.id == faye).unwrap().role, Role::Viewer);
        assert_eq!(keydesk.installation("other").await.unwrap().unwrap().enabled, !again);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_owner_of_the_backup_is_told_and_kept() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    add(&desk, "ada@example.com", Role::Owner).await;
    desk.keydesk.backup(&file(&desk)).await.unwrap();
    add(&desk, "bo@example.com", Role::Owner).await;
    desk.keydesk.remove_administrator(&desk.operator, "ada@example.com").await.unwrap();
    let cleaned = prepared(&desk).await.finish(true).await.unwrap().cleaned;
    assert_eq!((cleaned.revoked, cleaned.not_revoked), (0, 1));
    let keydesk = Keydesk::open(options(&desk.database, &desk.clock)).await.unwrap();
    assert!(signs_in(&keydesk, "ada@example.com", PASSWORD).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_narrowed_is_narrowed_again() {
    for again in [true, false] {
        let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
        let (keydesk, operator) = (&desk.keydesk, &desk.operator);
        let narrow = desk.issue("Narrow").await.key.id;
        let wide = desk.issue("Wide").await.key.id;
        keydesk.backup(&file(&desk)).await.unwrap();
        let end = Instant::from_millis(START + 24 * HOUR);
        let patch = SettingsPatch {
            scopes: Some(scopes(&["contacts:read"])),
            expires_at: Some(Some(end)),
            allowed_ips: Some(serde_json::from_str(r#"["10.0.0.0/8"]"#).unwrap()),
            notes: Some(Some("Ring Ada first.".parse().unwrap())),
            ..SettingsPatch::name("Renamed")
        };
        keydesk.update(operator, narrow, patch, None).await.unwrap();
        let crm = settings("Wide").build().unwrap().scopes;
        let more = crm.iter().cloned().chain(scopes(&["keys:read"]).iter().cloned()).collect();
        let more = SettingsPatch { scopes: Some(more), ..SettingsPatch::default() };
        keydesk.update(operator, wide, more, None).await.unwrap();
        let after = keydesk.get(operator, narrow).await.unwrap();
        let restoring = prepared(&desk).await;
        let since = restoring.revoked_since().unwrap();
        let listed: Vec<_> = since.iter().map(|one| (one.key_id, one.how, one.by_hand)).collect();
        assert_eq!(listed, [(Some(narrow), Revocation::Narrowed, false)]);
        restoring.finish(again).await.unwrap();
        let keydesk = Keydesk::open(options(&desk.database, &desk.clock)).await.unwrap();
        is_well(&keydesk).await;
        let found = keydesk.get(operator, narrow).await.unwrap().settings;
        assert_eq!(found.scopes == after.settings.scopes, again);
        assert_eq!(found.expires_at, again.then_some(end));
        assert_eq!(found.allowed_ips == after.settings.allowed_ips, again);
        assert_eq!((found.client_name.as_str(), found.notes), ("Narrow", None), "that is no revocation");
        assert_eq!(keydesk.get(operator, wide).await.unwrap().settings.scopes, crm);
    }
}

async fn altered(file: &std::path::Path, sql: &str) {
    let mut raw = Raw::connect(&format!("sqlite:{}", file.display())).await;
    raw.execute(sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn altered_logs_are_reported_and_lost_entries_are_counted() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    desk.issue("Acme").await;
    desk.keydesk.backup(&file(&desk)).await.unwrap();
    let new = NewInstallation { name: "later".to_owned(), title: "Later".to_owned(), recoverable: true };
    desk.keydesk.create_installation(Actor::Operator, new).await.unwrap();
    desk.keydesk.set_module(Actor::Operator, "later", false).await.unwrap();
    let restoring = prepared(&desk).await;
    // Three of its own, and one that names it in the log of the first.
    assert_eq!((restoring.entries_lost(), restoring.installations_lost()), (Some(4), vec!["later".to_owned()]));
    drop(restoring);

    let forge = "DROP TRIGGER audit_entry_not_updated; UPDATE audit_entry SET detail = '{}' WHERE action = 'key.issue'";
    let database = desk.database.dir().join("keydesk.db");
    altered(&database, forge).await;
    let restoring = prepared(&desk).await;
    assert!(restoring.doubts()[0].contains("the audit log of default is broken at entry"), "{:?}", restoring.doubts());
    assert_eq!(restoring.altered(), &[] as &[String]);
    drop(restoring);

    altered(&file(&desk), forge).await;
    let restoring = prepared(&desk).await;
    let told = restoring.altered().join("; ");
    assert!(told.contains("the trigger audit_entry_not_updated is missing"), "{told}");
    assert!(told.contains("the audit log of default is broken at entry"), "{told}");
    restoring.finish(true).await.unwrap();
    let entries = desk.audit(&desk.operator).await;
    let entry = entries.iter().rfind(|entry| entry.action().unwrap() == Action::BackupRestore).unwrap();
    assert!(entry.detail.contains("\"altered\":true"), "{}", entry.detail);
}
