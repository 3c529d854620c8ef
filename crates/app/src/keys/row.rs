use leptos::prelude::*;
use model::KeyStatus;

use super::{
    key_row::{Chip, KeyRow},
    sparkline,
    state::KeysState,
    time::{End, Written, of_row},
};
use crate::ui::{Glyph, Icon, never};

/// What the Default API Key is for.
const DEFAULT_IS: &str = "Your contact centre's own services call with it. It can be neither edited nor deleted.";

/// One key, at this place of the list. Nothing in it changes by itself: what the cursor, the selection, the clock and answers say is
/// put into the attributes of all rows at once (`paint.rs`), and the grid hears what is pressed in any (`press.rs`). Some thirty effects in
/// each row were most of what scrolling cost.
pub(super) fn row(state: KeysState, index: usize, row: &KeyRow) -> impl IntoView + use<> {
    let KeyRow { id, default, .. } = *row;
    // Comes with the list, before its rows, and stays.
    let may_change = state.may_change.get_untracked();
    let may_edit = !default && row.deleted.is_none() && may_change;
    let now = state.now.get_untracked();
    let selected = !default && untrack(|| state.is_selected(id));
    let tab = Tab::of(state, index, may_edit);
    let used = row.used;
    let line = state.activity.with_untracked(|lines| lines.get(&id).cloned());
    let not_drawn = line.is_none().then_some("");
    let recorded = !state.not_recorded.get_untracked();
    view! {
        <div
            role="row"
            class=class(selected)
            aria-selected=(!default).then(|| selected.to_string())
            aria-rowindex=(index + 2).to_string()
            data-key=id.to_string()
            data-index=index.to_string()
        >
            <div role="gridcell" aria-colindex="1" class="c-select">
                {may_edit
                    .then(|| {
                        view! {
                            <input
                                type="checkbox"
                                class="scripted"
                                data-stop="select"
                                tabindex=tab.of_stop("select")
                                aria-label=format!("Select {}", row.name)
                                prop:checked=selected
                            />
                        }
                    })}
            </div>
            <div role="gridcell" aria-colindex="2" class="c-name" data-stop="name" tabindex=tab.of_stop("name")>
                <div class="names">
                    // The cell has the focus, and Enter edits. To the page of the key leads the menu, too.
                    <a class="name" href=format!("/keys/{id}") rel="external" tabindex=tab.of_link()>
                        <bdi translate="no">{row.name.clone()}</bdi>
                    </a>
                    {default.then(|| view! { <span class="badge accent">"Default"</span> })}
                    {row
                        .chips()
                        .into_iter()
                        .map(|Chip { text, class }| view! { <span class=class>{text}</span> })
                        .collect_view()}
                    {default.then(|| view! { <span class="about">{DEFAULT_IS}</span> })}
                </div>
            </div>
            <div role="gridcell" aria-colindex="3" class="c-key">
                {hint(state, row, tab)}
            </div>
            <div role="gridcell" aria-colindex="4" class="c-access" data-stop="access" tabindex=tab.of_stop("access")>
                {access(row)}
            </div>
            <div role="gridcell" aria-colindex="5" class="c-status" data-stop="status" tabindex=tab.of_stop("status")>
                {status(row)}
            </div>
            <div role="gridcell" aria-colindex="6" class="c-expires" data-stop="expires" tabindex=tab.of_stop("expires")>
                {match row.expires.clone() {
                    Some((ms, words)) => view! { <End ms words/> }.into_any(),
                    None => view! { <span class="faint">"Never"</span> }.into_any(),
                }}
            </div>
            <div role="gridcell" aria-colindex="7" class="c-used" data-stop="used" tabindex=tab.of_stop("used")>
                {match used {
                    Some(ms) => of_row(now, ms, Written::Ago).into_any(),
                    None => view! { <span class="faint">{never(recorded)}</span> }.into_any(),
                }}
                {used
                    .map(|_| {
                        view! {
                            <svg
                                class="line"
                                viewBox=format!("0 0 {} {}", sparkline::WIDTH, sparkline::HEIGHT)
                                role="img"
                                aria-label="Calls in the last 30 days"
                                data-empty=not_drawn
                            >
                                <path d=line.unwrap_or_default()></path>
                            </svg>
                        }
                    })}
            </div>
            <div role="gridcell" aria-colindex="8" class="c-created" data-stop="created" tabindex=tab.of_stop("created")>
                {of_row(now, row.created, Written::Day)}
            </div>
            <div role="gridcell" aria-colindex="9" class="c-actions">
                {actions(row, may_edit, may_change, tab)}
            </div>
        </div>
    }
}

/// The class of a row.
pub(super) const fn class(selected: bool) -> &'static str {
    if selected { "row selected" } else { "row" }
}

/// Which place of a row takes the focus from outside: that of the cursor, or the nearest that the row has.
#[derive(Clone, Copy)]
struct Tab {
    /// Without scripts every control takes the focus, as usual.
    awake: bool,
    here: Option<&'static str>,
}

