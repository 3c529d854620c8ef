use domain::{Caller, NewKey};
use model::{Action, Code, Instant, KeyError, KeyStatus, NetworkSet, OriginSet, Preset, ScopeSet, SettingsPatch};
use serde_json::json;
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{HOUR, START, TestKeydesk, call, code, scopes, settings};

on_both_databases!(
    every_setting_can_be_changed_and_taken_back,
    an_edit_without_a_change_writes_nothing,
    a_bad_change_changes_nothing,
    whoever_lacks_a_scope_can_remove_it_but_not_grant_it,
    only_a_holder_of_its_scopes_lets_a_key_do_more,
    a_preset_brings_its_scopes,
    a_key_expires_to_the_millisecond_and_its_expiry_can_be_moved,
    addresses_and_origins_bind_a_key
);

fn in_an_hour() -> Instant {
    Instant::from_millis(START + HOUR)
}

/// Every setting with a value that is not the usual one.
fn everything() -> SettingsPatch {
    SettingsPatch {
        client_name: Some("Beta".to_owned()),
        preset: Some(Preset::LiveWidget),
        scopes: Some(scopes(&["calls:read"])),
        enabled: Some(false),
        expires_at: Some(Some(in_an_hour())),
        allowed_ips: Some(serde_json::from_value(json!(["10.0.0.0/8"])).unwrap()),
        allowed_origins: Some(serde_json::from_value(json!(["https://*.example.com"])).unwrap()),
        rate_limits: Some(serde_json::from_value(json!([{"name": "a", "limit": 6, "window_seconds": 60}])).unwrap()),
        quotas: Some(serde_json::from_value(json!([{"name": "b", "limit": 9, "period": "day"}])).unwrap()),
        metadata: Some(serde_json::from_value(json!({"crm": "4711"})).unwrap()),
        owner_email: Some(Some("ada@example.com".parse().unwrap())),
        notes: Some(Some("ring Ada first".parse().unwrap())),
        ..SettingsPatch::default()
    }
}

async fn every_setting_can_be_changed_and_taken_back(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let before = desk.issue("Acme").await.key;
    desk.clock.advance(1);
    let after = desk.keydesk.update(&desk.operator, before.id, everything(), Some(1)).await.unwrap();
    assert_eq!(desk.keydesk.get(&desk.operator, before.id).await.unwrap(), after);
    assert_eq!((after.version, after.updated_at), (2, Instant::from_millis(START + 1)));
    assert_eq!(
        (after.settings.client_name.as_str(), after.settings.preset, &after.settings.scopes),
        ("Beta", Preset::LiveWidget, &scopes(&["calls:read"]))
    );
    assert_eq!((after.settings.expires_at, after.status), (Some(in_an_hour()), KeyStatus::Disabled));
    assert_eq!(after.settings.owner_email.as_ref().unwrap().as_str(), "ada@example.com");
    assert_eq!(after.settings.notes.as_ref().unwrap().as_str(), "ring Ada first");
    let entry = desk.audit(&desk.operator).await.pop().unwrap();
    assert_eq!(entry.action().unwrap(), Action::KeyUpdate);
    let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap();
    assert_eq!(detail["allowed_ips"], json!({"from": [], "to": ["10.0.0.0/8"]}));
    assert_eq!((detail.as_object().unwrap().len(), &detail["notes"]), (12, &json!({"changed": true})));
    assert_eq!(detail["enabled"], json!({"from": true, "to": false}));
    assert!(!entry.detail.contains("ring Ada"), "the log is forever");

    let back = SettingsPatch {
        client_name: Some("Acme".to_owned()),
        preset: Some(Preset::Crm),
        scopes: None,
        enabled: Some(true),
        expires_at: Some(None),
        allowed_ips: Some(Default::default()),
        allowed_origins: Some(Default::default()),
        rate_limits: Some(Default::default()),
        quotas: Some(Default::default()),
        metadata: Some(Default::default()),
        owner_email: Some(None),
        notes: Some(None),
        ..SettingsPatch::default()
    };
    let back = desk.keydesk.update(&desk.operator, before.id, back, Some(2)).await.unwrap();
    assert_eq!(back.settings, before.settings);
    // A key that is created with all of it reads the same.
    let new = NewKey::of(everything());
    let made = desk.keydesk.issue(&desk.operator, new).await.unwrap().key;
    assert_eq!(made.settings, after.settings);
    assert_eq!(desk.keydesk.get(&desk.operator, made.id).await.unwrap(), made);
}

async fn an_edit_without_a_change_writes_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let key = desk.issue("Acme").await.key;
    desk.keydesk.update(&desk.operator, key.id, everything(), None).await.unwrap();
    // Even if it would not be accepted any more: the expiry is in the past.
    desk.clock.advance(2 * HOUR);
    let before = desk.database.raw().await.dump().await;
    for change in [everything(), SettingsPatch::default(), SettingsPatch::name(" Beta ")] {
        assert_eq!(desk.keydesk.update(&desk.operator, key.id, change, Some(2)).await.unwrap().version, 2);
    }
    assert_eq!(desk.keydesk.set_enabled(&desk.operator, key.id, false, Some(2)).await.unwrap().version, 2);
    assert_eq!(desk.keydesk.end_overlap(&desk.operator, key.id, Some(2)).await.unwrap().version, 2);
    assert_eq!(desk.database.raw().await.dump().await, before);
}

