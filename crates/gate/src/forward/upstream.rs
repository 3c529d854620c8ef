use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use http::{
    HeaderValue, Uri,
    uri::{PathAndQuery, Scheme},
};
use model::Environment;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;

use super::{
    breaker::{Admission, Breaker, millis},
    in_process::Door,
};

/// The APIs behind the gateway.
#[derive(Debug, Default)]
pub(super) struct Upstreams(pub(super) Vec<Arc<Upstream>>);

/// An API, at one address or several.
pub(super) struct Upstream {
    pub(super) name: Box<str>,
    pub(super) addresses: Vec<Address>,
    pub(super) times: Times,
    /// Most calls that it has at once.
    pub(super) calls_max: usize,
    /// For those of its addresses that speak TLS.
    pub(super) tls: Arc<ClientConfig>,
    /// What health checks ask for; `None`: there are none.
    pub(super) health: Option<PathAndQuery>,
    pub(super) calls: AtomicUsize,
    /// Where the search for an address begins, so that those with as few calls get theirs in turn.
    pub(super) turn: AtomicUsize,
}

/// How long is waited for an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    /// Until there is a connection, TLS included.
    pub(super) connect: Duration,
    /// From when the request is sent until the head of the answer is there.
    pub(super) head: Duration,
    /// While nothing comes of a body, in either direction.
    pub(super) idle: Duration,
    /// From the beginning until the end; `None`: for as long as something comes.
    pub(super) whole: Option<Duration>,
}

/// One address of an API.
#[derive(Debug)]
pub(super) struct Address {
    /// Its place among all addresses of all APIs.
    pub(super) place: usize,
    pub(super) protocol: Protocol,
    pub(super) host: Box<str>,
    pub(super) port: u16,
    /// `Host`.
    pub(super) authority: HeaderValue,
    /// Whose certificate it shows.
    pub(super) server_name: Option<ServerName<'static>>,
    /// Where it is in this process; host and port are names then.
    pub(super) door: Option<Door>,
    pub(super) outstanding: AtomicUsize,
    pub(super) breaker: Breaker,
}

impl Address {
    /// The target with scheme and host, as HTTP/2 wants it. None: it has no path, so that no target is what was decided on.
    pub(super) fn absolute(&self, target: Uri) -> Option<Uri> {
        let mut parts = target.into_parts();
        parts.path_and_query.as_ref()?;
        parts.scheme = Some(if self.protocol == Protocol::Tls { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = Some(self.authority.to_str().ok()?.parse().ok()?);
        Uri::from_parts(parts).ok()
    }
}

/// How an API is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP/1.1 in the clear.
    Http1,
    /// HTTP/2 in the clear, known beforehand.
    Http2,
    /// By TLS; which HTTP is agreed on there.
    Tls,
}

/// A call on its way to an address, for as long as it takes.
#[derive(Debug)]
pub(super) struct Outstanding {
    upstream: Arc<Upstream>,
    at: usize,
    /// Whether it is the one that tries whether the address works again.
    tries: bool,
}

/// Why there is no address for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unavailable {
    /// Every address that is left has failed lately. After so many seconds one may be tried.
    Open(u32),
    /// Calls that are on their way take all places.
    Full,
    /// Every address was tried.
    Tried,
}

impl Upstreams {
    /// The one of a key's environment, or of a route's own. A route's own is only for keys of one environment, which the
    /// configuration makes sure of.
    pub(super) fn find(&self, environment: Environment, of_route: Option<&str>) -> Option<&Arc<Upstream>> {
        let name = of_route.unwrap_or(environment.as_str());
        self.0.iter().find(|upstream| *upstream.name == *name)
    }

    /// Each address with its API.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&Arc<Upstream>, &Address)> {
        self.0.iter().flat_map(|upstream| upstream.addresses.iter().map(move |address| (upstream, address)))
    }
}

impl Upstream {
    /// The address with the fewest calls on their way, of those that work and are not among `tried`, which has a bit for each.
    pub(super) fn choose(self: &Arc<Self>, tried: u64) -> Result<Outstanding, Unavailable> {
        if self.calls.fetch_add(1, Relaxed) >= self.calls_max {
            self.calls.fetch_sub(1, Relaxed);
            return Err(Unavailable::Full);
        }
        match self.find(tried) {
            Ok((at, tries)) => {
                self.addresses[at].outstanding.fetch_add(1, Relaxed);
                Ok(Outstanding { upstream: Arc::clone(self), at, tries })
            }
            Err(why) => {
                self.calls.fetch_sub(1, Relaxed);
                Err(why)
            }
        }
    }

    fn find(&self, tried: u64) -> Result<(usize, bool), Unavailable> {
        let count = self.addresses.len();
        let begin = if count > 1 { self.turn.fetch_add(1, Relaxed) } else { 0 };
        let (mut found, mut soonest, mut left) = (None::<(usize, usize)>, None::<u64>, false);
        for at in (0..count).map(|step| (begin % count + step) % count) {
            let Some(address) = self.addresses.get(at).filter(|_| tried & bit(at) == 0) else { continue };
            left = true;
            let breaker = &address.breaker;
            // Most are closed, and then nobody reads a clock.
            let admission = if breaker.is_closed() { Admission::Open } else { breaker.admit(millis()) };
            match admission {
                // It goes before others, since nobody else finds out whether it works again.
                Admission::Trial => return Ok((at, true)),
                Admission::Refused(wait) => soonest = soonest.into_iter().chain(wait).min(),
                Admission::Open => {
                    let outstanding = address.outstanding.load(Relaxed);
                    if found.is_none_or(|(_, fewest)| outstanding < fewest) {
                        found = Some((at, outstanding));
                    }
                }
            }
        }
        match found {
            Some((at, _)) => Ok((at, false)),
            None if left => Err(Unavailable::Open(seconds(soonest.unwrap_or(HEALTH_MS)))),
            None => Err(Unavailable::Tried),
        }
    }
}

/// Rounded up, and at least one: whoever waits so long is let in.
fn seconds(millis: u64) -> u32 {
    u32::try_from(millis.div_ceil(1_000)).unwrap_or(u32::MAX).max(1)
}

/// After how long a health check may find that an address works again, in milliseconds.
const HEALTH_MS: u64 = 5_000;

/// The bit of an address among those that were tried.
pub(super) const fn bit(at: usize) -> u64 {
    1 << (at as u64 & 63)
}

impl Outstanding {
    pub(super) fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    pub(super) fn address(&self) -> &Address {
        &self.upstream.addresses[self.at]
    }

    pub(super) fn bit(&self) -> u64 {
        bit(self.at)
    }
}

impl Drop for Outstanding {
    fn drop(&mut self) {
        self.upstream.calls.fetch_sub(1, Relaxed);
        self.address().outstanding.fetch_sub(1, Relaxed);
        if self.tries {
            self.address().breaker.gave_up();
        }
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("name", &self.name).field("addresses", &self.addresses).finish_non_exhaustive()
    }
}
