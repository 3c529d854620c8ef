use std::{collections::BTreeMap, sync::Arc};

use model::Instant;

use super::{
    names::{COMPANIES, FIRST, LAST},
    numbers::{country, number},
};
use crate::{
    id::ContactId,
    objects::{Contact, ContactPhone, PhoneType},
    sim::{Config, Draws},
};

/// Contacts of several countries.
pub(super) fn made(config: &Config, at: Instant) -> Vec<Contact> {
    (0..config.contacts.min(config.bounds.contacts_max)).map(|n| one(config, n, at)).collect()
}

fn one(config: &Config, n: usize, at: Instant) -> Contact {
    let mut draws = Draws::numbered(config.seed, "contact", n as u64);
    let (first, last) = (pick(&mut draws, &FIRST), pick(&mut draws, &LAST));
    let country = country(&mut draws);
    let phone =
        |kind, primary, draws: &mut Draws| ContactPhone { kind, number: Arc::new(number(draws, country)), primary };
    let mut phones = vec![phone(PhoneType::Mobile, true, &mut draws)];
    if draws.chance(0.25) {
        phones.push(phone(PhoneType::Work, false, &mut draws));
    }
    let company = draws.chance(0.3).then(|| pick(&mut draws, &COMPANIES).into());
    let mail: String = format!("{first}.{last}{n}@example.com").to_lowercase().chars().filter(char::is_ascii).collect();
    Contact {
        id: ContactId(config.seed.nth_id(at, "contact", n as u64)),
        display_name: format!("{first} {last}").into(),
        company,
        email: draws.chance(0.8).then(|| mail.into()),
        phones,
        external_ids: BTreeMap::from([("crm".into(), format!("C-{:06}", n + 1).into())]),
        timezone: country.timezone.parse().ok(),
        do_not_call: draws.chance(0.04),
        notes: None,
        seq: 0,
        subject_seq: 0,
        created_at: at,
        updated_at: at,
    }
}

fn pick(draws: &mut Draws, of: &[&'static str]) -> &'static str {
    of.get(draws.below(of.len())).copied().unwrap_or_default()
}
