use leptos::{ev::MouseEvent, prelude::*};
use model::{Environment, KeyStatus};

use super::{
    key_row::KeyRow,
    open::Open,
    secret, sparkline,
    state::KeysState,
    time::{End, Time, Written},
};
use crate::ui::{Glyph, Icon, live, never};

/// Why the Default API Key has neither checkbox nor Edit.
const DEFAULT_REASON: &str = "The Default API Key belongs to the installation itself: the contact centre's own services call \
                              with it. It can be neither edited nor deleted.";

/// One key.
#[component]
pub(super) fn Row(row: KeyRow, index: Signal<usize>, menu: RwSignal<Option<KeyRow>>) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let cursor = state.cursor;
    let KeyRow { id, default, environment, preset, status, used, created, .. } = row;
    let expires = row.expires.clone();
    // Where the list has no room for the column of ends.
    let stops = expires.as_ref().map(|(_, words)| format!("Stops {words}"));
    let deleted = row.deleted.is_some();
    // Comes with the list, before its rows, and stays.
    let may_change = state.may_change.get_untracked();
    let recorded = !state.not_recorded.get_untracked();
    let may_edit = !default && !deleted && may_change;
    let selected = Memo::new(move |_| !default && state.is_selected(id));
    // One place of the grid takes the focus from outside: that of the cursor, or the nearest that this row has.
    let here = Memo::new(move |_| {
        if state.now.with(Option::is_none) || cursor.row.get() != index.get() {
            return None;
        }
        Some(match cursor.stop.get() {
            "select" if !may_edit => "name",
            "edit" if !may_edit => "more",
            stop => stop,
        })
    });
    // Without scripts every control takes the focus, as usual.
    let tab = move |stop: &'static str| {
        Signal::derive(move || {
            state.now.with(Option::is_some).then(|| if here.get() == Some(stop) { "0" } else { "-1" })
        })
    };
    let clicked = move |click: MouseEvent| {
        if click.shift_key() {
            cursor.extend(state, index.get_untracked());
        } else {
            cursor.toggle(state, index.get_untracked());
        }
    };
    let edit = move |click: MouseEvent| {
        click.prevent_default();
        state.open.set(Some(Open::Edit(id)));
    };
    let name = row.name.clone();
    let (status, tone) = match (status, row.days_left) {
        (KeyStatus::Active, Some(0)) => ("Expires within a day".to_owned(), "badge warning"),
        (KeyStatus::Active, Some(1)) => ("Expires in 1 day".to_owned(), "badge warning"),
        (KeyStatus::Active, Some(days)) => (format!("Expires in {days} days"), "badge warning"),
        (KeyStatus::Active, None) => ("Active".to_owned(), "badge good"),
        (KeyStatus::Disabled, _) => ("Disabled".to_owned(), "badge"),
        (KeyStatus::Expired, _) => ("Expired".to_owned(), "badge warning"),
        (KeyStatus::Revoked, _) => ("Deleted".to_owned(), "badge bad"),
    };
    let access = row.access.clone().unwrap_or_else(|| preset.title().to_owned());
    let access = if default { "Verifies keys".to_owned() } else { access };
    let kept = StoredValue::new(row);
    let line = move || state.activity.with(|lines| lines.get(&id).cloned());
    view! {
        <div
            role="row"
            class="row"
            class:selected=selected
            aria-selected=Signal::derive(move || (!default).then(|| selected.get().to_string()))
            aria-rowindex=Signal::derive(move || (index.get() + 2).to_string())
            data-key=id.to_string()
            data-index=Signal::derive(move || index.get().to_string())
        >
            <div role="gridcell" aria-colindex="1" class="c-select">
                {may_edit
                    .then(|| {
                        view! {
                            <input
                                type="checkbox"
                                class="scripted"
                                data-stop="select"
                                tabindex=tab("select")
                                aria-label=format!("Select {name}")
                                prop:checked=selected
                                on:click=clicked
                            />
                        }
                    })}
            </div>
            <div
                role="gridcell"
                aria-colindex="2"
                class="c-name"
                data-stop="name"
                tabindex=tab("name")
                aria-describedby=default.then_some("default-reason")
            >
                <bdi translate="no" class="name" title=name.clone()>{name.clone()}</bdi>
                {default
                    .then(|| {
                        view! {
                            <span class="badge accent">"Default"</span>
                            <span role="tooltip" id="default-reason" class="tip">{DEFAULT_REASON}</span>
                        }
                    })}
            </div>
            <div role="gridcell" aria-colindex="3" class="c-key">
                <KeyCell row=kept tab_key=tab("key") tab_reveal=tab("reveal") tab_copy=tab("copy")/>
            </div>
            <div role="gridcell" aria-colindex="4" class="c-access" data-stop="access" tabindex=tab("access")>
                <span class="clip" title=access.clone()>{access.clone()}</span>
                {(environment == Environment::Test).then(|| view! { <span class="badge test">"Test"</span> })}
            </div>
            <div role="gridcell" aria-colindex="5" class="c-status" data-stop="status" tabindex=tab("status")>
                <span class=tone title=stops>{status}</span>
            </div>
            <div role="gridcell" aria-colindex="6" class="c-expires" data-stop="expires" tabindex=tab("expires")>
                {match expires {
                    Some((ms, words)) => view! { <End ms words/> }.into_any(),
                    None => view! { <span class="faint">"Never"</span> }.into_any(),
                }}
            </div>
            <div role="gridcell" aria-colindex="7" class="c-used" data-stop="used" tabindex=tab("used")>
                {match used {
                    Some(ms) => view! { <Time ms written=Written::Ago/> }.into_any(),
                    None => view! { <span class="faint">{never(recorded)}</span> }.into_any(),
                }}
                {live(move || {
                    line()
                        .map(|path| {
                            view! {
                                <svg
                                    class="line"
                                    viewBox=format!("0 0 {} {}", sparkline::WIDTH, sparkline::HEIGHT)
                                    role="img"
                                    aria-label="Calls in the last 30 days"
                                >
                                    <path d=path></path>
                                </svg>
                            }
                        })
                })}
            </div>
            <div role="gridcell" aria-colindex="8" class="c-created" data-stop="created" tabindex=tab("created")>
                <Time ms=created written=Written::Day/>
            </div>
            <div role="gridcell" aria-colindex="9" class="c-actions">
                {may_edit
                    .then(|| {
                        view! {
                            <button
                                type="submit"
                                form="rows"
                                name="edit"
                                value=id.to_string()
                                class="icon-button small"
                                data-stop="edit"
                                tabindex=tab("edit")
                                aria-label=format!("Edit {name}")
                                title="Edit"
                                on:click=edit
                            >
                                <Icon glyph=Glyph::Pen/>
                            </button>
                        }
                    })}
                {if may_change {
                    view! {
                        <button
                            type="button"
                            class="icon-button small scripted"
                            popovertarget="row-menu"
                            data-stop="more"
                            tabindex=tab("more")
                            aria-haspopup="menu"
                            aria-label=format!("More actions for {name}")
                            title="More actions"
                            on:click=move |_| menu.set(Some(kept.get_value()))
                        >
                            <Icon glyph=Glyph::More/>
                        </button>
                        // The menu needs scripts; the key's page has all that it offers.
                        <a
                            class="icon-button small unscripted"
                            href=format!("/keys/{id}")
                            aria-label=format!("Details of {name}")
                            title="Details"
                        >
                            <Icon glyph=Glyph::Lines/>
                        </a>
                    }
                        .into_any()
                } else {
                    view! {
                        <a
                            class="icon-button small"
                            href=format!("/keys/{id}")
                            rel="external"
                            data-stop="more"
                            tabindex=tab("more")
                            aria-label=format!("Details of {name}")
                            title="Details"
                        >
                            <Icon glyph=Glyph::Lines/>
                        </a>
                    }
                        .into_any()
                }}
            </div>
        </div>
    }
}

