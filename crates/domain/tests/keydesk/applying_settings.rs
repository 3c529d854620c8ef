//! Files that say how an installation is set, and which routes there are.

use domain::{ApplyError, InstallationPatch, RouteLines, StepAction, Wanted};
use model::{Actor, ClaimKind, Code, KeyLife, LeakRule, ListQuery, Preset, RequiredSecondFactor};
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    applying::{actions, apply, held, key, plan, wanted},
    test_keydesk::{HOUR, START, code},
    webhooks,
};

on_both_databases!(
    a_file_switches_the_module_on_and_sets_the_installation,
    a_file_sets_what_owners_set,
    routes_are_compared_and_held,
);

async fn a_file_switches_the_module_on_and_sets_the_installation(database: TestDatabase) {
    let test = webhooks::open(database).await;
    test.keydesk.set_module(Actor::Operator, "default", false).await.unwrap();
    let mut file = wanted("acme");
    file.keys.push(key("crm", json!({ "client_name": "Acme CRM" })));
    assert!(test.keydesk.plan_file(&test.operator, &file).await.is_err(), "the module is off");
    file.settings.enabled = Some(true);
    file.settings.title = Some("Acme".to_owned());
    file.settings.time_zone = Some("Europe/Zurich".parse().unwrap());
    let made = apply(&test, &file).await;
    assert_eq!(code(&test.keydesk, &made[0].1).await, Code::Valid);
    let now = test.keydesk.installation("default").await.unwrap().unwrap();
    assert_eq!((now.title.as_str(), now.time_zone.name(), now.enabled), ("Acme", "Europe/Zurich", true));
    assert!(test.keydesk.module_enabled(now.id), "known in memory, too");
    assert!(plan(&test, &file).await.is_settled());
    let patch = InstallationPatch { title: Some("By hand".to_owned()), ..InstallationPatch::default() };
    test.keydesk.set_installation(Actor::Operator, "default", patch).await.unwrap();
    let planned = plan(&test, &file).await;
    assert_eq!(actions(&planned), [(StepAction::Change, ClaimKind::Setting, "title")]);
    assert!(planned.steps[0].drifted);
    // What it no longer says stays as it is.
    file.settings = Default::default();
    apply(&test, &file).await;
    assert_eq!(test.keydesk.installation("default").await.unwrap().unwrap().title, "By hand");
    assert_eq!(held(&test, ClaimKind::Setting, "title").await, None);
}

