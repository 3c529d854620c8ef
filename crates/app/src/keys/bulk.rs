use leptos::prelude::*;

use super::{filter::Filter, open::Open, state::KeysState};
use crate::ui::{Glyph, Icon, count, live};

/// How many keys there are; or, while some are selected, what can be done with them.
#[component]
pub(super) fn Summary() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let selected = Memo::new(move |_| state.count_selected());
    view! {
        <div class="summary">
            {live(move || match selected.get() {
                0 => view! { <p class="faint">{total(state)}</p> }.into_any(),
                selected => view! { <Bar selected/> }.into_any(),
            })}
        </div>
    }
}

fn total(state: KeysState) -> String {
    let (total, at_least) = (state.total.get(), state.at_least.get());
    let plus = if at_least { "+" } else { "" };
    let what = if state.filter.with(Filter::deleted) { "deleted API " } else { "API " };
    let keys = if total == 1 { "key" } else { "keys" };
    format!("{}{plus} {what}{keys}", count(total))
}

#[component]
fn Bar(selected: u64) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let plus = if state.all.get() && state.at_least.get() { "+" } else { "" };
    // The loaded keys may be fewer than those that match; where the two differ, the person chooses.
    let offer = move || {
        let loaded = state.rows.with(|rows| rows.iter().filter(|row| !row.default).count()) as u64;
        let more = state.next.with(Option::is_some);
        (more && !state.all.get() && selected >= loaded).then(|| {
            let total =
                state.total.get() - u64::from(state.rows.with(|rows| rows.first().is_some_and(|row| row.default)));
            let plus = if state.at_least.get() { "+" } else { "" };
            let text = format!("Select all {}{plus} keys that match", count(total));
            view! {
                <button type="button" class="button small" on:click=move |_| state.all.set(true)>
                    {text}
                </button>
            }
        })
    };
    view! {
        <div class="bulk" role="group" aria-label="Selection">
            <p class="bulk-count">{format!("{}{plus} selected", count(selected))}</p>
            <button
                type="button"
                class="button small danger"
                on:click=move |_| state.open.set(Some(Open::Delete(state.selection())))
            >
                <Icon glyph=Glyph::Bin/>
                "Delete selected"
            </button>
            <button type="button" class="button small" on:click=move |_| state.switch(state.selection(), false)>
                "Disable selected"
            </button>
            <button type="button" class="button small" on:click=move |_| state.switch(state.selection(), true)>
                "Enable selected"
            </button>
            <button type="button" class="button small" on:click=move |_| state.clear_selection()>
                "Clear selection"
            </button>
            {offer}
        </div>
    }
}
