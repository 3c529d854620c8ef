use domain::{History, HistoryEntry};
use leptos::prelude::*;
use model::{Action, Actor, Quota, Quotas, RateLimit, RateLimits};
use serde::Deserialize as _;
use serde_json::Value;

use super::details::KeyDetails;
use crate::ui::{
    key_settings::TEXT_SETTINGS,
    labels::{end_text, time},
};

/// What was done to a key, newest first, with a link to the rest.
pub(super) fn history(page: &KeyDetails) -> AnyView {
    let address = format!("/keys/{}", page.key.id);
    let Some(History { entries, older }) = &page.history else { return ().into_any() };
    let older = older.map(|before| format!("{address}?before={before}#history"));
    view! {
        <section class="panel" aria-labelledby="history">
            <h2 id="history">"History"</h2>
            {page.earlier.then(|| view! { <p><a href=format!("{address}#history")>"Show the newest"</a></p> })}
            <ol class="history">{entries.iter().map(entry).collect_view()}</ol>
            {older.map(|href| view! { <p><a href=href>"Show older"</a></p> })}
        </section>
    }
    .into_any()
}

fn entry(entry: &HistoryEntry) -> AnyView {
    let changes = changes(entry);
    view! {
        <li>
            <p>
                <span class="history-what">{what(entry)}</span>
                " by " <bdi translate="no">{who(entry)}</bdi>
                {entry.address.clone().map(|address| view! { " from " <bdi translate="no">{address}</bdi> })}
            </p>
            <p class="faint">{time(entry.at)}</p>
            {(!changes.is_empty())
                .then(|| {
                    view! {
                        <dl class="changes">
                            {changes
                                .into_iter()
                                .map(|(label, from, to)| {
                                    view! {
                                        <dt>{label}</dt>
                                        <dd><bdi translate="no">{from}</bdi> " → " <bdi translate="no">{to}</bdi></dd>
                                    }
                                })
                                .collect_view()}
                        </dl>
                    }
                })}
        </li>
    }
    .into_any()
}

fn who(entry: &HistoryEntry) -> String {
    match (entry.actor, &entry.name) {
        (Actor::Administrator { .. }, Some(name)) => name.clone(),
        (Actor::Administrator { .. }, None) => "an administrator".to_owned(),
        (Actor::Key { .. }, Some(name)) => format!("the API key of {name}"),
        (Actor::Key { .. }, None) => "an API key".to_owned(),
        (Actor::Operator, _) => "the operator".to_owned(),
        (Actor::System, _) => "Keydesk".to_owned(),
        (Actor::Bearer, _) => "whoever had the link".to_owned(),
    }
}

fn what(entry: &HistoryEntry) -> String {
    let overlap = entry.detail["overlap_seconds"].as_u64();
    match entry.action {
        Action::KeyIssue if entry.detail["enabled"] == false => "Created, and disabled".to_owned(),
        Action::KeyIssue => "Created".to_owned(),
        Action::KeyRename => "Renamed".to_owned(),
        Action::KeyUpdate if alone(entry, "notes") => "Notes changed".to_owned(),
        Action::KeyUpdate if alone(entry, "owner_email") => "Owner's email changed".to_owned(),
        Action::KeyUpdate => "Changed".to_owned(),
        Action::KeyDisable => "Disabled".to_owned(),
        Action::KeyEnable => "Enabled".to_owned(),
        Action::KeyRotate => match overlap {
            Some(seconds @ 1..) => format!("Rotated with an overlap of {}", span(seconds)),
            _ => "Rotated without overlap".to_owned(),
        },
        Action::KeyEndOverlap => "Overlap ended".to_owned(),
        Action::HandoverCreate => "Hand-over link created".to_owned(),
        Action::HandoverWithdraw => "Hand-over link withdrawn".to_owned(),
        Action::HandoverOpen => "Hand-over link opened".to_owned(),
        Action::KeyDelete => "Deleted".to_owned(),
        Action::KeyRestore => "Restored".to_owned(),
        Action::KeyReveal => "Key shown".to_owned(),
        other => other.as_str().to_owned(),
    }
}

/// Whether this setting, of which only the change is told, was changed and no other.
fn alone(entry: &HistoryEntry, name: &str) -> bool {
    let told = entry.detail.get(name).is_some_and(|detail| detail.get("changed").is_some());
    told && entry.detail.as_object().is_some_and(|all| all.len() == 1)
}

fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Each setting that was changed, before and after.
fn changes(entry: &HistoryEntry) -> Vec<(&'static str, String, String)> {
    let pair = |detail: &Value| Some((text(detail.get("from")?), text(detail.get("to")?)));
    match entry.action {
        Action::KeyRename => pair(&entry.detail).map(|(from, to)| ("Client Name", from, to)).into_iter().collect(),
        Action::KeyUpdate => {
            let settings = entry.detail.as_object().into_iter().flatten();
            let told = |(name, detail): (&String, &Value)| {
                let (from, to) = limits(name, detail).or_else(|| pair(detail))?;
                Some((label(name), from, to))
            };
            settings.filter_map(told).collect()
        }
        _ => Vec::new(),
    }
}

/// Limits before and after, in words; `None`: another setting, or limits of a newer release.
fn limits(name: &str, detail: &Value) -> Option<(String, String)> {
    let words = |value: &Value| -> Option<String> {
        let each: Vec<String> = match name {
            "rate_limits" => RateLimits::deserialize(value).ok()?.iter().map(RateLimit::words).collect(),
            "quotas" => Quotas::deserialize(value).ok()?.iter().map(Quota::words).collect(),
            _ => return None,
        };
        Some(if each.is_empty() { "none".to_owned() } else { each.join("; ") })
    };
    Some((words(detail.get("from")?)?, words(detail.get("to")?)?))
}

fn label(name: &str) -> &'static str {
    match name {
        "client_name" => "Client Name",
        "preset" => "Preset",
        "scopes" => "Scopes",
        "expires_at" => "Expires",
        "enabled" => "State",
        "rate_limits" => "Rate limits",
        "quotas" => "Quotas",
        other => TEXT_SETTINGS.iter().find(|setting| setting.name == other).map_or("Setting", |setting| setting.label),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(enabled) => if *enabled { "Enabled" } else { "Disabled" }.to_owned(),
        Value::String(text) => match text.parse() {
            // The one setting that is an instant is when the key ends.
            Ok(at) => end_text(at),
            Err(_) => text.clone(),
        },
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(pairs) if pairs.is_empty() => "none".to_owned(),
        Value::Object(pairs) => {
            pairs.iter().map(|(name, value)| format!("{name}: {}", text(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}
