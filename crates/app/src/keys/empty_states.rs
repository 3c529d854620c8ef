//! The notices in place of rows: each says why there are none, and what to do.

use leptos::prelude::*;
use model::KeyError;

use super::state::KeysState;
use crate::{
    ApiError,
    ui::{Glyph, Icon},
};

#[component]
fn EmptyList(glyph: Glyph, title: String, #[prop(optional)] unavailable: bool, children: Children) -> impl IntoView {
    view! {
        <div class="empty empty-list" class:unavailable=unavailable role="status">
            <Icon glyph/>
            <h2>{title}</h2>
            {children()}
        </div>
    }
}

/// Below the rows: nothing matches, nothing was deleted, or there is no key but the default one.
pub(super) fn after_rows(state: KeysState) -> Option<AnyView> {
    if state.rows.with(|rows| rows.iter().any(|row| !row.default)) {
        return None;
    }
    let filter = state.filter.get();
    let search = filter.search.trim().to_owned();
    if !search.is_empty() && state.rows.with(Vec::is_empty) {
        let title = format!("No API keys match \"{search}\"");
        return Some(
            view! {
                <EmptyList glyph=Glyph::Search title>
                    <p>"Check the spelling, or search for a part of the Client Name."</p>
                    <p>
                        <a href="/keys">"Show all keys"</a>
                    </p>
                </EmptyList>
            }
            .into_any(),
        );
    }
    if filter.deleted() {
        return Some(
            view! {
                <EmptyList glyph=Glyph::Bin title="Nothing was deleted recently".to_owned()>
                    <p>"A deleted key can be restored here for 30 days."</p>
                    <p>
                        <a href="/keys">"Show all keys"</a>
                    </p>
                </EmptyList>
            }
            .into_any(),
        );
    }
    if filter.narrows() {
        return state.rows.with(Vec::is_empty).then(|| {
            view! {
                <EmptyList glyph=Glyph::Search title="Nothing matches these filters".to_owned()>
                    <p>
                        <a href="/keys">"Show all keys"</a>
                    </p>
                </EmptyList>
            }
            .into_any()
        });
    }
    Some(
        view! {
            <EmptyList glyph=Glyph::Key title="No client has a key yet".to_owned()>
                <p>"Add one for each system that calls your contact centre, so that you can tell them apart and stop one without the others."</p>
            </EmptyList>
        }
        .into_any(),
    )
}

/// In place of the rows.
#[component]
pub(super) fn Failed(error: ApiError) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let again = move |submit: leptos::ev::SubmitEvent| {
        submit.prevent_default();
        state.refresh();
    };
    if matches!(error, ApiError::Key(KeyError::ModuleUnavailable { .. })) {
        return view! {
            <EmptyList glyph=Glyph::Warning title="Not available".to_owned() unavailable=true>
                <p>{error.to_string()}</p>
            </EmptyList>
        }
        .into_any();
    }
    let fields = state.filter.get_untracked().pairs();
    view! {
        <EmptyList glyph=Glyph::Problem title="The list could not be loaded".to_owned()>
            <p>{error.to_string()}</p>
            <form method="get" action="/keys" on:submit=again>
                {fields
                    .into_iter()
                    .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
                    .collect_view()}
                <button type="submit" class="button">"Try again"</button>
            </form>
        </EmptyList>
    }
    .into_any()
}

/// While the first rows are on their way to a page that is already there.
#[component]
pub(super) fn Loading() -> impl IntoView {
    view! {
        <div class="loading" role="status">
            <span class="unseen">"Loading API keys"</span>
            {(0..8).map(|_| view! { <div class="bone"></div> }).collect_view()}
        </div>
    }
}
