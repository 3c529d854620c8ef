use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Network, NetworkSet, OriginPattern, OriginSet, Quota, Quotas, RateLimit, RateLimits, ceiling::distinct,
    overlap::span,
};

/// Longest life that can be prescribed, in seconds: 100 years.
pub const LONGEST_LIFE_MAX: u32 = 100 * 365 * 24 * 60 * 60;

/// What the keys may be like that a managing key issues, in place of its own bounds. Administrators and the operator set
/// them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IssueBounds {
    /// Addresses and networks within which they may be used; empty: any.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub allowed_ips: NetworkSet,
    /// Web origins within which they may be used; empty: any.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub allowed_origins: OriginSet,
    /// Within how many seconds from now they must end, 1 to 3,153,600,000; null: they need no end.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub longest_life_seconds: Option<LongestLife>,
    /// Rate limits of which each key must have such a one or a lower one, by whatever name; none when absent.
    #[serde(default, skip_serializing_if = "RateLimits::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub rate_limits: RateLimits,
    /// The same for quotas.
    #[serde(default, skip_serializing_if = "Quotas::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub quotas: Quotas,
}

/// A length of life in whole seconds, 1 to [`LONGEST_LIFE_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = u32, minimum = 1, maximum = 3_153_600_000_u32))]
#[serde(try_from = "u32", into = "u32")]
pub struct LongestLife(u32);

/// The number of seconds is 0 or too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number of seconds from 1 to {LONGEST_LIFE_MAX}")]
pub struct InvalidLife;

impl TryFrom<u32> for LongestLife {
    type Error = InvalidLife;

    fn try_from(seconds: u32) -> Result<Self, InvalidLife> {
        if (1..=LONGEST_LIFE_MAX).contains(&seconds) { Ok(Self(seconds)) } else { Err(InvalidLife) }
    }
}

impl From<LongestLife> for u32 {
    fn from(life: LongestLife) -> Self {
        life.0
    }
}

/// As people write them, one word for each: networks, origins, the longest life as 12h or 90d, and limits such as
/// default=600/60s and daily=10000/day; `any` for bounds that bind nothing.
impl fmt::Display for IssueBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks = self.allowed_ips.iter().map(ToString::to_string);
        let origins = self.allowed_origins.iter().map(ToString::to_string);
        let life = self.longest_life_seconds.map(|LongestLife(seconds)| match seconds {
            days if days % 86_400 == 0 => format!("{}d", days / 86_400),
            hours if hours % 3_600 == 0 => format!("{}h", hours / 3_600),
            seconds => format!("{seconds}s"),
        });
        let rates = self.rate_limits.iter().map(ToString::to_string);
        let quotas = self.quotas.iter().map(ToString::to_string);
        let words: Vec<_> = networks.chain(origins).chain(life).chain(rates).chain(quotas).collect();
        f.write_str(if words.is_empty() { "any" } else { "" })?;
        f.write_str(&words.join(" "))
    }
}

/// Why a text names no bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word} {reason}")]
pub struct InvalidBounds {
    word: String,
    reason: String,
}

impl FromStr for IssueBounds {
    type Err = InvalidBounds;

    fn from_str(text: &str) -> Result<Self, InvalidBounds> {
        let (mut networks, mut origins, mut life) = (Vec::new(), Vec::new(), None);
        let (mut rates, mut quotas) = (Vec::new(), Vec::new());
        let wrong = |word: &str, reason: String| InvalidBounds { word: word.to_owned(), reason };
        for word in text.split_whitespace().filter(|word| *word != "any") {
            if word.contains('=') {
                // A period has a name, a window a number.
                if let Ok(quota) = word.parse::<Quota>() {
                    quotas.push(quota);
                } else {
                    rates.push(word.parse::<RateLimit>().map_err(|error| wrong(word, error.to_string()))?);
                }
            } else if word.contains("://") {
                origins.push(word.parse::<OriginPattern>().map_err(|error| wrong(word, error.to_string()))?);
            } else if let Ok(seconds) = span(word) {
                life = Some(LongestLife::try_from(seconds).map_err(|error| wrong(word, error.to_string()))?);
            } else {
                let network = word.parse::<Network>();
                let form = "is neither a network, nor an origin such as https://app.example.com, a life such as 90d or a limit such as default=600/60s";
                networks.push(network.map_err(|_| wrong(word, form.to_owned()))?);
            }
        }
        let rate_limits = RateLimits::new(rates).map_err(|error| wrong("The rate limits", error.to_string()))?;
        let quotas = Quotas::new(quotas).map_err(|error| wrong("The quotas", error.to_string()))?;
        distinct(&rate_limits, &quotas).map_err(|error| wrong("The limits", error.to_string()))?;
        Ok(Self {
            allowed_ips: NetworkSet::new(networks).map_err(|error| wrong("The networks", error.to_string()))?,
            allowed_origins: OriginSet::new(origins).map_err(|error| wrong("The origins", error.to_string()))?,
            longest_life_seconds: life,
            rate_limits,
            quotas,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_as_they_are_written() {
        for text in [
            "any",
            "10.0.0.0/8",
            "10.0.0.0/8 2001:db8::/32 https://*.acme.example 90d a=6/60s,burst=2 b=9/day,zone=UTC",
            "12h",
            "90s",
        ] {
            assert_eq!(text.parse::<IssueBounds>().map(|bounds| bounds.to_string()).as_deref(), Ok(text));
        }
        for (text, said) in [
            ("10.0.0.1/8", "10.0.0.1/8 is neither a network"),
            ("http://a/b", "http://a/b "),
            ("0d", "0d must be a whole number of seconds"),
            ("a=0/60s", "a=0/60s must have a limit between 1"),
            ("a=6", "a=6 write NAME=CALLS/WINDOW"),
            ("a=6/60s a=9/day", "The limits must each have a name of its own"),
        ] {
            let error = text.parse::<IssueBounds>().unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