/// The key itself: its hint, or for a minute its secret.
#[component]
fn KeyCell(
    row: StoredValue<KeyRow>,
    tab_key: Signal<Option<&'static str>>,
    tab_reveal: Signal<Option<&'static str>>,
    tab_copy: Signal<Option<&'static str>>,
) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let id = row.with_value(|row| row.id);
    let deleted = row.with_value(|row| row.deleted.is_some());
    let may_reveal = row.with_value(|row| state.may_have_secret(row));
    let secret = Memo::new(move |_| state.revealed.with(|revealed| revealed.get(&id).cloned()));
    let hint = row.with_value(|row| row.hint.clone());
    view! {
        <code translate="no" class="hint-text" data-stop="key" tabindex=tab_key class:full=Signal::derive(move || secret.with(Option::is_some))>
            {live(move || secret.get().unwrap_or_else(|| hint.clone()))}
        </code>
        {(may_reveal && !deleted)
            .then(|| {
                let shown = move || secret.with(Option::is_some);
                view! {
                    <button
                        type="button"
                        class="icon-button small scripted"
                        data-stop="reveal"
                        tabindex=tab_reveal
                        aria-label=Signal::derive(move || if shown() { "Hide" } else { "Reveal" })
                        title=Signal::derive(move || if shown() { "Hide" } else { "Reveal" })
                        on:click=move |_| row.with_value(|row| secret::toggle(state, row))
                    >
                        {live(move || view! { <Icon glyph=if shown() { Glyph::EyeOff } else { Glyph::Eye }/> })}
                    </button>
                    <button
                        type="button"
                        class="icon-button small scripted"
                        data-stop="copy"
                        tabindex=tab_copy
                        aria-label="Copy"
                        title="Copy"
                        on:click=move |_| row.with_value(|row| secret::copy_key(state, row))
                    >
                        <Icon glyph=Glyph::Copy/>
                    </button>
                }
            })}
    }
}
