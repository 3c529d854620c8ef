//! `/keys`: the API keys of the installation, and everything that is done with them.

mod add;
mod address;
mod bulk;
mod call;
mod cursor;
mod delete;
mod desk;
mod dom;
mod edit;
mod face;
mod grid;
mod interruption;
mod palette;
mod posted;
mod row;
mod row_menu;
mod secret;
mod settings;
mod shortcuts;
mod sparkline;
mod time;
mod toast;
mod toolbar;
mod window;
mod words;

use std::{collections::HashMap, time::Duration};

use leptos::{ev, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use self::{
    address::Open,
    desk::{Desk, FIRST_PAGE},
    interruption::{Away, SignInAgain},
};
use crate::{
    api::{Asked, Filter, list_keys},
    components::{Glyph, Icon, live},
};

#[cfg(feature = "ssr")]
pub(crate) use posted::Posted;

/// How often relative times are written anew.
const TICK: Duration = Duration::from_secs(20);

/// The page.
#[component]
pub(crate) fn Keys() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(Filter::of));
    // Where a page of the plain list begins. With scripts the list goes on by itself.
    let cursor = Memo::new(move |_| query.with(|query| query.get("cursor")));
    let desk = Desk::new(filter, query.with_untracked(Open::of));
    provide_context(desk);
    // The server's answer, or the first one when the page is come to from another. What comes later is filled in.
    let first = Asked::new(move || {
        let (filter, cursor) = (filter.get_untracked(), cursor.get_untracked());
        desk.connection.ask(move || list_keys(filter.clone(), cursor.clone(), FIRST_PAGE))
    });
    shortcuts::listen(desk);
    tick(desk);
    forget_when_unseen(desk);
    follow_the_address(desk);
    view! {
        <Title text="API Keys · Keydesk"/>
        <div class="keys">
            <header class="keys-head">
                <h1>"API Keys"</h1>
                <Suspense>
                    {move || Suspend::new(async move {
                        desk.may_change.set(first.get().await.is_ok_and(|list| list.may_change));
                        live(move || desk.may_change.get().then(|| view! { <AddButton/> }))
                    })}
                </Suspense>
            </header>
            {live(move || desk.open.with(Option::is_none).then(|| view! { <Away/> }))}
            <toolbar::Toolbar/>
            <div class="list" aria-busy=move || desk.searching.get().to_string()>
                <Suspense fallback=face::Loading>
                    {move || Suspend::new(async move {
                        desk.receive(first.get().await);
                        live(move || match desk.failure.get() {
                            None => view! { <grid::Grid/> }.into_any(),
                            Some(error) => view! { <face::Failed error/> }.into_any(),
                        })
                    })}
                </Suspense>
            </div>
            <Carrier/>
            {live(move || desk.open.get().map(opened))}
            <SignInAgain/>
            <toast::Toasts/>
        </div>
    }
}

fn opened(open: Open) -> AnyView {
    match open {
        Open::Add(fields) => view! { <add::AddDialog fields/> }.into_any(),
        Open::Edit(id) => view! { <edit::EditDialog id/> }.into_any(),
        Open::Delete(selection) => view! { <delete::DeleteDialog selection/> }.into_any(),
        Open::Shortcuts => view! { <shortcuts::ShortcutsDialog/> }.into_any(),
        Open::Palette => view! { <palette::PaletteDialog/> }.into_any(),
    }
}

#[component]
fn AddButton() -> impl IntoView {
    let desk = expect_context::<Desk>();
    view! {
        <button
            type="submit"
            form="rows"
            name="new"
            class="button primary"
            aria-keyshortcuts="n"
            on:click=move |click: ev::MouseEvent| {
                click.prevent_default();
                desk.open.set(Some(Open::Add(Vec::new())));
            }
        >
            <Icon glyph=Glyph::Plus/>
            "Add API key"
        </button>
    }
}

/// The form of the buttons outside of forms: without scripts it takes them, and what is filtered, to the same page.
#[component]
fn Carrier() -> impl IntoView {
    let desk = expect_context::<Desk>();
    view! {
        <form id="rows" method="get" action="/keys" hidden>
            {live(move || {
                desk.filter
                    .with(Filter::pairs)
                    .into_iter()
                    .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
                    .collect_view()
            })}
        </form>
    }
}

/// Asks for the list again when the address or the person wants another one.
fn follow_the_address(desk: Desk) {
    Effect::new(move |before: Option<(Filter, u32)>| {
        let now = (desk.filter.get(), desk.asked.get());
        if let Some(before) = before.filter(|before| *before != now) {
            if before.0 != now.0 {
                desk.clear_selection();
            }
            desk.reload();
        }
        now
    });
}

fn tick(desk: Desk) {
    Effect::new(move || {
        desk.now.set(Some(time::now()));
        let interval = set_interval(move || desk.now.set(Some(time::now())), TICK);
        on_cleanup(move || {
            if let Ok(interval) = interval {
                interval.clear();
            }
        });
    });
}

/// A revealed secret does not wait behind other tabs for whoever comes by.
fn forget_when_unseen(desk: Desk) {
    Effect::new(move || {
        let listener = window_event_listener(ev::visibilitychange, move |_| {
            if document().hidden() {
                desk.revealed.set(HashMap::new());
            }
        });
        on_cleanup(move || listener.remove());
    });
}
