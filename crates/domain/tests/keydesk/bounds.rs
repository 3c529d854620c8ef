//! What a calling key may give to the keys that it issues or edits, itself among them.

use domain::{Caller, NewKey};
use model::{Code, IssueBounds, KeyError, KeyId, Overlap, Selection, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};
use verify::Call;

use crate::test_keydesk::{HOUR, START, TestKeydesk, once, scopes, settings, verify};

on_both_databases!(
    a_key_issues_within_its_own_bounds,
    a_key_issues_within_the_bounds_that_were_set_for_it,
    a_key_widens_no_other_beyond_its_bounds,
    a_key_issues_none_with_looser_limits_than_its_own,
    limits_in_the_contact_centre_go_no_further_than_the_callers_own,
    a_key_narrows_itself_and_never_widens_itself,
    a_key_has_no_other_that_it_could_not_have_issued,
    bounds_that_changed_while_a_change_waited_are_the_ones_that_count,
);

fn patch(json: &str) -> SettingsPatch {
    serde_json::from_str(json).unwrap()
}

/// A manager with these settings, as a caller.
async fn manager(desk: &TestKeydesk, json: &str) -> (Caller, KeyId) {
    let held = scopes(&["keys:read", "keys:write", "keys:reveal", "calls:read"]);
    let new = NewKey::of(SettingsPatch { scopes: Some(held), client_name: Some("Manager".to_owned()), ..patch(json) });
    let issued = desk.keydesk.issue(&desk.operator, new).await.unwrap();
    let call = Call {
        ip: Some("10.0.0.1".parse().unwrap()),
        origin: Some("https://a.example").into(),
        ..Call::with(issued.secret.expose())
    };
    let verdict = desk.keydesk.verifier().verify(call, desk.keydesk.now()).await.unwrap();
    assert_eq!(verdict.code, Code::Valid);
    (Caller::key(&verdict.record.unwrap()), issued.key.id)
}

async fn issue(desk: &TestKeydesk, caller: &Caller, json: &str) -> Result<KeyId, KeyError> {
    let given = SettingsPatch { client_name: Some("Acme".to_owned()), ..patch(json) };
    desk.keydesk.issue(caller, NewKey::of(given)).await.map(|issued| issued.key.id)
}

fn beyond<T>(field: &str) -> Result<T, KeyError> {
    Err(KeyError::BoundsEscalation { field: field.to_owned() })
}

const END: i64 = START + 10 * HOUR;

fn at(ms: i64) -> String {
    model::Instant::from_millis(ms).to_string()
}

