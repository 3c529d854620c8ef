use std::sync::Arc;

use super::Refusal;
use crate::{
    event::{Actor, NewCall},
    id::{AgentId, CallId, CampaignId, ContactId, LeadId, QueueId},
    objects::{Campaign, Direction, Lead, LeadStatus, LegState, PhoneNumber, Relation},
    sim::{next_in_all, rests_until, zones_of_callee},
    world::World,
};

/// A call that an agent is to make.
#[derive(Clone, Debug)]
pub struct Dialled {
    /// Who speaks.
    pub agent_id: AgentId,
    /// Who is called. A number that is not valid is dialled too, and fails.
    pub to: PhoneNumber,
    /// The number that is shown; else the campaign's, or that of the agent's first queue.
    pub from: Option<PhoneNumber>,
    /// The campaign that it is made for.
    pub campaign_id: Option<CampaignId>,
    /// The lead that it is made for.
    pub lead_id: Option<LeadId>,
}

/// A caller whom somebody makes up.
#[derive(Clone, Debug)]
pub struct Arriving {
    /// The queue that is called.
    pub queue_id: QueueId,
    /// Who calls.
    pub from: PhoneNumber,
    /// For how long the caller waits at most, in milliseconds.
    pub patience_ms: Option<i64>,
}

impl World {
    /// Has an agent call somebody. The leg is there at once; it is dialled a moment later.
    ///
    /// # Errors
    /// [`Refusal`] if there is no such agent, campaign or lead, if the agent is offline or busy, if a contact who has the number or
    /// is the lead's must not be called, if the number is not the lead's, if the lead's times or the callee's clocks do not allow the
    /// campaign's calls, if the lead was called too short a while ago, and if there are too many calls.
    pub fn make_call(&mut self, actor: &Actor, dialled: Dialled) -> Result<CallId, Refusal> {
        let agent = self.state().agent(dialled.agent_id).ok_or(Refusal::NotFound("agent"))?;
        if agent.status.state() == crate::objects::AgentState::Offline {
            return Err(Refusal::AgentOffline);
        }
        if !agent.calls.is_empty() {
            return Err(Refusal::AgentBusy);
        }
        let first_queue = agent.skills.first().and_then(|skill| self.state().queue(skill.queue_id));
        let shown = first_queue.map(|queue| queue.number.clone());
        let contact_id = self.only_contact(&dialled.to);
        if self.is_not_to_be_called(&dialled) {
            return Err(Refusal::DoNotCall);
        }
        let campaign_id = self.campaign_of(&dialled)?;
        let campaign = campaign_id.and_then(|id| self.state().campaign(id));
        let shown = campaign.and_then(|campaign| campaign.caller_ids.first().cloned()).or(shown);
        let from = dialled.from.map(Arc::new).or(shown).unwrap_or_else(|| Arc::new(PhoneNumber::withheld()));
        if !self.has_room() {
            return Err(Refusal::Full("calls"));
        }
        let new = NewCall {
            root_id: self.next_call_id(),
            parent_id: None,
            relation: Relation::None,
            direction: Direction::Outbound,
            from,
            to: Arc::new(dialled.to),
            queue_id: None,
            agent_id: Some(dialled.agent_id),
            contact_id,
            campaign_id,
            lead_id: dialled.lead_id,
            state: LegState::Requested,
            patience_ms: None,
            led: true,
        };
        self.act(actor, |world| {
            let id = world.begin_leg(new, Some(actor));
            if let Some(lead) = dialled.lead_id {
                world.begin_attempt(lead, id);
            }
            Ok(id)
        })
    }

