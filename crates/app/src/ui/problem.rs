use leptos::prelude::*;

use super::{Notice, Tone};
use crate::ApiError;

/// Why a form was refused, announced when it appears.
#[component]
pub(crate) fn Problem(#[prop(into)] problem: Signal<Option<ApiError>>) -> impl IntoView {
    view! {
        <div role="alert">
            {move || problem.get().map(|error| view! { <Notice tone=Tone::Bad>{error.to_string()}</Notice> })}
        </div>
    }
}
