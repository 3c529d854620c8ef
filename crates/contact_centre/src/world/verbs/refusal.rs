use model::Instant;

use crate::{leg::WrongState, log::JournalError, objects::LegState, world::ClockError};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The leg is in a state in which this can't be done.
    #[error("the call is {0}")]
    WrongState(LegState),
    /// The agent is not there.
    #[error("the agent is offline")]
    AgentOffline,
    /// The agent has a call.
    #[error("the agent is busy")]
    AgentBusy,
    /// The queue takes no calls now.
    #[error("the queue is closed")]
    QueueClosed,
    /// The contact must not be called.
    #[error("the contact does not want to be called")]
    DoNotCall,
    /// The callee's clocks do not allow a call.
    #[error("the callee's clocks allow no call now")]
    OutsideDiallingHours {
        /// When they do next; none within a week.
        next: Option<Instant>,
    },
    /// The campaign leaves a lead alone for a while after each attempt.
    #[error("the lead was called a short while ago")]
    LeadRests {
        /// Until when it does.
        next: Instant,
    },
    /// What was written can't be so.
    #[error("{field} {problem}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Somebody else has written it since.
    #[error("it has changed since it was read")]
    Changed,
    /// The leg is not recorded, or its recording already is as it should be.
    #[error("{0}")]
    Recording(&'static str),
    /// As many are there as there may be.
    #[error("there are too many {0}")]
    Full(&'static str),
    /// The clock can't be set so.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// It has happened, but it is not written down yet.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Refusal {
    /// The stable code of problem documents.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::WrongState(_) => "wrong_state",
            Self::AgentOffline => "agent_offline",
            Self::AgentBusy => "agent_busy",
            Self::QueueClosed => "queue_closed",
            Self::DoNotCall => "do_not_call",
            Self::OutsideDiallingHours { .. } => "outside_dialling_hours",
            Self::LeadRests { .. } => "lead_rests",
            Self::Invalid { .. } => "invalid",
            Self::Changed => "changed",
            Self::Recording(_) => "recording_not_possible",
            Self::Full(_) => "full",
            Self::Clock(_) => "clock_not_possible",
            Self::Journal(_) => "not_written",
        }
    }
}

impl From<WrongState> for Refusal {
    fn from(WrongState(state): WrongState) -> Self {
        Self::WrongState(state)
    }
}
