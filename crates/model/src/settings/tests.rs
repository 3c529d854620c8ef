//! The functions over settings agree with each other.

use proptest::{option, prelude::*};
use serde_json::{Map, Value, json};

use super::*;

fn of<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// One of a few values for each setting, so that two settings often agree.
fn some<T: serde::de::DeserializeOwned + Clone + std::fmt::Debug + 'static>(
    values: &[Value],
) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(values.iter().map(|value| of(value.clone())).collect::<Vec<T>>())
}

prop_compose! {
    fn settings()(
        // In one, since a tuple of strategies has at most twelve.
        (enabled, issue_bounds, contact_centre, sandbox_world) in (
            any::<bool>(),
            some(&[json!(null), json!({}), json!({"allowed_ips": ["10.0.0.0/8"]})]),
            some(&[json!({}), json!({"calls_per_hour": 9}), json!({"calls_per_hour": 5, "max_streams": 1})]),
            some(&[json!(null), json!("acme-ci"), json!("other")]),
        ),
        client_name in some(&[json!("Acme"), json!("Beta")]),
        preset in some(&[json!("custom"), json!("crm"), json!("live-widget")]),
        scopes in some(&[json!([]), json!(["calls:read"]), json!(["live:read", "queues:read"])]),
        expires_at in some(&[json!(null), json!("2027-01-01T00:00:00Z"), json!("2028-01-01T00:00:00Z")]),
        allowed_ips in some(&[json!([]), json!(["10.0.0.0/8"]), json!(["10.1.0.0/16"]), json!(["192.0.2.1"])]),
        allowed_origins in some(&[json!([]), json!(["https://a.example.com"]), json!(["https://*.example.com"])]),
        rate_limits in some(&[
            json!([]),
            json!([{"name": "a", "limit": 9, "window_seconds": 1}]),
            json!([{"name": "a", "limit": 5, "window_seconds": 1}]),
            json!([{"name": "a", "limit": 5, "window_seconds": 1}, {"name": "b", "limit": 5, "window_seconds": 2}]),
        ]),
        quotas in some(&[
            json!([]),
            json!([{"name": "q", "limit": 9, "period": "day"}]),
            json!([{"name": "q", "limit": 5, "period": "day"}]),
        ]),
        metadata in some(&[json!({}), json!({"crm": "1"})]),
        owner_email in some(&[json!(null), json!("ada@example.com")]),
        notes in some(&[json!(null), json!("ring first")]),
    ) -> KeySettings {
        KeySettings {
            enabled,
            client_name,
            preset,
            scopes,
            expires_at,
            allowed_ips,
            allowed_origins,
            rate_limits,
            quotas,
            metadata,
            owner_email,
            notes,
            issue_bounds,
            contact_centre,
            sandbox_world,
        }
    }
}

prop_compose! {
    /// Some settings of a key, and none of others.
    fn patch()(of in settings(), keep in prop::collection::vec(option::of(Just(())), 15)) -> SettingsPatch {
        let mut keep = keep.into_iter();
        let mut next = || keep.next().flatten();
        SettingsPatch {
            client_name: next().map(|()| of.client_name.clone().into()),
            preset: next().map(|()| of.preset),
            scopes: next().map(|()| of.scopes.clone()),
            enabled: next().map(|()| of.enabled),
            expires_at: next().map(|()| of.expires_at),
            allowed_ips: next().map(|()| of.allowed_ips.clone()),
            allowed_origins: next().map(|()| of.allowed_origins.clone()),
            rate_limits: next().map(|()| of.rate_limits.clone()),
            quotas: next().map(|()| of.quotas.clone()),
            metadata: next().map(|()| of.metadata.clone()),
            owner_email: next().map(|()| of.owner_email.clone()),
            notes: next().map(|()| of.notes.clone()),
            issue_bounds: next().map(|()| of.issue_bounds.clone()),
            contact_centre: next().map(|()| of.contact_centre.clone()),
            sandbox_world: next().map(|()| of.sandbox_world.clone()),
        }
    }
}

fn named(patch: &SettingsPatch) -> Map<String, Value> {
    of(json!(patch))
}

proptest! {
    #[test]
    fn a_difference_turns_one_into_the_other(from in settings(), to in settings()) {
        let diff = SettingsPatch::diff(&from, &to);
        prop_assert_eq!(diff.clone().apply(&from).unwrap(), to.clone());
        prop_assert_eq!(SettingsPatch::diff(&from, &from), SettingsPatch::default());
        prop_assert_eq!(diff == SettingsPatch::default(), from == to);
    }

    #[test]
    fn the_difference_that_a_patch_made_is_the_patch(before in settings(), patch in patch()) {
        let after = patch.clone().apply(&before).unwrap();
        let (given, made) = (named(&patch), named(&SettingsPatch::diff(&before, &after)));
        for (name, value) in &made {
            // Another preset brings its scopes, which the difference says and the patch need not.
            let brought = name == "scopes" && !given.contains_key("scopes") && given.contains_key("preset");
            prop_assert!(brought || given.get(name) == Some(value), "{} {:?} {:?}", name, given, made);
        }
        // A given setting that is not in the difference was the same before.
        prop_assert_eq!(patch.clone().apply(&after).unwrap(), after.clone());
        prop_assert_eq!(SettingsPatch::default().apply(&before).unwrap(), before);
    }

    #[test]
    fn a_patch_reads_back_as_it_was_written(patch in patch()) {
        prop_assert_eq!(of::<SettingsPatch>(json!(patch)), patch);
    }

    #[test]
    fn steps_that_do_not_widen_do_not_widen_together(one in settings(), two in settings(), three in settings()) {
        prop_assert_eq!(one.widens(&one), None);
        if three.widens(&one).is_some() {
            prop_assert!(two.widens(&one).or(three.widens(&two)).is_some());
        }
    }

    #[test]
    fn names_scopes_and_notes_widen_nothing(from in settings(), to in settings()) {
        let KeySettings { client_name, preset, scopes, metadata, owner_email, notes, .. } = to;
        let to = KeySettings { client_name, preset, scopes, metadata, owner_email, notes, ..from.clone() };
        prop_assert_eq!(to.widens(&from), None);
    }
}

