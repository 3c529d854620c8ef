//! Nothing crosses from one installation to another, through any verb.

use domain::{Caller, NewKey};
use model::{
    AcceptedEnvironment, Code, Instant, KeyError, KeyId, KeyStatus, ListQuery, NetworkSet, OriginSet,
    RESTORE_WINDOW_MS, Scope, Selection, SettingsPatch,
};
use store::{on_both_databases, testing::TestDatabase};

use crate::export::exported;
use crate::test_keydesk::{START, TestKeydesk, call, new_key, once, overlap, settings, verify};

on_both_databases!(
    no_verb_reaches_another_installation,
    each_installation_lists_its_own_keys,
    a_foreign_key_is_not_found,
    not_found_goes_before_every_other_reason,
    each_installation_has_its_own_answers
);

fn all(limit: u32) -> ListQuery {
    ListQuery { limit, ..ListQuery::default() }
}

async fn no_verb_reaches_another_installation(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let live = desk.issue("Acme").await.key.id;
    let gone = desk.issue("Gone").await.key.id;
    let ids = Selection::Ids(vec![gone]);
    let deleted = keydesk.delete_selected(&desk.operator, &ids).await.unwrap();
    let ids = Selection::Ids(vec![live]);
    let switched = keydesk.set_enabled_selected(&desk.operator, &ids, false).await.unwrap();
    let link = keydesk.create_handover(&desk.operator, live).await.unwrap().handover.id;
    let default = keydesk.default_key(&desk.operator).await.unwrap().id;
    let secret = keydesk.reveal(&desk.other, keydesk.default_key(&desk.other).await.unwrap().id).await.unwrap();
    let as_key = Caller::key(&verify(keydesk, secret.expose()).await.record.unwrap());
    let before = desk.database.raw().await.dump().await;

    let callers = [&desk.other, &as_key];
    for caller in callers {
        for id in [live, gone, default] {
            let absent = Err(KeyError::NotFound);
            assert_eq!(keydesk.get(caller, id).await, absent);
            assert_eq!(keydesk.update(caller, id, SettingsPatch::name("Mine"), None).await, absent);
            assert_eq!(keydesk.update(caller, id, SettingsPatch::name("Mine"), Some(1)).await, absent);
            assert_eq!(keydesk.delete(caller, id, None).await, Err(KeyError::NotFound));
            assert_eq!(keydesk.delete(caller, id, Some(1)).await, Err(KeyError::NotFound));
            assert_eq!(keydesk.set_enabled(caller, id, false, None).await, absent);
            assert_eq!(keydesk.rotate(caller, id, overlap(60), None).await.map(drop), Err(KeyError::NotFound));
            assert_eq!(keydesk.end_overlap(caller, id, None).await, absent);
            assert_eq!(keydesk.secrets(caller, id).await, Err(KeyError::NotFound));
            assert_eq!(keydesk.create_handover(caller, id).await.map(drop), Err(KeyError::NotFound));
            assert_eq!(keydesk.handovers(caller, id).await, Err(KeyError::NotFound));
            assert_eq!(keydesk.withdraw_handover(caller, id, link).await, absent.clone().map(drop));
            let bulk = keydesk.bulk_set_enabled(caller, &[id], false).await.unwrap();
            assert_eq!((bulk.changed.len(), bulk.unchanged.len(), bulk.skipped[0].code.as_str()), (0, 0, "not_found"));
            let ids = Selection::Ids(vec![id]);
            let skipped = keydesk.set_enabled_selected(caller, &ids, false).await.unwrap();
            assert_eq!((skipped.changed, skipped.skipped), (0, 1));
            assert_eq!(keydesk.restore(caller, id).await, absent);
            assert_eq!(keydesk.reveal(caller, id).await.map(drop), Err(KeyError::NotFound));
            let bulk = keydesk.bulk_delete(caller, &[id]).await.unwrap();
            assert_eq!((bulk.deleted.len(), bulk.skipped[0].code.as_str()), (0, "not_found"));
            let selected = keydesk.delete_selected(caller, &Selection::Ids(vec![id])).await.unwrap();
            assert_eq!((selected.deleted, selected.skipped, selected.changes.len()), (0, 1, 0));
            let impact = keydesk.deletion_impact(caller, &Selection::Ids(vec![id])).await.unwrap();
            assert_eq!((impact.names.len(), impact.calls_30_days, impact.last_used_at), (0, 0, None));
            assert!(keydesk.activity(caller, &[id]).await.unwrap()[0].days.iter().all(|calls| *calls == 0));
        }
        assert_eq!(keydesk.count_named(caller, "Acme", None).await, Ok(0));
        assert_eq!(keydesk.undo_delete(caller, &deleted.changes).await, Ok(0));
        for enabled in [true, false] {
            assert_eq!(keydesk.undo_switch(caller, &switched.changes, enabled).await, Ok(0));
        }
        let matching = Selection::Matching {
            search: String::new(),
            environment: None,
            status: None,
            preset: None,
            expiring_before: None,
            attention: None,
        };
        assert_eq!(keydesk.delete_selected(caller, &matching).await.unwrap().deleted, 0);
        assert_eq!(keydesk.set_enabled_selected(caller, &matching, false).await.unwrap().changed, 0);
    }
    assert_eq!(desk.database.raw().await.dump().await, before, "something was written");
    for caller in callers {
        let exported = exported(&desk, caller, all(1)).await;
        assert!(!exported.contains("Acme"), "{exported}");
    }
}

