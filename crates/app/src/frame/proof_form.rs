use leptos::{ev::SubmitEvent, html, prelude::*};
use web_sys::{FormData, HtmlElement, HtmlFormElement, wasm_bindgen::JsCast};

use super::proof::{CODE, Given, PASSKEY, PASSWORD};
use crate::{
    ApiError,
    ui::{Button, Problem},
    web::Password,
};

/// Asks for a proof of who somebody is, in place. The server renders its fields.
#[component]
pub(crate) fn ProofForm(
    /// The fields as HTML.
    fields: String,
    /// What its button says.
    button: &'static str,
    /// Why the last proof was refused.
    problem: RwSignal<Option<ApiError>>,
    /// Whether a proof is on its way.
    busy: RwSignal<bool>,
    /// Sends a proof.
    send: Callback<Given>,
) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    Effect::new(move || {
        if let Some(form) = form.get() {
            focus(&form);
        }
    });
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let given = form.get_untracked().and_then(|form| given(&form));
        if let Some(given) = given.filter(|_| !busy.get_untracked()) {
            busy.set(true);
            send.run(given);
        }
    };
    view! {
        <form class="form" method="post" on:submit=submit node_ref=form>
            <Problem problem/>
            <div class="form" inner_html=fields></div>
            <Button primary=true busy>{button}</Button>
        </form>
    }
}

fn given(form: &HtmlFormElement) -> Option<Given> {
    let data = FormData::new_with_form(form).ok()?;
    let text = |name: &str| Password::from(data.get(name).as_string().unwrap_or_default());
    Some(Given { proof_password: text(PASSWORD), proof_code: text(CODE), proof_passkey: text(PASSKEY) })
}

/// The first thing that can be typed in.
fn focus(form: &HtmlFormElement) {
    let first = form.query_selector("input:not([type=hidden])").ok().flatten();
    if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
        // Focus fails only for an element that has left the document.
        _ = first.focus();
    }
}
