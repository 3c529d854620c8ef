//! Usage: how often keys were called, and what became of the calls.

use std::{collections::BTreeMap, fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{ClientName, Code, Environment, Instant, KeyId, Scope, SecretInfo};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How long minutes are kept.
pub const USAGE_MINUTES_MS: i64 = 48 * HOUR_MS;

/// How long one point of a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageStep {
    /// A minute; of the last 48 hours alone.
    Minute,
    /// A quarter of an hour: the finest that is kept for long.
    Quarter,
    /// An hour, by the clocks of the time zone that is asked for.
    Hour,
    /// A day, by the same.
    Day,
}

impl UsageStep {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Minute, Self::Quarter, Self::Hour, Self::Day];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Quarter => "quarter",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Its usual length, in milliseconds. Where clocks change, hours and days differ.
    pub const fn millis(self) -> i64 {
        match self {
            Self::Minute => MINUTE_MS,
            Self::Quarter => HOUR_MS / 4,
            Self::Hour => HOUR_MS,
            Self::Day => DAY_MS,
        }
    }

    /// The longest range with this step, in milliseconds.
    pub const fn longest(self) -> i64 {
        match self {
            Self::Minute => USAGE_MINUTES_MS,
            Self::Quarter => 31 * DAY_MS,
            Self::Hour => 93 * DAY_MS,
            Self::Day => 800 * DAY_MS,
        }
    }

    /// The shortest step with which a range may be asked, and has a few hundred points at most.
    pub const fn fitting(range_ms: i64) -> Self {
        if range_ms <= 3 * HOUR_MS {
            Self::Minute
        } else if range_ms <= 2 * DAY_MS {
            Self::Quarter
        } else if range_ms <= 14 * DAY_MS {
            Self::Hour
        } else {
            Self::Day
        }
    }
}

/// The text names no step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be minute, quarter, hour or day")]
pub struct UnknownStep;

impl FromStr for UsageStep {
    type Err = UnknownStep;

    fn from_str(text: &str) -> Result<Self, UnknownStep> {
        Self::ALL.into_iter().find(|step| step.as_str() == text).ok_or(UnknownStep)
    }
}

impl fmt::Display for UsageStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A time of which usage is read, from one instant until before another, and the step of its points. Never too long for its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UsageRange {
    from: Instant,
    to: Instant,
    step: UsageStep,
}

/// The range can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUsageRange {
    /// It ends before it begins, or when it does.
    #[error("must be before `to`")]
    Empty,
    /// It has too many points.
    #[error("is too far from `to` for points of a {step}: at most {} hours, so take a longer step or a shorter range", .step.longest() / HOUR_MS)]
    TooLong {
        /// The step that was asked for.
        step: UsageStep,
    },
}

impl UsageRange {
    /// From `from` until before `to`.
    pub fn new(from: Instant, to: Instant, step: UsageStep) -> Result<Self, InvalidUsageRange> {
        let length = to.as_millis().saturating_sub(from.as_millis());
        if length <= 0 {
            return Err(InvalidUsageRange::Empty);
        }
        if length > step.longest() {
            return Err(InvalidUsageRange::TooLong { step });
        }
        Ok(Self { from, to, step })
    }

    /// The last `millis` milliseconds, cut to what the step allows.
    pub fn last(millis: i64, now: Instant, step: UsageStep) -> Self {
        Self { from: now.plus_millis(-millis.clamp(1, step.longest())), to: now, step }
    }

    /// Its first instant.
    pub fn from(self) -> Instant {
        self.from
    }

    /// The first instant after it.
    pub fn to(self) -> Instant {
        self.to
    }

    /// How long its points are.
    pub fn step(self) -> UsageStep {
        self.step
    }

    /// How long it is, in milliseconds.
    pub fn millis(self) -> i64 {
        self.to.as_millis() - self.from.as_millis()
    }
}

/// Which calls are counted: those to which all that is given applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageFilter {
    /// Only calls with this key.
    pub key: Option<KeyId>,
    /// Only calls with keys of this Client Name. Names that fold alike are one client.
    pub client: Option<ClientName>,
    /// Only calls with keys of this environment.
    pub environment: Option<Environment>,
    /// Only calls that were decided so.
    pub code: Option<Code>,
    /// Only calls that wanted this scope. A call that wanted several is counted once for each.
    pub scope: Option<Scope>,
}

