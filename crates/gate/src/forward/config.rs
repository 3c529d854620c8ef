//! `[gateway]` and `[upstreams.NAME]` of the configuration file.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use http::{HeaderValue, Uri, uri::PathAndQuery};
use model::{AcceptedEnvironment, Environment, InvalidOrigin, OriginPattern, OriginUnion, RouteTable};
use rustls_pki_types::ServerName;
use serde::{Deserialize, Deserializer, de};

use super::{
    breaker::Breaker,
    in_process::Door,
    streams::StreamBounds,
    tls::{self, Files, InvalidCertificates, Shown},
    upstream::{Address, Protocol, Times, Upstream, Upstreams},
};
use crate::config::{ListenerEntry, OneOrMany};

/// Most bytes of a request's body where the configuration says nothing: as much as bulk data may have.
const BODY_MAX: u64 = 16 << 20;
/// Most calls that an upstream has at once.
const CALLS_MAX: usize = 4_096;
/// Most streams of all keys, and of one.
const STREAMS_MAX: usize = 20_000;
const STREAMS_OF_KEY: usize = 2_000;
/// Most addresses of an upstream. Those that a call was sent to are kept as bits of a number.
const ADDRESSES_MAX: usize = 64;
const TIMES: Times = Times {
    connect: Duration::from_secs(2),
    head: Duration::from_secs(30),
    idle: Duration::from_secs(60),
    whole: None,
};
/// Longest time that can be waited for.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// `[gateway]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayEntry {
    /// Where it listens: `host:port`.
    pub listen: Option<String>,
    /// The name of the installation whose keys it accepts; `None`: the one that `--installation` names.
    pub installation: Option<String>,
    environment: Option<AcceptedEnvironment>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    cors_origins: Vec<String>,
    max_body: Option<u64>,
    max_streams: Option<usize>,
    max_streams_of_key: Option<usize>,
}

/// `[upstreams.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamEntry {
    urls: OneOrMany<String>,
    ca: Option<PathBuf>,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    health: Option<String>,
    connect_timeout: Option<Time>,
    head_timeout: Option<Time>,
    idle_timeout: Option<Time>,
    timeout: Option<Time>,
    max_connections: Option<usize>,
}

/// A time: `"500ms"`, `"5s"`, `"2m"`, or seconds.
#[derive(Clone, Copy, Debug)]
struct Time(Duration);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a time is written like \"500ms\", \"5s\" or \"2m\", or as seconds")]
        enum Either {
            Seconds(u64),
            Text(String),
        }
        let found = match Either::deserialize(deserializer)? {
            Either::Seconds(seconds) => Some(Duration::from_secs(seconds)),
            Either::Text(text) => parse_time(&text),
        };
        let fits = found.filter(|time| !time.is_zero() && *time <= LONGEST);
        fits.map(Self)
            .ok_or_else(|| de::Error::custom("a time is 1ms to 7 days, written like \"500ms\", \"5s\" or \"2m\""))
    }
}

fn parse_time(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    match unit.trim() {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(number.checked_mul(3_600)?)),
        _ => None,
    }
}

/// Why the configuration of the gateway can't be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidForward {
    /// A file can't be used.
    #[error(transparent)]
    Certificates(#[from] InvalidCertificates),
    /// Only one of two files is named.
    #[error("[{0}] names {1} and {2} together, or neither.")]
    Half(String, &'static str, &'static str),
    /// An origin is none.
    #[error("[gateway] cors_origins: {0} {1}.")]
    Origin(String, InvalidOrigin),
    /// An address is none.
    #[error(
        "[upstreams.{0}] urls: {1} is not an address such as http://10.0.0.5:8000, https://api.example or h2c://10.0.0.5:8000, \
         without a path."
    )]
    Url(String, String),
    /// None or too many.
    #[error("[upstreams.{0}] urls: an upstream has 1 to {ADDRESSES_MAX} addresses.")]
    Addresses(String),
    /// Not a path.
    #[error("[upstreams.{0}] health is a path such as /healthz.")]
    Health(String),
    /// There is none of that name.
    #[error("route {0}: there is no [upstreams.{1}].")]
    NoUpstream(String, String),
    /// Keys of both environments would reach it.
    #[error(
        "route {0} names the upstream {1}, and so names its environment, which is the same on every route to it: live or test."
    )]
    Shared(String, String),
    /// Nothing fits into it.
    #[error("[{0}] {1} is 1 or more.")]
    Nothing(String, &'static str),
}

