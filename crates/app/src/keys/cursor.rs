//! Where a person is in the grid: Tab leads to one place in it, and the arrows move on from there.

use leptos::{html::Div, prelude::*};
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, wasm_bindgen::JsCast};

use super::{dom, key_row::KeyRow, open::Open, state::KeysState, window::Window};

/// The places of a row in the order in which the arrows visit them. A row may lack some.
const STOPS: [&str; 12] =
    ["select", "key", "reveal", "copy", "name", "access", "status", "expires", "used", "created", "edit", "more"];

/// The place that takes the focus, and where Shift extends from.
#[derive(Clone, Copy)]
pub(super) struct Cursor {
    pub(super) row: RwSignal<usize>,
    pub(super) stop: RwSignal<&'static str>,
    anchor: RwSignal<Option<usize>>,
    grid: NodeRef<Div>,
}

impl Cursor {
    pub(super) fn new(grid: NodeRef<Div>) -> Self {
        Self { row: RwSignal::new(0), stop: RwSignal::new("name"), anchor: RwSignal::new(None), grid }
    }

    fn row_element(self, index: usize) -> Option<Element> {
        let grid = self.grid.get_untracked()?;
        grid.query_selector(&format!("[data-index='{index}']")).ok().flatten()
    }

    /// Follows a focus that moved without the arrows, for example with the pointer.
    pub(super) fn follow(self, event: &Event) {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        let stop = target.get_attribute("data-stop");
        let stop = stop.and_then(|name| STOPS.into_iter().find(|stop| *stop == name));
        if let (Some(stop), Some(index)) = (stop, index_of(&target)) {
            self.stop.set(stop);
            self.row.set(index);
        }
    }

    /// Moves the focus to a row, after scrolling it into view.
    fn go(self, window: Window, index: usize) {
        self.row.set(index);
        window.bring(index);
        dom::after_rendering(move || _ = self.focus());
    }

    /// Moves the focus to where the cursor is, or to the place that stands in for it in a row without that place.
    pub(super) fn focus(self) -> bool {
        let Some(row) = self.row_element(self.row.get_untracked()) else { return false };
        let find = |selector: &str| row.query_selector(selector).ok().flatten();
        let place = find(&format!("[data-stop='{}']", self.stop.get_untracked()));
        dom::focus_element(place.or_else(|| find("[data-stop][tabindex='0']")))
    }

    fn step(self, forwards: bool, to_the_end: bool) {
        let Some(row) = self.row_element(self.row.get_untracked()) else { return };
        let has =
            |stop: &&&str| row.query_selector(&format!("[data-stop='{stop}']")).ok().flatten().is_some_and(visible);
        let here = STOPS.iter().position(|stop| *stop == self.stop.get_untracked()).unwrap_or(0);
        let next = match (forwards, to_the_end) {
            (true, false) => STOPS.iter().skip(here + 1).find(has),
            (false, false) => STOPS.iter().take(here).rev().find(has),
            (true, true) => STOPS.iter().rev().find(has),
            (false, true) => STOPS.iter().find(has),
        };
        if let Some(next) = next {
            self.stop.set(next);
            self.focus();
        }
    }

    /// Selects from the anchor to `index`, whichever is first.
    pub(super) fn extend(self, state: KeysState, index: usize) {
        let anchor = self.anchor.get_untracked().unwrap_or(index);
        self.anchor.set(Some(anchor));
        let (from, to) = (anchor.min(index), anchor.max(index));
        let ids: Vec<_> = state.rows.with_untracked(|rows| {
            rows.iter().take(to + 1).skip(from).filter(|row| !row.default).map(|row| row.id).collect()
        });
        state.selected.update(|selected| selected.extend(ids));
    }

    /// Selects a row, or takes it out of the selection, and extends from here the next time.
    pub(super) fn toggle(self, state: KeysState, index: usize) {
        self.anchor.set(Some(index));
        let Some(row) = row_at(state, index).filter(|row| !row.default) else { return };
        state.select(row.id, !untrack(|| state.is_selected(row.id)));
    }

    /// The keys of the grid.
    pub(super) fn pressed(self, state: KeysState, window: Window, press: &KeyboardEvent) {
        let Some(target) = press.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        if index_of(&target).is_none() {
            return;
        }
        let (here, last) = (self.row.get_untracked(), state.rows.with_untracked(Vec::len).saturating_sub(1));
        let whole = press.ctrl_key() || press.meta_key();
        let operable = matches!(target.tag_name().as_str(), "BUTTON" | "INPUT" | "A");
        let go = |to: usize| {
            let to = to.min(last);
            if press.shift_key() && state.may_change.get_untracked() {
                if self.anchor.get_untracked().is_none() {
                    self.extend(state, here);
                }
                self.extend(state, to);
            } else {
                self.anchor.set(None);
            }
            self.go(window, to);
            if to == last {
                state.load_more();
            }
        };
        match press.key().as_str() {
            "ArrowDown" => go(here + 1),
            "ArrowUp" => go(here.saturating_sub(1)),
            "PageDown" => go(here + window.page()),
            "PageUp" => go(here.saturating_sub(window.page())),
            "Home" if whole => go(0),
            "End" if whole => go(last),
            "ArrowRight" => self.step(true, false),
            "ArrowLeft" => self.step(false, false),
            "Home" => self.step(false, true),
            "End" => self.step(true, true),
            "a" if whole && state.may_change.get_untracked() => state.select_loaded(),
            " " if press.shift_key() => self.extend(state, here),
            " " if !operable && state.may_change.get_untracked() => self.toggle(state, here),
            "Enter" if !operable => match row_at(state, here) {
                Some(row) if may_edit(state, &row) => state.open.set(Some(Open::Edit(row.id))),
                _ => return,
            },
            "Escape" if state.all.get_untracked() || !state.selected.with_untracked(|ids| ids.is_empty()) => {
                state.clear_selection();
            }
            _ => return,
        }
        press.prevent_default();
    }
}

/// Whether a key can be edited here and now.
pub(super) fn may_edit(state: KeysState, row: &KeyRow) -> bool {
    !row.default && row.deleted.is_none() && state.may_change.get_untracked()
}

fn row_at(state: KeysState, index: usize) -> Option<KeyRow> {
    state.rows.with_untracked(|rows| rows.get(index).cloned())
}

/// The index of the row that holds an element.
fn index_of(element: &Element) -> Option<usize> {
    let row = element.closest("[data-index]").ok().flatten()?;
    row.get_attribute("data-index")?.parse().ok()
}

/// Narrow screens leave columns out.
fn visible(element: Element) -> bool {
    element.dyn_into::<HtmlElement>().is_ok_and(|element| element.offset_width() > 0)
}
