use domain::NewKey;
use model::{ClientNameError, Environment, KeyError, KeyKind, KeyStatus, Preset, Scope, ScopeSet, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{START, TestKeydesk, new_key, scopes, settings};

on_both_databases!(
    a_new_key_has_the_settings_asked_for,
    nobody_grants_scopes_that_they_lack,
    an_unknown_scope_is_refused_by_name,
    an_invalid_client_name_is_refused,
    a_rename_to_the_same_name_writes_nothing,
    a_rename_against_another_version_is_refused,
    hostile_names_come_back_as_they_were
);

async fn a_new_key_has_the_settings_asked_for(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    for (preset, given, environment, expected) in [
        (Some(Preset::LiveWidget), None, Environment::Test, Preset::LiveWidget.scopes()),
        (None, None, Environment::Live, ScopeSet::default()),
        (None, Some(scopes(&["keys:*", "calls:read"])), Environment::Live, scopes(&["calls:read", "keys:*"])),
        (Some(Preset::Crm), Some(scopes(&["calls:read"])), Environment::Live, scopes(&["calls:read"])),
        (Some(Preset::Crm), Some(ScopeSet::default()), Environment::Live, ScopeSet::default()),
    ] {
        let new = NewKey {
            environment: Some(environment),
            ..NewKey::of(SettingsPatch { preset, scopes: given, ..settings("  Cafe\u{301} ") })
        };
        let issued = desk.keydesk.issue(&desk.operator, new).await.unwrap();
        let key = issued.key;
        assert_eq!((key.kind, key.status, key.version), (KeyKind::Issued, KeyStatus::Active, 1));
        assert_eq!(
            (key.settings.client_name.as_str(), key.environment, key.settings.scopes.clone()),
            ("Café", environment, expected)
        );
        assert_eq!((key.settings.preset, key.created_at.as_millis()), (preset.unwrap_or(Preset::Custom), START));
        assert_eq!(key.hint, issued.secret.hint());
        assert!(issued.secret.expose().starts_with(&format!("ccc_{environment}_")));
        assert_eq!(desk.keydesk.get(&desk.operator, key.id).await.unwrap(), key);
    }
}

async fn nobody_grants_scopes_that_they_lack(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let rows: [(&[&str], &[&str], &[&str]); 12] = [
        (&["keys:write"], &[], &[]),
        (&["keys:write"], &["keys:write"], &[]),
        (&["keys:write"], &["contacts:read"], &["contacts:read"]),
        (&["keys:write", "contacts:read"], &["contacts:read"], &[]),
        (&["keys:write", "contacts:read"], &["contacts:read", "contacts:write"], &["contacts:write"]),
        (&["contacts:*"], &["contacts:read", "contacts:write"], &[]),
        (&["contacts:*"], &["contacts:*"], &[]),
        // Holding all of today's actions is not holding every action of the resource.
        (&["contacts:read", "contacts:write"], &["contacts:*"], &["contacts:*"]),
        (&["keys:*"], &["keys:reveal", "keys:*"], &[]),
        (&["keys:*"], &["usage:read", "audit:read"], &["audit:read", "usage:read"]),
        (&["agents:*"], &["agent-states:subscribe"], &["agent-states:subscribe"]),
        (&[], &["calls:read"], &["calls:read"]),
    ];
    for (held, wanted, missing) in rows {
        let caller = desk.caller(held).await;
        let new = NewKey::of(SettingsPatch { scopes: Some(scopes(wanted)), preset: None, ..settings("Acme") });
        let outcome = desk.keydesk.issue(&caller, new).await.map(|issued| issued.key.settings.scopes);
        let expected = if missing.is_empty() {
            Ok(scopes(wanted))
        } else {
            Err(KeyError::ScopeEscalation { missing: scopes(missing).iter().cloned().collect() })
        };
        assert_eq!(outcome, expected, "{held:?} gives {wanted:?}");
    }
    // A preset does not get around the check.
    let caller = desk.caller(&["contacts:read", "keys:write"]).await;
    let outcome = desk.keydesk.issue(&caller, new_key("Acme")).await.map(drop);
    assert!(matches!(outcome, Err(KeyError::ScopeEscalation { missing }) if missing.len() == 5));
}

async fn an_unknown_scope_is_refused_by_name(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    for unknown in ["contacts:paint", "unicorns:read", "unicorns:*", "contact:*", "keys:rea"] {
        let new = NewKey::of(SettingsPatch { scopes: Some(scopes(&["calls:read", unknown])), ..settings("Acme") });
        let outcome = desk.keydesk.issue(&desk.operator, new).await.map(drop);
        assert_eq!(outcome, Err(KeyError::UnknownScope { scope: Scope::parse(unknown).unwrap() }));
    }
}

async fn an_invalid_client_name_is_refused(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let key = desk.issue("Acme").await.key;
    let long = "a".repeat(101);
    let invisible = |character, place| ClientNameError::Invisible { character, place };
    for (name, reason) in [
        ("", ClientNameError::Empty),
        (" \u{3000}", ClientNameError::Empty),
        (long.as_str(), ClientNameError::TooLong),
        ("Ac\0me", invisible('\0', 3)),
        ("Ac\u{202E}me", invisible('\u{202E}', 3)),
        ("Acme\n", invisible('\n', 5)),
        ("\u{FE0F}", invisible('\u{FE0F}', 1)),
        ("\u{2800}", ClientNameError::NothingVisible),
    ] {
        let refused = KeyError::InvalidClientName { reason };
        assert_eq!(desk.keydesk.issue(&desk.operator, new_key(name)).await.map(drop), Err(refused.clone()), "{name:?}");
        assert_eq!(
            desk.keydesk.update(&desk.operator, key.id, SettingsPatch::name(name), None).await,
            Err(refused),
            "{name:?}"
        );
    }
    assert_eq!(desk.keydesk.get(&desk.operator, key.id).await.unwrap(), key);
}

async fn a_rename_to_the_same_name_writes_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let key = desk.issue("Café").await.key;
    let before = desk.database.raw().await.dump().await;
    desk.clock.advance(10);
    for same in ["Café", " Café ", "Cafe\u{301}"] {
        assert_eq!(desk.keydesk.update(&desk.operator, key.id, SettingsPatch::name(same), Some(1)).await.unwrap(), key);
    }
    assert_eq!(desk.database.raw().await.dump().await, before);
    let renamed = desk.keydesk.update(&desk.operator, key.id, SettingsPatch::name("café"), None).await.unwrap();
    assert_eq!((renamed.version, renamed.updated_at.as_millis()), (2, START + 10));
}

