//! What is asked of callers.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use http::request::Parts;
use tower::Layer;

use super::{cache::Cache, rules::Rules, service::Protected};
use crate::{Client, Environment};

/// How long Keydesk may take to decide.
const WITHIN: Duration = Duration::from_secs(2);

/// A layer that lets a request through if it came with a key that Keydesk allows.
///
/// ```no_run
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, routing::get};
/// use keydesk_client::{Client, Protect};
///
/// let client = Client::new("http://127.0.0.1:3000", &std::env::var("KEYDESK_KEY")?)?;
/// let contacts: Router = Router::new()
///     .route("/contacts", get(|| async { "Ada" }))
///     .layer(Protect::new(client).scope("contacts:read"));
/// # Ok(())
/// # }
/// ```
///
/// The client's own key needs `keys:verify`. Who calls is an extension of the request: [`Caller`](crate::Caller). The key itself is taken out of the
/// request. A refused request is answered by a problem document, with the statuses and codes of Keydesk: 401, 403 or 429. When Keydesk can't
/// be asked, or takes more than 2 s, the answer is 503 and nobody is let through.
#[derive(Clone)]
pub struct Protect(Arc<Rules>);

impl fmt::Debug for Protect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Protect {
    /// Any valid key is let through. Every request is asked for at Keydesk.
    pub fn new(client: Client) -> Self {
        Self(Arc::new(Rules {
            client,
            scopes: Vec::new(),
            environment: None,
            address: None,
            cache: None,
            within: WITHIN,
        }))
    }

    /// A right that a key needs, beside those that were named before.
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.with(|rules| rules.scopes.push(scope.into()))
    }

    /// Keys of this environment alone; those of both when not said.
    pub fn environment(self, environment: Environment) -> Self {
        self.with(|rules| rules.environment = Some(environment))
    }

    /// Where a request came from. Without it keys that are bound to addresses are refused. In axum, served with
    /// `into_make_service_with_connect_info::<SocketAddr>()` and without a proxy in front:
    /// `.address(|request| Some(request.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip()))`.
    pub fn address(self, address: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        self.with(|rules| rules.address = Some(Arc::new(address)))
    }

    /// What was allowed is allowed again, without asking, for at most this long after Keydesk was asked. So a key that was revoked,
    /// disabled or narrowed, or has ended, is refused this long after that at the latest; where Keydesk has several nodes, a quarter of a
    /// second later. What is refused is never kept, and neither is what a key with limits may: its calls have to be counted. Calls that
    /// are answered from the cache are not in the key's usage. The cache is that of the layer and its clones, until one
    /// is given other rules, and holds 10,000 calls at most.
    ///
    /// When not said nothing is kept.
    pub fn cache(self, lives: Duration) -> Self {
        self.with(|rules| rules.cache = Some(Arc::new(Cache::new(lives))))
    }

    /// How long Keydesk may take to decide, tries included; 2 s when not said.
    pub fn within(self, within: Duration) -> Self {
        self.with(|rules| rules.within = within)
    }

    fn with(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        let rules = Arc::make_mut(&mut self.0);
        change(rules);
        // What was allowed by other rules is not allowed by these.
        rules.cache = rules.cache.take().map(|cache| Arc::new(Cache::new(cache.lives())));
        self
    }
}

impl<S> Layer<S> for Protect {
    type Service = Protected<S>;

    fn layer(&self, inner: S) -> Protected<S> {
        Protected::new(inner, Arc::clone(&self.0))
    }
}