fn acme() -> KeySettings {
    KeySettings::new(ClientName::parse("Acme").unwrap())
}

#[test]
fn each_loosened_setting_counts_as_widening() {
    let tight: SettingsPatch = of(json!({
        "enabled": false,
        "expires_at": "2027-01-01T00:00:00Z",
        "allowed_ips": ["10.0.0.0/8"],
        "allowed_origins": ["https://a.example.com"],
        "rate_limits": [{"name": "a", "limit": 5, "window_seconds": 1}],
        "quotas": [{"name": "q", "limit": 5, "period": "day"}],
        "contact_centre": {"calls_per_hour": 5},
        "sandbox_world": "acme-ci",
    }));
    let tight = tight.apply(&acme()).unwrap();
    for (loose, back) in [
        (json!({"enabled": true}), json!({"enabled": false})),
        (json!({"expires_at": null}), json!({"expires_at": "2027-01-01T00:00:00Z"})),
        (json!({"expires_at": "2027-01-01T00:00:00.001Z"}), json!({"expires_at": "2027-01-01T00:00:00Z"})),
        (json!({"allowed_ips": []}), json!({"allowed_ips": ["10.0.0.0/8"]})),
        (json!({"allowed_ips": ["10.0.0.0/7"]}), json!({"allowed_ips": ["10.1.0.0/16"]})),
        (json!({"allowed_origins": ["https://b.example.com"]}), json!({"allowed_origins": []})),
        (json!({"rate_limits": []}), json!({"rate_limits": [{"name": "a", "limit": 5, "window_seconds": 1}]})),
        (
            json!({"quotas": [{"name": "q", "limit": 6, "period": "day"}]}),
            json!({"quotas": [{"name": "q", "limit": 4, "period": "day"}]}),
        ),
        (json!({"contact_centre": {}}), json!({"contact_centre": {"calls_per_hour": 5, "max_streams": 0}})),
        (json!({"sandbox_world": null}), json!({"sandbox_world": "acme-ci"})),
    ] {
        let looser = of::<SettingsPatch>(loose.clone()).apply(&tight).unwrap();
        let (name, _) = loose.as_object().and_then(|settings| settings.iter().next()).unwrap();
        assert_eq!(looser.widens(&tight), Some(name.as_str()), "{loose}");
        if loose["allowed_origins"].is_null() {
            let tighter = of::<SettingsPatch>(back.clone()).apply(&looser).unwrap();
            assert_eq!(tighter.widens(&looser), None, "{back}");
        }
    }
}

#[test]
fn a_new_key_has_a_name_and_the_scopes_and_limits_of_its_preset() {
    let crm = SettingsPatch { preset: Some(Preset::Crm), ..SettingsPatch::name(" Acme ") };
    let (scopes, rate_limits) = (Preset::Crm.scopes(), Preset::Crm.rate_limits());
    let expected = KeySettings { preset: Preset::Crm, scopes, rate_limits, ..acme() };
    assert_eq!(crm.build(), Ok(expected));
    assert_eq!(SettingsPatch::name("Acme").build(), Ok(acme()));
    for nameless in [SettingsPatch::default(), SettingsPatch::name(" ")] {
        assert_eq!(nameless.build().unwrap_err().kind().code, "invalid_client_name");
    }
}

#[test]
fn null_clears_a_setting_and_absence_keeps_it() {
    let noted: SettingsPatch = of(json!({"notes": "ring first", "owner_email": "ada@example.com"}));
    let noted = noted.apply(&acme()).unwrap();
    let without: SettingsPatch = of(json!({"notes": null, "allowed_ips": null}));
    let after = without.apply(&noted).unwrap();
    assert_eq!((after.notes, after.owner_email), (None, noted.owner_email));
    assert!(serde_json::from_str::<SettingsPatch>(r#"{"key":"x"}"#).is_err());
}

#[test]
fn limits_of_a_key_have_names_of_their_own_across_both_lists() {
    let same: SettingsPatch = of(json!({
        "rate_limits": [{"name": "a", "limit": 5, "window_seconds": 1}],
        "quotas": [{"name": "a", "limit": 5, "period": "day"}],
    }));
    let refused = same.apply(&acme()).unwrap_err();
    assert!(matches!(&refused, KeyError::InvalidSetting { field, .. } if field == "quotas"), "{refused}");
    assert_eq!(refused.to_string(), "The rate limits and quotas must each have a name of its own.");
    let taken: SettingsPatch =
        of(json!({"quotas": [{"name": "recording_bytes_per_day", "limit": 5, "period": "day"}]}));
    let refused = taken.apply(&acme()).unwrap_err();
    assert!(refused.to_string().contains("a limit of the contact centre"), "{refused}");
}
