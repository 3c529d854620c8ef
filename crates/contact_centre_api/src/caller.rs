//! Who calls, as the gateway says.

use std::collections::BTreeSet;

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use contact_centre::{
    id::{AgentId, QueueId},
    objects::{Agent, Call},
    view::Rights,
};
use http::HeaderMap;
use model::{ContactCentreLimits, Environment, Scope, ScopeSet};
use uuid::Uuid;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who calls: a key, with its rights.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The key.
    pub key_id: Uuid,
    /// Live or made-up data.
    pub environment: Environment,
    /// What it may.
    pub scopes: ScopeSet,
    /// The world that its calls are about; none for the shared one.
    pub world: Option<Box<str>>,
    /// The queues that it may ask about; none for all.
    pub queues: Option<BTreeSet<QueueId>>,
    /// What it may do in units of a contact centre. The gateway keeps those of streams and bytes.
    pub limits: ContactCentreLimits,
}

/// What the gateway said can't be understood, so nobody is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header {0} is not as the gateway writes it")]
pub(crate) struct Unnamed(&'static str);

const KEY_ID: &str = "x-keydesk-key-id";
const ENVIRONMENT: &str = "x-keydesk-environment";
const SCOPES: &str = "x-keydesk-scopes";
const WORLD: &str = "x-keydesk-world";
const RESOURCES: &str = "x-keydesk-resources";
const LIMITS: &str = "x-keydesk-contact-centre";

impl Caller {
    /// Reads what the gateway says. A header that can't be read refuses the call: it may restrict it.
    pub(crate) fn named(headers: &HeaderMap) -> Result<Self, Unnamed> {
        let key_id = text(headers, KEY_ID)?.and_then(|id| id.parse().ok()).ok_or(Unnamed(KEY_ID))?;
        let environment = text(headers, ENVIRONMENT)?.and_then(|word| word.parse().ok()).ok_or(Unnamed(ENVIRONMENT))?;
        let scopes = text(headers, SCOPES)?.unwrap_or_default().split_ascii_whitespace().map(Scope::parse);
        let scopes = scopes.collect::<Result<_, _>>().map_err(|_| Unnamed(SCOPES))?;
        let world = text(headers, WORLD)?.filter(|name| !name.is_empty()).map(Into::into);
        let queues = text(headers, RESOURCES)?.map(queues).transpose()?;
        let limits = text(headers, LIMITS)?.map(limits).transpose()?.unwrap_or_default();
        Ok(Self { key_id, environment, scopes, world, queues, limits })
    }

    /// Whether it has a right; an empty one everybody has.
    pub(crate) fn may(&self, right: &str) -> bool {
        right.is_empty() || Scope::parse(right).is_ok_and(|scope| self.scopes.allows(&scope))
    }

    /// Which fields it sees.
    pub fn rights(&self) -> Rights {
        Rights { wraps: self.may("wraps:read"), contacts: self.may("contacts:read") }
    }

    /// Whether it may ask about a queue.
    pub fn may_see(&self, queue: QueueId) -> bool {
        self.queues.as_ref().is_none_or(|queues| queues.contains(&queue))
    }

    /// Whether it may know of a leg: its queue decides, for streams alike. A leg without one is of no token for some queues.
    pub(crate) fn may_see_call(&self, call: &Call) -> bool {
        self.queues.as_ref().is_none_or(|queues| call.queue_id.is_some_and(|queue| queues.contains(&queue)))
    }

    /// Whether it may know of an agent: one who serves a queue of its own.
    pub(crate) fn may_see_agent(&self, agent: &Agent) -> bool {
        self.queues.as_ref().is_none_or(|queues| agent.skills.iter().any(|skill| queues.contains(&skill.queue_id)))
    }

    /// Whether it may act for an agent.
    pub(crate) fn may_act_for(&self, agent: AgentId) -> bool {
        self.limits.agent_ids.as_ref().is_none_or(|agents| agents.contains(agent.0))
    }
}

/// The value of a header that comes once.
fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Unnamed> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Unnamed(name));
    }
    value.to_str().map(|text| Some(text.trim())).map_err(|_| Unnamed(name))
}

/// `queue=ID,ID`. An id that none here can have names nothing: whoever made the token may not know how ours are written. What is of another form
/// is not from the gateway.
fn queues(text: &str) -> Result<BTreeSet<QueueId>, Unnamed> {
    let ids = text.strip_prefix("queue=").ok_or(Unnamed(RESOURCES))?;
    Ok(ids.split(',').filter_map(|id| id.trim().parse().ok()).collect())
}

fn limits(text: &str) -> Result<ContactCentreLimits, Unnamed> {
    let json = BASE64.decode(text).map_err(|_| Unnamed(LIMITS))?;
    serde_json::from_slice(&json).map_err(|_| Unnamed(LIMITS))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const KEY: &str = "0199c7a0-0000-7000-8000-000000000001";

    fn headers(more: &[(&'static str, &str)]) -> HeaderMap {
        let given = [(KEY_ID, KEY), (ENVIRONMENT, "test"), (SCOPES, "calls:read live:*")];
        given
            .into_iter()
            .chain(more.iter().copied())
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn rights_are_those_of_the_key() {
        let caller = Caller::named(&headers(&[])).unwrap();
        assert_eq!(caller.key_id.to_string(), KEY);
        assert!(caller.may("calls:read") && caller.may("live:read") && caller.may("") && !caller.may("wraps:read"));
        assert_eq!(caller.rights(), Rights::NONE);
        assert!(caller.may_see(QueueId(Uuid::nil())) && caller.may_act_for(AgentId(Uuid::nil())));
    }

    #[test]
    fn what_narrows_is_understood_or_refuses() {
        let narrowed = Caller::named(&headers(&[(RESOURCES, &format!("queue={KEY}"))])).unwrap();
        assert!(narrowed.may_see(QueueId(KEY.parse().unwrap())) && !narrowed.may_see(QueueId(Uuid::nil())));
        let of = |json: &str| Caller::named(&headers(&[(LIMITS, &URL_SAFE_NO_PAD.encode(json))]));
        let bound = of(r#"{"calls_per_hour":3,"agent_ids":[],"max_streams":2}"#).unwrap();
        assert_eq!(bound.limits.calls_per_hour.map(u64::from), Some(3));
        assert!(!bound.may_act_for(AgentId(Uuid::nil())));
        let nowhere = Caller::named(&headers(&[(RESOURCES, "queue=x")])).unwrap();
        assert!(nowhere.queues.as_ref().is_some_and(BTreeSet::is_empty) && !nowhere.may_see(QueueId(Uuid::nil())));
        let some = Caller::named(&headers(&[(RESOURCES, &format!("queue=x,{KEY}"))])).unwrap();
        assert_eq!(some.queues, narrowed.queues);
        for (name, value) in [(RESOURCES, "team=1"), (RESOURCES, "x"), (LIMITS, "%%%"), (LIMITS, "eHg")] {
            assert!(Caller::named(&headers(&[(name, value)])).is_err(), "{name} {value}");
        }
        let mut twice = headers(&[]);
        twice.append("x-keydesk-scopes", "data:*".parse().unwrap());
        assert!(Caller::named(&twice).is_err());
    }
}
