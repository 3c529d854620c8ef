use leptos::prelude::*;

use crate::web::form_token;

/// The hidden field that makes a form one change, however often it is posted.
pub(crate) fn token_field() -> AnyView {
    view! { <input type="hidden" name=form_token::FIELD value=form_token::form_token()/> }.into_any()
}
