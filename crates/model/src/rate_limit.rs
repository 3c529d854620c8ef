use serde::{Deserialize, Serialize};

use crate::{
    InvalidLimit, LIMIT_MAX, LimitName, ScopeSet,
    limit::{counts_all_of, named_apart},
};

/// Most rate limits of a key.
pub const RATE_LIMITS_MAX: usize = 5;
/// The longest window of a rate limit, in seconds: a day.
pub const WINDOW_MAX_SECONDS: u32 = 86_400;

/// How many calls may come in a window that moves with time: `limit` in `window_seconds`, and no more than `burst` at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "Unchecked")]
pub struct RateLimit {
    /// Names it in a refusal; no two limits of a key have the same.
    name: LimitName,
    /// Calls in a window: 1 to 2^53-1.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 9_007_199_254_740_991_u64))]
    limit: u64,
    /// Length of the window: 1 to 86400.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 86_400))]
    window_seconds: u32,
    /// Calls at once: 1 to `limit`, and `limit` when not given.
    #[cfg_attr(feature = "openapi", schema(required = false, minimum = 1, maximum = 9_007_199_254_740_991_u64))]
    burst: u64,
    /// Which calls count: those that want one of these scopes; empty or not given: every call.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    scopes: ScopeSet,
}

/// A rate limit before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    name: LimitName,
    limit: u64,
    window_seconds: u32,
    burst: Option<u64>,
    #[serde(default)]
    scopes: ScopeSet,
}

impl TryFrom<Unchecked> for RateLimit {
    type Error = InvalidLimit;

    fn try_from(from: Unchecked) -> Result<Self, InvalidLimit> {
        Self::new(from.name, from.limit, from.window_seconds, from.burst.unwrap_or(from.limit), from.scopes)
    }
}

impl RateLimit {
    /// Checks the numbers.
    pub fn new(
        name: LimitName,
        limit: u64,
        window_seconds: u32,
        burst: u64,
        scopes: ScopeSet,
    ) -> Result<Self, InvalidLimit> {
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(InvalidLimit::Limit);
        }
        if !(1..=WINDOW_MAX_SECONDS).contains(&window_seconds) {
            return Err(InvalidLimit::Window);
        }
        if !(1..=limit).contains(&burst) {
            return Err(InvalidLimit::Burst);
        }
        Ok(Self { name, limit, window_seconds, burst, scopes })
    }

    /// Its name.
    pub fn name(&self) -> &LimitName {
        &self.name
    }

    /// Calls in a window.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Length of the window, in seconds.
    pub fn window_seconds(&self) -> u32 {
        self.window_seconds
    }

    /// Calls at once.
    pub fn burst(&self) -> u64 {
        self.burst
    }

    /// Which calls count; empty: every call.
    pub fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }

    /// Whether both count the same calls and this one allows no more of them: the two are one limit of a key before and
    /// after a change.
    fn is_within(&self, other: &Self) -> bool {
        (&self.name, self.window_seconds, &self.scopes) == (&other.name, other.window_seconds, &other.scopes)
            && self.limit <= other.limit
            && self.burst <= other.burst
    }
}

impl RateLimit {
    /// Whether no more calls pass than `other` lets pass of those that it counts, whatever the two are called.
    pub fn binds_as(&self, other: &Self) -> bool {
        let each = |limit: &Self| (u128::from(limit.window_seconds), u128::from(limit.limit));
        let ((window, limit), (other_window, other_limit)) = (each(self), each(other));
        counts_all_of(&self.scopes, &other.scopes)
            && self.burst <= other.burst
            && window * other_limit >= other_window * limit
    }
}

/// The rate limits of a key: at most [`RATE_LIMITS_MAX`], each with a name of its own. None: as many calls as come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(max_items = 5))]
#[serde(try_from = "Vec<RateLimit>")]
pub struct RateLimits(Vec<RateLimit>);

impl RateLimits {
    /// Checks the list.
    pub fn new(limits: Vec<RateLimit>) -> Result<Self, InvalidLimit> {
        if limits.len() > RATE_LIMITS_MAX {
            return Err(InvalidLimit::TooManyRateLimits);
        }
        named_apart(limits.iter().map(RateLimit::name))?;
        Ok(Self(limits))
    }

    /// In the order in which they were given.
    pub fn iter(&self) -> std::slice::Iter<'_, RateLimit> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each of these limits still holds under `other`, so that no call passes there that is refused here.
    pub fn covers(&self, other: &Self) -> bool {
        self.iter().all(|before| other.iter().any(|after| after.is_within(before)))
    }
}

impl RateLimits {
    /// Whether a key with `other` stays within these limits, whatever they are called: each is matched by one that binds as much.
    /// For a key that another issues; for an edit there is [`RateLimits::covers`], since a limit with another name counts anew.
    pub fn bind(&self, other: &Self) -> bool {
        self.iter().all(|bound| other.iter().any(|limit| limit.binds_as(bound)))
    }
}

