use domain::{Caller, CeilingOf, NewKey};
use model::{Action, Ceiling, ClientName, Environment, KeyError, Preset, SettingsPatch};
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{TestKeydesk, settings};

on_both_databases!(
    a_ceiling_is_set_once_however_often_it_is_sent,
    a_limit_that_could_do_nothing_is_refused,
    no_key_sets_a_ceiling,
    a_new_key_has_the_limits_of_its_preset_unless_it_is_given_others
);

fn ceiling(rates: &Value, quotas: &Value) -> Ceiling {
    serde_json::from_value(json!({ "rate_limits": rates, "quotas": quotas })).unwrap()
}

fn six() -> Ceiling {
    ceiling(&json!([{"name": "default", "limit": 6, "window_seconds": 60}]), &json!([]))
}

fn client(name: &str) -> CeilingOf {
    CeilingOf::Client(ClientName::parse(name).unwrap(), Environment::Live)
}

async fn a_ceiling_is_set_once_however_often_it_is_sent(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let set = async |of, ceiling, version| desk.keydesk.set_ceiling(&desk.operator, of, ceiling, version).await;
    let before = desk.audit(&desk.operator).await.len();
    let first = set(client("Acme CRM"), six(), Some(0)).await.unwrap();
    assert_eq!((first.version, first.ceiling()), (1, six()));
    // Sent again, with the version of before, and by another way to write the name.
    assert_eq!(set(client("ÁCME  crm"), six(), Some(0)).await.unwrap().version, 1);
    let moved = set(client("Acme CRM"), Ceiling::default(), Some(0)).await;
    assert_eq!(moved, Err(KeyError::VersionMoved { current: 1 }));
    assert!(set(client("Acme CRM"), Ceiling::default(), Some(1)).await.unwrap().ceiling().is_empty());
    set(CeilingOf::Installation, six(), None).await.unwrap();
    let shown = desk.keydesk.ceiling(&desk.operator, CeilingOf::Installation).await.unwrap();
    assert_eq!((shown.ceiling(), shown.version, shown.client_name), (six(), 1, None));
    let entries = desk.audit(&desk.operator).await;
    let told: Vec<Value> = entries[before..]
        .iter()
        .map(|entry| {
            assert_eq!(entry.action().unwrap(), Action::CeilingSet);
            serde_json::from_str(&entry.detail).unwrap()
        })
        .collect();
    let limits = json!([{"name": "default", "limit": 6, "window_seconds": 60, "burst": 6, "scopes": []}]);
    assert_eq!(
        told,
        [
            json!({"client_name": "Acme CRM", "environment": "live", "rate_limits": {"from": [], "to": limits}}),
            json!({"client_name": "Acme CRM", "environment": "live", "rate_limits": {"from": limits, "to": []}}),
            json!({"rate_limits": {"from": [], "to": limits}}),
        ]
    );
}

async fn a_limit_that_could_do_nothing_is_refused(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    let before = desk.database.raw().await.dump().await;
    let rate = |scope: &str| json!([{"name": "a", "limit": 1, "window_seconds": 1, "scopes": [scope]}]);
    let quota = |zone: &str| json!([{"name": "b", "limit": 1, "period": "day", "time_zone": zone}]);
    for (rates, quotas, at) in [
        (rate("calls:mak"), json!([]), "rate_limits[0].scopes"),
        (json!([]), quota("Mars/Base"), "quotas[0].time_zone"),
        (json!([]), quota("Factory"), "quotas[0].time_zone"),
        (rate("calls:make"), json!([{"name": "a", "limit": 1, "period": "day"}]), "quotas"),
    ] {
        let wanted = ceiling(&rates, &quotas);
        let (rate_limits, quotas) = (Some(wanted.rate_limits.clone()), Some(wanted.quotas.clone()));
        let patch = SettingsPatch { rate_limits, quotas, ..settings("Acme") };
        let changed = desk.keydesk.update(&desk.operator, id, patch.clone(), None).await.map(drop);
        let issued = desk.keydesk.issue(&desk.operator, NewKey::of(patch)).await.map(drop);
        let set = desk.keydesk.set_ceiling(&desk.operator, client("Acme"), wanted, None).await.map(drop);
        for refused in [changed, issued, set] {
            assert!(
                matches!(&refused, Err(KeyError::InvalidSetting { field, .. }) if field == at),
                "{at}: {refused:?}"
            );
        }
    }
    assert_eq!(desk.database.raw().await.dump().await, before);
    let known = ceiling(&rate("calls:make"), &quota("europe/zurich"));
    assert!(desk.keydesk.set_ceiling(&desk.operator, client("Acme"), known, None).await.is_ok());
}

async fn no_key_sets_a_ceiling(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let caller: Caller = desk.caller(&["keys:read", "keys:write"]).await;
    for of in [CeilingOf::Installation, client("Acme")] {
        let refused = desk.keydesk.set_ceiling(&caller, of.clone(), six(), None).await;
        assert_eq!(refused, Err(KeyError::Forbidden));
        assert_eq!(desk.keydesk.ceiling(&caller, of).await.unwrap().version, 0);
    }
}

async fn a_new_key_has_the_limits_of_its_preset_unless_it_is_given_others(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issue = async |patch| {
        let key = desk.keydesk.issue(&desk.operator, NewKey::of(patch)).await.unwrap().key;
        let record = desk.keydesk.get(&desk.operator, key.id).await.unwrap();
        assert_eq!(record.settings, key.settings, "as it was answered");
        key
    };
    let crm = || SettingsPatch { preset: Some(Preset::Crm), ..SettingsPatch::name("Acme") };
    let of_preset = issue(crm()).await;
    let words: Vec<_> = of_preset.settings.rate_limits.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["default=600/60s", "calls-make=60/60s,scopes=calls:make"]);
    let none = issue(SettingsPatch { rate_limits: Some(Default::default()), ..crm() }).await;
    assert!(none.settings.rate_limits.is_empty());
    let own = issue(SettingsPatch { rate_limits: Some(six().rate_limits), ..crm() }).await;
    assert_eq!(own.settings.rate_limits, six().rate_limits);
    assert!(issue(SettingsPatch::name("Custom")).await.settings.rate_limits.is_empty());
    // An existing key keeps what it has, whichever preset it gets.
    let patch = SettingsPatch { preset: Some(Preset::LiveWidget), ..SettingsPatch::default() };
    let changed = desk.keydesk.update(&desk.operator, none.id, patch, None).await.unwrap();
    assert!(changed.settings.rate_limits.is_empty());
    let default = desk.keydesk.default_key(&desk.operator).await.unwrap();
    assert!(default.settings.rate_limits.is_empty() && default.settings.quotas.is_empty());
}
