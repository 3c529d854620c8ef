use contact_centre::{
    id::{CampaignId, ContactId},
    objects::{Lead, LeadStatus, PhoneNumber},
    world::LeadDraft,
};
use model::{Instant, TimeZone};
use serde::Deserialize;

use super::{nullable::given, number};
use crate::{centre::Settings, protocol::Problem};

/// A lead, as a program writes one. Numbers are in any notation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeadForm {
    campaign_id: CampaignId,
    #[serde(default)]
    pub(crate) external_id: Option<String>,
    #[serde(default)]
    contact_id: Option<ContactId>,
    phones: Vec<String>,
    #[serde(default)]
    timezone: Option<TimeZone>,
    #[serde(default)]
    not_before: Option<Instant>,
    #[serde(default)]
    not_after: Option<Instant>,
    #[serde(default)]
    excluded: bool,
}

/// What of a lead is to be otherwise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LeadPatch {
    phones: Option<Vec<String>>,
    #[serde(deserialize_with = "given")]
    contact_id: Option<Option<ContactId>>,
    #[serde(deserialize_with = "given")]
    timezone: Option<Option<TimeZone>>,
    #[serde(deserialize_with = "given")]
    not_before: Option<Option<Instant>>,
    #[serde(deserialize_with = "given")]
    not_after: Option<Option<Instant>>,
    excluded: Option<bool>,
}

impl LeadForm {
    /// What it makes of a lead.
    ///
    /// # Errors
    /// 422 of a number that is none.
    pub(crate) fn draft(self, settings: &Settings) -> Result<LeadDraft, Problem> {
        Ok(LeadDraft {
            campaign_id: self.campaign_id,
            external_id: self.external_id,
            contact_id: self.contact_id,
            phones: phones(&self.phones, settings)?,
            timezone: self.timezone,
            not_before: self.not_before,
            not_after: self.not_after,
            excluded: self.excluded,
        })
    }

    /// The campaign that it is for.
    pub(crate) fn campaign_id(&self) -> CampaignId {
        self.campaign_id
    }
}

impl LeadPatch {
    /// What it makes of a lead that is there.
    ///
    /// # Errors
    /// 422 of a number that is none.
    pub(crate) fn apply(self, draft: &mut LeadDraft, settings: &Settings) -> Result<(), Problem> {
        if let Some(given) = self.phones {
            draft.phones = phones(&given, settings)?;
        }
        draft.contact_id = self.contact_id.unwrap_or(draft.contact_id);
        draft.timezone = self.timezone.unwrap_or_else(|| draft.timezone.take());
        draft.not_before = self.not_before.unwrap_or(draft.not_before);
        draft.not_after = self.not_after.unwrap_or(draft.not_after);
        draft.excluded = self.excluded.unwrap_or(draft.excluded);
        Ok(())
    }
}

fn phones(given: &[String], settings: &Settings) -> Result<Vec<PhoneNumber>, Problem> {
    if given.len() > Lead::PHONES_MAX {
        return Err(Problem::field("phones", "must have 1 to 5 numbers"));
    }
    given.iter().map(|raw| number("phones", raw, None, settings)).collect()
}

/// What is known of a lead, to be changed.
pub(crate) fn lead_draft_of(lead: &Lead) -> LeadDraft {
    LeadDraft {
        campaign_id: lead.campaign_id,
        external_id: lead.external_id.as_deref().map(str::to_owned),
        contact_id: lead.contact_id,
        phones: lead.phones.iter().map(|number| PhoneNumber::clone(number)).collect(),
        timezone: lead.timezone.clone(),
        not_before: lead.not_before,
        not_after: lead.not_after,
        excluded: lead.status == LeadStatus::Excluded,
    }
}
