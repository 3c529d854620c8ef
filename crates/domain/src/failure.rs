use model::KeyError;
use store::StoreError;

/// Turns an error of the store into what a caller may learn, and logs the rest, here and nowhere else.
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
