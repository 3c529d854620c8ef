use leptos::{prelude::*, task::spawn_local};

use super::{proof::Given, proof_form::ProofForm};
use crate::{
    ApiError,
    ui::{Problem, live},
    web::FormOrJson,
};

/// The fields with which the person proves that it is still them, as HTML.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn ways_to_confirm() -> Result<String, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    let ways = keydesk.ways_to_confirm(&session).await?;
    Ok(super::proof_fields::proof_fields(&ways).to_html())
}

/// Proves that it is still the person whose session this is.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn confirm(given: Given) -> Result<(), ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    let proof = given.proof(crate::web::session::origin())?;
    keydesk.confirm(&session, proof).await.map_err(super::confirm::in_words)
}

/// Asks the person in place to prove that it is still them.
#[component]
pub(crate) fn ConfirmForm(
    /// Called when they have.
    confirmed: Callback<()>,
) -> impl IntoView {
    let (problem, busy) = (RwSignal::new(None), RwSignal::new(false));
    let fields = RwSignal::new(None::<String>);
    spawn_local(async move {
        match ways_to_confirm().await {
            Ok(html) => _ = fields.try_set(Some(html)),
            Err(error) => _ = problem.try_set(Some(error)),
        }
    });
    let send = Callback::new(move |given: Given| {
        spawn_local(async move {
            match confirm(given).await {
                Ok(()) => confirmed.run(()),
                Err(error) => {
                    _ = problem.try_set(Some(error));
                    _ = busy.try_set(false);
                }
            }
        });
    });
    live(move || match fields.get() {
        None => view! { <Problem problem/> }.into_any(),
        Some(fields) => view! { <ProofForm fields button="Confirm" problem busy send/> }.into_any(),
    })
}