/// The configuration of the gateway, after it was checked.
#[derive(Debug)]
pub struct Settings {
    /// Where it listens; `None`: nowhere.
    pub listen: Option<String>,
    /// Whose keys it accepts.
    pub accepted: ListenerEntry,
    pub(super) shown: Option<Shown>,
    pub(super) cors: OriginUnion,
    pub(super) body_max: u64,
    pub(super) streams: StreamBounds,
    pub(super) upstreams: Upstreams,
}

impl Settings {
    /// Refuses routes to upstreams that are not there, or that keys of the other environment reach.
    pub fn require_upstreams(&self, routes: &RouteTable) -> Result<(), InvalidForward> {
        of_one_environment(&self.upstreams, routes)
    }
}

/// Checks it.
pub fn settings(
    entry: GatewayEntry,
    upstreams: BTreeMap<String, UpstreamEntry>,
    routes: &RouteTable,
) -> Result<Settings, InvalidForward> {
    let mut all = Upstreams::default();
    let mut place = 0;
    for (name, entry) in upstreams {
        all.0.push(Arc::new(upstream(name, entry, &mut place)?));
    }
    of_one_environment(&all, routes)?;
    let mut cors = OriginUnion::default();
    for text in entry.cors_origins {
        match OriginPattern::parse(text.trim()) {
            Ok(origin) => cors.add(&origin),
            Err(error) => return Err(InvalidForward::Origin(text, error)),
        }
    }
    let files = pair(entry.tls_cert, entry.tls_key).ok_or_else(|| half("gateway", "tls_cert", "tls_key"))?;
    let some = |setting, value: usize| match value {
        0 => Err(InvalidForward::Nothing("gateway".to_owned(), setting)),
        value => Ok(value),
    };
    let streams = StreamBounds {
        all: some("max_streams", entry.max_streams.unwrap_or(STREAMS_MAX))?,
        of_key: some("max_streams_of_key", entry.max_streams_of_key.unwrap_or(STREAMS_OF_KEY))?,
    };
    Ok(Settings {
        listen: entry.listen,
        accepted: ListenerEntry {
            installation: entry.installation,
            environment: entry.environment.unwrap_or(AcceptedEnvironment::Any),
        },
        shown: files.map(Shown::new).transpose()?,
        cors,
        body_max: entry.max_body.unwrap_or(BODY_MAX),
        streams,
        upstreams: all,
    })
}

fn half(table: &str, one: &'static str, other: &'static str) -> InvalidForward {
    InvalidForward::Half(table.to_owned(), one, other)
}

/// `None`: one of them alone.
fn pair(certificates: Option<PathBuf>, key: Option<PathBuf>) -> Option<Option<Files>> {
    match (certificates, key) {
        (Some(certificates), Some(key)) => Some(Some(Files { certificates, key })),
        (None, None) => Some(None),
        _ => None,
    }
}