async fn a_bad_change_changes_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let key = desk.issue("Acme").await.key;
    let before = desk.database.raw().await.dump().await;
    let refused = async |change: SettingsPatch, version| {
        desk.keydesk.update(&desk.operator, key.id, change, version).await.unwrap_err().kind().code
    };
    assert_eq!(refused(everything(), Some(9)).await, "version_moved");
    assert_eq!(
        refused(SettingsPatch { client_name: Some("\0".to_owned()), ..everything() }, None).await,
        "invalid_client_name"
    );
    assert_eq!(
        refused(SettingsPatch { scopes: Some(scopes(&["calls:fly"])), ..everything() }, None).await,
        "unknown_scope"
    );
    for past in [START, START - 1] {
        let expires_at = Some(Some(Instant::from_millis(past)));
        assert_eq!(refused(SettingsPatch { expires_at, ..everything() }, None).await, "invalid_setting");
        let new = NewKey::of(SettingsPatch { expires_at: Some(Some(Instant::from_millis(past))), ..settings("Acme") });
        assert_eq!(desk.keydesk.issue(&desk.operator, new).await.unwrap_err().kind().code, "invalid_setting");
    }
    assert_eq!(desk.database.raw().await.dump().await, before);
}

async fn whoever_lacks_a_scope_can_remove_it_but_not_grant_it(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let weak = desk.caller(&["keys:write", "calls:read"]).await;
    let set = async |caller: &Caller, id, wanted: ScopeSet| {
        let change = SettingsPatch { scopes: Some(wanted), ..SettingsPatch::default() };
        desk.keydesk.update(caller, id, change, None).await.map(|key| key.settings.scopes)
    };
    for (has, wanted, expected) in [
        (&["calls:read"][..], &["calls:read", "data:read"][..], Err(&["data:read"][..])),
        (&["data:read", "wraps:read"], &["data:read"], Ok(())),
        (&["data:read"], &["data:read", "calls:read"], Ok(())),
        (&["data:read"], &[], Ok(())),
        (&["calls:*"], &["calls:make"], Ok(())),
        (&["calls:make"], &["calls:*"], Err(&["calls:*"])),
        (&["data:read"], &["wraps:read", "wraps:write"], Err(&["wraps:read", "wraps:write"])),
    ] {
        let new = NewKey::of(SettingsPatch { scopes: Some(scopes(has)), ..settings("Acme") });
        let id = desk.keydesk.issue(&desk.operator, new).await.unwrap().key.id;
        let expected = match expected {
            Ok(()) => Ok(scopes(wanted)),
            Err(missing) => Err(KeyError::ScopeEscalation { missing: scopes(missing).iter().cloned().collect() }),
        };
        assert_eq!(set(&weak, id, scopes(wanted)).await, expected, "{has:?} {wanted:?}");
        assert_eq!(set(&desk.operator, id, scopes(wanted)).await, Ok(scopes(wanted)));
    }
    // The caller can't give back what it took away.
    let new = NewKey::of(SettingsPatch { scopes: Some(scopes(&["data:read"])), ..settings("Acme") });
    let id = desk.keydesk.issue(&desk.operator, new).await.unwrap().key.id;
    set(&weak, id, ScopeSet::default()).await.unwrap();
    assert!(set(&weak, id, scopes(&["data:read"])).await.is_err());
}

