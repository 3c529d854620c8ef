//! How many bytes of memory the log takes. What strangers can make large is counted to the byte, the rest roughly.

use std::collections::BTreeMap;

use crate::{
    event::{Actor, Body, Event, NewCall},
    objects::{Attempt, Call, Contact, ContactPhone, Hold, Lead, Offer, PhoneNumber, QueueSettings, Wrap},
};

/// What a text and its name take in a map, beside their bytes.
const ENTRY: usize = 64;

/// An event, with what it holds.
pub(super) fn of_event(event: &Event) -> usize {
    let body = match &event.body {
        Body::Started(call) => size_of::<NewCall>() + of_number(&call.from) + of_number(&call.to),
        Body::WrapWritten(wrap) => of_wrap(wrap),
        Body::ContactWritten(contact) => of_contact(contact),
        Body::LeadWritten(lead) => of_lead(lead),
        Body::QueueUpdated(_) => size_of::<QueueSettings>(),
        Body::RecordingPaused(why) => why.len(),
        _ => 0,
    };
    let actor = event.actor.as_ref().map_or(0, |_| size_of::<Actor>());
    size_of::<Event>() + actor + body
}

/// A leg, with what it holds.
pub(super) fn of_call(call: &Call) -> usize {
    let lists = call.offers.len() * size_of::<Offer>() + call.holds.len() * size_of::<Hold>();
    size_of::<Call>() + lists + call.wrap.as_deref().map_or(0, of_wrap)
}

fn of_wrap(wrap: &Wrap) -> usize {
    size_of::<Wrap>() + wrap.code.len() + of_text(wrap.comments.as_deref()) + of_map(&wrap.data)
}

fn of_contact(contact: &Contact) -> usize {
    let phones: usize = contact.phones.iter().map(|phone| size_of::<ContactPhone>() + of_number(&phone.number)).sum();
    let texts = [&contact.company, &contact.email, &contact.notes];
    let texts: usize = texts.into_iter().map(|text| of_text(text.as_deref())).sum();
    size_of::<Contact>() + contact.display_name.len() + texts + phones + of_map(&contact.external_ids)
}

fn of_lead(lead: &Lead) -> usize {
    let phones: usize = lead.phones.iter().map(|phone| of_number(phone)).sum();
    let attempts = lead.attempts.len() * size_of::<Attempt>();
    size_of::<Lead>() + of_text(lead.external_id.as_deref()) + phones + attempts
}

fn of_number(number: &PhoneNumber) -> usize {
    let texts = of_text(number.e164.as_deref()) + of_text(number.extension.as_deref());
    size_of::<PhoneNumber>() + number.raw.len() + texts
}

fn of_text(text: Option<&str>) -> usize {
    text.map_or(0, str::len)
}

fn of_map(map: &BTreeMap<Box<str>, Box<str>>) -> usize {
    map.iter().map(|(name, value)| ENTRY + name.len() + value.len()).sum()
}
