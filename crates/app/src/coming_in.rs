//! What the pages for coming in, and the server that they post to, agree on.

use leptos::prelude::Get;
use leptos_router::hooks::use_query_map;
use model::AdminError;

use crate::ApiError;

/// Where people arrive who did not ask for a certain page.
pub(crate) const START: &str = "/keys";

/// `next`, if it is a path of ours: nobody is sent elsewhere by a link that begins with our address.
pub(crate) fn own_path(next: &str) -> &str {
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.starts_with("/login") && plain;
    if ours { next } else { START }
}

/// A value of the address at hand.
pub(crate) fn query(name: &str) -> Option<String> {
    use_query_map().get().get(name)
}

/// Why the plain form that led to this page was refused.
pub(crate) fn refused() -> Option<ApiError> {
    let (code, wait) = (query("refused")?, query("wait"));
    Some(refusal(&code, wait.and_then(|wait| wait.parse().ok()).unwrap_or(1)))
}

const CODES: [(&str, ApiError); 8] = [
    ("wrong_credentials", ApiError::Admin(AdminError::WrongCredentials)),
    ("invalid_email", ApiError::Admin(AdminError::InvalidEmail)),
    ("invalid_name", ApiError::Admin(AdminError::InvalidName)),
    ("weak_password", ApiError::Admin(AdminError::WeakPassword)),
    ("email_taken", ApiError::Admin(AdminError::EmailTaken)),
    ("set_up_over", ApiError::Admin(AdminError::SetUpOver)),
    ("unavailable", ApiError::Admin(AdminError::Unavailable)),
    ("needs_https", ApiError::NeedsHttps),
];

fn refusal(code: &str, retry_after_seconds: u64) -> ApiError {
    match CODES.iter().find(|(known, _)| *known == code) {
        Some((_, error)) => error.clone(),
        None if code == "too_many_attempts" => AdminError::TooManyAttempts { retry_after_seconds }.into(),
        None => ApiError::Internal,
    }
}

/// The query by which a plain form's answer says why it was refused.
#[cfg(feature = "ssr")]
pub(crate) fn refused_query(error: &ApiError) -> String {
    if let ApiError::Admin(AdminError::TooManyAttempts { retry_after_seconds }) = error {
        return format!("refused=too_many_attempts&wait={retry_after_seconds}");
    }
    let code = CODES.iter().find(|(_, known)| known == error).map_or("internal", |(code, _)| code);
    format!("refused={code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for own in ["/", "/keys", "/keys?search=a%20b&sort=-name", "/a/b#c"] {
            assert_eq!(own_path(own), own);
        }
        for foreign in [
            "",
            "keys",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " /keys",
            "javascript:alert(1)",
            "/kéys",
            "/login?next=/keys",
        ] {
            assert_eq!(own_path(foreign), START, "{foreign:?}");
        }
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn a_refusal_survives_the_way_through_the_address() {
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
