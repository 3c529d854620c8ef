use model::Instant;
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeStruct as _},
};
use utoipa::ToSchema;
use verify::{LimitKind, LimitLabel, LimitState};

/// Where a key stands within a rate limit.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what the list below writes")]
pub(crate) struct RateLimitState {
    /// The limit's name; a ceiling of the client is `client:NAME`, one of the installation `installation:NAME`.
    #[schema(value_type = String, examples("default"))]
    name: LimitLabel,
    /// Calls in each window.
    limit: u64,
    /// Calls of cost 1 that would be admitted now.
    remaining: u64,
    /// Seconds until as many calls as ever would be admitted at once.
    reset_seconds: u64,
}

/// Where a key stands within a quota.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what the list below writes")]
pub(crate) struct QuotaState {
    /// The quota's name, as of rate limits.
    #[schema(value_type = String, examples("daily"))]
    name: LimitLabel,
    /// Calls in each period.
    limit: u64,
    /// Calls of cost 1 that would be admitted now.
    remaining: u64,
    /// When the next period begins.
    resets_at: Instant,
}

/// The rate limits of what applied.
#[derive(Clone, Copy)]
pub(crate) struct RateLimitStates<'a>(pub(crate) &'a [LimitState]);

/// The quotas of what applied.
#[derive(Clone, Copy)]
pub(crate) struct QuotaStates<'a>(pub(crate) &'a [LimitState]);

impl Serialize for RateLimitStates<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        list(self.0, serializer, |item, state| match state.kind {
            LimitKind::Rate { reset_seconds, .. } => {
                item.begin(state);
                item.number(",\"reset_seconds\":", reset_seconds);
                item.end();
            }
            LimitKind::Quota { .. } => {}
        })
    }
}

impl Serialize for QuotaStates<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        list(self.0, serializer, |item, state| match state.kind {
            LimitKind::Quota { resets_at, .. } => {
                item.begin(state);
                item.text(",\"resets_at\":\"", &resets_at.to_string());
                item.end();
            }
            LimitKind::Rate { .. } => {}
        })
    }
}

/// Most of what a verdict with limits costs is to write them. Field by field, as serde does it, this takes four times as long as to write
/// the list as a text.
fn list<S: Serializer>(
    states: &[LimitState],
    serializer: S,
    mut write: impl FnMut(&mut List, &LimitState),
) -> Result<S::Ok, S::Error> {
    if states.is_empty() {
        return written("[]", serializer);
    }
    let mut list = List(Vec::with_capacity(2 + 128 * states.len()));
    list.0.push(b'[');
    states.iter().for_each(|state| write(&mut list, state));
    list.0.push(b']');
    written(str::from_utf8(&list.0).map_err(S::Error::custom)?, serializer)
}

/// Puts a text there that is JSON already, in the way of serde_json's `RawValue`: one of those is not made without reading the text
/// through, which takes longer than to write it. The name is serde_json's own; whether it still is, the test below sees.
fn written<S: Serializer>(json: &str, serializer: S) -> Result<S::Ok, S::Error> {
    const RAW: &str = "$serde_json::private::RawValue";
    let mut raw = serializer.serialize_struct(RAW, 1)?;
    raw.serialize_field(RAW, json)?;
    raw.end()
}

/// A list of limits while it is written.
struct List(Vec<u8>);

impl List {
    fn begin(&mut self, LimitState { label, limit, remaining, .. }: &LimitState) {
        self.0.extend_from_slice(if self.0.len() > 1 { b",{\"name\":\"" } else { b"{\"name\":\"" });
        label.write_to(&mut self.0);
        self.number("\",\"limit\":", *limit);
        self.number(",\"remaining\":", *remaining);
    }

    fn number(&mut self, before: &str, number: u64) {
        self.0.extend_from_slice(before.as_bytes());
        self.0.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    fn text(&mut self, before: &str, text: &str) {
        self.0.extend_from_slice(before.as_bytes());
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'"');
    }

    fn end(&mut self) {
        self.0.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};
    use verify::LimitOwner;

    use super::*;

    fn state(owner: LimitOwner, name: &str, kind: LimitKind) -> LimitState {
        let name = name.parse().expect("a name");
        LimitState { label: LimitLabel::new(owner, &name), limit: 1 << 53, remaining: 0, kind }
    }

    #[test]
    fn each_limit_is_in_the_list_of_its_kind() {
        let rate = |reset_seconds| LimitKind::Rate { window_seconds: 60, reset_seconds };
        let at = Instant::from_millis(1_795_392_000_000);
        let quota = LimitKind::Quota { starts_at: at, resets_at: at, reset_seconds: 0 };
        let longest = "a".repeat(32);
        let all = [
            state(LimitOwner::Key, &longest, rate(0)),
            state(LimitOwner::Client, "daily", quota),
            state(LimitOwner::Installation, "per-second_1", rate(u64::MAX)),
            state(LimitOwner::Key, "daily", quota),
        ];
        let rates = json!([
            {"name": longest, "limit": 9_007_199_254_740_992_u64, "remaining": 0, "reset_seconds": 0},
            {"name": "installation:per-second_1", "limit": 9_007_199_254_740_992_u64, "remaining": 0, "reset_seconds": u64::MAX},
        ]);
        let quotas = json!([
            {"name": "client:daily", "limit": 9_007_199_254_740_992_u64, "remaining": 0, "resets_at": at.to_string()},
            {"name": "daily", "limit": 9_007_199_254_740_992_u64, "remaining": 0, "resets_at": at.to_string()},
        ]);
        let (rates_of, quotas_of) = (RateLimitStates(&all), QuotaStates(&all));
        assert_eq!((to_value(rates_of).unwrap(), to_value(quotas_of).unwrap()), (rates, quotas));
        for none in [&[][..], &all[1..2]] {
            assert_eq!(to_value(RateLimitStates(none)).unwrap(), json!([]));
        }
        // As a part of an answer, to the byte.
        let answer = serde_json::to_string(&[RateLimitStates(&all[..1])]).unwrap();
        let expected =
            format!(r#"[[{{"name":"{longest}","limit":9007199254740992,"remaining":0,"reset_seconds":0}}]]"#);
        assert_eq!(answer, expected);
        assert_eq!(to_value(QuotaStates(&all[..1])).unwrap(), json!([]));
    }
}
