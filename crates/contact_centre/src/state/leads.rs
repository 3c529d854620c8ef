use std::collections::{BTreeMap, HashMap};

use crate::{
    id::{CampaignId, LeadId},
    objects::Lead,
};

/// Leads, and how they are found. Whoever writes many finds each at once.
#[derive(Clone, Debug, Default)]
pub(super) struct LeadIndex {
    by_id: BTreeMap<LeadId, Lead>,
    by_external_id: HashMap<(CampaignId, Box<str>), LeadId>,
}

impl PartialEq for LeadIndex {
    /// The rest follows from these.
    fn eq(&self, other: &Self) -> bool {
        self.by_id == other.by_id
    }
}

impl LeadIndex {
    pub(super) fn of(leads: Vec<Lead>) -> Self {
        let mut index = Self::default();
        for lead in leads {
            index.put(lead);
        }
        index
    }

    /// Enters a lead or what holds of one now.
    pub(super) fn put(&mut self, lead: Lead) {
        let named = |lead: &Lead| Some((lead.campaign_id, lead.external_id.clone()?));
        let before = self.by_id.get(&lead.id).and_then(named);
        if let Some(name) = before
            && self.by_external_id.get(&name) == Some(&lead.id)
        {
            self.by_external_id.remove(&name);
        }
        self.by_external_id.extend(named(&lead).map(|name| (name, lead.id)));
        self.by_id.insert(lead.id, lead);
    }

    pub(super) fn get(&self, id: LeadId) -> Option<&Lead> {
        self.by_id.get(&id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Lead> {
        self.by_id.values()
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn with_external_id(&self, campaign: CampaignId, id: &str) -> Option<LeadId> {
        self.by_external_id.get(&(campaign, id.into())).copied()
    }
}

#[cfg(test)]
mod tests {
    use model::Instant;
    use uuid::Uuid;

    use super::*;
    use crate::objects::LeadStatus;

    fn lead(id: u128, external_id: Option<&str>) -> Lead {
        Lead {
            id: LeadId(Uuid::from_u128(id)),
            campaign_id: CampaignId(Uuid::nil()),
            external_id: external_id.map(Into::into),
            contact_id: None,
            phones: Vec::new(),
            timezone: None,
            not_before: None,
            not_after: None,
            status: LeadStatus::Waiting,
            attempts: Vec::new(),
            seq: 0,
            subject_seq: 0,
            created_at: Instant::from_millis(0),
            updated_at: Instant::from_millis(0),
        }
    }

    #[test]
    fn a_lead_is_found_by_the_id_that_it_has_now() {
        let mut index = LeadIndex::of(vec![lead(1, Some("a")), lead(2, None)]);
        let find =
            |index: &LeadIndex, id: &str| index.with_external_id(CampaignId(Uuid::nil()), id).map(|id| id.0.as_u128());
        assert_eq!((index.len(), find(&index, "a"), find(&index, "b")), (2, Some(1), None));
        index.put(lead(1, Some("b")));
        assert_eq!((index.len(), find(&index, "a"), find(&index, "b")), (2, None, Some(1)));
        index.put(lead(1, None));
        assert!(find(&index, "b").is_none() && index.by_external_id.is_empty());
        assert_eq!(index.with_external_id(CampaignId(Uuid::from_u128(9)), "a"), None);
    }
}
