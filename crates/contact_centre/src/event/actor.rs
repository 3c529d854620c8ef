use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{id::AgentId, words::words};

words! {
    /// What caused an event.
    ActorKind {
        /// A person who takes calls.
        Agent = "agent",
        /// A program.
        ApiKey = "api_key",
        /// The contact centre itself.
        System = "system",
    }
}

/// Who caused an event. A program that acts for an agent leaves both names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What it was.
    pub kind: ActorKind,
    /// The agent who acted or for whom a program acted.
    pub agent_id: Option<AgentId>,
    /// The key of the program.
    pub key_id: Option<Uuid>,
}

impl Actor {
    /// The contact centre itself.
    pub const SYSTEM: Self = Self { kind: ActorKind::System, agent_id: None, key_id: None };

    /// An agent by their own hand.
    pub const fn agent(id: AgentId) -> Self {
        Self { kind: ActorKind::Agent, agent_id: Some(id), key_id: None }
    }

    /// A program, in its own name or for an agent.
    pub const fn key(key_id: Uuid, on_behalf_of: Option<AgentId>) -> Self {
        Self { kind: ActorKind::ApiKey, agent_id: on_behalf_of, key_id: Some(key_id) }
    }
}
