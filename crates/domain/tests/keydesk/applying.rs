//! Files that say what an installation is: planned and applied on both databases.

use domain::{ApplyError, CeilingOf, Plan, StepAction, Wanted, WantedKey, WantedLimits, WantedWebhook};
use model::{
    Action, Ceiling, ClaimKind, ClientName, Code, Environment, KeyId, KeySettings, ListQuery, SettingsPatch, WebhookId,
    WebhookPatch,
};
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};
use verify::Call;

use crate::{
    test_keydesk::{TestKeydesk, code},
    webhooks,
};

on_both_databases!(
    a_file_makes_what_it_says_and_applied_twice_changes_nothing,
    what_was_made_by_hand_is_left_alone_until_a_file_claims_it,
    what_a_file_no_longer_says_is_removed_and_the_plan_tells_what_stops,
    what_changed_by_hand_is_shown_and_set_right,
    a_plan_is_carried_out_on_what_it_was_made_for_or_not_at_all,
    nothing_is_made_where_one_step_fails,
    what_is_wrong_is_told_with_its_place,
    a_file_holds_what_no_other_holds,
);

const FILE_DIGEST: [u8; 32] = [7; 32];

pub(crate) fn wanted(file: &str) -> Wanted {
    Wanted::nothing(file.parse().unwrap())
}

