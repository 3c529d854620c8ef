//! Whose is this key? The answer stands below the search, and the key itself nowhere.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};
use model::{KeyStatus, Selection};

use super::{
    api::restore_key,
    dom,
    filter::Filter,
    key_lookup::KeyLookup,
    key_row::KeyRow,
    open::Open,
    state::KeysState,
    stop::Stop,
    time::{Time, Written},
};
use crate::{
    ApiError,
    ui::{Glyph, Icon, live},
};

/// What came of looking a key up; `None`: none was looked up, or the answer was put away.
pub(super) type Answer = RwSignal<Option<Result<KeyLookup, ApiError>>>;

/// The answer. The element itself is always there, so that what appears in it is announced.
#[component]
pub(super) fn LookupAnswer(answer: Answer) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let query = use_query_map();
    let of_address = Memo::new(move |_| query.with(|query| query.get_str("lookup").and_then(KeyLookup::of_address)));
    let navigate = StoredValue::new(use_navigate());
    let close = move || {
        answer.set(None);
        if of_address.with_untracked(Option::is_some) {
            let address = state.filter.get_untracked().address();
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate.with_value(|navigate| navigate(&address, options));
        }
        dom::focus("#search");
    };
    view! {
        <div class="lookup" role="status">
            {live(move || {
                answer.get().or_else(|| of_address.get().map(Ok)).map(|answer| shown(state, answer, close))
            })}
        </div>
    }
}

fn shown(state: KeysState, answer: Result<KeyLookup, ApiError>, close: impl Fn() + Copy + Send + 'static) -> AnyView {
    let body = match answer {
        Ok(KeyLookup::Found(row)) => found(state, *row, close),
        Ok(other) => view! { <p>{other.sentence()}</p> }.into_any(),
        Err(error) => view! { <p>{error.to_string()}</p> }.into_any(),
    };
    view! {
        <section class="lookup-answer" aria-label="Key lookup">
            {body}
            <a
                class="icon-button small"
                href=state.filter.with_untracked(Filter::address)
                aria-label="Close key lookup"
                title="Close"
                on:click=move |click| {
                    click.prevent_default();
                    close();
                }
            >
                <Icon glyph=Glyph::Cross/>
            </a>
        </section>
    }
    .into_any()
}

fn found(state: KeysState, row: KeyRow, close: impl Fn() + Copy + Send + 'static) -> AnyView {
    let id = row.id;
    let may_rotate = row.deleted.is_none() && state.may_have_secret(&row);
    let may_change = state.may_change.get_untracked() && !row.default;
    let disable = (may_change && row.status == KeyStatus::Active).then(|| {
        let disable = move |_| {
            close();
            state.open.set(Some(Open::Stop(Stop::Disable, Selection::Ids(vec![id]))));
        };
        view! { <button type="button" class="button small" on:click=disable>"Disable"</button> }
    });
    let restore = (may_change && row.deleted.is_some()).then(|| {
        let restore = move |_| {
            close();
            let token = dom::token();
            leptos::task::spawn_local(async move {
                match state.connection.ask(move || restore_key(id, token.clone())).await {
                    Ok(key) => {
                        state.refresh();
                        state.notify(format!("Restored the API key of {}", key.name), Vec::new());
                    }
                    Err(error) => state.notify(error.to_string(), Vec::new()),
                }
            });
        };
        view! { <button type="button" class="button small" on:click=restore>"Restore"</button> }
    });
    let life = match (row.deleted, row.status) {
        (Some(deleted), _) => view! { ", deleted on " <Time ms=deleted written=Written::Day/> }.into_any(),
        (None, KeyStatus::Disabled) => ", disabled".into_any(),
        (None, KeyStatus::Expired) => ", expired".into_any(),
        (None, _) => ", active".into_any(),
    };
    let used = match row.used {
        Some(used) => view! { ", last used " <Time ms=used written=Written::Ago/> }.into_any(),
        None if state.not_recorded.get_untracked() => ", use not recorded".into_any(),
        None => ", never used".into_any(),
    };
    view! {
        <p>
            <bdi class="lookup-name" translate="no">{row.name}</bdi>
            {life}
            {used}
        </p>
        <div class="lookup-actions">
            <a class="button small" href=format!("/keys/{id}") rel="external">"Open"</a>
            {may_rotate
                .then(|| {
                    let to = format!("/keys/{id}?open=rotate");
                    view! { <a class="button small" href=to rel="external">"Rotate"</a> }
                })}
            {disable}
            {restore}
        </div>
    }
    .into_any()
}
