//! What an answer means, decided in one place: ours and understood, ours and refused, ours of another version, or not ours.
//! That none came at all is [`ApiError::Offline`].

use crate::ApiError;

/// An answer to a call.
#[derive(Debug)]
pub(super) struct Answer {
    /// 0: a redirect, which the browser does not show.
    pub(super) status: u16,
    /// The build that it names; Keydesk always names one.
    pub(super) build: Option<String>,
    pub(super) text: String,
}

impl Answer {
    /// The text of an answer that says what was asked for, or why there is none. `drawn`: the build that the page was drawn
    /// with.
    pub(super) fn told(&self, drawn: &str) -> Result<&str, ApiError> {
        let Some(build) = &self.build else {
            // A proxy says so while the server behind it is away, for example because it is started again.
            let away = matches!(self.status, 502..=504 | 520..=527);
            return Err(if away { ApiError::Offline } else { ApiError::NotOurs });
        };
        if (200..300).contains(&self.status) {
            return Ok(&self.text);
        }
        let other = build != drawn;
        Err(match serde_json::from_str(&self.text) {
            Ok(ApiError::Malformed) | Err(_) if other => ApiError::OtherVersion,
            Ok(error) => error,
            // The function is no longer there.
            Err(_) if self.status == 404 => ApiError::OtherVersion,
            Err(_) if matches!(self.status, 502..=504) => ApiError::Offline,
            Err(_) => ApiError::Internal,
        })
    }

    /// What it means that the text is not what was asked for: it is of another version, or somebody between has put something
    /// else in its place.
    pub(super) fn unreadable(&self, drawn: &str) -> ApiError {
        if self.build.as_deref() == Some(drawn) { ApiError::NotOurs } else { ApiError::OtherVersion }
    }
}

#[cfg(test)]
mod tests {
    use model::KeyError;

    use super::*;

    #[test]
    fn an_answer_means_one_thing() {
        let html = "<h1>Sign in</h1>";
        let refused: ApiError = KeyError::ModuleUnavailable { contact: None }.into();
        let text = serde_json::to_string(&refused).unwrap();
        let malformed = serde_json::to_string(&ApiError::Malformed).unwrap();
        let not_found = serde_json::to_string(&ApiError::from(KeyError::NotFound)).unwrap();
        for (status, build, text, expected) in [
            (200, Some("a"), "7", Ok("7")),
            // Understood is understood, whatever the version.
            (200, Some("b"), "7", Ok("7")),
            (403, Some("a"), text.as_str(), Err(refused.clone())),
            (403, Some("b"), text.as_str(), Err(refused)),
            (400, Some("a"), malformed.as_str(), Err(ApiError::Malformed)),
            (400, Some("b"), malformed.as_str(), Err(ApiError::OtherVersion)),
            (404, Some("a"), not_found.as_str(), Err(KeyError::NotFound.into())),
            (404, Some("a"), "", Err(ApiError::OtherVersion)),
            (404, Some("b"), "{}", Err(ApiError::OtherVersion)),
            (500, Some("a"), "", Err(ApiError::Internal)),
            (503, Some("a"), "", Err(ApiError::Offline)),
            (200, None, "7", Err(ApiError::NotOurs)),
            (200, None, html, Err(ApiError::NotOurs)),
            (401, None, text_of_others(), Err(ApiError::NotOurs)),
            (0, None, "", Err(ApiError::NotOurs)),
            (502, None, html, Err(ApiError::Offline)),
            (503, None, html, Err(ApiError::Offline)),
            (504, None, html, Err(ApiError::Offline)),
            (522, None, html, Err(ApiError::Offline)),
        ] {
            let answer = Answer { status, build: build.map(str::to_owned), text: text.to_owned() };
            assert_eq!(answer.told("a"), expected, "{answer:?}");
        }
        for (build, expected) in [("a", ApiError::NotOurs), ("b", ApiError::OtherVersion)] {
            let answer = Answer { status: 200, build: Some(build.to_owned()), text: html.to_owned() };
            assert_eq!(answer.unreadable("a"), expected);
        }
    }

    /// An error of another program, as JSON.
    const fn text_of_others() -> &'static str {
        r#""signed_out""#
    }
}