fn patch(value: Value) -> SettingsPatch {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn key(name: &str, settings: Value) -> WantedKey {
    WantedKey { name: name.parse().unwrap(), environment: None, settings: patch(settings), claim: None, secret: None }
}

fn webhook(name: &str) -> WantedWebhook {
    WantedWebhook {
        name: name.parse().unwrap(),
        url: Some("http://127.0.0.1:9/hooks/s3cret".to_owned()),
        types: Some(webhooks::patterns(&["key.*"])),
        order: None,
        signature: None,
        environment: None,
        enabled: None,
        claim: None,
        secret: Some("the file x".to_owned()),
    }
}

fn ceiling(limit: u64) -> Ceiling {
    let rates = json!([{ "name": "default", "limit": limit, "window_seconds": 60 }]);
    serde_json::from_value(json!({ "rate_limits": rates, "quotas": [] })).unwrap()
}

fn limits(of: CeilingOf, limit: u64) -> WantedLimits {
    WantedLimits { of, ceiling: ceiling(limit), claim: false }
}

fn client(name: &str) -> CeilingOf {
    CeilingOf::Client(ClientName::parse(name).unwrap(), Environment::Live)
}

pub(crate) async fn plan(test: &TestKeydesk, wanted: &Wanted) -> Plan {
    test.keydesk.plan_file(&test.operator, wanted).await.unwrap().plan().clone()
}

/// Applies a file. The secrets that it made, by their names.
pub(crate) async fn apply(test: &TestKeydesk, wanted: &Wanted) -> Vec<(String, String)> {
    let planned = test.keydesk.plan_file(&test.operator, wanted).await.unwrap();
    let prepared = test.keydesk.prepare_file(&test.operator, planned).await.unwrap();
    let made = prepared.secrets().iter().map(|made| (made.name.to_owned(), made.secret.expose().to_owned())).collect();
    test.keydesk.apply_file(&test.operator, prepared, FILE_DIGEST).await.unwrap();
    made
}

pub(crate) async fn held(test: &TestKeydesk, kind: ClaimKind, name: &str) -> Option<String> {
    let claims = test.database.store().await.claims(test.operator.installation).await.unwrap();
    claims.into_iter().find(|claim| claim.kind == kind && claim.name == name).map(|claim| claim.object)
}

async fn key_of(test: &TestKeydesk, name: &str) -> (KeyId, KeySettings) {
    let id: KeyId = held(test, ClaimKind::Key, name).await.unwrap().parse().unwrap();
    (id, test.keydesk.get(&test.operator, id).await.unwrap().settings)
}

pub(crate) fn actions(plan: &Plan) -> Vec<(StepAction, ClaimKind, &str)> {
    plan.steps.iter().map(|step| (step.action, step.kind, step.name.as_str())).collect()
}

async fn epoch(test: &TestKeydesk) -> i64 {
    test.database.store().await.epoch().await.unwrap()
}

async fn a_file_makes_what_it_says_and_applied_twice_changes_nothing(database: TestDatabase) {
    let test = webhooks::open(database).await;
    let mut file = wanted("acme");
    file.keys.push(key("crm", json!({ "client_name": "Acme CRM", "preset": "crm", "notes": "ours" })));
    file.keys.push(WantedKey {
        environment: Some(Environment::Test),
        ..key("crm-test", json!({ "client_name": "Acme CRM", "scopes": ["calls:read"], "enabled": false }))
    });
    file.webhooks.push(webhook("alerts"));
    file.limits.push(limits(CeilingOf::Installation, 600));
    file.limits.push(limits(client("Acme CRM"), 60));
    let before = epoch(&test).await;
    let planned = plan(&test, &file).await;
    assert_eq!(
        actions(&planned),
        [
            (StepAction::Add, ClaimKind::Limits, "installation"),
            (StepAction::Add, ClaimKind::Limits, "client:live:acme crm"),
            (StepAction::Add, ClaimKind::Key, "crm"),
            (StepAction::Add, ClaimKind::Key, "crm-test"),
            (StepAction::Add, ClaimKind::Webhook, "alerts"),
        ]
    );
    assert_eq!(epoch(&test).await, before, "a plan changes nothing");
    let text = serde_json::to_string(&planned).unwrap();
    assert!(!text.contains("s3cret") && !text.contains("ours"), "{text}");

    let made = apply(&test, &file).await;
    assert_eq!(made.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["crm", "crm-test", "alerts"]);
    assert_eq!(epoch(&test).await, before + 1, "one change");
    assert_eq!(code(&test.keydesk, &made[0].1).await, Code::Valid);
    assert_eq!(code(&test.keydesk, &made[1].1).await, Code::Disabled);
    let second = test.second_node().await;
    assert_eq!(code(&second, &made[0].1).await, Code::Valid);
    let entries = test.audit(&test.operator).await;
    let last = entries.last().unwrap();
    assert_eq!(last.action().unwrap(), Action::FileApply);
    let detail: Value = serde_json::from_str(&last.detail).unwrap();
    assert_eq!((&detail["file"], &detail["added"], &detail["removed"]), (&json!("acme"), &json!(5), &json!(0)));
    let (id, settings) = key_of(&test, "crm").await;
    assert_eq!((settings.preset.as_str(), settings.rate_limits.is_empty()), ("crm", false));
    assert_eq!(test.keydesk.reveal(&test.operator, id).await.unwrap().expose(), made[0].1);
    let shown = test.keydesk.ceiling(&test.operator, client("Acme CRM")).await.unwrap();
    assert_eq!(shown.ceiling(), ceiling(60));
    let hooks = test.keydesk.webhooks(&test.operator).await.unwrap();
    assert_eq!((hooks.len(), hooks[0].url.as_str()), (1, "http://127.0.0.1:9/hooks/s3cret"));

    let (after, entries) = (epoch(&test).await, test.audit(&test.operator).await.len());
    assert!(plan(&test, &file).await.is_settled());
    assert!(apply(&test, &file).await.is_empty());
    assert_eq!((epoch(&test).await, test.audit(&test.operator).await.len()), (after, entries));
}

async fn what_was_made_by_hand_is_left_alone_until_a_file_claims_it(database: TestDatabase) {
    let test = webhooks::open(database).await;
    let by_hand = test.issue("By hand").await;
    let id = by_hand.key.id;
    test.keydesk.update(&test.operator, id, patch(json!({ "notes": "ring Ada" })), None).await.unwrap();
    test.keydesk.set_ceiling(&test.operator, CeilingOf::Installation, ceiling(9), None).await.unwrap();
    let mut file = wanted("acme");
    file.keys.push(key("crm", json!({ "client_name": "Acme CRM" })));
    apply(&test, &file).await;
    assert_eq!(test.keydesk.get(&test.operator, id).await.unwrap().version, 2);
    assert_eq!(test.keydesk.ceiling(&test.operator, CeilingOf::Installation).await.unwrap().ceiling(), ceiling(9));

    file.limits.push(limits(CeilingOf::Installation, 600));
    let refused = test.keydesk.plan_file(&test.operator, &file).await.err().unwrap().to_string();
    assert!(refused.contains("set by hand; say `claim = true`"), "{refused}");
    file.limits[0].claim = true;
    let claims = Some(id);
    file.keys.push(WantedKey { claim: claims, ..key("old", json!({ "client_name": "Claimed" })) });
    let planned = plan(&test, &file).await;
    assert_eq!(
        actions(&planned),
        [(StepAction::Claim, ClaimKind::Limits, "installation"), (StepAction::Claim, ClaimKind::Key, "old")]
    );
    assert!(apply(&test, &file).await.is_empty(), "its secret stays");
    let claimed = test.keydesk.get(&test.operator, id).await.unwrap().settings;
    assert_eq!((claimed.client_name.as_str(), claimed.notes.unwrap().as_str()), ("Claimed", "ring Ada"));
    assert_eq!(code(&test.keydesk, by_hand.secret.expose()).await, Code::Valid);
    assert!(plan(&test, &file).await.is_settled(), "the claim may stay in the file");

    // By another name in the file it is the same key.
    file.keys[1].name = "older".parse().unwrap();
    assert_eq!(actions(&plan(&test, &file).await), [(StepAction::Claim, ClaimKind::Key, "older")]);
    apply(&test, &file).await;
    assert_eq!(held(&test, ClaimKind::Key, "older").await, Some(id.to_string()));
    assert_eq!(held(&test, ClaimKind::Key, "old").await, None);

    let default = test.keydesk.default_key(&test.operator).await.unwrap().id;
    file.keys[1] = WantedKey { claim: Some(default), ..key("default", json!({})) };
    let refused = test.keydesk.plan_file(&test.operator, &file).await.err().unwrap().to_string();
    assert!(refused.starts_with("keys.default: the Default API Key"), "{refused}");
}

async fn what_a_file_no_longer_says_is_removed_and_the_plan_tells_what_stops(database: TestDatabase) {
    let test = webhooks::open(database).await;
    let mut file = wanted("acme");
    file.keys.push(key(
        "crm",
        json!({ "client_name": "Acme CRM", "scopes": ["calls:read"], "allowed_ips": ["192.0.2.0/24"] }),
    ));
    file.keys.push(key("kept", json!({ "client_name": "Kept" })));
    file.webhooks.push(webhook("alerts"));
    file.limits.push(limits(client("Acme CRM"), 60));
    let made = apply(&test, &file).await;
    let wants = ["calls:read".parse().unwrap()];
    let call = Call { ip: "192.0.2.1".parse().ok(), scopes: &wants, ..Call::with(&made[0].1) };
    for _ in 0..3 {
        assert_eq!(test.keydesk.verifier().verify(call, test.keydesk.now()).await.unwrap().code, Code::Valid);
    }
    test.keydesk.verifier().flush_usage().await;

    // A scope is taken away that calls want, and a restriction goes with the line that said it.
    file.keys[0].settings = patch(json!({ "client_name": "Acme CRM", "scopes": ["contacts:read"] }));
    let planned = plan(&test, &file).await;
    let [step] = &planned.steps[..] else { panic!("{planned:?}") };
    assert_eq!((step.action, step.calls_30_days), (StepAction::Change, Some(3)));
    assert_eq!(step.stops, ["3 calls in the last 30 days wanted calls:read"]);
    let changed: Vec<&str> = step.changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(changed, ["allowed_ips", "scopes"]);
    apply(&test, &file).await;
    let (id, settings) = key_of(&test, "crm").await;
    assert!(settings.allowed_ips.is_empty());

    let (webhook, kept) = (held(&test, ClaimKind::Webhook, "alerts").await.unwrap(), key_of(&test, "kept").await.0);
    let mut file = wanted("acme");
    file.release.push((ClaimKind::Key, "kept".parse().unwrap()));
    let planned = plan(&test, &file).await;
    assert_eq!(
        actions(&planned),
        [
            (StepAction::Remove, ClaimKind::Limits, "client:live:acme crm"),
            (StepAction::Remove, ClaimKind::Key, "crm"),
            (StepAction::Remove, ClaimKind::Webhook, "alerts"),
            (StepAction::Release, ClaimKind::Key, "kept"),
        ]
    );
    assert_eq!(planned.steps[1].calls_30_days, Some(3));
    assert!(planned.steps[1].stops[0].starts_with("it made 3 calls in the last 30 days, the last at "));
    apply(&test, &file).await;
    assert_eq!(code(&test.keydesk, &made[0].1).await, Code::Revoked);
    assert_eq!(test.keydesk.get(&test.operator, id).await.unwrap().status.as_str(), "revoked");
    assert!(test.keydesk.webhook(&test.operator, webhook.parse().unwrap()).await.is_err());
    assert!(test.keydesk.ceiling(&test.operator, client("Acme CRM")).await.unwrap().ceiling().is_empty());
    assert_eq!(test.keydesk.get(&test.operator, kept).await.unwrap().status.as_str(), "active");
    assert!(test.database.store().await.claims(test.operator.installation).await.unwrap().is_empty());
    assert!(plan(&test, &file).await.is_settled());
}

async fn what_changed_by_hand_is_shown_and_set_right(database: TestDatabase) {
    let test = webhooks::open(database).await;
    let mut file = wanted("acme");
    file.keys.push(key("crm", json!({ "client_name": "Acme CRM", "scopes": ["calls:read"] })));
    file.keys.push(key("gone", json!({ "client_name": "Gone" })));
    file.webhooks.push(webhook("alerts"));
    file.limits.push(limits(CeilingOf::Installation, 600));
    apply(&test, &file).await;
    let (id, _) = key_of(&test, "crm").await;
    let (gone, _) = key_of(&test, "gone").await;
    let hook: WebhookId = held(&test, ClaimKind::Webhook, "alerts").await.unwrap().parse().unwrap();
    // What the file does not say may be set by hand.
    test.keydesk.update(&test.operator, id, patch(json!({ "notes": "ring Ada" })), None).await.unwrap();
    assert!(plan(&test, &file).await.is_settled());

    let by_hand = patch(json!({ "scopes": ["calls:read", "contacts:read"] }));
    test.keydesk.update(&test.operator, id, by_hand, None).await.unwrap();
    let all = WebhookPatch { types: Some(Default::default()), ..WebhookPatch::default() };
    test.keydesk.update_webhook(&test.operator, hook, all, None).await.unwrap();
    test.keydesk.set_ceiling(&test.operator, CeilingOf::Installation, ceiling(9), None).await.unwrap();
    test.keydesk.delete(&test.operator, gone, None).await.unwrap();
    let planned = plan(&test, &file).await;
    assert_eq!(
        actions(&planned),
        [
            (StepAction::Change, ClaimKind::Limits, "installation"),
            (StepAction::Change, ClaimKind::Key, "crm"),
            (StepAction::Change, ClaimKind::Webhook, "alerts"),
        ]
    );
    assert!(planned.steps.iter().all(|step| step.drifted), "{planned:?}");
    let [left] = &planned.left_alone[..] else { panic!("{planned:?}") };
    assert!(left.name == "gone" && left.reason.starts_with("it was deleted by hand"), "{left:?}");
    apply(&test, &file).await;
    let (_, settings) = key_of(&test, "crm").await;
    assert_eq!((settings.scopes.len(), settings.notes.unwrap().as_str()), (1, "ring Ada"));
    let after = plan(&test, &file).await;
    assert!(after.steps.is_empty() && !after.is_settled(), "what was deleted in a hurry does not come back by itself");
    assert_eq!(test.keydesk.get(&test.operator, gone).await.unwrap().status.as_str(), "revoked");

    // Taken out of the file it is nobody's any more.
    file.keys.remove(1);
    assert_eq!(actions(&plan(&test, &file).await), [(StepAction::Release, ClaimKind::Key, "gone")]);
    apply(&test, &file).await;
    assert!(plan(&test, &file).await.is_settled());
}

async fn a_plan_is_carried_out_on_what_it_was_made_for_or_not_at_all(database: TestDatabase) {
    let test = webhooks::open(database).await;
    let mut file = wanted("acme");
    file.keys.push(key("crm", json!({ "client_name": "Acme CRM" })));
    apply(&test, &file).await;
    let (id, _) = key_of(&test, "crm").await;
    file.keys[0].settings = patch(json!({ "client_name": "Acme CRM 2" }));
    file.keys.push(key("new", json!({ "client_name": "New" })));

    let planned = test.keydesk.plan_file(&test.operator, &file).await.unwrap();
    let prepared = test.keydesk.prepare_file(&test.operator, planned).await.unwrap();
    test.keydesk.update(&test.operator, id, patch(json!({ "notes": "by hand" })), None).await.unwrap();
    let moved = test.keydesk.apply_file(&test.operator, prepared, FILE_DIGEST).await;
    assert!(matches!(moved, Err(ApplyError::Moved)), "{moved:?}");
    assert_eq!(held(&test, ClaimKind::Key, "new").await, None, "nothing of it was made");

    // Two that plan the same make it once.
    let one = test.keydesk.plan_file(&test.operator, &file).await.unwrap();
    let other = test.keydesk.plan_file(&test.operator, &file).await.unwrap();
    let one = test.keydesk.prepare_file(&test.operator, one).await.unwrap();
    let other = test.keydesk.prepare_file(&test.operator, other).await.unwrap();
    test.keydesk.apply_file(&test.operator, one, FILE_DIGEST).await.unwrap();
    let late = test.keydesk.apply_file(&test.operator, other, FILE_DIGEST).await;
    assert!(matches!(late, Err(ApplyError::Moved)), "{late:?}");
    let search = ListQuery { search: "New".to_owned(), ..ListQuery::default() };
    assert_eq!(test.keydesk.list(&test.operator, &search).await.unwrap().total, 1);
}

async fn nothing_is_made_where_one_step_fails(database: TestDatabase) {
    let test = webhooks::open(database).await;
    for number in 0..20 {
        let new = domain::NewWebhook { url: format!("http://127.0.0.1:9/{number}"), ..Default::default() };
        test.keydesk.create_webhook(&test.operator, new, None).await.unwrap();
    }
    let mut file = wanted("acme");
    file.keys.push(key("crm", json!({ "client_name": "Acme CRM" })));
    file.webhooks.push(webhook("one-too-many"));
    let before = epoch(&test).await;
    let planned = test.keydesk.plan_file(&test.operator, &file).await.unwrap();
    let prepared = test.keydesk.prepare_file(&test.operator, planned).await.unwrap();
    let secret = prepared.secrets()[0].secret.expose().to_owned();
    let refused = test.keydesk.apply_file(&test.operator, prepared, FILE_DIGEST).await.unwrap_err().to_string();
    assert!(refused.contains("20 receivers already"), "{refused}");
    assert_eq!(epoch(&test).await, before);
    assert_eq!(code(&test.keydesk, &secret).await, Code::NotFound, "a secret of a key that never was");
}

async fn what_is_wrong_is_told_with_its_place(database: TestDatabase) {
    let test = webhooks::open(database).await;
    let crm = || key("crm", json!({ "client_name": "Acme" }));
    let hook = || webhook("alerts");
    let with_key = |key: WantedKey| Wanted { keys: vec![key], ..wanted("acme") };
    let with_hook = |webhook: WantedWebhook| Wanted { webhooks: vec![webhook], ..wanted("acme") };
    for (file, expected) in [
        (with_key(WantedKey { settings: SettingsPatch::default(), ..crm() }), "keys.crm: a key that is made needs a"),
        (
            with_key(key("crm", json!({ "client_name": "A", "scopes": ["nope:read"] }))),
            "keys.crm: There is no such scope",
        ),
        (
            with_key(key("crm", json!({ "client_name": "A", "expires_at": "2020-01-01T00:00:00Z" }))),
            "keys.crm: The expiry",
        ),
        (with_key(key("crm", json!({ "client_name": "A", "sandbox_world": "ci" }))), "keys.crm: A live key reaches"),
        (
            with_key(WantedKey { claim: Some(KeyId(uuid::Uuid::nil())), ..crm() }),
            "keys.crm: there is no key 00000000-0000-0000-0000-000000000000 to claim",
        ),
        (with_hook(WantedWebhook { url: None, ..hook() }), "webhooks.alerts: a webhook that is made needs a url"),
        (with_hook(WantedWebhook { secret: None, ..hook() }), "webhooks.alerts: its secret is shown once"),
        (
            with_hook(WantedWebhook { url: Some("ftp://example.com".to_owned()), ..hook() }),
            "webhooks.alerts: The address ",
        ),
        (
            with_hook(WantedWebhook { signature: Some(model::WebhookSignature::V1a), ..hook() }),
            "webhooks.alerts: with the signature v1a there is no secret",
        ),
        (
            Wanted { limits: vec![limits(client("A"), 1), limits(client("ａ"), 2)], ..wanted("acme") },
            "limits: the live keys of ａ are in it twice",
        ),
        (
            Wanted { release: vec![(ClaimKind::Key, "crm".parse().unwrap())], ..with_key(crm()) },
            "keys.crm: it is among what is released, and in the file",
        ),
    ] {
        let refused = test.keydesk.plan_file(&test.operator, &file).await.err().unwrap().to_string();
        assert!(refused.starts_with(expected), "{expected:?} does not begin {refused:?}");
    }
    // Nobody but the operator applies files.
    let caller = test.caller(&["keys:*"]).await;
    assert!(test.keydesk.plan_file(&caller, &wanted("acme")).await.is_err());
    // Where secrets are shown once, one has to go somewhere.
    let new = domain::NewInstallation { name: "once".to_owned(), title: "Once".to_owned(), recoverable: false };
    let once = test.keydesk.create_installation(model::Actor::Operator, new).await.unwrap();
    let operator = domain::Caller::operator(once.id);
    let refused = test.keydesk.plan_file(&operator, &with_key(crm())).await.err().unwrap().to_string();
    assert!(refused.starts_with("keys.crm: this installation shows secrets once"), "{refused}");
}

async fn a_file_holds_what_no_other_holds(database: TestDatabase) {
    let test = webhooks::open(database).await;
    let mut one = wanted("one");
    one.keys.push(key("crm", json!({ "client_name": "Acme CRM" })));
    one.limits.push(limits(CeilingOf::Installation, 600));
    one.settings.title = Some("One".to_owned());
    apply(&test, &one).await;
    let (id, _) = key_of(&test, "crm").await;
    let other = |change: &dyn Fn(&mut Wanted)| {
        let mut other = wanted("other");
        change(&mut other);
        other
    };
    for (file, expected) in [
        (
            other(&|file| file.keys.push(WantedKey { claim: Some(id), ..key("mine", json!({})) })),
            format!("keys.mine: the file one holds {id} as keys.crm; release it there first"),
        ),
        (other(&|file| file.limits.push(limits(CeilingOf::Installation, 5))), "limits: all keys of".to_owned()),
        (
            other(&|file| file.settings.title = Some("Other".to_owned())),
            "settings.title: the file one holds it".to_owned(),
        ),
    ] {
        let refused = test.keydesk.plan_file(&test.operator, &file).await.err().unwrap().to_string();
        assert!(refused.starts_with(&expected), "{expected:?} does not begin {refused:?}");
    }
    // The same name in another file is another key.
    let mut same = wanted("other");
    same.keys.push(key("crm", json!({ "client_name": "Other CRM" })));
    assert_eq!(actions(&plan(&test, &same).await), [(StepAction::Add, ClaimKind::Key, "crm")]);
    // Released by one, claimed by the other.
    let mut one = wanted("one");
    one.release.push((ClaimKind::Key, "crm".parse().unwrap()));
    apply(&test, &one).await;
    let claims = other(&|file| file.keys.push(WantedKey { claim: Some(id), ..key("mine", json!({})) }));
    apply(&test, &claims).await;
    assert_eq!(held(&test, ClaimKind::Key, "mine").await, Some(id.to_string()));
    // Another installation has files of its own.
    let other_plan = test.keydesk.plan_file(&test.other, &claims).await.err().unwrap().to_string();
    assert!(other_plan.contains("there is no key"), "{other_plan}");
}
