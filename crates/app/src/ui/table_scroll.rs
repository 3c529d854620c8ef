use leptos::prelude::*;

/// A table that may be wider than its place: a region that scrolls, by keyboard too. `about` names what the table tells.
pub(crate) fn table_scroll(about: &'static str, id: Option<&'static str>, table: AnyView) -> AnyView {
    view! {
        <div class="table-scroll" role="region" aria-label=format!("{about}, a table") tabindex="0" id=id>
            {table}
        </div>
    }
    .into_any()
}
