//! The fields of a key's settings, for a new key as for another. The server alone renders them, and they are put into the dialogs as they
//! are, so that they add nothing to the client.

use std::net::IpAddr;

use leptos::prelude::*;
use model::{Catalogue, Environment, KeyLife};

use super::{
    form::SettingsForm,
    limit_fields::limit_fields,
    problems::Problems,
    scope_fields::scope_fields,
    text_settings::{Part, TEXT_SETTINGS, TextField, TextSetting},
};
use crate::{FieldProblem, web::Reader};

/// What a form offers to whoever fills it in.
pub(crate) struct Offered<'a> {
    pub(crate) catalogue: &'a Catalogue,
    /// The address from which they do, which they may bind the key to.
    pub(crate) reader_address: Option<IpAddr>,
}

/// The fields, with what is wrong with them.
pub(crate) fn settings_fields(form: &SettingsForm, problems: &[FieldProblem], offered: &Offered<'_>) -> AnyView {
    let about = |field: &'static str| Problems { field, problems };
    let texts = |part: Part| {
        let all = TEXT_SETTINGS.iter().zip(&form.texts).filter(|(setting, _)| setting.part == part);
        all.map(|(setting, text)| match setting.field {
            TextField::Line { keyboard, most } => line(setting, keyboard, most, text, about(setting.name)),
            TextField::Addresses => {
                let own = offered.reader_address.map(|address| own_address(setting.name, address));
                lines(setting, None, text, about(setting.name), own)
            }
            TextField::Lines => lines(setting, None, text, about(setting.name), None),
            TextField::Prose { most } => lines(setting, Some(most), text, about(setting.name), None),
        })
        .collect_view()
    };
    let rights = view! {
        {(!form.existing).then(|| environment(form.environment))}
        {scope_fields(form, offered.catalogue, about("scope"))}
    };
    let restrictions = view! {
        {state(form)}
        {expires(form, about("expires"))}
        {texts(Part::Places)}
        {limit_fields(&form.limits, problems, !form.existing)}
        {texts(Part::Bounds)}
    };
    view! {
        <input type="hidden" name="settings" value="1"/>
        {group("Rights", rights.into_any())}
        {group("Restrictions", restrictions.into_any())}
        {group("About", texts(Part::About).into_any())}
    }
    .into_any()
}

fn group(title: &'static str, fields: AnyView) -> AnyView {
    view! {
        <fieldset class="settings-group">
            <legend>{title}</legend>
            {fields}
        </fieldset>
    }
    .into_any()
}

fn state(form: &SettingsForm) -> AnyView {
    let note = if form.existing {
        "If this is not ticked, every call with the key is refused from the moment you save."
    } else {
        "If this is not ticked, every call with the key is refused until somebody enables it."
    };
    view! {
        <div class="field">
            <label class="tick">
                <input type="checkbox" name="enabled" checked=form.enabled aria-describedby="enabled-note"/>
                <span>"Enabled"</span>
            </label>
            <p class="field-note" id="enabled-note">{note}</p>
        </div>
    }
    .into_any()
}

fn environment(chosen: Environment) -> AnyView {
    view! {
        <div class="field">
            <label for="environment">"Environment"</label>
            <select class="choice" name="environment" id="environment">
                <option value="live" selected=chosen == Environment::Live>"Live"</option>
                <option value="test" selected=chosen == Environment::Test>"Test: never reaches live data"</option>
            </select>
        </div>
    }
    .into_any()
}