/// What a live key reaches no test key reaches, and the other way round.
fn of_one_environment(upstreams: &Upstreams, routes: &RouteTable) -> Result<(), InvalidForward> {
    let fixed = |name: &str| match name {
        "live" => Some(AcceptedEnvironment::Live),
        "test" => Some(AcceptedEnvironment::Test),
        _ => None,
    };
    let mut reached: BTreeMap<&str, AcceptedEnvironment> = BTreeMap::new();
    for route in routes.iter() {
        let Some(name) = route.upstream() else { continue };
        if !upstreams.0.iter().any(|upstream| *upstream.name == *name) {
            return Err(InvalidForward::NoUpstream(route.to_string(), name.to_owned()));
        }
        let shared = || InvalidForward::Shared(route.to_string(), name.to_owned());
        let environment = route.environment().filter(|environment| *environment != AcceptedEnvironment::Any);
        let environment = environment.ok_or_else(shared)?;
        let before = *reached.entry(name).or_insert(fixed(name).unwrap_or(environment));
        if before != environment {
            return Err(shared());
        }
    }
    Ok(())
}

fn upstream(name: String, entry: UpstreamEntry, place: &mut usize) -> Result<Upstream, InvalidForward> {
    let urls = entry.urls.into_vec();
    if urls.is_empty() || urls.len() > ADDRESSES_MAX {
        return Err(InvalidForward::Addresses(name));
    }
    let mut addresses = Vec::with_capacity(urls.len());
    for url in urls {
        let parsed = address(url.trim(), *place).ok_or_else(|| InvalidForward::Url(name.clone(), url.clone()))?;
        addresses.push(parsed);
        *place += 1;
    }
    let health = match entry.health.as_deref().map(str::trim).filter(|path| !path.is_empty()) {
        None => None,
        Some(path) if path.starts_with('/') => match path.parse::<PathAndQuery>() {
            Ok(path) => Some(path),
            Err(_) => return Err(InvalidForward::Health(name)),
        },
        Some(_) => return Err(InvalidForward::Health(name)),
    };
    let table = format!("upstreams.{name}");
    let own = pair(entry.client_cert, entry.client_key).ok_or_else(|| half(&table, "client_cert", "client_key"))?;
    let calls_max = entry.max_connections.unwrap_or(CALLS_MAX);
    if calls_max == 0 {
        return Err(InvalidForward::Nothing(table, "max_connections"));
    }
    let time = |given: Option<Time>, default| given.map_or(default, |Time(time)| time);
    Ok(Upstream {
        name: name.into(),
        addresses,
        times: Times {
            connect: time(entry.connect_timeout, TIMES.connect),
            head: time(entry.head_timeout, TIMES.head),
            idle: time(entry.idle_timeout, TIMES.idle),
            whole: entry.timeout.map(|Time(time)| time),
        },
        calls_max,
        tls: Arc::new(tls::client(entry.ca.as_deref(), own.as_ref())?),
        health,
        calls: Default::default(),
        turn: Default::default(),
    })
}

/// `None`: it is none.
fn address(url: &str, place: usize) -> Option<Address> {
    let uri: Uri = url.parse().ok()?;
    let (protocol, port) = match uri.scheme_str()? {
        "http" => (Protocol::Http1, 80),
        "h2c" => (Protocol::Http2, 80),
        "https" => (Protocol::Tls, 443),
        _ => return None,
    };
    let authority = uri.authority()?;
    let has_path = uri.path_and_query().is_some_and(|path| path.as_str() != "/");
    if has_path || authority.as_str().contains('@') || authority.host().is_empty() {
        return None;
    }
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let server_name = match protocol {
        Protocol::Tls => Some(ServerName::try_from(bare.to_owned()).ok()?),
        Protocol::Http1 | Protocol::Http2 => None,
    };
    Some(Address {
        place,
        protocol,
        host: bare.into(),
        port: uri.port_u16().unwrap_or(port),
        authority: HeaderValue::from_str(authority.as_str()).ok()?,
        server_name,
        door: None,
        outstanding: Default::default(),
        breaker: Breaker::default(),
    })
}

impl Settings {
    /// Lets pages of these origins read every answer, beside those of the configuration.
    pub fn let_read(&mut self, origins: impl IntoIterator<Item = OriginPattern>) {
        for origin in origins {
            self.cors.add(&origin);
        }
    }

