use leptos::{prelude::*, task::spawn_local};
use model::AdminError;
use serde::{Deserialize, Serialize};

use super::{
    proof::{Given, NO_WAY},
    proof_form::ProofForm,
    sign_on_form::SignOnForm,
};
use crate::{
    ApiError,
    ui::{Problem, live},
    web::FormOrJson,
};

/// How the person can prove that it is still them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// The fields for it, as HTML; `None`: nothing can be typed here.
    fields: Option<String>,
    /// What stands on the button that leads to their organisation.
    organisation: Option<String>,
}

/// The ways in which the person proves that it is still them; `None`: they have just proved it, in another tab.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn ways_to_confirm() -> Result<Option<Asked>, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    if session.is_proved(keydesk.now()) {
        return Ok(None);
    }
    let ways = keydesk.ways_to_confirm(&session).await?;
    let fields = ways.any_here().then(|| super::proof_fields::proof_fields(&ways).to_html());
    Ok(Some(Asked { fields, organisation: ways.organisation }))
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
    /// The page to which their organisation leads, in another tab.
    next: String,
    /// Called when they have.
    confirmed: Callback<()>,
) -> impl IntoView {
    let (problem, busy) = (RwSignal::new(None), RwSignal::new(false));
    let asked = RwSignal::new(None::<Asked>);
    let ask = move || {
        spawn_local(async move {
            match ways_to_confirm().await {
                Ok(None) => confirmed.run(()),
                Ok(Some(ways)) => {
                    // Who was asked before has not signed in there.
                    if asked.try_get_untracked().flatten().is_some() {
                        _ = problem.try_set(Some(ApiError::Admin(AdminError::StepUpNeeded)));
                    } else {
                        _ = asked.try_set(Some(ways));
                    }
                }
                Err(error) => _ = problem.try_set(Some(error)),
            }
        });
    };
    ask();
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
    live(move || {
        let Some(Asked { fields, organisation }) = asked.get() else {
            return view! { <Problem problem/> }.into_any();
        };
        let (alone, none) = (fields.is_none(), fields.is_none() && organisation.is_none());
        view! {
            {fields.map(|fields| view! { <ProofForm fields button="Confirm" problem busy send/> })}
            {alone.then(|| view! { <Problem problem/> })}
            {organisation
                .map(|label| {
                    view! {
                        <SignOnForm label next=next.clone() primary=alone apart=true again=true/>
                        <p class="field-note">"Your organisation signs you in again, in another tab."</p>
                        <button type="button" class="button" on:click=move |_| ask()>
                            "I have signed in there"
                        </button>
                    }
                })}
            {none.then(|| view! { <p>{NO_WAY}</p> })}
        }
        .into_any()
    })
}
