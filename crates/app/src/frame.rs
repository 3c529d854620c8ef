//! What stands around every page.

mod navigation;
mod person_menu;
mod theme_menu;

use leptos::prelude::*;

use crate::{
    api::{Asked, Person, who},
    components::Mark,
};
use navigation::{Navigation, NavigationButton};
use person_menu::PersonMenu;
use theme_menu::ThemeMenu;

/// The banner, for who is signed in also the ways through the Workspace, and the page.
#[component]
pub(crate) fn Frame(children: Children) -> impl IntoView {
    let signed = Asked::new(who);
    // Who can't be asked for is nobody: the page itself says what is wrong.
    let person = move || async move { signed.get().await.ok().flatten() };
    view! {
        <a class="skip" href="#main">
            "Skip to content"
        </a>
        <header class="banner">
            <Suspense>
                {move || Suspend::new(async move { banner(person().await) })}
            </Suspense>
        </header>
        <div class="frame">
            <Suspense>
                {move || Suspend::new(async move { person().await.map(|_| view! { <Navigation/> }) })}
            </Suspense>
            <main id="main" class="page" tabindex="-1">
                {children()}
            </main>
        </div>
    }
}

fn banner(who: Option<Person>) -> impl IntoView {
    match who {
        Some(Person { administrator, installation }) => view! {
            <NavigationButton/>
            <a class="brand" href="/">
                <Mark/>
                <span class="product">"Keydesk"</span>
            </a>
            <bdi class="installation">{installation}</bdi>
            <PersonMenu person=administrator/>
        }
        .into_any(),
        None => view! {
            <a class="brand" href="/">
                <Mark/>
                "Keydesk"
            </a>
            <ThemeMenu/>
        }
        .into_any(),
    }
}
