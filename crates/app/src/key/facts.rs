//! The settings of a key that this person can't edit.

use leptos::prelude::*;
use model::{Environment, Key, KeySettings};

use super::{details::KeyDetails, limits::limits};
use crate::ui::{
    key_settings::TEXT_SETTINGS,
    labels::{access, end, is_default},
};

/// What the key may do, from where and until when, and what is noted down about it.
pub(super) fn facts(page: &KeyDetails) -> AnyView {
    let key = &page.key;
    let any = |values: Vec<String>| if values.is_empty() { vec!["Any".to_owned()] } else { values };
    let addresses = any(key.settings.allowed_ips.iter().map(ToString::to_string).collect());
    let origins = any(key.settings.allowed_origins.iter().map(ToString::to_string).collect());
    let world = key.settings.sandbox_world.as_ref().map(|world| vec![world.to_string()]);
    view! {
        <section class="panel" aria-labelledby="about">
            <h2 id="about">"About"</h2>
            <dl class="about">
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
                {values(addresses)}
                <dt>"Allowed origins"</dt>
                {values(origins)}
                {limits(page)}
                {world.map(|world| view! { <dt>"Sandbox world"</dt> {values(world)} })}
            </dl>
        </section>
        {noted(key)}
    }
    .into_any()
}

fn values(values: Vec<String>) -> AnyView {
    values.into_iter().map(|value| view! { <dd><bdi translate="no">{value}</bdi></dd> }).collect_view().into_any()
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
