use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use contact_centre::{sim::Config, world::World, worlds::Worlds};
use http::{StatusCode, header};
use http_body_util::BodyExt as _;
use model::{
    Instant, Network, TrustedProxies,
    phone::{Region, Withheld},
};
use serde_json::Value;
use tower::ServiceExt as _;

use super::walk::{Step, Walk};
use crate::{
    centre::{Centre, Gateway, Settings, Source},
    operation::Operation,
};

/// A request, and what was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Its method.
    pub method: &'static str,
    /// As the list of operations has it, below `/v1`.
    pub template: &'static str,
    /// As it was asked, with its query.
    pub path: String,
    /// What was sent; null for nothing.
    pub body: Value,
    /// The status of the answer.
    pub status: u16,
    /// What was answered; null for what is no JSON.
    pub answer: Value,
}

/// A Wednesday, 13:00 in Sydney.
const NOW_MS: i64 = 1_772_589_600_000;
const GATEWAY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// The key of the examples.
const KEY: &str = "0199c7a0-0000-7000-8000-000000000001";
const WORLD: &str = "examples";
const SCOPES: &str =
    "contacts:* calls:* wraps:* recordings:* agents:* metrics:* queues:* live:* reports:* users:* data:*";
/// Bytes of an answer that becomes an example.
const ANSWER_MAX: usize = 8 << 20;

/// Time stands, and what nobody can guess is counted: so examples are the same whenever they are made.
struct Standing(AtomicU64);

impl Source for Standing {
    fn now(&self) -> Instant {
        Instant::from_millis(NOW_MS)
    }

    fn fill(&self, bytes: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for (byte, value) in bytes.iter_mut().zip(count.to_be_bytes().into_iter().cycle()) {
            *byte = value;
        }
    }
}

/// A small contact centre of a day.
fn small() -> Config {
    let mut config = Config::new(20_260_304);
    (config.agents, config.contacts, config.leads) = (16, 60, 20);
    (config.calls_per_day, config.history_days) = (600, 1);
    config
}

fn centre() -> Option<Centre> {
    let now = Instant::from_millis(NOW_MS);
    let settings = Settings {
        gateway: Gateway { addresses: TrustedProxies::new(vec![Network::around(GATEWAY, 32)]) },
        region: "AU".parse::<Region>().ok()?,
        withheld: Withheld::default(),
        world: small(),
        shared_world_is_led: false,
        exports_max: 4,
        streams_max: 12_000,
    };
    Some(Centre::new(Worlds::new(World::ephemeral(small(), now)), Standing(AtomicU64::new(1)), settings))
}

/// Asks for everything, one after the other.
pub(super) async fn made(build: fn(Centre) -> Router) -> Option<Vec<Example>> {
    let centre = tokio::task::spawn_blocking(centre).await.ok()??;
    let router = build(centre.clone());
    let mut examples = Vec::new();
    let mut walk = Walk::new(&centre, WORLD);
    while let Some(Step { operation, path, body }) = walk.next() {
        let request = Request::builder().method(operation.method).uri(format!("/v1{path}"));
        let request = request
            .header("x-keydesk-key-id", KEY)
            .header("x-keydesk-environment", "test")
            .header("x-keydesk-scopes", SCOPES)
            .header("x-keydesk-world", WORLD)
            .header(header::CONTENT_TYPE, "application/json")
            .extension(ConnectInfo(SocketAddr::new(GATEWAY, 1)));
        let sent = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let Ok(response) = router.clone().oneshot(request.body(sent).ok()?).await;
        let status = response.status();
        let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|media| media == "application/json");
        let bytes = http_body_util::Limited::new(response.into_body(), ANSWER_MAX).collect().await.ok()?.to_bytes();
        let answer = if is_json { serde_json::from_slice(&bytes).ok()? } else { Value::Null };
        walk.told(operation, status, &answer);
        examples.push(example(operation, path, body, status, answer));
    }
    Some(examples)
}

fn example(operation: &'static Operation, path: String, body: Value, status: StatusCode, answer: Value) -> Example {
    Example { method: operation.method, template: operation.path, path, body, status: status.as_u16(), answer }
}