/// When the key stops, with the instant spelled out below. `zone.js` puts the reader's own zone into the form, and spells it out anew
/// as they choose.
fn expires(form: &SettingsForm, problems: Problems<'_>) -> AnyView {
    let reader = Reader::of_page();
    let zone = form.time_zone.as_ref().unwrap_or(&reader.zone).to_string();
    let stops = form.stops(&reader);
    let chosen = if form.expires.is_empty() { "never" } else { &form.expires };
    let plain = |value: &str, words: String| (value.to_owned(), words, None);
    let mut options = Vec::new();
    // A key that never ends stays so where none may be made any more.
    if form.longest.is_none() || chosen == "never" {
        options.push(plain("never", "Never".to_owned()));
    }
    // An instant is the value itself: whoever does not touch it moves nothing.
    if let Some(at) = form.keep {
        let words = format!("On {} (no change)", reader.zone.end_words(at));
        options.push((at.to_string(), words, Some("On {} (no change)")));
    }
    let longest = form.longest.map(KeyLife::days);
    let within = |days: &u32| longest.is_none_or(|longest| *days < longest);
    for days in [30, 90, 365].into_iter().filter(within).chain(longest) {
        options.push(plain(&days.to_string(), format!("In {days} days")));
    }
    options.push(plain("date", "At the end of a day".to_owned()));
    // An address may fill in a value that is not offered, or can't be read: it is refused, and not taken for "never".
    if options.iter().all(|(value, ..)| value != chosen) {
        let instant = chosen.parse::<model::Instant>().is_ok();
        options.push((chosen.to_owned(), form.expiry(&reader), instant.then_some("{}")));
    }
    let described = format!("expires-stops {}", problems.id());
    view! {
        <div class="field expires">
            <label for="expires">"Expires"</label>
            <div class="expires-fields">
                <select class="choice" name="expires" id="expires" aria-describedby=described.clone() aria-invalid=problems.invalid()>
                    {options
                        .into_iter()
                        .map(|(value, words, instant)| {
                            let selected = value == chosen;
                            view! { <option value=value selected=selected data-words=instant>{words}</option> }
                        })
                        .collect_view()}
                </select>
                <input
                    class="input"
                    type="date"
                    name="expires_on"
                    aria-label="Last day"
                    value=form.expires_on.clone()
                    aria-describedby=described
                />
            </div>
            <input type="hidden" name="time_zone" value=zone/>
            <p class="field-note" id="expires-stops" aria-live="polite" data-stops>{stops}</p>
            {longest.map(|days| view! { <p class="field-note">{format!("Keys of this installation end within {days} days.")}</p> })}
            {problems.note()}
        </div>
    }
    .into_any()
}

/// `most` characters of text for people; `None`: values of the API.
/// `more`: what stands below its field.
fn lines(
    setting: &'static TextSetting,
    most: Option<usize>,
    value: &str,
    problems: Problems<'_>,
    more: Option<AnyView>,
) -> AnyView {
    let TextSetting { name, label, example, hint, .. } = *setting;
    let rows = value.lines().count().clamp(2, 6).to_string();
    let code = most.is_none();
    let most = most.map(|most| most.to_string());
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <textarea
                class="input"
                class:mono=code
                id=name
                name=name
                rows=rows
                maxlength=most
                placeholder=example
                spellcheck=if code { "false" } else { "true" }
                autocapitalize="none"
                aria-describedby=format!("{name}-hint {}", problems.id())
                aria-invalid=problems.invalid()
            >
                {value.to_owned()}
            </textarea>
            <p class="field-note" id=format!("{name}-hint")>{hint}</p>
            {more}
            {problems.note()}
        </div>
    }
    .into_any()
}

/// Puts the reader's own address among those that are allowed; without scripts they type it.
fn own_address(field: &'static str, address: IpAddr) -> AnyView {
    let address = address.to_string();
    view! {
        <button type="button" class="button small scripted own-address" data-mine=address.clone() data-into=field>
            "Use my address, " <bdi translate="no">{address.clone()}</bdi>
        </button>
        <p class="field-note unscripted">"Your address is " <bdi translate="no">{address}</bdi> "."</p>
    }
    .into_any()
}

fn line(
    setting: &'static TextSetting,
    keyboard: &'static str,
    most: usize,
    value: &str,
    problems: Problems<'_>,
) -> AnyView {
    let TextSetting { name, label, example, hint, .. } = *setting;
    let hinted = !hint.is_empty();
    let described = if hinted { format!("{name}-hint {}", problems.id()) } else { problems.id() };
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                class="input"
                type="text"
                inputmode=keyboard
                id=name
                name=name
                value=value.to_owned()
                maxlength=most.to_string()
                placeholder=(!example.is_empty()).then_some(example)
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                aria-describedby=described
                aria-invalid=problems.invalid()
            />
            {hinted.then(|| view! { <p class="field-note" id=format!("{name}-hint")>{hint}</p> })}
            {problems.note()}
        </div>
    }
    .into_any()
}
