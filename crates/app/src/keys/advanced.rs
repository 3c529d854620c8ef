use leptos::prelude::*;
use model::KeyId;

use super::{api::settings_fields, connection::Asker, created::Fields, state::KeysState};
use crate::web::ServerResource;

/// Asks for the settings of the key that is edited, or for those of a new key with these values filled in.
pub(super) fn settings(edited: Option<KeyId>, fields: Fields) -> ServerResource<String> {
    let state = expect_context::<KeysState>();
    let asker = Asker::here(state.connection);
    ServerResource::new(move || {
        let fields = fields.clone();
        state.connection.ask_for(asker, move || settings_fields(edited, fields.clone()))
    })
}

/// The settings of a key besides its name, folded. The server renders them, so that they cost the client nothing.
#[component]
pub(super) fn Advanced(
    /// As they were asked for.
    settings: ServerResource<String>,
    /// Whether they are unfolded.
    open: bool,
) -> impl IntoView {
    view! {
        <details class="advanced" open=open>
            <summary>"Advanced"</summary>
            <Suspense fallback=|| view! { <p class="faint">"Loading…"</p> }>
                {move || Suspend::new(async move {
                    match settings.get().await {
                        Ok(html) => view! { <div class="advanced-body" inner_html=html></div> }.into_any(),
                        Err(error) => view! { <p class="wrong">{error.to_string()}</p> }.into_any(),
                    }
                })}
            </Suspense>
        </details>
    }
}
