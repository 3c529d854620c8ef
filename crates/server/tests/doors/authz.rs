//! Forward-auth, as proxies ask.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, header},
};
use domain::NewKey;
use model::{NetworkSet, OriginSet, Route, RouteTable, SettingsPatch, TrustedProxies};
use server::Gateway;
use store::testing::TestDatabase;

use crate::support::{Answer, TestApp};

const ROUTES: [(&str, &str, &[&str]); 5] = [
    ("GET", "/api/contacts/{id}", &["contacts:read"]),
    ("PUT", "/api/contacts/{id}", &["contacts:write"]),
    ("GET", "/api/contacts/export", &["contacts:read", "data:read"]),
    ("*", "/api/calls/{*rest}", &["calls:read"]),
    ("GET", "/api/me", &[]),
];

async fn app() -> (TestDatabase, TestApp) {
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    let routes = ROUTES.iter().map(|(method, path, scopes)| {
        Route::new(method, path, scopes.iter().map(|scope| scope.parse().unwrap()).collect()).unwrap()
    });
    let gateway = Gateway {
        routes: std::sync::Arc::new(RouteTable::new(routes.collect()).unwrap()),
        trusted_proxies: TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]),
    };
    let dispatcher = server::dispatcher_behind(&app.keydesk, gateway);
    (database, TestApp { dispatcher, ..app })
}

/// Asks with a key and these headers.
async fn ask(app: &TestApp, key: &str, method: Method, target: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(target);
    if !key.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let peer: SocketAddr = "10.0.0.1:4711".parse().unwrap();
    app.send(request.extension(ConnectInfo(peer)).body(Body::empty()).unwrap()).await
}

fn nginx<'a>(method: &'a str, target: &'a str) -> [(&'static str, &'a str); 2] {
    [("X-Original-Method", method), ("X-Original-URI", target)]
}

fn traefik<'a>(method: &'a str, target: &'a str) -> [(&'static str, &'a str); 2] {
    [("X-Forwarded-Method", method), ("X-Forwarded-Uri", target)]
}

#[tokio::test]
async fn an_allowed_caller_is_named_and_a_refused_one_is_told_why() {
    let (_database, app) = app().await;
    let key = app.key_in("default", "Müller & Söhne", &["contacts:read", "calls:*"]).await;
    let allowed = ask(&app, &key.secret, Method::GET, "/authz?scope=contacts:read", &[]).await;
    insta::assert_snapshot!("allowed", allowed.whole().replace(&key.id, "[id]"));
    let missing = ask(&app, "", Method::GET, "/authz?scope=contacts:read", &[]).await;
    insta::assert_snapshot!("missing", missing.whole());
    let bad = ask(&app, "nonsense", Method::GET, "/authz?scope=contacts:read", &[]).await;
    insta::assert_snapshot!("bad", bad.whole());
    let target = "/authz?scope=contacts:read&scope=data:write";
    let insufficient = ask(&app, &key.secret, Method::GET, target, &[]).await;
    insta::assert_snapshot!("insufficient", insufficient.whole());
    let no_route = ask(&app, &key.secret, Method::GET, "/authz", &[]).await;
    insta::assert_snapshot!("no_route", no_route.whole());
    let hostile = ask(&app, &key.secret, Method::GET, "/authz", &nginx("GET", "/api/../me")).await;
    insta::assert_snapshot!("hostile", hostile.whole());
    let for_nginx = ask(&app, &key.secret, Method::GET, "/authz?mode=nginx", &nginx("GET", "/api/../me")).await;
    insta::assert_snapshot!("hostile_for_nginx", for_nginx.whole());
}

#[tokio::test]
async fn authz_takes_any_method_and_decides_by_the_original_one() {
    let (_database, app) = app().await;
    let key = app.key_in("default", "Acme", &["contacts:read"]).await;
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND"] {
        let method: Method = method.parse().unwrap();
        let answer = ask(&app, &key.secret, method.clone(), "/authz", &nginx("GET", "/api/contacts/7?x=/..")).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0), "{method}");
    }
}

