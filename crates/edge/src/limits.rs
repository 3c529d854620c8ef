//! Limits on the wire: `RateLimit` and `RateLimit-Policy`, as draft-ietf-httpapi-ratelimit-headers writes them.

use http::{HeaderMap, HeaderName, HeaderValue};
use verify::{LimitLabel, LimitState};

static LIMIT: HeaderName = HeaderName::from_static("ratelimit");
static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The largest integer of structured fields (RFC 9651): a limit can be larger.
const INTEGER_MAX: u64 = 999_999_999_999_999;

/// What is told of the limits that applied to a call; nothing where none did.
pub fn write(limits: &[LimitState], headers: &mut HeaderMap) {
    if limits.is_empty() {
        return;
    }
    let (mut policy, mut limit) = (Vec::with_capacity(64 * limits.len()), Vec::with_capacity(64 * limits.len()));
    for LimitState { label, limit: calls, remaining, kind } in by_share(limits) {
        item(&mut policy, label, [(";q=", *calls), (";w=", kind.window_seconds())]);
        item(&mut limit, label, [(";r=", *remaining), (";t=", kind.reset_seconds())]);
    }
    // Names are [a-z0-9_-] and a colon.
    for (name, text) in [(&POLICY, policy), (&LIMIT, limit)] {
        if let Ok(value) = HeaderValue::from_maybe_shared(bytes::Bytes::from(text)) {
            headers.insert(name.clone(), value);
        }
    }
}

/// Adds a name and its parameters to a list.
fn item(list: &mut Vec<u8>, label: &LimitLabel, parameters: [(&str, u64); 2]) {
    list.extend_from_slice(if list.is_empty() { b"\"" } else { b", \"" });
    label.write_to(list);
    list.push(b'"');
    for (name, value) in parameters {
        list.extend_from_slice(name.as_bytes());
        list.extend_from_slice(itoa::Buffer::new().format(value.min(INTEGER_MAX)).as_bytes());
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
