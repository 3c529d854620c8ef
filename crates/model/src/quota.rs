use serde::{Deserialize, Serialize};

use crate::{
    InvalidLimit, LIMIT_MAX, LimitName, ScopeSet,
    limit::{counts_all_of, named_apart},
};

/// Most quotas of a key.
pub const QUOTAS_MAX: usize = 3;

/// Longest name of a time zone, in bytes; the longest of the IANA database has 32.
const TIME_ZONE_MAX: usize = 64;

/// The calendar period of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// From a full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From the first of a month to the first of the next.
    Month,
}

impl Period {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// A time zone by its name in the IANA database, such as `Europe/Berlin`. Only its form is checked: whether there is such a
/// zone is asked where the database of them is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(max_length = 64, examples("Europe/Berlin")))]
#[serde(try_from = "String", into = "String")]
pub struct TimeZoneName(String);

impl TimeZoneName {
    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, InvalidLimit> {
        let part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b))
        };
        let shaped = text.len() <= TIME_ZONE_MAX && text.split('/').all(part);
        if shaped { Ok(Self(text.to_owned())) } else { Err(InvalidLimit::TimeZone) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TimeZoneName {
    type Error = InvalidLimit;

    fn try_from(text: String) -> Result<Self, InvalidLimit> {
        Self::parse(&text)
    }
}

impl From<TimeZoneName> for String {
    fn from(name: TimeZoneName) -> Self {
        name.0
    }
}

/// How many calls may come in a period of the calendar.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "Unchecked")]
pub struct Quota {
    /// Names it in a refusal; no two limits of a key have the same.
    name: LimitName,
    /// Calls in a period: 0 to 2^53-1.
    #[cfg_attr(feature = "openapi", schema(maximum = 9_007_199_254_740_991_u64))]
    limit: u64,
    /// The period; with the next one it begins anew.
    period: Period,
    /// Whose midnight ends a day; null or not given: the installation's.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    time_zone: Option<TimeZoneName>,
    /// Which calls count: those that want one of these scopes; empty or not given: every call.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    scopes: ScopeSet,
}

/// A quota before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    name: LimitName,
    limit: u64,
    period: Period,
    time_zone: Option<TimeZoneName>,
    #[serde(default)]
    scopes: ScopeSet,
}

impl TryFrom<Unchecked> for Quota {
    type Error = InvalidLimit;

    fn try_from(from: Unchecked) -> Result<Self, InvalidLimit> {
        Self::new(from.name, from.limit, from.period, from.time_zone, from.scopes)
    }
}

impl Quota {
    /// Checks the number.
    pub fn new(
        name: LimitName,
        limit: u64,
        period: Period,
        time_zone: Option<TimeZoneName>,
        scopes: ScopeSet,
    ) -> Result<Self, InvalidLimit> {
        if limit > LIMIT_MAX {
            return Err(InvalidLimit::QuotaLimit);
        }
        Ok(Self { name, limit, period, time_zone, scopes })
    }

    /// Its name.
    pub fn name(&self) -> &LimitName {
        &self.name
    }

    /// Calls in a period.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The period.
    pub fn period(&self) -> Period {
        self.period
    }

    /// Whose calendar; `None`: the installation's.
    pub fn time_zone(&self) -> Option<&TimeZoneName> {
        self.time_zone.as_ref()
    }

    /// Which calls count; empty: every call.
    pub fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }

    /// Whether both count the same calls and this one allows no more of them: the two are one quota of a key before and
    /// after a change.
    fn is_within(&self, other: &Self) -> bool {
        (&self.name, self.period, &self.time_zone, &self.scopes)
            == (&other.name, other.period, &other.time_zone, &other.scopes)
            && self.limit <= other.limit
    }
}

impl Quota {
    /// Whether no more calls pass than `other` lets pass of those that it counts, whatever the two are called.
    pub fn binds_as(&self, other: &Self) -> bool {
        counts_all_of(&self.scopes, &other.scopes)
            && (self.period, &self.time_zone) == (other.period, &other.time_zone)
            && self.limit <= other.limit
    }
}

/// The quotas of a key: at most [`QUOTAS_MAX`], each with a name of its own. None: as many calls as come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(max_items = 3))]
#[serde(try_from = "Vec<Quota>")]
pub struct Quotas(Vec<Quota>);

