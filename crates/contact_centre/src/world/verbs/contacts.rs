use std::collections::BTreeMap;

use model::TimeZone;

use super::{
    Refusal,
    bounds::{is_line, is_on_one_line, json_bytes},
};
use crate::{
    event::{Actor, Body, Subject},
    id::ContactId,
    objects::{Contact, ContactPhone},
    world::World,
};

/// What is to be known of a contact. Telephones are understood before.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactDraft {
    /// Their name, 1 to 200 characters on one line, of which one can be seen.
    pub display_name: String,
    /// Their employer, at most 200 characters.
    pub company: Option<String>,
    /// Their address, at most 200 characters.
    pub email: Option<String>,
    /// At most 10.
    pub phones: Vec<ContactPhone>,
    /// At most 10, each of at most 200 characters.
    pub external_ids: BTreeMap<String, String>,
    /// Whose days are theirs.
    pub timezone: Option<TimeZone>,
    /// Whether they must not be called.
    pub do_not_call: bool,
    /// At most 4000 characters, and 13 KiB of JSON with all other texts.
    pub notes: Option<String>,
}

impl ContactDraft {
    fn check(&self) -> Result<(), Refusal> {
        let invalid = |field, problem| Err(Refusal::Invalid { field, problem });
        let long = |text: &str| text.chars().count() > Contact::TEXT_MAX;
        if !is_line(&self.display_name) || long(&self.display_name) {
            return invalid("display_name", "must have 1 to 200 characters on one line");
        }
        let no_line = |text: &str| long(text) || !is_on_one_line(text);
        if self.company.as_deref().is_some_and(no_line) {
            return invalid("company", "has more than 200 characters, or a control character");
        }
        if self.email.as_deref().is_some_and(no_line) {
            return invalid("email", "has more than 200 characters, or a control character");
        }
        if self.phones.len() > Contact::PHONES_MAX || self.phones.iter().any(|phone| long(&phone.number.raw)) {
            return invalid("phones", "has more than 10 numbers, or one of more than 200 characters");
        }
        let ids = &self.external_ids;
        if ids.len() > Contact::EXTERNAL_IDS_MAX || ids.iter().any(|(system, id)| long(system) || long(id)) {
            return invalid("external_ids", "has more than 10 ids, or one of more than 200 characters");
        }
        if ids.iter().any(|(system, id)| !is_line(system) || !is_line(id)) {
            return invalid("external_ids", "has a name or an id that is empty or has a control character");
        }
        if self.notes.as_ref().is_some_and(|notes| notes.chars().count() > Contact::NOTES_MAX) {
            return invalid("notes", "has more than 4000 characters");
        }
        let phones: Vec<_> = self.phones.iter().map(|phone| &*phone.number.raw).collect();
        let texts = (&self.display_name, &self.company, &self.email, phones, ids, &self.notes);
        if json_bytes(&texts) > Contact::TEXTS_BYTES_MAX {
            return invalid("notes", "has more than 13 KiB of JSON with all other texts");
        }
        Ok(())
    }
}

impl World {
    /// Enters a contact, or writes what holds of one now. `if_seq` is the `seq` that the writer has read, where that matters to them.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Invalid`] also of an id that another contact has, [`Refusal::Changed`], and
    /// [`Refusal::Full`].
    pub fn put_contact(
        &mut self,
        actor: &Actor,
        id: Option<ContactId>,
        draft: &ContactDraft,
        if_seq: Option<u64>,
    ) -> Result<ContactId, Refusal> {
        draft.check()?;
        let known = match id {
            Some(id) => Some(self.state().contact(id).ok_or(Refusal::NotFound("contact"))?),
            None => None,
        };
        if if_seq.is_some_and(|read| known.map(|contact| contact.seq) != Some(read)) {
            return Err(Refusal::Changed);
        }
        if known.is_none() && self.state().contact_count() >= self.config().bounds.contacts_max {
            return Err(Refusal::Full("contacts"));
        }
        let taken = |(system, external): (&String, &String)| {
            self.state().contact_with_external_id(system, external).is_some_and(|other| Some(other) != id)
        };
        if draft.external_ids.iter().any(taken) {
            return Err(Refusal::Invalid { field: "external_ids", problem: "has an id of another contact" });
        }
        let now = self.now();
        let made = self.state().contacts_made();
        let id = id.unwrap_or_else(|| ContactId(self.config().seed.id(now, "contact", made)));
        // A contact that was entered at this very instant would look like one that is entered now.
        let created_at = known.map_or(now, |contact| contact.created_at);
        let boxed = |text: &String| text.as_str().into();
        let contact = Contact {
            id,
            display_name: boxed(&draft.display_name),
            company: draft.company.as_ref().map(boxed),
            email: draft.email.as_ref().map(boxed),
            phones: draft.phones.clone(),
            external_ids: draft.external_ids.iter().map(|(system, id)| (boxed(system), boxed(id))).collect(),
            timezone: draft.timezone.clone(),
            do_not_call: draft.do_not_call,
            notes: draft.notes.as_ref().map(boxed),
            seq: 0,
            subject_seq: 0,
            created_at,
            updated_at: now,
        };
        self.act(actor, |world| {
            world.emit(Some(actor), Subject::Contact(id), Body::ContactWritten(Box::new(contact))).map(|()| id)
        })
    }
}
