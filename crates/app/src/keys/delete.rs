use leptos::{ev::SubmitEvent, prelude::*};
use model::{Deleted, Selection};

use super::{
    add::{CancelButton, sentence},
    api::{DeletionImpact, delete_keys, get_deletion_impact},
    labels::keys,
    posted::Posted,
    reconnect::Away,
    state::KeysState,
    time::{Time, Written},
};
use crate::{
    ApiError,
    ui::{Dialog, DialogHandle, Notice, Tone, count, live, token_field},
    web::{ServerResource, own},
};

/// Asks before keys are deleted, and says what will stop working.
#[component]
pub(super) fn DeleteDialog(selection: Selection) -> impl IntoView {
    let state = expect_context::<KeysState>();
    view! {
        <Dialog id="delete" title="Delete API keys" alert=true closed=move || state.open.set(None)>
            <Form selection/>
        </Dialog>
    }
}

#[component]
fn Form(selection: Selection) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let dialog = expect_context::<DialogHandle>();
    let problem = RwSignal::new(use_context::<Posted>().and_then(|posted| posted.error));
    let busy = RwSignal::new(false);
    let single = match &selection {
        Selection::Ids(ids) => ids.first().filter(|_| ids.len() == 1).copied(),
        Selection::Matching { .. } => None,
    };
    let selection = StoredValue::new(selection);
    let impact = ServerResource::new(move || state.connection.ask(move || get_deletion_impact(selection.get_value())));
    // How many keys the person was told.
    let shown = StoredValue::new(None);
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        leptos::task::spawn_local(async move {
            let answer = state.connection.ask(move || delete_keys(selection.get_value())).await;
            busy.set(false);
            match answer {
                Ok(deleted) => {
                    let whole = selection.with_value(|selection| matches!(selection, Selection::Matching { .. }));
                    if deleted.stopped.is_none() {
                        match selection.get_value() {
                            Selection::Ids(ids) => state.take(|id| ids.contains(id)),
                            Selection::Matching { .. } => state.take(|_| true),
                        }
                    }
                    if whole || deleted.stopped.is_some() {
                        state.clear_selection();
                        state.refresh();
                    }
                    dialog.close();
                    state.notify(outcome(&deleted, shown.get_value()), deleted.changes);
                }
                Err(error) => problem.set(Some(error)),
            }
        });
    };
    view! {
        <form class="form" method="post" action=own("/keys") on:submit=submit>
            <Away/>
            <input type="hidden" name="intent" value="delete"/>
            {token_field()}
            {single.map(|id| view! { <input type="hidden" name="id" value=id.to_string()/> })}
            <Suspense fallback=|| view! { <p class="faint">"Looking up what will stop working…"</p> }>
                {move || Suspend::new(async move {
                    let impact = impact.get().await;
                    shown.set_value(impact.as_ref().ok().map(|impact| impact.keys));
                    impact_view(impact)
                })}
            </Suspense>
            <div role="alert">
                {live(move || problem.get().map(|error| view! { <Notice tone=Tone::Bad>{sentence(&error)}</Notice> }))}
            </div>
            <div class="dialog-foot">
                <CancelButton dialog/>
                <button
                    type="submit"
                    class="button primary danger"
                    aria-disabled=Signal::derive(move || busy.get().then_some("true"))
                >
                    "Delete"
                </button>
            </div>
        </form>
    }
}

fn impact_view(impact: Result<DeletionImpact, ApiError>) -> AnyView {
    let DeletionImpact { keys: number, names, calls, at_least, used } = match impact {
        Ok(impact) => impact,
        Err(error) => return view! { <Notice tone=Tone::Bad>{sentence(&error)}</Notice> }.into_any(),
    };
    let others = number.saturating_sub(names.len() as u64);
    let heading = format!("{} will stop working at once:", keys(number));
    view! {
        <p>{heading}</p>
        <ul class="named">
            {names.into_iter().map(|name| view! { <li><bdi>{name}</bdi></li> }).collect_view()}
            {(others > 0).then(|| view! { <li class="faint">{format!("and {} more", count(others))}</li> })}
        </ul>
        <dl class="facts">
            <dt>"Calls in the last 30 days"</dt>
            <dd>{if at_least { format!("At least {}", count(calls)) } else { count(calls) }}</dd>
            <dt>"Last used"</dt>
            <dd>
                {match used {
                    Some(ms) => view! { <Time ms written=Written::Ago/> }.into_any(),
                    None => "Never".into_any(),
                }}
            </dd>
        </dl>
        <p class="faint">"Deleted keys can be restored for 30 days."</p>
    }
    .into_any()
}

/// The outcome, where it differs from what was shown before.
fn outcome(deleted: &Deleted, shown: Option<u64>) -> String {
    let done = format!("Deleted {}", keys(deleted.deleted));
    let all = shown.unwrap_or(deleted.deleted + deleted.skipped);
    let left = all.saturating_sub(deleted.deleted);
    match &deleted.stopped {
        Some(error) if left > 0 => format!("{done}, but not the other {}: {error}", count(left)),
        Some(error) => format!("{done}, but perhaps not all: {error}"),
        None if left > 0 => format!("{done}. {} of those shown had already been deleted or changed", count(left)),
        None if deleted.deleted > all => {
            format!("{done}, {} more than were shown because others were added meanwhile", count(deleted.deleted - all))
        }
        None => done,
    }
}

#[cfg(test)]
mod tests {
    use model::KeyError;

    use super::*;

    #[test]
    fn the_message_says_where_the_outcome_differs_from_what_was_shown() {
        let stopped = Some(KeyError::Unavailable);
        for (deleted, skipped, stopped, shown, expected) in [
            (3, 0, None, Some(3), "Deleted 3 API keys"),
            (3, 0, None, None, "Deleted 3 API keys"),
            (1, 1, None, Some(2), "Deleted 1 API key. 1 of those shown had already been deleted or changed"),
            (
                1_002,
                0,
                None,
                Some(1_000),
                "Deleted 1,002 API keys, 2 more than were shown because others were added meanwhile",
            ),
            (
                2_000,
                0,
                stopped.clone(),
                Some(5_000),
                "Deleted 2,000 API keys, but not the other 3,000: Keydesk can't answer right now. Please try again.",
            ),
            (
                2_000,
                0,
                stopped,
                None,
                "Deleted 2,000 API keys, but perhaps not all: Keydesk can't answer right now. Please try again.",
            ),
        ] {
            let deleted = Deleted { deleted, skipped, changes: Vec::new(), stopped };
            assert_eq!(outcome(&deleted, shown), expected);
        }
    }
}