/// By what calls are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageGroup {
    /// The key.
    Key,
    /// The client: one folded Client Name and environment.
    Client,
    /// How they were decided.
    Code,
    /// The scope that they wanted.
    Scope,
    /// The key's environment.
    Environment,
}

impl UsageGroup {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Key, Self::Client, Self::Code, Self::Scope, Self::Environment];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Client => "client",
            Self::Code => "code",
            Self::Scope => "scope",
            Self::Environment => "environment",
        }
    }
}

/// The text names nothing by which calls are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be key, client, code, scope or environment")]
pub struct UnknownGroup;

impl FromStr for UsageGroup {
    type Err = UnknownGroup;

    fn from_str(text: &str) -> Result<Self, UnknownGroup> {
        Self::ALL.into_iter().find(|group| group.as_str() == text).ok_or(UnknownGroup)
    }
}

/// Numbers of calls: allowed, and refused by their reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallCounts {
    /// Allowed calls.
    pub allowed: u64,
    /// Refused calls, by the code of their verdict.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, u64>))]
    pub denied: BTreeMap<Code, u64>,
}

impl CallCounts {
    /// Adds calls that were decided so.
    pub fn add(&mut self, code: Code, calls: u64) {
        let count = if code == Code::Valid { &mut self.allowed } else { self.denied.entry(code).or_default() };
        *count = count.saturating_add(calls);
    }

    /// All refused calls.
    pub fn refused(&self) -> u64 {
        self.denied.values().copied().fold(0, u64::saturating_add)
    }

    /// All calls.
    pub fn calls(&self) -> u64 {
        self.allowed.saturating_add(self.refused())
    }
}

/// The calls of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsagePoint {
    /// Its first instant.
    pub at: Instant,
    /// Its calls.
    #[serde(flatten)]
    pub counts: CallCounts,
}

/// The calls of one client. Keys of one folded Client Name and environment are one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientUsage {
    /// Its name, as it was written last.
    pub client_name: ClientName,
    /// Its environment.
    pub environment: Environment,
    /// Allowed calls.
    pub allowed: u64,
    /// Refused calls, whatever the reason.
    pub refused: u64,
}

/// The clients with the most calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopClients {
    /// The one with the most first.
    pub clients: Vec<ClientUsage>,
    /// Whether it is certain that no other client has more. It nearly always is.
    pub exact: bool,
    /// From which instant on calls are counted: clients are known by the hour for 48 hours, and by the day before.
    pub from: Instant,
    /// Until before which instant.
    pub to: Instant,
}

/// Calls that wanted a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeUsage {
    /// The scope.
    pub scope: Scope,
    /// Calls that wanted it, alone or beside others.
    pub counts: CallCounts,
}

/// Calls by the hour of the day, for each day of the week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeatMap {
    /// Seven rows, Monday first, of 24 hours each, by the clocks of the time zone that was asked for.
    pub calls: [[u64; 24]; 7],
    /// From which instant on calls are in it: those before are known by the day alone.
    pub from: Instant,
}

/// What a range of usage looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UsageReport {
    /// The range.
    pub range: UsageRange,
    /// A point for every step of the range, in order, also for those without a call. The first begins at the range's begin or before it,
    /// since steps follow the clock.
    pub points: Vec<UsagePoint>,
    /// All calls of the range.
    pub counts: CallCounts,
    /// All calls of the time of the same length before it.
    pub before: CallCounts,
    /// The ten clients with the most calls; `None` where a key, a client or a code is asked for.
    pub clients: Option<TopClients>,
    /// Calls by the scope that they wanted, the most wanted first, at most 50.
    pub scopes: Vec<ScopeUsage>,
    /// When calls are made.
    pub heat: HeatMap,
    /// More keys have the client's name than are looked at, so every number is a lower bound.
    pub is_lower_bound: bool,
}

/// An address from which a key was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressUsage {
    /// The address.
    pub address: IpAddr,
    /// When it was first seen, to the minute.
    pub first_seen: Instant,
    /// When it was last seen, to the minute.
    pub last_seen: Instant,
    /// Allowed calls from it.
    pub allowed: u64,
    /// Refused calls from it.
    pub refused: u64,
    /// Why the last refused call from it was refused.
    pub last_refusal: Option<Code>,
}

