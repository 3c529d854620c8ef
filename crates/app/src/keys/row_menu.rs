use leptos::{html::Div, prelude::*};
use model::{KeyStatus, Selection};
use web_sys::{KeyboardEvent, ToggleEvent};

use super::{api::restore_key, dom, key_row::KeyRow, open::Open, secret, state::KeysState, stop::Stop};
use crate::ui::{Glyph, Icon, focus_first, live, walk};

/// More actions for the key whose button opened it. One menu serves all rows.
#[component]
pub(super) fn RowMenu(menu: RwSignal<Option<KeyRow>>) -> impl IntoView {
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
    let label = move || menu.with(|row| row.as_ref().map(|row| format!("More actions for {}", row.name)));
    view! {
        <div
            class="menu"
            id="row-menu"
            popover="auto"
            role="menu"
            aria-label=Signal::derive(move || label().unwrap_or_default())
            node_ref=node
            on:toggle=entered
            on:click=move |_| close()
            on:keydown=move |press: KeyboardEvent| {
                if let Some(node) = node.get_untracked() {
                    walk(&press, &node, close);
                }
            }
        >
            {live(move || menu.get().map(|row| entries(state, row)))}
        </div>
    }
}

fn entries(state: KeysState, row: KeyRow) -> impl IntoView {
    let (id, deleted, default) = (row.id, row.deleted.is_some(), row.default);
    let active = row.status == KeyStatus::Active;
    let enabled = row.status != KeyStatus::Disabled;
    let settings = vec![
        ("from".to_owned(), id.to_string()),
        ("client_name".to_owned(), row.name.clone()),
        ("preset".to_owned(), row.preset.as_str().to_owned()),
    ];
    let may_have_secret = state.may_have_secret(&row);
    let kept = StoredValue::new(row);
    let restore = move || {
        let token = dom::token();
        leptos::task::spawn_local(async move {
            match state.connection.ask(move || restore_key(id, token.clone())).await {
                Ok(key) => {
                    state.take(|gone| *gone == id);
                    state.notify(format!("Restored the API key of {}", key.name), Vec::new());
                }
                Err(error) => state.notify(error.to_string(), Vec::new()),
            }
        });
    };
    view! {
        <Way glyph=Glyph::Lines text="Open details" to=format!("/keys/{id}")/>
        {deleted.then(|| view! { <Entry glyph=Glyph::Undo text="Restore" chosen=restore/> })}
        {(!deleted && !default)
            .then(|| {
                view! { <Entry glyph=Glyph::Pen text="Edit" chosen=move || state.open.set(Some(Open::Edit(id)))/> }
            })}
        {(!deleted && may_have_secret)
            .then(|| {
                view! {
                    <Entry glyph=Glyph::Eye text="Reveal" chosen=move || kept.with_value(|row| secret::toggle(state, row))/>
                    <Entry glyph=Glyph::Copy text="Copy key" chosen=move || kept.with_value(|row| secret::copy_key(state, row))/>
                }
            })}
        {(!deleted && may_have_secret).then(|| view! { <Way glyph=Glyph::Turn text="Rotate" to=format!("/keys/{id}?open=rotate")/> })}
        {(active && !default)
            .then(|| view! { <Way glyph=Glyph::Hand text="Hand over" to=format!("/keys/{id}?open=hand-over")/> })}
        {(!deleted && !default)
            .then(|| {
                let stop = move |stop| state.open.set(Some(Open::Stop(stop, Selection::Ids(vec![id]))));
                view! {
                    <Entry
                        glyph=Glyph::Plus
                        text="Duplicate settings"
                        chosen=move || state.open.set(Some(Open::Add(settings.clone())))
                    />
                    {if enabled {
                        view! { <Entry glyph=Glyph::Pause text="Disable" chosen=move || stop(Stop::Disable)/> }.into_any()
                    } else {
                        view! { <Entry glyph=Glyph::Check text="Enable" chosen=move || state.enable(Selection::Ids(vec![id]))/> }
                            .into_any()
                    }}
                    <Entry glyph=Glyph::Bin text="Delete" danger=true chosen=move || stop(Stop::Delete)/>
                }
            })}
    }
}

/// An entry that leads to a page that the server renders.
#[component]
fn Way(glyph: Glyph, text: &'static str, to: String) -> impl IntoView {
    view! {
        <a class="menu-item" role="menuitem" tabindex="-1" href=to rel="external">
            <Icon glyph/>
            <span>{text}</span>
        </a>
    }
}

#[component]
fn Entry(
    glyph: Glyph,
    text: &'static str,
    #[prop(optional)] danger: bool,
    chosen: impl Fn() + Send + 'static,
) -> impl IntoView {
    view! {
        <button type="button" class="menu-item" class:danger=danger role="menuitem" tabindex="-1" on:click=move |_| chosen()>
            <Icon glyph/>
            <span>{text}</span>
        </button>
    }
}
