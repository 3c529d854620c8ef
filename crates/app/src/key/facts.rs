use leptos::prelude::*;
use model::{Environment, Key, KeySettings, KeyStatus, RECORDING_BYTES_LIMIT};

use super::{details::KeyDetails, limits::limits};
use crate::ui::{
    allowed_calls, count,
    key_settings::TEXT_SETTINGS,
    labels::{access, end, is_default, relative, time},
    never, post_button,
};

/// What the key may do, from where and until when.
pub(super) fn facts(page: &KeyDetails) -> AnyView {
    let key = &page.key;
    let revealable = page.may_rotate && page.recoverable && key.status != KeyStatus::Revoked;
    let none = |text: &'static str| vec![text.to_owned()];
    let addresses: Vec<_> = key.settings.allowed_ips.iter().map(ToString::to_string).collect();
    let origins: Vec<_> = key.settings.allowed_origins.iter().map(ToString::to_string).collect();
    view! {
        <section class="panel" aria-labelledby="about">
            <h2 id="about">"About"</h2>
            <dl class="about">
                <dt>"API key"</dt>
                <dd>
                    <code translate="no">{key.hint.0.clone()}</code>
                    {key.imported.then(|| view! { " " <span class="badge">"Imported"</span> })}
                    {revealable.then(|| post_button(&format!("/keys/{}", key.id), "reveal", "Reveal", "button small", false))}
                </dd>
                <dt>"Environment"</dt>
                <dd>{if key.environment == Environment::Test { "Test: never reaches live data" } else { "Live" }}</dd>
                <dt>"Access"</dt>
                <dd>
                    {if is_default(key) { "Verifies keys".to_owned() } else { access(key.settings.preset, &key.settings.scopes) }}
                    <ul class="scopes" aria-label="Scopes">
                        {key.settings.scopes.iter().map(|scope| view! { <li><code translate="no">{scope.as_str().to_owned()}</code></li> }).collect_view()}
                    </ul>
                </dd>
                <dt>"Expires"</dt>
                <dd>
                    {match key.settings.expires_at {
                        None => "Never".into_any(),
                        Some(at) => end(at).into_any(),
                    }}
                </dd>
                <dt>"Allowed addresses"</dt>
                {values(if addresses.is_empty() { none("Any") } else { addresses })}
                <dt>"Allowed origins"</dt>
                {values(if origins.is_empty() { none("Any") } else { origins })}
                {limits(page)}
                {contact_centre(page)}
            </dl>
            {(!is_default(key) && key.status != KeyStatus::Revoked).then(|| tighten(page))}
        </section>
    }
    .into_any()
}

/// The way to the page that restricts the key to what it was used for, and what is tried there.
fn tighten(page: &KeyDetails) -> AnyView {
    let tried = page.tried.as_ref().map(|trial| {
        view! { <span>"Report only until " {end(trial.ends_at)} ": a restriction is tried, and refuses nobody."</span> }
    });
    view! {
        <p class="about-more">
            <a class="button small" href=format!("/keys/{}/tighten", page.key.id)>"Tighten to used"</a>
            {tried}
        </p>
    }
    .into_any()
}

/// What it may do in units of the contact centre, where that is limited, and its world.
fn contact_centre(page: &KeyDetails) -> AnyView {
    let settings = &page.key.settings;
    let mut limits = settings.contact_centre.words();
    let states = page.limits.as_deref().unwrap_or_default().iter();
    let bytes = states.filter(|state| state.label.name() == RECORDING_BYTES_LIMIT);
    limits.extend(bytes.map(|state| format!("{} bytes of recordings left today", count(state.remaining))));
    let world = settings.sandbox_world.as_ref().map(|world| vec![world.to_string()]);
    view! {
        {(!limits.is_empty()).then(|| view! { <dt>"In the contact centre"</dt> {values(limits)} })}
        {world.map(|world| view! { <dt>"Sandbox world"</dt> {values(world)} })}
    }
    .into_any()
}

fn values(values: Vec<String>) -> AnyView {
    values.into_iter().map(|value| view! { <dd><bdi translate="no">{value}</bdi></dd> }).collect_view().into_any()
}

