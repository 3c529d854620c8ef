use leptos::{ev::MouseEvent, html::Div, prelude::*};
use web_sys::{KeyboardEvent, ToggleEvent};

use super::{
    columns::{Column, Columns},
    filter::Filter,
    state::KeysState,
};
use crate::ui::{Glyph, Icon, focus_first, live, walk};

/// The choice of columns. It stays open while a person chooses. Without scripts each entry is a plain form's button.
#[component]
pub(super) fn ColumnsMenu() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let node = NodeRef::<Div>::new();
    let close = move || {
        if let Some(node) = node.get_untracked() {
            // Hiding fails only for a menu that has left the document.
            _ = node.hide_popover();
        }
    };
    let entered = move |toggle: ToggleEvent| {
        if toggle.new_state() == "open"
            && let Some(node) = node.get_untracked()
        {
            focus_first(&node);
        }
    };
    view! {
        <form method="post" action="/keys/columns">
            {live(move || {
                state.filter
                    .with(Filter::pairs)
                    .into_iter()
                    .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
                    .collect_view()
            })}
            <button type="button" class="button quiet" popovertarget="columns" aria-haspopup="menu">
                <Icon glyph=Glyph::Columns/>
                "Columns"
            </button>
            <div class="menu" id="columns" popover="auto" node_ref=node on:toggle=entered>
                <div
                    role="menu"
                    aria-label="Columns"
                    on:keydown=move |press: KeyboardEvent| {
                        if let Some(node) = node.get_untracked() {
                            walk(&press, &node, close);
                        }
                    }
                >
                    {Column::ALL.map(|column| view! { <Choice column/> }).collect_view()}
                </div>
                <p class="menu-note">"Narrow windows leave out what has no room."</p>
            </div>
        </form>
    }
}

#[component]
fn Choice(column: Column) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let columns = state.columns;
    let chosen = move |click: MouseEvent| {
        click.prevent_default();
        let wanted = columns.get_untracked().toggled(column);
        columns.set(wanted);
        wanted.remember();
    };
    let has = Memo::new(move |_| columns.get().has(column));
    view! {
        <button
            type="submit"
            class="menu-item"
            name="columns"
            value=Signal::derive(move || columns.with(|columns: &Columns| columns.toggled(column).text()))
            role="menuitemcheckbox"
            // Without scripts there are no arrows.
            tabindex=Signal::derive(move || state.now.with(Option::is_some).then_some("-1"))
            aria-checked=Signal::derive(move || has.get().to_string())
            on:click=chosen
        >
            <span>{column.label()}</span>
            // Always there: what the browser remembers must not change what the page is made of.
            <Icon glyph=Glyph::Tick/>
        </button>
    }
}
