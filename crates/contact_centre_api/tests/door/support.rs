use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use bytes::Bytes;
use contact_centre::{
    id::{AgentId, CallId, QueueId},
    objects::{Call, LegState},
    sim::Config,
    world::World,
    worlds::Worlds,
};
use contact_centre_api::{Centre, Gateway, Settings, Source, router};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use model::{Instant, Network, TrustedProxies, phone::Withheld};
use serde_json::Value;
use tower::ServiceExt;

/// A Wednesday, 13:00 in Sydney.
pub(crate) const NOW: &str = "2026-03-04T02:00:00.000Z";
pub(crate) const HOUR_MS: i64 = 3_600_000;
pub(crate) const KEY: &str = "0199c7a0-0000-7000-8000-000000000001";
pub(crate) const OTHER_KEY: &str = "0199c7a0-0000-7000-8000-000000000002";

/// Rights of presets.
pub(crate) const CRM: &str = "contacts:read contacts:write calls:read calls:make wraps:read wraps:write";
pub(crate) const WFM: &str = "agents:read calls:read metrics:read agent-states:subscribe";
pub(crate) const QA: &str = "recordings:read agents:read calls:read";
pub(crate) const BI: &str = "data:read calls:read agents:read metrics:read reports:read queues:read";
pub(crate) const ALL: &str =
    "contacts:* calls:* wraps:* recordings:* agents:* metrics:* queues:* live:* reports:* users:* data:*";

struct Hands {
    now: Arc<AtomicI64>,
    count: AtomicU64,
}

impl Source for Hands {
    fn now(&self) -> Instant {
        Instant::from_millis(self.now.load(Ordering::SeqCst))
    }

    fn fill(&self, bytes: &mut [u8]) {
        let count = self.count.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for (byte, value) in bytes.iter_mut().zip(count.to_be_bytes().into_iter().cycle()) {
            *byte = value;
        }
    }
}

/// The door, and the clock of the machine behind it.
pub(crate) struct Door {
    pub(crate) router: Router,
    pub(crate) centre: Centre,
    now: Arc<AtomicI64>,
}

/// 20 agents and 900 calls a day, with a day of history.
pub(crate) fn small(seed: u64) -> Config {
    let mut config = Config::new(seed);
    (config.agents, config.contacts, config.leads) = (20, 300, 60);
    (config.calls_per_day, config.history_days) = (900, 1);
    config
}

impl Door {
    /// Of a small world.
    pub(crate) fn open(seed: u64) -> Self {
        Self::at(small(seed), NOW)
    }

    /// Of a world that is made at an instant.
    pub(crate) fn at(config: Config, now: &str) -> Self {
        let real = now.parse().unwrap();
        Self::of(World::ephemeral(config, real), real)
    }

    /// Of a world that is there.
    pub(crate) fn of(world: World, real: Instant) -> Self {
        let now = Arc::new(AtomicI64::new(real.as_millis()));
        let settings = Settings {
            gateway: Gateway { addresses: TrustedProxies::new(vec![Network::parse("192.0.2.0/24").unwrap()]) },
            region: "AU".parse().unwrap(),
            withheld: Withheld::default(),
            world: small(1),
            shared_world_is_led: false,
            exports_max: 4,
            streams_max: 12_000,
        };
        let centre = Centre::new(Worlds::new(world), Hands { now: now.clone(), count: AtomicU64::new(1) }, settings);
        Self { router: router(centre.clone()), centre, now }
    }

    /// Lets time pass, and everything happen that is due.
    pub(crate) fn pass(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
        for world in self.centre.worlds().all() {
            while !world.tick(self.centre.now()).unwrap() {}
        }
    }

    /// Lets time pass, a second at a time, until something is so; at most a day.
    pub(crate) fn until<T>(&self, found: impl Fn(&World) -> Option<T>) -> T {
        for _ in 0..86_400 {
            if let Some(found) = self.world(&found) {
                return found;
            }
            self.pass(1_000);
        }
        panic!("it was not so for a day");
    }

    /// Looks into the shared world.
    pub(crate) fn world<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.centre.worlds().main().read(look)
    }

    /// A request with these rights.
    pub(crate) fn ask(&self, scopes: &str, method: &str, path: &str) -> Ask {
        let request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(format!("/v1{path}"))
            .header("x-keydesk-environment", "test")
            .header("x-keydesk-scopes", scopes)
            .extension(ConnectInfo::<SocketAddr>("192.0.2.7:4711".parse().unwrap()));
        Ask { router: self.router.clone(), request, key: Some(KEY), body: Body::empty() }
    }

    /// What is answered to a `GET`, which must be 200.
    pub(crate) async fn get(&self, scopes: &str, path: &str) -> Value {
        let told = self.ask(scopes, "GET", path).send().await;
        assert_eq!(told.status, StatusCode::OK, "{path}: {}", told.text());
        told.json()
    }

    /// A queue that takes calls.
    pub(crate) fn open_queue(&self) -> QueueId {
        self.world(|world| world.state().queues().find(|queue| queue.open).unwrap().id)
    }

    /// An agent who is free, once there is one.
    pub(crate) fn free_agent(&self) -> AgentId {
        self.until(|world| {
            world.state().agents().find(|agent| agent.status.is_free() && agent.calls.is_empty()).map(|agent| agent.id)
        })
    }

    /// The newest leg that is so, once there is one.
    pub(crate) fn leg(&self, is_so: impl Fn(&Call) -> bool) -> CallId {
        self.until(|world| world.state().calls().rev().find(|call| is_so(call)).map(|call| call.id))
    }

    /// The state of a leg.
    pub(crate) fn state(&self, id: CallId) -> LegState {
        self.world(|world| world.state().call(id).unwrap().state)
    }
}

/// A request that is being made.
pub(crate) struct Ask {
    router: Router,
    request: http::request::Builder,
    key: Option<&'static str>,
    body: Body,
}

impl Ask {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// By another key; none for a request without one.
    pub(crate) fn key(mut self, key: Option<&'static str>) -> Self {
        self.key = key;
        self
    }

    pub(crate) fn peer(mut self, address: &str) -> Self {
        self.request = self.request.extension(ConnectInfo::<SocketAddr>(address.parse().unwrap()));
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.request = self.request.header("content-type", "application/json");
        self.body = Body::from(body.to_string());
        self
    }

    pub(crate) fn raw(mut self, media: &str, body: impl Into<Body>) -> Self {
        self.request = self.request.header("content-type", media);
        self.body = body.into();
        self
    }

    pub(crate) async fn send(self) -> Told {
        let request = match self.key {
            Some(key) => self.request.header("x-keydesk-key-id", key),
            None => self.request,
        };
        let response = self.router.oneshot(request.body(self.body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let collected = body.collect().await;
        let (bytes, trailers) = match collected {
            Ok(collected) => {
                let trailers = collected.trailers().cloned().unwrap_or_default();
                (collected.to_bytes(), trailers)
            }
            Err(error) => panic!("the body broke off: {error}"),
        };
        Told { status: parts.status, headers: parts.headers, bytes, trailers }
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) trailers: HeaderMap,
}

impl Told {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or("(bytes)")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The code of a refusal with this status.
    pub(crate) fn code(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["request_id"].is_string() && problem["detail"].is_string(), "{problem}");
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// An id of an answer.
pub(crate) fn id(value: &Value) -> CallId {
    value["id"].as_str().unwrap().parse().unwrap()
}
