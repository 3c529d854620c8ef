//! A gateway on a port of its own, with keys.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use axum::response::{IntoResponse as _, Response};
use edge::{Answer as Answers, Answering, Cores, Edge, Listener, PlaceBounds, Places, Problem, Routes, Timers};
use gate::{
    Accepted,
    config::{self, Routes as RouteEntries},
    forward::{
        self, Door, Forwarder,
        config::{GatewayEntry, UpstreamEntry},
    },
};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use model::{
    BODY_LEN, ClientName, Environment, InstallationId, Instant, KeyId, KeyKind, LifeCycle, NetworkSet, OriginSet,
    PlainSecret, ScopeSet, SecretFormat, SecretId,
};
use serde::Deserialize;
use store::{StoredRecord, testing::TestDatabase};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use uuid::Uuid;
use verify::{Pepper, Peppers, Verifier};

use crate::raw::{Answer, Client};

/// The time at which each test begins.
const BEGIN: i64 = 1_795_000_000_000;
pub(crate) const OURS: InstallationId = InstallationId(Uuid::from_u128(1));

/// The configuration of a test, as its file has it.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    gateway: GatewayEntry,
    #[serde(default)]
    upstreams: std::collections::BTreeMap<String, UpstreamEntry>,
    #[serde(default)]
    routes: RouteEntries,
    #[serde(default)]
    trusted_proxies: Vec<String>,
}

pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    pub(crate) verifier: Verifier,
    clock: Arc<AtomicI64>,
    epoch: AtomicI64,
    pub(crate) stopping: watch::Sender<bool>,
    pub(crate) served: JoinHandle<()>,
    _cores: Arc<Cores<Nobody>>,
    database: TestDatabase,
}

/// Answers the other port, which these tests don't have.
#[derive(Clone)]
pub(crate) struct Nobody;

impl Answers for Nobody {
    fn answer_to(&self, _: Option<SocketAddr>, _: Request<Incoming>) -> Answering {
        Answering::Now(Some(StatusCode::NOT_FOUND.into_response()))
    }

    fn refuse_unread(&self, _: &str, problem: Problem) -> Response {
        problem.into_response()
    }
}

struct Source {
    clock: Arc<AtomicI64>,
    ids: AtomicU64,
}

impl edge::Source for Source {
    fn now(&self) -> Instant {
        Instant::from_millis(self.clock.load(SeqCst))
    }

    fn request_id(&self, _: Instant) -> Uuid {
        Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 | u128::from(self.ids.fetch_add(1, SeqCst)))
    }
}

/// What a key of a test may do.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) number: u8,
    pub(crate) scopes: &'static [&'static str],
    pub(crate) environment: Environment,
    pub(crate) origins: &'static [&'static str],
    pub(crate) life: LifeCycle,
    /// Its limits in the contact centre, in words.
    pub(crate) contact_centre: &'static str,
    pub(crate) world: Option<&'static str>,
    /// A rate limit, in words.
    pub(crate) rate: Option<&'static str>,
    pub(crate) client_name: &'static str,
}

impl Key {
    pub(crate) fn live(number: u8) -> Self {
        let scopes = &["contacts:read", "contacts:write", "live:read"];
        let environment = Environment::Live;
        Self {
            number,
            scopes,
            environment,
            origins: &[],
            life: LifeCycle::default(),
            contact_centre: "",
            world: None,
            rate: None,
            client_name: "Client",
        }
    }

    pub(crate) fn test(number: u8) -> Self {
        Self { environment: Environment::Test, ..Self::live(number) }
    }

    pub(crate) fn secret(&self) -> PlainSecret {
        let mut body = [7; BODY_LEN];
        body[0] = self.number;
        format().write(self.environment, &body)
    }

    pub(crate) fn id(&self) -> KeyId {
        KeyId(Uuid::from_u128(0x0199_0000_0000_7000_9000_0000_0000_0000 | u128::from(self.number)))
    }

    fn stored(&self, epoch: i64) -> StoredRecord {
        StoredRecord {
            digest: peppers().digest(self.secret().expose()),
            former: None,
            secret: SecretId(self.id().0),
            secret_expires_at: None,
            installation: OURS,
            key: self.id(),
            kind: KeyKind::Issued,
            client_name: ClientName::parse(&format!("{} {}", self.client_name, self.number)).unwrap(),
            environment: self.environment,
            scopes: self.scopes.iter().map(|scope| scope.parse().unwrap()).collect::<ScopeSet>(),
            networks: NetworkSet::ANY,
            origins: OriginSet::new(self.origins.iter().map(|origin| origin.parse().unwrap())).unwrap(),
            rate_limits: model::RateLimits::new(self.rate.map(|rate| rate.parse().unwrap()).into_iter().collect())
                .unwrap(),
            quotas: model::Quotas::default(),
            contact_centre: self.contact_centre.parse().unwrap(),
            sandbox_world: self.world.map(|name| name.parse().unwrap()),
            life: self.life,
            last_used_at: None,
            trial: None,
            epoch,
        }
    }
}

fn format() -> SecretFormat {
    SecretFormat::new("ccc").unwrap()
}

