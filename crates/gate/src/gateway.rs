use std::{fmt, sync::Arc};

use http::HeaderValue;
use model::{AcceptedEnvironment, Aliases, InstallationId, Route, RouteTable, TrustedProxies};

/// This deployment's routes, and the proxies that it trusts.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    /// Which original requests need which scopes.
    pub routes: Arc<RouteTable>,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
}

impl Gateway {
    /// What an operator should know of the routes: each that takes whatever is left of a path and asks for less than one below
    /// it. At most ten; the last says how many more there are.
    pub fn warnings(&self) -> Vec<String> {
        const TOLD: usize = 10;
        let mut found: Vec<_> = self.routes.lax_catch_alls().map(|(above, below)| lax(above, below)).collect();
        let more = found.len().saturating_sub(TOLD);
        found.truncate(TOLD);
        if more > 0 {
            found.push(format!("{more} more routes ask for less than a route below them"));
        }
        found
    }
}

fn lax(above: &Route, below: &Route) -> String {
    let happens = match below.aliases() {
        Aliases::Refuse => "are refused",
        Aliases::Fold => "are taken for calls of that",
        Aliases::Distinct => "get by with less, since its aliases are \"distinct\"",
    };
    format!(
        "the route {above} asks for less than {below}, which lies below it: calls whose path an API might read as that, such as one \
         in capitals or with a slash at its end, {happens}"
    )
}

/// Whose keys a listener accepts.
#[derive(Clone)]
pub struct Accepted {
    /// The one installation whose API stands behind the proxy. Keys of others are not found.
    pub(crate) installation: InstallationId,
    /// Its name, for the upstream.
    pub(crate) name: HeaderValue,
    /// Of which environment keys are accepted, unless a route says otherwise.
    pub(crate) environment: AcceptedEnvironment,
}

impl Accepted {
    /// Keys of one installation, given with its name, and of this environment.
    pub fn new(installation: InstallationId, name: &str, environment: AcceptedEnvironment) -> Self {
        // A name is letters, digits and hyphens.
        let name = HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static(""));
        Self { installation, name, environment }
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Accepted({:?}, {:?})", self.name, self.environment)
    }
}
