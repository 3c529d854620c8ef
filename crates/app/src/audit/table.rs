use leptos::prelude::*;
use model::{Action, Actor, AuditItem, Environment};

use super::{filter::Filter, filter_form::id_of, log::AuditLog};
use crate::ui::{
    labels::time,
    told::{Difference, differences, given, what, who},
};

/// The entries, newest first.
pub(super) fn table(log: &AuditLog) -> AnyView {
    view! {
        <table class="audit-table">
            <caption class="unseen">"Entries of the audit log, newest first"</caption>
            <thead>
                <tr>
                    <th scope="col">"When"</th>
                    <th scope="col">"Who"</th>
                    <th scope="col">"What"</th>
                    <th scope="col">"About"</th>
                    <th scope="col">"From"</th>
                </tr>
            </thead>
            <tbody>{log.page.items.iter().map(|item| row(log, item)).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn row(log: &AuditLog, item: &AuditItem) -> AnyView {
    let altered = log.altered.contains(&item.number);
    let changed = differences(&item.action, &item.detail);
    let changed = (!changed.is_empty()).then(|| diff(changed));
    view! {
        <tr id=format!("entry-{}", item.number) class:altered=altered>
            <td class="audit-when">{time(item.at)}</td>
            <td class="audit-who"><bdi>{capital(&who(item.actor, item.actor_name.as_deref()))}</bdi></td>
            <td class="audit-what">
                <p>
                    <strong>{what(&item.action, &item.detail)}</strong>
                    {altered.then(|| view! { <span class="badge bad">"Altered"</span> })}
                </p>
                {changed}
                {details(log, item)}
            </td>
            <td class="audit-about">{about(log, item)}</td>
            <td class="audit-from">
                {item.address.clone().map(|address| view! { <bdi translate="no">{address}</bdi> })}
            </td>
        </tr>
    }
    .into_any()
}

/// The key, the client or the person that the entry is about.
fn about(log: &AuditLog, item: &AuditItem) -> Option<AnyView> {
    if item.action == Action::CeilingSet.as_str() {
        let client = told_name(item).map(|name| view! { <bdi translate="no">{name}</bdi> });
        return Some(match client {
            Some(client) => view! { {client} {badge(item.detail["environment"] == "test")} }.into_any(),
            None => "The installation".into_any(),
        });
    }
    if let Some(key) = item.key_id {
        let name = match &item.client_name {
            Some(name) => view! {
                <a href=format!("/keys/{key}") rel="external"><bdi translate="no">{name.clone()}</bdi></a>
            }
            .into_any(),
            // What was deleted long ago has its name in the entry that made it alone.
            None => view! { <span class="faint">{told_name(item).unwrap_or_else(|| "A purged key".to_owned())}</span> }
                .into_any(),
        };
        return Some(view! { {name} {badge(item.environment == Some(Environment::Test))} }.into_any());
    }
    let id = item.detail["id"].as_str().or(item.detail["administrator"].as_str())?;
    let (_, name) = log.people.iter().find(|(known, _)| known.to_string() == id)?;
    Some(view! { <bdi>{name.clone()}</bdi> }.into_any())
}

fn badge(test: bool) -> Option<AnyView> {
    test.then(|| view! { " " <span class="badge test">"Test"</span> }.into_any())
}

fn told_name(item: &AuditItem) -> Option<String> {
    item.detail["client_name"].as_str().map(str::to_owned)
}

fn diff(changes: Vec<Difference>) -> AnyView {
    let rows = changes.into_iter().map(|Difference { label, from, to }| {
        let before = from.map(|from| view! { <del><bdi translate="no">{from}</bdi></del> " → " });
        view! { <dt>{label}</dt><dd>{before} <ins><bdi translate="no">{to}</bdi></ins></dd> }
    });
    view! { <dl class="changes">{rows.collect_view()}</dl> }.into_any()
}

/// What hardly anybody asks for, and an auditor does.
fn details(log: &AuditLog, item: &AuditItem) -> AnyView {
    let new = given(&item.action, &item.detail);
    let plain = |label: &'static str, value: Option<String>| {
        value.map(|value| view! { <dt>{label}</dt><dd><code translate="no">{value}</code></dd> })
    };
    let only = |label: &'static str, filter: Filter| {
        let clean = Filter { cursor: String::new(), ..filter };
        view! { <a href=clean.address() rel="external">{label}</a> }
    };
    let actor = match item.actor {
        Actor::System => Some("system".to_owned()),
        Actor::Operator => Some("operator".to_owned()),
        Actor::Bearer => Some("bearer".to_owned()),
        other => id_of(other),
    };
    let detail = (item.detail.as_object().is_none_or(|detail| !detail.is_empty()))
        .then(|| serde_json::to_string_pretty(&item.detail).unwrap_or_default());
    view! {
        <details>
            <summary>"Details"</summary>
            {(!new.is_empty()).then(|| diff(new))}
            <dl class="changes">
                {plain("Entry", Some(item.number.to_string()))}
                {plain("Instant", Some(item.at.to_string()))}
                {plain("Action", Some(item.action.clone()))}
                {plain("Actor", id_of(item.actor))}
                {plain("Key", item.key_id.map(|id| id.to_string()))}
                {plain("Request", item.request_id.map(|id| id.to_string()))}
                {plain("Program", item.user_agent.clone())}
            </dl>
            {detail.map(|text| view! { <pre translate="no"><code>{text}</code></pre> })}
            <p class="audit-only">
                "Show only: "
                {actor.map(|actor| only("by the same", Filter { actor, ..log.filter.clone() }))}
                " "
                {only("of this kind", Filter { action: item.action.clone(), ..log.filter.clone() })}
                " "
                {item.key_id.map(|key| only("about this key", Filter { key: key.to_string(), ..log.filter.clone() }))}
            </p>
        </details>
    }
    .into_any()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
