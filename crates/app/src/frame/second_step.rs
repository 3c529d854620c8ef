//! The second step of a sign-in, as a plain form.

use axum::{
    http::{StatusCode, request::Parts},
    response::Response,
};
use domain::{SecondStep, Ways};
use leptos::prelude::*;

use super::{document::framed, proof_fields::proof_fields};
use crate::{
    ApiError,
    ui::{Notice, Tone},
    web::WebState,
};

/// Where it is posted, and the names of its fields.
pub(crate) const SECOND_PATH: &str = "/login/second";
pub(crate) const STEP: &str = "proof_step";

pub(crate) const SECOND_TITLE: &str = "Second step";

/// The page that asks for the second factor. `error`: why the last one was refused.
pub(crate) async fn second_step_page(
    web: &WebState,
    parts: Parts,
    step: SecondStep,
    next: String,
    error: Option<ApiError>,
) -> Response {
    let status = error.as_ref().map_or(StatusCode::OK, ApiError::status);
    framed(web, parts, status, SECOND_TITLE.to_owned(), move || {
        let kept = [("next".to_owned(), next.clone())];
        view! {
            <section class="card">
                <h1>{SECOND_TITLE}</h1>
                {second_step_form(SECOND_PATH, step.token.expose(), &step.ways, error.as_ref(), &kept)}
            </section>
        }
        .into_any()
    })
    .await
}

/// The form itself, with what it brings along.
pub(crate) fn second_step_form(
    action: &str,
    token: &str,
    ways: &Ways,
    error: Option<&ApiError>,
    kept: &[(String, String)],
) -> AnyView {
    let hidden = kept.iter().map(|(name, value)| {
        view! { <input type="hidden" name=name.clone() value=value.clone()/> }
    });
    let error = error.map(ToString::to_string);
    view! {
        <form class="form" method="post" action=action.to_owned() data-once>
            {error.map(|error| view! { <div role="alert"><Notice tone=Tone::Bad>{error}</Notice></div> })}
            <input type="hidden" name=STEP value=token.to_owned()/>
            {hidden.collect_view()}
            {proof_fields(ways)}
            <button type="submit" class="button primary">"Continue"</button>
        </form>
    }
    .into_any()
}
