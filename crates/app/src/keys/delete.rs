use leptos::{ev::SubmitEvent, prelude::*};
use model::{Deleted, Selection};

use super::{
    add::{CancelButton, sentence},
    api::{DeletionImpact, delete_keys, get_deletion_impact},
    connection::{Asker, Outcome},
    draft::Draft,
    labels::keys,
    posted::Posted,
    reconnect::Away,
    state::KeysState,
    time::{Time, Written},
};
use crate::{
    ApiError,
    ui::{Dialog, DialogHandle, Notice, Tone, count, live},
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
    // How many keys the person was told. Nothing is deleted before they were.
    let shown = RwSignal::new(None::<u64>);
    let (asker, draft) = (Asker::here(state.connection), Draft::new());
    let asked = selection.clone();
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let Some(told) = shown.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        let token = draft.token(&Vec::new());
        let (selection, asked) = (selection.clone(), selection.clone());
        busy.set(true);
        leptos::task::spawn_local(async move {
            let made = state.connection.change(asker, token, move |token| delete_keys(asked.clone(), token)).await;
            match made {
                Outcome::Answered(Ok(deleted)) => {
                    dialog.close();
                    tell(state, &selection, deleted, told);
                }
                Outcome::Answered(Err(error)) => {
                    busy.set(false);
                    problem.set(Some(error));
                }
                Outcome::Done(deleted) => tell(state, &selection, deleted, told),
                Outcome::Cancelled => {}
                Outcome::Unknown => state.tell_unknown(&format!("{} was deleted", keys(told))),
            }
        });
    };
    // Looked up again each time that this moves.
    let looks = RwSignal::new(0_u32);
    let waits = move || busy.get() || (shown.with(Option::is_none) && state.now.with(Option::is_some));
    view! {
        <form class="form" method="post" action=own("/keys") on:submit=submit>
            <Away/>
            <input type="hidden" name="intent" value="delete"/>
            {single.map(|id| view! { <input type="hidden" name="id" value=id.to_string()/> })}
            {live(move || {
                looks.track();
                view! { <Impact selection=asked.clone() shown looks/> }
            })}
            <div role="alert">
                {live(move || problem.get().map(|error| view! { <Notice tone=Tone::Bad>{sentence(&error)}</Notice> }))}
            </div>
            <div class="dialog-foot">
                <CancelButton dialog/>
                <button
                    type="submit"
                    class="button primary danger"
                    aria-disabled=Signal::derive(move || waits().then_some("true"))
                >
                    "Delete"
                </button>
            </div>
        </form>
    }
}

/// Takes the keys off the list, and tells of the deletion.
fn tell(state: KeysState, selection: &Selection, deleted: Deleted, shown: u64) {
    if deleted.stopped.is_none() {
        match selection {
            Selection::Ids(ids) => state.take(|id| ids.contains(id)),
            Selection::Matching { .. } => state.take(|_| true),
        }
    }
    if deleted.stopped.is_some() || matches!(selection, Selection::Matching { .. }) {
        state.clear_selection();
        state.refresh();
    }
    state.notify(outcome(&deleted, Some(shown)), deleted.changes);
}

/// Looks up what a deletion would stop, and says into `shown` how many keys the person is told of.
#[component]
fn Impact(selection: Selection, shown: RwSignal<Option<u64>>, looks: RwSignal<u32>) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let asker = Asker::here(state.connection);
    let impact = ServerResource::new(move || {
        let selection = selection.clone();
        state.connection.ask_for(asker, move || get_deletion_impact(selection.clone()))
    });
    view! {
        <Suspense fallback=|| view! { <p class="faint">"Looking up what will stop working…"</p> }>
            {move || Suspend::new(async move {
                let impact = impact.get().await;
                shown.try_set(impact.as_ref().ok().map(|impact| impact.keys));
                match impact {
                    Ok(impact) => impact_view(impact),
                    Err(error) => view! { <NotLookedUp error looks/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

/// Without knowing what stops nothing is deleted.
#[component]
fn NotLookedUp(error: ApiError, looks: RwSignal<u32>) -> impl IntoView {
    view! {
        <div role="alert">
            <Notice tone=Tone::Bad>"What will stop working could not be looked up. " {sentence(&error)}</Notice>
        </div>
        <p>
            <button type="button" class="button scripted" on:click=move |_| looks.update(|looks| *looks += 1)>
                "Look up again"
            </button>
        </p>
    }
}

fn impact_view(impact: DeletionImpact) -> AnyView {
    let DeletionImpact { keys: number, names, calls, at_least, used } = impact;
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
