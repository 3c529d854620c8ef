//! Limits on the wire: `RateLimit` and `RateLimit-Policy`, as draft-ietf-httpapi-ratelimit-headers writes them.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue};
use verify::LimitState;

static LIMIT: HeaderName = HeaderName::from_static("ratelimit");
static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The largest integer of structured fields (RFC 9651): a limit can be larger.
const INTEGER_MAX: u64 = 999_999_999_999_999;

/// What is told of the limits that applied to a call; nothing where none did.
pub fn write(limits: &[LimitState], headers: &mut HeaderMap) {
    if limits.is_empty() {
        return;
    }
    let (mut policy, mut limit) = (String::with_capacity(48 * limits.len()), String::with_capacity(48 * limits.len()));
    for (number, state) in by_share(limits).enumerate() {
        let separator = if number == 0 { "" } else { ", " };
        let LimitState { label, limit: calls, remaining, kind } = state;
        let (calls, remaining) = (calls.min(&INTEGER_MAX), remaining.min(&INTEGER_MAX));
        // To write to a text never fails.
        let _ = write!(policy, "{separator}\"{label}\";q={calls};w={}", kind.window_seconds());
        let _ = write!(limit, "{separator}\"{label}\";r={remaining};t={}", kind.reset_seconds());
    }
    // Names are [a-z0-9_-] and a colon.
    for (name, text) in [(&POLICY, policy), (&LIMIT, limit)] {
        if let Ok(value) = HeaderValue::from_maybe_shared(bytes::Bytes::from(text)) {
            headers.insert(name.clone(), value);
        }
    }
}

/// The one of which the smallest share is left first.
fn by_share(limits: &[LimitState]) -> impl Iterator<Item = &LimitState> {
    let mut order: Vec<&LimitState> = limits.iter().collect();
    // left/limit, without a division: both below 2^53.
    let share = |of: &LimitState, other: &LimitState| u128::from(of.remaining) * u128::from(other.limit.max(1));
    order.sort_by(|one, other| share(one, other).cmp(&share(other, one)));
    order.into_iter()
}
