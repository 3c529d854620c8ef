//! Which lead is called next, and when an agent of a campaign dials.

use std::{slice, sync::Arc};

use model::{Instant, TimeZone};

use super::Draws;
use crate::{
    id::{CampaignId, LeadId},
    objects::{Agent, Campaign, DiallingHours, DiallingMode, Lead, LeadStatus, PhoneNumber},
    seed::Seed,
    state::State,
    zones::zones_of,
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
    // Leads of one campaign stand together, and most are done with: what is cheap is asked first, of thousands of them.
    let mut last: Option<&Campaign> = None;
    let (campaign, lead) = state.leads().filter(|lead| may_be_due(lead)).find_map(|lead| {
        last = last.filter(|campaign| campaign.id == lead.campaign_id).or_else(|| state.campaign(lead.campaign_id));
        last.filter(|campaign| is_due(state, campaign, lead, now)).map(|campaign| (campaign, lead))
    })?;
    let to = next_number(lead)?;
    Some(Dial { campaign: campaign.id, lead: lead.id, from: campaign.caller_ids.first()?.clone(), to: to.clone() })
}

/// Whether a lead is due at some time, as long as nothing is done to it.
fn may_be_due(lead: &Lead) -> bool {
    matches!(lead.status, LeadStatus::Waiting | LeadStatus::Due)
}

fn is_due(state: &State, campaign: &Campaign, lead: &Lead, now: Instant) -> bool {
    campaign.mode == DiallingMode::Progressive
        && status_at(campaign, lead, now) == LeadStatus::Due
        && !lead.contact_id.and_then(|id| state.contact(id)).is_some_and(|contact| contact.do_not_call)
}

/// The status of a lead by the clock: one that waits is due when its times and the hours of the campaign allow a call.
pub(crate) fn status_at(campaign: &Campaign, lead: &Lead, now: Instant) -> LeadStatus {
    let rested = rests_until(campaign, lead).is_none_or(|until| until <= now);
    let begun = lead.not_before.is_none_or(|from| from <= now) && lead.not_after.is_none_or(|to| now < to);
    let due = lead.status == LeadStatus::Waiting
        && rested
        && begun
        && zones_of_callee(Some(lead), next_number(lead).map(|number| &**number))
            .iter()
            .all(|zone| is_allowed(&campaign.dialling_hours, zone, now));
    if due { LeadStatus::Due } else { lead.status }
}

/// Until when a lead is left alone after the last attempt; none before the first.
pub(crate) fn rests_until(campaign: &Campaign, lead: &Lead) -> Option<Instant> {
    lead.attempts.last().map(|last| last.at.plus_millis(campaign.retry_after_ms))
}

/// The number of a lead that is called next: one after the other.
fn next_number(lead: &Lead) -> Option<&Arc<PhoneNumber>> {
    lead.phones.get(lead.attempts.len() % lead.phones.len().max(1))
}

/// Whose clocks somebody may have who is called: the lead's own if they are one who has them, else those of the number's country, else UTC.
pub(crate) fn zones_of_callee<'a>(lead: Option<&'a Lead>, number: Option<&PhoneNumber>) -> &'a [TimeZone] {
    static UTC: TimeZone = TimeZone::UTC;
    if let Some(zone) = lead.and_then(|lead| lead.timezone.as_ref()) {
        return slice::from_ref(zone);
    }
    match number.map(zones_of).unwrap_or_default() {
        [] => slice::from_ref(&UTC),
        of_country => of_country,
    }
}

/// Whether the callee's clocks allow a call.
fn is_allowed(hours: &DiallingHours, zone: &TimeZone, at: Instant) -> bool {
    let (weekday, hour) = zone.hour_of_week(at);
    (hours.weekends || weekday < 5) && (usize::from(hours.from_hour)..usize::from(hours.to_hour)).contains(&hour)
}

/// `at` if the callee's clocks allow a call then, else the next instant at which they do; none within eight days.
fn next_allowed(hours: &DiallingHours, zone: &TimeZone, at: Instant) -> Option<Instant> {
    if is_allowed(hours, zone, at) {
        return Some(at);
    }
    let first = at.as_millis() - at.as_millis().rem_euclid(QUARTER_MS) + QUARTER_MS;
    (0..8 * 96).map(|n| Instant::from_millis(first + n * QUARTER_MS)).find(|at| is_allowed(hours, zone, *at))
}

/// The first instant, from now on, at which the clocks of all zones allow a call; none within a week or so.
pub fn next_in_all(hours: &DiallingHours, zones: &[TimeZone], now: Instant) -> Option<Instant> {
    let mut at = now;
    // Each round goes on to the next hours of a zone, of which a week has seven.
    for _ in 0..7 * (zones.len() + 1) {
        let next = zones
            .iter()
            .map(|zone| next_allowed(hours, zone, at))
            .try_fold(at, |latest, next| Some(latest.max(next?)))?;
        if next == at {
            return Some(at);
        }
        at = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_made_when_every_clock_allows_it() {
        let hours = DiallingHours { from_hour: 9, to_hour: 20, weekends: false };
        let zones: Vec<_> = ["Australia/Sydney", "Australia/Perth"].map(|zone| zone.parse().unwrap()).into();
        let next = |at: &str| next_in_all(&hours, &zones, at.parse().unwrap()).map(|at| at.to_string());
        // 9:00 in Perth is noon in Sydney.
        assert_eq!(next("2026-03-04T00:00:00Z").as_deref(), Some("2026-03-04T01:00:00.000Z"));
        assert_eq!(next("2026-03-04T02:00:00Z").as_deref(), Some("2026-03-04T02:00:00.000Z"));
        // Friday evening in Sydney: Monday in Perth.
        assert_eq!(next("2026-03-06T09:30:00Z").as_deref(), Some("2026-03-09T01:00:00.000Z"));
        let never = DiallingHours { from_hour: 9, to_hour: 10, weekends: false };
        assert_eq!(next_in_all(&never, &zones, "2026-03-04T00:00:00Z".parse().unwrap()), None);
    }
}
