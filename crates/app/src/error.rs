use http::StatusCode;
use leptos::{
    prelude::{FromServerFnError, ServerFnErrorErr},
    server_fn::codec::JsonEncoding,
};
use model::{AdminError, KeyError, SignOnProblem};
use serde::{Deserialize, Serialize};

/// Why a server function gave no answer. It travels as a typed value and carries no internals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ApiError {
    /// A verb on keys was refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Somebody could not sign in or be set up.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// Fields of a form have values that are not allowed.
    #[error("{}", list(.0))]
    Fields(Vec<FieldProblem>),
    /// A change would refuse calls that the key makes, and its form does not say yet that its sender was told.
    #[error("{}", .lines.join(" "))]
    Narrows {
        /// Sentences.
        lines: Vec<String>,
        /// What they tell of, which the form says when it is sent again.
        seen: String,
    },
    /// Nobody is signed in, or the session has ended.
    #[error("You are signed out. Please sign in again.")]
    SignedOut,
    /// The page was drawn for somebody else than who is signed in now, in another tab of the same browser.
    #[error(
        "You are signed in as {name} ({installation}) now, and this page was opened by somebody else. Nothing was changed. Reload the page to go on as {name}."
    )]
    SomebodyElse {
        /// Who is signed in now.
        name: String,
        /// Where they work, as people read it.
        installation: String,
    },
    /// A password was sent unencrypted from another machine.
    #[error("Signing in needs https. Open Keydesk over https, or on the machine it runs on as http://localhost.")]
    NeedsHttps,
    /// The call did not come from a page of this Keydesk.
    #[error("This request did not come from a page of this Keydesk. Reload the page and try again.")]
    ForeignOrigin,
    /// The call's arguments could not be read: the page is older or newer than the server.
    #[error("The page and the server don't understand each other. Reload the page and try again.")]
    Malformed,
    /// The server could not be reached. Only the browser makes this one.
    #[error("Keydesk can't be reached. Check the connection and try again.")]
    Offline,
    /// What came is no answer of Keydesk: a redirect or a page of a proxy that wants people to sign in, for example. Only
    /// the browser makes this one.
    #[error("These answers are not Keydesk's: reload, or sign in again.")]
    NotOurs,
    /// The server is of another version than the page, and they don't understand each other. Only the browser makes this
    /// one.
    #[error("Keydesk was updated since this page was opened: reload to go on.")]
    OtherVersion,
    /// The settings that a link fills in have not arrived yet. Only the browser makes this one.
    #[error("The settings of this key are still loading. Please try again in a moment.")]
    Incomplete,
    /// More requests of the session, or more long bodies, are under way than may be.
    #[error("Too much was asked for at once. Wait a moment and try again.")]
    TooMuch,
    /// Anything else; the server has logged it.
    #[error("Something went wrong. Please try again.")]
    Internal,
}

/// What is wrong with a field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FieldProblem {
    /// Its name in the form.
    pub(crate) field: String,
    /// A sentence.
    pub(crate) message: String,
}

fn list(problems: &[FieldProblem]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join(" ")
}

impl ApiError {
    /// Whether the person can do it once they have proved who they are.
    pub(crate) fn needs_proof(&self) -> bool {
        matches!(self, Self::Key(KeyError::StepUpNeeded) | Self::Admin(AdminError::StepUpNeeded))
    }

