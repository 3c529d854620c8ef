use model::{RouteTable, TrustedProxies};

/// What this deployment's proxies are told, and how far they are believed.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    /// Which original requests want which rights.
    pub routes: RouteTable,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
}
