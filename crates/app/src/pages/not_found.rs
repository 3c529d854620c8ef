use leptos::prelude::*;
use leptos_meta::Title;

/// What stands where no page is. The server gives it its status.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found · Keydesk"/>
        <main class="home">
            <h1>"There is no such page"</h1>
            <p>"The address may be mistyped, or the page has moved."</p>
            <p>
                <a href="/">"Go to Keydesk"</a>
            </p>
        </main>
    }
}
