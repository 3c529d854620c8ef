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

/// The rate limits of what applied, written as they are gone through: a list of its own would be an allocation for each call.
#[derive(Clone, Copy)]
pub(crate) struct RateLimitStates<'a>(pub(crate) &'a [LimitState]);

/// The quotas of what applied.
#[derive(Clone, Copy)]
pub(crate) struct QuotaStates<'a>(pub(crate) &'a [LimitState]);

impl Serialize for RateLimitStates<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter_map(
            |&LimitState { label: name, limit, remaining, kind }| match kind {
                LimitKind::Rate { reset_seconds, .. } => Some(RateLimitState { name, limit, remaining, reset_seconds }),
                LimitKind::Quota { .. } => None,
            },
        ))
    }
}

impl Serialize for QuotaStates<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter_map(
            |&LimitState { label: name, limit, remaining, kind }| match kind {
                LimitKind::Quota { resets_at, .. } => Some(QuotaState { name, limit, remaining, resets_at }),
                LimitKind::Rate { .. } => None,
            },
        ))
    }
}