async fn a_key_issues_none_with_looser_limits_than_its_own(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let rates = |limit: u32| format!(r#"{{"rate_limits":[{{"name":"a","limit":{limit},"window_seconds":60}}]}}"#);
    let (caller, itself) = manager(&desk, &rates(60)).await;
    let within = issue(&desk, &caller, &rates(60)).await.unwrap();
    for (given, refused) in [(rates(61), "rate_limits"), (r#"{"rate_limits":[]}"#.to_owned(), "rate_limits")] {
        assert_eq!(issue(&desk, &caller, &given).await, beyond(refused), "{given}");
        for id in [within, itself] {
            let edited = desk.keydesk.update(&caller, id, patch(&given), None).await.map(drop);
            assert_eq!(edited, beyond(refused), "{given}");
        }
    }
    // The preset's limits are looser, and were not asked for.
    assert_eq!(issue(&desk, &caller, r#"{"preset":"quality-assurance","scopes":[]}"#).await, beyond("rate_limits"));
    let set = r#"{"issue_bounds":{"rate_limits":[{"name":"b","limit":90,"window_seconds":60}]}}"#;
    let (bound, _) = manager(&desk, set).await;
    assert!(issue(&desk, &bound, &rates(90)).await.is_ok());
    assert_eq!(issue(&desk, &bound, &rates(91)).await, beyond("rate_limits"));
    assert_eq!(issue(&desk, &bound, "{}").await, beyond("rate_limits"));
}

async fn a_key_issues_within_its_own_bounds(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let bound = format!(
        r#"{{"allowed_ips":["10.0.0.0/8"],"allowed_origins":["https://a.example"],"expires_at":"{}"}}"#,
        at(END)
    );
    let (caller, _) = manager(&desk, &bound).await;
    assert!(issue(&desk, &caller, &bound).await.is_ok());
    for (json, field) in [
        ("{}".to_owned(), "allowed_ips"),
        (bound.replace("10.0.0.0/8", "10.0.0.0/7"), "allowed_ips"),
        (bound.replace(r#"["https://a.example"]"#, "[]"), "allowed_origins"),
        (bound.replace(&at(END), &at(END + 1)), "expires_at"),
        (bound.replace(&format!("\"{}\"", at(END)), "null"), "expires_at"),
        (bound.replace("{\"allowed_ips", "{\"issue_bounds\":{},\"allowed_ips"), "issue_bounds"),
    ] {
        let before = desk.database.raw().await.dump().await;
        assert_eq!(issue(&desk, &caller, &json).await, beyond(field), "{json}");
        let many = NewKey::of(SettingsPatch { client_name: Some("Acme".to_owned()), ..patch(&json) });
        let many = desk.keydesk.issue_many(&caller, vec![many]).await.map(drop);
        assert_eq!(many, beyond(field), "{json}");
        assert_eq!(desk.database.raw().await.dump().await, before, "nothing is written");
    }
    let (free, _) = manager(&desk, "{}").await;
    assert!(issue(&desk, &free, "{}").await.is_ok(), "a key that is bound to nothing issues such keys");
}

async fn a_key_issues_within_the_bounds_that_were_set_for_it(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let set =
        r#"{"allowed_ips":["10.0.0.1"],"issue_bounds":{"allowed_ips":["192.0.2.0/24"],"longest_life_seconds":3600}}"#;
    let (caller, id) = manager(&desk, set).await;
    let key = |ip: &str, end: i64| format!(r#"{{"allowed_ips":["{ip}"],"expires_at":"{}"}}"#, at(end));
    assert!(issue(&desk, &caller, &key("192.0.2.7", START + HOUR)).await.is_ok());
    assert_eq!(issue(&desk, &caller, &key("10.0.0.1", START + HOUR)).await, beyond("allowed_ips"));
    assert_eq!(issue(&desk, &caller, &key("192.0.2.7", START + HOUR + 1)).await, beyond("expires_at"));
    let anything = SettingsPatch { issue_bounds: Some(Some(IssueBounds::default())), ..SettingsPatch::default() };
    desk.keydesk.update(&desk.operator, id, anything, None).await.unwrap();
    assert!(issue(&desk, &caller, "{}").await.is_ok());
}

async fn a_key_widens_no_other_beyond_its_bounds(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (caller, _) = manager(&desk, r#"{"allowed_ips":["10.0.0.0/8"]}"#).await;
    let other = issue(&desk, &desk.operator, r#"{"allowed_ips":["192.0.2.1"],"scopes":["calls:read"]}"#).await.unwrap();
    let edit = async |json: &str| desk.keydesk.update(&caller, other, patch(json), None).await.map(drop);
    assert_eq!(edit(r#"{"allowed_ips":["192.0.2.1","10.0.0.9"]}"#).await, Ok(()), "what it had, and what is within");
    assert_eq!(edit(r#"{"client_name":"Beta"}"#).await, Ok(()));
    assert_eq!(edit(r#"{"allowed_ips":["192.0.2.2"]}"#).await, beyond("allowed_ips"));
    assert_eq!(edit(r#"{"allowed_ips":[]}"#).await, beyond("allowed_ips"));
    assert_eq!(edit(r#"{"issue_bounds":{}}"#).await, beyond("issue_bounds"));
    assert_eq!(edit(r#"{"issue_bounds":null,"allowed_ips":["10.0.0.9"]}"#).await, Ok(()), "it names no others");
}

async fn limits_in_the_contact_centre_go_no_further_than_the_callers_own(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let own = r#"{"contact_centre":{"calls_per_hour":60,"agent_ids":[]}}"#;
    let (caller, id) = manager(&desk, own).await;
    let other = issue(&desk, &caller, own).await.unwrap();
    let more = r#"{"contact_centre":{"calls_per_hour":61,"agent_ids":[]}}"#;
    for wider in ["{}", more, r#"{"contact_centre":{"calls_per_hour":60}}"#] {
        assert_eq!(issue(&desk, &caller, wider).await, beyond("contact_centre"), "{wider}");
    }
    for key in [id, other] {
        let edit = async |json: &str| desk.keydesk.update(&caller, key, patch(json), None).await.map(drop);
        assert_eq!(edit(more).await, beyond("contact_centre"));
        assert_eq!(edit(r#"{"contact_centre":{"calls_per_hour":1,"agent_ids":[]}}"#).await, Ok(()));
    }
}

async fn a_key_narrows_itself_and_never_widens_itself(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (caller, id) = manager(&desk, &format!(r#"{{"allowed_ips":["10.0.0.0/8"],"expires_at":"{}"}}"#, at(END))).await;
    // What it may issue beyond its own bounds, it may not become.
    let all = SettingsPatch { issue_bounds: Some(Some(IssueBounds::default())), ..SettingsPatch::default() };
    desk.keydesk.update(&desk.operator, id, all, None).await.unwrap();
    let edit = async |json: &str| desk.keydesk.update(&caller, id, patch(json), None).await.map(drop);
    for (json, field) in [
        (r#"{"allowed_ips":[]}"#.to_owned(), "allowed_ips"),
        (r#"{"allowed_ips":["10.0.0.0/8","192.0.2.1"]}"#.to_owned(), "allowed_ips"),
        (r#"{"expires_at":null}"#.to_owned(), "expires_at"),
        (format!(r#"{{"expires_at":"{}"}}"#, at(END + 1)), "expires_at"),
        (r#"{"issue_bounds":null}"#.to_owned(), "issue_bounds"),
    ] {
        assert_eq!(edit(&json).await, beyond(field), "{json}");
    }
    assert_eq!(edit(&format!(r#"{{"allowed_ips":["10.0.0.0/16"],"expires_at":"{}"}}"#, at(END - 1))).await, Ok(()));
    assert_eq!(edit(r#"{"allowed_ips":["10.0.0.0/8"]}"#).await, beyond("allowed_ips"), "what it gave up is gone");
}

async fn bounds_that_changed_while_a_change_waited_are_the_ones_that_count(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (caller, id) = manager(&desk, "{}").await;
    let other = desk.keydesk.issue(&desk.operator, NewKey::of(settings("Other"))).await.unwrap();
    desk.keydesk.update(&desk.operator, id, patch(r#"{"allowed_ips":["10.0.0.0/8"]}"#), None).await.unwrap();
    assert_eq!(issue(&desk, &caller, "{}").await, beyond("allowed_ips"));
    assert_eq!(verify(&desk.keydesk, other.secret.expose()).await.code, Code::Valid);
}

/// Whoever may use a key has all that it may do, from wherever it may be used.
async fn a_key_has_no_other_that_it_could_not_have_issued(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let (caller, own) =
        manager(&desk, r#"{"allowed_ips":["10.0.0.0/8"],"issue_bounds":{"allowed_ips":["10.1.0.0/16"]}}"#).await;
    for (json, expected) in [
        (r#"{"scopes":["calls:read"]}"#, beyond("allowed_ips")),
        (r#"{"scopes":["calls:read"],"allowed_ips":["10.0.0.1"]}"#, beyond("allowed_ips")),
        (r#"{"scopes":["calls:read"],"allowed_ips":["10.1.0.1"]}"#, Ok(())),
        (
            r#"{"scopes":["calls:read"],"allowed_ips":["10.1.0.1"],"issue_bounds":{"allowed_ips":["10.1.0.0/24"]}}"#,
            Ok(()),
        ),
        (r#"{"scopes":["calls:read"],"allowed_ips":["10.1.0.1"],"issue_bounds":{}}"#, beyond("issue_bounds")),
    ] {
        let key = async || issue(&desk, operator, json).await.unwrap();
        let id = key().await;
        assert_eq!(keydesk.reveal(&caller, id).await.map(drop), expected, "{json}");
        assert_eq!(keydesk.create_handover(&caller, id).await.map(drop), expected, "{json}");
        assert_eq!(keydesk.rotate(&caller, id, Overlap::NONE, None).await.map(drop), expected, "{json}");
        let more = patch(r#"{"scopes":["calls:read","keys:read"]}"#);
        assert_eq!(keydesk.update(&caller, id, more, None).await.map(drop), expected, "{json}");
        assert_eq!(keydesk.update(&caller, id, patch(r#"{"client_name":"Beta"}"#), None).await.map(drop), Ok(()));

        keydesk.set_enabled(operator, id, false, None).await.unwrap();
        let skipped = keydesk.bulk_set_enabled(&caller, &[id], true).await.unwrap().skipped;
        assert_eq!(
            skipped.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(),
            match expected {
                Ok(()) => vec![],
                _ => vec!["bounds_escalation"],
            }
        );
        keydesk.set_enabled(operator, id, true, None).await.unwrap();
        let off = keydesk.set_enabled_selected(operator, &Selection::Ids(vec![id]), false).await.unwrap();
        assert_eq!(keydesk.undo_switch(&caller, &off.changes, false).await.map(drop), expected, "{json}");
        keydesk.set_enabled(operator, id, false, None).await.unwrap();
        assert_eq!(keydesk.set_enabled(&caller, id, true, None).await.map(drop), expected, "{json}");
        let deleted = keydesk.delete_selected(operator, &Selection::Ids(vec![id])).await.unwrap();
        assert_eq!(keydesk.undo_delete(&caller, &deleted.changes).await.map(drop), expected, "{json}");
        if expected.is_ok() {
            keydesk.delete(operator, id, None).await.unwrap();
        }
        assert_eq!(keydesk.restore(&caller, id).await.map(drop), expected, "{json}");
    }
    // Its own secret is its own, whatever it may issue.
    assert!(keydesk.reveal(&caller, own).await.is_ok());
    assert!(keydesk.rotate(&caller, own, Overlap::try_from(60).unwrap(), None).await.is_ok());
}

/// A request that is sent again gets the secret again, of the key as it is now.
#[tokio::test]
async fn a_kept_answer_tells_no_secret_of_a_key_that_has_outgrown_its_issuer() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    let (caller, _) = manager(&desk, r#"{"allowed_ips":["10.0.0.0/8"]}"#).await;
    let issue = async || {
        let given = SettingsPatch { client_name: Some("Acme".to_owned()), ..patch(r#"{"allowed_ips":["10.0.0.1"]}"#) };
        desk.keydesk.issue_once(&caller, NewKey::of(given), once("a", "x")).await
    };
    let issued = issue().await.unwrap().issued().unwrap();
    assert_eq!(issue().await.unwrap().issued().unwrap().secret.expose(), issued.secret.expose());
    let any = patch(r#"{"allowed_ips":[]}"#);
    desk.keydesk.update(&desk.operator, issued.key.id, any, None).await.unwrap();
    assert_eq!(issue().await.map(drop), beyond("allowed_ips"));
}

/// The callers are those of changes that were let in before and wait for their turn.
#[tokio::test]
async fn a_key_whose_secret_ended_while_its_change_waited_changes_nothing() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    let (caller, id) = manager(&desk, "{}").await;
    desk.keydesk.rotate(&desk.operator, id, Overlap::try_from(60).unwrap(), None).await.unwrap();
    assert!(issue(&desk, &caller, "{}").await.is_ok(), "it works beside the new one");
    desk.keydesk.end_overlap(&desk.operator, id, None).await.unwrap();
    assert_eq!(issue(&desk, &caller, "{}").await, Err(KeyError::Forbidden));
}
