use std::sync::Arc;

use model::{Instant, TimeZone};
use serde::{Deserialize, Serialize};

use super::{Outcome, PhoneNumber};
use crate::{
    id::{CallId, CampaignId, ContactId, LeadId},
    millis,
    words::words,
};

words! {
    /// Who decides that a lead is dialled.
    DiallingMode {
        /// The agent, who has looked at the lead.
        Preview = "preview",
        /// The system, as soon as an agent is idle.
        Progressive = "progressive",
    }
}

words! {
    /// What is to become of a lead.
    LeadStatus {
        /// Waits for its time.
        Waiting = "waiting",
        /// May be called now.
        Due = "due",
        /// Is being called.
        Dialling = "dialling",
        /// Was reached.
        Reached = "reached",
        /// Was tried as often as the campaign allows.
        Exhausted = "exhausted",
        /// Must not be called.
        Excluded = "excluded",
    }
}

/// Hours of the callee's own day in which a campaign may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiallingHours {
    /// The first hour, 0 to 23.
    pub from_hour: u8,
    /// The hour at which calling ends, 1 to 24.
    pub to_hour: u8,
    /// Whether Saturdays and Sundays are among the days.
    pub weekends: bool,
}

/// A list of people who are called, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Its name.
    pub name: Box<str>,
    /// Who decides that a lead is dialled.
    pub mode: DiallingMode,
    /// Numbers that callees may see.
    pub caller_ids: Vec<Arc<PhoneNumber>>,
    /// When it calls.
    pub dialling_hours: DiallingHours,
    /// Attempts for each lead.
    pub max_attempts: u8,
    /// Milliseconds between two attempts.
    pub retry_after_ms: i64,
    /// When it was made.
    #[serde(with = "millis")]
    pub created_at: Instant,
}

/// One attempt to reach a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it was made.
    #[serde(with = "millis")]
    pub at: Instant,
    /// The number that was called.
    pub phone: Arc<PhoneNumber>,
    /// What came of it; none while the call goes on.
    pub outcome: Option<Outcome>,
    /// The call.
    pub call_id: CallId,
}

/// One person of a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    /// Its id.
    pub id: LeadId,
    /// The campaign.
    pub campaign_id: CampaignId,
    /// Its id in the system that it came from.
    pub external_id: Option<Box<str>>,
    /// The contact, where it is known.
    pub contact_id: Option<ContactId>,
    /// Numbers in the order in which they are tried.
    pub phones: Vec<Arc<PhoneNumber>>,
    /// Whose days are the callee's.
    pub timezone: Option<TimeZone>,
    /// Not to be called before.
    #[serde(with = "millis::optional")]
    pub not_before: Option<Instant>,
    /// Not to be called after.
    #[serde(with = "millis::optional")]
    pub not_after: Option<Instant>,
    /// What is to become of it. [`LeadStatus::Due`] is derived from `Waiting` by `now`, and never stored.
    pub status: LeadStatus,
    /// What was tried, in order.
    pub attempts: Vec<Attempt>,
    /// `seq` of the last event about it; 0 if it was there from the beginning.
    pub seq: u64,
    /// Events about it so far.
    pub subject_seq: u32,
    /// When it was entered.
    #[serde(with = "millis")]
    pub created_at: Instant,
    /// When it last changed.
    #[serde(with = "millis")]
    pub updated_at: Instant,
}

impl Lead {
    /// Numbers of one lead.
    pub const PHONES_MAX: usize = 5;

    /// Whether a number is one of its own.
    pub fn has_number(&self, number: &PhoneNumber) -> bool {
        self.phones.iter().any(|own| own.is_same_line(number))
    }
}
