//! What somebody who can write the database, and no more, can do to the audit log: nothing that is not found.

use aws_lc_rs::digest::{Context, SHA256};
use model::{Action, AuditId, SettingsPatch};
use store::{AuditEntry, on_both_databases, testing::Raw, testing::TestDatabase};
use uuid::Uuid;

use crate::test_keydesk::{SECOND, TestKeydesk};

on_both_databases!(
    a_script_that_removes_every_reveal_is_found,
    entries_that_are_removed_at_the_end_are_found,
    a_removed_signed_end_stays_recorded,
    an_old_copy_of_the_log_is_found_by_a_head_that_was_kept
);

/// What `doctor` says of the audit log: whether it is sound, and what was found.
pub(crate) async fn doctor(desk: &TestKeydesk) -> (bool, String) {
    let findings = desk.keydesk.examine().await;
    let finding = findings.into_iter().find(|finding| finding.what == "audit log").unwrap();
    (finding.ok, finding.found)
}

/// A connection that protects nothing.
pub(crate) async fn intruder(database: &TestDatabase) -> Raw {
    let mut raw = database.raw().await;
    let drop = if database.is_postgres() {
        "DROP TRIGGER audit_entry_append_only_row ON audit_entry"
    } else {
        "DROP TRIGGER audit_entry_not_updated; DROP TRIGGER audit_entry_not_deleted"
    };
    raw.execute(drop).await.unwrap();
    raw
}

/// The hash of an entry as it was before entries were signed: whoever has the entry can compute it.
fn hash_of_before(installation: Uuid, entry: &AuditEntry) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(b"keydesk/audit/1\0");
    context.update(installation.as_bytes());
    context.update(&entry.seq.to_be_bytes());
    context.update(entry.id.0.as_bytes());
    context.update(&entry.at.as_millis().to_be_bytes());
    for text in [&entry.actor, &entry.action, &entry.detail] {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    match entry.key {
        None => context.update(&[0]),
        Some(key) => {
            context.update(&[1]);
            context.update(key.0.as_bytes());
        }
    }
    context.update(&entry.previous_hash);
    context.finish().as_ref().try_into().unwrap()
}

/// Numbers and chains entries anew, as before entries were signed.
pub(crate) fn chained(installation: Uuid, entries: Vec<AuditEntry>) -> Vec<AuditEntry> {
    let mut previous_hash = [0; 32];
    let mut chained = Vec::new();
    for (mut entry, seq) in entries.into_iter().zip(1..) {
        (entry.seq, entry.previous_hash) = (seq, previous_hash);
        entry.hash = hash_of_before(installation, &entry);
        previous_hash = entry.hash;
        chained.push(entry);
    }
    chained
}

/// Puts these entries in the place of an installation's log.
pub(crate) async fn replace(raw: &mut Raw, installation: Uuid, entries: &[AuditEntry]) {
    let own = raw.id(installation);
    raw.execute(&format!("DELETE FROM audit_entry WHERE installation_id = {own}")).await.unwrap();
    let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    for entry in entries {
        let maybe = |value: Option<String>| value.unwrap_or_else(|| "NULL".to_owned());
        let sql = format!(
            "INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, environment, detail, address, \
             request_id, user_agent, via_digest, audit_key_id, previous_hash, hash) \
             VALUES ({own}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
            entry.seq,
            raw.id(entry.id.0),
            entry.at.as_millis(),
            text(&entry.actor),
            text(&entry.action),
            maybe(entry.key.map(|key| raw.id(key.0))),
            maybe(entry.environment.map(|environment| text(environment.as_str()))),
            text(&entry.detail),
            maybe(entry.address.as_deref().map(text)),
            maybe(entry.request_id.map(|id| raw.id(id))),
            maybe(entry.user_agent.as_deref().map(text)),
            maybe(entry.via_digest.map(|digest| raw.bytes(&digest))),
            text(entry.audit_key.as_deref().unwrap_or_default()),
            raw.bytes(&entry.previous_hash),
            raw.bytes(&entry.hash),
        );
        assert_eq!(raw.execute(&sql).await, Ok(1), "{sql}");
    }
}

async fn a_script_that_removes_every_reveal_is_found(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let installation = desk.operator.installation.0;
    for name in ["Acme", "Borealis"] {
        let id = desk.issue(name).await.key.id;
        desk.keydesk.reveal(&desk.operator, id).await.unwrap();
        desk.keydesk.update(&desk.operator, id, SettingsPatch::name("Renamed"), None).await.unwrap();
    }
    assert!(doctor(&desk).await.0);
    let whole = desk.audit(&desk.operator).await;
    let mut without = whole.clone();
    without.retain(|entry| entry.action != Action::KeyReveal.as_str());
    assert_eq!(whole.len() - without.len(), 2);
    let signed = chained(installation, without.clone());
    let unsigned: Vec<_> = without.into_iter().map(|entry| AuditEntry { audit_key: None, ..entry }).collect();
    let unsigned = chained(installation, unsigned);
    let mut raw = intruder(&desk.database).await;
    for (script, entries) in [("as signed entries", &signed), ("as unsigned entries", &unsigned)] {
        replace(&mut raw, installation, entries).await;
        assert!(!doctor(&desk).await.0, "{script}");
        replace(&mut raw, installation, &whole).await;
        assert!(doctor(&desk).await.0);
    }
    // The most that can be done: a database as it was before entries were signed, opened by a process that starts anew.
    replace(&mut raw, installation, &unsigned).await;
    raw.execute("DELETE FROM audit_head; DELETE FROM audit_key").await.unwrap();
    assert!(!doctor(&desk).await.0);
    let again = desk.second_node().await;
    let found = again.examine().await.into_iter().find(|finding| finding.what == "audit log").unwrap();
    assert!(!found.ok && found.found.contains("not signed"), "{found:?}");
}