#[tokio::test]
async fn every_proxys_way_of_asking_is_understood() {
    let (_database, app) = app().await;
    let reader = app.key_in("default", "Reader", &["contacts:read"]).await.secret;
    let writer = app.key_in("default", "Writer", &["contacts:write"]).await.secret;
    let caller = app.key_in("default", "Caller", &["calls:*"]).await.secret;
    for (key, method, path, expected) in [
        (&reader, "GET", "/api/contacts/7", 200),
        (&reader, "PUT", "/api/contacts/7", 403),
        (&reader, "GET", "/api/contacts/export", 403),
        (&writer, "PUT", "/api/contacts/7", 200),
        (&writer, "PUT", "/api/contacts/export", 403),
        (&reader, "GET", "/api/me", 200),
        (&reader, "GET", "/api/calls/7", 403),
        (&caller, "GET", "/api/calls/7", 200),
        (&caller, "DELETE", "/api/calls/7/parts/1", 200),
        (&caller, "GET", "/api/calls", 403),
        (&caller, "GET", "/", 403),
    ] {
        let own: Method = method.parse().unwrap();
        let below = ask(&app, key, own, &format!("/authz{path}?scope=live:read&mode=x"), &[]).await;
        let original = ask(&app, key, Method::GET, "/authz", &nginx(method, path)).await;
        let forwarded = ask(&app, key, Method::GET, "/authz", &traefik(method, path)).await;
        for answer in [below, original, forwarded] {
            assert_eq!(answer.status, expected, "{method} {path}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn the_original_request_is_never_guessed() {
    let (_database, app) = app().await;
    let key = app.key_in("default", "Acme", &["contacts:*", "calls:*", "live:read"]).await.secret;
    let (original, forwarded) = (nginx("GET", "/api/contacts/7"), traefik("GET", "/api/contacts/7"));
    for (target, headers, expected) in [
        ("/authz", [original, forwarded].concat(), "invalid_request"),
        ("/authz/api/contacts/7", original.to_vec(), "invalid_request"),
        ("/authz/api/contacts/7", forwarded.to_vec(), "invalid_request"),
        ("/authz", [original, original].concat(), "invalid_request"),
        ("/authz", vec![original[0]], "invalid_request"),
        ("/authz", vec![forwarded[1]], "invalid_request"),
        ("/authz?scope=contacts:read", [original, forwarded].concat(), "invalid_request"),
        ("/authz?scope=contacts:read", nginx("GET", "/api//contacts").to_vec(), "invalid_path"),
        ("/authz?scope=contacts", vec![], "invalid_request"),
        ("/authz?scope=", vec![], "invalid_request"),
        ("/authz?mode=caddy", vec![], "invalid_request"),
        ("/authz?key=x", vec![], "invalid_request"),
        ("/authz?scope=live:read", nginx("GET", "/api/calls/7?scope=live:read").to_vec(), "invalid_request"),
        ("/authz?x=1", traefik("GET", "/api/calls/7?x=1").to_vec(), ""),
        ("/authz", vec![("X-API-Key", "another")], "invalid_request"),
        ("/authz//api/contacts/7", vec![], "invalid_path"),
        ("/authz/api/contacts/..", vec![], "invalid_path"),
        ("/authz/api/contacts/7", vec![], ""),
        ("/authz?scope=contacts:read", vec![original[1]], ""),
        ("/authz?scope=live:read", original.to_vec(), ""),
        ("/authz/?scope=live:read", vec![], "no_route"),
        ("/authz/nowhere?scope=live:read", vec![], "no_route"),
        ("/authz", vec![], "no_route"),
        ("/authz", nginx("GET", "/nowhere").to_vec(), "no_route"),
        ("/authz", nginx("get", "/api/contacts/7").to_vec(), "no_route"),
    ] {
        let answer = ask(&app, &key, Method::GET, target, &headers).await;
        let code = if answer.status == 200 { String::new() } else { answer.code() };
        assert_eq!(code, expected, "{target} {headers:?}");
    }
}

#[tokio::test]
async fn a_bad_key_is_told_so_before_it_is_told_of_routes() {
    let (_database, app) = app().await;
    for target in ["/authz", "/authz/nowhere"] {
        assert_eq!(ask(&app, "", Method::GET, target, &[]).await.refusal(), (401, "missing_key".to_owned()));
        assert_eq!(ask(&app, "x", Method::GET, target, &[]).await.refusal(), (401, "invalid_token".to_owned()));
    }
}

#[tokio::test]
async fn a_hostile_path_is_refused_before_the_key_is_looked_at() {
    let (_database, app) = app().await;
    let poor = app.key_in("default", "Acme", &["live:read"]).await.secret;
    for key in ["", "x", &poor] {
        for (target, headers) in [
            ("/authz", nginx("GET", "/api/../me").to_vec()),
            ("/authz", traefik("GET", "/api/%2e%2e/me").to_vec()),
            ("/authz?scope=contacts:read", nginx("GET", "/api//me").to_vec()),
            ("/authz/api/a%2fb", vec![]),
        ] {
            let refused = ask(&app, key, Method::GET, target, &headers).await;
            assert_eq!(refused.refusal(), (400, "invalid_path".to_owned()), "{key} {target} {headers:?}");
            assert_eq!(refused.header("www-authenticate"), "", "{key} {target}");
        }
    }
}

#[tokio::test]
async fn nginx_is_answered_in_the_statuses_that_it_knows() {
    let (_database, app) = app().await;
    let key = app.key_in("default", "Acme", &["live:read"]).await.secret;
    for (key, target, headers, expected, meant) in [
        (key.as_str(), "/authz?mode=nginx&scope=live:read", vec![], 200, ""),
        ("", "/authz?mode=nginx&scope=live:read", vec![], 401, "401"),
        (&key, "/authz?mode=nginx&scope=data:read", vec![], 403, "403"),
        (&key, "/authz?mode=nginx", nginx("GET", "/a//b").to_vec(), 403, "400"),
        (&key, "/authz?mode=nginx&scope=nonsense", vec![], 403, "400"),
        // Below /authz the query is the client's.
        (&key, "/authz/a//b?mode=nginx", vec![], 400, ""),
    ] {
        let answer = ask(&app, key, Method::GET, target, &headers).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-keydesk-status")), (expected, meant), "{target}");
    }
}

#[tokio::test]
async fn a_call_without_a_route_is_not_counted_as_allowed() {
    let (_database, app) = app().await;
    let key = app.key_in("default", "Acme", &["contacts:*"]).await.secret;
    let count = |code: model::Code| app.keydesk.verifier().counters().verifications[code.index()];
    let before = count(model::Code::Valid);
    assert_eq!(ask(&app, &key, Method::GET, "/authz", &nginx("GET", "/nowhere")).await.code(), "no_route");
    assert_eq!(count(model::Code::Valid), before);
}

#[tokio::test]
async fn a_key_bound_to_an_address_goes_by_what_trusted_proxies_saw() {
    let (_database, app) = app().await;
    let operator = app.operator("default").await;
    let new = NewKey::of(SettingsPatch {
        scopes: Some(["live:read".parse().unwrap()].into_iter().collect()),
        allowed_ips: Some(NetworkSet::new(["203.0.113.0/24".parse().unwrap()]).unwrap()),
        ..SettingsPatch::name("Bound")
    });
    let key = app.keydesk.issue(&operator, new).await.unwrap().secret;
    for (peer, forwarded, expected) in [
        ("203.0.113.9:1", None, 200),
        ("10.0.0.1:1", Some("203.0.113.9"), 200),
        ("10.0.0.1:1", Some("198.51.100.1, 203.0.113.9"), 200),
        ("10.0.0.1:1", Some("203.0.113.9, 10.0.0.2"), 200),
        ("10.0.0.1:1", Some("203.0.113.9, 198.51.100.1"), 403),
        ("10.0.0.1:1", Some("203.0.113.9, unknown"), 403),
        ("10.0.0.1:1", None, 403),
        ("198.51.100.1:1", Some("203.0.113.9"), 403),
    ] {
        let peer: SocketAddr = peer.parse().unwrap();
        for target in ["/authz?scope=live:read", "/api/v1/whoami"] {
            let mut request = Request::get(target).extension(ConnectInfo(peer)).header("X-API-Key", key.expose());
            if let Some(forwarded) = forwarded {
                request = request.header("X-Forwarded-For", forwarded);
            }
            let answer = app.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, expected, "{target} {peer} {forwarded:?}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_key_bound_to_an_origin_goes_by_the_host_that_trusted_proxies_saw() {
    let (_database, app) = app().await;
    let operator = app.operator("default").await;
    let new = NewKey::of(SettingsPatch {
        scopes: Some(["live:read".parse().unwrap()].into_iter().collect()),
        allowed_origins: Some(OriginSet::new(["https://desk.example".parse().unwrap()]).unwrap()),
        ..SettingsPatch::name("Bound")
    });
    let key = app.keydesk.issue(&operator, new).await.unwrap().secret;
    for (peer, host, forwarded, expected) in [
        ("10.0.0.1:1", "keydesk:3000", Some("desk.example"), 200),
        ("10.0.0.1:1", "desk.example", None, 200),
        ("10.0.0.1:1", "desk.example", Some("evil.example"), 403),
        ("10.0.0.1:1", "desk.example", Some("evil.example, desk.example"), 403),
        ("10.0.0.1:1", "keydesk:3000", None, 403),
        // A page can write this header.
        ("198.51.100.1:1", "evil.example", Some("desk.example"), 403),
        ("198.51.100.1:1", "desk.example", Some("evil.example"), 200),
    ] {
        let peer: SocketAddr = peer.parse().unwrap();
        for target in ["/authz?scope=live:read", "/api/v1/whoami"] {
            let mut request = Request::get(target).extension(ConnectInfo(peer)).header("X-API-Key", key.expose());
            request = request.header("Host", host).header("Sec-Fetch-Site", "same-origin");
            if let Some(forwarded) = forwarded {
                request = request.header("X-Forwarded-Host", forwarded);
            }
            let answer = app.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, expected, "{target} {peer} {host} {forwarded:?}: {}", answer.text());
        }
    }
}
