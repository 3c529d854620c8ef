use std::{collections::BTreeMap, sync::Arc};

use model::{Instant, TimeZone};
use serde::{Deserialize, Serialize};

use super::PhoneNumber;
use crate::{id::ContactId, millis, words::words};

words! {
    /// Where a telephone of a contact rings.
    PhoneType {
        /// In a pocket.
        Mobile = "mobile",
        /// At home.
        Home = "home",
        /// At work.
        Work = "work",
        /// Elsewhere.
        Other = "other",
    }
}

/// One of a contact's telephones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPhone {
    /// Where it rings.
    pub kind: PhoneType,
    /// Its number.
    pub number: Arc<PhoneNumber>,
    /// Whether it is tried first.
    pub primary: bool,
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Their id.
    pub id: ContactId,
    /// Their name.
    pub display_name: Box<str>,
    /// Their employer.
    pub company: Option<Box<str>>,
    /// Their address of electronic mail.
    pub email: Option<Box<str>>,
    /// Their telephones, at most [`Contact::PHONES_MAX`].
    pub phones: Vec<ContactPhone>,
    /// Their ids in other systems, by the system's name.
    pub external_ids: BTreeMap<Box<str>, Box<str>>,
    /// Whose days are theirs, an IANA name.
    pub timezone: Option<TimeZone>,
    /// Whether they must not be called.
    pub do_not_call: bool,
    /// What people noted about them.
    pub notes: Option<Box<str>>,
    /// `seq` of the last event about them; 0 if they were there from the beginning.
    pub seq: u64,
    /// Events about them so far.
    pub subject_seq: u32,
    /// When they were entered.
    #[serde(with = "millis")]
    pub created_at: Instant,
    /// When they last changed.
    #[serde(with = "millis")]
    pub updated_at: Instant,
}

impl Contact {
    /// Telephones of one contact.
    pub const PHONES_MAX: usize = 10;
    /// Ids of one contact in other systems.
    pub const EXTERNAL_IDS_MAX: usize = 10;
    /// Characters of a name, a company, an address, an id.
    pub const TEXT_MAX: usize = 200;
    /// Characters of notes.
    pub const NOTES_MAX: usize = 4000;
    /// Bytes of all texts together, as JSON: they stand in events, which have at most 16 KiB.
    pub const TEXTS_BYTES_MAX: usize = 13 * 1024;

    /// The telephone that is tried first.
    pub fn primary_phone(&self) -> Option<&ContactPhone> {
        self.phones.iter().find(|phone| phone.primary).or(self.phones.first())
    }
}
