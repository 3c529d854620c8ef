//! The list may have a hundred thousand rows; the document holds those that can be seen, and a few around them.

use std::time::Duration;

use leptos::{html::Div, prelude::*};
use web_sys::{Element, HtmlElement, wasm_bindgen::JsCast};

use super::{debounce::Debounce, dom, filter::Filter, state::KeysState, tall::Tall};

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
    /// Rows that are higher.
    tall: RwSignal<Tall>,
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
            tall: RwSignal::default(),
            rows,
            still: Debounce::new(),
            state,
        }
    }

    /// Puts the visible rows into the document, and loads more in time.
    pub(super) fn follow(self) {
        // The page may have been left, or is being printed whole.
        let Some(rows) = self.rows.try_get_untracked().flatten().filter(|_| !self.state.printing.get_value()) else {
            return;
        };
        let height = self.height.get_untracked();
        let shown = (seen() / height) as usize + 1;
        self.show(self.first(&rows), shown);
    }

    /// The first row that can be seen.
    fn first(self, rows: &Element) -> usize {
        let above = (-rows.get_bounding_client_rect().top()).max(0.0);
        self.tall.with_untracked(|tall| tall.row_at(above, self.height.get_untracked()))
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

    /// Measures the rows whenever others come into the document, or these may have become higher.
    pub(super) fn keep_measured(self) {
        Effect::new(move |before: Option<Filter>| {
            self.state.rows.track();
            self.start.track();
            self.count.track();
            self.state.columns.track();
            self.state.revealed.track();
            let listed = self.state.listed.get_value();
            // Another list begins at its head, and is measured anew.
            if before.is_some_and(|before| before != listed) {
                self.forget();
            }
            dom::after_rendering(move || self.measure(true));
            listed
        });
    }

    /// Measures on a screen of another size.
    pub(super) fn measure_anew(self) {
        self.forget();
        self.measure(false);
    }

    fn forget(self) {
        if self.tall.try_with_untracked(|tall| !tall.is_empty()) == Some(true) {
            self.tall.update(Tall::forget);
        }
    }

    /// `keep`: what is seen stays where it is.
    fn measure(self, keep: bool) {
        let Some(rows) = self.rows.try_get_untracked().flatten() else { return };
        let Some(least) = least_height(&rows) else { return };
        let first = self.first(&rows);
        let as_before = least == self.height.get_untracked();
        let mut tall = self.tall.get_untracked();
        if !as_before {
            self.height.set(least);
            tall.forget();
        }
        let mut moved = 0.0;
        for (row, height) in (self.start.get_untracked()..).zip(heights(&rows)) {
            // Less than a pixel is how browsers round.
            let by = if height - least < 1.0 { 0.0 } else { height - least };
            let more = tall.note(row, by);
            if row < first {
                moved += more;
            }
        }
        if self.tall.with_untracked(|known| *known != tall) {
            self.tall.set(tall);
        }
        if !as_before {
            self.follow();
        } else if keep && moved.abs() >= 1.0 {
            // What is above the screen and higher than was thought has moved what is on it.
            window().scroll_by_with_x_and_y(0.0, moved);
        }
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
        let (before, own) = self.tall.with_untracked(|tall| (tall.before(index), tall.of(index)));
        let top = rows.get_bounding_client_rect().top() + index as f64 * height + before;
        let end = top + height + own;
        let (seen, head) = (seen(), self.head());
        let by = if top < head {
            top - head
        } else if end > seen - 16.0 {
            end - seen + 16.0
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
            let (from, to) = (start.min(loaded), (start + count).min(loaded));
            let (above, below) = self.tall.with(|tall| (tall.before(from), tall.before(usize::MAX) - tall.before(to)));
            let before = from as f64 * height + above;
            let after = (length - to) as f64 * height + below;
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

/// The height of a row that shows no more than most, as the style sheet has it for this width.
fn least_height(rows: &Element) -> Option<f64> {
    let style = window().get_computed_style(&rows.first_element_child()?).ok()??;
    let height: f64 = style.get_property_value("min-block-size").ok()?.strip_suffix("px")?.parse().ok()?;
    // On paper rows are as high as their text.
    (height >= 20.0).then_some(height)
}

/// The heights of the rows in the document, in their order.
fn heights(rows: &Element) -> Vec<f64> {
    let rows = rows.children();
    (0..rows.length()).filter_map(|at| Some(rows.item(at)?.get_bounding_client_rect().height())).collect()
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
