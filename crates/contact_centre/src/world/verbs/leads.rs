use std::sync::Arc;

use model::{Instant, TimeZone};

use super::{Refusal, bounds::is_line};
use crate::{
    event::{Actor, Body, Subject},
    id::{CampaignId, ContactId, LeadId},
    objects::{Lead, LeadStatus, PhoneNumber},
    world::World,
};

/// What is to be known of a lead. Telephones are understood before.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadDraft {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// Its id in the system that it comes from, at most 200 characters.
    pub external_id: Option<String>,
    /// The contact.
    pub contact_id: Option<ContactId>,
    /// 1 to 5 numbers.
    pub phones: Vec<PhoneNumber>,
    /// Whose days are the callee's.
    pub timezone: Option<TimeZone>,
    /// Not to be called before.
    pub not_before: Option<Instant>,
    /// Not to be called from then on; later than `not_before`.
    pub not_after: Option<Instant>,
    /// Whether it must not be called.
    pub excluded: bool,
}

impl World {
    /// Enters a lead, or writes what holds of one now. Its attempts stay.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Invalid`] also of an id that another lead has, [`Refusal::Full`], and
    /// [`Refusal::AgentBusy`] while it is being called.
    pub fn put_lead(&mut self, actor: &Actor, id: Option<LeadId>, draft: LeadDraft) -> Result<LeadId, Refusal> {
        let known = match id {
            Some(id) => Some(self.state().lead(id).ok_or(Refusal::NotFound("lead"))?.clone()),
            None => None,
        };
        self.check_lead(&draft, known.as_ref())?;
        let now = self.now();
        let count = self.state().lead_count() as u64;
        let id = id.unwrap_or_else(|| LeadId(self.config().seed.id(now, "lead", count)));
        let attempts = known.as_ref().map(|lead| lead.attempts.clone()).unwrap_or_default();
        let kept = known.as_ref().map(|lead| lead.status).filter(|status| *status != LeadStatus::Excluded);
        let lead = Lead {
            id,
            campaign_id: draft.campaign_id,
            external_id: draft.external_id.map(Into::into),
            contact_id: draft.contact_id,
            phones: draft.phones.into_iter().map(Arc::new).collect(),
            timezone: draft.timezone,
            not_before: draft.not_before,
            not_after: draft.not_after,
            status: if draft.excluded { LeadStatus::Excluded } else { kept.unwrap_or(LeadStatus::Waiting) },
            attempts,
            seq: 0,
            subject_seq: 0,
            created_at: known.map_or(now, |lead| lead.created_at),
            updated_at: now,
        };
        self.act(actor, |world| {
            world.emit(Some(actor), Subject::Lead(id), Body::LeadWritten(Box::new(lead))).map(|()| id)
        })
    }

    fn check_lead(&self, draft: &LeadDraft, known: Option<&Lead>) -> Result<(), Refusal> {
        let invalid = |field, problem| Err(Refusal::Invalid { field, problem });
        if self.state().campaign(draft.campaign_id).is_none() {
            return Err(Refusal::NotFound("campaign"));
        }
        if draft.contact_id.is_some_and(|contact| self.state().contact(contact).is_none()) {
            return Err(Refusal::NotFound("contact"));
        }
        if draft.external_id.as_ref().is_some_and(|id| id.chars().count() > 200) {
            return invalid("external_id", "has more than 200 characters");
        }
        if draft.external_id.as_deref().is_some_and(|id| !is_line(id)) {
            return invalid("external_id", "is empty or has a control character");
        }
        if draft.not_before.zip(draft.not_after).is_some_and(|(from, to)| to <= from) {
            return invalid("not_after", "must be later than not_before");
        }
        let taken = |name: &str| {
            let other = self.state().lead_with_external_id(draft.campaign_id, name);
            other.is_some_and(|other| known.is_none_or(|lead| lead.id != other))
        };
        if draft.external_id.as_deref().is_some_and(taken) {
            return invalid("external_id", "is of another lead of the campaign");
        }
        if draft.phones.is_empty() || draft.phones.len() > Lead::PHONES_MAX {
            return invalid("phones", "must have 1 to 5 numbers");
        }
        if known.is_some_and(|lead| lead.status == LeadStatus::Dialling) {
            return Err(Refusal::AgentBusy);
        }
        if known.is_none() && self.state().lead_count() >= self.config().bounds.leads_max {
            return Err(Refusal::Full("leads"));
        }
        Ok(())
    }
}