async fn a_rename_against_another_version_is_refused(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    let rename =
        async |name: &str, version| desk.keydesk.update(&desk.operator, id, SettingsPatch::name(name), version).await;
    assert_eq!(rename("Beta", Some(1)).await.unwrap().version, 2);
    for version in [0, 1, 3] {
        assert_eq!(rename("Gamma", Some(version)).await, Err(KeyError::VersionMoved { current: 2 }));
        assert_eq!(
            desk.keydesk.delete(&desk.operator, id, Some(version)).await,
            Err(KeyError::VersionMoved { current: 2 })
        );
    }
    // Of two callers that saw the same version, one wins.
    let (one, two) = tokio::join!(rename("One", Some(2)), rename("Two", Some(2)));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert_eq!(desk.keydesk.delete(&desk.operator, id, Some(3)).await, Ok(()));
}

async fn hostile_names_come_back_as_they_were(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let wide = "漢".repeat(100);
    for name in [
        "<script>alert(1)</script>",
        "=HYPERLINK(\"http://x\")",
        "'; DROP TABLE api_key; --",
        "100%_\\",
        "\\u0000 ${jndi:ldap://x} {{7*7}} %s %n",
        "שלום עולם",
        "e\u{301}\u{316}\u{317}",
        "👩🏽 🏴 🦀",
        wide.as_str(),
    ] {
        let issued = desk.issue(name).await;
        let expected = model::ClientName::parse(name).unwrap();
        assert_eq!(issued.key.settings.client_name, expected, "{name}");
        let page = model::ListQuery { search: name.to_owned(), limit: 50, ..model::ListQuery::default() };
        let page = desk.keydesk.list(&desk.operator, &page).await.unwrap();
        // Accents make no difference to a search, so that one of these is found in others, too.
        assert!(page.items.contains(&issued.key), "{name}");
    }
}
