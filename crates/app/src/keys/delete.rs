use leptos::{ev::SubmitEvent, prelude::*};
use model::Selection;

use super::{
    add::{CancelButton, sentence},
    api::{delete_keys, get_impact, switch_keys},
    impact::impact_view,
    posted::Posted,
    reconnect::Away,
    state::KeysState,
    stop::{Done, Stop, Undo},
};
use crate::{
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
    let selection = StoredValue::new(selection);
    let impact = ServerResource::new(move || state.connection.ask(move || get_impact(selection.get_value(), stop)));
    // How many keys the person was told. Nothing is stopped before they were; without scripts it comes with the page.
    let shown = RwSignal::new(None::<u64>);
    let nothing = move || stop == Stop::Disable && shown.get() == Some(0);
    let waits = move || busy.get() || (shown.with(Option::is_none) && state.now.with(Option::is_some));
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let Some(told) = shown.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        let selected = selection.get_value();
        busy.set(true);
        leptos::task::spawn_local(async move {
            let asked = || selected.clone();
            let answer = match stop {
                Stop::Delete => state.connection.ask(|| delete_keys(asked())).await.map(Done::from),
                Stop::Disable => {
                    let answer = state.connection.ask(|| switch_keys(asked(), false)).await;
                    answer.map(|done| Done::switched(done, false))
                }
            };
            busy.set(false);
            match answer {
                Ok(done) => {
                    dialog.close();
                    tell(state, &selected, done, told);
                }
                Err(error) => problem.set(Some(error)),
            }
        });
    };
    view! {
        <form class="form" method="post" action=own("/keys") on:submit=submit>
            <Away/>
            <input type="hidden" name="intent" value=stop.intent()/>
            {token_field()}
            {single.map(|id| view! { <input type="hidden" name="id" value=id.to_string()/> })}
            <Suspense fallback=|| view! { <p class="faint">"Looking up what will stop working…"</p> }>
                {move || Suspend::new(async move {
                    let impact = impact.get().await;
                    shown.set(impact.as_ref().ok().map(|impact| impact.keys));
                    impact_view(stop, impact)
                })}
            </Suspense>
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
