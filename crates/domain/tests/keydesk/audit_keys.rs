//! The keys that sign the audit log: an unsigned log, and a key that takes the place of another.

use std::{fs, path::Path};

use domain::{Keydesk, KeyringError, OpenError, OpenOptions};
use model::Action;
use store::{AuditEntry, on_both_databases, testing::TestDatabase};

use crate::{
    audit_tampering::{chained, doctor, intruder, replace},
    test_keydesk::{TestKeydesk, options},
};

on_both_databases!(
    an_unsigned_log_is_checked_and_signed_once,
    an_unsigned_log_that_was_broken_stays_broken,
    a_new_audit_key_closes_what_the_one_before_has_signed,
    another_audit_key_of_the_same_name_is_refused,
    a_key_from_the_master_key_stays_until_there_is_one_of_its_own
);

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const OTHER: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

fn keyring(dir: &Path) -> String {
    fs::read_to_string(dir.join("master.key")).unwrap()
}

fn write_keyring(dir: &Path, text: &str) {
    fs::write(dir.join("master.key"), text).unwrap();
}

/// The keyring's lines of other kinds.
fn without_audit(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("audit ")).fold(String::new(), |all, line| all + line + "\n")
}

/// Takes a deployment back to how it was before entries were signed.
async fn taken_back(desk: &TestKeydesk, alter: impl Fn(&mut Vec<AuditEntry>)) {
    let mut raw = intruder(&desk.database).await;
    for caller in [&desk.operator, &desk.other] {
        let mut entries = desk.audit(caller).await;
        entries.iter_mut().for_each(|entry| (entry.audit_key, entry.environment) = (None, None));
        let mut entries = chained(caller.installation.0, entries);
        alter(&mut entries);
        replace(&mut raw, caller.installation.0, &entries).await;
    }
    raw.execute("DELETE FROM audit_head; DELETE FROM audit_key").await.unwrap();
    let dir = desk.database.dir();
    write_keyring(&dir, &without_audit(&keyring(&dir)));
}

async fn reopened(desk: TestKeydesk) -> TestKeydesk {
    let keydesk = desk.second_node().await;
    TestKeydesk { keydesk, ..desk }
}

