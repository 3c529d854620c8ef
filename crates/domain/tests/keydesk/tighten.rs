//! What a key could be restricted to by what it was used for, and restrictions that are tried, on both databases.

use std::net::IpAddr;

use domain::{Keydesk, NewKey, RecordedCalls, TrialReport, UsageOptions};
use model::{
    Action, Code, Environment, KeyError, KeyId, Network, NetworkSet, Restriction, Scope, SettingsPatch, TrialDays,
};
use store::{on_both_databases, testing::TestDatabase};
use verify::Call;

use crate::test_keydesk::{DONE, HOUR, TestKeydesk, call, new_key, options, overlap, scopes, settings, verify, within};

on_both_databases!(
    what_was_used_is_proposed_and_no_more,
    what_is_not_known_is_not_taken_away,
    an_unknown_address_is_not_hidden_by_older_calls,
    nothing_is_proposed_or_tried_where_allowed_calls_are_not_recorded,
    whoever_may_not_see_a_key_is_proposed_nothing,
    a_trial_counts_whom_it_would_refuse_and_refuses_nobody,
    a_trial_ends_by_itself_and_its_result_stays,
    a_trial_outlives_what_is_done_to_its_key_and_ends_with_it,
    a_trial_takes_away_and_never_adds,
    other_nodes_try_it_too
);

const DAY: i64 = 24 * HOUR;

fn networks(names: &[&str]) -> NetworkSet {
    NetworkSet::new(names.iter().map(|name| Network::parse(name).unwrap())).unwrap()
}

fn restriction(scope_names: &[&str], network_names: &[&str]) -> Restriction {
    Restriction { scopes: scopes(scope_names), allowed_ips: networks(network_names), ..Restriction::default() }
}

/// Calls, each from the address with the scopes, all of which are allowed.
async fn calls(keydesk: &Keydesk, key: &str, from: &str, wanted: &[&str], number: usize) {
    let wanted: Vec<Scope> = scopes(wanted).iter().cloned().collect();
    let ip: Option<IpAddr> = from.parse().ok();
    for _ in 0..number {
        let call = Call { scopes: &wanted, ip, ..call(key) };
        let verdict = keydesk.verifier().verify(call, keydesk.now()).await.unwrap();
        assert_eq!(verdict.code, Code::Valid, "{from}");
    }
}

async fn key_with(desk: &TestKeydesk, held: &[&str], from: &[&str]) -> (KeyId, String) {
    let allowed_ips = Some(networks(from));
    let new = NewKey::of(SettingsPatch { scopes: Some(scopes(held)), allowed_ips, ..settings("Acme") });
    let issued = desk.keydesk.issue(&desk.operator, new).await.unwrap();
    (issued.key.id, issued.secret.expose().to_owned())
}

fn week() -> TrialDays {
    TrialDays::default()
}

/// Code, what it is about, address and calls of each finding.
fn findings(report: &TrialReport) -> Vec<String> {
    let words = |of: &model::TrialFinding| {
        let place = of.of.as_ref().map(|of| (of.about.clone(), of.address.map(|address| address.to_string())));
        let (about, address) = place.unwrap_or_else(|| ("*".to_owned(), None));
        format!("{} {about} {} {}", of.code.as_str(), address.unwrap_or_default(), of.calls)
    };
    report.findings.iter().map(words).collect()
}

