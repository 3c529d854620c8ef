//! Where a person is in the grid: Tab leads to one place in it, and the arrows move on from there.

use leptos::prelude::*;
use model::KeyId;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, wasm_bindgen::JsCast};

use super::{dom, key_row::KeyRow, open::Open, spot::Cursor, state::KeysState, window::Window};

/// The places of a row in the order in which the arrows visit them. A row may lack some.
const STOPS: [&str; 12] =
    ["select", "name", "key", "reveal", "copy", "access", "status", "expires", "used", "created", "edit", "more"];
/// Rows that are loaded at most for whoever asks for the end of the list.
const TO_THE_END_MOST: usize = 200_000;

impl Cursor {
    /// The element of the row, found by its key: while rows are moved, their numbers are of before.
    fn row_element(self, state: KeysState) -> Option<Element> {
        let key = row_at(state, self.row.try_get_untracked()?)?.id;
        let grid = self.grid.try_get_untracked().flatten()?;
        grid.query_selector(&format!("[data-key='{key}']")).ok().flatten()
    }

    /// Follows a focus that moved without the arrows, for example with the pointer.
    pub(super) fn follow(self, state: KeysState, window: Window, event: &Event) {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        // Tab came to the grid while the row is out of sight.
        if self.is_grid(&target) && !self.resting.get_value() {
            window.bring(self.row.get_untracked());
            return dom::after_rendering(move || self.arrive(state));
        }
        let stop = target.closest("[data-stop]").ok().flatten().and_then(|place| place.get_attribute("data-stop"));
        let stop = stop.and_then(|name| STOPS.into_iter().find(|stop| *stop == name));
        if let (Some(stop), Some(index)) = (stop, index_of(state, &target)) {
            self.stop.set(stop);
            if index != self.row.get_untracked() {
                self.to_end.set_value(false);
            }
            self.place(state, index);
        }
    }

    fn is_grid(self, element: &Element) -> bool {
        self.grid.try_get_untracked().flatten().is_some_and(|grid| grid.unchecked_ref::<Element>() == element)
    }

    fn place(self, state: KeysState, index: usize) {
        if self.row.get_untracked() != index {
            self.row.set(index);
        }
        self.key.set_value(row_at(state, index).map(|row| row.id));
    }

    /// Puts the cursor where a person was when they left the page.
    pub(super) fn place_again(self, row: usize, stop: &str) {
        self.row.set(row);
        if let Some(stop) = STOPS.into_iter().find(|known| *known == stop) {
            self.stop.set(stop);
        }
    }

    /// Moves the focus to a row, after scrolling it into view.
    fn go(self, state: KeysState, window: Window, index: usize) {
        self.place(state, index);
        window.bring(index);
        if !self.focus(state) {
            self.rest(state);
        }
    }

    /// Goes to the end of the list. Its rows can only be had in their order.
    fn go_to_end(self, state: KeysState, window: Window) {
        let loaded = state.rows.with_untracked(Vec::len);
        let last = untrack(move || state.length()).min(loaded + TO_THE_END_MOST).saturating_sub(1);
        if last >= loaded {
            state.announce("Loading the rest of the list".to_owned());
            self.to_end.set_value(true);
        }
        self.go(state, window, last);
    }

    /// Keeps the cursor with its key when rows come, go or move; without it, at the same place, which is the next row.
    pub(super) fn keep_place(self, state: KeysState, window: Window) {
        let (here, loaded) = (self.row.get_untracked(), state.rows.with_untracked(Vec::len));
        let last = untrack(move || state.length()).saturating_sub(1);
        if self.to_end.get_value() && here != last && last <= here + TO_THE_END_MOST {
            return self.go(state, window, last);
        }
        if last < loaded {
            self.to_end.set_value(false);
        }
        let key = self.key.get_value();
        let moved = key
            .filter(|key| row_at(state, here).is_none_or(|row| row.id != *key))
            .and_then(|key| state.rows.with_untracked(|rows| rows.iter().position(|row| row.id == key)));
        self.place(state, moved.unwrap_or(here).min(last));
        dom::after_rendering(move || self.arrive(state));
    }

    /// Stays among the loaded rows: no others can be had now.
    pub(super) fn stay_among(self, state: KeysState, loaded: usize) {
        if self.row.try_get_untracked().is_some_and(|row| row >= loaded) {
            self.to_end.set_value(false);
            self.row.set(loaded.saturating_sub(1));
            dom::after_rendering(move || {
                if self.waits() {
                    self.focus(state);
                }
            });
        }
    }