fn peppers() -> Peppers {
    Peppers::new(vec![Pepper::new("p1", &[3; 32])]).unwrap()
}

/// The routes of most tests.
pub(crate) const ROUTES: &str = r#"
[[routes]]
method = "*"
path = "/v1/a/{*rest}"
scope = "contacts:read"

[[routes]]
method = "*"
path = "/v1/a"
scope = "contacts:read"

[[routes]]
method = "*"
path = "/v1/secret"
scope = "data:read"
"#;

impl Gateway {
    /// In front of these addresses for live keys, with more configuration.
    pub(crate) async fn before(urls: &[String], more: &str) -> Self {
        Self::start(&format!("{more}\n{ROUTES}"), urls).await
    }

    /// With this configuration, and these addresses for live keys.
    pub(crate) async fn start(config: &str, live: &[String]) -> Self {
        Self::launch(config, live, None).await
    }

    /// With this configuration, and an API in the process for live keys.
    pub(crate) async fn with_door(config: &str, door: Door) -> Self {
        Self::launch(config, &[], Some(door)).await
    }

    async fn launch(config: &str, live: &[String], door: Option<Door>) -> Self {
        let mut config = config.to_owned();
        if !live.is_empty() && !config.contains("[upstreams.live]") {
            config.push_str("\n[upstreams.live]\n");
        }
        if !live.is_empty() {
            config = config.replace("[upstreams.live]\n", &format!("[upstreams.live]\nurls = {live:?}\n"));
        }
        let file: File = toml::from_str(&config).unwrap();
        let database = TestDatabase::sqlite().await;
        let store = store::Store::open(database.address()).await.unwrap();
        let ticks = std::time::Instant::now();
        let verifier = Verifier::new(store, peppers(), format(), 1_000, 0, Arc::new(move || ticks.elapsed()));
        let clock = Arc::new(AtomicI64::new(BEGIN));
        let edge =
            Edge::new(Source { clock: Arc::clone(&clock), ids: AtomicU64::new(1) }, Routes::new([forward::template()]));
        let routes = config::gateway(file.routes, &file.trusted_proxies).unwrap();
        let mut settings = forward::config::settings(file.gateway, file.upstreams, &routes.routes).unwrap();
        if let Some(door) = door {
            assert!(settings.add_in_process(Environment::Live, door).unwrap());
        }
        let accepted = Accepted::new(OURS, "default", settings.accepted.environment);
        let cores = Arc::new(Cores::<Nobody>::start().unwrap());
        let trusted = routes.trusted_proxies.clone();
        let forwarder = Forwarder::new(verifier.clone(), routes, accepted, edge, settings, cores.count());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let bounds = PlaceBounds { strangers: 512, per_peer: 512, proxies: 512 };
        let listener = Listener::new(listener, Places::new("gateway", bounds, trusted));
        let stopping = watch::Sender::new(false);
        let served =
            tokio::spawn(forward::serve(listener, forwarder, Arc::clone(&cores), Timers::here(), stopping.subscribe()));
        let epoch = AtomicI64::new(0);
        Self { address, verifier, clock, epoch, stopping, served, _cores: cores, database }
    }

    /// Writes the installation down, whose limits the database keeps.
    pub(crate) async fn founds_installation(&self) {
        let mut raw = self.database.raw().await;
        let id = raw.id(OURS.0);
        let columns = "(id, name, title, recoverable, created_at)";
        let row = format!("INSERT INTO installation {columns} VALUES ({id}, 'default', 'Default', 1, 0)");
        raw.execute(&row).await.unwrap();
    }

    /// Makes a key known, or known as changed.
    pub(crate) fn knows(&self, key: &Key) {
        let epoch = self.epoch.fetch_add(1, SeqCst) + 1;
        self.verifier.apply(vec![key.stored(epoch)]);
    }

    /// Time passes by the clock by which keys expire.
    pub(crate) fn passes(&self, time: Duration) {
        self.clock.fetch_add(i64::try_from(time.as_millis()).unwrap(), SeqCst);
    }

    /// A client of it that has sent nothing.
    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.address).await
    }

    /// The answer to a request with a key, on a connection of its own.
    pub(crate) async fn ask(&self, key: &Key, line: &str, more: &str) -> Answer {
        let mut client = self.client().await;
        client.send(request(key, line, more)).await;
        client.answer_to(line.split(' ').next().unwrap_or_default()).await.expect("an answer")
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_millis(self.clock.load(SeqCst))
    }
}

/// A request with a key, and with more lines and a body.
pub(crate) fn request(key: &Key, line: &str, more: &str) -> String {
    let secret = key.secret();
    let more = if more.contains("\r\n\r\n") { more.to_owned() } else { format!("{more}\r\n") };
    format!("{line} HTTP/1.1\r\nHost: desk.example\r\nAuthorization: Bearer {}\r\n{more}", secret.expose())
}

/// Waits for a condition, and says for which one it waited in vain.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("in vain: {what}");
}

/// Not longer than a test may take.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(Duration::from_secs(20), future).await {
        Ok(output) => output,
        Err(_) => panic!("too late: {what}"),
    }
}
