use leptos::prelude::*;

use super::token_field;
use crate::web::own;

/// A form that is one button. `focused`: whether the page begins with it.
pub(crate) fn post_button(
    action: &str,
    intent: &'static str,
    label: &'static str,
    class: &'static str,
    focused: bool,
) -> AnyView {
    view! {
        <form method="post" action=own(action) data-once>
            {token_field()}
            <button type="submit" class=class name="intent" value=intent autofocus=focused>{label}</button>
        </form>
    }
    .into_any()
}
