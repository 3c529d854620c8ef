//! What stands around every page.

mod theme_menu;

use leptos::prelude::*;

use crate::components::Mark;
use theme_menu::ThemeMenu;

/// The banner, and the page below it.
#[component]
pub(crate) fn Frame(children: Children) -> impl IntoView {
    view! {
        <a class="skip" href="#main">"Skip to content"</a>
        <header class="banner">
            <a class="brand" href="/">
                <Mark/>
                "Keydesk"
            </a>
            <ThemeMenu/>
        </header>
        <main id="main" class="page" tabindex="-1">
            {children()}
        </main>
    }
}