async fn each_installation_lists_its_own_keys(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let own = desk.issue("Acme").await.key.id;
    let foreign = desk.keydesk.issue(&desk.other, new_key("Acme")).await.unwrap().key.id;
    let ids = async |caller: &Caller, query: ListQuery| -> Vec<KeyId> {
        let page = desk.keydesk.list(caller, &query).await.unwrap();
        assert_eq!(page.total, page.items.len() as u64);
        page.items.into_iter().map(|key| key.id).collect()
    };
    for (caller, mine) in [(&desk.operator, own), (&desk.other, foreign)] {
        let default = desk.keydesk.default_key(caller).await.unwrap().id;
        assert_eq!(ids(caller, all(50)).await, [default, mine]);
        for search in ["acme", "cm"] {
            assert_eq!(ids(caller, ListQuery { search: search.to_owned(), ..all(50) }).await, [mine]);
        }
        desk.keydesk.delete(caller, mine, None).await.unwrap();
        assert_eq!(ids(caller, ListQuery { status: Some(KeyStatus::Revoked), ..all(50) }).await, [mine]);
        assert_eq!(ids(caller, all(50)).await, [default]);
    }
}

async fn a_foreign_key_is_not_found(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let key = issued.secret.expose();
    for (installation, expected) in [
        (None, Code::Valid),
        (Some(desk.operator.installation), Code::Valid),
        (Some(desk.other.installation), Code::NotFound),
    ] {
        // Cold the first time, from memory the second.
        let fresh = desk.second_node().await;
        for keydesk in [&fresh, &fresh, &desk.keydesk] {
            let verdict =
                keydesk.verifier().verify(verify::Call { installation, ..call(key) }, keydesk.now()).await.unwrap();
            assert_eq!((verdict.code, verdict.record.is_some()), (expected, expected == Code::Valid));
        }
    }
}

/// A foreign key and a purged key are not found, whatever else is wrong with them: this reason goes before every other.
/// (The model's table has the pairs of the other reasons.)
async fn not_found_goes_before_every_other_reason(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let until = |at| SettingsPatch { expires_at: Some(Some(Instant::from_millis(at))), ..SettingsPatch::default() };
    let far = [Scope::parse("data:write").unwrap()];
    for expected in Code::ALL.into_iter().take_while(|code| *code <= Code::InsufficientScope) {
        desk.clock.set(START);
        let new = NewKey::of(SettingsPatch {
            allowed_ips: Some(NetworkSet::new(["203.0.113.0/24".parse().unwrap()]).unwrap()),
            allowed_origins: Some(OriginSet::new(["https://*.example.com".parse().unwrap()]).unwrap()),
            ..settings("Acme")
        });
        let issued = keydesk.issue(operator, new).await.unwrap();
        let (id, own) = (issued.key.id, Some(operator.installation));
        let (ip, origin) = (Some("203.0.113.9".parse().unwrap()), Some("https://app.example.com").into());
        let mut call = verify::Call { installation: own, ip, origin, ..call(issued.secret.expose()) };
        match expected {
            Code::NotFound => call.installation = Some(desk.other.installation),
            Code::Revoked => keydesk.delete(operator, id, None).await.unwrap(),
            Code::Disabled => drop(keydesk.set_enabled(operator, id, false, None).await.unwrap()),
            Code::Expired => {
                keydesk.update(operator, id, until(START + 1), None).await.unwrap();
                desk.clock.advance(1);
            }
            Code::EnvironmentNotAllowed => call.environment = AcceptedEnvironment::Test,
            Code::IpNotAllowed => call.ip = None,
            Code::OriginNotAllowed => call.origin = None.into(),
            _ => call.scopes = &far,
        }
        for node in [keydesk, &desk.second_node().await] {
            assert_eq!(node.verifier().verify(call, node.now()).await.unwrap().code, expected);
            let foreign = verify::Call { installation: Some(desk.other.installation), ..call };
            let verdict = node.verifier().verify(foreign, node.now()).await.unwrap();
            assert_eq!((verdict.code, verdict.record.is_none()), (Code::NotFound, true), "foreign and {expected}");
        }
        if expected != Code::Revoked && expected != Code::NotFound {
            keydesk.delete(operator, id, None).await.unwrap();
        }
        desk.clock.advance(RESTORE_WINDOW_MS);
        if expected != Code::NotFound {
            let verdict = keydesk.verifier().verify(call, keydesk.now()).await.unwrap();
            assert_eq!((verdict.code, verdict.record.is_none()), (Code::NotFound, true), "purged and {expected}");
        }
    }
}

async fn each_installation_has_its_own_answers(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issue = async |caller: &Caller| {
        let answer = desk.keydesk.issue_once(caller, new_key("Acme"), once("same", "body")).await;
        answer.unwrap().issued().unwrap()
    };
    let (own, foreign) = (issue(&desk.operator).await, issue(&desk.other).await);
    assert_ne!(own.key.id, foreign.key.id);
    assert_ne!(own.secret.expose(), foreign.secret.expose());
}
