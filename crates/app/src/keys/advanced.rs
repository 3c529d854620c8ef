use leptos::prelude::*;
use model::KeyId;

use super::{api::settings_fields, connection::Asker, created::Fields, state::KeysState};
use crate::web::ServerResource;

/// The settings of a key besides its name, folded. The server renders them, so that they cost the client nothing.
#[component]
pub(super) fn Advanced(
    /// The key that is edited.
    edited: Option<KeyId>,
    /// The values that are filled in for a new key.
    fields: Fields,
    /// Whether they are unfolded.
    open: bool,
) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let asker = Asker::here(state.connection);
    let asked = ServerResource::new(move || {
        let fields = fields.clone();
        state.connection.ask_for(asker, move || settings_fields(edited, fields.clone()))
    });
    view! {
        <details class="advanced" open=open>
            <summary>"Advanced"</summary>
            <Suspense fallback=|| view! { <p class="faint">"Loading…"</p> }>
                {move || Suspend::new(async move {
                    match asked.get().await {
                        Ok(html) => view! { <div class="advanced-body" inner_html=html></div> }.into_any(),
                        Err(error) => view! { <p class="wrong">{error.to_string()}</p> }.into_any(),
                    }
                })}
            </Suspense>
        </details>
    }
}
