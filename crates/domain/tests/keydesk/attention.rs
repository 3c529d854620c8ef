//! Keys that want attention are listed, and exported for letters to their owners.

use domain::{NewKey, Via};
use model::{Attention, Environment, Instant, ListQuery, Selection, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{HOUR, START, TestKeydesk, code, settings};

on_both_databases!(keys_that_want_attention_are_listed, a_table_for_letters_begins_with_the_owner);

const DAY: i64 = 24 * HOUR;

async fn keys_that_want_attention_are_listed(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let names = ["Used", "Unused", "Never", "Handed", "Ending", "Ended", "Off"];
    let mut keys = Vec::new();
    for name in names {
        let expires_at = match name {
            "Ending" => Some(START + 100 * DAY + 5 * DAY),
            "Ended" => Some(START + 99 * DAY),
            _ => None,
        };
        let patch = SettingsPatch { expires_at: expires_at.map(|at| Some(Instant::from_millis(at))), ..settings(name) };
        keys.push(desk.keydesk.issue(&desk.operator, NewKey::of(patch)).await.unwrap());
    }
    let handed = desk.keydesk.create_handover(&desk.operator, keys[3].key.id).await.unwrap();
    desk.keydesk.open_handover(&handed.token, &Via::default()).await.unwrap();
    // For 90 days to the millisecond is unused, and for one millisecond less is not.
    for (number, at) in [(0, START + 10 * DAY + 1), (1, START + 10 * DAY)] {
        desk.clock.set(at);
        code(&desk.keydesk, keys[number].secret.expose()).await;
    }
    desk.clock.set(START + 50 * DAY);
    code(&desk.keydesk, keys[4].secret.expose()).await;
    desk.keydesk.verifier().flush_usage().await;
    desk.clock.set(START + 100 * DAY);
    desk.keydesk.set_enabled(&desk.operator, keys[6].key.id, false, None).await.unwrap();
    for (attention, expected) in [
        (Attention::EndingSoon, &["Ending"][..]),
        (Attention::Unused, &["Unused"]),
        (Attention::NeverUsed, &["Handed", "Never"]),
        (Attention::NeverHandedOver, &["Never"]),
    ] {
        let query = ListQuery { attention: Some(attention), limit: 50, ..ListQuery::default() };
        let page = desk.keydesk.list(&desk.operator, &query).await.unwrap();
        let listed: Vec<_> = page.items.iter().map(|key| key.settings.client_name.as_str()).collect();
        assert_eq!((listed.as_slice(), page.total), (expected, expected.len() as u64), "{attention}");
        let selection = Selection::Matching {
            search: String::new(),
            environment: None,
            status: None,
            preset: None,
            expiring_before: None,
            attention: Some(attention),
        };
        let impact = desk.keydesk.deletion_impact(&desk.operator, &selection).await.unwrap();
        assert_eq!(impact.keys, expected.len() as u64, "{attention}: those that are shown are those that go");
        let test = ListQuery { environment: Some(Environment::Test), ..query };
        assert_eq!(desk.keydesk.list(&desk.operator, &test).await.unwrap().total, 0);
    }
}

async fn a_table_for_letters_begins_with_the_owner(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let owner = Some("ada@example.com".parse().unwrap());
    let patch = SettingsPatch { owner_email: Some(owner), ..settings("Acme, Inc") };
    let issued = desk.keydesk.issue(&desk.operator, NewKey::of(patch)).await.unwrap();
    let export = async |caller| {
        let query = ListQuery { attention: Some(Attention::NeverUsed), ..ListQuery::default() };
        let mut export = desk.keydesk.export(caller, query).to_owners();
        let mut text = Vec::new();
        while let Some(part) = export.next().await.unwrap() {
            text.extend(part);
        }
        String::from_utf8(text).unwrap()
    };
    let hint = &issued.key.hint.0;
    let expected = format!(
        "owner_email,client_name,key,status,expires_at,last_used_at\r\nada@example.com,\"Acme, Inc\",{hint},active,,\r\n"
    );
    assert_eq!(export(&desk.operator).await, expected);
    let viewer = crate::roles::person(&desk, model::Role::Viewer).await;
    let text = export(&viewer).await;
    assert!(text.starts_with("client_name,key,") && !text.contains("ada@"), "{text}");
}
