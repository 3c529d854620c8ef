use crate::{event::SubjectKind, words::words};

words! {
    /// What can be followed: each has a path, and so a right, of its own.
    Feed {
        /// Agents.
        AgentStates = "agent-states",
        /// Legs; and for those who may see them recordings, contacts and leads.
        Calls = "calls",
        /// Queues.
        Queues = "queues",
    }
}

impl Feed {
    /// How many there are.
    pub(super) const COUNT: usize = 3;

    /// Its place among [`Feed::ALL`].
    pub(super) const fn place(self) -> usize {
        match self {
            Self::AgentStates => 0,
            Self::Calls => 1,
            Self::Queues => 2,
        }
    }

    /// The feed that tells of things of a kind.
    pub const fn of(kind: SubjectKind) -> Self {
        match kind {
            SubjectKind::Agent => Self::AgentStates,
            SubjectKind::Queue => Self::Queues,
            SubjectKind::Call | SubjectKind::Recording | SubjectKind::Contact | SubjectKind::Lead => Self::Calls,
        }
    }
}