async fn what_was_used_is_proposed_and_no_more(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (id, key) = key_with(&desk, &["calls:*", "contacts:read", "data:read"], &[]).await;
    let unused = keydesk.tightening(&desk.operator, id).await.unwrap();
    assert_eq!((unused.calls, unused.narrows()), (0, false), "there is nothing to go by");

    calls(keydesk, &key, "203.0.113.7", &["calls:read"], 3).await;
    calls(keydesk, &key, "198.51.100.1", &["calls:read", "contacts:read"], 1).await;
    for last in 1..=4 {
        calls(keydesk, &key, &format!("192.0.2.{last}"), &["calls:read"], 1).await;
    }
    keydesk.verifier().flush_usage().await;
    let found = keydesk.tightening(&desk.operator, id).await.unwrap();
    assert_eq!((found.calls, found.addresses_are_incomplete), (8, false));
    let wanted: Vec<_> = found.scopes.iter().map(|(scope, calls)| (scope.as_str(), *calls)).collect();
    assert_eq!(wanted, [("calls:read", 8), ("contacts:read", 1)]);
    assert_eq!(
        found.addresses.first().map(|of| (of.address.to_string(), of.allowed)),
        Some(("203.0.113.7".to_owned(), 3))
    );
    let expected = restriction(&["calls:read", "contacts:read"], &["192.0.2.0/24", "198.51.100.1", "203.0.113.7"]);
    assert!(found.narrows());
    assert_eq!(found.proposed, expected);

    // Once it is so, nothing is left to take away; and what the key lost is not proposed again.
    let patch = |scope_names: &[&str], network_names: &[&str]| SettingsPatch {
        scopes: Some(scopes(scope_names)),
        allowed_ips: Some(networks(network_names)),
        ..SettingsPatch::default()
    };
    let tight = patch(&["calls:read", "contacts:read"], &["192.0.2.0/24", "198.51.100.1", "203.0.113.7"]);
    keydesk.update(&desk.operator, id, tight, None).await.unwrap();
    assert!(!keydesk.tightening(&desk.operator, id).await.unwrap().narrows());
    keydesk.update(&desk.operator, id, patch(&["contacts:read"], &["203.0.113.0/28"]), None).await.unwrap();
    let found = keydesk.tightening(&desk.operator, id).await.unwrap();
    assert_eq!(found.proposed, restriction(&["contacts:read"], &["203.0.113.7"]));

    // What was used 30 days ago is no use.
    desk.clock.advance(31 * DAY);
    let found = keydesk.tightening(&desk.operator, id).await.unwrap();
    assert_eq!((found.calls, found.narrows()), (0, false));
}

async fn what_is_not_known_is_not_taken_away(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    // A call from an address that nobody knows would be refused by any address.
    let (unknown, key) = key_with(&desk, &["calls:read", "data:read"], &[]).await;
    calls(keydesk, &key, "203.0.113.7", &["calls:read"], 2).await;
    calls(keydesk, &key, "", &["calls:read"], 1).await;
    // As many addresses as are kept: there may have been others.
    let (many, key) = key_with(&desk, &["calls:read", "data:read"], &[]).await;
    for last in 1..=32 {
        calls(keydesk, &key, &format!("192.0.2.{last}"), &["calls:read"], 1).await;
    }
    // A call that does not say what it needs.
    let (silent, key) = key_with(&desk, &["calls:read", "data:read"], &[]).await;
    calls(keydesk, &key, "203.0.113.7", &[], 2).await;
    // One silent call among many.
    let (one_silent, key) = key_with(&desk, &["calls:read", "data:read"], &[]).await;
    calls(keydesk, &key, "203.0.113.7", &["calls:read"], 5).await;
    calls(keydesk, &key, "203.0.113.7", &[], 1).await;
    keydesk.verifier().flush_usage().await;
    for id in [unknown, many] {
        let found = keydesk.tightening(&desk.operator, id).await.unwrap();
        assert!(found.addresses_are_incomplete);
        assert_eq!(found.proposed, restriction(&["calls:read"], &[]));
    }
    let found = keydesk.tightening(&desk.operator, silent).await.unwrap();
    assert_eq!(found.scopes, []);
    assert_eq!(found.proposed, restriction(&["calls:read", "data:read"], &["203.0.113.7"]));
    let found = keydesk.tightening(&desk.operator, one_silent).await.unwrap();
    assert_eq!((found.scopes.len(), found.scopes_are_incomplete, found.addresses_are_incomplete), (1, true, false));
    assert_eq!(found.proposed, restriction(&["calls:read", "data:read"], &["203.0.113.7"]));
}