    /// Whether keys of this environment are accepted and an API is there for them.
    pub fn answers(&self, environment: Environment) -> bool {
        self.accepted.environment.accepts(environment) && self.upstreams.find(environment, None).is_some()
    }

    /// Whether the configuration names an API: a connection to one is an open file, one to an API in this process is none.
    pub fn names_upstream(&self) -> bool {
        self.upstreams.addresses().any(|(_, address)| address.door.is_none())
    }

    /// The same with an upstream in this process for keys of this environment, unless the configuration has one for them. False:
    /// it has.
    pub fn add_in_process(&mut self, environment: Environment, door: Door) -> Result<bool, InvalidForward> {
        let name = environment.as_str();
        if self.upstreams.0.iter().any(|upstream| *upstream.name == *name) {
            return Ok(false);
        }
        let address = Address {
            place: self.upstreams.addresses().count(),
            protocol: Protocol::Http1,
            host: name.into(),
            port: 0,
            authority: HeaderValue::from_static(name),
            server_name: None,
            door: Some(door),
            outstanding: Default::default(),
            breaker: Breaker::default(),
        };
        self.upstreams.0.push(Arc::new(Upstream {
            name: name.into(),
            addresses: vec![address],
            times: TIMES,
            // Streams have a bound of their own, and cost it no connection.
            calls_max: CALLS_MAX.saturating_add(self.streams.all),
            tls: Arc::new(tls::client(None, None)?),
            health: None,
            calls: Default::default(),
            turn: Default::default(),
        }));
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forward::door;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        gateway: GatewayEntry,
        #[serde(default)]
        upstreams: BTreeMap<String, UpstreamEntry>,
        #[serde(default)]
        routes: crate::config::Routes,
    }

    fn read(text: &str) -> Result<Settings, String> {
        let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let gateway = crate::config::gateway(file.routes, &[]).map_err(|error| error.to_string())?;
        settings(file.gateway, file.upstreams, &gateway.routes).map_err(|error| error.to_string())
    }

    #[test]
    fn a_target_without_a_path_is_named_to_nobody() {
        let address = address("h2c://api.example:8443", 0).unwrap();
        let absolute = |target: &'static str| address.absolute(Uri::from_static(target)).map(|uri| uri.to_string());
        assert_eq!(absolute("/v1/calls?limit=1").as_deref(), Some("http://api.example:8443/v1/calls?limit=1"));
        assert_eq!(absolute("other.example:1"), None);
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let read = read("[upstreams.live]\nurls = \"http://10.0.0.5:8000\"\n").unwrap();
        let upstream = read.upstreams.find(Environment::Live, None).unwrap();
        assert_eq!((upstream.times, upstream.calls_max, read.body_max), (TIMES, CALLS_MAX, BODY_MAX));
        assert!(read.upstreams.find(Environment::Test, None).is_none() && read.listen.is_none());
        assert_eq!(read.accepted.environment, AcceptedEnvironment::Any);
        let (mut with, (door, _entrance)) = (read, door());
        assert!(with.answers(Environment::Live) && !with.answers(Environment::Test));
        assert!(with.add_in_process(Environment::Test, door.clone()).unwrap());
        assert!(with.answers(Environment::Test));
        let in_process = with.upstreams.find(Environment::Test, None).unwrap();
        assert_eq!(
            in_process.calls_max,
            CALLS_MAX + with.streams.all,
            "beside as many streams as may be there are calls"
        );
        with.accepted.environment = AcceptedEnvironment::Live;
        assert!(with.answers(Environment::Live) && !with.answers(Environment::Test));
        assert!(!with.add_in_process(Environment::Live, door).unwrap(), "the configuration names another");
        let places: Vec<_> = with.upstreams.addresses().map(|(_, address)| (address.place, address.port)).collect();
        assert_eq!(places, [(0, 8000), (1, 0)]);
    }

