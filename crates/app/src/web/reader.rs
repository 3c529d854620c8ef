//! For whom a page is written: whose days are meant, and by which clock.

use axum::http::request::Parts;
use domain::{Keydesk, Session};
use leptos::prelude::use_context;
use model::{Instant, TimeZone};

use super::cookie::cookies;

/// The cookie that `zone.js` leaves: the name of the browser's time zone, for visits without scripts and for the first answer of
/// those with them. It is a preference, and no two Keydesks on one machine disagree about it.
const COOKIE: &str = "time_zone";

/// Whoever reads an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reader {
    /// The time zone that they have chosen, or else that of their browser as far as it is known, or else that of their installation.
    pub(crate) zone: TimeZone,
    /// When the answer is made.
    pub(crate) now: Instant,
}

impl Reader {
    /// Whoever reads the page that is rendered.
    pub(crate) fn of_page() -> Self {
        match (use_context::<Keydesk>(), use_context::<Parts>()) {
            (Some(keydesk), Some(parts)) => Self::of(&keydesk, &parts),
            _ => Self::default(),
        }
    }

    /// Whoever sent a request. Those who have no session, and whose browser says nothing, read UTC.
    pub(crate) fn of(keydesk: &Keydesk, parts: &Parts) -> Self {
        let session = parts.extensions.get::<Session>();
        let chosen = session.and_then(|session| session.time_zone.clone());
        let told = || cookies(&parts.headers, COOKIE.to_owned()).find_map(|name| name.parse().ok());
        let home = || session.map(|session| session.installation.time_zone.clone());
        Self { zone: chosen.or_else(told).or_else(home).unwrap_or_default(), now: keydesk.now() }
    }

    /// The time zone that whoever reads the page has chosen, by its name: what the page's scripts go by then.
    pub(crate) fn own_zone() -> Option<String> {
        let parts = use_context::<Parts>()?;
        Some(parts.extensions.get::<Session>()?.time_zone.as_ref()?.name().to_owned())
    }
}