/// How it is used, and what is noted down about it.
pub(super) fn side(page: &KeyDetails) -> AnyView {
    let key = &page.key;
    let calls: u64 = page.days.iter().map(|calls| u64::from(*calls)).sum();
    view! {
        <section class="panel" aria-labelledby="use">
            <h2 id="use">"Use"</h2>
            {(calls > 0).then(|| bars(&page.days))}
            <dl class="about">
                <dt>"Calls in 30 days"</dt>
                <dd>{allowed_calls(calls, false, page.recorded)}</dd>
                <dt>"Last used"</dt>
                <dd>
                    {match key.last_used_at {
                        None => never(page.recorded).into_any(),
                        Some(at) => relative(at).into_any(),
                    }}
                </dd>
                <dt>"Created"</dt>
                <dd>{time(key.created_at)}</dd>
                <dt>"Changed"</dt>
                <dd>{time(key.updated_at)}</dd>
                {key.deleted_at.map(|at| view! { <dt>"Deleted"</dt><dd>{time(at)}</dd> })}
            </dl>
            <p class="key-ways">
                <a href=format!("/keys/{}/activity", key.id)>"All activity"</a>
                <a href=format!("/usage?key={}", key.id)>"Calls over time"</a>
                <a href=format!("/usage/refusals?key={}", key.id)>"Refused calls"</a>
            </p>
        </section>
        {noted(key)}
    }
    .into_any()
}

fn noted(key: &Key) -> Option<AnyView> {
    let other = other_settings(&key.settings);
    if key.settings.owner_email.is_none()
        && key.settings.metadata.is_empty()
        && key.settings.notes.is_none()
        && other.is_empty()
    {
        return None;
    }
    let other = other.into_iter().map(|(label, text)| view! { <dt>{label}</dt><dd dir="auto">{text}</dd> });
    let owner = key.settings.owner_email.as_ref().map(|email| {
        let address = email.as_str().to_owned();
        view! { <dt>"Owner"</dt><dd><a href=format!("mailto:{address}")>{address.clone()}</a></dd> }
    });
    let pairs = key.settings.metadata.iter().map(|(name, value)| {
        view! { <dt><bdi translate="no">{name.to_owned()}</bdi></dt><dd><bdi translate="no">{value.to_owned()}</bdi></dd> }
    });
    Some(
        view! {
            <section class="panel" aria-labelledby="noted">
                <h2 id="noted">"Noted"</h2>
                <dl class="about">{owner} {other.collect_view()} {pairs.collect_view()}</dl>
                {key.settings.notes.as_ref().map(|notes| view! { <p class="notes" dir="auto">{notes.as_str().to_owned()}</p> })}
            </section>
        }
        .into_any(),
    )
}

/// The settings without a place of their own on the page, where they are set: label and text.
fn other_settings(settings: &KeySettings) -> Vec<(&'static str, String)> {
    const PLACED: [&str; 7] =
        ["allowed_ips", "allowed_origins", "owner_email", "metadata", "notes", "contact_centre", "sandbox_world"];
    let other = TEXT_SETTINGS.iter().filter(|setting| !PLACED.contains(&setting.name));
    other.map(|setting| (setting.label, (setting.write)(settings))).filter(|(_, text)| !text.is_empty()).collect()
}

/// A bar for each day.
fn bars(days: &[u32]) -> AnyView {
    const HEIGHT: f64 = 48.0;
    let most = f64::from(days.iter().copied().max().unwrap_or(1).max(1));
    let mut path = String::new();
    for (index, calls) in days.iter().enumerate().filter(|(_, calls)| **calls > 0) {
        let height = (HEIGHT * f64::from(*calls) / most).max(2.0);
        path.push_str(&format!("M{} {HEIGHT}v-{height:.1}h6v{height:.1}z", index * 8));
    }
    view! {
        <svg class="bars" viewBox=format!("0 0 {} {HEIGHT}", days.len() * 8 - 2) role="img" aria-labelledby="bars-title">
            <path d=path></path>
        </svg>
        // They are counted by those days, whoever reads.
        <p class="faint" id="bars-title">"Calls on each of the last 30 days of UTC"</p>
    }
    .into_any()
}
