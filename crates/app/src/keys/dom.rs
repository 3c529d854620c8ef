//! The few things that are asked of the document itself.

use std::time::Duration;

use js_sys::Array;
use leptos::{html, leptos_dom::helpers::queue_microtask, prelude::*};
use web_sys::{Element, FocusOptions, FormData, HtmlElement, HtmlFormElement, wasm_bindgen::JsCast};

use crate::{FieldProblem, ui, web::Token};

/// Moves the focus to the first element that `selector` finds.
pub(super) fn focus(selector: &str) -> bool {
    let found = document().query_selector(selector).ok().flatten();
    focus_element(found)
}

/// Scrolls an element into view.
pub(super) fn bring(selector: &str) {
    if let Ok(Some(found)) = document().query_selector(selector) {
        ui::bring(&found);
    }
}

/// Moves the focus.
pub(super) fn focus_element(element: Option<Element>) -> bool {
    let element = element.and_then(|element| element.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}

/// Moves the focus and leaves the page where it is.
pub(super) fn focus_in_place(element: Option<Element>) -> bool {
    let element = element.and_then(|element| element.dyn_into::<HtmlElement>().ok());
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    element.is_some_and(|element| element.focus_with_options(&options).is_ok())
}

/// Whether nothing has the focus, for example because the element that had it is gone.
pub(super) fn nothing_focused() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}

/// Runs `then` when the browser next renders the page, also when the part of the page that asks for it is gone by then.
pub(super) fn after_rendering(then: impl FnOnce() + 'static) {
    // Fails only in a window that is gone.
    queue_microtask(move || _ = request_animation_frame(then));
}

/// Runs `then` once the page is painted as it is now.
pub(super) fn after_painting(then: impl FnOnce() + 'static) {
    // Fails only in a window that is gone.
    after_rendering(move || _ = set_timeout(then, Duration::ZERO));
}

/// The values of a form.
pub(super) struct OpenForm(FormData);

impl OpenForm {
    pub(super) fn of(form: NodeRef<html::Form>) -> Option<Self> {
        let form: HtmlFormElement = form.get_untracked()?;
        FormData::new_with_form(&form).ok().map(Self)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.0.get(name).as_string().unwrap_or_default()
    }

    /// All of them, in order.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        let pairs = self.0.entries().into_iter().flatten().map(|pair| Array::from(&pair));
        pairs.filter_map(|pair| Some((pair.get(0).as_string()?, pair.get(1).as_string()?))).collect()
    }
}

/// Whether there is such an element in a form.
pub(super) fn holds(form: NodeRef<html::Form>, selector: &str) -> bool {
    form.get_untracked().is_some_and(|form| form.query_selector(selector).is_ok_and(|found| found.is_some()))
}

/// Shows at each field of an open dialog what is wrong with it, if anything. Returns whether any field is wrong.
pub(super) fn mark(problems: &[FieldProblem]) -> bool {
    let Ok(notes) = document().query_selector_all("dialog [data-problem]") else { return false };
    let mut marked = false;
    for note in (0..notes.length()).filter_map(|at| notes.get(at)?.dyn_into::<Element>().ok()) {
        let field = note.get_attribute("data-problem").unwrap_or_default();
        let messages: Vec<_> =
            problems.iter().filter(|problem| problem.field == field).map(|p| p.message.as_str()).collect();
        note.set_text_content(Some(&messages.join("\n")));
        let Some(input) = document().query_selector(&format!("dialog [name={field}]")).ok().flatten() else { continue };
        // Both fail for malformed names only.
        if messages.is_empty() {
            _ = input.remove_attribute("aria-invalid");
            continue;
        }
        _ = input.set_attribute("aria-invalid", "true");
        if !marked {
            if let Ok(Some(folded)) = input.closest("details") {
                _ = folded.set_attribute("open", "");
            }
            focus_element(Some(input));
        }
        marked = true;
    }
    marked
}

/// A token that nobody has used before, for a change that may have to be sent again.
pub(super) fn token() -> Token {
    let mut bytes = [0_u8; 16];
    // Not `randomUUID`, which browsers have on https only. Fails for more than 65,536 bytes only.
    if let Ok(crypto) = window().crypto() {
        _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    let id = bytes.iter().fold(String::with_capacity(32), |text, byte| text + &format!("{byte:02x}"));
    Token { id, recalled: false }
}