impl TryFrom<Vec<RateLimit>> for RateLimits {
    type Error = InvalidLimit;

    fn try_from(limits: Vec<RateLimit>) -> Result<Self, InvalidLimit> {
        Self::new(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<RateLimit, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_filled_in_and_written() {
        let limit = read(r#"{"name":"default","limit":100,"window_seconds":60}"#).unwrap();
        assert_eq!((limit.limit(), limit.window_seconds(), limit.burst()), (100, 60, 100));
        let written = serde_json::to_string(&limit).unwrap();
        assert_eq!(written, r#"{"name":"default","limit":100,"window_seconds":60,"burst":100,"scopes":[]}"#);
        assert_eq!(read(&written), Ok(limit));
    }

    #[test]
    fn numbers_have_bounds() {
        for (limit, window, burst, expected) in [
            (1, 1, 1, None),
            (LIMIT_MAX, 86_400, LIMIT_MAX, None),
            (0, 60, 1, Some(InvalidLimit::Limit)),
            (LIMIT_MAX + 1, 60, 1, Some(InvalidLimit::Limit)),
            (100, 0, 1, Some(InvalidLimit::Window)),
            (100, 86_401, 1, Some(InvalidLimit::Window)),
            (100, 60, 0, Some(InvalidLimit::Burst)),
            (100, 60, 101, Some(InvalidLimit::Burst)),
        ] {
            let name = LimitName::parse("a").unwrap();
            let made = RateLimit::new(name, limit, window, burst, ScopeSet::default());
            assert_eq!(made.err(), expected, "{limit} in {window}, {burst} at once");
        }
        for bad in [
            r#"{"limit":1,"window_seconds":1}"#,
            r#"{"name":"a","limit":-1,"window_seconds":1}"#,
            r#"{"name":"a","limit":1.5,"window_seconds":1}"#,
            r#"{"name":"a","limit":1,"window_seconds":1,"scopes":["x"]}"#,
            r#"{"name":"a","limit":1,"window_seconds":1,"per":"second"}"#,
            r#"{"name":"A","limit":1,"window_seconds":1}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    fn limits(limits: &[(&str, u64, u64)]) -> Result<RateLimits, InvalidLimit> {
        let one = |&(name, limit, burst): &(&str, u64, u64)| {
            RateLimit::new(LimitName::parse(name)?, limit, 60, burst, ScopeSet::default())
        };
        RateLimits::new(limits.iter().map(one).collect::<Result<_, _>>()?)
    }

    #[test]
    fn a_key_has_at_most_five_with_names_of_their_own() {
        let five = [("a", 1, 1), ("b", 1, 1), ("c", 1, 1), ("d", 1, 1), ("e", 1, 1)];
        assert!(limits(&five).is_ok());
        assert_eq!(limits(&[&five[..], &[("f", 1, 1)]].concat()), Err(InvalidLimit::TooManyRateLimits));
        assert_eq!(limits(&[("a", 1, 1), ("b", 1, 1), ("a", 2, 1)]), Err(InvalidLimit::SameName));
    }

    #[test]
    fn limits_bind_by_what_they_let_pass() {
        let list = |texts: &[&str]| RateLimits::new(texts.iter().map(|text| text.parse().unwrap()).collect()).unwrap();
        let bounds = list(&["default=600/60s", "making=60/60s,scopes=calls:make"]);
        for (key, within) in [
            (&["default=600/60s", "making=60/60s,scopes=calls:make"][..], true),
            (&["all=60/60s"], true),
            (&["slow=300/30s,burst=60", "other=1/1s,burst=1,scopes=calls:*"], true),
            (&["all=60/60s,scopes=calls:make"], false),
            (&["default=601/60s", "making=60/60s,scopes=calls:make"], false),
            (&["default=600/59s", "making=60/60s,scopes=calls:make"], false),
            (&["default=3600/360s", "making=60/60s,scopes=calls:make"], false),
            (&["default=600/60s"], false),
            (&[], false),
        ] {
            assert_eq!(bounds.bind(&list(key)), within, "{key:?}");
        }
        assert!(list(&[]).bind(&bounds) && list(&[]).bind(&list(&[])));
    }

    #[test]
    fn looser_limits_are_not_covered() {
        let none = RateLimits::default();
        let before = limits(&[("a", 10, 5)]).unwrap();
        assert!(none.covers(&before) && before.covers(&before) && none.covers(&none));
        for (after, covered) in [
            (&[("a", 10, 4)][..], true),
            (&[("a", 9, 5), ("b", 1, 1)], true),
            (&[("a", 11, 5)], false),
            (&[("a", 10, 6)], false),
            (&[("b", 1, 1)], false),
            (&[], false),
        ] {
            assert_eq!(before.covers(&limits(after).unwrap()), covered, "{after:?}");
        }
    }
}
