use leptos::{ev, html, prelude::*};
use leptos_router::components::A;
use model::SortColumn;

use super::{
    bulk::Summary, cursor::Cursor, dom, empty_states, filter::Filter, key_row::KeyRow, row::Row, row_menu::RowMenu,
    state::KeysState, window::Window,
};
use crate::ui::{Glyph, Icon, live};

/// The keys.
#[component]
pub(super) fn Grid() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let (grid, rows) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let cursor = Cursor::new(grid);
    let shown = Window::new(state, rows);
    let menu = RwSignal::new(None);
    provide_context(cursor);
    shown.hold_room();
    follow_the_screen(state, shown, cursor);

    let in_window = move || {
        let (start, count) = (shown.start.get(), shown.count.get());
        state.rows.with(|rows| rows.iter().skip(start).take(count).cloned().collect::<Vec<_>>())
    };
    let next = state.next.get_untracked().map(|cursor| {
        let address = state.filter.get_untracked().address();
        let glue = if address.contains('?') { '&' } else { '?' };
        // Without scripts the next keys come on a page of their own.
        view! { <a class="button unscripted" href=format!("{address}{glue}cursor={cursor}")>"Next keys"</a> }
    });
    view! {
        <Summary/>
        <div
            class="grid"
            role="grid"
            aria-label="API keys"
            aria-multiselectable="true"
            aria-colcount="9"
            aria-rowcount=Signal::derive(move || (state.total.get() + 1).to_string())
            node_ref=grid
            on:keydown=move |press| cursor.pressed(state, shown, &press)
            on:focusin=move |event: ev::FocusEvent| cursor.follow(&event)
        >
            <div role="rowgroup" class="grid-head">
                <Head/>
            </div>
            <div role="rowgroup" class="grid-rows" node_ref=rows>
                <ForEnumerate
                    each=in_window
                    key=KeyRow::shown
                    children=move |index, row| view! { <Row row index=Signal::derive(move || shown.start.get() + index.get()) menu/> }
                />
            </div>
        </div>
        {live(move || empty_states::after_rows(state))}
        {next}
        <RowMenu menu/>
    }
}

/// Follows scrolling and resizing, and restores the focus when the row that had it is gone.
fn follow_the_screen(state: KeysState, shown: Window, cursor: Cursor) {
    Effect::new(move || {
        let scroll = window_event_listener(ev::scroll, move |_| shown.follow());
        let resize = window_event_listener(ev::resize, move |_| shown.follow());
        on_cleanup(move || {
            scroll.remove();
            resize.remove();
        });
        shown.follow();
        state.load_activity(state.rows.with_untracked(|rows| rows.iter().map(|row| row.id).collect()));
    });
    // Rows that come or go move the window.
    Effect::new(move |rendered: Option<()>| {
        state.rows.track();
        if rendered.is_some() {
            dom::after_painting(move || shown.follow());
        }
    });
    Effect::new(move |was_open: Option<bool>| {
        let open = state.open.with(Option::is_some);
        if was_open == Some(true) && !open {
            dom::after_rendering(move || {
                if dom::nothing_focused() && !cursor.focus() {
                    dom::focus("#search");
                }
            });
        }
        open
    });
}

#[component]
fn Head() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let some = move || state.all.get() || state.selected.with(|ids| !ids.is_empty());
    let every = move || {
        state.all.get() || {
            let loaded = state.rows.with(|rows| rows.iter().filter(|row| !row.default).count());
            loaded > 0 && state.selected.with(|ids| ids.len()) >= loaded
        }
    };
    let toggle = move |_| if untrack(every) { state.clear_selection() } else { state.select_loaded() };
    let may_select = move || state.may_change.get() && !state.filter.with(Filter::deleted);
    view! {
        <div role="row" class="row head" aria-rowindex="1">
            <div role="columnheader" aria-colindex="1" class="c-select" aria-label="Selection">
                {live(move || {
                    may_select()
                        .then(|| {
                            view! {
                                <input
                                    type="checkbox"
                                    class="scripted"
                                    aria-label="Select all"
                                    prop:checked=every
                                    prop:indeterminate=move || some() && !every()
                                    on:change=toggle
                                />
                            }
                        })
                })}
            </div>
            <div role="columnheader" aria-colindex="2" class="c-key">"API key"</div>
            <Sortable column=SortColumn::ClientName label="Client Name" class="c-name" index="3"/>
            <div role="columnheader" aria-colindex="4" class="c-access">"Access"</div>
            <div role="columnheader" aria-colindex="5" class="c-status">"Status"</div>
            <div role="columnheader" aria-colindex="6" class="c-expires">"Expires"</div>
            <Sortable column=SortColumn::LastUsedAt label="Last used" class="c-used" index="7"/>
            <Sortable column=SortColumn::CreatedAt label="Created" class="c-created" index="8"/>
            <div role="columnheader" aria-colindex="9" class="c-actions">
                <span class="unseen">"Actions"</span>
            </div>
        </div>
    }
}

/// The head of a column that can order the list.
#[component]
fn Sortable(column: SortColumn, label: &'static str, class: &'static str, index: &'static str) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let sort = move || state.filter.with(|filter| Some(filter.sort).filter(|sort| sort.column == column));
    let order = move || sort().map_or("none", |sort| if sort.descending { "descending" } else { "ascending" });
    view! {
        <div role="columnheader" aria-colindex=index class=class aria-sort=order>
            <A href=move || state.filter.with(|filter| filter.sorted_by(column).address()) scroll=false attr:class="sort">
                {label}
                {live(move || {
                    sort()
                        .map(|sort| view! { <Icon glyph=if sort.descending { Glyph::Down } else { Glyph::Up }/> })
                })}
            </A>
        </div>
    }
}
