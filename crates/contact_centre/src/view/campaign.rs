use model::{Instant, TimeZone};
use serde::Serialize;

use super::{NumberView, Rights};
use crate::{
    event::Event,
    id::{CallId, CampaignId, ContactId, LeadId},
    objects::{Campaign, DiallingHours, DiallingMode, Lead, LeadStatus, Outcome},
    sim::status_at,
};

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CampaignView<'a> {
    id: CampaignId,
    name: &'a str,
    mode: DiallingMode,
    caller_ids: Vec<NumberView<'a>>,
    dialling_hours: DiallingHours,
    max_attempts: u8,
    created_at: Instant,
    updated_at: Instant,
    seq: u64,
}

impl<'a> CampaignView<'a> {
    /// A campaign.
    pub fn of(campaign: &'a Campaign) -> Self {
        Self {
            id: campaign.id,
            name: &campaign.name,
            mode: campaign.mode,
            caller_ids: campaign.caller_ids.iter().map(|number| NumberView::whole(number)).collect(),
            dialling_hours: campaign.dialling_hours,
            max_attempts: campaign.max_attempts,
            created_at: campaign.created_at,
            // It does not change, and was there before the log.
            updated_at: campaign.created_at,
            seq: 0,
        }
    }
}

/// An attempt to reach a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttemptView<'a> {
    at: Instant,
    phone: NumberView<'a>,
    outcome: Option<Outcome>,
    call_id: CallId,
}

/// A lead.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeadView<'a> {
    id: LeadId,
    campaign_id: CampaignId,
    external_id: Option<&'a str>,
    contact_id: Option<ContactId>,
    phones: Vec<NumberView<'a>>,
    timezone: Option<&'a TimeZone>,
    not_before: Option<Instant>,
    not_after: Option<Instant>,
    status: LeadStatus,
    attempts: Vec<AttemptView<'a>>,
    created_at: Instant,
    updated_at: Instant,
    seq: u64,
}

impl<'a> LeadView<'a> {
    /// What is to become of it, by the clock.
    pub fn status(&self) -> LeadStatus {
        self.status
    }

    /// A lead as it was after an event about it, as a caller with these rights sees it.
    pub(super) fn after(campaign: Option<&Campaign>, lead: &'a Lead, event: &Event, rights: Rights) -> Self {
        Self { updated_at: event.at, seq: event.seq, ..Self::of(campaign, lead, event.at, rights) }
    }

    /// A lead at an instant, by which it is due or not, as a caller with these rights sees it.
    pub fn of(campaign: Option<&Campaign>, lead: &'a Lead, now: Instant, rights: Rights) -> Self {
        let number = if rights.contacts { NumberView::whole } else { NumberView::masked };
        Self {
            id: lead.id,
            campaign_id: lead.campaign_id,
            external_id: lead.external_id.as_deref(),
            contact_id: lead.contact_id,
            phones: lead.phones.iter().map(|phone| number(phone)).collect(),
            timezone: lead.timezone.as_ref(),
            not_before: lead.not_before,
            not_after: lead.not_after,
            status: campaign.map_or(lead.status, |campaign| status_at(campaign, lead, now)),
            attempts: lead
                .attempts
                .iter()
                .map(|attempt| AttemptView {
                    at: attempt.at,
                    phone: number(&attempt.phone),
                    outcome: attempt.outcome,
                    call_id: attempt.call_id,
                })
                .collect(),
            created_at: lead.created_at,
            updated_at: lead.updated_at,
            seq: lead.seq,
        }
    }
}
