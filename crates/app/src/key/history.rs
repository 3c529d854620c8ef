use domain::{History, HistoryEntry};
use leptos::prelude::*;

use super::details::{ActivityDetails, KeyDetails};
use crate::ui::{
    labels::time,
    told::{Difference, differences, what, who},
};

/// What was done to a key, newest first: by whom, from where and when, with a link to the rest.
pub(super) fn history(page: &KeyDetails, of: &ActivityDetails) -> AnyView {
    let address = page.address();
    let Some(History { entries, older }) = &of.history else { return ().into_any() };
    let sign = if address.contains('?') { '&' } else { '?' };
    let older = older.map(|before| format!("{address}{sign}before={before}#history"));
    view! {
        <section class="panel" aria-labelledby="history">
            <h2 id="history">"History"</h2>
            {of.earlier.then(|| view! { <p><a href=format!("{address}#history")>"Show the newest"</a></p> })}
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
