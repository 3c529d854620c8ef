use serde::{Deserialize, Serialize};

use crate::{AgentIds, CallPrefixes, CallsPerHour, ContactCentreLimits, DiallingHours, MaxStreams};

/// What a token may do in units of a contact centre, where that is less than its key may. What is not given is as the key has it.
///
/// Calls and streams are counted for the key, whose own limits hold too. Bytes of recordings are the key's alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenLimits {
    /// How many outbound calls it may make in an hour, together with its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_hour: Option<CallsPerHour>,
    /// How many of them may go to numbers that begin so; for a number, the longest beginning counts.
    #[serde(default, skip_serializing_if = "CallPrefixes::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub call_prefixes: CallPrefixes,
    /// In which hours of the callee's own day it may have calls made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialling_hours: Option<DiallingHours>,
    /// How many streams may be open at once when it opens one, those of its key among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_streams: Option<MaxStreams>,
    /// For which agents it may act, if it holds `users:impersonate`; empty: for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_ids: Option<AgentIds>,
}

impl TokenLimits {
    /// What the token of a key with these limits may do.
    pub fn over(&self, key: &ContactCentreLimits) -> ContactCentreLimits {
        let Self { calls_per_hour, call_prefixes, dialling_hours, max_streams, agent_ids } = self.clone();
        ContactCentreLimits {
            calls_per_hour: calls_per_hour.or(key.calls_per_hour),
            call_prefixes: if call_prefixes.is_empty() { key.call_prefixes.clone() } else { call_prefixes },
            dialling_hours: dialling_hours.or(key.dialling_hours),
            max_streams: max_streams.or(key.max_streams),
            recording_bytes_per_day: key.recording_bytes_per_day,
            agent_ids: agent_ids.or_else(|| key.agent_ids.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_is_the_key_s() {
        let key: ContactCentreLimits = "calls=60/hour +61=any +=0/hour streams=5 recordings=500MB/day".parse().unwrap();
        assert_eq!(TokenLimits::default().over(&key), key);
        let own: TokenLimits = serde_json::from_str(r#"{"max_streams": 1}"#).unwrap();
        let both = own.over(&key);
        assert_eq!(both, "calls=60/hour +61=any +=0/hour streams=1 recordings=500MB/day".parse().unwrap());
        assert!(key.covers(&both) && !both.covers(&key));
        assert!(serde_json::from_str::<TokenLimits>(r#"{"recording_bytes_per_day": 1}"#).is_err());
    }
}
