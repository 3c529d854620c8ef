use leptos::prelude::*;

use super::{
    navigation::{Navigation, NavigationButton},
    person_menu::PersonMenu,
    theme_menu::ThemeMenu,
    who::{Person, who},
};
use crate::{ui::Mark, web::ServerResource};

/// The banner and the page; for whoever is signed in, the navigation too.
#[component]
pub(crate) fn Frame(children: Children) -> impl IntoView {
    let signed = ServerResource::new(who);
    // When the question fails, the frame is that of a signed-out person: the page itself says what is wrong.
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
                {move || Suspend::new(async move { person().await.map(|who| view! { <Navigation role=who.administrator.role/> }) })}
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
            <a class="brand" href="/" rel="external">
                <Mark/>
                <span class="product" translate="no">"Keydesk"</span>
            </a>
            <bdi translate="no" class="installation">{installation}</bdi>
            <PersonMenu person=administrator/>
        }
        .into_any(),
        None => view! {
            <a class="brand" href="/" rel="external">
                <Mark/>
                "Keydesk"
            </a>
            <ThemeMenu/>
        }
        .into_any(),
    }
}
