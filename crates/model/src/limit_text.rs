//! Limits as the operator types them, one word for each: `default=600/60s,burst=100,scopes=calls:make` is a rate limit,
//! `daily=10000/day,zone=Europe/Berlin` a quota.

use std::{fmt, str::FromStr};

use crate::{InvalidLimit, LimitName, Period, Quota, RateLimit, Scope, ScopeSet, TimeZoneName, overlap::span};

/// Why a text is no limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLimitText {
    /// It does not have the form of a rate limit.
    #[error(
        "write NAME=CALLS/WINDOW, such as default=600/60s, then perhaps ,burst=100 and ,scopes=calls:read+calls:make"
    )]
    RateLimit,
    /// It does not have the form of a quota.
    #[error(
        "write NAME=CALLS/PERIOD, such as daily=10000/day, then perhaps ,zone=Europe/Berlin and ,scopes=calls:make"
    )]
    Quota,
    /// A value that a limit can't have.
    #[error("{0}")]
    Value(#[from] InvalidLimit),
}

/// `NAME=CALLS/SPAN`, and the pairs behind it.
struct Parts<'a> {
    name: LimitName,
    calls: u64,
    span: &'a str,
    pairs: Vec<(&'a str, &'a str)>,
}

impl<'a> Parts<'a> {
    /// `None`: the text has another form.
    fn of(text: &'a str) -> Option<Result<Self, InvalidLimit>> {
        let (name, rest) = text.split_once('=')?;
        let mut rest = rest.split(',');
        let (calls, span) = rest.next()?.split_once('/')?;
        let calls = calls.bytes().all(|byte| byte.is_ascii_digit()).then(|| calls.parse().ok()).flatten()?;
        let pairs = rest.map(|pair| pair.split_once('=')).collect::<Option<Vec<_>>>()?;
        Some(LimitName::parse(name).map(|name| Self { name, calls, span, pairs }))
    }
}

fn scopes(text: &str) -> Option<ScopeSet> {
    text.split('+').map(|scope| Scope::parse(scope).ok()).collect()
}

fn push_scopes(f: &mut fmt::Formatter<'_>, scopes: &ScopeSet) -> fmt::Result {
    for (index, scope) in scopes.iter().enumerate() {
        write!(f, "{}{scope}", if index == 0 { ",scopes=" } else { "+" })?;
    }
    Ok(())
}

impl FromStr for RateLimit {
    type Err = InvalidLimitText;

    fn from_str(text: &str) -> Result<Self, InvalidLimitText> {
        let form = InvalidLimitText::RateLimit;
        let Parts { name, calls, span: window, pairs } = Parts::of(text).ok_or(form.clone())??;
        let window = span(window).map_err(|_| form.clone())?;
        let (mut burst, mut counted) = (calls, ScopeSet::default());
        for (key, value) in pairs {
            match key {
                "burst" => burst = value.parse().map_err(|_| form.clone())?,
                "scopes" => counted = scopes(value).ok_or(form.clone())?,
                _ => return Err(form),
            }
        }
        Ok(Self::new(name, calls, window, burst, counted)?)
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}/{}s", self.name(), self.limit(), self.window_seconds())?;
        if self.burst() != self.limit() {
            write!(f, ",burst={}", self.burst())?;
        }
        push_scopes(f, self.scopes())
    }
}

impl FromStr for Quota {
    type Err = InvalidLimitText;

    fn from_str(text: &str) -> Result<Self, InvalidLimitText> {
        let form = InvalidLimitText::Quota;
        let Parts { name, calls, span, pairs } = Parts::of(text).ok_or(form.clone())??;
        let period = span.parse().map_err(|_| form.clone())?;
        let (mut zone, mut counted) = (None, ScopeSet::default());
        for (key, value) in pairs {
            match key {
                "zone" => zone = Some(TimeZoneName::parse(value)?),
                "scopes" => counted = scopes(value).ok_or(form.clone())?,
                _ => return Err(form),
            }
        }
        Ok(Self::new(name, calls, period, zone, counted)?)
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}/{}", self.name(), self.limit(), self.period())?;
        if let Some(zone) = self.time_zone() {
            write!(f, ",zone={}", zone.as_str())?;
        }
        push_scopes(f, self.scopes())
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Period {
    type Err = InvalidLimitText;

    fn from_str(text: &str) -> Result<Self, InvalidLimitText> {
        Self::ALL.into_iter().find(|period| period.as_str() == text).ok_or(InvalidLimitText::Quota)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_they_are_written() {
        for text in ["default=600/60s", "a=1/1s,scopes=calls:*", "b=5/60s,burst=2,scopes=calls:make+calls:read"] {
            assert_eq!(text.parse::<RateLimit>().map(|limit| limit.to_string()).as_deref(), Ok(text));
        }
        for text in ["daily=0/day", "m=10/month,zone=Etc/GMT+5", "h=9/hour,zone=Europe/Berlin,scopes=calls:make"] {
            assert_eq!(text.parse::<Quota>().map(|quota| quota.to_string()).as_deref(), Ok(text));
        }
        let spans = ["a=1/1m", "a=1/60s"].map(|text| text.parse::<RateLimit>().ok());
        assert!(spans[0].is_some() && spans[0] == spans[1]);
    }

    #[test]
    fn whatever_else_is_refused_with_the_form_or_the_rule() {
        for (text, said) in [
            ("", "write NAME=CALLS/WINDOW"),
            ("default", "write NAME=CALLS/WINDOW"),
            ("default=600", "write NAME=CALLS/WINDOW"),
            ("default=600/day", "write NAME=CALLS/WINDOW"),
            ("default=+600/60s", "write NAME=CALLS/WINDOW"),
            ("default=600/60s,", "write NAME=CALLS/WINDOW"),
            ("default=600/60s,zone=UTC", "write NAME=CALLS/WINDOW"),
            ("default=600/60s,scopes=calls", "write NAME=CALLS/WINDOW"),
            ("Default=600/60s", "must have a name"),
            ("default=0/60s", "must have a limit between 1"),
            ("default=600/2d", "must have window_seconds"),
            ("default=600/60s,burst=601", "must have a burst"),
        ] {
            let error = text.parse::<RateLimit>().unwrap_err().to_string();
            assert!(error.starts_with(said), "{text}: {error}");
        }
        for (text, said) in [
            ("daily=10/60s", "write NAME=CALLS/PERIOD"),
            ("daily=10/day,burst=2", "write NAME=CALLS/PERIOD"),
            ("daily=10/day,zone=+01:00", "must have a time_zone"),
            ("daily=9007199254740992/day", "must have a limit between 0"),
        ] {
            let error = text.parse::<Quota>().unwrap_err().to_string();
            assert!(error.starts_with(said), "{text}: {error}");
        }
    }
}
