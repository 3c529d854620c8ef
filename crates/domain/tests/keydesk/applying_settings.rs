//! Files that say how an installation is set, and which routes there are.

use domain::{InstallationPatch, RouteLines, StepAction, Wanted};
use model::{Actor, ClaimKind, Code};
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    applying::{actions, apply, held, key, plan, wanted},
    test_keydesk::code,
    webhooks,
};

on_both_databases!(a_file_switches_the_module_on_and_sets_the_installation, routes_are_compared_and_held);

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
    let patch = InstallationPatch { title: Some("By hand".to_owned()), time_zone: None };
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
