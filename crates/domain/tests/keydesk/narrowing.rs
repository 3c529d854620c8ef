//! What a change of a key would refuse, on both databases.

use domain::{Keydesk, NewKey, RecordedCalls, UsageOptions};
use model::{Code, Instant, KeyError, NetworkSet, ScopeSet, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};
use verify::Call;

use crate::test_keydesk::{HOUR, START, TestKeydesk, options, settings};

on_both_databases!(
    a_change_says_which_calls_it_would_refuse,
    a_key_that_nobody_uses_is_narrowed_without_a_word,
    where_allowed_calls_are_not_recorded_nobody_knows_what_is_refused
);

fn networks(json: &str) -> Option<NetworkSet> {
    Some(serde_json::from_str(json).unwrap())
}

fn scopes(names: &[&str]) -> Option<ScopeSet> {
    Some(names.iter().map(|name| name.parse().unwrap()).collect())
}

async fn a_change_says_which_calls_it_would_refuse(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.keydesk.issue(&desk.operator, NewKey::of(settings("Acme"))).await.unwrap();
    let wanted = ["calls:read".parse().unwrap()];
    for (address, number) in [("192.0.2.1", 4), ("198.51.100.4", 3)] {
        let call = Call { ip: address.parse().ok(), scopes: &wanted, ..Call::with(issued.secret.expose()) };
        for _ in 0..number {
            assert_eq!(desk.keydesk.verifier().verify(call, desk.keydesk.now()).await.unwrap().code, Code::Valid);
        }
    }
    desk.keydesk.verifier().flush_usage().await;
    let id = issued.key.id;
    let asked = async |patch: SettingsPatch| desk.keydesk.narrowing(&desk.operator, id, &patch, None).await.unwrap();
    let nothing = SettingsPatch::default;

    let without = asked(SettingsPatch { scopes: scopes(&["contacts:read"]), ..nothing() }).await;
    let named: Vec<_> = without.scopes.iter().map(|of| (of.scope.to_string(), of.counts.allowed)).collect();
    assert_eq!(named, [("calls:read".to_owned(), 7)]);
    assert_eq!((without.addresses.len(), without.is_empty(), without.breaks.allowed), (0, false, 7));

    let bound = asked(SettingsPatch { allowed_ips: networks(r#"["192.0.2.0/24"]"#), ..nothing() }).await;
    let shut_out: Vec<_> = bound.addresses.iter().map(|of| (of.address.to_string(), of.allowed)).collect();
    assert_eq!(shut_out, [("198.51.100.4".to_owned(), 3)]);
    assert!(!bound.from_unknown_addresses && bound.scopes.is_empty());

    let end = Instant::from_millis(START + HOUR);
    assert_eq!(asked(SettingsPatch { expires_at: Some(Some(end)), ..nothing() }).await.ends_at, Some(end));
    assert!(asked(SettingsPatch { enabled: Some(false), ..nothing() }).await.disables);
    let origins = Some(serde_json::from_str(r#"["https://shop.example"]"#).unwrap());
    assert!(asked(SettingsPatch { allowed_origins: origins, ..nothing() }).await.origins);
    let limits = |json: &str| Some(serde_json::from_str(json).unwrap());
    for (calls, reached) in [(5, 1), (7, 0)] {
        let quotas = limits(&format!(r#"[{{"name":"daily","limit":{calls},"period":"day"}}]"#));
        let narrowing = asked(SettingsPatch { quotas, ..nothing() }).await;
        assert_eq!((narrowing.limits.len(), narrowing.is_empty()), (reached, reached == 0), "{calls} a day");
    }
    for (calls, window, reached) in [(3, 3_600, 1), (6, 86_400, 1), (4, 3_600, 0), (1, 600, 0), (7, 86_400, 0)] {
        let text = format!(r#"[{{"name":"slow","limit":{calls},"window_seconds":{window}}}]"#);
        let rate_limits = Some(serde_json::from_str(&text).unwrap());
        let narrowing = asked(SettingsPatch { rate_limits, ..nothing() }).await;
        assert_eq!(narrowing.limits.len(), reached, "{calls} in {window} s");
    }
    for (calls, of, reached) in [(0, "calls:read", 1), (0, "calls:*", 1), (3, "calls:read", 0), (0, "contacts:read", 0)]
    {
        let quotas = limits(&format!(r#"[{{"name":"few","limit":{calls},"period":"month","scopes":["{of}"]}}]"#));
        let narrowing = asked(SettingsPatch { quotas, ..nothing() }).await;
        let found: Vec<_> = narrowing.limits_in_all.iter().map(|limit| (limit.most, limit.calls)).collect();
        assert_eq!((narrowing.limits.len(), found), (0, vec![(0, 7); reached]), "{calls} of {of}");
    }
    // What is only wider, or what is not used, refuses nothing.
    for patch in [
        SettingsPatch::name("Acme Airlines"),
        SettingsPatch { scopes: scopes(&["calls:*", "contacts:read"]), ..nothing() },
        SettingsPatch { scopes: scopes(&["calls:read"]), ..nothing() },
        SettingsPatch { allowed_ips: networks(r#"["192.0.2.0/24","198.51.100.0/24"]"#), ..nothing() },
    ] {
        assert!(asked(patch.clone()).await.is_empty(), "{patch:?}");
    }
    let other = desk.keydesk.narrowing(&desk.other, id, &nothing(), None).await;
    assert_eq!(other, Err(KeyError::NotFound));
    let off = SettingsPatch { enabled: Some(false), ..nothing() };
    for (version, asks) in [(issued.key.version, true), (issued.key.version + 1, false)] {
        let narrowing = desk.keydesk.narrowing(&desk.operator, id, &off, Some(version)).await.unwrap();
        assert_eq!(!narrowing.is_empty(), asks, "a change of another version is not made");
    }

    // From where some calls came nobody knows, so that a bound may shut them out.
    let from_nowhere = Call::with(issued.secret.expose());
    desk.keydesk.verifier().verify(from_nowhere, desk.keydesk.now()).await.unwrap();
    desk.keydesk.verifier().flush_usage().await;
    let bound = SettingsPatch { allowed_ips: networks(r#"["192.0.2.0/24","198.51.100.0/24"]"#), ..nothing() };
    let bound = asked(bound).await;
    assert!(bound.from_unknown_addresses && bound.addresses.is_empty() && !bound.is_empty());

    // A limit that is raised takes nothing away, whatever it is called.
    let rates = |name: &str, calls: u32| SettingsPatch {
        rate_limits: Some(
            serde_json::from_str(&format!(r#"[{{"name":"{name}","limit":{calls},"window_seconds":3600}}]"#)).unwrap(),
        ),
        ..SettingsPatch::default()
    };
    desk.keydesk.update(&desk.operator, id, rates("slow", 2), None).await.unwrap();
    assert!(asked(rates("hourly", 3)).await.is_empty());
    assert_eq!(asked(rates("hourly", 1)).await.limits.len(), 1);
}

async fn a_key_that_nobody_uses_is_narrowed_without_a_word(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    let patch = SettingsPatch {
        scopes: scopes(&[]),
        enabled: Some(false),
        allowed_ips: networks(r#"["192.0.2.0/24"]"#),
        expires_at: Some(Some(Instant::from_millis(START + HOUR))),
        ..SettingsPatch::default()
    };
    let narrowing = desk.keydesk.narrowing(&desk.operator, id, &patch, None).await.unwrap();
    assert!(narrowing.is_empty(), "{narrowing:?}");
}

async fn where_allowed_calls_are_not_recorded_nobody_knows_what_is_refused(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    let mut options = options(&desk.database, &desk.clock);
    options.usage = UsageOptions { recorded: RecordedCalls::Refused, ..UsageOptions::default() };
    let keydesk = Keydesk::open(options).await.unwrap();
    let quotas = Some(serde_json::from_str(r#"[{"name":"daily","limit":5,"period":"day"}]"#).unwrap());
    for narrower in [
        SettingsPatch { scopes: scopes(&[]), ..SettingsPatch::default() },
        SettingsPatch { enabled: Some(false), ..SettingsPatch::default() },
        SettingsPatch { allowed_ips: networks(r#"["192.0.2.0/24"]"#), ..SettingsPatch::default() },
        SettingsPatch { expires_at: Some(Some(Instant::from_millis(START + HOUR))), ..SettingsPatch::default() },
        SettingsPatch { quotas, ..SettingsPatch::default() },
    ] {
        let narrowing = keydesk.narrowing(&desk.operator, id, &narrower, None).await.unwrap();
        assert!(narrowing.is_blind && !narrowing.is_empty(), "{narrower:?}: {narrowing:?}");
    }
    let renamed = keydesk.narrowing(&desk.operator, id, &SettingsPatch::name("Acme Airlines"), None).await.unwrap();
    assert!(renamed.is_empty(), "{renamed:?}");
    keydesk.close().await;
}
