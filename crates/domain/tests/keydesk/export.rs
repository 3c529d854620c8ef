use domain::{Caller, NewKey};
use model::{Instant, ListQuery, Role, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    roles::person,
    test_keydesk::{HOUR, START, TestKeydesk, new_key, settings},
};

on_both_databases!(
    every_key_is_one_line_of_the_export,
    the_filters_of_the_list_hold,
    only_keys_that_expire_soon_are_listed,
    an_export_shows_the_keys_of_one_instant,
    only_so_many_exports_are_under_way,
    whoever_may_not_read_notes_gets_a_table_without_them
);

pub(crate) async fn exported(desk: &TestKeydesk, caller: &Caller, query: ListQuery) -> String {
    let mut export = desk.keydesk.export(caller, query);
    let mut text = Vec::new();
    while let Some(part) = export.next().await.unwrap() {
        text.extend(part);
    }
    String::from_utf8(text).unwrap()
}

async fn every_key_is_one_line_of_the_export(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let new = (0..2_500).map(|number| new_key(&format!("Client {number:04}"))).collect();
    desk.keydesk.issue_many(&desk.operator, new).await.unwrap();
    desk.keydesk.issue(&desk.other, new_key("Foreign")).await.unwrap();
    let text = exported(&desk, &desk.operator, ListQuery::default()).await;
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 2 + 2_500);
    assert!(lines[0].starts_with("client_name,key,environment,"));
    let columns: Vec<_> = lines[0].split(',').collect();
    let settings = serde_json::to_value(settings("Any").build().unwrap()).unwrap();
    for name in settings.as_object().unwrap().keys() {
        assert_eq!(columns.iter().filter(|column| *column == name).count(), 1, "{name} in {columns:?}");
    }
    assert_eq!(lines[1].split(',').count(), columns.len());
    assert!(lines[1].starts_with("Default API Key,ccc_live_"));
    for (number, line) in lines[2..].iter().enumerate() {
        assert!(line.starts_with(&format!("Client {number:04},ccc_live_")), "{line}");
    }
    let empty =
        exported(&desk, &desk.operator, ListQuery { search: "nobody".to_owned(), ..ListQuery::default() }).await;
    assert_eq!(empty.split_terminator("\r\n").count(), 1, "the head alone");
}

async fn the_filters_of_the_list_hold(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (_, off) = (desk.issue("=HYPERLINK(\"x\")").await, desk.issue("Off, Ltd").await.key);
    desk.keydesk.set_enabled(&desk.operator, off.id, false, None).await.unwrap();
    let disabled = ListQuery { status: Some(model::KeyStatus::Disabled), ..ListQuery::default() };
    let text = exported(&desk, &desk.operator, disabled).await;
    assert_eq!(text.matches("\r\n").count(), 2);
    assert!(text.contains("\r\n\"Off, Ltd\",ccc_live_"));
    let active = ListQuery { search: "hyper".to_owned(), ..ListQuery::default() };
    assert!(exported(&desk, &desk.operator, active).await.contains("\r\n\"'=HYPERLINK(\"\"x\"\")\","));
}

async fn only_keys_that_expire_soon_are_listed(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    for hours in [1, 2, 3] {
        let expires_at = Some(Instant::from_millis(START + hours * HOUR));
        let new = NewKey::of(SettingsPatch { expires_at: expires_at.map(Some), ..settings(&format!("In {hours}")) });
        desk.keydesk.issue(&desk.operator, new).await.unwrap();
    }
    desk.issue("Never").await;
    for (now, before, expected) in
        [(0, 1, &[][..]), (0, 2, &["In 1"]), (0, 4, &["In 1", "In 2", "In 3"]), (1, 3, &["In 2"]), (3, 9, &[])]
    {
        desk.clock.set(START + now * HOUR);
        let expiring_before = Some(Instant::from_millis(START + before * HOUR));
        let query = ListQuery { expiring_before, limit: 50, ..ListQuery::default() };
        let page = desk.keydesk.list(&desk.operator, &query).await.unwrap();
        let names: Vec<_> = page.items.iter().map(|key| key.settings.client_name.as_str()).collect();
        assert_eq!((names.as_slice(), page.total), (expected, expected.len() as u64), "{now} {before}");
    }
}

async fn whoever_may_not_read_notes_gets_a_table_without_them(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let noted = SettingsPatch {
        notes: Some("Called twice".parse().ok()),
        owner_email: Some("ada@example.com".parse().ok()),
        metadata: model::Metadata::new([("crm".to_owned(), "4711".to_owned())].into()).ok(),
        ..settings("Acme")
    };
    desk.keydesk.issue(&desk.operator, NewKey::of(noted)).await.unwrap();
    let told = ["owner_email", "notes", "metadata", "ada@example.com", "Called twice", "4711"];
    for (role, all) in [(Role::Viewer, false), (Role::Manager, true), (Role::Owner, true)] {
        let text = exported(&desk, &person(&desk, role).await, ListQuery::default()).await;
        for told in told {
            assert_eq!(text.contains(told), all, "{role:?} {told} {text}");
        }
        let widths: Vec<_> = text.lines().map(|line| line.split(',').count()).collect();
        assert!(text.contains("Acme,ccc_live_") && widths[0] == widths[1], "{text}");
    }
}

/// The order is that of their last use, and while the export is read all of them are used and renamed, and some are deleted.
async fn an_export_shows_the_keys_of_one_instant(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let names = || (0..2_500).map(|number| format!("Client {number:04}"));
    desk.keydesk.issue_many(&desk.operator, names().map(|name| new_key(&name)).collect()).await.unwrap();
    let mut keys = desk.keydesk.list_all(&desk.operator, &ListQuery::default()).await.unwrap();
    assert_eq!(keys.remove(0).kind, model::KeyKind::Default);
    assert_eq!(keys.len(), 2_500);
    for sort in ["-last_used_at", "last_used_at", "client_name"] {
        let query = ListQuery { sort: sort.parse().unwrap(), ..ListQuery::default() };
        let mut export = desk.keydesk.export(&desk.operator, query);
        let mut text = export.next().await.unwrap().unwrap();
        // Whatever has been read by now: everything moves, to either end of the order.
        let move_to = |number: usize| if number.is_multiple_of(2) { START + HOUR } else { START + 1 };
        let mut raw = desk.database.raw().await;
        for (number, key) in keys.iter().enumerate().step_by(7) {
            let (id, at) = (raw.id(key.id.0), move_to(number));
            let order = raw.bytes(&number.to_be_bytes());
            let set = format!("last_used_at = {at}, client_name_folded = '{number}{sort}', name_order = {order}");
            raw.execute(&format!("UPDATE api_key SET {set} WHERE id = {id}")).await.unwrap();
        }
        while let Some(part) = export.next().await.unwrap() {
            text.extend(part);
        }
        let text = String::from_utf8(text).unwrap();
        // No cell before the id has a comma.
        let mut found: Vec<_> = text.lines().filter_map(|line| line.split(',').nth(16)).skip(2).collect();
        found.sort_unstable();
        let mut expected: Vec<_> = keys.iter().map(|key| key.id.to_string()).collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "{sort}");
    }
}

async fn only_so_many_exports_are_under_way(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let mut exports: Vec<_> = (0..9).map(|_| desk.keydesk.export(&desk.operator, ListQuery::default())).collect();
    let mut last = exports.pop().unwrap();
    for export in &mut exports {
        assert!(export.next().await.unwrap().is_some());
    }
    assert_eq!(last.next().await, Err(model::KeyError::Unavailable));
    exports.pop();
    assert!(last.next().await.unwrap().is_some());
}