impl Tab {
    fn of(state: KeysState, index: usize, may_edit: bool) -> Self {
        let awake = state.now.with_untracked(Option::is_some);
        let cursor = state.cursor;
        let here = (awake && cursor.row.get_untracked() == index).then(|| match cursor.stop.get_untracked() {
            "select" if !may_edit => "name",
            "edit" if !may_edit => "more",
            stop => stop,
        });
        Self { awake, here }
    }

    fn of_stop(self, stop: &'static str) -> Option<&'static str> {
        self.awake.then(|| if self.here == Some(stop) { "0" } else { "-1" })
    }

    fn of_link(self) -> Option<&'static str> {
        self.awake.then_some("-1")
    }
}

/// The key itself: its hint, or for a minute its secret.
fn hint(state: KeysState, row: &KeyRow, tab: Tab) -> AnyView {
    let may_reveal = row.deleted.is_none() && state.may_have_secret(row);
    let secret = state.revealed.with_untracked(|revealed| revealed.get(&row.id).cloned());
    let shown = secret.is_some();
    view! {
        <code
            translate="no"
            class=hint_class(shown)
            data-stop="key"
            data-hint=row.hint.clone()
            tabindex=tab.of_stop("key")
        >
            {secret.unwrap_or_else(|| row.hint.clone())}
        </code>
        {may_reveal
            .then(|| {
                let (label, glyph) = reveal(shown);
                view! {
                    <button
                        type="button"
                        class="icon-button small scripted"
                        data-stop="reveal"
                        tabindex=tab.of_stop("reveal")
                        aria-label=label
                        title=label
                    >
                        <Icon glyph/>
                    </button>
                    <button
                        type="button"
                        class="icon-button small scripted"
                        data-stop="copy"
                        tabindex=tab.of_stop("copy")
                        aria-label="Copy"
                        title="Copy"
                    >
                        <Icon glyph=Glyph::Copy/>
                    </button>
                }
            })}
    }
    .into_any()
}

/// The class of a hint, or of the key in full in its place.
pub(super) const fn hint_class(shown: bool) -> &'static str {
    if shown { "hint-text full" } else { "hint-text" }
}

/// What the button does that shows and hides a key.
pub(super) const fn reveal(shown: bool) -> (&'static str, Glyph) {
    if shown { ("Hide", Glyph::EyeOff) } else { ("Reveal", Glyph::Eye) }
}

fn access(row: &KeyRow) -> AnyView {
    if row.default {
        return view! { <span class="clip">"Verifies keys"</span> }.into_any();
    }
    let whole = row.access.clone().unwrap_or_else(|| row.preset.title().to_owned());
    match row.short_access() {
        None => view! { <span class="clip">{whole}</span> }.into_any(),
        // What has no room is on hover, and is read out.
        Some(short) => view! {
            <span class="clip" title=whole.clone() aria-hidden="true">
                {short}
            </span>
            <span class="unseen">{whole}</span>
        }
        .into_any(),
    }
}

/// What a key's state is, where it is not the usual one.
fn status(row: &KeyRow) -> AnyView {
    let (text, class) = match row.status {
        KeyStatus::Active => ("Active", "state unseen"),
        KeyStatus::Disabled => ("Disabled", "state"),
        KeyStatus::Expired => ("Expired", "state warning"),
        KeyStatus::Revoked => ("Deleted", "state bad"),
    };
    // Where the list has no room for the column of ends.
    let stops = row.expires.as_ref().map(|(_, words)| format!("Stops {words}"));
    view! { <span class=class title=stops>{text}</span> }.into_any()
}

fn actions(row: &KeyRow, may_edit: bool, may_change: bool, tab: Tab) -> AnyView {
    let (id, name) = (row.id, row.name.clone());
    let address = format!("/keys/{id}");
    let details = format!("Details of {name}");
    let edit = may_edit.then(|| {
        view! {
            <button
                type="submit"
                form="rows"
                name="edit"
                value=id.to_string()
                class="icon-button small"
                data-stop="edit"
                tabindex=tab.of_stop("edit")
                aria-label=format!("Edit {name}")
                title="Edit"
            >
                <Icon glyph=Glyph::Pen/>
            </button>
        }
    });
    let more = if may_change {
        view! {
            <button
                type="button"
                class="icon-button small scripted"
                popovertarget="row-menu"
                data-stop="more"
                tabindex=tab.of_stop("more")
                aria-haspopup="menu"
                aria-label=format!("More actions for {name}")
                title="More actions"
            >
                <Icon glyph=Glyph::More/>
            </button>
            // The menu needs scripts; the key's page has all that it offers.
            <a class="icon-button small unscripted" href=address aria-label=details title="Details">
                <Icon glyph=Glyph::Lines/>
            </a>
        }
        .into_any()
    } else {
        view! {
            <a
                class="icon-button small"
                href=address
                rel="external"
                data-stop="more"
                tabindex=tab.of_stop("more")
                aria-label=details
                title="Details"
            >
                <Icon glyph=Glyph::Lines/>
            </a>
        }
        .into_any()
    };
    view! {
        {edit}
        {more}
    }
    .into_any()
}
