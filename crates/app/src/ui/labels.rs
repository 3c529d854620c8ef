//! A key's state, access and times as people read them, on what the server alone renders.

use leptos::prelude::*;
use model::{Instant, Key, KeyKind, KeyStatus, Preset, Scope, ScopeSet};

use crate::web::Reader;

/// A key that expires within this many milliseconds expires soon: 14 days.
pub(crate) const SOON_MS: i64 = 14 * 24 * 60 * 60 * 1000;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A key's access, as its preset and the differences from it: "CRM without contacts:write, with recordings:read".
pub(crate) fn access(preset: Preset, scopes: &ScopeSet) -> String {
    if preset == Preset::Custom {
        let held: Vec<_> = scopes.iter().map(Scope::as_str).collect();
        return if held.is_empty() { "Nothing".to_owned() } else { held.join(", ") };
    }
    let brought = preset.scopes();
    let without: Vec<_> = brought.iter().filter(|scope| !scopes.allows(scope)).map(Scope::as_str).collect();
    let with: Vec<_> = scopes.iter().filter(|scope| !brought.allows(scope)).map(Scope::as_str).collect();
    let mut text = preset.title().to_owned();
    if !without.is_empty() {
        text.push_str(" without ");
        text.push_str(&without.join(", "));
    }
    if !with.is_empty() {
        text.push_str(if without.is_empty() { " with " } else { ", with " });
        text.push_str(&with.join(", "));
    }
    text
}

/// How many whole days remain to a key that expires soon.
pub(crate) fn days_left(key: &Key, now: Instant) -> Option<u32> {
    let end = key.settings.expires_at.filter(|_| key.status == KeyStatus::Active)?;
    let left = end.as_millis() - now.as_millis();
    u32::try_from(left / DAY_MS).ok().filter(|_| left < SOON_MS)
}

/// The state of a key with the tone of its badge.
pub(crate) fn status(key: &Key, now: Instant) -> (String, &'static str) {
    match (key.status, days_left(key, now)) {
        (KeyStatus::Active, Some(days)) => (ends(days), "badge warning"),
        (KeyStatus::Active, None) => ("Active".to_owned(), "badge good"),
        (KeyStatus::Disabled, _) => ("Disabled".to_owned(), "badge"),
        (KeyStatus::Expired, _) => ("Expired".to_owned(), "badge warning"),
        (KeyStatus::Revoked, _) => ("Deleted".to_owned(), "badge bad"),
    }
}

fn ends(days: u32) -> String {
    match days {
        0 => "Expires within a day".to_owned(),
        1 => "Expires in 1 day".to_owned(),
        days => format!("Expires in {days} days"),
    }
}

pub(crate) fn is_default(key: &Key) -> bool {
    key.kind == KeyKind::Default
}

/// `22 Nov 2026, 21:20, Sydney`: an instant by the clocks of whoever reads the page.
fn instant(at: Instant) -> String {
    Reader::of_page().zone.words(at)
}

/// An instant, which scripts write in the reader's own language.
pub(crate) fn time(at: Instant) -> impl IntoView {
    view! { <time datetime=at.to_string() data-time="instant">{instant(at)}</time> }
}

/// How long ago, or how long until; without scripts the instant.
pub(crate) fn relative(at: Instant) -> impl IntoView {
    view! { <time datetime=at.to_string() data-time="relative">{instant(at)}</time> }
}

/// `31 Dec 2026, 23:59, Sydney`: when something ends, by the clocks of whoever reads the page.
pub(crate) fn end_text(at: Instant) -> String {
    Reader::of_page().zone.end_words(at)
}

/// When something ends, spelled out.
pub(crate) fn end(at: Instant) -> impl IntoView {
    let words = end_text(at);
    view! { <time datetime=at.to_string() data-time="end" title=at.to_string()>{words}</time> }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(names: &[&str]) -> ScopeSet {
        names.iter().filter_map(|name| Scope::parse(name).ok()).collect()
    }

    #[test]
    fn access_names_the_differences_from_the_preset() {
        let crm = ["contacts:read", "contacts:write", "calls:read", "calls:make", "wraps:read", "wraps:write"];
        let with_recordings = [&crm[..1], &crm[2..], &["recordings:read"]].concat();
        for (preset, held, expected) in [
            (Preset::Crm, &crm[..], "CRM"),
            (Preset::Crm, &crm[1..], "CRM without contacts:read"),
            (Preset::Crm, &with_recordings[..], "CRM without contacts:write, with recordings:read"),
            (Preset::LiveWidget, &["live:*", "queues:read"], "Live widget with live:*"),
            (Preset::Custom, &["calls:read"], "calls:read"),
            (Preset::Custom, &[], "Nothing"),
        ] {
            assert_eq!(access(preset, &scopes(held)), expected);
        }
    }

    #[test]
    fn times_are_written_in_utc() {
        // Where nothing is known of the reader.
        let at = Instant::from_millis(1_795_382_405_999);
        assert_eq!(instant(at), "22 Nov 2026, 21:20, UTC");
    }
}
