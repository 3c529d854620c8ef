use std::{collections::BTreeMap, sync::Arc};

use contact_centre::{
    objects::{Contact, ContactPhone, PhoneType},
    world::ContactDraft,
};
use model::TimeZone;
use serde::Deserialize;

use super::{nullable::given, number};
use crate::{centre::Settings, protocol::Problem};

/// A contact, as a program writes one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactForm {
    display_name: String,
    #[serde(default)]
    company: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    phones: Vec<PhoneForm>,
    #[serde(default)]
    external_ids: BTreeMap<String, String>,
    #[serde(default)]
    timezone: Option<TimeZone>,
    #[serde(default)]
    do_not_call: bool,
    #[serde(default)]
    notes: Option<String>,
}

/// One of its telephones. `raw` is any notation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PhoneForm {
    #[serde(default = "other", rename = "type")]
    kind: PhoneType,
    raw: String,
    #[serde(default)]
    extension: Option<String>,
    #[serde(default)]
    primary: bool,
}

fn other() -> PhoneType {
    PhoneType::Other
}

/// What of a contact is to be otherwise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ContactPatch {
    display_name: Option<String>,
    #[serde(deserialize_with = "given")]
    company: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    email: Option<Option<String>>,
    phones: Option<Vec<PhoneForm>>,
    external_ids: Option<BTreeMap<String, String>>,
    #[serde(deserialize_with = "given")]
    timezone: Option<Option<TimeZone>>,
    do_not_call: Option<bool>,
    #[serde(deserialize_with = "given")]
    notes: Option<Option<String>>,
}

impl ContactForm {
    /// What it makes of a contact.
    ///
    /// # Errors
    /// 422 of a number that is none.
    pub(crate) fn draft(self, settings: &Settings) -> Result<ContactDraft, Problem> {
        Ok(ContactDraft {
            display_name: self.display_name,
            company: self.company,
            email: self.email,
            phones: phones(self.phones, settings)?,
            external_ids: self.external_ids,
            timezone: self.timezone,
            do_not_call: self.do_not_call,
            notes: self.notes,
        })
    }
}

impl ContactPatch {
    /// What it makes of a contact that is there.
    ///
    /// # Errors
    /// 422 of a number that is none.
    pub(crate) fn apply(self, draft: &mut ContactDraft, settings: &Settings) -> Result<(), Problem> {
        let phones = self.phones.map(|forms| phones(forms, settings)).transpose()?;
        put(&mut draft.display_name, self.display_name);
        put(&mut draft.company, self.company);
        put(&mut draft.email, self.email);
        put(&mut draft.phones, phones);
        put(&mut draft.external_ids, self.external_ids);
        put(&mut draft.timezone, self.timezone);
        put(&mut draft.do_not_call, self.do_not_call);
        put(&mut draft.notes, self.notes);
        Ok(())
    }
}

fn put<T>(place: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *place = given;
    }
}

fn phones(forms: Vec<PhoneForm>, settings: &Settings) -> Result<Vec<ContactPhone>, Problem> {
    // More than there may be are not read; how many there may be is the verb's to say.
    if forms.len() > Contact::PHONES_MAX {
        return Err(Problem::field("phones", "has more than 10 numbers"));
    }
    let one = |form: PhoneForm| {
        let number = number("phones", &form.raw, form.extension.as_deref(), settings)?;
        Ok(ContactPhone { kind: form.kind, number: Arc::new(number), primary: form.primary })
    };
    forms.into_iter().map(one).collect()
}

/// What is known of a contact, to be changed.
pub(crate) fn draft_of(contact: &Contact) -> ContactDraft {
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    ContactDraft {
        display_name: contact.display_name.to_string(),
        company: text(&contact.company),
        email: text(&contact.email),
        phones: contact.phones.clone(),
        external_ids: contact.external_ids.iter().map(|(system, id)| (system.to_string(), id.to_string())).collect(),
        timezone: contact.timezone.clone(),
        do_not_call: contact.do_not_call,
        notes: text(&contact.notes),
    }
}