async fn entries_that_are_removed_at_the_end_are_found(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    desk.keydesk.reveal(&desk.operator, id).await.unwrap();
    let whole = desk.audit(&desk.operator).await;
    let last = whole.last().unwrap();
    let mut raw = intruder(&desk.database).await;
    replace(&mut raw, desk.operator.installation.0, &whole[..whole.len() - 1]).await;
    let (sound, found) = doctor(&desk).await;
    assert!(!sound && found.contains(&format!("cut off after entry {}", last.seq - 1)), "{found}");
    // An entry in its place, by somebody without the key.
    let forged = AuditEntry { id: AuditId(Uuid::from_u128(5)), action: "key.rename".to_owned(), ..last.clone() };
    replace(&mut raw, desk.operator.installation.0, &[&whole[..whole.len() - 1], &[forged]].concat()).await;
    assert!(!doctor(&desk).await.0);
    replace(&mut raw, desk.operator.installation.0, &[]).await;
    assert!(!doctor(&desk).await.0, "all of it");
    replace(&mut raw, desk.operator.installation.0, &whole).await;
    assert!(doctor(&desk).await.0);
}

async fn a_removed_signed_end_stays_recorded(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    desk.keydesk.reveal(&desk.operator, id).await.unwrap();
    let whole = desk.audit(&desk.operator).await;
    let mut raw = intruder(&desk.database).await;
    replace(&mut raw, desk.operator.installation.0, &whole[..whole.len() - 1]).await;
    raw.execute("DELETE FROM audit_head").await.unwrap();
    assert!(!doctor(&desk).await.0);
    // Keydesk goes on, signs nothing that it did not find, and does not forget it.
    desk.keydesk.update(&desk.operator, id, SettingsPatch::name("Beta"), None).await.unwrap();
    let entries = desk.audit(&desk.operator).await;
    let lost = &entries[whole.len() - 1];
    assert_eq!(lost.action().unwrap(), Action::AuditHeadLost);
    assert_eq!(lost.detail, format!(r#"{{"claimed":null,"entries":{}}}"#, whole.len() - 1));
    let (sound, found) = doctor(&desk).await;
    assert!(!sound && found.contains(&format!("broken before entry {}", lost.seq)), "{found}");
    assert_eq!(entries.last().unwrap().action().unwrap(), Action::KeyRename);
}

async fn an_old_copy_of_the_log_is_found_by_a_head_that_was_kept(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    let heads = async || {
        let heads = desk.keydesk.audit_heads().await.unwrap();
        heads.into_iter().find(|head| head.installation == "default").unwrap()
    };
    let before = heads().await;
    let mut raw = intruder(&desk.database).await;
    raw.execute(
        "CREATE TABLE old_entry AS SELECT * FROM audit_entry; CREATE TABLE old_head AS SELECT * FROM audit_head",
    )
    .await
    .unwrap();
    desk.clock.advance(SECOND);
    desk.keydesk.reveal(&desk.operator, id).await.unwrap();
    let kept = heads().await;
    assert_eq!(kept.entries, before.entries + 1);
    let contains = async |head: &domain::InstallationHead| {
        let line = head.head.as_deref().unwrap().parse().unwrap();
        desk.keydesk.check_audit_head(&line).await.unwrap()
    };
    assert_eq!((contains(&before).await, contains(&kept).await), (None, None));
    raw.execute(
        "DELETE FROM audit_entry; INSERT INTO audit_entry SELECT * FROM old_entry; \
         DELETE FROM audit_head; INSERT INTO audit_head SELECT * FROM old_head",
    )
    .await
    .unwrap();
    assert!(doctor(&desk).await.0, "it is as it was once");
    assert_eq!(contains(&before).await, None);
    assert!(contains(&kept).await.is_some_and(|wrong| wrong.contains("no longer contains")));
    // Another reveal in the place of the removed one does not help.
    desk.keydesk.reveal(&desk.operator, id).await.unwrap();
    assert!(contains(&kept).await.is_some());
    let forged = kept.head.unwrap().replace(".a1.", ".a1.0");
    assert!(forged.parse::<domain::AuditHeadLine>().is_err());
}
