//! The scopes of a key as ticks: a group for each kind of thing, with a switch that gives all of it.

use std::collections::BTreeMap;

use leptos::prelude::*;
use model::{Catalogue, Preset, Quotas, Scope};

use super::{form::SettingsForm, limit_rows::LimitRows, problems::Problems, warning::warning};
use crate::ui::labels::access;

/// The preset of an existing key, and the scopes.
pub(super) fn scope_fields(form: &SettingsForm, catalogue: &Catalogue, problems: Problems<'_>) -> AnyView {
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
            <p class="field-note">"“All” also gives what is added later."</p>
            {groups(form, catalogue).into_iter().map(group).collect_view()}
            {problems.note()}
        </fieldset>
    }
    .into_any()
}

/// What a key may do with one kind of thing.
struct Group {
    resource: String,
    /// Whether it may do all of it.
    all: bool,
    scopes: Vec<ScopeTick>,
}

/// A scope, what it allows, and whether it is ticked.
struct ScopeTick {
    name: String,
    allows: String,
    ticked: bool,
}

fn group(of: Group) -> AnyView {
    let Group { resource, all, scopes } = of;
    let (kind, whole) = (title(&resource), format!("{resource}:*"));
    let (warns, id) = (warning(&whole), warning_id(&whole));
    let described = warns.map(|_| id.clone());
    view! {
        <div class="scope-group" role="group" aria-label=kind.clone()>
            <div class="scope-head">
                <span class="scope-resource" aria-hidden="true">{kind.clone()}</span>
                <label class="scope-all">
                    <input type="checkbox" role="switch" name="scope" value=whole.clone() checked=all aria-describedby=described/>
                    <span>"All" <span class="unseen">" of " {kind.clone()} ": " {whole}</span></span>
                </label>
            </div>
            <div class="scope-actions">
                {warns.map(|text| view! { <p class="scope-warning of-all" id=id>{text}</p> })}
                {scopes.into_iter().map(tick).collect_view()}
            </div>
        </div>
    }
    .into_any()
}

fn tick(of: ScopeTick) -> AnyView {
    let ScopeTick { name, allows, ticked } = of;
    let (warns, id) = (warning(&name), warning_id(&name));
    let described = warns.map(|_| id.clone());
    view! {
        <div class="scope-choice">
            <label>
                <input type="checkbox" name="scope" value=name.clone() checked=ticked aria-describedby=described/>
                <span>{allows}</span>
                <code translate="no">{name}</code>
            </label>
            {warns.map(|text| view! { <p class="scope-warning" id=id>{text}</p> })}
        </div>
    }
    .into_any()
}

/// The id of what warns of a scope.
fn warning_id(scope: &str) -> String {
    format!("warns-{}", scope.replace(':', "-").replace('*', "all"))
}

/// The scopes by resource, in the catalogue's order. Scopes that the key holds and the catalogue lacks are listed too:
/// saving would take them away otherwise.
fn groups(form: &SettingsForm, catalogue: &Catalogue) -> Vec<Group> {
    let held = |name: &str| form.chosen && form.scopes.iter().any(|scope| scope.as_str() == name);
    let mut groups: Vec<Group> = Vec::new();
    let mut put = |name: &str, allows: &str| {
        let resource = name.split(':').next().unwrap_or_default();
        let tick = || ScopeTick { name: name.to_owned(), allows: allows.to_owned(), ticked: held(name) };
        let tick = (!name.ends_with(":*")).then(tick);
        match groups.iter_mut().find(|group| group.resource == resource) {
            Some(group) => group.scopes.extend(tick),
            None => {
                let all = held(&format!("{resource}:*"));
                groups.push(Group { resource: resource.to_owned(), all, scopes: tick.into_iter().collect() });
            }
        }
    };
    for (name, allows) in catalogue.iter() {
        put(name, allows);
    }
    for scope in form.scopes.iter().map(Scope::as_str) {
        if catalogue.iter().all(|(known, _)| known != scope) {
            put(scope, "No longer offered");
        }
    }
    groups
}

/// `agent-states`: Agent states.
fn title(resource: &str) -> String {
    let words = resource.replace('-', " ");
    let mut letters = words.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(chosen: &[&str]) -> Vec<String> {
        let mut form = SettingsForm::default();
        form.chosen = true;
        form.scopes = chosen.iter().map(|scope| scope.parse::<Scope>().unwrap()).collect();
        let told = groups(&form, &Catalogue::default()).into_iter().filter_map(|group| {
            let ticked: Vec<_> =
                group.scopes.iter().filter(|tick| tick.ticked).map(|tick| tick.name.as_str()).collect();
            let all = if group.all { " all" } else { "" };
            (group.all || !ticked.is_empty()).then(|| format!("{}{all} {}", group.resource, ticked.join(" ")))
        });
        told.collect()
    }

    #[test]
    fn every_scope_that_is_held_has_its_place() {
        assert_eq!(
            told(&["calls:*", "calls:read", "moon:walk", "sun:*"]),
            ["calls all calls:read", "moon moon:walk", "sun all "]
        );
        let all = groups(&SettingsForm::default(), &Catalogue::default());
        assert!(all.iter().all(|group| !group.all && !group.scopes.is_empty()));
        assert_eq!(all.iter().map(|group| group.scopes.len()).sum::<usize>(), Catalogue::default().iter().count());
    }
}
