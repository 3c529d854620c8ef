use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use leptos_meta::Title;
use model::MODULE_UNAVAILABLE;

use super::module_state::{Availability, module_state};
use crate::{
    ApiError,
    ui::{Button, Notice, Tone, live},
    web::{START, ServerResource},
};

/// `/`: the product's name, and whether the API Keys module is available.
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    let state = ServerResource::new(module_state);
    let later = RwSignal::new(None);
    let asking = RwSignal::new(false);
    let ask_again = move |submit: SubmitEvent| {
        submit.prevent_default();
        asking.set(true);
        spawn_local(async move {
            later.set(Some(module_state().await));
            asking.set(false);
        });
    };
    view! {
        <Title text="Keydesk"/>
        <div class="home">
            <h1>"Keydesk"</h1>
            <div class="home-state" aria-live="polite" aria-busy=move || asking.try_get().unwrap_or_default().to_string()>
                <Suspense>
                    {move || Suspend::new(async move {
                        let first = state.get().await;
                        live(move || notice(later.try_get().flatten().unwrap_or_else(|| first.clone())))
                    })}
                </Suspense>
            </div>
            // Without scripts the button loads the page again, which asks as well.
            <form method="get" action="/" on:submit=ask_again>
                <Button>"Check again"</Button>
            </form>
            // Loaded from the server, which sends people who are not signed in to the sign-in.
            <p>
                <a href=START rel="external">"Open the Workspace"</a>
            </p>
        </div>
    }
}

fn notice(state: Result<Availability, ApiError>) -> impl IntoView {
    match state {
        Ok(Availability { installation, available: true }) => {
            view! { <Notice tone=Tone::Good>{format!("The API Keys module is available in the installation “{installation}”.")}</Notice> }
        }
        Ok(Availability { available: false, .. }) => {
            view! { <Notice tone=Tone::Warning>{MODULE_UNAVAILABLE.to_owned()}</Notice> }
        }
        Err(error) => view! { <Notice tone=Tone::Bad>{error.to_string()}</Notice> },
    }
}
