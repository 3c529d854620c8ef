use std::{fmt, sync::Arc};

use http::HeaderValue;
use model::{AcceptedEnvironment, InstallationId, RouteTable, TrustedProxies};

/// This deployment's routes, and the proxies that it trusts.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    /// Which original requests need which scopes.
    pub routes: Arc<RouteTable>,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
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
