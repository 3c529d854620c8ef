//! The common part of administrators' accounts: e-mail addresses, and the errors that they get when the store fails.

use model::{AdminError, Email, fold};
use store::StoreError;

/// As [`crate::failure::public`], for administrators.
pub(crate) fn public(error: StoreError) -> AdminError {
    match error {
        StoreError::AdministratorEmailTaken => AdminError::EmailTaken,
        error => {
            tracing::error!(%error, "the store failed");
            AdminError::Unavailable
        }
    }
}

/// An e-mail address as it is shown, and as accounts are compared.
pub(crate) fn email(text: &str) -> Result<(String, String), AdminError> {
    let email = Email::parse(text).map_err(|_| AdminError::InvalidEmail)?;
    let folded = fold(email.as_str());
    Ok((email.into(), folded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_texts_are_email_addresses() {
        assert_eq!(email(" Ada@Example.com "), Ok(("Ada@Example.com".to_owned(), "ada@example.com".to_owned())));
        for bad in ["", "ada", "a@b@c.de"] {
            assert_eq!(email(bad), Err(AdminError::InvalidEmail), "{bad:?}");
        }
    }
}
