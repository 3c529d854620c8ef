//! What a key may do in units of a contact centre: calls, hours, streams, recordings, agents.
//!
//! The gateway keeps streams and bytes; the contact centre behind it is told the whole and keeps the rest.

mod agents;
mod dialling_hours;
mod numbers;
mod prefixes;
mod text;
mod told;
mod words;
mod world_name;

use serde::{Deserialize, Deserializer, Serialize};

pub use self::{
    agents::{AGENTS_MAX, AgentIds, TooManyAgents},
    dialling_hours::{DiallingHours, InvalidDiallingHours},
    numbers::{CallsPerHour, InvalidNumber, MaxStreams, RECORDING_BYTES_LIMIT, RecordingBytes},
    prefixes::{CALL_PREFIXES_MAX, CallPrefix, CallPrefixes, DialPrefix, InvalidPrefixes},
    text::InvalidContactCentreText,
    told::InvalidTold,
    world_name::{InvalidWorldName, WorldName},
};

/// What a key may do in units of a contact centre. What is not given is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ContactCentreLimits {
    /// How many outbound calls it may make in an hour, wherever they go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_hour: Option<CallsPerHour>,
    /// How many of them may go to numbers that begin so; for a number, the longest beginning counts.
    #[serde(default, deserialize_with = "or_none", skip_serializing_if = "CallPrefixes::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub call_prefixes: CallPrefixes,
    /// In which hours of the callee's own day it may have calls made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialling_hours: Option<DiallingHours>,
    /// How many streams it may have open at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_streams: Option<MaxStreams>,
    /// How many bytes of recordings it may download in a day of its installation's calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording_bytes_per_day: Option<RecordingBytes>,
    /// For which agents it may act, if it holds `users:impersonate`; empty: for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_ids: Option<AgentIds>,
}

impl ContactCentreLimits {
    /// Whether they limit nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a key with `other` can do nothing that one with these can't.
    pub fn covers(&self, other: &Self) -> bool {
        self.covers_behind(other)
            && at_most(self.max_streams, other.max_streams)
            && at_most(self.recording_bytes_per_day, other.recording_bytes_per_day)
    }

    /// The same, of what the contact centre keeps by what it was told: all but streams and bytes of recordings, which the gateway
    /// keeps by what holds now.
    pub fn covers_behind(&self, other: &Self) -> bool {
        let Self {
            calls_per_hour,
            call_prefixes,
            dialling_hours,
            max_streams: _,
            recording_bytes_per_day: _,
            agent_ids,
        } = self;
        at_most(*calls_per_hour, other.calls_per_hour)
            && call_prefixes.covers(&other.call_prefixes)
            && within(dialling_hours.as_ref(), other.dialling_hours.as_ref(), DiallingHours::covers)
            && within(agent_ids.as_ref(), other.agent_ids.as_ref(), AgentIds::covers)
    }
}

/// A list that may be null, for none.
fn or_none<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Whether the other number is no larger; `None` is without a limit.
fn at_most<T: PartialOrd>(limit: Option<T>, other: Option<T>) -> bool {
    limit.is_none_or(|limit| other.is_some_and(|other| other <= limit))
}

fn within<T>(limit: Option<&T>, other: Option<&T>, covers: impl FnOnce(&T, &T) -> bool) -> bool {
    limit.is_none_or(|limit| other.is_some_and(|other| covers(limit, other)))
}

#[cfg(test)]
mod tests;
