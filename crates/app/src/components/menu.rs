use leptos::{html::Div, prelude::*};
use web_sys::{Element, HtmlElement, KeyboardEvent, ToggleEvent, wasm_bindgen::JsCast};

use super::{Glyph, Icon};

/// A button with a menu that opens from it. The browser opens and closes it, also without scripts; scripts add the arrows.
///
/// The children must be siblings that take the focus, such as [`MenuChoice`].
#[component]
pub(crate) fn Menu(
    /// Of the menu in the document.
    #[prop(into)]
    id: String,
    /// The accessible name of button and menu.
    label: &'static str,
    /// Drawn on the button.
    glyph: Signal<Glyph>,
    children: Children,
) -> impl IntoView {
    let menu = NodeRef::<Div>::new();
    let close = move || {
        if let Some(menu) = menu.get_untracked() {
            // Hiding fails only for a menu that has left the document.
            _ = menu.hide_popover();
        }
    };
    let entered = move |toggle: ToggleEvent| {
        if toggle.new_state() == "open"
            && let Some(menu) = menu.get_untracked()
        {
            focus(menu.query_selector("[aria-checked='true']").ok().flatten().or_else(|| menu.first_element_child()));
        }
    };
    view! {
        <button class="icon-button" type="button" popovertarget=id.clone() aria-haspopup="menu" aria-label=label title=label>
            {move || view! { <Icon glyph=glyph.get()/> }}
        </button>
        <div
            class="menu"
            id=id
            popover="auto"
            role="menu"
            aria-label=label
            node_ref=menu
            on:toggle=entered
            on:click=move |_| close()
            on:keydown=move |press| walk(&press, close)
        >
            {children()}
        </div>
    }
}

/// One of several choices in a [`Menu`], of which one is in force. Submits the form around the menu.
#[component]
pub(crate) fn MenuChoice(
    /// Of the form's field.
    name: &'static str,
    /// Of the form's field, when this is chosen.
    value: &'static str,
    /// Drawn before the words.
    glyph: Glyph,
    /// Whether it is in force.
    checked: Signal<bool>,
    children: Children,
) -> impl IntoView {
    view! {
        <button
            class="menu-item"
            type="submit"
            name=name
            value=value
            role="menuitemradio"
            tabindex="-1"
            aria-checked=move || checked.get().to_string()
        >
            <Icon glyph/>
            <span>{children()}</span>
            {move || checked.get().then(|| view! { <Icon glyph=Glyph::Tick/> })}
        </button>
    }
}

/// The keys of the menu pattern: arrows go round, Home and End to the ends, Tab leaves. Escape is the browser's.
fn walk(press: &KeyboardEvent, close: impl Fn()) {
    let item = press.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some((item, menu)) = item.and_then(|item| Some((item.clone(), item.parent_element()?))) else { return };
    let next = match press.key().as_str() {
        "ArrowDown" => item.next_element_sibling().or_else(|| menu.first_element_child()),
        "ArrowUp" => item.previous_element_sibling().or_else(|| menu.last_element_child()),
        "Home" => menu.first_element_child(),
        "End" => menu.last_element_child(),
        "Tab" => return close(),
        _ => return,
    };
    press.prevent_default();
    focus(next);
}

fn focus(element: Option<Element>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Focus fails only for an element that has left the document.
        _ = element.focus();
    }
}
