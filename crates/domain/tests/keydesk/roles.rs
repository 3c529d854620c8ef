use domain::{Caller, Grants};
use model::{Actor, AdministratorId, KeyError, ListQuery, Selection};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{TestKeydesk, new_key, overlap};

on_both_databases!(a_viewer_sees_and_changes_nothing);

async fn a_viewer_sees_and_changes_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (live, gone) = (desk.issue("Acme").await.key, desk.issue("Gone").await.key);
    let selection = Selection::Ids(vec![gone.id]);
    let deleted = keydesk.delete_selected(&desk.operator, &selection).await.unwrap();
    let link = keydesk.create_handover(&desk.operator, live.id).await.unwrap().handover.id;
    let viewer = Caller {
        actor: Actor::Administrator { id: AdministratorId(keydesk.request_id(keydesk.now())) },
        grants: Grants::None,
        ..desk.operator.clone()
    };
    let before = desk.database.raw().await.dump().await;
    let everything = Selection::Matching {
        search: String::new(),
        environment: None,
        status: None,
        preset: None,
        expiring_before: None,
    };
    let outcomes = [
        ("issue", keydesk.issue(&viewer, new_key("Beta")).await.map(drop)),
        ("rename", keydesk.update(&viewer, live.id, model::SettingsPatch::name("Beta"), None).await.map(drop)),
        ("delete", keydesk.delete(&viewer, live.id, None).await),
        ("bulk_delete", keydesk.bulk_delete(&viewer, &[live.id]).await.map(drop)),
        ("restore", keydesk.restore(&viewer, gone.id).await.map(drop)),
        ("reveal", keydesk.reveal(&viewer, live.id).await.map(drop)),
        ("delete_selected", keydesk.delete_selected(&viewer, &everything).await.map(drop)),
        ("set_enabled", keydesk.set_enabled(&viewer, live.id, false, None).await.map(drop)),
        ("bulk_set_enabled", keydesk.bulk_set_enabled(&viewer, &[live.id], false).await.map(drop)),
        ("set_enabled_selected", keydesk.set_enabled_selected(&viewer, &everything, false).await.map(drop)),
        ("rotate", keydesk.rotate(&viewer, live.id, overlap(60), None).await.map(drop)),
        ("end_overlap", keydesk.end_overlap(&viewer, live.id, None).await.map(drop)),
        ("create_handover", keydesk.create_handover(&viewer, live.id).await.map(drop)),
        ("withdraw_handover", keydesk.withdraw_handover(&viewer, live.id, link).await),
        ("undo_delete", keydesk.undo_delete(&viewer, &deleted.changes).await.map(drop)),
    ];
    for (verb, outcome) in outcomes {
        assert_eq!(outcome, Err(KeyError::Forbidden), "{verb}");
    }
    let query = ListQuery { limit: 50, ..ListQuery::default() };
    assert_eq!(keydesk.list(&viewer, &query).await.unwrap().total, 2);
    assert_eq!(keydesk.get(&viewer, live.id).await.unwrap(), live);
    assert_eq!(keydesk.deletion_impact(&viewer, &everything).await.unwrap().keys, 1);
    assert_eq!(desk.database.raw().await.dump().await, before);
}