async fn an_unknown_address_is_not_hidden_by_older_calls(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (id, key) = key_with(&desk, &["calls:read", "data:read"], &[]).await;
    calls(keydesk, &key, "203.0.113.7", &["calls:read"], 9).await;
    keydesk.verifier().flush_usage().await;
    desk.clock.advance(40 * DAY);
    calls(keydesk, &key, "203.0.113.7", &["calls:read"], 1).await;
    keydesk.verifier().flush_usage().await;
    let found = keydesk.tightening(&desk.operator, id).await.unwrap();
    assert_eq!((found.calls, found.addresses_are_incomplete), (1, false));
    assert_eq!(found.proposed, restriction(&["calls:read"], &["203.0.113.7"]));
    calls(keydesk, &key, "", &["calls:read"], 2).await;
    keydesk.verifier().flush_usage().await;
    let found = keydesk.tightening(&desk.operator, id).await.unwrap();
    assert_eq!((found.calls, found.addresses_are_incomplete), (3, true));
    assert_eq!(found.proposed, restriction(&["calls:read"], &[]));
}

async fn nothing_is_proposed_or_tried_where_allowed_calls_are_not_recorded(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (id, key) = key_with(&desk, &["calls:read", "data:read"], &[]).await;
    calls(&desk.keydesk, &key, "203.0.113.7", &["calls:read"], 3).await;
    desk.keydesk.verifier().flush_usage().await;
    assert!(desk.keydesk.tightening(&desk.operator, id).await.unwrap().narrows());
    let mut options = options(&desk.database, &desk.clock);
    options.usage = UsageOptions { recorded: RecordedCalls::Refused, ..UsageOptions::default() };
    let keydesk = Keydesk::open(options).await.unwrap();
    let found = keydesk.tightening(&desk.operator, id).await.unwrap();
    assert_eq!((found.calls, found.is_blind, found.narrows()), (0, true, false));
    let tried = restriction(&["calls:read"], &[]);
    let refused = keydesk.start_trial(&desk.operator, id, tried, week(), None, None).await.unwrap_err();
    assert!(refused.to_string().contains("configured not to record allowed calls"), "{refused:?}");
    assert_eq!(keydesk.trial(&desk.operator, id).await.unwrap(), None);
    keydesk.close().await;
}

async fn whoever_may_not_see_a_key_is_proposed_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (id, _) = key_with(&desk, &["calls:read"], &[]).await;
    let new = NewKey { environment: Some(Environment::Test), ..new_key("Tester") };
    let tester = keydesk.issue(&desk.operator, new).await.unwrap();
    let verdict = verify(keydesk, tester.secret.expose()).await;
    let caller = domain::Caller::key(&verdict.record.unwrap());
    assert_eq!(keydesk.tightening(&caller, id).await.unwrap_err(), KeyError::NotFound);
    assert_eq!(keydesk.trial(&caller, id).await.unwrap_err(), KeyError::NotFound);
    let tried = keydesk.start_trial(&caller, id, restriction(&[], &[]), week(), None, None).await;
    assert_eq!(tried.unwrap_err(), KeyError::NotFound);
    let default = keydesk.default_key(&desk.operator).await.unwrap().id;
    assert_eq!(keydesk.tightening(&desk.operator, default).await.unwrap_err(), KeyError::DefaultKeyProtected);
    let tried = keydesk.start_trial(&desk.operator, default, restriction(&[], &[]), week(), None, None).await;
    assert_eq!(tried.unwrap_err(), KeyError::DefaultKeyProtected);
    keydesk.delete(&desk.operator, id, None).await.unwrap();
    assert_eq!(keydesk.tightening(&desk.operator, id).await.unwrap_err(), KeyError::NotFound);
}

