use domain::{Caller, NewKey};
use model::{Instant, ListQuery, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{HOUR, START, TestKeydesk, new_key, settings};

on_both_databases!(
    every_key_is_one_line_of_the_export,
    the_filters_of_the_list_hold,
    only_keys_that_expire_soon_are_listed
);

async fn exported(desk: &TestKeydesk, caller: &Caller, query: ListQuery) -> String {
    let mut export = desk.keydesk.export(caller, query);
    let mut text = String::new();
    while let Some(part) = export.next().await.unwrap() {
        text.push_str(&part);
    }
    text
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
