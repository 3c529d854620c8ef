//! What wants somebody's attention.

use std::net::{IpAddr, Ipv4Addr};

use domain::{Few, Keydesk, NewKey, ToldKey};
use model::{Actor, Code, KeyError, KeyId, NetworkSet, RefusalCode, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};
use verify::Call;

use crate::test_keydesk::{HOUR, TestKeydesk, new_key, settings, verify};

on_both_databases!(
    each_group_holds_its_own_and_the_most_urgent_first,
    what_is_refused_is_grouped_by_key_and_reason,
    it_belongs_to_its_installation_and_module
);

const DAY: i64 = 24 * HOUR;

async fn ending(desk: &TestKeydesk, name: &str, days: i64) -> KeyId {
    let end = desk.keydesk.now().plus_millis(days * DAY);
    let patch = SettingsPatch { expires_at: Some(Some(end)), ..settings(name) };
    desk.keydesk.issue(&desk.operator, NewKey::of(patch)).await.unwrap().key.id
}

fn ids(few: &Few<ToldKey>) -> Vec<KeyId> {
    few.shown.iter().map(|key| key.id).collect()
}

async fn each_group_holds_its_own_and_the_most_urgent_first(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let calm = keydesk.overview(&desk.operator).await.unwrap();
    assert_eq!((calm.ending.total, calm.unused.total, calm.refused.total, calm.unopened.total), (0, 0, 0, 0));
    let used = desk.issue("Used long ago").await;
    assert_eq!(verify(keydesk, used.secret.expose()).await.code, Code::Valid);
    keydesk.verifier().flush_usage().await;
    let mut expected = Vec::new();
    for days in (1..=7).rev() {
        expected.insert(0, ending(&desk, &format!("In {days}"), days).await);
    }
    ending(&desk, "Later", 15).await;
    let off = ending(&desk, "Off", 2).await;
    keydesk.set_enabled(&desk.operator, off, false, None).await.unwrap();
    let given = desk.issue("Given").await.key.id;
    keydesk.create_handover(&desk.operator, given).await.unwrap();
    let found = keydesk.overview(&desk.operator).await.unwrap();
    assert_eq!((found.ending.total, ids(&found.ending)), (7, expected[..5].to_vec()));
    assert_eq!((found.unopened.total, ids(&found.unopened)), (1, vec![given]));
    assert_eq!(found.unused.total, 0);
    // What has ended is told no more, and what was used long ago is.
    desk.clock.advance(91 * DAY);
    let found = keydesk.overview(&desk.operator).await.unwrap();
    assert_eq!((found.ending.total, found.unopened.total), (0, 0));
    assert_eq!((found.unused.total, ids(&found.unused)), (1, vec![used.key.id]));
    assert!(found.records_allowed_calls);
}

async fn refuse(keydesk: &Keydesk, secret: &str, times: usize) {
    for _ in 0..times {
        let ip = Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)));
        let call = Call { ip, request_id: Some(keydesk.request_id(keydesk.now())), ..Call::with(secret) };
        keydesk.verifier().verify(call, keydesk.now()).await.unwrap();
    }
}

async fn what_is_refused_is_grouped_by_key_and_reason(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let networks = NetworkSet::new(["192.0.2.0/24".parse().unwrap()]).unwrap();
    let bound = SettingsPatch { allowed_ips: Some(networks), ..settings("Bound") };
    let bound = desk.keydesk.issue(&desk.operator, NewKey::of(bound)).await.unwrap();
    let off = desk.issue("Off").await;
    desk.keydesk.set_enabled(&desk.operator, off.key.id, false, None).await.unwrap();
    refuse(&desk.keydesk, bound.secret.expose(), 3).await;
    refuse(&desk.keydesk, off.secret.expose(), 1).await;
    let refused = desk.keydesk.overview(&desk.operator).await.unwrap().refused;
    let told: Vec<_> = refused.shown.iter().map(|of| (of.id, of.code, of.calls)).collect();
    let expected = [(bound.key.id, RefusalCode::IpNotAllowed, 3), (off.key.id, RefusalCode::KeyDisabled, 1)];
    assert_eq!((told.as_slice(), refused.total, refused.total_is_lower_bound), (&expected[..], 2, false));
    assert_eq!(refused.shown[0].client_name.as_deref(), Some("Bound"));
    assert_eq!(desk.keydesk.overview(&desk.other).await.unwrap().refused.total, 0);
}

async fn it_belongs_to_its_installation_and_module(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    ending(&desk, "Acme", 2).await;
    desk.keydesk.issue(&desk.operator, new_key("Beta")).await.unwrap();
    let other = desk.keydesk.overview(&desk.other).await.unwrap();
    assert_eq!((other.ending.total, other.unopened.total), (0, 0));
    desk.keydesk.set_module(Actor::Operator, "default", false).await.unwrap();
    let off = desk.keydesk.overview(&desk.operator).await;
    assert!(matches!(off, Err(KeyError::ModuleUnavailable { .. })), "{off:?}");
}