async fn a_trial_counts_whom_it_would_refuse_and_refuses_nobody(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (id, key) = key_with(&desk, &["calls:read", "data:read"], &[]).await;
    assert_eq!(keydesk.trial(&desk.operator, id).await.unwrap(), None);
    let version = keydesk.get(&desk.operator, id).await.unwrap().version;
    let tried = restriction(&["calls:read"], &["192.0.2.0/24"]);
    let moved = keydesk.start_trial(&desk.operator, id, tried.clone(), week(), Some(version + 1), None).await;
    assert_eq!(moved.unwrap_err(), KeyError::VersionMoved { current: version });
    let trial = keydesk.start_trial(&desk.operator, id, tried.clone(), week(), Some(version), None).await.unwrap();
    assert_eq!(trial.ends_at, keydesk.now().plus_millis(7 * DAY));
    // From the moment that it is answered.
    calls(keydesk, &key, "192.0.2.9", &["calls:read"], 4).await;
    calls(keydesk, &key, "198.51.100.4", &["data:read"], 3).await;
    calls(keydesk, &key, "192.0.2.9", &["calls:read", "data:read"], 2).await;
    let report = keydesk.trial(&desk.operator, id).await.unwrap().unwrap();
    assert_eq!((report.checked, report.refused), (9, 5));
    assert_eq!((report.is_over, report.is_outdated, report.is_in_force), (false, false, false));
    assert_eq!(findings(&report), ["IP_NOT_ALLOWED  198.51.100.4 3", "INSUFFICIENT_SCOPE data:read 192.0.2.9 2"]);
    // A call that is refused anyway is not the trial's.
    let wanted = [Scope::parse("calls:make").unwrap()];
    let refused = Call { scopes: &wanted, ..call(&key) };
    assert_eq!(keydesk.verifier().verify(refused, keydesk.now()).await.unwrap().code, Code::InsufficientScope);
    assert_eq!(keydesk.trial(&desk.operator, id).await.unwrap().unwrap().checked, 9);
    // Sent again, it goes on; another begins anew.
    keydesk.start_trial(&desk.operator, id, tried, week(), Some(version), None).await.unwrap();
    assert_eq!(keydesk.trial(&desk.operator, id).await.unwrap().unwrap().checked, 9);
    let nothing = || restriction(&[], &[]);
    for unseen in [None, Some(trial.started_at.plus_millis(-1))] {
        let replaced = keydesk.start_trial(&desk.operator, id, nothing(), week(), Some(version), unseen).await;
        assert_eq!(replaced.unwrap_err(), KeyError::TrialMoved, "whoever has not seen a trial does not replace it");
    }
    desk.clock.advance(1);
    let seen = Some(trial.started_at);
    let second = keydesk.start_trial(&desk.operator, id, nothing(), week(), Some(version), seen).await.unwrap();
    assert_eq!(keydesk.end_trial(&desk.operator, id, trial.started_at).await.unwrap_err(), KeyError::TrialMoved);
    let report = keydesk.trial(&desk.operator, id).await.unwrap().unwrap();
    assert_eq!((report.checked, report.findings.len()), (0, 0));
    keydesk.end_trial(&desk.operator, id, second.started_at).await.unwrap();
    keydesk.end_trial(&desk.operator, id, second.started_at).await.unwrap();
    assert_eq!(keydesk.trial(&desk.operator, id).await.unwrap(), None);
    calls(keydesk, &key, "192.0.2.9", &["calls:read"], 1).await;
    assert_eq!(keydesk.trial(&desk.operator, id).await.unwrap(), None);
    let actions: Vec<_> = desk.audit(&desk.operator).await.iter().map(|entry| entry.action().unwrap()).collect();
    assert!(actions.ends_with(&[Action::KeyTrialStart, Action::KeyTrialStart, Action::KeyTrialEnd]), "{actions:?}");
}

async fn a_trial_ends_by_itself_and_its_result_stays(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (id, key) = key_with(&desk, &["calls:read", "data:read"], &[]).await;
    let day = "1".parse().unwrap();
    keydesk.start_trial(&desk.operator, id, restriction(&["calls:read"], &[]), day, None, None).await.unwrap();
    desk.clock.advance(DAY - 1);
    calls(keydesk, &key, "192.0.2.9", &["data:read"], 1).await;
    assert!(keydesk.tried(&desk.operator, id).await.unwrap().is_some());
    desk.clock.advance(1);
    calls(keydesk, &key, "192.0.2.9", &["data:read"], 1).await;
    assert_eq!(keydesk.tried(&desk.operator, id).await.unwrap(), None);
    let report = keydesk.trial(&desk.operator, id).await.unwrap().unwrap();
    assert_eq!((report.is_over, report.checked, report.refused), (true, 1, 1));
    // Whoever applies it sees that it holds.
    let patch = SettingsPatch { scopes: Some(scopes(&["calls:read"])), ..SettingsPatch::default() };
    keydesk.update(&desk.operator, id, patch, None).await.unwrap();
    assert!(keydesk.trial(&desk.operator, id).await.unwrap().unwrap().is_in_force);
    let store = desk.database.store().await;
    store.purge_trials(report.trial.ends_at.plus_millis(-1)).await.unwrap();
    assert!(keydesk.trial(&desk.operator, id).await.unwrap().is_some());
    store.purge_trials(report.trial.ends_at).await.unwrap();
    assert_eq!(keydesk.trial(&desk.operator, id).await.unwrap(), None);
}

