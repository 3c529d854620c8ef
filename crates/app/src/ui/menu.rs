use leptos::{html::Div, prelude::*};
use web_sys::{Element, HtmlElement, KeyboardEvent, ToggleEvent, wasm_bindgen::JsCast};

use super::{Glyph, Icon};

/// A button with a menu that opens from it. The browser opens and closes it, also without scripts; scripts add the arrows.
///
/// The children are such as [`MenuChoice`], perhaps in groups.
#[component]
pub(crate) fn Menu(
    /// Its id in the document.
    #[prop(into)]
    id: String,
    /// The accessible name of button and menu.
    #[prop(into)]
    label: String,
    /// The button's class.
    #[prop(default = "icon-button")]
    class: &'static str,
    /// The content of the button that opens it.
    trigger: AnyView,
    /// Shown above the choices.
    #[prop(optional)]
    head: Option<AnyView>,
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
            let items = items(&menu);
            let checked = items.iter().find(|item| item.get_attribute("aria-checked").as_deref() == Some("true"));
            focus(checked.or(items.first()));
        }
    };
    view! {
        <button
            class=class
            type="button"
            popovertarget=id.clone()
            aria-haspopup="menu"
            aria-label=label.clone()
            title=label.clone()
        >
            {trigger}
        </button>
        <div class="menu" id=id popover="auto" node_ref=menu on:toggle=entered>
            {head}
            <div
                role="menu"
                aria-label=label
                on:click=move |_| close()
                on:keydown=move |press| {
                    if let Some(menu) = menu.get_untracked() {
                        walk(&press, &menu, close);
                    }
                }
            >
                {children()}
            </div>
        </div>
    }
}

/// One of several choices in a [`Menu`], of which one is current. Submits the form around the menu.
#[component]
pub(crate) fn MenuChoice(
    /// The field's name in the form.
    name: &'static str,
    /// The field's value when this is chosen.
    value: &'static str,
    /// Drawn before the words.
    glyph: Glyph,
    /// Whether it is the current one.
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
pub(crate) fn walk(press: &KeyboardEvent, menu: &Element, close: impl Fn()) {
    let items = items(menu);
    let target = press.target().and_then(|target| target.dyn_into::<Element>().ok());
    let at = items.iter().position(|item| target.as_ref() == Some(item)).unwrap_or_default();
    let next = match press.key().as_str() {
        "ArrowDown" => items.get(at + 1).or(items.first()),
        "ArrowUp" => at.checked_sub(1).and_then(|before| items.get(before)).or(items.last()),
        "Home" => items.first(),
        "End" => items.last(),
        "Tab" => return close(),
        _ => return,
    };
    press.prevent_default();
    focus(next);
}

fn items(menu: &Element) -> Vec<Element> {
    let Ok(found) = menu.query_selector_all("[role^=menuitem]") else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.get(at)?.dyn_into().ok()).collect()
}

/// Moves the focus to the first entry of a menu.
pub(crate) fn focus_first(menu: &Element) {
    focus(items(menu).first());
}

fn focus(element: Option<&Element>) {
    if let Some(element) = element.and_then(JsCast::dyn_ref::<HtmlElement>) {
        // Focus fails only for an element that has left the document.
        _ = element.focus();
    }
}
