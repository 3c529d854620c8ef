use std::fmt;

use uuid::Uuid;

/// A letter to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Stays the same however often it is tried, so that a mailbox can tell that it has it.
    pub id: Uuid,
    /// The address that it goes to.
    pub to: String,
    /// One line.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// The same as a document in HTML.
    pub html: String,
}

/// A letter may hold a link that sets a password, and its address is a person's.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({})", self.id)
    }
}
