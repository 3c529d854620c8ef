//! The limits of a key or of a ceiling, made ready to be looked at with every call.

use model::{LimitName, Period, Quotas, Rate, RateLimits, Scope, ScopeSet, TimeZone};

/// The rate limits and quotas of one key, one client or one installation. Those with the same limits share it.
#[derive(Debug, Default)]
pub(crate) struct Spec {
    pub(crate) rates: Box<[RateSpec]>,
    pub(crate) quotas: Box<[QuotaSpec]>,
}

#[derive(Debug)]
pub(crate) struct RateSpec {
    pub(crate) name: LimitName,
    pub(crate) limit: u64,
    pub(crate) window_seconds: u32,
    pub(crate) rate: Rate,
    pub(crate) scopes: ScopeSet,
}

#[derive(Debug)]
pub(crate) struct QuotaSpec {
    pub(crate) name: LimitName,
    pub(crate) limit: u64,
    pub(crate) period: Period,
    /// Whose calendar; `None`: the installation's.
    pub(crate) zone: Option<TimeZone>,
    pub(crate) scopes: ScopeSet,
}

impl Spec {
    pub(crate) fn new(rate_limits: &RateLimits, quotas: &Quotas) -> Self {
        let rates = rate_limits.iter().map(|limit| RateSpec {
            name: limit.name().clone(),
            limit: limit.limit(),
            window_seconds: limit.window_seconds(),
            rate: Rate::of(limit),
            scopes: limit.scopes().clone(),
        });
        let quotas = quotas.iter().map(|quota| QuotaSpec {
            name: quota.name().clone(),
            limit: quota.limit(),
            period: quota.period(),
            // What a newer release knows and this one does not is the installation's.
            zone: quota.time_zone().and_then(|name| name.as_str().parse().ok()),
            scopes: quota.scopes().clone(),
        });
        Self { rates: rates.collect(), quotas: quotas.collect() }
    }
}

/// Whether a limit for these scopes counts a call that wants those; `None`: whatever it wants.
pub(crate) fn applies(scopes: &ScopeSet, wanted: Option<&[Scope]>) -> bool {
    scopes.is_empty() || wanted.is_none_or(|wanted| wanted.iter().any(|wanted| scopes.allows(wanted)))
}
