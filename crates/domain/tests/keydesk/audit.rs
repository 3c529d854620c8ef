use domain::Caller;
use model::{Action, Actor, AdministratorId, KeyError, KeyId, Selection};
use store::{on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::test_keydesk::{SECOND, TestKeydesk, new_key};

on_both_databases!(
    every_change_writes_one_entry_with_its_actor,
    a_failed_change_writes_nothing,
    the_chain_holds_while_two_nodes_write,
    an_altered_log_is_found
);

/// The entries after the first `seen` ones, checked to continue their chain.
async fn since(desk: &TestKeydesk, caller: &Caller, seen: &mut usize) -> Vec<(Action, Actor, Option<KeyId>)> {
    let entries = desk.audit(caller).await;
    for (index, entry) in entries.iter().enumerate().skip(*seen) {
        assert_eq!(entry.seq, i64::try_from(index + 1).unwrap());
        assert_eq!(entry.at, desk.keydesk.now());
        let before = index.checked_sub(1).map_or([0; 32], |before| entries[before].hash);
        assert_eq!(entry.previous_hash, before);
    }
    let fresh = entries[*seen..].iter().map(|entry| (entry.action().unwrap(), entry.actor().unwrap(), entry.key));
    let fresh = fresh.collect();
    *seen = entries.len();
    fresh
}

async fn audit_is_sound(desk: &TestKeydesk) -> bool {
    let findings = desk.keydesk.examine().await;
    findings.iter().find(|finding| finding.what == "audit log").unwrap().ok
}

async fn every_change_writes_one_entry_with_its_actor(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let first: Vec<_> = desk.audit(&desk.operator).await.iter().map(|entry| entry.action().unwrap()).collect();
    // The log of the first installation names the other one.
    assert_eq!(first, [Action::InstallationCreate, Action::KeyIssue, Action::InstallationAdd]);
    let as_key = desk.caller(&["keys:*", "contacts:*", "calls:*", "wraps:*"]).await;
    let administrator = Actor::Administrator { id: AdministratorId(Uuid::from_u128(5)) };
    let as_person = Caller { actor: administrator, ..desk.operator.clone() };
    let mut seen = desk.audit(&desk.operator).await.len();
    for caller in [&desk.operator, &as_key, &as_person] {
        desk.clock.advance(SECOND);
        let actor = caller.actor;
        let one = |action, id| vec![(action, actor, Some(id))];
        let id = keydesk.issue(caller, new_key("Acme")).await.unwrap().key.id;
        assert_eq!(since(&desk, caller, &mut seen).await, one(Action::KeyIssue, id));
        keydesk.update(caller, id, model::SettingsPatch::name("Beta"), None).await.unwrap();
        assert_eq!(since(&desk, caller, &mut seen).await, one(Action::KeyRename, id));
        keydesk.reveal(caller, id).await.unwrap();
        assert_eq!(since(&desk, caller, &mut seen).await, one(Action::KeyReveal, id));
        keydesk.delete(caller, id, None).await.unwrap();
        assert_eq!(since(&desk, caller, &mut seen).await, one(Action::KeyDelete, id));
        keydesk.restore(caller, id).await.unwrap();
        assert_eq!(since(&desk, caller, &mut seen).await, one(Action::KeyRestore, id));
        let two = keydesk.issue(caller, new_key("Acme")).await.unwrap().key.id;
        since(&desk, caller, &mut seen).await;
        keydesk.bulk_delete(caller, &[two, id, two]).await.unwrap();
        let deleted = since(&desk, caller, &mut seen).await;
        assert_eq!(deleted, [one(Action::KeyDelete, two), one(Action::KeyDelete, id)].concat());
        keydesk.restore(caller, two).await.unwrap();
        since(&desk, caller, &mut seen).await;
        let gone = keydesk.delete_selected(caller, &Selection::Ids(vec![two])).await.unwrap();
        assert_eq!(since(&desk, caller, &mut seen).await, one(Action::KeyDelete, two));
        keydesk.undo_delete(caller, &gone.changes).await.unwrap();
        assert_eq!(since(&desk, caller, &mut seen).await, one(Action::KeyRestore, two));
        for (enabled, action) in [(false, Action::InstallationDisable), (true, Action::InstallationEnable)] {
            keydesk.set_module(actor, "default", enabled).await.unwrap();
            assert_eq!(since(&desk, caller, &mut seen).await, [(action, actor, None)]);
        }
    }
    assert!(audit_is_sound(&desk).await);
}

async fn a_failed_change_writes_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, caller) = (&desk.keydesk, &desk.operator);
    let live = desk.issue("Acme").await.key.id;
    let default = keydesk.default_key(caller).await.unwrap().id;
    let nobody = KeyId(Uuid::from_u128(77));
    let poor = desk.caller(&[]).await;
    let before = desk.database.raw().await.dump().await;
    let outcomes = [
        keydesk.issue(caller, new_key("")).await.map(drop),
        keydesk.issue(&poor, new_key("Acme")).await.map(drop),
        keydesk.update(caller, nobody, model::SettingsPatch::name("Beta"), None).await.map(drop),
        keydesk.update(caller, default, model::SettingsPatch::name("Beta"), None).await.map(drop),
        keydesk.update(caller, live, model::SettingsPatch::name("Beta"), Some(9)).await.map(drop),
        keydesk.update(caller, live, model::SettingsPatch::name(""), None).await.map(drop),
        keydesk.delete(caller, nobody, None).await,
        keydesk.delete(caller, default, None).await,
        keydesk.delete(caller, live, Some(9)).await,
        keydesk.restore(caller, nobody).await.map(drop),
        keydesk.restore(caller, live).await.map(drop),
        keydesk.reveal(caller, nobody).await.map(drop),
        keydesk.set_module(Actor::Operator, "nobody", false).await.map(drop),
    ];
    for (number, outcome) in outcomes.iter().enumerate() {
        assert!(outcome.is_err(), "{number}");
        assert_ne!(outcome, &Err(KeyError::Unavailable), "{number}");
    }
    keydesk.bulk_delete(caller, &[nobody, default]).await.unwrap();
    assert_eq!(keydesk.undo_delete(caller, &[1, 9_999]).await, Ok(0));
    assert_eq!(desk.database.raw().await.dump().await, before);
}

