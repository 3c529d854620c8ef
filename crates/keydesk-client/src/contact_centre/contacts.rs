//! Customers and their numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::page::AsOf;

/// Whose a number is.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct LookUp {
    /// Everybody who has it; nobody for a number that is withheld.
    pub matches: Vec<Match>,
    /// Whether it may be several people's.
    pub ambiguous: bool,
    /// Up to which event it is true.
    pub as_of: AsOf,
}

/// Somebody who has the number.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Match {
    /// The contact.
    pub contact: Contact,
    /// How they were found.
    pub matched: Matched,
}

/// How a contact was found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Matched {
    /// `mobile`, `home`, `work` or `other`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `exact`, `national` or `extension`.
    pub how: String,
}

/// A customer.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Contact {
    /// Its id.
    pub id: Uuid,
    /// The name that is shown.
    pub display_name: String,
    /// The company.
    pub company: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The numbers.
    pub phones: Vec<Phone>,
    /// Ids in other systems, by the system's name.
    pub external_ids: BTreeMap<String, String>,
    /// Whether they don't want to be called.
    pub do_not_call: bool,
    /// The event of the last change.
    pub seq: u64,
}

/// A number of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Phone {
    /// `mobile`, `home`, `work` or `other`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The number.
    #[serde(flatten)]
    pub number: Number,
    /// Whether it is tried first.
    pub primary: bool,
}

/// A telephone number. Without `contacts:read` its middle is masked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Number {
    /// In the form of E.164, where it is valid.
    pub e164: Option<String>,
    /// As it came.
    pub raw: String,
    /// What is dialled after it.
    pub extension: Option<String>,
    /// `allowed`, `restricted` or `unavailable`.
    pub presentation: String,
}

/// A contact to be entered.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewContact {
    /// The name that is shown.
    pub display_name: String,
    /// The company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<NewPhone>,
    /// Ids in other systems, by the system's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub external_ids: BTreeMap<String, String>,
}

/// A number to be entered.
#[derive(Clone, Debug, Serialize)]
pub struct NewPhone {
    /// `mobile`, `home`, `work` or `other`.
    #[serde(rename = "type")]
    pub kind: String,
    /// In any notation.
    pub raw: String,
}
