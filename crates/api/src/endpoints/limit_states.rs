use model::Instant;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use verify::{LimitKind, LimitLabel, LimitOwner, LimitState};

/// Where a key stands within a rate limit.
#[derive(Serialize, ToSchema)]
pub(crate) struct RateLimitState {
    /// The limit's name; a ceiling of the client is `client:NAME`, one of the installation `installation:NAME`.
    #[schema(value_type = String, examples("default"))]
    #[serde(serialize_with = "text")]
    name: LimitLabel,
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
    #[schema(value_type = String, examples("daily"))]
    #[serde(serialize_with = "text")]
    name: LimitLabel,
    /// Calls in each period.
    limit: u64,
    /// Calls of cost 1 that would be admitted now.
    remaining: u64,
    /// When the next period begins.
    resets_at: Instant,
}

/// Written as it stands there: a text of its own would be an allocation for each limit of each call.
fn text<S: Serializer>(label: &LimitLabel, serializer: S) -> Result<S::Ok, S::Error> {
    match label.owner() {
        LimitOwner::Key => serializer.serialize_str(label.name()),
        LimitOwner::Client | LimitOwner::Installation => serializer.collect_str(label),
    }
}

/// The rate limits and the quotas of what applied.
pub(crate) fn states(limits: &[LimitState]) -> (Vec<RateLimitState>, Vec<QuotaState>) {
    let is_rate = |state: &&LimitState| matches!(state.kind, LimitKind::Rate { .. });
    let number = limits.iter().filter(is_rate).count();
    let (mut rates, mut quotas) = (Vec::with_capacity(number), Vec::with_capacity(limits.len() - number));
    for &LimitState { label: name, limit, remaining, kind } in limits {
        match kind {
            LimitKind::Rate { reset_seconds, .. } => {
                rates.push(RateLimitState { name, limit, remaining, reset_seconds });
            }
            LimitKind::Quota { resets_at, .. } => quotas.push(QuotaState { name, limit, remaining, resets_at }),
        }
    }
    (rates, quotas)
}