    /// The place of the cursor, or that which stands in for it in a row without that place.
    pub(super) fn element(self, state: KeysState) -> Option<Element> {
        let row = self.row_element(state)?;
        let wanted = self.stop.get_untracked();
        let instead = if wanted == "edit" { "more" } else { "name" };
        let find = |stop: &str| row.query_selector(&format!("[data-stop='{stop}']")).ok().flatten();
        [wanted, instead, "name"].into_iter().filter_map(find).find(|place| visible(place.clone()))
    }

    /// Moves the focus to where the cursor is.
    fn focus(self, state: KeysState) -> bool {
        dom::focus_element(self.element(state))
    }

    /// Moves the focus to where the cursor is and leaves the page where it is. While the row is not in the document, the
    /// grid has the focus, and its keys work. False: there is no row.
    pub(super) fn rest(self, state: KeysState) -> bool {
        let Some(grid) = self.grid.try_get_untracked().flatten() else { return false };
        if state.rows.with_untracked(Vec::is_empty) {
            return false;
        }
        if dom::focus_in_place(self.element(state)) {
            return true;
        }
        self.resting.set_value(true);
        let done = dom::focus_in_place(Some(grid.into()));
        self.resting.set_value(false);
        done
    }

    /// Moves the focus on from the grid to the row that it waited for, if that is there.
    pub(super) fn arrive(self, state: KeysState) {
        if self.waits() {
            dom::focus_in_place(self.element(state));
        }
    }

    /// Whether the grid has the focus in the place of a row.
    fn waits(self) -> bool {
        document().active_element().is_some_and(|active| self.is_grid(&active))
    }

    fn step(self, state: KeysState, forwards: bool, to_the_end: bool) {
        let Some(row) = self.row_element(state) else { return };
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
            self.focus(state);
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
        if row_of(&target).is_none() && !self.is_grid(&target) {
            return;
        }
        let (here, last) = (self.row.get_untracked(), untrack(move || state.length()).saturating_sub(1));
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
            self.to_end.set_value(false);
            self.go(state, window, to);
        };
        match press.key().as_str() {
            "ArrowDown" => go(here + 1),
            "ArrowUp" => go(here.saturating_sub(1)),
            "PageDown" => go(here + window.page()),
            "PageUp" => go(here.saturating_sub(window.page())),
            "Home" if whole => go(0),
            "End" if whole && press.shift_key() => go(last),
            "End" if whole => self.go_to_end(state, window),
            "ArrowRight" => self.step(state, true, false),
            "ArrowLeft" => self.step(state, false, false),
            "Home" => self.step(state, false, true),
            "End" => self.step(state, true, true),
            "a" if whole && state.may_change.get_untracked() => state.select_loaded(),
            " " if press.shift_key() => self.extend(state, here),
            " " if !operable && state.may_change.get_untracked() => self.toggle(state, here),
            "Enter" if !operable => match row_at(state, here) {
                Some(row) if !whole && may_edit(state, &row) => state.open.set(Some(Open::Edit(row.id))),
                // Fails only for a malformed address.
                Some(row) => _ = location().assign(&format!("/keys/{}", row.id)),
                None => return,
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

pub(super) fn row_at(state: KeysState, index: usize) -> Option<KeyRow> {
    state.rows.with_untracked(|rows| rows.get(index).cloned())
}

/// The row that holds an element.
fn row_of(element: &Element) -> Option<Element> {
    element.closest("[data-key]").ok().flatten()
}

/// The place of the row that holds an element.
pub(super) fn index_of(state: KeysState, element: &Element) -> Option<usize> {
    let row = row_of(element)?;
    let key: KeyId = row.get_attribute("data-key")?.parse().ok()?;
    let told: Option<usize> = row.get_attribute("data-index").and_then(|index| index.parse().ok());
    state.rows.with_untracked(|rows| {
        let is_there = |index: &usize| rows.get(*index).is_some_and(|row| row.id == key);
        // While rows are moved, their numbers are of before.
        told.filter(is_there).or_else(|| rows.iter().position(|row| row.id == key))
    })
}

/// Narrow screens leave columns out, and people do.
fn visible(element: Element) -> bool {
    element.dyn_into::<HtmlElement>().is_ok_and(|element| element.offset_width() > 0)
}
