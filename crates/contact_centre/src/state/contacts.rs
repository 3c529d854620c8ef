use std::collections::{BTreeMap, HashMap};

use crate::{id::ContactId, objects::Contact};

/// Contacts, and how they are found.
#[derive(Clone, Debug, Default)]
pub(super) struct ContactIndex {
    by_id: BTreeMap<ContactId, Contact>,
    /// In the order in which they were entered.
    order: Vec<ContactId>,
    by_number: HashMap<Box<str>, Vec<ContactId>>,
    by_external_id: HashMap<(Box<str>, Box<str>), ContactId>,
}

impl PartialEq for ContactIndex {
    /// The rest follows from these.
    fn eq(&self, other: &Self) -> bool {
        self.by_id == other.by_id && self.order == other.order
    }
}

impl ContactIndex {
    pub(super) fn of(contacts: Vec<Contact>) -> Self {
        let mut index = Self::default();
        for contact in contacts {
            index.put(contact);
        }
        index
    }

    /// Enters a contact or what holds of one now. Says whether it is new.
    pub(super) fn put(&mut self, contact: Contact) -> bool {
        let id = contact.id;
        let before = self.by_id.remove(&id);
        if let Some(before) = &before {
            for number in numbers(before) {
                let Some(ids) = self.by_number.get_mut(number) else { continue };
                ids.retain(|other| *other != id);
                // Else whoever changes a number again and again fills the memory.
                if ids.is_empty() {
                    self.by_number.remove(number);
                }
            }
            for (system, external) in &before.external_ids {
                self.by_external_id.remove(&(system.clone(), external.clone()));
            }
        } else {
            self.order.push(id);
        }
        for number in numbers(&contact) {
            let ids = self.by_number.entry(number.into()).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        for (system, external) in &contact.external_ids {
            self.by_external_id.insert((system.clone(), external.clone()), id);
        }
        self.by_id.insert(id, contact);
        before.is_none()
    }

    pub(super) fn get(&self, id: ContactId) -> Option<&Contact> {
        self.by_id.get(&id)
    }

    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &Contact> {
        self.order.iter().filter_map(|id| self.by_id.get(id))
    }

    pub(super) fn by_id(&self) -> impl DoubleEndedIterator<Item = &Contact> {
        self.by_id.values()
    }

    pub(super) fn nth(&self, n: usize) -> Option<&Contact> {
        self.get(*self.order.get(n)?)
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn with_number(&self, e164: &str) -> &[ContactId] {
        self.by_number.get(e164).map_or(&[], Vec::as_slice)
    }

    pub(super) fn with_external_id(&self, system: &str, id: &str) -> Option<ContactId> {
        self.by_external_id.get(&(system.into(), id.into())).copied()
    }
}

fn numbers(contact: &Contact) -> impl Iterator<Item = &str> {
    contact.phones.iter().filter_map(|phone| phone.number.e164.as_deref())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::Instant;
    use uuid::Uuid;

    use super::*;
    use crate::objects::{ContactPhone, PhoneNumber, PhoneType};

    fn contact(number: &str, external_id: &str) -> Contact {
        let number = Arc::new(PhoneNumber::valid(number));
        Contact {
            id: ContactId(Uuid::nil()),
            display_name: "Ada".into(),
            company: None,
            email: None,
            phones: vec![ContactPhone { kind: PhoneType::Work, number, primary: true }],
            external_ids: BTreeMap::from([("crm".into(), external_id.into())]),
            timezone: None,
            do_not_call: false,
            notes: None,
            seq: 0,
            subject_seq: 0,
            created_at: Instant::from_millis(0),
            updated_at: Instant::from_millis(0),
        }
    }

    #[test]
    fn nothing_is_kept_of_numbers_and_ids_that_nobody_has_any_more() {
        let mut index = ContactIndex::default();
        for n in 0..100 {
            index.put(contact(&format!("+6149157{n:04}"), &n.to_string()));
        }
        assert_eq!((index.len(), index.by_number.len(), index.by_external_id.len()), (1, 1, 1));
        assert_eq!(index.with_number("+61491570099"), [ContactId(Uuid::nil())]);
        assert!(index.with_number("+61491570098").is_empty());
    }
}
