//! The fields of a key's settings. The server alone renders them, and they are put into the dialogs as they are, so
//! that they add nothing to the client.

use std::collections::{BTreeMap, BTreeSet};

use leptos::prelude::*;
use model::{Catalogue, Environment, KeyLife, Preset, Quotas, Scope};

use super::{
    form::SettingsForm,
    limit_fields::limit_fields,
    limit_rows::LimitRows,
    text_settings::{TEXT_SETTINGS, TextField, TextSetting},
};
use crate::{FieldProblem, ui::labels::access, web::Reader};

/// The fields, with what is wrong with them.
pub(crate) fn settings_fields(form: &SettingsForm, problems: &[FieldProblem], catalogue: &Catalogue) -> AnyView {
    let about = |field: &'static str| Problems { field, problems };
    view! {
        <input type="hidden" name="settings" value="1"/>
        {state(form)}
        {(!form.existing).then(|| environment(form.environment))}
        {scopes(form, catalogue, about("scope"))}
        {expires(form, about("expires"))}
        {limit_fields(&form.limits, problems, !form.existing)}
        {TEXT_SETTINGS
            .iter()
            .zip(&form.texts)
            .map(|(setting, text)| match setting.field {
                TextField::Line { keyboard, most } => line(setting, keyboard, most, text, about(setting.name)),
                TextField::Lines => lines(setting, None, text, about(setting.name)),
                TextField::Prose { most } => lines(setting, Some(most), text, about(setting.name)),
            })
            .collect_view()}
    }
    .into_any()
}

/// What is wrong with one field.
#[derive(Clone, Copy)]
struct Problems<'a> {
    field: &'static str,
    problems: &'a [FieldProblem],
}

impl Problems<'_> {
    fn id(self) -> String {
        format!("{}-problem", self.field)
    }

    fn invalid(self) -> Option<&'static str> {
        self.problems.iter().any(|problem| problem.field == self.field).then_some("true")
    }

    /// The place of the message, into which scripts put the server's answer.
    fn note(self) -> AnyView {
        let messages: Vec<_> =
            self.problems.iter().filter(|problem| problem.field == self.field).map(|p| p.message.clone()).collect();
        view! { <p class="field-note wrong" id=self.id() data-problem=self.field>{messages.join("\n")}</p> }.into_any()
    }
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

fn scopes(form: &SettingsForm, catalogue: &Catalogue, problems: Problems<'_>) -> AnyView {
    let presets: BTreeMap<_, _> = Preset::ALL
        .map(|preset| {
            let scopes = preset.scopes();
            let names: Vec<_> = scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
            (preset.as_str(), (preset.title(), names, LimitRows::of(&preset.rate_limits(), &Quotas::default()).rates))
        })
        .into();
    let presets = serde_json::to_string(&presets).unwrap_or_default();
    let summary = match form.preset {
        Some(preset) if form.chosen => access(preset, &form.scopes),
        _ => String::new(),
    };
    view! {
        <fieldset class="scope-fields" data-presets=presets aria-describedby=problems.id()>
            <legend>"Scopes"</legend>
            {form
                .existing
                .then(|| {
                    view! {
                        <div class="field">
                            <label for="edited-preset">"Preset"</label>
                            <select class="choice" name="preset" id="edited-preset">
                                {Preset::ALL
                                    .map(|preset| {
                                        view! {
                                            <option value=preset.as_str() selected=form.preset == Some(preset)>
                                                {preset.title()}
                                            </option>
                                        }
                                    })
                                    .collect_view()}
                            </select>
                            <p class="field-note unscripted">"The key has exactly the scopes that are ticked here, whichever preset is chosen."</p>
                        </div>
                    }
                })}
            <input type="hidden" name="access" value=if form.chosen { "chosen" } else { "preset" }/>
            <p class="scope-summary" role="status" data-summary>{summary}</p>
            {groups(form, catalogue)
                .into_iter()
                .map(|(resource, scopes)| {
                    view! {
                        <div class="scope-group" role="group" aria-label=resource.clone()>
                            <span class="scope-resource" aria-hidden="true">{resource.clone()}</span>
                            <div class="scope-actions">
                                {scopes
                                    .into_iter()
                                    .map(|(scope, allows, ticked)| {
                                        view! {
                                            <label>
                                                <input type="checkbox" name="scope" value=scope.clone() checked=ticked/>
                                                <span>{allows}</span>
                                                <code translate="no">{scope.clone()}</code>
                                            </label>
                                        }
                                    })
                                    .collect_view()}
                            </div>
                        </div>
                    }
                })
                .collect_view()}
            {problems.note()}
        </fieldset>
    }
    .into_any()
}

/// A scope, what it allows, and whether it is ticked.
type ScopeTick = (String, String, bool);

/// The scopes by resource, in the catalogue's order. Scopes that the key holds and the catalogue lacks are listed too:
/// saving would take them away otherwise.
fn groups(form: &SettingsForm, catalogue: &Catalogue) -> Vec<(String, Vec<ScopeTick>)> {
    let held = |name: &str| form.chosen && form.scopes.iter().any(|scope| scope.as_str() == name);
    let mut groups: Vec<(String, Vec<ScopeTick>)> = Vec::new();
    let mut put = |name: &str, allows: &str| {
        let resource = title(name.split(':').next().unwrap_or_default());
        let tick = (name.to_owned(), allows.to_owned(), held(name));
        match groups.iter_mut().find(|(known, _)| *known == resource) {
            Some((_, ticks)) => ticks.push(tick),
            None => groups.push((resource, vec![tick])),
        }
    };
    for (name, allows) in catalogue.iter() {
        put(name, allows);
    }
    for scope in form.scopes.iter().map(Scope::as_str) {
        if !scope.ends_with(":*") && catalogue.iter().all(|(known, _)| known != scope) {
            put(scope, "No longer offered");
        }
    }
    let names = catalogue.iter().map(|(name, _)| name).chain(form.scopes.iter().map(Scope::as_str));
    let resources: BTreeSet<_> = names.filter_map(|name| name.split(':').next()).collect();
    for resource in resources {
        put(&format!("{resource}:*"), "Everything, including what is added later");
    }
    groups
}

/// `agent-states`: Agent states.
fn title(resource: &str) -> String {
    let words = resource.replace('-', " ");
    let mut letters = words.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
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
fn lines(setting: &'static TextSetting, most: Option<usize>, value: &str, problems: Problems<'_>) -> AnyView {
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
            {problems.note()}
        </div>
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