async fn a_file_sets_what_owners_set(database: TestDatabase) {
    let test = webhooks::open(database).await;
    let mut file = wanted("acme");
    file.settings.contact = Some("Ada, ada@example.com".parse().ok());
    file.settings.longest_life = Some("90".parse().ok());
    file.settings.default_preset = Some(Some(Preset::Crm));
    file.settings.required_second_factor = Some(RequiredSecondFactor::Everyone);
    file.settings.leak_rule = Some(LeakRule::Disable);
    file.keys.push(key("crm", json!({ "client_name": "Acme CRM" })));
    let planned = plan(&test, &file).await;
    let text = serde_json::to_string(&planned).unwrap();
    assert!(!text.contains("ada@"), "{text}");
    let stops = |name: &str| planned.steps.iter().find(|step| step.name == name).unwrap().stops.len();
    assert_eq!(["contact", "required_second_factor", "leak_rule"].map(stops), [0, 1, 1]);
    let end = planned.steps.iter().flat_map(|step| &step.changes).find(|change| change.field == "expires_at").unwrap();
    assert_eq!(end.to, "in 90 days", "the same whenever the plan is made");
    let mut late = file.clone();
    late.keys.push(key("late", json!({ "client_name": "Late", "expires_at": "2099-01-01T00:00:00Z" })));
    let refused = test.keydesk.plan_file(&test.operator, &late).await.err().unwrap().to_string();
    assert_eq!(refused, "keys.late: Keys of this installation must end within 90 days.");
    apply(&test, &file).await;
    let now = test.keydesk.installation("default").await.unwrap().unwrap();
    assert_eq!(now.contact.as_ref().map(ToString::to_string).as_deref(), Some("Ada, ada@example.com"));
    assert_eq!((now.longest_life.map(KeyLife::days), now.default_preset), (Some(90), Some(Preset::Crm)));
    assert_eq!((now.required_second_factor, now.leak_rule), (RequiredSecondFactor::Everyone, LeakRule::Disable));
    let all = test.keydesk.list_all(&test.operator, &ListQuery::default()).await.unwrap();
    let made = all.iter().find(|key| key.settings.client_name.as_str() == "Acme CRM").unwrap();
    assert_eq!(made.settings.expires_at.map(|end| end.as_millis()), Some(START + 90 * 24 * HOUR));
    assert!(plan(&test, &file).await.is_settled());
    let claims = test.database.store().await.claims(test.operator.installation).await.unwrap();
    assert!(claims.iter().all(|claim| !claim.settings.iter().any(|setting| setting.contains("ada@"))), "{claims:?}");
    // By hand, and back; and what is cleared is taken away.
    let by_hand = InstallationPatch { leak_rule: Some(LeakRule::Notify), ..InstallationPatch::default() };
    test.keydesk.set_installation(Actor::Operator, "default", by_hand).await.unwrap();
    file.settings.contact = Some(None);
    let planned = plan(&test, &file).await;
    let changed = ["contact", "leak_rule"].map(|name| (StepAction::Change, ClaimKind::Setting, name));
    assert_eq!(actions(&planned), changed);
    assert_eq!(planned.steps.iter().map(|step| step.drifted).collect::<Vec<_>>(), [false, true]);
    // Somebody changes one of them before the plan is carried out, and nothing of it is.
    let planned = test.keydesk.plan_file(&test.operator, &file).await.unwrap();
    let prepared = test.keydesk.prepare_file(&test.operator, planned).await.unwrap();
    let by_hand = InstallationPatch { leak_rule: Some(LeakRule::Revoke), ..InstallationPatch::default() };
    test.keydesk.set_installation(Actor::Operator, "default", by_hand).await.unwrap();
    let moved = test.keydesk.apply_file(&test.operator, prepared, [0; 32]).await;
    assert!(matches!(moved, Err(ApplyError::Moved)), "{moved:?}");
    apply(&test, &file).await;
    let now = test.keydesk.installation("default").await.unwrap().unwrap();
    assert_eq!((now.contact, now.leak_rule), (None, LeakRule::Disable));
}

async fn routes_are_compared_and_held(database: TestDatabase) {
    let test = webhooks::open(database).await;
    let lines = |lines: &[(&str, &str)]| -> RouteLines {
        lines.iter().map(|(route, asks)| ((*route).to_owned(), (*asks).to_owned())).collect()
    };
    let one = lines(&[("GET /v1/calls", "calls:read")]);
    let mut file = Wanted { routes: Some(one.clone()), ..wanted("acme") };
    assert_eq!(actions(&plan(&test, &file).await), [(StepAction::Add, ClaimKind::Routes, "routes")]);
    let by_hand = Wanted { routes_now: lines(&[("GET /v1/wraps", "wraps:read")]), ..file.clone() };
    let refused = test.keydesk.plan_file(&test.operator, &by_hand).await.err().unwrap().to_string();
    assert!(refused.contains("claim_routes = true"), "{refused}");
    let claims = Wanted { claims_routes: true, ..by_hand };
    let planned = plan(&test, &claims).await;
    assert_eq!(actions(&planned), [(StepAction::Claim, ClaimKind::Routes, "routes")]);
    assert_eq!(planned.steps[0].stops[0], "calls of GET /v1/wraps are refused, unless another route takes them");
    apply(&test, &file).await;
    file.routes_now = one;
    assert!(plan(&test, &file).await.is_settled());
    let drifted = Wanted { routes_now: RouteLines::new(), ..file.clone() };
    assert!(plan(&test, &drifted).await.steps[0].drifted);
    let other = Wanted { routes: file.routes.clone(), routes_now: file.routes_now.clone(), ..wanted("other") };
    let refused = test.keydesk.plan_file(&test.operator, &other).await.err().unwrap().to_string();
    assert_eq!(refused, "routes: the file acme holds them");
    file.routes = None;
    let planned = plan(&test, &file).await;
    assert_eq!(actions(&planned), [(StepAction::Remove, ClaimKind::Routes, "routes")]);
    apply(&test, &file).await;
    file.routes_now = RouteLines::new();
    assert!(plan(&test, &file).await.is_settled());
    let detail: Value = serde_json::from_str(&test.audit(&test.operator).await.last().unwrap().detail).unwrap();
    assert_eq!(detail["routes"], json!(["GET /v1/calls"]));
}
