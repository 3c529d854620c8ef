use model::KeyError;
use store::StoreError;

/// Turns what happened below into what a caller may learn, and writes the rest to the log, here and nowhere else.
pub(crate) fn public(error: StoreError) -> KeyError {
    match error {
        StoreError::DefaultKeyProtected => KeyError::DefaultKeyProtected,
        StoreError::InstallationNameTaken => {
            KeyError::InvalidInstallation { reason: "An installation of this name exists.".to_owned() }
        }
        error => {
            tracing::error!(%error, "the store failed");
            KeyError::Unavailable
        }
    }
}
