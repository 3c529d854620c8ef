use std::sync::Arc;

use model::Instant;

use crate::{
    id::{CampaignId, LeadId},
    objects::{Campaign, Contact, DiallingHours, DiallingMode, Lead, LeadStatus, PhoneNumber},
    seed::Seed,
    sim::{Config, Draws},
};

const DAY_MS: i64 = 86_400_000;

/// Two campaigns: one that dials by itself, and one whose leads an agent or a program looks at first.
pub(super) fn made(seed: Seed, at: Instant) -> Vec<Campaign> {
    let one = |n: u64, name: &str, mode, number: &str, max_attempts| Campaign {
        id: CampaignId(seed.nth_id(at, "campaign", n)),
        name: name.into(),
        mode,
        caller_ids: vec![Arc::new(PhoneNumber::valid(number))],
        dialling_hours: DiallingHours { from_hour: 9, to_hour: 20, weekends: false },
        max_attempts,
        retry_after_ms: DAY_MS,
        created_at: at,
    };
    vec![
        one(0, "Renewals", DiallingMode::Progressive, "+61280000201", 4),
        one(1, "Win back", DiallingMode::Preview, "+61280000202", 3),
    ]
}

/// Leads, half of each campaign, each of a contact. They come into their time day by day.
pub(super) fn leads(config: &Config, campaigns: &[Campaign], contacts: &[Contact], at: Instant) -> Vec<Lead> {
    if campaigns.is_empty() || contacts.is_empty() {
        return Vec::new();
    }
    let days = i64::from(config.history_days) + 30;
    (0..config.leads)
        .filter_map(|n| {
            let mut draws = Draws::numbered(config.seed, "lead", n as u64);
            let contact = contacts.get(draws.below(contacts.len()))?;
            let not_before = at.plus_millis(draws.between_ms(0, days) * DAY_MS);
            Some(Lead {
                id: LeadId(config.seed.nth_id(at, "lead", n as u64)),
                campaign_id: campaigns.get(n % campaigns.len())?.id,
                external_id: Some(format!("L-{:05}", n + 1).into()),
                contact_id: Some(contact.id),
                phones: contact.phones.iter().map(|phone| phone.number.clone()).collect(),
                timezone: contact.timezone.clone(),
                not_before: Some(not_before),
                not_after: None,
                status: LeadStatus::Waiting,
                attempts: Vec::new(),
                seq: 0,
                subject_seq: 0,
                created_at: at,
                updated_at: at,
            })
        })
        .collect()
}
