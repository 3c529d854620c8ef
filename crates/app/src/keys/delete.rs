use leptos::{ev::SubmitEvent, prelude::*};
use model::Selection;

use super::{
    add::{CancelButton, sentence},
    api::{delete_keys, get_impact, switch_keys},
    connection::{Asker, Outcome},
    draft::Draft,
    impact::impact_view,
    posted::Posted,
    reconnect::Away,
    state::KeysState,
    stop::{Done, Stop, Undo},
};
use crate::{
    ApiError,
    ui::{Dialog, DialogHandle, Notice, Tone, live, token_field},
    web::{ServerResource, own},
};

/// Asks before keys are deleted or disabled, and says what will stop working.
#[component]
pub(super) fn StopDialog(stop: Stop, selection: Selection) -> impl IntoView {
    let state = expect_context::<KeysState>();
    view! {
        <Dialog id="stop" title=stop.title() alert=true closed=move || state.open.set(None)>
            <Form stop selection/>
        </Dialog>
    }
}

#[component]
fn Form(stop: Stop, selection: Selection) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let dialog = expect_context::<DialogHandle>();
    let problem = RwSignal::new(use_context::<Posted>().and_then(|posted| posted.error));
    let busy = RwSignal::new(false);
    let single = match &selection {
        Selection::Ids(ids) => ids.first().filter(|_| ids.len() == 1).copied(),
        Selection::Matching { .. } => None,
    };
    // How many keys the person was told. Nothing is stopped before they were; without scripts it comes with the page.
    let shown = RwSignal::new(None::<u64>);
    // Looked up again each time that this moves.
    let looks = RwSignal::new(0_u32);
    let nothing = move || stop == Stop::Disable && shown.get() == Some(0);
    let waits = move || busy.get() || (shown.with(Option::is_none) && state.now.with(Option::is_some));
    let (asker, draft) = (Asker::here(state.connection), Draft::new());
    let looked_up = selection.clone();
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let Some(told) = shown.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        let token = draft.token(&Vec::new());
        let (selection, asked) = (selection.clone(), selection.clone());
        busy.set(true);
        leptos::task::spawn_local(async move {
            let made = match stop {
                Stop::Delete => {
                    let made = state.connection.change(asker, token, |token| delete_keys(asked.clone(), token)).await;
                    made.map(Done::from)
                }
                Stop::Disable => {
                    let call = |token| switch_keys(asked.clone(), false, token);
                    state.connection.change(asker, token, call).await.map(|done| Done::switched(done, false))
                }
            };
            match made {
                Outcome::Answered(Ok(done)) => {
                    dialog.close();
                    tell(state, &selection, done, told);
                }
                Outcome::Answered(Err(error)) => {
                    busy.set(false);
                    problem.set(Some(error));
                }
                Outcome::Done(done) => tell(state, &selection, done, told),
                Outcome::Cancelled => {}
                Outcome::Unknown => state.tell_unknown(&stop.question(told)),
            }
        });
    };
    view! {
        <form class="form" method="post" action=own("/keys") on:submit=submit>
            <Away/>
            <input type="hidden" name="intent" value=stop.intent()/>
            {token_field()}
            {single.map(|id| view! { <input type="hidden" name="id" value=id.to_string()/> })}
            {live(move || {
                looks.track();
                view! { <Impact stop selection=looked_up.clone() shown looks/> }
            })}
            <div role="alert">
                {live(move || problem.get().map(|error| view! { <Notice tone=Tone::Bad>{sentence(&error)}</Notice> }))}
            </div>
            <div class="dialog-foot">
                <CancelButton dialog/>
                {live(move || {
                    (!nothing())
                        .then(|| {
                            view! {
                                <button
                                    type="submit"
                                    class="button primary danger"
                                    aria-disabled=Signal::derive(move || waits().then_some("true"))
                                >
                                    {stop.word()}
                                </button>
                            }
                        })
                })}
            </div>
        </form>
    }
}

/// Shows the list without what was stopped, and tells of it.
fn tell(state: KeysState, selection: &Selection, done: Done, shown: u64) {
    let deleted = matches!(done.undo, Undo::Delete(_)) && done.stopped.is_none();
    match selection {
        Selection::Ids(ids) if deleted => state.take(|id| ids.contains(id)),
        Selection::Matching { .. } if deleted => {
            state.take(|_| true);
            state.refresh();
        }
        _ => {
            state.clear_selection();
            state.refresh();
        }
    }
    state.tell(done, Some(shown));
}

/// Looks up what would stop, and says into `shown` how many keys the person is told of.
#[component]
fn Impact(stop: Stop, selection: Selection, shown: RwSignal<Option<u64>>, looks: RwSignal<u32>) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let asker = Asker::here(state.connection);
    let impact = ServerResource::new(move || {
        let selection = selection.clone();
        state.connection.ask_for(asker, move || get_impact(selection.clone(), stop))
    });
    view! {
        <Suspense fallback=|| view! { <p class="faint">"Looking up what will stop working…"</p> }>
            {move || Suspend::new(async move {
                let impact = impact.get().await;
                shown.try_set(impact.as_ref().ok().map(|impact| impact.keys));
                match impact {
                    Ok(impact) => impact_view(stop, impact),
                    Err(error) => view! { <NotLookedUp error looks/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

/// Without knowing what stops nothing is stopped.
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
