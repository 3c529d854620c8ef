use serde::{Serialize, Serializer};

use super::Facts;
use crate::{
    event::EventType,
    id::{AgentId, QueueId},
};

/// Ids that a filter names, of each kind.
pub const IDS_MAX: usize = 100;
/// Types that a filter names.
const TYPES_MAX: usize = 50;

/// Which types a reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u64);

const _: () = assert!(EventType::ALL.len() <= 64, "a bit for each type");

impl Kinds {
    /// All of them.
    pub const ALL: Self = Self(u64::MAX);

    /// Whether a type is wanted.
    pub const fn has(self, kind: EventType) -> bool {
        self.0 & (1 << kind as u32) != 0
    }

    /// Types by their names, for example `call.answered`; `call.*` is all that begin so, and `*` all there are.
    ///
    /// # Errors
    /// [`InvalidFilter`].
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidFilter> {
        let (mut kinds, mut count) = (0, 0);
        for name in names {
            count += 1;
            let named = EventType::ALL.iter().filter(|kind| fits(name, kind.as_str()));
            let bits = named.fold(0, |bits, kind| bits | (1 << *kind as u32));
            if bits == 0 {
                return Err(InvalidFilter::UnknownType);
            }
            kinds |= bits;
        }
        if (1..=TYPES_MAX).contains(&count) { Ok(Self(kinds)) } else { Err(InvalidFilter::Types) }
    }

    /// Those that are wanted.
    pub fn iter(self) -> impl Iterator<Item = EventType> {
        EventType::ALL.iter().copied().filter(move |kind| self.has(*kind))
    }
}

fn fits(name: &str, kind: &str) -> bool {
    let group = |head: &str| head.is_empty() || (head.ends_with('.') && kind.starts_with(head));
    name == kind || name.strip_suffix('*').is_some_and(group)
}

/// A filter can't be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFilter {
    /// No type of event is named so.
    #[error("must name types of events such as call.answered, or all that begin alike such as call.*")]
    UnknownType,
    /// None, or too many.
    #[error("must name 1 to {TYPES_MAX} types")]
    Types,
    /// No ids, or too many, or texts that are none.
    #[error("must have 1 to {IDS_MAX} ids")]
    Ids,
}

/// What a reader wants of what they may get. Without a list: all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// Events that concern one of these agents.
    #[serde(rename = "agent_ids")]
    pub agents: Option<Box<[AgentId]>>,
    /// Events that concern one of these queues.
    #[serde(rename = "queue_ids")]
    pub queues: Option<Box<[QueueId]>>,
    /// Events of these types.
    #[serde(rename = "types", serialize_with = "names")]
    pub kinds: Kinds,
}

fn names<S: Serializer>(kinds: &Kinds, serializer: S) -> Result<S::Ok, S::Error> {
    if *kinds == Kinds::ALL { serializer.serialize_none() } else { serializer.collect_seq(kinds.iter()) }
}

impl Default for Filter {
    fn default() -> Self {
        Self { agents: None, queues: None, kinds: Kinds::ALL }
    }
}

impl Filter {
    /// Ids by their texts.
    ///
    /// # Errors
    /// [`InvalidFilter::Ids`].
    pub fn ids<'a, T: std::str::FromStr>(texts: impl IntoIterator<Item = &'a str>) -> Result<Box<[T]>, InvalidFilter> {
        // One more than there may be is enough to know.
        let texts = texts.into_iter().take(IDS_MAX + 1).map(str::parse);
        let ids: Box<[T]> = texts.collect::<Result<_, _>>().map_err(|_| InvalidFilter::Ids)?;
        if (1..=IDS_MAX).contains(&ids.len()) { Ok(ids) } else { Err(InvalidFilter::Ids) }
    }

    /// Whether an event is wanted.
    pub fn wants(&self, facts: &Facts) -> bool {
        self.kinds.has(facts.kind) && self.wants_things(&facts.agents, &facts.queues)
    }

    /// Whether something that concerns these is wanted, whatever happens to it.
    pub(super) fn wants_things(&self, agents: &[AgentId], queues: &[QueueId]) -> bool {
        self.agents.as_deref().is_none_or(|wanted| agents.iter().any(|agent| wanted.contains(agent)))
            && self.queues.as_deref().is_none_or(|wanted| queues.iter().any(|queue| wanted.contains(queue)))
    }

    /// Whether no thing is left out, so that a snapshot is the same as without it.
    pub(super) fn is_of_all(&self) -> bool {
        self.agents.is_none() && self.queues.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_alone_or_by_what_they_begin_with() {
        let answered = Kinds::parse(["call.answered"]).unwrap();
        assert_eq!(answered.iter().collect::<Vec<_>>(), [EventType::CallAnswered]);
        let calls = Kinds::parse(["call.*", "call.answered"]).unwrap();
        assert!(calls.has(EventType::CallClosed) && !calls.has(EventType::WrapWritten));
        assert_eq!(Kinds::parse(["*"]).unwrap().iter().count(), EventType::ALL.len());
    }

    #[test]
    fn what_names_no_type_is_refused() {
        for bad in ["", "call", "call*", "call.", "calls.*", "key.created"] {
            assert_eq!(Kinds::parse([bad]), Err(InvalidFilter::UnknownType), "{bad}");
        }
        assert_eq!(Kinds::parse([]), Err(InvalidFilter::Types));
        assert_eq!(Kinds::parse(["*"; TYPES_MAX + 1]), Err(InvalidFilter::Types));
    }

    #[test]
    fn ids_are_bounded_in_number() {
        let id = AgentId(uuid::Uuid::from_u128(5)).to_string();
        assert_eq!(Filter::ids::<AgentId>([&*id]).unwrap().len(), 1);
        assert_eq!(Filter::ids::<AgentId>(["x"]), Err(InvalidFilter::Ids));
        assert_eq!(Filter::ids::<AgentId>([]), Err(InvalidFilter::Ids));
        assert_eq!(Filter::ids::<AgentId>(vec![&*id; IDS_MAX + 1]), Err(InvalidFilter::Ids));
    }
}
