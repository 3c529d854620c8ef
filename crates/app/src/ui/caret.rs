use js_sys::{Function, Reflect};
use leptos::prelude::document;
use web_sys::{
    HtmlElement,
    wasm_bindgen::{JsCast, JsValue},
};

/// Where somebody types: what has the focus, and where in its text.
#[derive(Clone)]
pub(super) struct Caret {
    element: HtmlElement,
    /// Start and end of what is selected; not there in what holds no text.
    selected: (JsValue, JsValue),
}

impl Caret {
    /// Where it is now.
    pub(super) fn now() -> Option<Self> {
        let element: HtmlElement = document().active_element()?.dyn_into().ok()?;
        let of = |name: &str| Reflect::get(&element, &name.into()).unwrap_or_default();
        let selected = (of("selectionStart"), of("selectionEnd"));
        Some(Self { element, selected })
    }

    /// Puts it there again: a click elsewhere takes it to the beginning of the text.
    pub(super) fn restore(&self) {
        // Fails only for an element that has left the document.
        _ = self.element.focus();
        let (start, end) = &self.selected;
        if start.as_f64().is_some()
            && let Ok(select) = Reflect::get(&self.element, &"setSelectionRange".into())
            && let Some(select) = select.dyn_ref::<Function>()
        {
            // Fails only for fields that hold no text, which have no start.
            _ = select.call2(&self.element, start, end);
        }
    }
}