/// The use of one secret of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretUsage {
    /// The secret, with its last use.
    pub secret: SecretInfo,
    /// The address of its last use, where that was known.
    pub last_address: Option<IpAddr>,
    /// Calls with it in the range.
    pub counts: CallCounts,
}

/// The hour with the most allowed calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusiestHour {
    /// Its first instant.
    pub at: Instant,
    /// Allowed calls in it.
    pub allowed: u64,
}

/// What was done with one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyActivity {
    /// The key.
    pub key: KeyId,
    /// The range.
    pub range: UsageRange,
    /// As in [`UsageReport`].
    pub points: Vec<UsagePoint>,
    /// All calls of the range.
    pub counts: CallCounts,
    /// All calls of the time of the same length before it.
    pub before: CallCounts,
    /// Calls by the scope that they wanted, the most wanted first.
    pub scopes: Vec<ScopeUsage>,
    /// Its secrets that are kept, the newest first.
    pub secrets: Vec<SecretUsage>,
    /// The newest addresses that it was seen from, whenever that was, the last one first; at most 32.
    pub addresses: Vec<AddressUsage>,
    /// The hour of the range with the most allowed calls.
    pub busiest_hour: Option<BusiestHour>,
    /// The last allowed call.
    pub last_used_at: Option<Instant>,
    /// Its address, where that was known.
    pub last_address: Option<IpAddr>,
}

/// What keys were used for, and so what stops, or is refused, when they are taken away or restricted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatBreaks {
    /// How many keys.
    pub keys: u64,
    /// Allowed calls in the last 30 days.
    pub allowed: u64,
    /// Refused calls in the last 30 days.
    pub refused: u64,
    /// The numbers are lower bounds: adding up was stopped.
    pub is_lower_bound: bool,
    /// Allowed calls are not recorded, so what is known of them is from before that was chosen.
    pub allowed_is_not_recorded: bool,
    /// The last allowed call with any of them.
    pub last_used_at: Option<Instant>,
    /// What is known of few keys alone; `None`: there are too many to look at each.
    pub details: Option<BreaksDetails>,
}

/// What a few keys were used for in the last 30 days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreaksDetails {
    /// The hour with the most allowed calls.
    pub busiest_hour: Option<BusiestHour>,
    /// The scopes that calls wanted, the most wanted first.
    pub scopes: Vec<ScopeUsage>,
    /// The addresses from which they were called, the last one first; at most 32.
    pub addresses: Vec<AddressUsage>,
    /// Allowed calls came from more addresses than are kept, or from unknown ones: binding the keys to those that are shown may refuse
    /// calls that were allowed.
    pub addresses_are_incomplete: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_never_too_long_for_its_step() {
        let at = Instant::from_millis;
        for step in UsageStep::ALL {
            let range = |length| UsageRange::new(at(1_000), at(1_000 + length), step);
            assert!(range(1).is_ok() && range(step.longest()).is_ok());
            assert_eq!(range(step.longest() + 1), Err(InvalidUsageRange::TooLong { step }));
            assert_eq!(range(0), Err(InvalidUsageRange::Empty));
            assert!(step.longest() / step.millis() <= 3_000, "{step}: points");
            assert_eq!(step.as_str().parse(), Ok(step));
        }
        for (hours, step) in [
            (1, UsageStep::Minute),
            (24, UsageStep::Quarter),
            (48, UsageStep::Quarter),
            (7 * 24, UsageStep::Hour),
            (30 * 24, UsageStep::Day),
            (25 * 31 * 24, UsageStep::Day),
        ] {
            let length = hours * HOUR_MS;
            assert_eq!(UsageStep::fitting(length), step, "{hours} h");
            assert!(UsageRange::new(at(0), at(length), step).is_ok(), "{hours} h");
        }
    }

    #[test]
    fn a_point_is_written_as_the_contract_says() {
        let mut counts = CallCounts::default();
        counts.add(Code::Valid, 1);
        counts.add(Code::Expired, 2);
        let point = UsagePoint { at: Instant::from_millis(0), counts };
        assert_eq!(
            serde_json::to_string(&point).unwrap(),
            r#"{"at":"1970-01-01T00:00:00.000Z","allowed":1,"denied":{"EXPIRED":2}}"#
        );
        assert_eq!((point.counts.refused(), point.counts.calls()), (2, 3));
    }
}
