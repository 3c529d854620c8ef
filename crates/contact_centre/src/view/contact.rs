use std::collections::BTreeMap;

use model::{Instant, TimeZone};
use serde::Serialize;

use super::{NumberView, Rights};
use crate::{
    event::Event,
    id::ContactId,
    objects::{Contact, PhoneType},
};

/// One of a contact's telephones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhoneView<'a> {
    #[serde(rename = "type")]
    kind: PhoneType,
    #[serde(flatten)]
    number: NumberView<'a>,
    primary: bool,
}

/// A contact.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContactView<'a> {
    id: ContactId,
    display_name: &'a str,
    company: Option<&'a str>,
    email: Option<&'a str>,
    phones: Vec<PhoneView<'a>>,
    external_ids: &'a BTreeMap<Box<str>, Box<str>>,
    timezone: Option<&'a TimeZone>,
    do_not_call: bool,
    notes: Option<&'a str>,
    created_at: Instant,
    updated_at: Instant,
    seq: u64,
}

impl<'a> ContactView<'a> {
    /// A contact as it was after an event about it, as a caller with these rights sees it.
    pub(super) fn after(contact: &'a Contact, event: &Event, rights: Rights) -> Self {
        Self { updated_at: event.at, seq: event.seq, ..Self::of(contact, rights) }
    }

    /// A contact, as a caller with these rights sees it.
    pub fn of(contact: &'a Contact, rights: Rights) -> Self {
        let number = if rights.contacts { NumberView::whole } else { NumberView::masked };
        let phones = contact.phones.iter();
        Self {
            id: contact.id,
            display_name: &contact.display_name,
            company: contact.company.as_deref(),
            email: contact.email.as_deref(),
            phones: phones
                .map(|phone| PhoneView { kind: phone.kind, number: number(&phone.number), primary: phone.primary })
                .collect(),
            external_ids: &contact.external_ids,
            timezone: contact.timezone.as_ref(),
            do_not_call: contact.do_not_call,
            notes: contact.notes.as_deref(),
            created_at: contact.created_at,
            updated_at: contact.updated_at,
            seq: contact.seq,
        }
    }
}
