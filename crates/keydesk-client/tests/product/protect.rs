use std::time::{Duration, Instant};

use axum::{Extension, Router, routing::get};
use keydesk_client::{Caller, Client, Error, Protect, Retries};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::program::Program;

/// A service of somebody's own behind the layer, and its address.
async fn serve(layer: Protect) -> String {
    let app = Router::new()
        .route(
            "/v1/read",
            get(|Extension(caller): Extension<Caller>| async move { format!("\"{}\"", caller.client_name) }),
        )
        .layer(layer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// What the service answers to a call with this key: who calls, or the status and the code.
async fn ask(service: &str, key: &str) -> Result<String, (u16, String)> {
    let client = Client::builder(service, key).retries(Retries::none()).build().unwrap();
    match client.contact_centre().read::<Value>("/v1/read").await {
        Ok(who) => Ok(who.as_str().unwrap().to_owned()),
        Err(Error::Refused(problem)) => Err((problem.status, problem.code)),
        Err(error) => panic!("{error}"),
    }
}

fn refused(status: u16, code: &str) -> Result<String, (u16, String)> {
    Err((status, code.to_owned()))
}

#[tokio::test]
async fn a_service_lets_through_what_keydesk_allows_and_nobody_when_it_is_gone() {
    let mut program = Program::start().await;
    let client = program.client(&program.key("live", &["keys:verify"], &[]).await);
    let service = serve(Protect::new(client.clone()).scope("contacts:read")).await;
    let good = program.key("live", &["contacts:read"], &[]).await;
    assert_eq!(ask(&service, &good).await, Ok("Tests".to_owned()));
    let other = program.key("live", &["calls:read"], &[]).await;
    assert_eq!(ask(&service, &other).await, refused(403, "insufficient_scope"));
    let limited = program.key("live", &["contacts:read"], &["--rate", "default=1/60s"]).await;
    assert_eq!(ask(&service, &limited).await, Ok("Tests".to_owned()));
    assert_eq!(ask(&service, &limited).await, refused(429, "rate_limited"));
    assert_eq!(ask(&service, "ccc_live_nobody").await, refused(401, "invalid_token"));
    assert_eq!(ask(&service, "").await, refused(401, "missing_key"));
    let far = program.key("live", &["contacts:read"], &["--allow-ip", "203.0.113.0/24"]).await;
    assert_eq!(ask(&service, &far).await, refused(403, "ip_not_allowed"));
    let near = serve(Protect::new(client).scope("contacts:read").address(|_| "203.0.113.9".parse().ok())).await;
    assert_eq!(ask(&near, &far).await, Ok("Tests".to_owned()));

    program.kill().await;
    assert_eq!(ask(&service, &good).await, refused(503, "unavailable"));
    program.again().await;
    assert_eq!(ask(&service, &good).await, Ok("Tests".to_owned()));
}

#[tokio::test]
async fn a_service_whose_own_key_may_not_ask_lets_nobody_through() {
    let program = Program::start().await;
    let service = serve(Protect::new(program.client(&program.key("live", &["keys:read"], &[]).await))).await;
    let good = program.key("live", &["contacts:read"], &[]).await;
    assert_eq!(ask(&service, &good).await, refused(503, "unavailable"));
}

#[tokio::test]
async fn a_revoked_key_is_refused_within_the_stated_time_and_at_once_without_a_cache() {
    const LIVES: Duration = Duration::from_secs(5);
    let program = Program::start().await;
    let client = program.client(&program.key("live", &["keys:verify", "keys:read", "keys:write"], &[]).await);
    let asking = serve(Protect::new(client.clone())).await;
    let cached = Protect::new(client.clone()).cache(LIVES);
    let caching = serve(cached.clone()).await;
    let other = serve(cached.scope("calls:read")).await;
    let key = program.key("live", &["contacts:read"], &[]).await;
    let id = program.client(&key).whoami().await.unwrap().key.id;
    assert_eq!(ask(&caching, &key).await, Ok("Tests".to_owned()));
    assert_eq!(ask(&other, &key).await, refused(403, "insufficient_scope"), "other rules allow something else");
    let revoked = Instant::now();
    client.keys().delete(id).await.unwrap();
    assert_eq!(ask(&asking, &key).await, refused(401, "invalid_token"));
    assert_eq!(ask(&caching, &key).await, Ok("Tests".to_owned()), "it is answered from the cache");
    while ask(&caching, &key).await.is_ok() {
        assert!(revoked.elapsed() < LIVES + Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ask(&caching, &key).await, refused(401, "invalid_token"));
}
