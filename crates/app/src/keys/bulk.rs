use std::time::Duration;

use leptos::prelude::*;

use super::{debounce::Debounce, filter::Filter, labels, open::Open, state::KeysState, stop::Stop};
use crate::ui::{Glyph, Icon, count, live};

/// A selection that still grows is not announced.
const SETTLED: Duration = Duration::from_millis(500);

/// How many keys there are; or, while some are selected, what can be done with them.
#[component]
pub(super) fn Summary() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let selected = Memo::new(move |_| state.count_selected());
    // The buttons stay as they are while the number changes, and so does the focus on one of them.
    let any = Memo::new(move |_| selected.get() > 0);
    announce(state, selected);
    view! {
        <div class="summary">
            {live(move || {
                if any.get() {
                    view! { <Bar selected/> }.into_any()
                } else {
                    view! { <p class="faint">{live(move || total(state))}{loading(state)}</p> }.into_any()
                }
            })}
        </div>
    }
}

/// Tells screen readers how many keys are selected.
fn announce(state: KeysState, number: Memo<u64>) {
    let pause = Debounce::new();
    Effect::new(move |before: Option<u64>| {
        let now = number.get();
        if before.is_some_and(|before| before != now) {
            let text =
                if now == 0 { "Selection cleared".to_owned() } else { format!("{} selected", labels::keys(now)) };
            pause.after(SETTLED, move || state.announce(text));
        }
        now
    });
}

/// Says how far a long list is loaded, while whoever asked for its end waits.
fn loading(state: KeysState) -> impl IntoView {
    live(move || {
        let loaded = state.rows.with(Vec::len);
        let far = state.loading.get() && state.start.get() + state.count.get() > loaded;
        far.then(|| format!(" · {} loaded", count(loaded as u64)))
    })
}

fn total(state: KeysState) -> String {
    let (total, at_least) = (state.total.get(), state.at_least.get());
    let plus = if at_least { "+" } else { "" };
    let what = if state.filter.with(Filter::deleted) { "deleted API " } else { "API " };
    let keys = if total == 1 { "key" } else { "keys" };
    format!("{}{plus} {what}{keys}", count(total))
}

#[component]
fn Bar(selected: Memo<u64>) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let plus = move || if state.at_least.get() { "+" } else { "" };
    let number = move || {
        let plus = if state.all.get() { plus() } else { "" };
        format!("{}{plus} selected", count(selected.get()))
    };
    // The loaded keys may be fewer than those that match; where the two differ, the person chooses.
    let offered = Memo::new(move |_| {
        let every = state.every.get() || selected.get() >= state.selectable_loaded() as u64;
        every && !state.all.get() && state.next.with(Option::is_some)
    });
    let offer = move || {
        offered.get().then(|| {
            let text = move || format!("Select all {}{} keys that match", count(state.selectable_total()), plus());
            view! {
                <button type="button" class="button small" on:click=move |_| state.all.set(true)>
                    {live(text)}
                </button>
            }
        })
    };
    let stop = move |stop| state.open.set(Some(Open::Stop(stop, state.selection())));
    view! {
        <div class="bulk" role="group" aria-label="Selection">
            <p class="bulk-count">{live(number)}</p>
            <button type="button" class="button small danger" on:click=move |_| stop(Stop::Delete)>
                <Icon glyph=Glyph::Bin/>
                "Delete selected"
            </button>
            <button type="button" class="button small" on:click=move |_| stop(Stop::Disable)>
                "Disable selected"
            </button>
            <button type="button" class="button small" on:click=move |_| state.enable(state.selection())>
                "Enable selected"
            </button>
            <button type="button" class="button small" on:click=move |_| state.clear_selection()>
                "Clear selection"
            </button>
            {live(offer)}
        </div>
    }
}
