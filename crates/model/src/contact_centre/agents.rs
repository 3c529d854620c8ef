use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Most agents that a key names.
pub const AGENTS_MAX: usize = 100;

/// Agents of the contact centre, by their ids: each once, in their order, at most [`AGENTS_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(max_items = 100))]
#[serde(try_from = "Vec<Uuid>")]
pub struct AgentIds(Vec<Uuid>);

/// More agents than a key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {AGENTS_MAX}")]
pub struct TooManyAgents;

impl AgentIds {
    /// Checks their number. One that is named twice is named once.
    pub fn new(mut ids: Vec<Uuid>) -> Result<Self, TooManyAgents> {
        ids.sort_unstable();
        ids.dedup();
        if ids.len() > AGENTS_MAX { Err(TooManyAgents) } else { Ok(Self(ids)) }
    }

    /// In their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Uuid> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this agent is among them.
    pub fn contains(&self, id: Uuid) -> bool {
        self.0.binary_search(&id).is_ok()
    }

    /// Whether all of the others are among them.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        other.iter().all(|id| self.contains(*id))
    }
}

impl TryFrom<Vec<Uuid>> for AgentIds {
    type Error = TooManyAgents;

    fn try_from(ids: Vec<Uuid>) -> Result<Self, TooManyAgents> {
        Self::new(ids)
    }
}

impl<'a> IntoIterator for &'a AgentIds {
    type Item = &'a Uuid;
    type IntoIter = std::slice::Iter<'a, Uuid>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