impl Quotas {
    /// Checks the list.
    pub fn new(quotas: Vec<Quota>) -> Result<Self, InvalidLimit> {
        if quotas.len() > QUOTAS_MAX {
            return Err(InvalidLimit::TooManyQuotas);
        }
        named_apart(quotas.iter().map(Quota::name))?;
        Ok(Self(quotas))
    }

    /// In the order in which they were given.
    pub fn iter(&self) -> std::slice::Iter<'_, Quota> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each of these quotas still holds under `other`, so that no call passes there that is refused here.
    pub fn covers(&self, other: &Self) -> bool {
        self.iter().all(|before| other.iter().any(|after| after.is_within(before)))
    }
}

impl Quotas {
    /// Whether a key with `other` stays within these quotas, whatever they are called: each is matched by one that binds as
    /// much. For a key that another issues; for an edit there is [`Quotas::covers`], since a quota with another name counts anew.
    pub fn bind(&self, other: &Self) -> bool {
        self.iter().all(|bound| other.iter().any(|quota| quota.binds_as(bound)))
    }
}

impl TryFrom<Vec<Quota>> for Quotas {
    type Error = InvalidLimit;

    fn try_from(quotas: Vec<Quota>) -> Result<Self, InvalidLimit> {
        Self::new(quotas)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Quota, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_filled_in_and_written() {
        let quota = read(r#"{"name":"daily","limit":0,"period":"day"}"#).unwrap();
        assert_eq!((quota.limit(), quota.period(), quota.time_zone()), (0, Period::Day, None));
        let written = serde_json::to_string(&quota).unwrap();
        assert_eq!(written, r#"{"name":"daily","limit":0,"period":"day","time_zone":null,"scopes":[]}"#);
        assert_eq!(read(&written), Ok(quota));
    }

    #[test]
    fn numbers_periods_and_time_zones_have_a_form() {
        let zone = |zone: &str| read(&format!(r#"{{"name":"a","limit":1,"period":"month","time_zone":"{zone}"}}"#));
        for good in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Asia/Ust-Nera"] {
            assert!(zone(good).is_ok(), "{good}");
        }
        for bad in ["", "/", "Europe/", "Europe//Berlin", "../etc/passwd", "Europe Berlin", "+01:00", &"a".repeat(65)] {
            assert!(zone(bad).is_err(), "{bad}");
        }
        for bad in [
            r#"{"name":"a","limit":9007199254740992,"period":"day"}"#,
            r#"{"name":"a","limit":1,"period":"week"}"#,
            r#"{"name":"a","limit":1,"period":"day","window_seconds":1}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    fn quotas(quotas: &[(&str, u64, Period)]) -> Result<Quotas, InvalidLimit> {
        let one = |&(name, limit, period): &(&str, u64, Period)| {
            Quota::new(LimitName::parse(name)?, limit, period, None, ScopeSet::default())
        };
        Quotas::new(quotas.iter().map(one).collect::<Result<_, _>>()?)
    }

    #[test]
    fn a_key_has_at_most_three_with_names_of_their_own() {
        let three = [("a", 1, Period::Day), ("b", 1, Period::Day), ("c", 1, Period::Hour)];
        assert!(quotas(&three).is_ok());
        assert_eq!(quotas(&[&three[..], &[("d", 1, Period::Day)]].concat()), Err(InvalidLimit::TooManyQuotas));
        assert_eq!(quotas(&[("a", 1, Period::Day), ("a", 1, Period::Hour)]), Err(InvalidLimit::SameName));
    }

    #[test]
    fn looser_quotas_are_not_covered() {
        let before = quotas(&[("a", 10, Period::Day)]).unwrap();
        for (after, covered) in [
            (&[("a", 10, Period::Day)][..], true),
            (&[("b", 1, Period::Hour), ("a", 9, Period::Day)], true),
            (&[("a", 11, Period::Day)], false),
            (&[("a", 10, Period::Hour)], false),
            (&[], false),
        ] {
            assert_eq!(before.covers(&quotas(after).unwrap()), covered, "{after:?}");
        }
    }
}
