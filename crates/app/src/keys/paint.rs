//! What changes about the rows that are in the document. Each of these effects goes through the rows and sets attributes: rows that come
//! later have them from the beginning.

use leptos::{html::Div, leptos_dom::helpers::queue_microtask, prelude::*};
use model::KeyId;
use web_sys::{Element, HtmlInputElement, wasm_bindgen::JsCast};

use super::{row, state::KeysState, time, window::Window};

/// Keeps the rows as everything says that they are.
pub(super) fn keep(state: KeysState, shown: Window, rows: NodeRef<Div>) {
    Effect::new(move || {
        shown.start.track();
        shown.count.track();
        state.rows.track();
        // Once rows have come, gone and moved.
        queue_microtask(move || number(shown, rows));
    });
    let awake = Memo::new(move |_| state.now.with(Option::is_some));
    Effect::new(move || {
        shown.start.track();
        state.rows.track();
        state.cursor.row.track();
        state.cursor.stop.track();
        if awake.get() {
            queue_microtask(move || lead_to(state, rows));
        }
    });
    Effect::new(move || {
        state.all.track();
        state.selected.track();
        for row in rows.get().iter().flat_map(|rows| children(rows)) {
            select(state, &row);
        }
    });
    Effect::new(move || {
        let (Some(now), Some(rows)) = (state.now.get(), rows.get()) else { return };
        all(&rows, "time[data-at]").iter().for_each(|time| time::write_anew(time, now));
    });
    Effect::new(move || {
        state.activity.track();
        for line in rows.get().iter().flat_map(|rows| all(rows, "svg.line[data-empty]")) {
            draw(state, &line);
        }
    });
    Effect::new(move || {
        state.revealed.track();
        for row in rows.get().iter().flat_map(|rows| children(rows)) {
            show(state, &row);
        }
    });
}

/// Tells the rows their places in the list.
fn number(shown: Window, rows: NodeRef<Div>) {
    // The page may have been left.
    let (Some(rows), Some(start)) = (rows.try_get_untracked().flatten(), shown.start.try_get_untracked()) else {
        return;
    };
    for (index, row) in (start..).zip(children(&rows)) {
        let place = index.to_string();
        if row.get_attribute("data-index").as_deref() != Some(&place) {
            set(&row, "data-index", &place);
            set(&row, "aria-rowindex", &(index + 2).to_string());
        }
    }
}

/// Has one place take the focus from outside: that of the cursor.
fn lead_to(state: KeysState, rows: NodeRef<Div>) {
    let Some(rows) = rows.try_get_untracked().flatten() else { return };
    // Those that came with the page took it all.
    for place in all(&rows, "[data-stop]:not([tabindex='-1']), a.name:not([tabindex])") {
        set(&place, "tabindex", "-1");
    }
    if let Some(place) = state.cursor.element(state) {
        set(&place, "tabindex", "0");
    }
}

fn select(state: KeysState, row: &Element) {
    // The Default API Key is never selected.
    let Some(id) = id_of(row).filter(|_| row.has_attribute("aria-selected")) else { return };
    let selected = untrack(|| state.is_selected(id));
    set(row, "class", row::class(selected));
    set(row, "aria-selected", if selected { "true" } else { "false" });
    let tick = row.query_selector("[data-stop=select]").ok().flatten();
    if let Some(tick) = tick.and_then(|tick| tick.dyn_into::<HtmlInputElement>().ok()) {
        tick.set_checked(selected);
    }
}

fn draw(state: KeysState, line: &Element) {
    let row = line.closest("[data-key]").ok().flatten();
    let Some(id) = row.as_ref().and_then(id_of) else { return };
    let drawn = state.activity.with_untracked(|lines| lines.get(&id).cloned());
    if let (Some(drawn), Some(path)) = (drawn, line.first_element_child()) {
        set(&path, "d", &drawn);
        // Fails for malformed names only.
        _ = line.remove_attribute("data-empty");
    }
}

fn show(state: KeysState, row: &Element) {
    let Some(id) = id_of(row) else { return };
    let Some(place) = row.query_selector("[data-stop=key]").ok().flatten() else { return };
    let secret = state.revealed.with_untracked(|revealed| revealed.get(&id).cloned());
    let (is, was) = (secret.is_some(), place.class_name() == row::hint_class(true));
    if is == was {
        return;
    }
    let text = secret.or_else(|| place.get_attribute("data-hint"));
    place.set_text_content(text.as_deref());
    set(&place, "class", row::hint_class(is));
    let Some(button) = row.query_selector("[data-stop=reveal]").ok().flatten() else { return };
    let (label, glyph) = row::reveal(is);
    set(&button, "aria-label", label);
    set(&button, "title", label);
    if let Some(path) = button.query_selector("path").ok().flatten() {
        set(&path, "d", glyph.path());
    }
}

fn id_of(row: &Element) -> Option<KeyId> {
    row.get_attribute("data-key")?.parse().ok()
}

fn set(element: &Element, name: &str, value: &str) {
    // Fails for malformed names only.
    _ = element.set_attribute(name, value);
}

fn children(of: &Element) -> Vec<Element> {
    let found = of.children();
    (0..found.length()).filter_map(|at| found.item(at)).collect()
}

fn all(of: &Element, selector: &str) -> Vec<Element> {
    let Ok(found) = of.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.get(at)?.dyn_into().ok()).collect()
}
