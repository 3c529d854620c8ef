use leptos::prelude::*;
use model::{CLIENT_NAME_MAX, Environment};

use super::{
    filter::{Filter, PATH, codes},
    range::{NAMED, USUAL},
    shown::Shown,
};
use crate::ui::{filter_field, filter_note, outcome};

/// Whose calls, of which kind, and when.
pub(super) fn filter_form(shown: &Shown) -> AnyView {
    let filter = &shown.filter;
    let environments = [(Environment::Live, "Live keys"), (Environment::Test, "Test keys")];
    let environments = environments.map(|(environment, words)| (environment.as_str().to_owned(), words.to_owned()));
    let scopes = shown.scopes.iter().map(|scope| (scope.clone(), scope.clone()));
    let outcomes = codes().map(|code| (code.as_str().to_owned(), outcome(code).to_owned()));
    view! {
        {ranges(filter)}
        {shown.problem("range").map(|problem| view! { <p class="field-note wrong" role="alert">{problem.to_owned()}</p> })}
        <form class="usage-filter" method="get" action=PATH role="search" aria-label="Calls">
            {(!filter.range.is_empty() && !filter.has_days())
                .then(|| view! { <input type="hidden" name="range" value=filter.range.clone()/> })}
            {one_key(shown)}
            {input(shown, ("client", "Client", "text"), &filter.client)}
            {select(shown, ("environment", "Environment", "Any"), &filter.environment, environments)}
            {select(shown, ("scope", "Scope", "Any"), &filter.scope, scopes)}
            {select(shown, ("code", "Outcome", "Any"), &filter.code, outcomes)}
            {input(shown, ("from", "From", "date"), &filter.from)}
            {input(shown, ("to", "To", "date"), &filter.to)}
            <div class="usage-buttons">
                <button type="submit" class="button primary">
                    "Show"
                </button>
                {filter
                    .is_any()
                    .then(|| view! { <a href=filter.range_alone().address() rel="external">"Clear filters"</a> })}
            </div>
        </form>
    }
    .into_any()
}

/// Links to the ranges that end now, with all that is chosen besides.
fn ranges(filter: &Filter) -> AnyView {
    let links = NAMED.iter().map(|named| {
        let range = if named == USUAL { String::new() } else { named.name.to_owned() };
        let own = Filter { range, from: String::new(), to: String::new(), ..filter.clone() };
        let current = (filter.named() == Some(named)).then_some("true");
        view! { <a href=own.address() rel="external" aria-current=current>{named.title}</a> }
    });
    view! { <nav class="usage-ranges" aria-label="Ranges">{links.collect_view()}</nav> }.into_any()
}

/// The one key that is asked for, which a link has named.
fn one_key(shown: &Shown) -> Option<AnyView> {
    let filter = &shown.filter;
    if filter.key.is_empty() {
        return None;
    }
    let name = shown.key_name.clone().unwrap_or_else(|| filter.key.clone());
    let every = Filter { key: String::new(), ..filter.clone() };
    Some(
        view! {
            <input type="hidden" name="key" value=filter.key.clone()/>
            <p class="usage-key">
                "Only one key, of " <bdi translate="no">{name}</bdi> ". "
                <a href=every.address() rel="external">"Show every key"</a>
                {filter_note("key", shown.problem("key"))}
            </p>
        }
        .into_any(),
    )
}

fn input(shown: &Shown, (name, label, kind): (&'static str, &'static str, &'static str), value: &str) -> AnyView {
    filter_field((name, label, kind), value, (kind == "text").then_some(CLIENT_NAME_MAX), shown.problem(name))
}

fn select(
    shown: &Shown,
    (name, label, any): (&'static str, &'static str, &'static str),
    chosen: &str,
    offered: impl IntoIterator<Item = (String, String)>,
) -> AnyView {
    let problem = shown.problem(name);
    let mut offered: Vec<_> = offered.into_iter().collect();
    // What an address has named stays, whatever it is.
    if !chosen.is_empty() && offered.iter().all(|(value, _)| !value.eq_ignore_ascii_case(chosen)) {
        offered.push((chosen.to_owned(), chosen.to_owned()));
    }
    let options = offered.into_iter().map(|(value, words)| {
        let selected = value.eq_ignore_ascii_case(chosen);
        view! { <option value=value selected=selected>{words}</option> }
    });
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select
                class="choice"
                id=name
                name=name
                aria-invalid=problem.map(|_| "true")
                aria-describedby=problem.map(|_| format!("{name}-note"))
            >
                <option value="">{any}</option>
                {options.collect_view()}
            </select>
            {filter_note(name, problem)}
        </div>
    }
    .into_any()
}
