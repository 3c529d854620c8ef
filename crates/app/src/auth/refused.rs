//! Why a plain form was refused: the server writes it into an address, and the page reads it there.

use leptos::prelude::Get;
use leptos_router::hooks::use_query_map;
use model::{AdminError, SignOnProblem};

use crate::ApiError;

/// A value in the query of the page's address.
pub(crate) fn query(name: &str) -> Option<String> {
    use_query_map().get().get(name)
}

/// Why the plain form that led to this page was refused.
pub(crate) fn refused() -> Option<ApiError> {
    let (code, wait) = (query("refused")?, query("wait"));
    Some(refusal(&code, wait.and_then(|wait| wait.parse().ok()).unwrap_or(1)))
}

const CODES: [(&str, ApiError); 14] = [
    ("wrong_credentials", ApiError::Admin(AdminError::WrongCredentials)),
    ("account_disabled", ApiError::Admin(AdminError::AccountDisabled)),
    ("sign_in_over", ApiError::Admin(AdminError::SignInOver)),
    ("unavailable", ApiError::Admin(AdminError::Unavailable)),
    ("needs_https", ApiError::NeedsHttps),
    ("passwords_off", ApiError::Admin(AdminError::PasswordsOff)),
    ("last_owner", ApiError::Admin(AdminError::LastOwner)),
    ("sign_on_off", sign_on(SignOnProblem::Off)),
    ("sign_on_again", sign_on(SignOnProblem::Again)),
    ("sign_on_denied", sign_on(SignOnProblem::Denied)),
    ("sign_on_provider", sign_on(SignOnProblem::Provider)),
    ("sign_on_no_role", sign_on(SignOnProblem::NoRole)),
    ("sign_on_email_unverified", sign_on(SignOnProblem::EmailUnverified)),
    ("sign_on_elsewhere", sign_on(SignOnProblem::Elsewhere)),
];

const fn sign_on(problem: SignOnProblem) -> ApiError {
    ApiError::Admin(AdminError::SignOn { problem })
}

fn refusal(code: &str, retry_after_seconds: u64) -> ApiError {
    match CODES.iter().find(|(known, _)| *known == code) {
        Some((_, error)) => error.clone(),
        None if code == "too_many_attempts" => AdminError::TooManyAttempts { retry_after_seconds }.into(),
        None => ApiError::Internal,
    }
}

/// The query in which the answer to a plain form says why it was refused.
#[cfg(feature = "ssr")]
pub(crate) fn refused_query(error: &ApiError) -> String {
    if let ApiError::Admin(AdminError::TooManyAttempts { retry_after_seconds }) = error {
        return format!("refused=too_many_attempts&wait={retry_after_seconds}");
    }
    let code = CODES.iter().find(|(_, known)| known == error).map_or("internal", |(code, _)| code);
    format!("refused={code}")
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_back_from_the_address() {
        for (code, error) in CODES {
            assert_eq!(refused_query(&error), format!("refused={code}"));
            assert_eq!(refusal(code, 1), error);
        }
        let wait = ApiError::Admin(AdminError::TooManyAttempts { retry_after_seconds: 7 });
        assert_eq!(refused_query(&wait), "refused=too_many_attempts&wait=7");
        assert_eq!(refusal("too_many_attempts", 7), wait);
        assert_eq!(refusal("<script>", 7), ApiError::Internal);
    }
}
