use model::Instant;
use serde::Serialize;
use utoipa::ToSchema;
use verify::{LimitKind, LimitState};

/// Where a key stands within a rate limit.
#[derive(Serialize, ToSchema)]
pub(crate) struct RateLimitState {
    /// The limit's name; a ceiling of the client is `client:NAME`, one of the installation `installation:NAME`.
    #[schema(examples("default"))]
    name: String,
    /// Calls in each window.
    limit: u64,
    /// Calls of cost 1 that would be admitted now.
    remaining: u64,
    /// Seconds until as many calls as ever would be admitted at once.
    reset_seconds: u64,
}

/// Where a key stands within a quota.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuotaState {
    /// The quota's name, as of rate limits.
    #[schema(examples("daily"))]
    name: String,
    /// Calls in each period.
    limit: u64,
    /// Calls of cost 1 that would be admitted now.
    remaining: u64,
    /// When the next period begins.
    resets_at: Instant,
}

/// The rate limits and the quotas of what applied.
pub(crate) fn states(limits: &[LimitState]) -> (Vec<RateLimitState>, Vec<QuotaState>) {
    let (mut rates, mut quotas) = (Vec::new(), Vec::new());
    for LimitState { label, limit, remaining, kind } in limits {
        let (name, limit, remaining) = (label.to_string(), *limit, *remaining);
        match *kind {
            LimitKind::Rate { reset_seconds, .. } => {
                rates.push(RateLimitState { name, limit, remaining, reset_seconds });
            }
            LimitKind::Quota { resets_at, .. } => quotas.push(QuotaState { name, limit, remaining, resets_at }),
        }
    }
    (rates, quotas)
}