async fn an_unsigned_log_is_checked_and_signed_once(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    taken_back(&desk, |_| {}).await;
    let before = desk.audit(&desk.operator).await;
    let desk = reopened(desk).await;
    let (dir, is_sqlite) = (desk.database.dir(), !desk.database.is_postgres());
    let entries = desk.audit(&desk.operator).await;
    assert_eq!(entries[..before.len()], before);
    let signed = entries.last().unwrap();
    assert_eq!((signed.action().unwrap(), entries.len()), (Action::AuditAdopt, before.len() + 1));
    assert!(signed.detail.contains(r#""unbroken":true"#), "{}", signed.detail);
    // One machine has one keyring, which gets a key of its own; nodes have copies, whose master key gives each the same.
    assert_eq!(signed.audit_key.as_deref(), Some(if is_sqlite { "a1" } else { "master:m1" }));
    assert_eq!(keyring(&dir).contains("\naudit a1 "), is_sqlite);
    assert!(!keyring(&dir).contains("adopts"));
    assert!(doctor(&desk).await.0);
    desk.keydesk.reveal(&desk.operator, id).await.unwrap();
    let other = desk.second_node().await;
    other.reveal(&desk.operator, id).await.unwrap();
    let adopted = |entries: &[AuditEntry]| entries.iter().filter(|entry| entry.action == "audit.adopt").count();
    assert_eq!(adopted(&desk.audit(&desk.operator).await), 1, "once");
    assert!(doctor(&desk).await.0);
    // The unsigned entries are held by what signed their end.
    let mut raw = intruder_again(&desk).await;
    let own = raw.id(desk.operator.installation.0);
    for alteration in [
        format!("UPDATE audit_entry SET detail = '{{}}' WHERE installation_id = {own} AND seq = 3"),
        format!("DELETE FROM audit_entry WHERE installation_id = {own} AND seq = 3"),
    ] {
        let whole = desk.audit(&desk.operator).await;
        assert_eq!(raw.execute(&alteration).await, Ok(1));
        assert!(!doctor(&desk).await.0, "{alteration}");
        replace(&mut raw, desk.operator.installation.0, &whole).await;
    }
}

/// The triggers are gone already.
async fn intruder_again(desk: &TestKeydesk) -> store::testing::Raw {
    desk.database.raw().await
}

async fn an_unsigned_log_that_was_broken_stays_broken(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    desk.issue("Acme").await;
    taken_back(&desk, |entries| entries[1].detail = "{}".to_owned()).await;
    let desk = reopened(desk).await;
    let (sound, found) = doctor(&desk).await;
    assert!(!sound && found.contains("broken at entry 2"), "{found}");
    let signed = desk.audit(&desk.operator).await.pop().unwrap();
    assert!(signed.detail.contains(r#""broken_at":2"#), "{}", signed.detail);
}

async fn a_new_audit_key_closes_what_the_one_before_has_signed(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    let dir = desk.database.dir();
    let before = keyring(&dir);
    let rotated = format!("audit a2 {KEY}\n{before}");
    write_keyring(&dir, &rotated);
    let desk = reopened(desk).await;
    let last = desk.audit(&desk.operator).await.pop().unwrap();
    assert_eq!((last.action().unwrap(), last.audit_key.as_deref()), (Action::AuditKeyRotated, Some("a1")));
    assert_eq!(last.detail, r#"{"from":"a1","to":"a2"}"#);
    desk.keydesk.reveal(&desk.operator, id).await.unwrap();
    assert_eq!(desk.audit(&desk.operator).await.pop().unwrap().audit_key.as_deref(), Some("a2"));
    assert!(doctor(&desk).await.0);
    // A node whose keyring has the lines in the old order still writes what fits, and takes nothing back.
    write_keyring(&dir, &format!("{before}audit a2 {KEY}\n"));
    let entries = desk.audit(&desk.operator).await.len();
    desk.second_node().await.reveal(&desk.operator, id).await.unwrap();
    let log = desk.audit(&desk.operator).await;
    assert_eq!((log.len(), log.last().unwrap().audit_key.as_deref()), (entries + 1, Some("a2")));
    assert!(doctor(&desk).await.0);
    // One that lacks the key does not start; so the log is never signed by two.
    write_keyring(&dir, &before);
    let refused = Keydesk::open(options(&desk.database, &desk.clock)).await;
    assert!(matches!(refused, Err(OpenError::Keyring(KeyringError::AuditMissing(id))) if id == "a2"));
    // The old key is kept to check what it signed.
    write_keyring(&dir, &format!("{}audit a2 {KEY}\n", without_audit(&before)));
    let desk = reopened(desk).await;
    let (sound, found) = doctor(&desk).await;
    assert!(!sound && found.contains("lacks the audit key a1"), "{found}");
}

async fn another_audit_key_of_the_same_name_is_refused(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let text = format!("{}audit a1 {OTHER}\n", without_audit(&keyring(&desk.database.dir())));
    let with = OpenOptions { keyring: Some(text), ..options(&desk.database, &desk.clock) };
    let refused = Keydesk::open(with).await;
    assert!(matches!(refused, Err(OpenError::Keyring(KeyringError::ForeignAudit(id))) if id == "a1"));
    let unknown = format!("{}audit a0 {OTHER}\n", keyring(&desk.database.dir()));
    let with = OpenOptions { keyring: Some(unknown), ..options(&desk.database, &desk.clock) };
    assert!(Keydesk::open(with).await.is_ok(), "one that is not in use");
}

async fn a_key_from_the_master_key_stays_until_there_is_one_of_its_own(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    taken_back(&desk, |_| {}).await;
    let old_keyring = keyring(&desk.database.dir());
    let open = async |text: String| {
        let options = OpenOptions { keyring: Some(text), ..options(&desk.database, &desk.clock) };
        let keydesk = Keydesk::open(options).await.unwrap();
        keydesk.reveal(&desk.operator, id).await.unwrap();
        let checked = keydesk.check_audit().await.unwrap();
        assert!(checked.iter().all(|log| log.broken.is_none()), "{checked:?}");
        desk.audit(&desk.operator).await.pop().unwrap().audit_key.unwrap()
    };
    assert_eq!(open(old_keyring.clone()).await, "master:m1");
    // Nodes get another master key one after the other, and all of them write.
    let masters = format!("master m2 {KEY}\n{old_keyring}");
    assert_eq!(open(masters.clone()).await, "master:m1");
    assert_eq!(open(old_keyring).await, "master:m1");
    assert_eq!(open(format!("{masters}audit a1 {OTHER}\n")).await, "a1");
}
