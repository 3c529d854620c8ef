use leptos::prelude::*;

use crate::web::own;

/// A form that is one button.
pub(crate) fn post_button(action: &str, intent: &'static str, label: &'static str, class: &'static str) -> AnyView {
    view! {
        <form method="post" action=own(action) data-once>
            <button type="submit" class=class name="intent" value=intent>{label}</button>
        </form>
    }
    .into_any()
}