async fn only_a_holder_of_its_scopes_lets_a_key_do_more(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (weak, strong) = (desk.caller(&["keys:write"]).await, desk.caller(&["keys:write", "data:read"]).await);
    let keydesk = &desk.keydesk;
    let bound = |ips: &[&str], origins: &[&str]| {
        let ips = ips.iter().map(|text| text.parse().unwrap());
        let origins = origins.iter().map(|text| text.parse().unwrap());
        SettingsPatch {
            allowed_ips: Some(NetworkSet::new(ips).unwrap()),
            allowed_origins: Some(OriginSet::new(origins).unwrap()),
            ..SettingsPatch::default()
        }
    };
    let until = |at: Option<i64>| SettingsPatch {
        expires_at: Some(at.map(|at| Instant::from_millis(START + at))),
        ..SettingsPatch::default()
    };
    let enabled = |enabled| SettingsPatch { enabled: Some(enabled), ..SettingsPatch::default() };
    // Before, after, and whether the caller must hold the key's scopes.
    let site = &["https://*.example.com"];
    for (from, to, widens) in [
        (bound(&["10.0.0.0/8"], &[]), bound(&["10.1.0.0/16"], &[]), false),
        (bound(&["10.0.0.0/8"], &[]), bound(&["10.0.0.0/8", "192.0.2.1"], &[]), true),
        (bound(&["10.0.0.0/8"], &[]), bound(&[], &[]), true),
        (bound(&[], site), bound(&[], &["https://a.example.com"]), false),
        (bound(&[], site), bound(&[], &["https://example.com"]), true),
        (bound(&[], site), bound(&[], &[]), true),
        (bound(&[], &[]), bound(&["10.0.0.1"], site), false),
        (until(Some(10)), until(Some(9)), false),
        (until(Some(10)), until(Some(11)), true),
        (until(Some(10)), until(None), true),
        (until(None), until(Some(10)), false),
        (enabled(false), enabled(true), true),
        (enabled(true), enabled(false), false),
    ] {
        let new = NewKey::of(SettingsPatch { scopes: Some(scopes(&["data:read"])), ..settings("Acme") });
        let id = keydesk.issue(&desk.operator, new).await.unwrap().key.id;
        keydesk.update(&desk.operator, id, from.clone(), None).await.unwrap();
        let before = desk.database.raw().await.dump().await;
        let done = keydesk.update(&weak, id, to.clone(), None).await;
        if widens {
            let missing = scopes(&["data:read"]).iter().cloned().collect();
            assert_eq!(done, Err(KeyError::ScopeEscalation { missing }), "{from:?} {to:?}");
            assert_eq!(desk.database.raw().await.dump().await, before);
            keydesk.update(&strong, id, to, None).await.unwrap();
        } else {
            done.unwrap();
        }
    }
    // With the key's scopes, it may.
    let new =
        NewKey::of(SettingsPatch { scopes: Some(scopes(&["data:read"])), enabled: Some(false), ..settings("Acme") });
    let id = keydesk.issue(&desk.operator, new).await.unwrap().key.id;
    let harmless = SettingsPatch { scopes: Some(ScopeSet::default()), ..enabled(true) };
    keydesk.update(&weak, id, harmless, None).await.unwrap();
}

async fn a_preset_brings_its_scopes(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    let update = async |preset, wanted: Option<&[&str]>| {
        let change = SettingsPatch { preset: Some(preset), scopes: wanted.map(scopes), ..SettingsPatch::default() };
        let key = desk.keydesk.update(&desk.operator, id, change, None).await.unwrap();
        (key.settings.preset, key.settings.scopes)
    };
    let widget = Preset::LiveWidget;
    assert_eq!(update(widget, None).await, (widget, widget.scopes()));
    assert_eq!(update(Preset::Custom, None).await, (Preset::Custom, widget.scopes()), "chosen by hand from now on");
    assert_eq!(update(widget, Some(&["calls:read"])).await, (widget, scopes(&["calls:read"])));
}

async fn a_key_expires_to_the_millisecond_and_its_expiry_can_be_moved(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let new = NewKey::of(SettingsPatch { expires_at: Some(Some(in_an_hour())), ..settings("Acme") });
    let issued = desk.keydesk.issue(&desk.operator, new).await.unwrap();
    let key = issued.secret.expose();
    for (now, expected) in [(HOUR - 1, Code::Valid), (HOUR, Code::Expired)] {
        desk.clock.set(START + now);
        assert_eq!(code(&desk.keydesk, key).await, expected);
        assert_eq!(code(&desk.second_node().await, key).await, expected, "from the database");
    }
    let later =
        SettingsPatch { expires_at: Some(Some(Instant::from_millis(START + HOUR + 1))), ..SettingsPatch::default() };
    desk.keydesk.update(&desk.operator, issued.key.id, later, None).await.unwrap();
    assert_eq!(code(&desk.keydesk, key).await, Code::Valid);
}

async fn addresses_and_origins_bind_a_key(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let new = NewKey::of(SettingsPatch {
        allowed_ips: everything().allowed_ips,
        allowed_origins: everything().allowed_origins,
        ..settings("Acme")
    });
    let issued = desk.keydesk.issue(&desk.operator, new).await.unwrap();
    let cold = desk.second_node().await;
    for (ip, origin, expected) in [
        (None, None, Code::IpNotAllowed),
        (None, Some("https://app.example.com"), Code::IpNotAllowed),
        (Some("192.0.2.1"), Some("https://app.example.com"), Code::IpNotAllowed),
        (Some("10.1.2.3"), None, Code::OriginNotAllowed),
        (Some("10.1.2.3"), Some("https://example.com"), Code::OriginNotAllowed),
        (Some("10.1.2.3"), Some("https://app.example.com"), Code::Valid),
        (Some("::ffff:10.1.2.3"), Some("https://app.example.com"), Code::Valid),
    ] {
        for keydesk in [&desk.keydesk, &cold] {
            let ip = ip.map(|text: &str| text.parse().unwrap());
            let verdict = keydesk
                .verifier()
                .verify(verify::Call { ip, origin: origin.into(), ..call(issued.secret.expose()) }, keydesk.now())
                .await
                .unwrap();
            assert_eq!(verdict.code, expected, "{ip:?} {origin:?}");
        }
    }
    let free = SettingsPatch {
        allowed_ips: Some(Default::default()),
        allowed_origins: Some(Default::default()),
        ..SettingsPatch::default()
    };
    desk.keydesk.update(&desk.operator, issued.key.id, free, None).await.unwrap();
    assert_eq!(code(&desk.keydesk, issued.secret.expose()).await, Code::Valid);
}
