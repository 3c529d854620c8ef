use domain::NewAccountLink;
use model::{AdministratorId, Person, Role};

use crate::{ApiError, FieldProblem};

/// What a form has just done, or why it was refused.
#[derive(Clone, Debug)]
pub(super) enum Flash {
    /// It was done: a sentence, and the element that has the focus then.
    Done(&'static str, &'static str),
    /// It made a link, which is shown here alone: its whole address, and whether passwords are what it is for.
    Link { made: NewAccountLink, address: String, passwords: bool },
    /// It made a link, which Keydesk mails to its person.
    Mailed(NewAccountLink),
    /// The form was refused.
    Refused(ApiError),
}

/// The dialog that an address opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Opened {
    #[default]
    Nothing,
    Disable,
    ResetSecondFactor,
    Remove,
}

impl Opened {
    const ALL: [(Self, &str); 3] =
        [(Self::Disable, "disable"), (Self::ResetSecondFactor, "reset-second-factor"), (Self::Remove, "remove")];

    /// The dialog of this name, which is also that of the form in it.
    pub(super) fn named(name: &str) -> Self {
        Self::ALL.iter().find(|(_, own)| *own == name).map_or(Self::Nothing, |(opened, _)| *opened)
    }

    /// The element that opens it, by its id.
    pub(super) const fn opener(self) -> &'static str {
        match self {
            Self::Disable => "open-disable",
            Self::ResetSecondFactor => "open-reset-second-factor",
            Self::Remove => "open-remove",
            Self::Nothing => "",
        }
    }
}

/// The form of an invitation, as it is typed.
#[derive(Clone, Debug)]
pub(super) struct Invitation {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) role: Role,
}

impl Default for Invitation {
    fn default() -> Self {
        Self { email: String::new(), name: String::new(), role: Role::Viewer }
    }
}

/// Everything that the list shows.
#[derive(Clone, Debug)]
pub(super) struct PeopleList {
    pub(super) people: Vec<Person>,
    /// Who reads it.
    pub(super) own: AdministratorId,
    /// The form of an invitation, if it is open.
    pub(super) form: Option<Invitation>,
    /// Whether Keydesk mails links.
    pub(super) mails: bool,
    pub(super) problems: Vec<FieldProblem>,
    pub(super) flash: Option<Flash>,
}

/// Everything that the page of a person shows.
#[derive(Clone, Debug)]
pub(super) struct PersonPage {
    pub(super) person: Person,
    /// Whether it is whoever reads it.
    pub(super) is_own: bool,
    /// Whether people sign in with passwords here.
    pub(super) passwords: bool,
    pub(super) open: Opened,
    pub(super) flash: Option<Flash>,
}

impl PersonPage {
    pub(super) fn address(&self) -> String {
        address(self.person.id)
    }

    pub(super) fn focused(&self, id: &str) -> bool {
        matches!(&self.flash, Some(Flash::Done(_, focus)) if *focus == id)
    }
}

pub(super) fn address(id: AdministratorId) -> String {
    format!("/administrators/{id}")
}
