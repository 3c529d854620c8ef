use model::{ErrorKind, ImportFault, KeyError};

/// Why an import ended before its end. Nothing of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportStopped {
    /// The text as a whole can't be imported.
    #[error(transparent)]
    Fault(#[from] ImportFault),
    /// The caller is refused, or Keydesk can't import now.
    #[error(transparent)]
    Refused(#[from] KeyError),
}

impl ImportStopped {
    /// Its status and code.
    pub fn kind(&self) -> &'static ErrorKind {
        match self {
            Self::Fault(fault) => fault.kind(),
            Self::Refused(error) => error.kind(),
        }
    }
}
