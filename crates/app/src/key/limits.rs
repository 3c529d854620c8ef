use domain::{LimitKind, LimitOwner, LimitState};
use leptos::prelude::*;
use model::{Instant, Quota, RECORDING_BYTES_LIMIT, RateLimit};

use super::details::KeyDetails;
use crate::ui::{calls, count, labels::time};

/// The limits of a key and the ceilings above it, each with what is left of it.
pub(super) fn limits(page: &KeyDetails) -> AnyView {
    let settings = &page.key.settings;
    let own = |name: &str| {
        let states = page.limits.as_deref().unwrap_or_default();
        states.iter().find(|state| state.label.owner() == LimitOwner::Key && state.label.name() == name)
    };
    let rate = |limit: &RateLimit| {
        let (name, state) = (limit.name().to_string(), own(limit.name().as_str()));
        let left = state.map(|state| left(state, Some(limit.burst()), page.now));
        limit_view(name, limit.words(), limit.explained(), left)
    };
    let quota = |quota: &Quota| {
        let (name, state) = (quota.name().to_string(), own(quota.name().as_str()));
        let left = state.map(|state| left(state, Some(quota.limit()), page.now));
        limit_view(name, quota.words(), String::new(), left)
    };
    let none = settings.rate_limits.is_empty() && settings.quotas.is_empty();
    view! {
        <dt>"Limits"</dt>
        {none.then(|| view! { <dd>"None of its own"</dd> })}
        {settings.rate_limits.iter().map(rate).collect_view()}
        {settings.quotas.iter().map(quota).collect_view()}
        {page.limits.is_none().then(|| view! { <dd class="faint">{unknown(none)}</dd> })}
        {ceilings(page)}
        {contact_centre(page)}
    }
    .into_any()
}

/// What it may do in units of the contact centre, where that is limited.
fn contact_centre(page: &KeyDetails) -> Option<AnyView> {
    let mut limits = page.key.settings.contact_centre.words();
    let states = page.limits.as_deref().unwrap_or_default().iter();
    let bytes = states.filter(|state| state.label.name() == RECORDING_BYTES_LIMIT);
    limits.extend(bytes.map(|state| format!("{} bytes of recordings left today", count(state.remaining))));
    let rows = limits.into_iter().map(|limit| view! { <dd><bdi translate="no">{limit}</bdi></dd> }).collect::<Vec<_>>();
    (!rows.is_empty()).then(|| view! { <dt>"In the contact centre"</dt> {rows} }.into_any())
}

/// Said where the state of limits could not be read. Ceilings are told with it, so none is known of then.
const fn unknown(none_of_its_own: bool) -> &'static str {
    if none_of_its_own {
        "Which ceilings hold can't be told right now."
    } else {
        "What is left of them, and which ceilings hold, can't be told right now."
    }
}

fn limit_view(name: String, words: String, explained: String, left: Option<AnyView>) -> AnyView {
    view! {
        <dd>
            <code translate="no">{name}</code>
            " "
            {words}
            {(!explained.is_empty()).then(|| view! { <span class="faint limit-explained">{explained}</span> })}
            {left}
        </dd>
    }
    .into_any()
}

/// What the key has together with others.
fn ceilings(page: &KeyDetails) -> Option<AnyView> {
    let states = page.limits.as_deref().unwrap_or_default();
    let above: Vec<_> = states.iter().filter(|state| state.label.owner() != LimitOwner::Key).collect();
    if above.is_empty() {
        return None;
    }
    let rows = above.into_iter().map(|state| {
        let whose = match state.label.owner() {
            LimitOwner::Installation => "of all keys of the installation: ",
            LimitOwner::Client | LimitOwner::Key => "of all keys of the client: ",
        };
        let all = match state.kind {
            LimitKind::Rate { .. } => None,
            LimitKind::Quota { .. } => Some(state.limit),
        };
        let words = format!("{whose}{} in {}", calls(state.limit), lasting(state.kind.window_seconds()));
        limit_view(state.label.name().to_owned(), words, String::new(), Some(left(state, all, page.now)))
    });
    Some(view! { <dt>"Ceilings"</dt> {rows.collect_view()} }.into_any())
}

/// `97 of 100 left now; all are back in 2 s`, with a bar. `all`: what is left of an unused one, where that is known.
fn left(state: &LimitState, all: Option<u64>, now: Instant) -> AnyView {
    let remaining = count(state.remaining);
    let number = match all {
        Some(all) => format!("{remaining} of {} left now", count(all)),
        None => format!("{remaining} left now"),
    };
    let whole = match state.kind {
        LimitKind::Rate { reset_seconds: 0, .. } => ().into_any(),
        LimitKind::Rate { reset_seconds, .. } if reset_seconds < 60 => {
            format!("; all are back in {reset_seconds} s").into_any()
        }
        LimitKind::Rate { reset_seconds, .. } => {
            let at = now.plus_millis(i64::try_from(reset_seconds).unwrap_or(i64::MAX).saturating_mul(1_000));
            view! { "; all are back in " {lasting(reset_seconds)} ", " {time(at)} }.into_any()
        }
        LimitKind::Quota { resets_at, .. } => view! { "; begins anew " {time(resets_at)} }.into_any(),
    };
    view! {
        <span class="limit-left">
            {all.filter(|all| *all > 0).map(|all| gauge(state.remaining, all))}
            <span>{number} {whole}</span>
        </span>
    }
    .into_any()
}

/// How much is left, as a bar beside the words that say it.
fn gauge(remaining: u64, all: u64) -> AnyView {
    let percent = u128::from(remaining.min(all)) * 100 / u128::from(all);
    view! {
        <svg class="gauge" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
            <rect class="gauge-left" class:low=percent < 10 width=percent.to_string() height="4"></rect>
        </svg>
    }
    .into_any()
}

/// `90 s`, `5 min`, `24 h` or `31 days`, rounded up.
fn lasting(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        7_200..172_800 => format!("{} h", seconds.div_ceil(3_600)),
        _ => format!("{} days", count(seconds.div_ceil(86_400))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_the_unit_that_people_would_take() {
        let said = [1, 119, 120, 121, 3_600, 7_200, 86_400, 172_800, 31 * 86_400].map(lasting);
        assert_eq!(said, ["1 s", "119 s", "2 min", "3 min", "60 min", "2 h", "24 h", "2 days", "31 days"]);
    }
}
