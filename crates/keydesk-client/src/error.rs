//! What can go wrong.

use std::{error, io};

use crate::Problem;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of Keydesk or of the gateway is not `http://` or `https://` with a host.
    #[error("the address is no http or https address of a server")]
    InvalidAddress,
    /// The key has characters that no header can have.
    #[error("the key can't be sent: it has characters that no key has")]
    InvalidKey,
    /// A certificate that was to be trusted can't be read.
    #[error("the certificates are no PEM")]
    InvalidCertificates,
    /// There was no connection; nothing was sent.
    #[error("no connection")]
    Unreachable(#[source] Box<dyn error::Error + Send + Sync>),
    /// The connection broke while the answer was awaited: what was asked may have been done.
    #[error("the connection broke before the answer had come")]
    Broken(#[source] Box<dyn error::Error + Send + Sync>),
    /// There was no answer in time: what was asked may have been done.
    #[error("no answer in time")]
    TimedOut,
    /// The call was answered, and refused.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The answer has another form than the one that was expected.
    #[error("the answer is not understood")]
    NotUnderstood(#[source] serde_json::Error),
}

impl Error {
    /// The problem document, if the call was refused.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            _ => None,
        }
    }

    /// The stable code of the refusal, if the call was refused.
    pub fn code(&self) -> Option<&str> {
        self.problem().map(|problem| problem.code.as_str())
    }

    /// A body that ended before its end.
    pub(crate) fn cut() -> Self {
        Self::Broken(Box::new(io::Error::from(io::ErrorKind::UnexpectedEof)))
    }
}