async fn a_trial_outlives_what_is_done_to_its_key_and_ends_with_it(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (id, key) = key_with(&desk, &["calls:read", "data:read"], &["192.0.2.0/24"]).await;
    let tried = restriction(&["calls:read"], &["192.0.2.0/28"]);
    keydesk.start_trial(&desk.operator, id, tried, week(), None, None).await.unwrap();
    calls(keydesk, &key, "192.0.2.9", &["data:read"], 1).await;
    keydesk.update(&desk.operator, id, SettingsPatch::name("Acme, renamed"), None).await.unwrap();
    calls(keydesk, &key, "192.0.2.9", &["data:read"], 1).await;
    let rotated = keydesk.rotate(&desk.operator, id, overlap(3_600), None).await.unwrap();
    // Both secrets are the key's.
    calls(keydesk, &key, "192.0.2.9", &["data:read"], 1).await;
    calls(keydesk, rotated.secret.expose(), "192.0.2.9", &["data:read"], 1).await;
    keydesk.verifier().flush_trials().await;
    let again = desk.second_node().await;
    calls(&again, &key, "192.0.2.9", &["data:read"], 1).await;
    again.close().await;
    let report = keydesk.trial(&desk.operator, id).await.unwrap().unwrap();
    assert_eq!((report.checked, findings(&report)), (5, vec!["INSUFFICIENT_SCOPE data:read 192.0.2.9 5".to_owned()]));
    assert!(!report.is_outdated);
    let patch = SettingsPatch { allowed_ips: Some(networks(&["192.0.2.9"])), ..SettingsPatch::default() };
    keydesk.update(&desk.operator, id, patch, None).await.unwrap();
    assert!(keydesk.trial(&desk.operator, id).await.unwrap().unwrap().is_outdated);
    keydesk.delete(&desk.operator, id, None).await.unwrap();
    assert_eq!(keydesk.trial(&desk.operator, id).await.unwrap(), None);
    keydesk.restore(&desk.operator, id).await.unwrap();
    assert_eq!(keydesk.trial(&desk.operator, id).await.unwrap(), None, "it has ended with the key");
}

async fn a_trial_takes_away_and_never_adds(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (id, _) = key_with(&desk, &["calls:read", "data:read"], &["192.0.2.0/24"]).await;
    for (tried, field) in [
        (restriction(&["calls:make"], &["192.0.2.9"]), "scopes"),
        (restriction(&["calls:read"], &["198.51.100.4"]), "allowed_ips"),
        (restriction(&["calls:read"], &[]), "allowed_ips"),
        (restriction(&["calls:read", "data:read"], &["192.0.2.0/24"]), "scopes"),
    ] {
        let refused = keydesk.start_trial(&desk.operator, id, tried.clone(), week(), None, None).await.unwrap_err();
        assert!(
            matches!(&refused, KeyError::InvalidSetting { field: of, .. } if of == field),
            "{tried:?}: {refused:?}"
        );
    }
    assert_eq!(keydesk.trial(&desk.operator, id).await.unwrap(), None);
}

async fn other_nodes_try_it_too(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let background = other.start();
    let (id, key) = key_with(&desk, &["calls:read", "data:read"], &[]).await;
    // The other node knows the key before anything is tried.
    calls(&other, &key, "192.0.2.9", &["data:read"], 1).await;
    desk.keydesk.start_trial(&desk.operator, id, restriction(&["calls:read"], &[]), week(), None, None).await.unwrap();
    within(DONE, "the other node tries it", async || {
        calls(&other, &key, "192.0.2.9", &["data:read"], 1).await;
        other.verifier().flush_trials().await;
        desk.keydesk.trial(&desk.operator, id).await.unwrap().is_some_and(|report| report.refused > 0)
    })
    .await;
    background.stop().await;
}
