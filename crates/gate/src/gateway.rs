use model::{RouteTable, TrustedProxies};

/// This deployment's routes, and the proxies that it trusts.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    /// Which original requests need which scopes.
    pub routes: RouteTable,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
}
