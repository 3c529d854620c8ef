use leptos::{ev::SubmitEvent, prelude::*};
use model::Selection;

use super::{
    add::{CancelButton, sentence},
    api::{delete_keys, get_impact, switch_keys},
    posted::Posted,
    reconnect::Away,
    state::KeysState,
    stop::{Done, Stop, impact_view},
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
    // Until it is known what stops there is nothing to agree to. Without scripts it comes with the page.
    let looked_up = RwSignal::new(false);
    // How many keys the person was told.
    let shown = RwSignal::new(None);
    let nothing = move || stop == Stop::Disable && shown.get() == Some(0);
    let waits = move || busy.get() || (state.now.with(Option::is_some) && !looked_up.get());
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        if untrack(waits) {
            return;
        }
        busy.set(true);
        leptos::task::spawn_local(async move {
            let answer = match stop {
                Stop::Delete => state.connection.ask(move || delete_keys(selection.get_value())).await.map(Done::from),
                Stop::Disable => {
                    let answer = state.connection.ask(move || switch_keys(selection.get_value(), false)).await;
                    answer.map(|done| Done::switched(done, false))
                }
            };
            busy.set(false);
            match answer {
                Ok(done) => {
                    match selection.get_value() {
                        Selection::Ids(ids) if stop == Stop::Delete && done.stopped.is_none() => {
                            state.take(|id| ids.contains(id));
                        }
                        Selection::Matching { .. } if stop == Stop::Delete && done.stopped.is_none() => {
                            state.take(|_| true);
                            state.refresh();
                        }
                        _ => {
                            state.clear_selection();
                            state.refresh();
                        }
                    }
                    dialog.close();
                    state.tell(done, shown.get_untracked());
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
                    shown.set(impact.as_ref().ok().map(|impact| impact.keys));
                    looked_up.set(true);
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