    #[test]
    fn times_and_addresses_are_read_as_people_write_them() {
        let text = "[upstreams.live]\nurls = [\"https://api.example\", \"h2c://[::1]:81\"]\nconnect_timeout = \"250ms\"\n\
                    head_timeout = 3\nidle_timeout = \"2m\"\ntimeout = \"1h\"\nhealth = \"/healthz?full\"\n";
        let read = read(text).unwrap();
        let upstream = read.upstreams.find(Environment::Live, None).unwrap();
        let times = upstream.times;
        assert_eq!((times.connect, times.head), (Duration::from_millis(250), Duration::from_secs(3)));
        assert_eq!((times.idle, times.whole), (Duration::from_secs(120), Some(Duration::from_secs(3_600))));
        let addresses: Vec<_> =
            upstream.addresses.iter().map(|address| (address.protocol, &*address.host, address.port)).collect();
        assert_eq!(addresses, [(Protocol::Tls, "api.example", 443), (Protocol::Http2, "::1", 81)]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let live = "[upstreams.live]\nurls = \"http://a\"\n";
        let own = "[upstreams.own]\nurls = \"http://a\"\n";
        let route =
            |path: &str, more: &str| format!("[[routes]]\nmethod = \"GET\"\npath = \"{path}\"\nscope = []\n{more}\n");
        for (text, expected) in [
            ("[gateway]\ntls_cert = \"a\"\n".to_owned(), "[gateway] names tls_cert and tls_key together"),
            ("[gateway]\ncors_origins = [\"a\"]\n".to_owned(), "[gateway] cors_origins: a must begin with"),
            ("[gateway]\nmax_streams = 0\n".to_owned(), "[gateway] max_streams is 1 or more"),
            ("[gateway]\nlisen = \"a\"\n".to_owned(), "unknown field `lisen`"),
            ("[upstreams.live]\nurls = []\n".to_owned(), "[upstreams.live] urls: an upstream has 1 to 64"),
            (live.replace("http://a", "http://a/b"), "[upstreams.live] urls: http://a/b is not an address"),
            (live.replace("http://a", "ftp://a"), "[upstreams.live] urls: ftp://a is not an address"),
            (live.replace("http://a", "http://u@a"), "[upstreams.live] urls: http://u@a is not an address"),
            (format!("{live}health = \"healthz\"\n"), "[upstreams.live] health is a path"),
            (format!("{live}client_cert = \"a\"\n"), "[upstreams.live] names client_cert and client_key together"),
            (format!("{live}ca = \"/nowhere\"\n"), "/nowhere can't be read"),
            (format!("{live}head_timeout = 0\n"), "a time is 1ms to 7 days"),
            (format!("{live}head_timeout = \"5 years\"\n"), "a time is 1ms to 7 days"),
            (route("/a", "upstream = \"own\""), "route GET /a: there is no [upstreams.own]"),
            (
                route("/a", "upstream = \"own\"") + own,
                "route GET /a names the upstream own, and so names its environment",
            ),
            (
                route("/a", "upstream = \"live\"\nenvironment = \"test\"") + live,
                "route GET /a names the upstream live, and so names its environment",
            ),
            (
                route("/a", "upstream = \"own\"\nenvironment = \"test\"")
                    + &route("/b", "upstream = \"own\"\nenvironment = \"live\"")
                    + own,
                "route GET /b names the upstream own",
            ),
            (route("/a", "cost = 1000001"), "route /a: cost is 0 to 1000000"),
            ("routes = \"call-centre\"\n".to_owned(), "invalid value"),
        ] {
            let error = read(&text).err().unwrap_or_else(|| panic!("{text}"));
            assert!(error.starts_with(expected), "{text}: {error}");
        }
        assert!(
            read(&(route("/a", "upstream = \"own\"\nenvironment = \"test\"\ncost = 0\nretry = false") + own)).is_ok()
        );
        assert!(read("routes = \"contact-centre\"\n").is_ok());
    }
}
