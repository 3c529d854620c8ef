//! Who calls most, what is refused most, and which scopes are wanted most.

use std::cmp::Reverse;

use leptos::prelude::*;
use model::{ClientUsage, Code, Environment, RefusalCode, ScopeUsage, TopClients, UsageReport};

use super::{
    filter::{Filter, encoded},
    shown::Shown,
    words::{percent, remedy},
};
use crate::ui::{count, listed_as, outcome, table_scroll};

/// Scopes that are listed. The others are in the file.
const SCOPES: usize = 12;

/// The clients with the most calls.
pub(super) fn clients(shown: &Shown, top: &TopClients, report: &UsageReport) -> AnyView {
    let counted = (top.from != report.range.from()).then(|| {
        let words = |at| shown.zone.day_and_time_words(at);
        format!("Clients are counted by whole hours or days: here from {} to {}.", words(top.from), words(top.to))
    });
    let inexact = (!top.exact).then_some("Another client may have more calls than the last of these.");
    let table = view! {
        <table class="table numbers">
            <thead>
                <tr>
                    <th scope="col">"Client"</th>
                    <th scope="col">"Allowed"</th>
                    <th scope="col">"Refused"</th>
                    <th scope="col">"Refused share"</th>
                    <th scope="col">"Keys"</th>
                </tr>
            </thead>
            <tbody>{top.clients.iter().map(|of| client(shown, of)).collect_view()}</tbody>
        </table>
    };
    view! {
        <section class="panel" aria-labelledby="clients-title">
            <h2 id="clients-title">"Top clients"</h2>
            {notes([counted.as_deref(), inexact])}
            {table_scroll("Top clients", Some("clients-scroll"), table.into_any())}
        </section>
    }
    .into_any()
}

fn client(shown: &Shown, of: &ClientUsage) -> AnyView {
    let (name, environment) = (of.client_name.as_str().to_owned(), of.environment.as_str());
    let own = Filter { client: name.clone(), environment: environment.to_owned(), ..shown.filter.clone() };
    let keys = encoded("/keys", &[("search", &name), ("environment", environment)]);
    view! {
        <tr>
            <th scope="row">
                <a href=own.address() rel="external"><bdi translate="no">{name.clone()}</bdi></a>
                {(of.environment == Environment::Test).then(|| view! { " " <span class="badge test">"Test"</span> })}
            </th>
            <td>{count(of.allowed)}</td>
            <td>{count(of.refused)}</td>
            <td>{percent(of.refused, of.allowed.saturating_add(of.refused))}</td>
            <td>
                <a href=keys rel="external">"Keys" <span class="unseen">" of " <bdi translate="no">{name}</bdi></span></a>
            </td>
        </tr>
    }
    .into_any()
}

/// Why calls are refused, and what to do about it.
pub(super) fn refusals(shown: &Shown, report: &UsageReport) -> AnyView {
    let mut kinds: Vec<_> = report.counts.denied.iter().filter(|(_, calls)| **calls > 0).collect();
    kinds.sort_by_key(|(_, calls)| Reverse(**calls));
    let refused = report.counts.refused();
    let rows = kinds.into_iter().map(|(code, calls)| refusal(shown, *code, *calls, refused)).collect_view();
    view! {
        <section class="panel" aria-labelledby="refusals-title">
            <h2 id="refusals-title">"Top refusals"</h2>
            {if refused == 0 {
                view! { <p class="faint">"No call was refused."</p> }.into_any()
            } else {
                view! { <ul class="usage-refusals" aria-labelledby="refusals-title">{rows}</ul> }.into_any()
            }}
        </section>
    }
    .into_any()
}

fn refusal(shown: &Shown, code: Code, calls: u64, refused: u64) -> AnyView {
    let own = Filter { code: code.as_str().to_owned(), ..shown.filter.clone() };
    let Filter { client, key, .. } = &shown.filter;
    // Of two kinds that are counted as one both are listed.
    let kind = listed_as(code).map_or("", RefusalCode::as_str);
    let listed = encoded("/usage/refusals", &[("code", kind), ("client", client), ("key", key)]);
    let number = if calls == 1 { "1 call".to_owned() } else { format!("{} calls", count(calls)) };
    let number = format!("{number}, {} of the refused", percent(calls, refused));
    view! {
        <li>
            <p class="usage-refusal">
                <a href=own.address() rel="external">{outcome(code)}</a>
                <span>{number}</span>
            </p>
            <p>{remedy(code)}</p>
            <p>
                <a href=listed rel="external">
                    "Show the newest" <span class="unseen">" of the kind " {outcome(code)}</span>
                </a>
            </p>
        </li>
    }
    .into_any()
}

/// What calls wanted to do.
pub(super) fn scopes(shown: &Shown, scopes: &[ScopeUsage]) -> AnyView {
    let more = scopes.len().saturating_sub(SCOPES);
    let more = (more > 0).then(|| format!("{more} more are wanted less often."));
    let row = |of: &ScopeUsage| {
        let own = Filter { scope: of.scope.to_string(), ..shown.filter.clone() };
        view! {
            <tr>
                <th scope="row">
                    <a href=own.address() rel="external"><code translate="no">{of.scope.to_string()}</code></a>
                </th>
                <td>{count(of.counts.allowed)}</td>
                <td>{count(of.counts.refused())}</td>
            </tr>
        }
    };
    view! {
        <section class="panel" aria-labelledby="scopes-title">
            <h2 id="scopes-title">"Scopes"</h2>
            {notes([
                scopes.is_empty().then_some("No call of this time wanted a scope."),
                (!scopes.is_empty()).then_some("A call that wanted several counts for each."),
                more.as_deref(),
            ])}
            {(!scopes.is_empty())
                .then(|| {
                    let table = view! {
                        <table class="table numbers">
                            <thead>
                                <tr>
                                    <th scope="col">"Scope"</th>
                                    <th scope="col">"Allowed"</th>
                                    <th scope="col">"Refused"</th>
                                </tr>
                            </thead>
                            <tbody>{scopes.iter().take(SCOPES).map(row).collect_view()}</tbody>
                        </table>
                    };
                    table_scroll("Scopes", Some("scopes-scroll"), table.into_any())
                })}
        </section>
    }
    .into_any()
}

/// What is to be known of the numbers below.
fn notes<const N: usize>(notes: [Option<&str>; N]) -> Option<AnyView> {
    let text = notes.into_iter().flatten().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| view! { <p class="faint">{text}</p> }.into_any())
}
