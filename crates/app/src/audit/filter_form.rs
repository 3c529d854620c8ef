use std::collections::BTreeMap;

use leptos::prelude::*;

use super::{
    filter::{Filter, PATH},
    log::AuditLog,
};
use crate::{
    ui::told::{ACTIONS, who},
    web::own,
};

/// People who are offered. Whoever has more asks by the id, which an entry's details have.
const PEOPLE_MOST: usize = 500;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// By whom, what, about whom and when.
pub(super) fn filter_form(log: &AuditLog) -> AnyView {
    let filter = &log.filter;
    let wrong = |field: &str| log.problem.as_ref().is_some_and(|(name, _)| *name == field).then_some("true");
    view! {
        <form class="audit-filter" method="get" action=own(PATH) role="search" aria-label="Entries">
            <label>
                "Who"
                <select class="choice" name="actor" aria-invalid=wrong("actor")>
                    <option value="">"Anybody"</option>
                    {actors(log)}
                </select>
            </label>
            <label>
                "What"
                <select class="choice" name="action" aria-invalid=wrong("action")>
                    <option value="">"Anything"</option>
                    {actions(&filter.action)}
                </select>
            </label>
            <label>
                "Client"
                <input
                    class="input"
                    name="client"
                    value=filter.client.clone()
                    maxlength="200"
                    autocomplete="off"
                    placeholder="Client Name"
                    aria-invalid=wrong("client")
                />
            </label>
            <label>
                "From"
                <input class="input" type="date" name="from" value=filter.from.clone() aria-invalid=wrong("from")/>
            </label>
            <label>
                "To"
                <input class="input" type="date" name="to" value=filter.to.clone() aria-invalid=wrong("to")/>
            </label>
            {(!filter.key.is_empty()).then(|| view! { <input type="hidden" name="key_id" value=filter.key.clone()/> })}
            <button class="button primary" type="submit">"Show"</button>
        </form>
        <nav class="audit-ranges" aria-label="Ranges">
            {ranges(log)}
            {filter.is_any().then(|| view! { <a href=PATH rel="external">"Clear all filters"</a> })}
        </nav>
    }
    .into_any()
}

/// Everybody who can be meant, and whoever is.
fn actors(log: &AuditLog) -> AnyView {
    let people = log.people.iter().take(PEOPLE_MOST).map(|(id, name)| (id.to_string(), name.clone()));
    let mut offered: Vec<(String, String)> = people.collect();
    for (value, words) in [("operator", "The operator"), ("system", "Keydesk itself"), ("bearer", "Whoever had a link")]
    {
        offered.push((value.to_owned(), words.to_owned()));
    }
    let chosen = log.filter.actor.as_str();
    if !chosen.is_empty() && offered.iter().all(|(value, _)| value != chosen) {
        // The id of a key, or of somebody who was forgotten: its entries say who that is.
        let names: BTreeMap<_, _> = log.page.items.iter().map(|item| (id_of(item.actor), item)).collect();
        let words = names.get(&Some(chosen.to_owned())).map(|item| who(item.actor, item.actor_name.as_deref()));
        offered.push((chosen.to_owned(), words.unwrap_or_else(|| chosen.to_owned())));
    }
    offered
        .into_iter()
        .map(|(value, words)| view! { <option value=value.clone() selected=value == chosen>{words}</option> })
        .collect_view()
        .into_any()
}

/// The id by which an actor is asked for.
pub(super) fn id_of(actor: model::Actor) -> Option<String> {
    match actor {
        model::Actor::Key { id } => Some(id.to_string()),
        model::Actor::Administrator { id } => Some(id.to_string()),
        _ => None,
    }
}

fn actions(chosen: &str) -> AnyView {
    let offered = ACTIONS.iter().map(|(group, actions)| {
        let options = actions.iter().map(|(action, words)| {
            view! { <option value=action.as_str() selected=action.as_str() == chosen>{*words}</option> }
        });
        view! { <optgroup label=*group>{options.collect_view()}</optgroup> }
    });
    let known = ACTIONS.iter().flat_map(|(_, actions)| *actions).any(|(action, _)| action.as_str() == chosen);
    // An action without words of its own, which a link has named.
    let other = (!chosen.is_empty() && !known)
        .then(|| view! { <option value=chosen.to_owned() selected>{chosen.to_owned()}</option> });
    view! { {offered.collect_view()} {other} }.into_any()
}

fn ranges(log: &AuditLog) -> AnyView {
    let days = [("Today", Some(0)), ("7 days", Some(6)), ("30 days", Some(29)), ("Any time", None)];
    days.into_iter()
        .map(|(words, back)| {
            let from = back.map(|days| log.zone.day(log.now.plus_millis(-days * DAY_MS)).to_string());
            let from = from.unwrap_or_default();
            let current = (log.filter.from == from && log.filter.to.is_empty()).then_some("true");
            let wanted = Filter { from, to: String::new(), cursor: String::new(), ..log.filter.clone() };
            view! { <a href=wanted.address() rel="external" aria-current=current>{words}</a> }
        })
        .collect_view()
        .into_any()
}