    /// Whether no answer of Keydesk is known, and so neither is whether a change was made.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Offline | Self::NotOurs | Self::OtherVersion)
    }

    /// The status of the answer that carries it.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Key(error) => StatusCode::from_u16(error.kind().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            Self::Admin(error) => match error {
                AdminError::WrongCredentials
                | AdminError::WrongCode
                | AdminError::WrongPasskey
                | AdminError::SignInOver
                | AdminError::SignedOut => StatusCode::UNAUTHORIZED,
                AdminError::AccountDisabled
                | AdminError::StepUpNeeded
                | AdminError::SecondFactorDue
                | AdminError::PasswordsOff
                | AdminError::Forbidden => StatusCode::FORBIDDEN,
                AdminError::NoAdministrator => StatusCode::NOT_FOUND,
                AdminError::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
                AdminError::InvalidEmail
                | AdminError::InvalidName
                | AdminError::WeakPassword
                | AdminError::GuessablePassword { .. } => StatusCode::UNPROCESSABLE_ENTITY,
                AdminError::EmailTaken
                | AdminError::LastOwner
                | AdminError::LastSecondFactor
                | AdminError::AppThere
                | AdminError::NoSecondFactor
                | AdminError::TooManyPasskeys => StatusCode::CONFLICT,
                AdminError::SetUpOver | AdminError::LinkOver | AdminError::SetupOver => StatusCode::GONE,
                AdminError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                AdminError::SignOn { problem } => match problem {
                    SignOnProblem::Off => StatusCode::NOT_FOUND,
                    SignOnProblem::Again => StatusCode::GONE,
                    SignOnProblem::Provider => StatusCode::BAD_GATEWAY,
                    SignOnProblem::Denied
                    | SignOnProblem::NoRole
                    | SignOnProblem::EmailUnverified
                    | SignOnProblem::Elsewhere => StatusCode::FORBIDDEN,
                },
            },
            Self::Fields(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::Narrows { .. } | Self::SomebodyElse { .. } => StatusCode::CONFLICT,
            Self::ForeignOrigin | Self::NeedsHttps => StatusCode::FORBIDDEN,
            Self::Malformed | Self::Incomplete => StatusCode::BAD_REQUEST,
            Self::TooMuch => StatusCode::TOO_MANY_REQUESTS,
            Self::Offline | Self::NotOurs | Self::OtherVersion => StatusCode::BAD_GATEWAY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::Malformed,
            // In the server this is a body that can't be read; in the browser it is an answer that Keydesk did not give,
            // for example a proxy's while Keydesk is away.
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "ssr") => Self::Malformed,
            ServerFnErrorErr::Deserialization(_) | ServerFnErrorErr::Request(_) => Self::Offline,
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Serialization(_)
            | ServerFnErrorErr::Response(_) => Self::Internal,
        }
    }

    fn status_code(&self) -> StatusCode {
        self.status()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_the_same_in_the_browser() {
        let errors = [
            ApiError::Key(KeyError::ModuleUnavailable { contact: "the Service Desk".parse().ok() }),
            ApiError::Key(KeyError::VersionMoved { current: 7 }),
            ApiError::Key(KeyError::InvalidClientName { reason: model::ClientNameError::TooLong }),
            ApiError::Admin(AdminError::TooManyAttempts { retry_after_seconds: 4 }),
            ApiError::Admin(AdminError::SignOn { problem: SignOnProblem::NoRole }),
            ApiError::Fields(vec![FieldProblem { field: "notes".into(), message: "Too long.".into() }]),
            ApiError::Narrows { lines: vec!["Every call is refused.".into()], seen: "disabled".into() },
            ApiError::SignedOut,
            ApiError::SomebodyElse { name: "Bo".into(), installation: "Acme".into() },
            ApiError::NeedsHttps,
            ApiError::ForeignOrigin,
            ApiError::Malformed,
            ApiError::Offline,
            ApiError::NotOurs,
            ApiError::OtherVersion,
            ApiError::TooMuch,
            ApiError::Internal,
        ];
        for error in errors {
            let sent = error.ser();
            assert_eq!(sent.status_code, error.status());
            assert_eq!(ApiError::de(sent.body), error);
        }
    }

    #[cfg(feature = "hydrate")]
    #[test]
    fn another_programs_answer_means_that_keydesk_is_away() {
        assert_eq!(ApiError::de("<h1>Bad gateway</h1>".into()), ApiError::Offline);
    }
}
