//! The list may have a hundred thousand rows; the document holds those that can be seen, and a few around them.

use std::time::Duration;

use leptos::{html::Div, prelude::*};
use web_sys::{Element, HtmlElement, wasm_bindgen::JsCast};

use super::{debounce::Debounce, state::KeysState};

/// Rows beyond the edges of the screen, on either side.
const AROUND: usize = 8;
/// The window moves by this many rows, so that scrolling rarely changes the document.
const STEP: usize = 4;
/// This many rows before the last loaded one, more are loaded.
const AHEAD: usize = 120;
/// What is drawn beside the rows is asked for once the page stands still.
const STILL: Duration = Duration::from_millis(100);

/// Which rows are in the document.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) start: RwSignal<usize>,
    pub(super) count: RwSignal<usize>,
    /// Height of a row in pixels; it differs with the width of the screen.
    height: RwSignal<f64>,
    rows: NodeRef<Div>,
    still: Debounce,
    state: KeysState,
}

impl Window {
    pub(super) fn new(state: KeysState, rows: NodeRef<Div>) -> Self {
        Self {
            start: state.start,
            count: state.count,
            height: RwSignal::new(40.0),
            rows,
            still: Debounce::new(),
            state,
        }
    }

    /// Puts the visible rows into the document, and loads more in time.
    pub(super) fn follow(self) {
        // The page may have been left meanwhile.
        let Some(rows) = self.rows.try_get_untracked().flatten() else { return };
        if let Some(height) = least_height(&rows)
            && height != self.height.get_untracked()
        {
            self.height.set(height);
        }
        let height = self.height.get_untracked();
        let above = (-rows.get_bounding_client_rect().top()).max(0.0);
        let first = (above / height) as usize;
        let shown = (seen() / height) as usize + 1;
        self.show(first, shown);
    }

    fn show(self, first: usize, shown: usize) {
        let loaded = self.state.rows.with_untracked(Vec::len);
        self.state.screen.set_value(shown + 1);
        let count = shown + 2 * AROUND + STEP;
        let start = start(first, count, loaded);
        if self.count.get_untracked() != count {
            self.count.set(count);
        }
        if self.start.get_untracked() != start {
            self.start.set(start);
        }
        // Whoever has not begun to scroll may never do so.
        let ahead = if first == 0 { 0 } else { AHEAD };
        self.state.load_to(first + shown + ahead);
        self.still.after(STILL, move || self.state.load_activity());
    }

    /// Whether a row is in the document.
    pub(super) fn holds(self, index: usize) -> bool {
        let (start, count) = (self.start.get(), self.count.get());
        (start..start + count).contains(&index) && index < self.state.rows.with(Vec::len)
    }

    /// What sticks to the upper edge of the screen, and covers the rows under it.
    fn head(self) -> f64 {
        let stuck = document().query_selector_all(".summary:has(.bulk), .grid-head").ok();
        let stuck =
            stuck.map(|found| (0..found.length()).filter_map(move |at| found.get(at)?.dyn_into::<HtmlElement>().ok()));
        stuck.into_iter().flatten().map(|head| f64::from(head.offset_height())).sum::<f64>() + 8.0
    }

    /// How many rows a screen takes.
    pub(super) fn page(self) -> usize {
        ((seen() - self.head() - 16.0) / self.height.get_untracked()).max(1.0) as usize
    }

    /// Scrolls a row into view, no farther than needed.
    pub(super) fn bring(self, index: usize) {
        let Some(rows) = self.rows.get_untracked() else { return };
        let height = self.height.get_untracked();
        let top = rows.get_bounding_client_rect().top() + index as f64 * height;
        let (seen, head) = (seen(), self.head());
        let by = if top < head {
            top - head
        } else if top + height > seen - 16.0 {
            top + height - seen + 16.0
        } else {
            0.0
        };
        if by != 0.0 {
            window().scroll_by_with_x_and_y(0.0, by);
        }
        self.follow();
    }

    /// Keeps the space of the rows that are left out, and of those that are not loaded yet. The page's policy allows styles that scripts set.
    pub(super) fn hold_room(self) {
        Effect::new(move || {
            let (loaded, length) = (self.state.rows.with(Vec::len), self.state.length());
            let (start, count, height) = (self.start.get(), self.count.get(), self.height.get());
            let Some(rows) = self.rows.get() else { return };
            let before = start.min(loaded) as f64 * height;
            let after = (length - (start + count).min(loaded)) as f64 * height;
            let style = rows.unchecked_ref::<HtmlElement>().style();
            let room = [("padding-block-start", before), ("padding-block-end", after), ("--row", height)];
            for (name, room) in room {
                // Fails for a style that is read-only; this one is the element's own.
                _ = style.set_property(name, &format!("{room}px"));
            }
        });
    }
}

/// The height of the window.
fn seen() -> f64 {
    window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(800.0)
}

/// The height of a row as such: one that shows more, for example a key in full, is higher.
fn least_height(rows: &Element) -> Option<f64> {
    let rows = rows.children();
    let heights = (0..rows.length()).filter_map(|at| Some(rows.item(at)?.get_bounding_client_rect().height()));
    heights.filter(|height| *height >= 20.0).reduce(f64::min)
}

/// The first row in the document when `first` is the first visible one: a multiple of [`STEP`], and far enough back for
/// the window to be full at the end of the loaded rows.
fn start(first: usize, count: usize, loaded: usize) -> usize {
    let latest = loaded.saturating_sub(count).div_ceil(STEP) * STEP;
    (first.saturating_sub(AROUND) / STEP * STEP).min(latest)
}

#[cfg(test)]
mod tests {
    use super::{AROUND, STEP, start};

    #[test]
    fn every_visible_row_is_in_the_document() {
        let shown = 19;
        let count = shown + 2 * AROUND + STEP;
        for loaded in [1, 50, 59, 60, 61, 250, 100_001] {
            for first in (0..loaded).rev().take(200).chain(0..loaded.min(200)) {
                let start = start(first, count, loaded);
                assert!(start <= first, "{first} of {loaded}");
                assert!(start + count >= (first + shown).min(loaded), "{first} of {loaded}");
            }
        }
    }
}
