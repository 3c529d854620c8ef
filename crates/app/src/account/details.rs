use domain::{NewApp, Session};
use model::{OwnSession, PasskeyId, PlainSecret, SecondFactors};

use crate::{ApiError, FieldProblem};

/// What a form has just done, or why it was refused.
#[derive(Clone, Debug)]
pub(super) enum Flash {
    /// It was done: a sentence, and the element that has the focus then.
    Done(&'static str, &'static str),
    /// It gave recovery codes, which are shown here alone.
    Codes(Vec<PlainSecret>),
    /// The form was refused.
    Refused(ApiError),
}

/// What an address opens.
#[derive(Clone, Debug, Default)]
pub(super) enum Opened {
    #[default]
    Nothing,
    /// An authenticator app is being set up.
    App(NewApp),
    /// A dialog asks before it is removed.
    RemoveApp,
    RemovePasskey(PasskeyId),
    /// A dialog asks before the recovery codes are replaced.
    NewCodes,
}

/// Everything that the page shows.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) session: Session,
    /// Whether they sign in with a password.
    pub(super) password: bool,
    pub(super) factors: SecondFactors,
    pub(super) sessions: Vec<OwnSession>,
    /// What the page's script asks the browser for, to add a passkey.
    pub(super) asked: String,
    pub(super) open: Opened,
    /// The name and the time zone as they were typed.
    pub(super) name: String,
    pub(super) time_zone: String,
    pub(super) problems: Vec<FieldProblem>,
    pub(super) flash: Option<Flash>,
}

impl Account {
    pub(super) fn focused(&self, id: &str) -> bool {
        matches!(&self.flash, Some(Flash::Done(_, focus)) if *focus == id)
    }

    /// What is wrong with a field.
    pub(super) fn problem(&self, field: &str) -> Option<&str> {
        self.problems.iter().find(|problem| problem.field == field).map(|problem| problem.message.as_str())
    }
}
