use domain::{History, HistoryEntry};
use leptos::prelude::*;

use super::details::KeyDetails;
use crate::ui::{
    labels::time,
    told::{Difference, differences, what, who},
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
    let changes = differences(entry.action.as_str(), &entry.detail);
    view! {
        <li>
            <p>
                <span class="history-what">{what(entry.action.as_str(), &entry.detail)}</span>
                " by " <bdi translate="no">{who(entry.actor, entry.name.as_deref())}</bdi>
                {entry.address.clone().map(|address| view! { " from " <bdi translate="no">{address}</bdi> })}
            </p>
            <p class="faint">{time(entry.at)}</p>
            {(!changes.is_empty())
                .then(|| {
                    view! {
                        <dl class="changes">
                            {changes
                                .into_iter()
                                .map(|Difference { label, from, to }| {
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