    /// The campaign of a call, once it is known that the callee may be called for it now.
    fn campaign_of(&self, dialled: &Dialled) -> Result<Option<CampaignId>, Refusal> {
        let lead = match dialled.lead_id {
            Some(id) => Some(self.state().lead(id).ok_or(Refusal::NotFound("lead"))?),
            None => None,
        };
        let id = dialled.campaign_id.or(lead.map(|lead| lead.campaign_id));
        let Some(id) = id else { return Ok(None) };
        let campaign = self.state().campaign(id).ok_or(Refusal::NotFound("campaign"))?;
        if let Some(lead) = lead {
            self.check_due(campaign, lead, &dialled.to)?;
        }
        // A campaign keeps its hours, whether the callee is a lead of it or not.
        let next = next_in_all(&campaign.dialling_hours, zones_of_callee(lead, Some(&dialled.to)), self.now());
        if next != Some(self.now()) {
            return Err(Refusal::OutsideDiallingHours { next });
        }
        Ok(Some(id))
    }

    /// Whether a lead may be called at a number now, but for the clocks of the callee.
    fn check_due(&self, campaign: &Campaign, lead: &Lead, to: &PhoneNumber) -> Result<(), Refusal> {
        if lead.campaign_id != campaign.id {
            return Err(Refusal::Invalid { field: "lead_id", problem: "is of another campaign" });
        }
        if lead.status != LeadStatus::Waiting || lead.attempts.len() >= usize::from(campaign.max_attempts) {
            return Err(Refusal::Invalid { field: "lead_id", problem: "is not to be called" });
        }
        // Else anybody could be called by the clocks of a lead far away.
        if !lead.has_number(to) {
            return Err(Refusal::Invalid { field: "to", problem: "is none of the lead's numbers" });
        }
        if lead.not_before.is_some_and(|from| self.now() < from) {
            return Err(Refusal::Invalid { field: "lead_id", problem: "is not to be called yet" });
        }
        if lead.not_after.is_some_and(|to| to <= self.now()) {
            return Err(Refusal::Invalid { field: "lead_id", problem: "is no longer to be called" });
        }
        if let Some(next) = rests_until(campaign, lead).filter(|until| self.now() < *until) {
            return Err(Refusal::LeadRests { next });
        }
        Ok(())
    }

    /// Whether anybody who has the number, or whom the lead is about, does not want to be called. One who shares the number is enough.
    fn is_not_to_be_called(&self, dialled: &Dialled) -> bool {
        let state = self.state();
        let of_number = dialled.to.e164.as_deref().map(|e164| state.contacts_with_number(e164)).unwrap_or_default();
        let of_lead = dialled.lead_id.and_then(|id| state.lead(id)).and_then(|lead| lead.contact_id);
        let mut concerned = of_number.iter().copied().chain(of_lead).filter_map(|id| state.contact(id));
        concerned.any(|contact| contact.do_not_call)
    }

    /// The contact who has a number, if it is one and no more.
    fn only_contact(&self, number: &PhoneNumber) -> Option<ContactId> {
        match number.e164.as_deref().map(|e164| self.state().contacts_with_number(e164)) {
            Some([only]) => Some(*only),
            _ => None,
        }
    }

    /// Has somebody call a queue.
    ///
    /// # Errors
    /// [`Refusal`] if there is no such queue, if the patience is not between 0 and a day, and if there are too many calls.
    pub fn have_call(&mut self, actor: &Actor, arriving: Arriving) -> Result<CallId, Refusal> {
        let queue = self.state().queue(arriving.queue_id).ok_or(Refusal::NotFound("queue"))?;
        if arriving.patience_ms.is_some_and(|ms| !(0..=86_400_000).contains(&ms)) {
            return Err(Refusal::Invalid { field: "patience_ms", problem: "must be between 0 and 86400000" });
        }
        if !self.has_room() {
            return Err(Refusal::Full("calls"));
        }
        let new = NewCall {
            root_id: self.next_call_id(),
            parent_id: None,
            relation: Relation::None,
            direction: Direction::Inbound,
            to: queue.number.clone(),
            contact_id: self.only_contact(&arriving.from),
            from: Arc::new(arriving.from),
            queue_id: Some(arriving.queue_id),
            agent_id: None,
            campaign_id: None,
            lead_id: None,
            state: LegState::Ivr,
            patience_ms: arriving.patience_ms,
            led: false,
        };
        self.act(actor, |world| Ok(world.begin_leg(new, Some(actor))))
    }
}
