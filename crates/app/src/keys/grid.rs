use leptos::{ev, html, prelude::*};
use leptos_router::components::A;
use model::SortColumn;

use super::{
    bulk::Summary, columns::Column, dom, empty_states, filter::Filter, key_row::KeyRow, paint, place, press, printing,
    row::row, row_menu::RowMenu, state::KeysState, window::Window,
};
use crate::ui::{Glyph, Icon, live};

/// The keys.
#[component]
pub(super) fn Grid() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let (cursor, rows) = (state.cursor, NodeRef::<html::Div>::new());
    let shown = Window::new(state, rows);
    let menu = RwSignal::new(None);
    shown.hold_room();
    shown.keep_measured();
    follow_the_screen(state, shown);
    paint::keep(state, shown, rows);
    printing::show_all(state, shown);

    // With their places, as they are when a row is made.
    let in_window = move || {
        let (start, count) = (shown.start.get(), shown.count.get());
        state.rows.with(|rows| {
            let rows = rows.iter().enumerate().skip(start).take(count);
            rows.map(|(index, row)| (index, row.clone())).collect::<Vec<_>>()
        })
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
            data-columns=Signal::derive(move || state.columns.get().words())
            aria-rowcount=Signal::derive(move || rows_known(state).map_or_else(|| "-1".to_owned(), |rows| (rows + 1).to_string()))
            // Tab leads here while the row of the cursor is out of sight, and from here to that row.
            tabindex=Signal::derive(move || {
                state.now.with(Option::is_some).then(|| if shown.holds(cursor.row.get()) { "-1" } else { "0" })
            })
            node_ref=cursor.grid
            on:keydown=move |press| cursor.pressed(state, shown, &press)
            on:focusin=move |event: ev::FocusEvent| cursor.follow(state, shown, &event)
            on:click=move |click| press::pressed(state, menu, &click)
        >
            <div role="rowgroup" class="grid-head">
                <Head/>
            </div>
            <div role="rowgroup" class="grid-rows" node_ref=rows>
                <For
                    each=in_window
                    key=|(_, row): &(usize, KeyRow)| row.shown()
                    children=move |(index, key): (usize, KeyRow)| row(state, index, &key)
                />
            </div>
        </div>
        {live(move || empty_states::after_rows(state))}
        {next}
        <RowMenu menu/>
    }
}

/// How many rows the list has; `None` while only a lower bound is known.
fn rows_known(state: KeysState) -> Option<usize> {
    let bound = state.at_least.get() && state.next.with(Option::is_some);
    (!bound).then(|| state.length())
}

/// Follows scrolling and resizing, and keeps cursor and window with the rows.
fn follow_the_screen(state: KeysState, shown: Window) {
    Effect::new(move || {
        let scroll = window_event_listener(ev::scroll, move |_| shown.follow());
        let resize = window_event_listener(ev::resize, move |_| {
            shown.measure_anew();
            shown.follow();
        });
        on_cleanup(move || {
            scroll.remove();
            resize.remove();
        });
        shown.follow();
        place::keep(state, shown);
    });
    // Rows that come or go move the window.
    Effect::new(move |rendered: Option<()>| {
        state.rows.track();
        if rendered.is_some() {
            untrack(|| state.cursor.keep_place(state, shown));
            dom::after_painting(move || shown.follow());
        }
    });
}

#[component]
fn Head() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let some = move || state.all.get() || state.selected.with(|ids| !ids.is_empty());
    let every = move || {
        let loaded = state.selectable_loaded();
        state.all.get() || (loaded > 0 && state.selected.with(|ids| ids.len()) >= loaded)
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
            <Sortable column=SortColumn::ClientName label="Client Name" class="c-name" index="2"/>
            <div role="columnheader" aria-colindex="3" class="c-key">{Column::Key.label()}</div>
            <Sortable column=SortColumn::Preset label=Column::Access.label() class="c-access" index="4"/>
            <Sortable column=SortColumn::Status label=Column::Status.label() class="c-status" index="5"/>
            <Sortable column=SortColumn::ExpiresAt label=Column::Expires.label() class="c-expires" index="6"/>
            <Sortable column=SortColumn::LastUsedAt label=Column::Used.label() class="c-used" index="7"/>
            <Sortable column=SortColumn::CreatedAt label=Column::Created.label() class="c-created" index="8"/>
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
