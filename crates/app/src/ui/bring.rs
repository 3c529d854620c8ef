use web_sys::{Element, ScrollIntoViewOptions, ScrollLogicalPosition};

/// Scrolls an element into view, no farther than needed.
pub(crate) fn bring(element: &Element) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}
