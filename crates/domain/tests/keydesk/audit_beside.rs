//! What stands beside the audit log, and what protects it, is looked at as the log itself is.

use domain::{NewAdministrator, NewInstallation};
use model::{Actor, AuditQuery, PlainSecret, Role};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    audit_tampering::{doctor, intruder},
    test_keydesk::TestKeydesk,
};

on_both_databases!(
    names_that_were_swapped_or_removed_are_found,
    an_installation_that_was_removed_with_its_log_is_found,
    a_log_that_was_emptied_does_not_begin_anew_with_another_installation,
    a_trigger_that_is_missing_or_altered_is_found,
    details_that_can_not_be_read_are_not_shown_as_none
);

async fn add(desk: &TestKeydesk, name: &str) {
    let new = NewAdministrator {
        email: format!("{name}@example.com").to_lowercase(),
        name: name.to_owned(),
        role: Role::Owner,
        password: PlainSecret::new("correct horse battery".to_owned()),
    };
    desk.keydesk.create_administrator(Actor::Operator, desk.operator.installation, new).await.unwrap();
}

async fn names_that_were_swapped_or_removed_are_found(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    for name in ["Ada", "Grace", "Vera"] {
        add(&desk, name).await;
    }
    assert_eq!(doctor(&desk).await, (true, "8 entries, unbroken".to_owned()));
    let mut raw = desk.database.raw().await;
    let swap = "UPDATE audit_person SET name = CASE name WHEN 'Ada' THEN 'Grace' ELSE 'Ada' END WHERE name IN ('Ada', 'Grace')";
    assert_eq!(raw.execute(swap).await, Ok(2));
    let (sound, found) = doctor(&desk).await;
    assert!(!sound && found.contains("the name that it gave a person was altered"), "{found}");
    assert_eq!(raw.execute(swap).await, Ok(2));
    assert!(doctor(&desk).await.0);
    desk.keydesk.forget(&desk.operator, "vera@example.com").await.unwrap();
    assert!(doctor(&desk).await.0, "who was forgotten has no name");
    assert_eq!(raw.execute("UPDATE audit_person SET email = 'eve@example.com' WHERE name = 'Ada'").await, Ok(1));
    assert!(!doctor(&desk).await.0);
    assert_eq!(raw.execute("UPDATE audit_person SET email = 'ada@example.com' WHERE name = 'Ada'").await, Ok(1));
    assert!(doctor(&desk).await.0);
    assert_eq!(raw.execute("DELETE FROM audit_person WHERE name = 'Grace'").await, Ok(1));
    let (sound, found) = doctor(&desk).await;
    assert!(!sound && found.contains("was removed"), "{found}");
}

/// With everything that belongs to it, as somebody who can drop triggers may do.
async fn an_installation_that_was_removed_with_its_log_is_found(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    assert!(doctor(&desk).await.0);
    let mut raw = intruder(&desk.database).await;
    let protect = if desk.database.is_postgres() {
        "ALTER TABLE api_key DISABLE TRIGGER USER; ALTER TABLE api_key_secret DISABLE TRIGGER USER"
    } else {
        "DROP TRIGGER api_key_default_not_deleted; DROP TRIGGER api_key_secret_default_not_deleted; \
         DROP TRIGGER installation_default_key_not_deleted"
    };
    raw.execute(protect).await.unwrap();
    let own = raw.id(desk.other.installation.0);
    raw.execute(&format!(
        "DELETE FROM audit_entry WHERE installation_id = {own}; DELETE FROM audit_head WHERE installation_id = {own}; \
         DELETE FROM api_key_secret WHERE key_id IN (SELECT id FROM api_key WHERE installation_id = {own}); \
         DELETE FROM api_key WHERE installation_id = {own}; DELETE FROM installation WHERE id = {own}"
    ))
    .await
    .unwrap();
    let (sound, found) = doctor(&desk).await;
    assert!(!sound && found.contains("was removed"), "{found}");
    assert!(found.contains(&desk.other.installation.to_string()), "{found}");
}

/// The first installation's log names those that come, and this is no beginning of a log.
async fn a_log_that_was_emptied_does_not_begin_anew_with_another_installation(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let mut raw = intruder(&desk.database).await;
    let first = desk.operator.installation.0.min(desk.other.installation.0);
    let own = raw.id(first);
    raw.execute(&format!(
        "DELETE FROM audit_entry WHERE installation_id = {own}; DELETE FROM audit_head WHERE installation_id = {own}"
    ))
    .await
    .unwrap();
    let new = NewInstallation { name: "third".to_owned(), title: "Third".to_owned(), recoverable: true };
    desk.keydesk.create_installation(Actor::Operator, new).await.unwrap();
    let (sound, found) = doctor(&desk).await;
    assert!(!sound && found.contains("the end that was signed was missing or wrong"), "{found}");
}

async fn a_trigger_that_is_missing_or_altered_is_found(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let triggers =
        async || desk.keydesk.examine().await.into_iter().find(|finding| finding.what == "triggers").unwrap();
    let found = triggers().await;
    assert!(found.ok && found.found == "as Keydesk makes them", "{found:?}");
    let mut raw = desk.database.raw().await;
    let (alter, drop) = if desk.database.is_postgres() {
        (
            vec![
                ("ALTER TABLE audit_entry DISABLE TRIGGER USER", "ALTER TABLE audit_entry ENABLE TRIGGER USER"),
                (
                    "CREATE TRIGGER mine BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION api_key_protect_default()",
                    "DROP TRIGGER mine ON audit_entry",
                ),
            ],
            "DROP TRIGGER audit_entry_append_only_row ON audit_entry",
        )
    } else {
        (
            vec![("CREATE TRIGGER mine AFTER INSERT ON audit_entry BEGIN SELECT 1; END", "DROP TRIGGER mine")],
            "DROP TRIGGER audit_entry_not_updated",
        )
    };
    for (alter, back) in alter {
        raw.execute(alter).await.unwrap();
        let found = triggers().await;
        assert!(!found.ok && (found.found.contains("altered") || found.found.contains("mine")), "{found:?}");
        raw.execute(back).await.unwrap();
        assert!(triggers().await.ok);
    }
    raw.execute(drop).await.unwrap();
    let found = triggers().await;
    assert!(!found.ok && found.found.contains("is missing"), "{found:?}");
    let again = if desk.database.is_postgres() {
        "CREATE FUNCTION harmless() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; \
         CREATE TRIGGER audit_entry_append_only_row BEFORE UPDATE OR DELETE ON audit_entry \
         FOR EACH ROW EXECUTE FUNCTION harmless()"
    } else {
        "CREATE TRIGGER audit_entry_not_updated BEFORE UPDATE ON audit_entry BEGIN SELECT 1; END"
    };
    raw.execute(again).await.unwrap();
    let found = triggers().await;
    assert!(!found.ok && found.found.contains("was altered"), "{found:?}");
}

async fn details_that_can_not_be_read_are_not_shown_as_none(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    let mut raw = intruder(&desk.database).await;
    raw.execute("UPDATE audit_entry SET detail = '{' WHERE action = 'key.issue'").await.unwrap();
    let history = desk.keydesk.history(&desk.operator, id, None).await.unwrap();
    assert_eq!(history.entries[0].detail["unreadable"], true);
    let page = desk.keydesk.audit(&desk.operator, &AuditQuery { limit: 1, ..AuditQuery::default() }).await.unwrap();
    assert_eq!(page.items[0].detail["unreadable"], true);
}