async fn the_chain_holds_while_two_nodes_write(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let node = if number % 2 == 0 { desk.keydesk.clone() } else { other.clone() };
        let operator = desk.operator.clone();
        tasks.spawn(async move {
            let id = node.issue(&operator, new_key("Acme")).await.unwrap().key.id;
            node.update(&operator, id, model::SettingsPatch::name("Beta"), Some(1)).await.unwrap();
            node.delete(&operator, id, Some(2)).await.unwrap();
        });
    }
    tasks.join_all().await;
    assert_eq!(desk.audit(&desk.operator).await.len(), 3 + 40 * 3);
    assert!(audit_is_sound(&desk).await);
}

async fn an_altered_log_is_found(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    for _ in 0..3 {
        desk.issue("Acme").await;
    }
    assert!(audit_is_sound(&desk).await);
    let mut raw = desk.database.raw().await;
    let drop = if desk.database.is_postgres() {
        "DROP TRIGGER audit_entry_append_only_row ON audit_entry"
    } else {
        "DROP TRIGGER audit_entry_not_updated; DROP TRIGGER audit_entry_not_deleted"
    };
    raw.execute(drop).await.unwrap();
    let installation = raw.id(desk.operator.installation.0);
    let own = format!("installation_id = {installation}");
    let keep = "CREATE TABLE kept AS SELECT * FROM audit_entry";
    raw.execute(keep).await.unwrap();
    let fresh = raw.id(Uuid::from_u128(6));
    let alterations = [
        format!("UPDATE audit_entry SET detail = '{{}}' WHERE {own} AND seq = 3"),
        format!("UPDATE audit_entry SET actor = '{{\"kind\":\"system\"}}' WHERE {own} AND seq = 5"),
        format!("UPDATE audit_entry SET action = 'key.delete' WHERE {own} AND seq = 3"),
        format!("UPDATE audit_entry SET key_id = NULL WHERE {own} AND seq = 4"),
        format!("UPDATE audit_entry SET key_id = {fresh} WHERE {own} AND seq = 3"),
        format!("UPDATE audit_entry SET at = at + 1 WHERE {own} AND seq = 1"),
        format!("UPDATE audit_entry SET id = {fresh} WHERE {own} AND seq = 3"),
        format!("UPDATE audit_entry SET seq = 99 WHERE {own} AND seq = 5"),
        format!("UPDATE audit_entry SET hash = previous_hash WHERE {own} AND seq = 3"),
        format!("DELETE FROM audit_entry WHERE {own} AND seq = 1"),
        format!("DELETE FROM audit_entry WHERE {own} AND seq = 4"),
    ];
    for alteration in alterations {
        assert_eq!(raw.execute(&alteration).await, Ok(1), "{alteration}");
        assert!(!audit_is_sound(&desk).await, "{alteration}");
        raw.execute("DELETE FROM audit_entry; INSERT INTO audit_entry SELECT * FROM kept").await.unwrap();
        assert!(audit_is_sound(&desk).await);
    }
}
