//! A form that gives a new key, a token or a link leads to `/keys/{id}/result`, which can be loaded again and shows it for some minutes.
//! The address holds nothing; a cookie of that path says which change it was, and the kept answer of the change is told again to
//! the person who made it.

use axum::{
    http::{
        HeaderMap,
        header::{ORIGIN, SET_COOKIE},
    },
    response::{IntoResponse, Redirect, Response},
};
use model::{Instant, KeyId};

use crate::web::{
    WebState,
    result_cookie::{self, ResultOf},
};

/// For how long a result is shown, in milliseconds: 10 minutes; a revealed key, which its page hides after a minute, 1 minute.
const SHOWN_MS: i64 = 10 * 60 * 1000;
const REVEALED_MS: i64 = 60 * 1000;

/// What a form gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gives {
    /// A new key.
    Created,
    /// A new secret of a key.
    Rotated,
    /// A secret that is there already.
    Revealed,
    /// A hand-over link.
    HandOver,
    /// A derived token.
    Token,
}

impl Gives {
    /// As the cookie names it, and for how long it is shown.
    const ALL: [(Self, &str, i64); 5] = [
        (Self::Created, "created", SHOWN_MS),
        (Self::Rotated, "rotated", SHOWN_MS),
        (Self::Revealed, "revealed", REVEALED_MS),
        (Self::HandOver, "handed", SHOWN_MS),
        (Self::Token, "token", SHOWN_MS),
    ];

    /// What a cookie names, unless it is over.
    pub(crate) fn shown(result: ResultOf<'_>, now: Instant) -> Option<Self> {
        let (gives, _, lasts) = Self::ALL.iter().find(|(_, name, _)| *name == result.kind)?;
        (0..*lasts).contains(&now.as_millis().saturating_sub(result.at)).then_some(*gives)
    }

    /// Leads to the page that shows what the change `token` has given. `headers`: of the form, whose `Origin` the guard has
    /// seen.
    pub(crate) fn redirect(self, web: &WebState, headers: &HeaderMap, id: KeyId, token: &str) -> Response {
        let path = format!("/keys/{id}/result");
        let (kind, lasts) =
            Self::ALL.iter().find(|(gives, ..)| *gives == self).map_or(("", 0), |(_, name, ms)| (*name, *ms));
        let posted_from = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
        // Where the public address is known, it is that of a link.
        let origin = if web.access.https() { "" } else { posted_from };
        let result = ResultOf { kind, at: web.keydesk.now().as_millis(), change: token, origin };
        let cookie = result_cookie::set(&web.access, &path, result, lasts / 1000);
        ([(SET_COOKIE, cookie)], Redirect::to(&path)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_over_after_its_time_and_before_it() {
        let at = Instant::from_millis(1_000_000);
        for (kind, after, expected) in [
            ("created", SHOWN_MS - 1, Some(Gives::Created)),
            ("created", SHOWN_MS, None),
            ("revealed", REVEALED_MS - 1, Some(Gives::Revealed)),
            ("revealed", REVEALED_MS, None),
            ("handed", -1, None),
            ("saved", 0, None),
        ] {
            let result = ResultOf { kind, at: at.as_millis(), change: "", origin: "" };
            assert_eq!(Gives::shown(result, at.plus_millis(after)), expected, "{kind} after {after}");
        }
    }
}
