use contact_centre::{
    id::{AgentId, CampaignId, LeadId},
    objects::{Agent, DiallingHours, PhoneNumber},
    sim::next_in_all,
    world::{Dialled, World},
    zones::zones_of,
};
use http::{HeaderValue, StatusCode, header};
use model::TimeZone;
use serde::Deserialize;

use super::calls;
use crate::{
    asked::Asked,
    forms::number,
    kept::Barred,
    protocol::{Answer, Problem, Sent, kinds},
};

/// Whom an agent is to call. The agent is named in one of three ways; in a proxy session they need not be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallForm {
    to: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    agent_id: Option<AgentId>,
    #[serde(default)]
    agent_extension: Option<String>,
    #[serde(default)]
    agent_email: Option<String>,
    #[serde(default)]
    campaign_id: Option<CampaignId>,
    #[serde(default)]
    lead_id: Option<LeadId>,
}

impl CallForm {
    /// Who is to call.
    fn agent(&self, asked: &Asked, world: &World) -> Result<AgentId, Problem> {
        let agents = || world.state().agents();
        let found = |find: &dyn Fn(&&Agent) -> bool| agents().find(find).map(|agent| agent.id);
        let of_session = asked.session.as_ref().map(|session| session.agent_id);
        let agent = match (self.agent_id, &self.agent_extension, &self.agent_email) {
            (Some(id), None, None) => world.state().agent(id).map(|agent| agent.id),
            (None, Some(extension), None) => found(&|agent| *agent.extension == **extension),
            (None, None, Some(email)) => found(&|agent| agent.email.eq_ignore_ascii_case(email)),
            (None, None, None) if of_session.is_some() => of_session,
            (None, None, None) => {
                return Err(Problem::field("agent_id", "is required, or agent_extension or agent_email"));
            }
            _ => return Err(Problem::field("agent_id", "goes with neither agent_extension nor agent_email")),
        };
        let agent = agent.ok_or(Problem::not_found("agent"))?;
        asked.may_act_for(agent)?;
        Ok(agent)
    }
}

/// Has an agent call somebody. It is answered before anything is dialled, so whoever loses the answer can find the call.
pub(crate) async fn post(asked: Asked, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let form = sent.read::<CallForm>()?;
    let settings = asked.centre.settings();
    let to = number("to", &form.to, None, settings)?;
    let from = form.from.as_deref().map(|from| number("from", from, None, settings)).transpose()?;
    let calling = asked.once_in_world(&sent, move |asked, world| {
        let agent_id = form.agent(asked, world)?;
        within_hours(asked, world, agent_id, &to, form.lead_id)?;
        let e164 = to.e164.clone();
        let dialled = Dialled {
            agent_id,
            to: to.clone(),
            from: from.clone(),
            campaign_id: form.campaign_id,
            lead_id: form.lead_id,
        };
        let call = || -> Result<_, Problem> { Ok(world.make_call(&asked.actor(), dialled)?) };
        let limits = &asked.caller.limits;
        let key = asked.caller.key_id;
        let id = asked.centre.dialled().count(key, limits, e164.as_deref(), asked.now, barred, call)?;
        let answer = calls::shown(asked, world, id)?.status(StatusCode::ACCEPTED);
        let location = HeaderValue::try_from(format!("/v1/calls/{id}"));
        Ok(location.into_iter().fold(answer, |answer, location| answer.with(header::LOCATION, location)))
    });
    calling.await
}

fn barred(barred: Barred) -> Problem {
    if barred.never {
        return Problem::new(&kinds::CALL_NOT_ALLOWED);
    }
    Problem::new(&kinds::CALLS_PER_HOUR).retry_after(barred.seconds)
}

/// Refuses a call outside of the hours in which the key may have calls made, by every clock that the callee may have.
fn within_hours(
    asked: &Asked,
    world: &World,
    agent: AgentId,
    to: &PhoneNumber,
    lead: Option<LeadId>,
) -> Result<(), Problem> {
    let Some(hours) = asked.caller.limits.dialling_hours else { return Ok(()) };
    let hours = DiallingHours { from_hour: hours.from_hour(), to_hour: hours.to_hour(), weekends: hours.weekends() };
    let zones = callee_zones(world, agent, to, lead);
    let now = world.now();
    let next = next_in_all(&hours, &zones, now);
    if next == Some(now) { Ok(()) } else { Err(Problem::outside_dialling_hours(next)) }
}

/// Whose clocks the callee may have: those of the lead whose number it is or of the contact, else those of the number's country, else the
/// agent's.
fn callee_zones(world: &World, agent: AgentId, to: &PhoneNumber, lead: Option<LeadId>) -> Vec<TimeZone> {
    let state = world.state();
    let of_lead = lead.and_then(|id| state.lead(id)).filter(|lead| lead.has_number(to));
    let of_lead = of_lead.and_then(|lead| lead.timezone.clone());
    let contacts = to.e164.as_deref().map(|e164| state.contacts_with_number(e164)).unwrap_or_default();
    let of_contact = || match contacts {
        [only] => state.contact(*only).and_then(|contact| contact.timezone.clone()),
        _ => None,
    };
    if let Some(zone) = of_lead.or_else(of_contact) {
        return vec![zone];
    }
    match zones_of(to) {
        [] => vec![state.agent(agent).map_or(TimeZone::UTC, |agent| agent.timezone.clone())],
        of_country => of_country.to_vec(),
    }
}
