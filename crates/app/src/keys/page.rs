use std::time::Duration;

use leptos::{ev, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{
    add,
    api::list_keys,
    delete, edit, empty_states,
    filter::Filter,
    focus, grid,
    letters::Letters,
    open::Open,
    palette, ready,
    reconnect::{Away, ConfirmItIsYou, SignInAgain, SomebodyElse},
    secret, shortcuts,
    state::{FIRST_PAGE, KeysState},
    time, toast, toolbar,
};
use crate::{
    ui::{Glyph, Icon, live, not_recorded},
    web::ServerResource,
};

/// How often relative times are updated.
const TICK: Duration = Duration::from_secs(20);

/// The page.
#[component]
pub(crate) fn KeysPage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(Filter::of));
    // Where a page of the plain list begins. With scripts the list goes on by itself.
    let cursor = Memo::new(move |_| query.with(|query| query.get("cursor")));
    let state = KeysState::new(filter, query.with_untracked(Open::of));
    provide_context(state);
    // The list that came with the page, or the first answer when another page led here. Later answers replace it.
    let first = ServerResource::new(move || {
        let (filter, cursor) = (filter.get_untracked(), cursor.get_untracked());
        state.connection.ask(move || list_keys(filter.clone(), cursor.clone(), FIRST_PAGE))
    });
    shortcuts::listen(state, Letters::provide());
    tick(state);
    secret::hide_when_unseen(state);
    follow_the_address(state);
    focus::keep(state);
    view! {
        <Title text="API Keys · Keydesk"/>
        <div class="keys">
            <header class="keys-head">
                <h1>"API Keys"</h1>
                <Suspense>
                    {move || Suspend::new(async move {
                        let may = first.get().await.map(|list| (list.may_change, list.may_use_default));
                        let (may_change, may_use_default) = may.unwrap_or_default();
                        state.may_change.set(may_change);
                        state.may_use_default.set(may_use_default);
                        let may_add = Memo::new(move |_| state.may_change.get());
                        live(move || {
                            let add = || {
                                view! {
                                    <span class="keys-add">
                                        <a class="button" href="/keys/import" rel="external">"Import"</a>
                                        <AddButton/>
                                    </span>
                                }
                            };
                            may_add.get().then(add)
                        })
                    })}
                </Suspense>
            </header>
            {live(move || state.open.with(Option::is_none).then(|| view! { <Away/> }))}
            <toolbar::Toolbar/>
            <Suspense>
                {move || Suspend::new(async move {
                    state.not_recorded.set(first.get().await.is_ok_and(|list| list.not_recorded));
                    let said = Memo::new(move |_| state.not_recorded.get() && state.filter.with(Filter::goes_by_use));
                    live(move || said.get().then(not_recorded))
                })}
            </Suspense>
            <div class="list" aria-busy=move || state.searching.get().to_string()>
                <Suspense fallback=empty_states::Loading>
                    {move || Suspend::new(async move {
                        let answer = first.get().await;
                        #[cfg(feature = "ssr")]
                        crate::web::tell_status(&answer);
                        state.receive(answer);
                        live(move || match state.failure.get() {
                            None => view! { <grid::Grid/> }.into_any(),
                            Some(error) => view! { <empty_states::Failed error/> }.into_any(),
                        })
                    })}
                </Suspense>
            </div>
            <Carrier/>
            {live(move || {
                let made = || state.made.get().map(|created| view! { <ready::MadeDialog created/> }.into_any());
                state.open.get().map(opened).or_else(made)
            })}
            <ConfirmItIsYou/>
            <SignInAgain/>
            <SomebodyElse/>
            <toast::Toasts/>
        </div>
    }
}

fn opened(open: Open) -> AnyView {
    match open {
        Open::Add(fields) => view! { <add::AddDialog fields/> }.into_any(),
        Open::Edit(id) => view! { <edit::EditDialog id/> }.into_any(),
        Open::Stop(stop, selection) => view! { <delete::StopDialog stop selection/> }.into_any(),
        Open::Shortcuts => view! { <shortcuts::ShortcutsDialog/> }.into_any(),
        Open::Palette => view! { <palette::PaletteDialog/> }.into_any(),
    }
}

#[component]
fn AddButton() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let letter = expect_context::<Letters>().announced("n");
    view! {
        <button
            type="submit"
            form="rows"
            name="new"
            class="button primary"
            aria-keyshortcuts=letter
            on:click=move |click: ev::MouseEvent| {
                click.prevent_default();
                state.open.set(Some(Open::Add(Vec::new())));
            }
        >
            <Icon glyph=Glyph::Plus/>
            "Add API key"
        </button>
    }
}

/// The form of the buttons outside of forms: without scripts it sends them, with the filters, to the same page.
#[component]
fn Carrier() -> impl IntoView {
    let state = expect_context::<KeysState>();
    view! {
        <form id="rows" method="get" action="/keys" hidden>
            {live(move || {
                state.filter
                    .with(Filter::pairs)
                    .into_iter()
                    .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
                    .collect_view()
            })}
        </form>
    }
}

/// Asks for the list again when the address or the person wants another one.
fn follow_the_address(state: KeysState) {
    Effect::new(move |before: Option<(Filter, u32)>| {
        let now = (state.filter.get(), state.reloads.get());
        if let Some(before) = before.filter(|before| *before != now) {
            if before.0 != now.0 {
                state.clear_selection();
            }
            state.reload();
        }
        now
    });
}

fn tick(state: KeysState) {
    Effect::new(move || {
        state.now.set(Some(time::now()));
        let interval = set_interval(move || state.now.set(Some(time::now())), TICK);
        on_cleanup(move || {
            if let Ok(interval) = interval {
                interval.clear();
            }
        });
    });
}
