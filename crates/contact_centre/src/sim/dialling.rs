//! Which lead is called next, and when an agent of a campaign dials.

use std::sync::Arc;

use model::{Instant, TimeZone};

use super::Draws;
use crate::{
    id::{CampaignId, LeadId},
    objects::{Agent, Campaign, DiallingHours, DiallingMode, Lead, LeadStatus, PhoneNumber},
    seed::Seed,
    state::State,
};

/// The team that calls people.
const TEAM: &str = "Outbound";
/// Between two looks for a lead of an agent who found none.
const AGAIN_MS: i64 = 300_000;
const QUARTER_MS: i64 = 900_000;

/// What is dialled.
#[derive(Clone, Debug)]
pub(crate) struct Dial {
    pub(crate) campaign: CampaignId,
    pub(crate) lead: LeadId,
    pub(crate) from: Arc<PhoneNumber>,
    pub(crate) to: Arc<PhoneNumber>,
}

/// When an agent who is free dials for a campaign, strictly after an instant; none of agents who don't.
pub(crate) fn next_dial(seed: Seed, agent: &Agent, after: Instant) -> Option<Instant> {
    if &*agent.team != TEAM || !agent.status.is_free() {
        return None;
    }
    let mut draws =
        Draws::of(Seed(seed.number("dials", agent.idle_since.as_millis().unsigned_abs())), "agent", agent.id.0);
    let first = agent.idle_since.plus_millis(draws.lognormal_ms(12_000, 0.5));
    if first > after {
        return Some(first);
    }
    let tries = (after.as_millis() - first.as_millis()) / AGAIN_MS + 1;
    Some(first.plus_millis(tries * AGAIN_MS))
}

/// The lead that comes next, the number that is called, and the one that is shown.
pub(crate) fn candidate(state: &State, now: Instant) -> Option<Dial> {
    let lead = state.leads().find(|lead| is_due(state, lead, now))?;
    let campaign = state.campaign(lead.campaign_id)?;
    // One number after the other.
    let to = lead.phones.get(lead.attempts.len() % lead.phones.len().max(1))?;
    Some(Dial { campaign: campaign.id, lead: lead.id, from: campaign.caller_ids.first()?.clone(), to: to.clone() })
}

fn is_due(state: &State, lead: &Lead, now: Instant) -> bool {
    let Some(campaign) = state.campaign(lead.campaign_id) else { return false };
    campaign.mode == DiallingMode::Progressive
        && status_at(campaign, lead, now) == LeadStatus::Due
        && !lead.contact_id.and_then(|id| state.contact(id)).is_some_and(|contact| contact.do_not_call)
}

/// The status of a lead by the clock: one that waits is due when its times and the hours of the campaign allow a call.
pub(crate) fn status_at(campaign: &Campaign, lead: &Lead, now: Instant) -> LeadStatus {
    let rested = lead.attempts.last().is_none_or(|last| last.at.plus_millis(campaign.retry_after_ms) <= now);
    let begun = lead.not_before.is_none_or(|from| from <= now) && lead.not_after.is_none_or(|to| now < to);
    let due = lead.status == LeadStatus::Waiting
        && rested
        && begun
        && is_allowed(&campaign.dialling_hours, lead.timezone.as_ref().unwrap_or(&TimeZone::UTC), now);
    if due { LeadStatus::Due } else { lead.status }
}

/// Whether the callee's clocks allow a call.
fn is_allowed(hours: &DiallingHours, zone: &TimeZone, at: Instant) -> bool {
    let (weekday, hour) = zone.hour_of_week(at);
    (hours.weekends || weekday < 5) && (usize::from(hours.from_hour)..usize::from(hours.to_hour)).contains(&hour)
}

/// `at` if the callee's clocks allow a call then, else the next instant at which they do; none within eight days.
pub fn next_allowed(hours: &DiallingHours, zone: &TimeZone, at: Instant) -> Option<Instant> {
    if is_allowed(hours, zone, at) {
        return Some(at);
    }
    let first = at.as_millis() - at.as_millis().rem_euclid(QUARTER_MS) + QUARTER_MS;
    (0..8 * 96).map(|n| Instant::from_millis(first + n * QUARTER_MS)).find(|at| is_allowed(hours, zone, *at))
}
