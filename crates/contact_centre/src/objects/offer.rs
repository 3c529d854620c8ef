use model::Instant;
use serde::{Deserialize, Serialize};

use crate::{id::AgentId, millis, words::words};

words! {
    /// How an offer of a call to an agent ended.
    OfferResult {
        /// The agent took the call.
        Answered = "answered",
        /// It rang until the limit.
        NoAnswer = "no_answer",
        /// The agent refused it.
        Rejected = "rejected",
        /// The caller hung up, or the call went elsewhere, while it rang.
        Withdrawn = "withdrawn",
    }
}

/// One ringing of a call at one agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// At whom it rang.
    pub agent_id: AgentId,
    /// Since when.
    #[serde(with = "millis")]
    pub offered_at: Instant,
    /// Until when; none while it rings.
    #[serde(with = "millis::optional")]
    pub ended_at: Option<Instant>,
    /// How it ended; none while it rings.
    pub result: Option<OfferResult>,
}
