//! The fields of a key's settings. They are rendered by the server alone and put into the dialogs as they are, so that all of
//! them cost the client nothing.

use std::collections::{BTreeMap, BTreeSet};

use leptos::prelude::*;
use model::{Catalogue, Environment, NOTES_MAX, Preset, Scope};

use super::form::SettingsForm;
use crate::{FieldProblem, ui::labels::access};

/// The fields, with what is wrong with them.
pub(crate) fn settings_fields(form: &SettingsForm, problems: &[FieldProblem], catalogue: &Catalogue) -> AnyView {
    let about = |field: &'static str| Problems { field, problems };
    view! {
        <input type="hidden" name="settings" value="1"/>
        {state(form)}
        {(!form.existing).then(|| environment(form.environment))}
        {rights(form, catalogue, about("scope"))}
        {expires(form, about("expires"))}
        {lines("allowed_ips", "Allowed addresses", "203.0.113.0/24", "IP addresses and networks that may use the key, one per line. Leave this empty to allow every address.", &form.allowed_ips, about("allowed_ips"))}
        {lines("allowed_origins", "Allowed origins", "https://*.example.com", "Origins of the web pages that may use the key, one per line. Leave this empty to allow every web page and every server.", &form.allowed_origins, about("allowed_origins"))}
        {line("owner_email", "Owner e-mail", &form.owner_email, about("owner_email"))}
        {lines("metadata", "Metadata", "crm_account: 4711", "Names and values of your own, one pair per line: a name, a colon, a value.", &form.metadata, about("metadata"))}
        {lines("notes", "Notes", "", "Whoever manages keys can read the notes. The client never sees them.", &form.notes, about("notes"))}
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

    /// The place of the message. Scripts put what the server answers there.
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

fn rights(form: &SettingsForm, catalogue: &Catalogue, problems: Problems<'_>) -> AnyView {
    let presets: BTreeMap<_, _> = Preset::ALL
        .map(|preset| {
            let scopes = preset.scopes();
            let names: Vec<_> = scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
            (preset.as_str(), (preset.title(), names))
        })
        .into();
    let presets = serde_json::to_string(&presets).unwrap_or_default();
    let summary = match form.preset {
        Some(preset) if form.chosen => access(preset, &form.scopes),
        _ => String::new(),
    };
    view! {
        <fieldset class="rights" data-presets=presets aria-describedby=problems.id()>
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
            <input type="hidden" name="rights" value=if form.chosen { "chosen" } else { "preset" }/>
            <p class="rights-words" role="status" data-words>{summary}</p>
            {groups(form, catalogue)
                .into_iter()
                .map(|(resource, rights)| {
                    view! {
                        <div class="rights-group" role="group" aria-label=resource.clone()>
                            <span class="rights-of" aria-hidden="true">{resource.clone()}</span>
                            <div class="rights-actions">
                                {rights
                                    .into_iter()
                                    .map(|(scope, allows, ticked)| {
                                        view! {
                                            <label>
                                                <input type="checkbox" name="scope" value=scope.clone() checked=ticked/>
                                                <span>{allows}</span>
                                                <code>{scope.clone()}</code>
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
type Right = (String, String, bool);

/// The rights by resource, in the catalogue's order. Rights that the key holds and the catalogue lacks are listed too:
/// saving would take them away otherwise.
fn groups(form: &SettingsForm, catalogue: &Catalogue) -> Vec<(String, Vec<Right>)> {
    let held = |name: &str| form.chosen && form.scopes.iter().any(|scope| scope.as_str() == name);
    let mut groups: Vec<(String, Vec<Right>)> = Vec::new();
    let mut put = |name: &str, allows: &str| {
        let resource = title(name.split(':').next().unwrap_or_default());
        let right = (name.to_owned(), allows.to_owned(), held(name));
        match groups.iter_mut().find(|(known, _)| *known == resource) {
            Some((_, rights)) => rights.push(right),
            None => groups.push((resource, vec![right])),
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

fn expires(form: &SettingsForm, problems: Problems<'_>) -> AnyView {
    let chosen = if form.expires.is_empty() { "never" } else { &form.expires };
    let mut options = vec![("never".to_owned(), "Never".to_owned())];
    if let Some((value, words)) = &form.keep {
        options.push((value.clone(), format!("On {words} (no change)")));
    }
    for days in ["30", "90", "365"] {
        options.push((days.to_owned(), format!("In {days} days")));
    }
    options.push(("date".to_owned(), "At the end of a day".to_owned()));
    // An address may fill in what is not offered, or even what can't be read: that is refused, and not taken for "never".
    if options.iter().all(|(value, _)| value != chosen) {
        options.push((chosen.to_owned(), form.expiry()));
    }
    view! {
        <div class="field expires">
            <label for="expires">"Expires"</label>
            <div class="expires-fields">
                <select class="choice" name="expires" id="expires" aria-describedby=problems.id() aria-invalid=problems.invalid()>
                    {options
                        .into_iter()
                        .map(|(value, words)| {
                            let selected = value == chosen;
                            view! { <option value=value selected=selected>{words}</option> }
                        })
                        .collect_view()}
                </select>
                <input
                    class="input"
                    type="date"
                    name="expires_on"
                    aria-label="Last day (UTC)"
                    value=form.expires_on.clone()
                    aria-describedby=problems.id()
                />
            </div>
            {problems.note()}
        </div>
    }
    .into_any()
}

fn lines(
    name: &'static str,
    label: &'static str,
    example: &'static str,
    hint: &'static str,
    value: &str,
    problems: Problems<'_>,
) -> AnyView {
    let rows = value.lines().count().clamp(2, 6).to_string();
    let most = (name == "notes").then(|| (NOTES_MAX * 2).to_string());
    let code = name != "notes";
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

fn line(name: &'static str, label: &'static str, value: &str, problems: Problems<'_>) -> AnyView {
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                class="input"
                type="text"
                inputmode="email"
                id=name
                name=name
                value=value.to_owned()
                maxlength="254"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                aria-describedby=problems.id()
                aria-invalid=problems.invalid()
            />
            {problems.note()}
        </div>
    }
    .into_any()
}
