use model::{KeyStatus, ListQuery, Selection};
use store::{on_both_databases, testing::TestDatabase};

use crate::desk::Desk;

on_both_databases!(a_selection_of_deleted_keys_deletes_no_living_ones, a_text_that_is_in_no_name_selects_nothing);

fn matching(search: &str, status: Option<KeyStatus>) -> Selection {
    Selection::Matching { search: search.to_owned(), environment: None, status, preset: None, expiring_before: None }
}

async fn a_selection_of_deleted_keys_deletes_no_living_ones(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let (gone, live) = (desk.issue("Acme").await.key, desk.issue("Acme").await.key);
    desk.keydesk.delete(&desk.operator, gone.id, None).await.unwrap();
    let selection = matching("acme", Some(KeyStatus::Revoked));
    let impact = desk.keydesk.impact(&desk.operator, &selection).await.unwrap();
    assert_eq!((impact.keys, impact.names.len()), (0, 0), "nothing would stop");
    let deleted = desk.keydesk.delete_selected(&desk.operator, &selection).await.unwrap();
    assert_eq!(deleted.deleted, 0);
    assert_eq!(desk.keydesk.get(&desk.operator, live.id).await.unwrap(), live);
}

async fn a_text_that_is_in_no_name_selects_nothing(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let key = desk.issue("Acme").await.key;
    for search in ["\0", "ac\0me", "acme\u{7}x", "nobody"] {
        let listed = ListQuery { search: search.to_owned(), limit: 50, ..ListQuery::default() };
        assert_eq!(desk.keydesk.list(&desk.operator, &listed).await.unwrap().items, [], "{search:?}");
        let impact = desk.keydesk.impact(&desk.operator, &matching(search, None)).await.unwrap();
        assert_eq!(impact.keys, 0, "{search:?}");
        let deleted = desk.keydesk.delete_selected(&desk.operator, &matching(search, None)).await.unwrap();
        assert_eq!(deleted.deleted, 0, "{search:?}");
    }
    assert_eq!(desk.keydesk.get(&desk.operator, key.id).await.unwrap(), key);
    let some = desk.keydesk.impact(&desk.operator, &matching("ACM", None)).await.unwrap();
    assert_eq!((some.keys, some.names), (1, vec![key.client_name]));
}
