use leptos::prelude::*;

use super::{address::Open, desk::Desk, words::count};
use crate::{
    api::Filter,
    components::{Glyph, Icon, live},
};

/// How many keys there are; or, while some are selected, what can be done with them.
#[component]
pub(super) fn Summary() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let selected = Memo::new(move |_| desk.count_selected());
    view! {
        <div class="summary">
            {live(move || match selected.get() {
                0 => view! { <p class="faint">{total(desk)}</p> }.into_any(),
                selected => view! { <Bar selected/> }.into_any(),
            })}
        </div>
    }
}

fn total(desk: Desk) -> String {
    let (total, at_least) = (desk.total.get(), desk.at_least.get());
    let plus = if at_least { "+" } else { "" };
    let what = if desk.filter.with(Filter::deleted) { "deleted API " } else { "API " };
    let keys = if total == 1 { "key" } else { "keys" };
    format!("{}{plus} {what}{keys}", count(total))
}

#[component]
fn Bar(selected: u64) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let plus = if desk.all.get() && desk.at_least.get() { "+" } else { "" };
    // Selecting what is loaded is not selecting what matches; where the two differ, the person says which.
    let offer = move || {
        let loaded = desk.rows.with(|rows| rows.iter().filter(|row| !row.default).count()) as u64;
        let more = desk.next.with(Option::is_some);
        (more && !desk.all.get() && selected >= loaded).then(|| {
            let total =
                desk.total.get() - u64::from(desk.rows.with(|rows| rows.first().is_some_and(|row| row.default)));
            let plus = if desk.at_least.get() { "+" } else { "" };
            let text = format!("Select all {}{plus} keys that match", count(total));
            view! {
                <button type="button" class="button small" on:click=move |_| desk.all.set(true)>
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
                on:click=move |_| desk.open.set(Some(Open::Delete(desk.selection())))
            >
                <Icon glyph=Glyph::Bin/>
                "Delete selected"
            </button>
            <button type="button" class="button small" on:click=move |_| desk.switch(desk.selection(), false)>
                "Disable selected"
            </button>
            <button type="button" class="button small" on:click=move |_| desk.switch(desk.selection(), true)>
                "Enable selected"
            </button>
            <button type="button" class="button small" on:click=move |_| desk.clear_selection()>
                "Clear selection"
            </button>
            {offer}
        </div>
    }
}
