//! Whose number it is, in any notation: what a CRM asks when the telephone rings.
//!
//! A look-up answers always: a number that nobody has, a withheld one and a text that is no number have no matches, and none makes
//! a contact.

use model::phone::{self, E164, Number, PhoneKind, Reading, Region, Withheld};
use serde::{Serialize, Serializer};

use crate::{
    objects::{Contact, ContactPhone, PhoneNumber, PhoneType, Presentation},
    state::State,
    words::words,
};

/// The most matches of one look-up. More contacts than that can share a number, of a switchboard for example.
pub const MATCHES_MAX: usize = 100;

/// What a look-up asked for, as it was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Query {
    /// As it came.
    pub input: Box<str>,
    /// The number; null unless it is valid.
    pub e164: Option<E164>,
    /// The region that the number belongs to; null for numbers of none.
    pub region: Option<Region>,
    /// What is behind it.
    pub kind: QueryKind,
}

/// What a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKind {
    /// A valid number of this kind.
    Number(PhoneKind),
    /// The caller keeps the number to themselves: `withheld`.
    Withheld,
    /// No valid number: `invalid`.
    Invalid,
}

impl Serialize for QueryKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(kind) => kind.serialize(serializer),
            Self::Withheld => serializer.serialize_str("withheld"),
            Self::Invalid => serializer.serialize_str("invalid"),
        }
    }
}

words! {
    /// How a contact was found.
    How {
        /// The text says the country, too.
        Exact = "exact",
        /// The text says no country; that of the region was taken.
        National = "national",
        /// The text has an extension, and nobody else's is the same.
        Extension = "extension",
    }
}

/// A contact, and by which telephone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match<'a> {
    /// Whose number it is.
    pub contact: &'a Contact,
    /// Where it rings.
    pub kind: PhoneType,
    /// How it was found.
    pub how: How,
}

/// What is known of a number.
#[derive(Clone, Debug, PartialEq)]
pub struct LookUp<'a> {
    /// What was asked for.
    pub query: Query,
    /// Whose it is, at most [`MATCHES_MAX`], in the order in which they were entered.
    pub matches: Vec<Match<'a>>,
    /// Whether it may be several people's.
    pub ambiguous: bool,
}

/// Finds whose number a text names, as seen from `region`. All telephones of a contact count, not only the first.
pub fn look_up<'a>(state: &'a State, text: &str, region: Region, withheld: &Withheld) -> LookUp<'a> {
    let (kind, number) = match phone::read(text, region, withheld) {
        Reading::Number(number) => (QueryKind::Number(number.kind), Some(number)),
        Reading::Withheld => (QueryKind::Withheld, None),
        Reading::NoNumber => (QueryKind::Invalid, None),
    };
    let matches = number.as_ref().map(|number| matches(state, number)).unwrap_or_default();
    let query = Query {
        input: text.into(),
        e164: number.as_ref().map(|number| number.e164),
        region: number.as_ref().and_then(|number| number.region),
        kind,
    };
    LookUp { query, ambiguous: matches.len() > 1, matches }
}

fn matches<'a>(state: &'a State, number: &Number) -> Vec<Match<'a>> {
    let e164 = number.e164.to_string();
    let contacts = state.contacts_with_number(&e164).iter().filter_map(|id| state.contact(*id));
    let of_contacts = |extension: Option<&str>| {
        let found = contacts.clone().filter_map(|contact| {
            let phone = phone_with(contact, &e164, |phone| phone.number.extension.as_deref() == extension)?;
            Some((contact, phone))
        });
        found.take(MATCHES_MAX).collect::<Vec<_>>()
    };
    let (found, how) = match number.extension.as_deref() {
        // Whoever has that extension; if nobody has, whoever is entered with the number alone.
        Some(extension) => {
            let exact = of_contacts(Some(extension));
            (if exact.is_empty() { of_contacts(None) } else { exact }, How::Extension)
        }
        // The number alone may be anybody's who is reached by it.
        None => {
            let any = contacts.clone().filter_map(|contact| Some((contact, phone_with(contact, &e164, |_| true)?)));
            let how = if number.national { How::National } else { How::Exact };
            (any.take(MATCHES_MAX).collect(), how)
        }
    };
    found.into_iter().map(|(contact, phone)| Match { contact, kind: phone.kind, how }).collect()
}

/// The telephone of a contact that has this number and is right, the one without an extension and the primary one before others.
fn phone_with<'a>(contact: &'a Contact, e164: &str, right: impl Fn(&ContactPhone) -> bool) -> Option<&'a ContactPhone> {
    let phones = contact.phones.iter().filter(|phone| phone.number.e164.as_deref() == Some(e164) && right(phone));
    phones.min_by_key(|phone| (phone.number.extension.is_some(), !phone.primary))
}

/// A number as it is kept of a text that a network or a person wrote.
pub fn number(text: &str, region: Region, withheld: &Withheld) -> PhoneNumber {
    let (e164, extension, presentation) = match phone::read(text, region, withheld) {
        Reading::Number(number) => (Some(number.e164.to_string().into()), number.extension, Presentation::Allowed),
        Reading::Withheld if text.trim().is_empty() => (None, None, Presentation::Unavailable),
        Reading::Withheld => (None, None, Presentation::Restricted),
        Reading::NoNumber => (None, None, Presentation::Allowed),
    };
    PhoneNumber { e164, raw: text.into(), extension: extension.map(Into::into), presentation }
}
